package app

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"unicode/utf8"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/examples"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/file"
	"github.com/landfall-ai/landfall/kit/text"
)

// Faults of making a scenario folder.
var (
	ErrInitExists = fault.Def{Kind: fault.Conflict, Code: "init.exists",
		En: "{dir} holds a scenario already", Zh: "{dir} 中已有场景",
		HintEn: "name another folder, or edit its scenario.yaml", HintZh: "换一个目录，或直接编辑其中的 scenario.yaml"}
	ErrInitColumn = fault.Def{Kind: fault.Invalid, Code: "init.column",
		En: "{file} has no column {column}; it has: {columns}", Zh: "{file} 没有列 {column}；现有：{columns}"}
	ErrInitGuess = fault.Def{Kind: fault.Invalid, Code: "init.guess",
		En: "no column of {file} looks like {role}; it has: {columns}", Zh: "{file} 中没有像{role}的列；现有：{columns}",
		HintEn: "name it with --text or --label", HintZh: "用 --text 或 --label 指定"}
)

// InitOptions say what a new scenario is about. The zero value copies the
// shipped bank example.
type InitOptions struct {
	Data     string // a file with labelled cases; "" copies the example
	Text     string // its column with what customers say; guessed if ""
	Label    string // its column with the right resolution; guessed if ""
	Title    string // the folder's name if ""
	Owner    string
	Level    scenario.Level  // declared; what Rubric asks for if "", else L1
	Rubric   scenario.Rubric // answers; the zero value is none
	Accuracy float64         // the bar; 0.85 if 0
	Class    string          // of the data; internal if ""
	Model    *InitModel      // a candidate beside the built-in ones; nil is none
}

// Created says what was made.
type Created struct {
	Dir     string `json:"dir"`
	Example string `json:"example,omitempty"`
	Text    string `json:"text,omitempty"`
	Label   string `json:"label,omitempty"`
	Train   int    `json:"train"`
	Test    int    `json:"test"`
	Classes int    `json:"classes"`
	// Endpoint and Model are those of the model that was added; Leaves says
	// which data would go where, Allows which classes may. Refused is set if
	// the scenario's own class is none of them: a run will refuse to send it.
	Endpoint string    `json:"endpoint,omitempty"`
	Model    string    `json:"model,omitempty"`
	Leaves   text.Text `json:"leaves,omitzero"`
	Allows   []string  `json:"allows,omitempty"`
	Refused  bool      `json:"refused,omitempty"`
}

//go:embed scenario.yaml.tmpl
var scenarioTemplate string

// Init makes a scenario folder that runs at once. The cases of opt.Data are
// split three to two by a hash of their text, so that equal texts never stand
// on both sides and a longer file later splits the same way.
func Init(ctx context.Context, dir string, opt InitOptions) (*Created, error) {
	if _, err := os.Stat(filepath.Join(dir, scenario.FileName)); err == nil {
		return nil, ErrInitExists.With("dir", dir)
	}
	if opt.Data == "" && opt.Model != nil {
		return nil, ErrInitModelData.With()
	}
	if opt.Data == "" {
		if err := CopyExample(examples.BankSupport, dir); err != nil {
			return nil, err
		}
		v, err := Validate(ctx, dir)
		if err != nil {
			return nil, err
		}
		return &Created{Dir: dir, Example: examples.BankSupport, Train: v.Train, Test: v.Test, Classes: v.Classes}, nil
	}
	rows, columns, err := readRows(ctx, opt.Data)
	if err != nil {
		return nil, err
	}
	if err := chooseColumns(&opt, columns, rows); err != nil {
		return nil, err
	}
	c := &Created{Dir: dir, Text: opt.Text, Label: opt.Label}
	said, label := slices.Index(columns, opt.Text), slices.Index(columns, opt.Label)
	parts := map[dataset.Split][][]string{}
	classes := map[string]bool{}
	for _, r := range rows {
		s := splitOf(r[said])
		parts[s] = append(parts[s], r)
		classes[r[label]] = true
	}
	c.Train, c.Test, c.Classes = len(parts[dataset.Train]), len(parts[dataset.Test]), len(classes)
	model, err := opt.Model.written(cmp.Or(opt.Class, "internal"))
	if err != nil {
		return nil, err
	}
	doc, err := renderDocument(dir, opt, columns, c.Classes, model)
	if err != nil {
		return nil, err
	}
	c.noted(opt.Model, model, cmp.Or(opt.Class, "internal"))
	for s, rows := range parts {
		if err := writeCSV(filepath.Join(dir, "data", string(s)+".csv"), columns, rows); err != nil {
			return nil, err
		}
	}
	return c, file.Write(filepath.Join(dir, scenario.FileName), 0o644, func(w io.Writer) error { _, err := w.Write(doc); return err })
}

