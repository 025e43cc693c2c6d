package scenario

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/landfall-ai/landfall/core/dataset"
)

// check holds d to the rules that the schema cannot state.
func check(d *Document, file string, t *tree) error {
	var ps Problems
	wrong := func(pointer, format string, args ...any) {
		ps = append(ps, at(ErrValue.With("field", last(pointer), "problem", fmt.Sprintf(format, args...)), file, t, pointer))
	}

	once := map[dataset.Role]string{}
	for _, name := range sortedKeys(d.Data.Columns) {
		role := d.Data.Columns[name].Role
		if role == dataset.RoleTag || role == dataset.RoleIgnore {
			continue
		}
		if other, dup := once[role]; dup {
			wrong("/data/columns/"+escape(name)+"/role", "the role %s is taken by column %s; it may stand once", role, other)
		}
		once[role] = name
	}
	if once[dataset.RoleInput] == "" {
		wrong("/data/columns", "no column has the role input")
	}
	if once[dataset.RoleResolution] == "" && once[dataset.RoleLabel] == "" {
		wrong("/data/columns", "no column has the role resolution or label: there would be no right answer to compare with")
	}
	if once[dataset.RoleSlice] == "" && len(d.Slices) > 1 {
		wrong("/slices", "there are %d slices and no column with the role slice", len(d.Slices))
	}

	unique(d.Slices, func(s Slice) string { return s.ID }, func(i int, id string) {
		wrong(fmt.Sprintf("/slices/%d/id", i), "the slice %s stands twice", id)
	})
	unique(d.Candidates, Candidate.ID, func(i int, id string) {
		wrong(fmt.Sprintf("/candidates/%d", i), "the candidate %s stands twice", id)
	})
	unique(d.Costs.Lines, func(l CostLine) string { return l.ID }, func(i int, id string) {
		wrong(fmt.Sprintf("/costs/lines/%d/id", i), "the cost line %s stands twice", id)
	})

	rungs := []string{"rules", "classic", "small-model", "large-model", "multimodal", "human"}
	targets := slices.Clone(rungs)
	for i, c := range d.Candidates {
		targets = append(targets, c.ID())
		if c.Planned != nil && slices.Contains(rungs, c.Planned.ID) && c.Planned.ID != c.Planned.Rung {
			wrong(fmt.Sprintf("/candidates/%d/planned/id", i), "the id %s is the name of another rung", c.Planned.ID)
		}
		if c.Builtin == "faq" && d.Data.Documents == nil {
			wrong(fmt.Sprintf("/candidates/%d/builtin", i), "the faq candidate needs data.documents: the file with the answers to retrieve")
		}
		if c.Human != nil {
			low, high := c.Human.Accuracy.Range()
			if low > c.Human.Accuracy.Mid() || high < c.Human.Accuracy.Mid() || high > 1 {
				wrong(fmt.Sprintf("/candidates/%d/human/accuracy", i), "a share lies between 0 and 1, with p10 ≤ p50 ≤ p90")
			}
		}
	}
	for i, l := range d.Costs.Lines {
		p := fmt.Sprintf("/costs/lines/%d", i)
		if l.For != "" && !slices.Contains(targets, l.For) {
			wrong(p+"/for", "%s is neither a candidate nor a rung%s", l.For, didYouMean(l.For, targets))
		}
		if l.Per == "once" && l.Years == 0 {
			wrong(p, "a cost paid once needs years: how long it is spread over")
		}
		if l.Amount.IsZero() && d.Costs.File == "" {
			wrong(p, "the amount is missing; state one, or name the exported file under costs.file")
		}
		checkAmount(l.Amount, p+"/amount", wrong)
	}
	checkAmount(d.Traffic.PerYear, "/traffic/per_year", wrong)
	if len(d.Costs.Lines) > 0 && d.Traffic.PerYear.IsZero() {
		wrong("/costs", "costs per year need traffic.per_year: how many requests a year")
	}
	if d.Traffic.File != "" && d.Traffic.Source == "" {
		wrong("/traffic/file", "a traffic sample needs traffic.source: the system that counted it")
	}
	if d.Costs.File != "" && d.Costs.Source == "" {
		wrong("/costs/file", "an exported file needs costs.source: the system that exported it")
	}
	if d.Expect != nil {
		for _, id := range sortedKeys(d.Expect.Slices) {
			if !slices.ContainsFunc(d.Slices, func(s Slice) bool { return s.ID == id }) {
				wrong("/expect/slices/"+escape(id), "there is no slice %s", id)
			}
		}
	}
	for _, f := range d.files() {
		if bad := badPath(f.path); bad != "" {
			wrong(f.pointer, "%s", bad)
		}
	}
	if len(ps) == 0 {
		return nil
	}
	sortProblems(ps, t)
	return ps
}

func checkAmount(a Amount, pointer string, wrong func(string, string, ...any)) {
	if a.P50 != nil && (*a.P10 > *a.P50 || *a.P50 > *a.P90) {
		wrong(pointer, "a range needs p10 ≤ p50 ≤ p90")
	}
	for _, v := range []*float64{a.Value, a.P10, a.P50, a.P90} {
		if v != nil && math.Abs(*v) > 1e15 {
			wrong(pointer, "the number is beyond 1e15")
		}
	}
}

func unique[T any](items []T, id func(T) string, dup func(int, string)) {
	seen := map[string]bool{}
	for i, it := range items {
		if seen[id(it)] {
			dup(i, id(it))
		}
		seen[id(it)] = true
	}
}

type namedPath struct{ pointer, path string }

func (d *Document) files() []namedPath {
	out := []namedPath{}
	add := func(pointer, path string) {
		if path != "" {
			out = append(out, namedPath{pointer, path})
		}
	}
	for i, p := range d.Data.Train {
		add(fmt.Sprintf("/data/train/%d", i), p)
	}
	for i, p := range d.Data.Test {
		add(fmt.Sprintf("/data/test/%d", i), p)
	}
	add("/data/production", d.Data.Production)
	add("/data/guide", d.Data.Guide)
	add("/traffic/file", d.Traffic.File)
	add("/costs/file", d.Costs.File)
	if d.Data.Documents != nil {
		add("/data/documents/file", d.Data.Documents.File)
	}
	for i, s := range d.Data.Sources {
		add(fmt.Sprintf("/data/sources/%d/path", i), s.Path)
	}
	return out
}

// badPath says what is wrong with a path that must stay inside the folder.
func badPath(p string) string {
	switch {
	case strings.Contains(p, "\\"):
		return "write paths with /, not \\"
	case strings.HasPrefix(p, "/"):
		return "the path must be relative to the scenario's folder"
	case slices.Contains(strings.Split(p, "/"), ".."):
		return "the path must stay inside the scenario's folder"
	}
	return ""
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
