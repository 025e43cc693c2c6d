package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/grader"
	"github.com/landfall-ai/landfall/align/poc/probe"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/prove/quality"
)

// Faults of what a task names.
var (
	ErrGrader = fault.Def{Kind: fault.Invalid, Code: "scenario.grader",
		En: "the grader of the suite {suite} is declared wrongly: {problem}", Zh: "用例集 {suite} 的评分器声明有误：{problem}",
		HintEn: "what graders take is in docs/graders.md", HintZh: "评分器的写法见 docs/graders.md"}
	ErrTaskFile = fault.Def{Kind: fault.Invalid, Code: "scenario.task_file",
		En: "the file is not JSON: {problem}", Zh: "文件不是合法的 JSON:{problem}"}
	ErrSharedSlice = fault.Def{Kind: fault.Invalid, Code: "scenario.shared_slice",
		En: "the slice {slice} has cases of two suites, {a} and {b}", Zh: "分组 {slice} 含有两个用例集（{a} 和 {b}）的用例",
		HintEn: "give each suite slices of its own: their tasks differ", HintZh: "请为每个用例集使用各自的分组：它们的任务不同"}
)

// maxTaskFile bounds schemas, tools, prompts and rules.
const maxTaskFile = 1 << 20

// suite is a suite of the scenario with its data, and how it is graded.
type suite struct {
	scenario.Suite
	data    *dataset.Data
	digest  string // of the dataset version
	schema  json.RawMessage
	tools   json.RawMessage
	grader  grader.Grader
	command []string // that the grader runs; nil without one
	mayRun  bool     // the user allowed it
	asker   *asker   // the model that the grader asks; nil without one
}

// bound is a scenario folder with everything that determines its digests.
type bound struct {
	folder   *scenario.Folder
	suites   []*suite          // the main one first
	digests  map[string]string // of candidates, by id
	bindings evidence.Bindings
	pushed   scenario.Pushed // if the folder was sent
	probes   []probe.Probe
}

func (b *bound) main() *suite { return b.suites[0] }

// suite returns the suite that a case belongs to.
func (b *bound) suite(id string) *suite {
	for _, s := range b.suites {
		if s.ID == id {
			return s
		}
	}
	return b.main()
}

// tests is the number of test cases of all suites.
func (b *bound) tests() int {
	n := 0
	for _, s := range b.suites {
		n += len(s.data.Test)
	}
	return n
}

// read opens a folder and its data, and computes what the scenario is bound to.
func (a *App) read(ctx context.Context, dir string) (*bound, error) {
	known, err := a.endpoints(ctx)
	if err != nil {
		return nil, err
	}
	return readAs(ctx, dir, scenario.Reading{Known: known})
}

func read(ctx context.Context, dir string) (*bound, error) {
	return readAs(ctx, dir, scenario.Reading{})
}

func readAs(ctx context.Context, dir string, r scenario.Reading) (*bound, error) {
	folder, err := scenario.OpenAs(dir, r)
	if err != nil {
		return nil, err
	}
	b := &bound{folder: folder}
	datasets := map[string]string{}
	for _, declared := range folder.Document.AllSuites() {
		s, err := readSuite(ctx, folder, declared)
		if err != nil {
			return nil, err
		}
		b.suites = append(b.suites, s)
		datasets[s.ID] = s.digest
	}
	if err := b.checkSlices(); err != nil {
		return nil, err
	}
	if b.digests, err = b.candidateDigests(); err != nil {
		return nil, err
	}
	b.bindings, err = folder.Document.Bind(datasets, folder.Traffic.Digest, b.digests)
	if err != nil {
		return nil, fmt.Errorf("bind the scenario: %w", err)
	}
	return b, b.readProbes()
}

