package failure

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/kit/text"
	"github.com/landfall-ai/landfall/prove/quality"
)

// Reason says why a failure did not become a case.
type Reason string

// The reasons.
const (
	NeedsLabel  Reason = "needs-label" // nobody has said what is right
	Conflicting Reason = "conflicting" // two right answers were given for one text
	Outside     Reason = "outside"     // the right answer is not one that the schema allows
)

// Text says a reason in words.
func (r Reason) Text() text.Text {
	switch r {
	case Conflicting:
		return text.Text{En: "two right answers for one text", Zh: "同一文本有两个正确答案"}
	case Outside:
		return text.Text{En: "the right answer is not one of the allowed values", Zh: "正确答案不在允许的取值中"}
	}
	return text.Text{En: "needs a label", Zh: "待标注"}
}

// Pending is a text that waits for a person.
type Pending struct {
	Mode        string   `json:"mode"`
	Text        string   `json:"text"`
	Occurrences int      `json:"occurrences"`
	Reason      Reason   `json:"reason"`
	Expected    []string `json:"expected"`          // the answers that were given, sorted
	Nearest     string   `json:"nearest,omitempty"` // of Outside: what may have been meant
	File        string   `json:"file"`
	Line        int      `json:"line"`
}

// Batch is what failures give.
type Batch struct {
	New     []dataset.Case // sorted by id
	Known   int            // texts that are cases already
	Pending []Pending      // the most frequent first
	// Guards maps the id of a failure to that of the case, new or known, that
	// has its text: what Service.Guard stores.
	Guards map[string]string
}

// Cases turns failure modes into new cases, given the cases that exist in all
// splits. Each distinct text whose right answer is known becomes one case with
// the id f- and 12 hex digits of the SHA-256 of its normalised text, the tag
// source=production, and label and slice as the existing cases with the same
// right answer mostly have them.
//
// All texts of a mode go to one split, since they are alike: to training if a
// training case is alike, else to the test split if a test case is alike, else
// to the test split by one bit of the smallest id's digest, that is, half of
// the modes. So a case keeps its split at every later import, and what is tested
// was not learnt, unless a text is alike cases of both splits: then it goes to
// training, and quality.FindDuplicates reports the leak.
func Cases(modes []Mode, existing []dataset.Case, spec dataset.Spec) Batch {
	k := know(existing, spec)
	splits := k.splits(modes)
	b := Batch{New: []dataset.Case{}, Pending: []Pending{}, Guards: map[string]string{}}
	for i, m := range modes {
		for _, t := range textsOf(m) {
			p := Pending{Mode: m.ID, Text: t.first.Text, Occurrences: t.n, Expected: t.expected, File: t.first.File, Line: t.first.Line}
			known, there := k.byText[t.key]
			switch {
			case len(t.expected) > 1, there && len(t.expected) == 1 && known.Resolution != t.expected[0]:
				p.Reason = Conflicting
				if there {
					p.Expected = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(t.expected), known.Resolution))))
				}
			case there:
				b.Known++
				b.guard(t, known.ID)
				continue
			case len(t.expected) == 0:
				p.Reason = NeedsLabel
			case len(k.allowed) > 0 && !slices.Contains(k.allowed, t.expected[0]):
				p.Reason, p.Nearest = Outside, text.Nearest(t.expected[0], k.allowed)
			default:
				c := k.newCase(t, splits[i], spec)
				b.New = append(b.New, c)
				b.guard(t, c.ID)
				continue
			}
			b.Pending = append(b.Pending, p)
		}
	}
	slices.SortFunc(b.New, func(a, b dataset.Case) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortStableFunc(b.Pending, func(a, b Pending) int { return cmp.Compare(b.Occurrences, a.Occurrences) })
	return b
}

func (b *Batch) guard(t said, caseID string) {
	for _, id := range t.ids {
		b.Guards[id] = caseID
	}
}

// said is one distinct text of a mode.
type said struct {
	key      string // normalised
	first    Failure
	n        int
	ids      []string // of the failures, if they are stored
	expected []string // distinct right answers, sorted
}

