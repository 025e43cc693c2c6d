package gate_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/core/gate"
)

// TestWhen: a rule that does not concern a scenario is left out; where nobody
// says whether it does, it stands.
func TestWhen(t *testing.T) {
	t.Parallel()
	p := policy(t, gate.Align, "a: poc.recommended.accuracy.low >= param.floor", "b: poc.cases > 1000 # when: strict")
	for name, c := range map[string]struct {
		strict  any
		rules   int
		outcome gate.Outcome
	}{
		"it stands":      {true, 2, gate.Fail},
		"it is left out": {false, 1, gate.Pass},
		"nobody says":    {nil, 2, gate.Fail},
		"no truth value": {"false", 2, gate.Fail},
	} {
		in := input(poc(0.92))
		in.Params["strict"] = c.strict
		if v := gate.Evaluate(p, in); len(v.Rules) != c.rules || v.Outcome != c.outcome {
			t.Errorf("%s: %d rules, %s", name, len(v.Rules), v.Outcome)
		}
	}
	only := policy(t, gate.Align, "b: poc.cases > 1 # when: strict")
	in := input(poc(0.92))
	in.Params["strict"] = false
	if v := gate.Evaluate(only, in); v.Outcome != gate.Undefined {
		t.Errorf("a gate without a rule that stands: %s", v.Outcome)
	}
	for _, name := range []string{"strickt", "floor", "3"} {
		_, err := gate.Compile(kinds(), paramTypes, source("a.yaml", gate.Align, "b: poc.cases > 1 # when: "+name))
		if !errors.Is(err, gate.ErrWhen) || !strings.Contains(err.Error(), "a.yaml:") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