func readSuite(ctx context.Context, folder *scenario.Folder, declared scenario.Suite) (*suite, error) {
	s := &suite{Suite: declared}
	var err error
	if s.data, err = dataset.Load(ctx, folder.Dir, s.Data); err != nil {
		return nil, err
	}
	if s.digest, err = s.data.Manifest(s.Data).Digest(); err != nil {
		return nil, fmt.Errorf("digest the dataset %s: %w", s.ID, err)
	}
	if s.schema, err = taskFile(folder, s.Task.Schema, "task.schema"); err != nil {
		return nil, err
	}
	if s.tools, err = taskFile(folder, s.Task.Tools, "task.tools"); err != nil {
		return nil, err
	}
	if s.grader, err = s.makeGrader(folder); err != nil {
		return nil, err
	}
	if len(folder.Document.Suites) == 0 {
		return s, nil
	}
	for _, cases := range [][]dataset.Case{s.data.Train, s.data.Test} {
		for i := range cases {
			cases[i].Suite = s.ID
			if s.ID != scenario.MainSuite {
				cases[i].ID = s.ID + "/" + cases[i].ID // ids are told apart within a suite
			}
		}
	}
	return s, nil
}

func taskFile(folder *scenario.Folder, name, field string) (json.RawMessage, error) {
	if name == "" {
		return nil, nil
	}
	raw, err := folder.ReadFile(name, field, maxTaskFile)
	if err != nil {
		return nil, err
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, ErrTaskFile.With("problem", err.Error()).At(filepath.Join(folder.Dir, name), 0, 0)
	}
	return raw, nil
}

// makeGrader makes the grader that the task declares, else the task's own.
func (s *suite) makeGrader(folder *scenario.Folder) (grader.Grader, error) {
	var spec grader.Spec
	if s.Task.Grader != nil {
		raw, err := json.Marshal(s.Task.Grader)
		if err != nil {
			return nil, fmt.Errorf("encode the grader of %s: %w", s.ID, err)
		}
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&spec); err != nil {
			return nil, ErrGrader.With("suite", s.ID, "problem", err.Error())
		}
	}
	switch s.Task.Kind {
	case scenario.TaskExtract:
		if spec.Kind == "" {
			spec.Kind = grader.KindJSON
		}
		if spec.Kind == grader.KindJSON && s.schema != nil {
			if spec.JSON == nil {
				spec.JSON = &grader.JSON{}
			}
			if err := json.Unmarshal(s.schema, &spec.JSON.Schema); err != nil {
				return nil, fmt.Errorf("decode the schema of %s: %w", s.ID, err)
			}
		}
	case scenario.TaskTools:
		if spec.Kind == "" {
			spec.Kind = grader.KindTools
		}
	case scenario.TaskDecide:
		if spec.Kind == "" {
			spec.Kind = grader.KindDecision
		}
		if spec.Kind == grader.KindDecision && spec.Decision == nil {
			d := &grader.Decision{}
			for _, c := range s.Task.Choices {
				d.Choices = append(d.Choices, grader.Choice{ID: c})
			}
			for _, c := range s.Task.Severe {
				d.Severe = append(d.Severe, grader.Confusion{Expected: c.Expected, Got: c.Given})
			}
			spec.Decision = d
		}
	}
	deps := grader.Deps{Run: s.guarded(folder.Dir), Document: s.document}
	if err := s.outside(folder, &spec, &deps); err != nil {
		return nil, err
	}
	g, err := grader.New(spec, deps)
	if err != nil {
		return nil, ErrGrader.With("suite", s.ID, "problem", err.Error()).Because(err)
	}
	return g, nil
}

// document returns the text of a document that may be cited.
func (s *suite) document(id string) (string, bool) {
	for _, d := range s.data.Documents {
		if d.ID == id {
			var b bytes.Buffer
			for _, f := range d.Fields {
				b.WriteString(f)
				b.WriteByte('\n')
			}
			return b.String(), true
		}
	}
	return "", false
}

