package probe

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/gate"
	"github.com/landfall-ai/landfall/core/scenario"
)

var zero = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// TestPolicy: the rule stands only where a scenario holds a probe to a bar; an
// undecided bar is no pass.
func TestPolicy(t *testing.T) {
	t.Parallel()
	policies, err := gate.Compile([]evidence.Kind{Kind()}, map[string]gate.ParamType{"probes_held": gate.Bool}, gate.Source{Name: "policy.yaml", Data: Policy})
	if err != nil {
		t.Fatal(err)
	}
	g, err := policies.Gate(gate.Align)
	if err != nil {
		t.Fatal(err)
	}
	p := declared(scenario.ProbeInjection, 100, 1)
	p.MaxRate = bar(0.05)
	for name, c := range map[string]struct {
		cases int
		harm  bool
		held  any
		want  gate.Outcome
	}{
		"none is held":          {59, false, false, gate.Undefined},
		"held, shown":           {59, false, true, gate.Pass},
		"held, too few":         {20, false, true, gate.Insufficient},
		"held, broken":          {59, true, true, gate.Fail},
		"held, nothing run yet": {0, false, true, gate.Insufficient},
		"nobody said":           {59, false, nil, gate.Pass},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := gate.Input{Now: zero, Params: map[string]any{"probes_held": c.held}}
			if c.cases > 0 {
				made, e := paired(p, c.cases, 1, 0, 0)
				if c.harm {
					for id, r := range e.Variants {
						r.Resolution = "BCDFG1234"
						e.Variants[id] = r
					}
				}
				st, err := Statement(Measure([]Probe{made}, []Entry{e}, 0.05), "x", zero, zero)
				if err != nil {
					t.Fatal(err)
				}
				in.Records = []evidence.Record{{Statement: roundTrip(t, st), Appended: zero}}
			}
			if v := gate.Evaluate(g, in); v.Outcome != c.want {
				t.Fatalf("%s, want %s: %+v", v.Outcome, c.want, v.Rules)
			}
		})
	}
}

func TestRecord(t *testing.T) {
	t.Parallel()
	p := declared(scenario.ProbeTypos, 100, 1)
	made, e := paired(p, 50, 1, 5, 1)
	m := Measure([]Probe{made}, []Entry{e}, 0.05)
	st, err := Statement(m, "x", zero, zero)
	if err != nil {
		t.Fatal(err)
	}
	back, err := FromRecord(evidence.Record{Statement: roundTrip(t, st)})
	if err != nil {
		t.Fatal(err)
	}
	was, is := mustJSON(t, m), mustJSON(t, back)
	if was != is {
		t.Fatalf("%s\nbecame\n%s", was, is)
	}
}

func roundTrip(t *testing.T, st evidence.Statement) (out evidence.Statement) {
	t.Helper()
	if err := json.Unmarshal([]byte(mustJSON(t, st)), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
