package quality_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/gate"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/prove/quality"
)

// profile has one required column with the given missing values of 100 rows
// for training and 50 for testing.
func profile(missingTrain, missingTest int, classes map[string]int) quality.Profile {
	return quality.Profile{
		Rows: map[dataset.Split]int{dataset.Train: 100, dataset.Test: 50}, Dropped: map[dataset.Split]int{},
		Columns: []quality.Column{
			{Name: "answer", Required: true, Missing: map[dataset.Split]int{dataset.Train: missingTrain, dataset.Test: missingTest}},
			{Name: "note", Missing: map[dataset.Split]int{dataset.Train: 100, dataset.Test: 50}}},
		Classes: classes, TestClasses: map[string]int{}}
}

func even(classes, each int) map[string]int {
	out := map[string]int{}
	for i := range classes {
		out[fmt.Sprintf("c%02d", i)] = each
	}
	return out
}

func with(m map[string]int, class string, n int) map[string]int {
	m[class] = n
	return m
}

func TestCheck(t *testing.T) {
	t.Parallel()
	many := dataset.Quality{Policy: quality.ManyClasses}
	for _, c := range []struct {
		name    string
		profile quality.Profile
		quality dataset.Quality
		fails   []string // ids of failing rules
		says    string
		offers  bool
	}{
		{"good", profile(0, 0, even(4, 25)), dataset.Quality{}, nil, "", false},
		{"a tenth missing is allowed", profile(10, 5, even(4, 25)), dataset.Quality{}, nil, "", false},
		{"more than a tenth missing", profile(11, 0, even(4, 25)), dataset.Quality{}, []string{"missing-values"}, "column answer (train): 11/100 = 11 % missing, at most 10 % allowed", false},
		{"a small split does not hide", profile(0, 6, even(4, 25)), dataset.Quality{}, []string{"missing-values"}, "column answer (test): 6/50 = 12 % missing", false},
		{"a twentieth is enough", profile(0, 0, map[string]int{"a": 95, "b": 5}), dataset.Quality{}, nil, "", false},
		{"less than a twentieth", profile(0, 0, map[string]int{"a": 96, "b": 4}), dataset.Quality{}, []string{"class-share"}, "smallest class b: 4/100 = 4 % of the training split, at least 5 % needed", false},
		{"an allowed class without a case", profile(0, 0, map[string]int{"a": 50, "b": 50, "c": 0}), dataset.Quality{}, []string{"class-share"}, "smallest class c: 0/100 = 0 %", false},
		{"one class", profile(0, 0, map[string]int{"a": 100}), dataset.Quality{}, []string{"classes"}, "1 class(es) in the training split, at least 2 needed", false},
		{"no class", profile(0, 0, nil), dataset.Quality{}, []string{"classes"}, "0 class(es)", false},
		{"twenty even classes", profile(0, 0, even(20, 5)), dataset.Quality{}, nil, "", false},
		{"twenty-one even classes", profile(0, 0, even(21, 5)), dataset.Quality{}, []string{"class-share"}, "4.762 %", true},
		{"everything at once", profile(50, 50, even(21, 5)), dataset.Quality{Policy: quality.Method}, []string{"missing-values", "missing-values", "class-share"}, "", true},
		{"many classes", profile(0, 0, even(77, 30)), many, nil, "", false},
		{"many classes, one too few", profile(0, 0, with(even(77, 100), "c03", 29)), many, []string{"class-count"}, "smallest class c03: 29 training cases, at least 30 needed", false},
		{"many classes, one far below even", profile(0, 0, with(even(77, 1000), "c03", 100)), many, []string{"class-relative"}, "0.1012 times its even share, at least 0.2 needed", false},
		{"many classes, own thresholds", profile(0, 0, with(even(77, 1000), "c03", 100)), dataset.Quality{Policy: quality.ManyClasses, MinPerClass: 101, MinRelative: 0.05}, []string{"class-count"}, "at least 101", false},
		{"many classes, values still count", profile(11, 0, even(77, 30)), many, []string{"missing-values"}, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := quality.Check(c.profile, c.quality)
			var fails []string
			for i, rule := range r.Rules {
				if !rule.Passed {
					fails = append(fails, rule.ID)
				}
				if rule.Column == "note" {
					t.Error("an optional column was held to the rule")
				}
				if i > 0 && !rule.Passed && r.Rules[i-1].Passed {
					t.Error("a failing rule stands behind a passing one")
				}
			}
			if !slices.Equal(fails, c.fails) || r.Passed != (len(c.fails) == 0) || r.Offer() != c.offers {
				t.Errorf("fails %v, passed %v, offer %v", fails, r.Passed, r.Offer())
			}
			err := r.Err()
			if (err == nil) != r.Passed {
				t.Fatalf("error %v", err)
			}
			if err == nil {
				return
			}
			var f *fault.Error
			if !errors.As(err, &f) || !errors.Is(err, quality.ErrData) || f.Exit() != 12 || f.Kind != fault.Blocked || f.Code != "quality.data" {
				t.Fatalf("error %+v", err)
			}
			if !strings.Contains(f.Message("en"), c.says) || strings.Contains(f.Message("zh")+f.Message("en")+f.Hint("zh")+f.Hint("en"), "{") {
				t.Errorf("message %q, %q, hint %q", f.Message("en"), f.Message("zh"), f.Hint("en"))
			}
			if got := strings.Contains(f.Hint("en"), "many-classes") && strings.Contains(f.Hint("zh"), "many-classes"); got != c.offers {
				t.Errorf("hint %q", f.Hint("en"))
			}
			if f.Param("rows") != 150 || len(f.Param("observed").([]float64)) != len(c.fails) || len(f.Param("allowed").([]float64)) != len(c.fails) {
				t.Errorf("parameters %+v", f.Params)
			}
		})
	}
}