// grade tells whether an answer to a case is right, by its suite's grader.
func (b *bound) grade(ctx context.Context, c dataset.Case, a poc.Answer) (grader.Grade, error) {
	if c.Resolution == "" { // of a probe that looks for harm only
		return grader.Grade{}, nil
	}
	return b.suite(c.Suite).grader.Grade(ctx,
		grader.Case{ID: c.ID, Input: c.Input, Expected: []string{c.Resolution}},
		grader.Answer{Text: a.Resolution, Citations: a.Citations, Calls: a.Calls})
}

// image reads the image of a case.
func (b *bound) image(name string) ([]byte, error) {
	return b.folder.ReadFile(path.Clean(name), "image", dataset.MaxImageBytes)
}

// quality checks the data of every suite.
func (b *bound) quality() quality.Result {
	results := map[string]quality.Result{}
	for _, s := range b.suites {
		results[s.ID] = quality.Check(quality.NewProfile(s.Data, s.data), s.Data.Quality)
	}
	main := results[scenario.MainSuite]
	delete(results, scenario.MainSuite)
	return quality.Combine(main, results)
}

// checkSlices puts cases without a slice into the only one of their suite, and
// refuses cases of a slice that the scenario does not have, or that another
// suite has.
func (b *bound) checkSlices() error {
	doc := b.folder.Document
	known := make([]string, len(doc.Slices))
	for i, s := range doc.Slices {
		known[i] = s.ID
	}
	owner := map[string]string{}
	for _, s := range b.suites {
		only := ""
		switch {
		case len(known) == 1:
			only = known[0]
		case s.ID != scenario.MainSuite && !hasRole(s.Data, dataset.RoleSlice):
			only = s.ID
		case s.ID == scenario.MainSuite && !hasRole(s.Data, dataset.RoleSlice) && len(known)-len(doc.Suites) == 1:
			only = known[slices.IndexFunc(known, func(id string) bool {
				return !slices.ContainsFunc(doc.Suites, func(x scenario.Suite) bool { return x.ID == id })
			})]
		}
		for _, cases := range [][]dataset.Case{s.data.Train, s.data.Test} {
			for i := range cases {
				c := &cases[i]
				if only != "" {
					c.Slice = only
				}
				if !slices.Contains(known, c.Slice) {
					return ErrSlice.With("case", c.ID, "slice", strconv.Quote(c.Slice), "known", known).At(c.File, c.Line, 0)
				}
				if other, ok := owner[c.Slice]; ok && other != s.ID {
					return ErrSharedSlice.With("slice", c.Slice, "a", other, "b", s.ID).At(c.File, c.Line, 0)
				}
				owner[c.Slice] = s.ID
			}
		}
	}
	return nil
}

func hasRole(spec dataset.Spec, role dataset.Role) bool {
	for _, c := range spec.Columns {
		if c.Role == role {
			return true
		}
	}
	return false
}

// tried is the digest of what a run tries: the candidates, and the data that
// they learn from.
func (b *bound) tried() (string, error) {
	learns := map[string][]string{}
	for _, s := range b.suites {
		for _, c := range s.data.Train {
			learns[s.ID] = append(learns[s.ID], c.ID+"\x00"+c.Resolution)
		}
	}
	return evidence.Digest(map[string]any{"candidates": b.digests, "train": learns})
}

// graders are the versions of what tells right from wrong, by suite.
func (b *bound) graders() []string {
	var out []string
	for _, s := range b.suites {
		out = append(out, s.ID+"="+s.grader.Version())
	}
	return out
}

func (b *bound) sketch() poc.Sketch {
	var all []dataset.Case
	for _, s := range b.suites {
		all = append(all, s.data.Test...)
	}
	return poc.NewSketch(all)
}

// file reads a file that a candidate names.
func (b *bound) file(f scenario.File, limit int64) ([]byte, error) {
	return b.folder.ReadFile(f.Path, f.FieldName(), limit)
}