func readRows(ctx context.Context, path string) (rows [][]string, columns []string, err error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, dataset.ErrNoFile.With("file", path)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", path, err)
	}
	defer f.Close()
	r, err := dataset.NewReader(path, f)
	if err != nil {
		return nil, nil, err
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		row, bad, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		if bad != nil {
			return nil, nil, bad
		}
		if len(rows) >= dataset.MaxRows {
			return nil, nil, dataset.ErrTooLarge.With("limit", fmt.Sprintf("%d rows", dataset.MaxRows)).At(path, row.Line, 0)
		}
		rows = append(rows, slices.Clone(row.Values))
	}
	columns = slices.Clone(r.Columns())
	if len(rows) == 0 {
		return nil, nil, dataset.ErrNoRows.With().At(path, 0, 0)
	}
	for i, r := range rows {
		for len(r) < len(columns) {
			r = append(r, "")
		}
		rows[i] = r[:len(columns)]
	}
	return rows, columns, nil
}

var labelName = regexp.MustCompile(`(?i)^(answer|resolution|label|intent|category|class|标签|意图|类别|分类|答案)`)

// chooseColumns checks the named columns and guesses the others: the text is
// the column with the longest values, the label the most repetitive one, and a
// telling name beats both.
func chooseColumns(opt *InitOptions, columns []string, rows [][]string) error {
	for _, c := range []string{opt.Text, opt.Label} {
		if c != "" && !slices.Contains(columns, c) {
			return ErrInitColumn.With("file", opt.Data, "column", c, "columns", columns)
		}
	}
	length, distinct := make([]int, len(columns)), make([]map[string]bool, len(columns))
	for i := range columns {
		distinct[i] = map[string]bool{}
		for _, r := range rows {
			length[i] += utf8.RuneCountInString(r[i])
			distinct[i][r[i]] = true
		}
	}
	if opt.Text == "" {
		best := -1
		for i, c := range columns {
			if c != opt.Label && len(distinct[i])*2 > len(rows) && (best < 0 || length[i] > length[best]) {
				best = i
			}
		}
		if best < 0 {
			return ErrInitGuess.With("file", opt.Data, "role", "a text", "columns", columns)
		}
		opt.Text = columns[best]
	}
	if opt.Label == "" {
		best, named := -1, false
		for i, c := range columns {
			if c == opt.Text || len(distinct[i]) < 2 || len(distinct[i])*2 > len(rows) {
				continue
			}
			n := labelName.MatchString(c)
			if best < 0 || (n && !named) || (n == named && len(distinct[i]) > len(distinct[best])) {
				best, named = i, n
			}
		}
		if best < 0 {
			return ErrInitGuess.With("file", opt.Data, "role", "a label", "columns", columns)
		}
		opt.Label = columns[best]
	}
	return nil
}

// splitOf puts a text into train or test, three to two.
func splitOf(text string) dataset.Split {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.Join(strings.Fields(text), " "))))
	if binary.BigEndian.Uint64(sum[:8])%5 < 3 {
		return dataset.Train
	}
	return dataset.Test
}

var notSlug = regexp.MustCompile(`[^a-z0-9]+`)

func renderDocument(dir string, opt InitOptions, columns []string, classes int, model *initModel) ([]byte, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", dir, err)
	}
	slug := strings.Trim(notSlug.ReplaceAllString(strings.ToLower(filepath.Base(abs)), "-"), "-")
	if slug == "" {
		slug = "scenario"
	}
	if opt.Title == "" {
		opt.Title = filepath.Base(abs)
	}
	if opt.Owner == "" {
		opt.Owner = "unknown"
	}
	if opt.Level == "" {
		opt.Level = cmp.Or(grade.FloorOf(opt.Rubric).Level, scenario.L1)
	}
	if opt.Accuracy == 0 {
		opt.Accuracy = 0.85
	}
	if opt.Class == "" {
		opt.Class = "internal"
	}
	t, err := template.New("scenario.yaml").Funcs(template.FuncMap{"quote": quoteYAML, "join": func(s []string) string { return strings.Join(s, ", ") }}).Parse(scenarioTemplate)
	if err != nil {
		return nil, fmt.Errorf("read the scenario template: %w", err)
	}
	var b bytes.Buffer
	type answer struct{ Question, Answer string }
	var answers []answer
	for _, q := range grade.Questions() {
		if a := q.Answer(opt.Rubric); a != "" {
			answers = append(answers, answer{q.ID, a})
		}
	}
	err = t.Execute(&b, map[string]any{"Model": model, "Answers": answers, "RubricVersion": scenario.RubricVersion, "Slug": slug[:min(len(slug), 60)], "Opt": opt, "Columns": columns, "Classes": classes, "Many": classes > manyClasses})
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", scenario.FileName, err)
	}
	if _, err := scenario.Parse(filepath.Join(dir, scenario.FileName), b.Bytes()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// quoteYAML writes s as a JSON string, which is a YAML one too.
func quoteYAML(s string) (string, error) {
	raw, err := json.Marshal(s)
	return string(raw), err
}

// writeCSV writes a file that appears whole or not at all.
func writeCSV(path string, columns []string, rows [][]string) error {
	return file.Write(path, 0o644, func(out io.Writer) error {
		w := csv.NewWriter(out)
		return errors.Join(w.Write(columns), w.WriteAll(rows))
	})
}