func TestErrNamesColumnsAndClasses(t *testing.T) {
	t.Parallel()
	var f *fault.Error
	if !errors.As(quality.Check(profile(14, 0, map[string]int{"a": 97, "b": 3}), dataset.Quality{}).Err(), &f) {
		t.Fatal("no fault")
	}
	if got := fmt.Sprint(f.Param("columns"), f.Param("classes"), f.Param("rules"), f.Param("observed"), f.Param("allowed"), " ", f.Param("policy")); got !=
		"[answer] [b] [missing-values class-share] [0.14 0.03] [0.1 0.05] method" {
		t.Errorf("parameters %s", got)
	}
}

// More missing values and fewer cases of the smallest class never help.
func TestCheckIsMonotone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		q := dataset.Quality{Policy: rapid.SampledFrom([]string{"", quality.Method, quality.ManyClasses}).Draw(rt, "policy")}
		classes := rapid.MapOfN(rapid.StringMatching(`[a-e]`), rapid.IntRange(0, 60), 1, 5).Draw(rt, "classes")
		missing := rapid.IntRange(0, 99).Draw(rt, "missing")
		before := quality.Check(profile(missing, 0, classes), q)
		after := quality.Check(profile(missing+1, 0, classes), q)
		if after.Passed && !before.Passed || after.Metrics.MissingMax < before.Metrics.MissingMax {
			rt.Fatal("a missing value helped")
		}
		small := before.Smallest[0]
		if small.Count == 0 {
			return
		}
		fewer := map[string]int{}
		for c, n := range classes {
			fewer[c] = n
		}
		fewer[small.Class]--
		if quality.Check(profile(missing, 0, fewer), q).Passed && !before.Passed {
			rt.Fatal("a missing case helped")
		}
	})
}

func TestBanking77Gate(t *testing.T) {
	t.Parallel()
	spec, data := banking77(t)
	p := quality.NewProfile(spec, data)
	r := quality.Check(p, dataset.Quality{})
	if r.Passed || !r.Offer() {
		t.Errorf("passes the method's policy with 77 classes: %+v", r.Metrics)
	}
	r = quality.Check(p, dataset.Quality{Policy: quality.ManyClasses})
	if m := r.Metrics; !r.Passed || m.Rows != 13083 || m.Classes != 77 || m.ClassCountMin != 35 || m.LeakedExact != 6 || m.MissingMax != 0 || m.Unseen != 0 {
		t.Errorf("%+v", r.Metrics)
	}
}

// The policy's rules and Check agree, whatever the data.
func TestPolicyAgreesWithCheck(t *testing.T) {
	t.Parallel()
	policies, err := gate.Compile([]evidence.Kind{quality.Kind()}, map[string]gate.ParamType{"missing_max": gate.Double, "class_share_min": gate.Double},
		gate.Source{Name: "policy.yaml", Data: quality.Policy})
	if err != nil {
		t.Fatal(err)
	}
	prove, err := policies.Gate("prove")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	bindings := evidence.Bindings{"dataset": {"cases": strings.Repeat("a", 64)}, "quality-policy": {"quality-policy": strings.Repeat("b", 64)}}
	for _, c := range []struct {
		profile quality.Profile
		policy  string
	}{
		{profile(0, 0, even(4, 25)), ""}, {profile(11, 0, even(4, 25)), ""}, {profile(10, 5, even(20, 5)), ""}, {profile(0, 0, even(21, 5)), ""},
		{profile(0, 0, map[string]int{"a": 100}), ""}, {profile(0, 0, map[string]int{"a": 100}), quality.ManyClasses}, {profile(0, 0, even(77, 30)), quality.ManyClasses},
		{profile(0, 0, even(77, 29)), quality.ManyClasses}, {profile(0, 0, with(even(77, 1000), "c03", 100)), quality.ManyClasses}, {profile(11, 0, even(77, 30)), quality.ManyClasses},
		{profile(0, 0, even(4, 25)), quality.ManyClasses},
	} {
		r := quality.Check(c.profile, dataset.Quality{Policy: c.policy})
		st, err := quality.Statement(r, at, at)
		if err != nil {
			t.Fatal(err)
		}
		st.Subject = []evidence.Subject{evidence.NewSubject("dataset", "cases", strings.Repeat("a", 64)), evidence.NewSubject("quality-policy", "quality-policy", strings.Repeat("b", 64))}
		st.Predicate.ID = "ev_1"
		v := gate.Evaluate(prove, gate.Input{Scenario: "scn_1", Params: map[string]any{"missing_max": quality.MissingMax, "class_share_min": quality.ClassShareMin},
			Bindings: bindings, Records: []evidence.Record{{Statement: st, Appended: at}}, Now: at})
		if (v.Outcome == gate.Pass) != r.Passed || (v.Outcome == gate.Fail) == r.Passed {
			t.Errorf("%+v under %q: the gate says %s", r.Metrics, c.policy, v.Outcome)
		}
	}
}

