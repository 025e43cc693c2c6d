package boundary_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/boundary"
	"github.com/landfall-ai/landfall/core/dataset"
)

// What few cases share stays out of a run's boundary: a tag that names people,
// its rare values, and a rule over a handful of cases.
func TestARunsBoundaryNamesNobody(t *testing.T) {
	t.Parallel()
	o := poc.Outcome{Entrant: poc.Entrant{ID: "m"}}
	for i := range 60 {
		c := dataset.Case{ID: fmt.Sprint(i), Suite: "cases", Input: "plain words", Resolution: "r",
			Tags: map[string]string{"caller": fmt.Sprint("person ", i), "line": "a"}}
		r := poc.Result{Resolution: "r", Correct: true, Confidence: 0.9}
		switch {
		case i < 3:
			c.Tags["line"] = "rare"
		case i < 20:
			c.Tags["line"] = "b"
		}
		if i >= 50 && i < 58 { // eight of sixty: above 5 %, below ten cases
			c.Input = "Smithson calls"
			r = poc.Result{Resolution: "x"}
		}
		o.Entrant.Cases, o.Results = append(o.Entrant.Cases, c), append(o.Results, r)
	}
	r, err := boundary.OfRun([]poc.Outcome{o}, []boundary.SuiteInput{{ID: "cases"}}, "m", boundary.SearchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, never := range []string{"person", "caller", "rare", "smithson", "Smithson"} {
		if strings.Contains(string(raw), never) {
			t.Errorf("the boundary says %q", never)
		}
	}
	m, _ := r.Suites[0].Candidate("m")
	n := 0
	for _, a := range m.Axes {
		if a.Name == "line" {
			for _, c := range a.Cells {
				n += c.N
			}
		}
	}
	if n != 60 {
		t.Errorf("the parts of a tag hold %d of 60 cases", n)
	}
}

// Where cases come in clusters the summary says that the search took them as
// independent.
func TestClustersAreSaid(t *testing.T) {
	t.Parallel()
	for _, cluster := range []string{"", "one shift"} {
		outcomes := ofRun()
		for _, o := range outcomes {
			for i := range o.Entrant.Cases {
				o.Entrant.Cases[i].Cluster = cluster
			}
		}
		r, err := boundary.OfRun(outcomes, []boundary.SuiteInput{{ID: "cases"}}, "able", boundary.SearchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		m, _ := r.Suites[0].Candidate("able")
		en, zh := strings.Contains(m.Weak.Summary.En, "taken as independent"), strings.Contains(m.Weak.Summary.Zh, "相互独立")
		if en != (cluster != "") || zh != en {
			t.Errorf("cluster %q: %+v", cluster, m.Weak.Summary)
		}
	}
}