func textsOf(m Mode) []said {
	at := map[string]int{}
	var out []said
	for _, f := range m.Failures {
		key := quality.Normalise(f.Text)
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, said{key: key, first: f, expected: []string{}})
		}
		out[i].n++
		if f.ID != "" {
			out[i].ids = append(out[i].ids, f.ID)
		}
		if f.Expected != "" && !slices.Contains(out[i].expected, f.Expected) {
			out[i].expected = append(out[i].expected, f.Expected)
			slices.Sort(out[i].expected)
		}
	}
	return out
}

// caseID is stable: it depends on what the text says alone.
func caseID(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "f-" + hex.EncodeToString(sum[:6])
}

// knowledge is what the existing cases tell.
type knowledge struct {
	byText  map[string]dataset.Case // normalised; of several the one in training, by id
	ids     map[string]bool
	allowed []string                  // right answers that the schema allows; empty: any
	label   map[string]map[string]int // by right answer, how often each label
	slice   map[string]map[string]int
}

func know(existing []dataset.Case, spec dataset.Spec) *knowledge {
	k := &knowledge{byText: map[string]dataset.Case{}, ids: map[string]bool{}, label: map[string]map[string]int{}, slice: map[string]map[string]int{}}
	resolution := dataset.Column{}
	for _, c := range spec.Columns {
		if c.Role == dataset.RoleResolution || c.Role == dataset.RoleLabel && resolution.Role == "" {
			resolution = c
		}
	}
	k.allowed = resolution.Values
	for _, c := range existing {
		k.ids[c.ID] = true
		key := quality.Normalise(c.Input)
		old, there := k.byText[key]
		if !there || c.Split == dataset.Train && old.Split != dataset.Train || c.Split == old.Split && c.ID < old.ID {
			k.byText[key] = c
		}
		count(k.label, c.Resolution, c.Label)
		count(k.slice, c.Resolution, c.Slice)
	}
	return k
}

func count(m map[string]map[string]int, by, value string) {
	if value == "" {
		return
	}
	if m[by] == nil {
		m[by] = map[string]int{}
	}
	m[by][value]++
}

// most returns the most frequent value, of equally frequent ones the first by
// name; "" if there is none.
func most(counts map[string]int) string {
	best := ""
	for _, v := range slices.Sorted(maps.Keys(counts)) {
		if best == "" || counts[v] > counts[best] {
			best = v
		}
	}
	return best
}

