package gate_test

import (
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/core/gate"
)

func testPolicies(t testing.TB) *gate.Policies {
	return compile(t,
		source("a.yaml", gate.Align, "accuracy: poc.recommended.accuracy.low >= param.floor # max_age: 90d", "cases: poc.cases >= 300 # allow_assumed: true"),
		source("b.yaml", gate.Prove, "missing: quality.missing_max <= 0.1"))
}

func runTests(t testing.TB, tests string) ([]gate.Failure, error) {
	t.Helper()
	return gate.RunTests(testPolicies(t), params(), gate.Source{Name: "tests.yaml", Data: []byte(tests)})
}

func TestPolicyTestsHold(t *testing.T) {
	t.Parallel()
	failures, err := runTests(t, `
- name: passes
  given: {poc.recommended.accuracy: {value: 0.93, low: 0.90, n: 400, age: 2d}, poc.cases: 400}
  gate: align
  want: {outcome: pass, because: []}
- name: the bound decides, not the value
  given: {poc.recommended.accuracy: {value: 0.944, low: 0.896, n: 850}, poc.cases: 850}
  gate: align
  want: {outcome: fail, because: [accuracy]}
- name: by expression
  given: {quality.missing_max: 0.12}
  gate: prove
  want: {outcome: fail, because: [quality.missing_max  <= 0.1]}
- name: the value alone is no bound
  given: {poc.recommended.accuracy: 0.99, poc.cases: 400}
  gate: align
  want: {outcome: insufficient, because: [accuracy]}
- name: nothing is given
  given: {}
  gate: align
  want: {outcome: insufficient, because: [cases, accuracy]}
- name: too old
  given: {poc.recommended.accuracy: {low: 0.95, age: 91d}, poc.cases: 400}
  gate: align
  want: {outcome: insufficient, because: [accuracy]}
- name: too old as a whole
  given: {poc.recommended.accuracy: {low: 0.95}, poc.cases: 400, poc: {age: 13w}}
  gate: align
  want: {outcome: insufficient, because: [accuracy]}
- name: assumed figure
  given: {poc.recommended.accuracy: {low: 0.95, provenance: assumed}, poc.cases: {value: 400, provenance: assumed}}
  gate: align
  want: {outcome: insufficient, because: [accuracy]}
- name: imported
  given: {poc.recommended.accuracy: {low: 0.95, provenance: imported}, poc.cases: 400}
  gate: align
  want: {outcome: pass}
- name: assumed as a whole
  given: {poc.recommended.accuracy: {low: 0.95}, poc.cases: 400, poc: {provenance: assumed}}
  gate: align
  want: {outcome: insufficient, because: [accuracy]}
- name: exploratory
  given: {poc.recommended.accuracy: {low: 0.95}, poc.cases: 400, poc: {exploratory: true}}
  gate: align
  want: {outcome: insufficient, because: [accuracy, cases]}
- name: stale
  given: {poc.recommended.accuracy: {low: 0.95}, poc.cases: 400, poc: {stale: true}}
  gate: align
  want: {outcome: insufficient, because: [accuracy, cases]}
- name: another floor
  given: {poc.recommended.accuracy: {low: 0.95}, poc.cases: 400}
  params: {floor: 0.97}
  gate: align
  want: {outcome: fail, because: [accuracy]}
- given: {poc.cases: 400}
  gate: deepen
  want: {outcome: undefined}
`)
	if err != nil {
		t.Fatal(describe(err))
	}
	for _, f := range failures {
		t.Errorf("%s: %s: %s", f.Where, f.Test, f.Text.En)
	}
}

func TestPolicyTestsFail(t *testing.T) {
	t.Parallel()
	failures, err := runTests(t, `
- name: wrong outcome
  given: {poc.recommended.accuracy: {low: 0.8}, poc.cases: 400}
  gate: align
  want: {outcome: pass}
- given: {poc.recommended.accuracy: {low: 0.8}, poc.cases: 100}
  gate: align
  want: {outcome: fail, because: [accuracy]}
`)
	if err != nil || len(failures) != 2 {
		t.Fatalf("%v, %v", failures, err)
	}
	want := []gate.Failure{{Test: "wrong outcome", Where: "tests.yaml:2:3"}, {Test: "#2", Where: "tests.yaml:6:3"}}
	texts := []string{
		"want pass, got fail [accuracy]: accuracy is fail (accuracy: lower bound 80%; at least 90% is required)",
		"want fail [accuracy], got fail [accuracy, cases]: accuracy is fail (accuracy: lower bound 80%; at least 90% is required); " +
			"cases is fail (test cases: 100; at least 300 is required)",
	}
	for i, f := range failures {
		if f.Test != want[i].Test || f.Where != want[i].Where || f.Text.En != texts[i] || !strings.HasPrefix(f.Text.Zh, "期望 ") {
			t.Errorf("got %+v", f)
		}
	}
}

func TestPolicyTestsAreChecked(t *testing.T) {
	t.Parallel()
	_, err := runTests(t, `
- given: {pok.cases: 1, poc.case: 1, poc.recommended.accuracy: {lo: 1}, quality.rows: many}
  gate: align
  want: {outcome: fail}
- given: {poc.recommended.accuracy: {low: x}, quality.rows: {value: 1, age: 3}, poc: {provenance: measurd, stale: 1}}
  gate: aling
  want: {outcome: fail}
- given: {poc.cases: {value: 1, low: 2}, quality.rows: {age: 3d}}
  params: {flor: 1, floor: much}
  gate: align
  want: {outcome: stale, because: [accurcy]}
- given: [poc]
  gate: align
  wants: {}
- given: [poc]
  gate: align
- just text
- given: {}
  gate: align
  want: {outcome: pass, because: accuracy}
`)
	golden(t, "tests.txt", describe(err))
	for _, bad := range []string{"", "gate: align", "[]", "- {given: {}, gate: align, want: {outcome: pass}", "- &a [*a]"} {
		if _, err := runTests(t, bad); len(each(err)) == 0 {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

func FuzzRunTests(f *testing.F) {
	f.Add([]byte("- given: {poc.recommended.accuracy: {value: 0.93, low: 0.90, n: 400, age: 2d}, poc.cases: 400}\n  gate: align\n  want: {outcome: pass, because: []}\n"))
	f.Add([]byte("- given: {poc: {stale: true}}\n  params: {floor: 1}\n  gate: prove\n  want: {outcome: fail, because: [missing]}\n"))
	p := testPolicies(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := gate.RunTests(p, params(), gate.Source{Name: "t.yaml", Data: data})
		if err != nil && len(each(err)) == 0 {
			t.Fatalf("%v is no fault", err)
		}
	})
}