func TestStatementCarriesEveryMetricAndBack(t *testing.T) {
	t.Parallel()
	r := quality.Check(profile(3, 2, even(4, 25)), dataset.Quality{})
	st, err := quality.Statement(r, time.Unix(0, 0), time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	k := quality.Kind()
	if len(st.Predicate.Metrics) != len(k.Metrics) {
		t.Errorf("%d metrics, %d declared", len(st.Predicate.Metrics), len(k.Metrics))
	}
	for _, m := range k.Metrics {
		if _, ok := st.Predicate.Metrics[m.Name]; !ok || m.Title.En == "" || m.Title.Zh == "" {
			t.Errorf("metric %s: %v", m.Name, ok)
		}
	}
	back, err := quality.FromRecord(evidence.Record{Statement: st})
	if err != nil {
		t.Fatal(err)
	}
	one, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	two, err := json.Marshal(back)
	if err != nil || string(one) != string(two) || back.Metrics != r.Metrics {
		t.Errorf("%s\n%s (%v)", one, two, err)
	}
}

func TestCheckFile(t *testing.T) {
	t.Parallel()
	rows := "text,label,note\n" + strings.Repeat("a,x,n\nb,y,n\n", 43) + strings.Repeat("c,x,NA\n", 14)
	for _, c := range []struct {
		name, file, content, label string
		optional                   []string
		passed                     bool
		says                       string
		err                        fault.Def
	}{
		{name: "14 % missing", file: "a.csv", content: rows, label: "label", says: "column note (train): 14/100 = 14 % missing"},
		{name: "in an optional column", file: "a.csv", content: rows, label: "label", optional: []string{"note"}, passed: true},
		{name: "JSONL with absent keys", file: "a.jsonl", content: strings.Repeat("{\"label\": \"x\"}\n{\"label\": \"y\", \"n\": 1}\n", 5), label: "label", says: "column n (train): 5/10 = 50 % missing"},
		{name: "one class", file: "a.csv", content: "t,label\na,x\nb,x\n", label: "label", says: "1 class(es)"},
		{name: "a wrong name", file: "a.csv", content: rows, label: "lable", err: quality.ErrNoColumn},
		{name: "a wrong optional name", file: "a.csv", content: rows, label: "label", optional: []string{"nite"}, err: quality.ErrNoColumn},
		{name: "header only", file: "a.csv", content: "text,label\n", label: "label", err: dataset.ErrNoRows},
		{name: "empty", file: "a.csv", content: "", label: "label", err: dataset.ErrEmpty},
		{name: "broken rows", file: "a.csv", content: "text,label\n" + strings.Repeat("a\n", 30), label: "label", err: dataset.ErrMore},
		{name: "invalid bytes", file: "a.csv", content: "text,label\na\xff,x\n", label: "label", err: dataset.ErrEncoding},
		{name: "another ending", file: "a.parquet", content: "PAR1", label: "label", err: dataset.ErrFormat},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), c.file)
			if err := os.WriteFile(path, []byte(c.content), 0o644); err != nil {
				t.Fatal(err)
			}
			r, err := quality.CheckFile(context.Background(), path, c.label, quality.FileOptions{Optional: c.optional})
			if c.err.Code != "" {
				if !errors.Is(err, c.err) {
					t.Errorf("got %v, want %s", err, c.err.Code)
				}
				return
			}
			if err != nil || r.Passed != c.passed {
				t.Fatalf("passed %v, %v", r.Passed, err)
			}
			if c.says != "" && !strings.Contains(r.Err().Error(), c.says) {
				t.Errorf("got %v", r.Err())
			}
		})
	}
	if _, err := quality.CheckFile(context.Background(), filepath.Join(t.TempDir(), "none.csv"), "x", quality.FileOptions{}); !errors.Is(err, dataset.ErrNoFile) {
		t.Errorf("got %v", err)
	}
	if _, err := quality.CheckFile(context.Background(), t.TempDir(), "x", quality.FileOptions{}); !errors.Is(err, dataset.ErrPath) {
		t.Errorf("got %v", err)
	}
}

func TestCheckFileCountsClassesOnly(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("id,text\n")
	for i := range 100_002 {
		fmt.Fprintf(&b, "%d,a\n", i)
	}
	path := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := quality.CheckFile(context.Background(), path, "id", quality.FileOptions{}); !errors.Is(err, quality.ErrNotALabel) {
		t.Errorf("got %v", err)
	}
}