// splits decides for each mode where its cases go.
func (k *knowledge) splits(modes []Mode) []dataset.Split {
	at := map[string]int{}
	var texts []string
	add := func(key string) {
		if _, ok := at[key]; !ok {
			at[key] = len(texts)
			texts = append(texts, key)
		}
	}
	for _, m := range modes {
		for _, f := range m.Failures {
			add(quality.Normalise(f.Text))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(k.byText)) {
		add(key)
	}
	// near holds, by text, the split of the existing cases that are alike.
	near := map[int]dataset.Split{}
	put := func(i int, s dataset.Split) {
		if near[i] != dataset.Train {
			near[i] = s
		}
	}
	pairs, _ := quality.Near(texts)
	for _, p := range pairs {
		for _, ab := range [][2]int{{p.A, p.B}, {p.B, p.A}} {
			if c, ok := k.byText[texts[ab[1]]]; ok {
				put(ab[0], c.Split)
			}
		}
	}
	for key, c := range k.byText {
		put(at[key], c.Split)
	}
	out := make([]dataset.Split, len(modes))
	for i, m := range modes {
		smallest := ""
		for _, f := range m.Failures {
			key := quality.Normalise(f.Text)
			if s, ok := near[at[key]]; ok && out[i] != dataset.Train {
				out[i] = s
			}
			if id := caseID(key); smallest == "" || id < smallest {
				smallest = id
			}
		}
		if out[i] == "" {
			out[i] = dataset.Train
			if sum := sha256.Sum256([]byte(smallest)); sum[0]&1 == 0 {
				out[i] = dataset.Test
			}
		}
	}
	return out
}

func (k *knowledge) newCase(t said, split dataset.Split, spec dataset.Spec) dataset.Case {
	c := dataset.Case{ID: caseID(t.key), Input: t.first.Text, Resolution: t.expected[0], Split: split, File: spec.Production,
		Tags: map[string]string{dataset.SourceTag: dataset.FromProduction}}
	for n := 2; k.ids[c.ID]; n++ {
		c.ID = caseID(t.key) + "-" + strconv.Itoa(n)
	}
	k.ids[c.ID] = true
	resolved := false
	for _, col := range spec.Columns {
		resolved = resolved || col.Role == dataset.RoleResolution
	}
	if c.Label = most(k.label[c.Resolution]); !resolved {
		c.Label = c.Resolution
	}
	c.Slice = most(k.slice[c.Resolution])
	for name, col := range spec.Columns {
		if col.Role == dataset.RoleTag && name == "channel" && t.first.Channel != "" &&
			(len(col.Values) == 0 || slices.Contains(col.Values, t.first.Channel)) && (col.Type == "" || col.Type == "string") {
			c.Tags[name] = t.first.Channel
		}
	}
	return c
}

// WriteCSV writes cases as a production file of spec: the columns id (under
// the spec's name for it), split, and all that the spec does not ignore.
func WriteCSV(w io.Writer, spec dataset.Spec, cases []dataset.Case) error {
	type column struct {
		name  string
		value func(dataset.Case) string
	}
	id := column{dataset.IDColumn, func(c dataset.Case) string { return c.ID }}
	columns := []column{{dataset.SplitColumn, func(c dataset.Case) string { return string(c.Split) }}}
	for _, name := range slices.Sorted(maps.Keys(spec.Columns)) {
		if name == dataset.SplitColumn {
			continue
		}
		switch spec.Columns[name].Role {
		case dataset.RoleID:
			id.name = name
		case dataset.RoleInput:
			columns = append(columns, column{name, func(c dataset.Case) string { return c.Input }})
		case dataset.RoleLabel:
			columns = append(columns, column{name, func(c dataset.Case) string { return c.Label }})
		case dataset.RoleResolution:
			columns = append(columns, column{name, func(c dataset.Case) string { return c.Resolution }})
		case dataset.RoleSlice:
			columns = append(columns, column{name, func(c dataset.Case) string { return c.Slice }})
		case dataset.RoleCluster:
			columns = append(columns, column{name, func(c dataset.Case) string { return c.Cluster }})
		case dataset.RoleTag:
			columns = append(columns, column{name, func(c dataset.Case) string { return c.Tags[name] }})
		case dataset.RoleIgnore:
		}
	}
	columns = append([]column{id}, columns...)
	cw := csv.NewWriter(w)
	record := make([]string, len(columns))
	for i, c := range columns {
		record[i] = c.name
	}
	if err := cw.Write(record); err != nil {
		return fmt.Errorf("write header: %w", err)
	}
	for _, cs := range cases {
		for i, c := range columns {
			record[i] = c.value(cs)
		}
		if err := cw.Write(record); err != nil {
			return fmt.Errorf("write case %s: %w", cs.ID, err)
		}
	}
	cw.Flush()
	if err := cw.Error(); err != nil {
		return fmt.Errorf("write cases: %w", err)
	}
	return nil
}

// Save adds cases to the production file of the scenario in dir: it writes the
// existing cases that came from that file with the fresh ones, sorted by id,
// and replaces the file as a whole: the file is Landfall's, and a row that is no
// case (without input or right answer) or a column that the spec ignores is not
// kept. Without fresh cases it writes nothing.
func Save(dir string, spec dataset.Spec, existing, fresh []dataset.Case) (err error) {
	if len(fresh) == 0 {
		return nil
	}
	all := slices.Clone(fresh)
	for _, c := range existing {
		if c.File == spec.Production {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b dataset.Case) int { return cmp.Compare(a.ID, b.ID) })
	name := filepath.FromSlash(spec.Production)
	if !filepath.IsLocal(name) {
		return dataset.ErrPath.With("file", spec.Production)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open %s: %w", dir, err)
	}
	defer root.Close()
	if folder := filepath.Dir(name); folder != "." {
		if err := root.MkdirAll(folder, 0o755); err != nil {
			return fmt.Errorf("make folder for %s: %w", spec.Production, err)
		}
	}
	temp := name + ".part-" + strings.ToLower(rand.Text()[:8])
	f, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("write %s: %w", spec.Production, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, root.Remove(temp))
		}
	}()
	if err := errors.Join(WriteCSV(f, spec, all), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", spec.Production, err)
	}
	if err := root.Rename(temp, name); err != nil {
		return fmt.Errorf("replace %s: %w", spec.Production, err)
	}
	return nil
}
