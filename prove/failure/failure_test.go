package failure_test

import (
	"context"
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
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/prove/failure"
	"github.com/landfall-ai/landfall/prove/quality"
)

func read(t interface {
	Helper()
	Fatal(...any)
}, file, content string, c failure.ImportOptions) []failure.Failure {
	t.Helper()
	fs, _, err := failure.Read(context.Background(), file, strings.NewReader(content), c)
	if err != nil {
		t.Fatal(err)
	}
	return fs
}

const file = `text,expected,got,occurred_at,channel,note
Where is my card?,a1,a2,2026-11-20T10:00:00+08:00,app,
where is my CARD,a1,a3,2026-11-19 08:00:00,web,angry
Where is my card?,,a2,2026-11-20T10:00:00+08:00,app,
Where is my card?,,a2,2026-11-20T10:00:00+08:00,app,again
,a1,,,,
我的卡在哪里,NULL,,,,
`

func TestRead(t *testing.T) {
	t.Parallel()
	fs, blank, err := failure.Read(context.Background(), "some/where/failures.csv", strings.NewReader(file), failure.ImportOptions{})
	if err != nil || len(fs) != 5 || blank != 1 {
		t.Fatalf("%d failures, %d blank, %v", len(fs), blank, err)
	}
	f := fs[1]
	f.Digest = ""
	want := failure.Failure{Text: "where is my CARD", Expected: "a1", Got: "a3", Channel: "web", Note: "angry",
		Occurred: time.Date(2026, 11, 19, 8, 0, 0, 0, time.UTC), File: "failures.csv", Line: 3}
	if f != want {
		t.Errorf("got %+v", f)
	}
	if !fs[0].Occurred.Equal(time.Date(2026, 11, 20, 2, 0, 0, 0, time.UTC)) || fs[4].Expected != "" || !fs[4].Occurred.IsZero() {
		t.Errorf("got %+v", fs)
	}
	seen := map[string]bool{}
	for _, f := range fs {
		if seen[f.Digest] {
			t.Errorf("the digest of line %d stands twice", f.Line)
		}
		seen[f.Digest] = true
	}
	// The right answer and the note are not part of what happened.
	labelled := read(t, "b.csv", strings.Replace(file, "我的卡在哪里,NULL", "我的卡在哪里,a1", 1), failure.ImportOptions{})
	if labelled[4].Digest != fs[4].Digest || labelled[4].Expected != "a1" {
		t.Errorf("a label changed the failure's digest: %+v", labelled[4])
	}
	mapped := read(t, "c.jsonl", `{"question": "where is my CARD", "answer": "a3", "when": "2026-11-19T08:00:00Z", "channel": "web"}`,
		failure.ImportOptions{Text: "question", Got: "answer", OccurredAt: "when"})
	if len(mapped) != 1 || mapped[0].Digest != fs[1].Digest {
		t.Errorf("got %+v", mapped)
	}
}

func TestReadFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file, content string
		columns             failure.ImportOptions
		want                fault.Def
		where, says         string
	}{
		{"no text column", "a.csv", "txet,got\na,b\n", failure.ImportOptions{}, failure.ErrColumn, "a.csv:1", "nearest: txet"},
		{"a named column that is not there", "a.csv", "text,got\na,b\n", failure.ImportOptions{Got: "answer"}, failure.ErrColumn, "a.csv:1", "column answer for the failure's got"},
		{"no time", "a.csv", "text,occurred_at\na,yesterday\n", failure.ImportOptions{}, failure.ErrTime, "a.csv:2", `"yesterday" is not a time`},
		{"broken rows", "a.csv", "text,got\na\n", failure.ImportOptions{}, dataset.ErrFields, "a.csv:2", ""},
		{"many broken rows", "a.csv", "text,got\n" + strings.Repeat("a\n", 25), failure.ImportOptions{}, dataset.ErrMore, "a.csv:2", ""},
		{"no rows", "a.csv", "text,got\n", failure.ImportOptions{}, dataset.ErrNoRows, "a.csv", ""},
		{"empty", "a.csv", "", failure.ImportOptions{}, dataset.ErrEmpty, "a.csv", ""},
		{"invalid bytes", "a.csv", "text\na\xff\n", failure.ImportOptions{}, dataset.ErrEncoding, "a.csv:2:2", ""},
		{"too many", "a.csv", "text\n" + strings.Repeat("a\n", failure.MaxRows+1), failure.ImportOptions{}, failure.ErrTooMany, fmt.Sprintf("a.csv:%d", failure.MaxRows+2), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := failure.Read(context.Background(), c.file, strings.NewReader(c.content), c.columns)
			var f *fault.Error
			if !errors.As(err, &f) || !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %s", err, c.want.Code)
			}
			if f.Where != c.where || !strings.Contains(f.Message("en"), c.says) {
				t.Errorf("got %v", f)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add("a.csv", []byte(file))
	f.Add("a.jsonl", []byte(`{"text": "a", "occurred_at": "2026-11-19"}`))
	f.Fuzz(func(t *testing.T, file string, data []byte) {
		fs, _, err := failure.Read(context.Background(), file, strings.NewReader(string(data)), failure.ImportOptions{})
		var fe *fault.Error
		if err != nil && !errors.As(err, &fe) {
			t.Errorf("not a fault: %v", err)
		}
		seen := map[string]bool{}
		for _, x := range fs {
			if x.Text == "" || x.Digest == "" || seen[x.Digest] {
				t.Errorf("%+v", x)
			}
			seen[x.Digest] = true
		}
		n := 0
		for _, m := range failure.Cluster(fs) {
			n += m.Occurrences
		}
		if n != len(fs) {
			t.Errorf("%d failures in modes, want %d", n, len(fs))
		}
	})
}

func TestCluster(t *testing.T) {
	t.Parallel()
	modes := failure.Cluster(read(t, "a.csv", file+"I would like to know where my new card is,,,,,\nI would like to know where my new card is now,,,,,\n", failure.ImportOptions{}))
	if len(modes) != 3 || modes[0].Occurrences != 4 || modes[0].Text != "where is my CARD" || modes[1].Occurrences != 2 || modes[2].Text != "我的卡在哪里" {
		t.Fatalf("%+v", modes)
	}
	if m := modes[0]; m.First != time.Date(2026, 11, 19, 8, 0, 0, 0, time.UTC) || m.Last != time.Date(2026, 11, 20, 2, 0, 0, 0, time.UTC) || m.Failures[0].Line != 3 {
		t.Errorf("%+v", m)
	}
	if !modes[2].First.IsZero() {
		t.Errorf("a mode without times begins at %s", modes[2].First)
	}
}

var words = []string{"where is my new card please", "where is my new card pleased", "Where is my new card, please?", "i want my money back at once", "i want my money back at once now", "help", "救命"}

func TestClusterKeepsNoOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var b strings.Builder
		b.WriteString("text\n")
		for _, w := range rapid.SliceOfN(rapid.SampledFrom(words), 1, 20).Draw(rt, "rows") {
			b.WriteString(`"` + w + "\"\n")
		}
		fs := read(rt, "a.csv", b.String(), failure.ImportOptions{})
		one, two := failure.Cluster(slices.Clone(fs)), failure.Cluster(rapid.Permutation(fs).Draw(rt, "order"))
		if fmt.Sprint(one) != fmt.Sprint(two) {
			rt.Fatalf("%+v\n%+v", one, two)
		}
	})
}

func spec() dataset.Spec {
	return dataset.Spec{Train: dataset.Paths{"train.csv"}, Test: dataset.Paths{"test.csv"}, Production: "data/production.csv",
		Columns: map[string]dataset.Column{
			"text":    {Role: dataset.RoleInput},
			"intent":  {Role: dataset.RoleLabel},
			"answer":  {Role: dataset.RoleResolution, Values: []string{"a1", "a2", "a3"}},
			"level":   {Role: dataset.RoleSlice},
			"channel": {Role: dataset.RoleTag},
		}}
}

func existing() []dataset.Case {
	return []dataset.Case{
		{ID: "1", Input: "card lost", Label: "lost", Resolution: "a1", Slice: "L1", Split: dataset.Train},
		{ID: "2", Input: "card gone", Label: "lost", Resolution: "a1", Slice: "L2", Split: dataset.Train},
		{ID: "3", Input: "card missing", Label: "gone", Resolution: "a1", Slice: "L1", Split: dataset.Test},
		{ID: "4", Input: "How do I pay for my new card in a shop", Label: "pay", Resolution: "a2", Slice: "L1", Split: dataset.Test},
		{ID: "5", Input: "How can I get back the money that I sent", Label: "refund", Resolution: "a3", Slice: "L1", Split: dataset.Train},
		{ID: "6", Input: "How do I pay for my old card in a shop", Label: "pay", Resolution: "a2", Slice: "L1", Split: dataset.Test},
	}
}

func TestCases(t *testing.T) {
	t.Parallel()
	modes := failure.Cluster(read(t, "a.csv", `text,expected,channel
my card is nowhere,a1,app
my card is nowhere,a1,app
my card is NOWHERE!,,web
CARD LOST,a1,
card gone,,
card missing,a2,
give it to me,a1,
give it to me,a2,
what now,,
what now,,
"do something, anything",a9,
how do i pay for my new card in a shop?? now,a2,
How can I get back the money that I sent you,a3,
`, failure.ImportOptions{}))
	b := failure.Cases(modes, existing(), spec())
	if len(b.New) != 3 || b.Known != 2 {
		t.Fatalf("new %+v, known %d", b.New, b.Known)
	}
	byText := map[string]dataset.Case{}
	for _, c := range b.New {
		byText[c.Input] = c
		if !strings.HasPrefix(c.ID, "f-") || len(c.ID) != 14 || c.Tags["source"] != "production" || c.File != "data/production.csv" {
			t.Errorf("%+v", c)
		}
	}
	if c := byText["my card is nowhere"]; c.Label != "lost" || c.Slice != "L1" || c.Resolution != "a1" || c.Tags["channel"] != "app" {
		t.Errorf("label and slice of most: %+v", c)
	}
	if c := byText["how do i pay for my new card in a shop?? now"]; c.Split != dataset.Test {
		t.Errorf("alike a test case, and in %s", c.Split)
	}
	if c := byText["How can I get back the money that I sent you"]; c.Split != dataset.Train {
		t.Errorf("alike a training case, and in %s", c.Split)
	}
	var got []string
	for _, p := range b.Pending {
		got = append(got, fmt.Sprintf("%d %s %s %v", p.Occurrences, p.Text, p.Reason, p.Expected))
		if x := p.Reason.Text(); x.En == "" || x.Zh == "" {
			t.Errorf("no words for %s", p.Reason)
		}
	}
	slices.Sort(got)
	if want := []string{"1 card missing conflicting [a1 a2]", "1 do something, anything outside [a9]", "2 give it to me conflicting [a1 a2]", "2 what now needs-label []"}; !slices.Equal(got, want) {
		t.Errorf("pending %q", got)
	}
	if b.Pending[0].Occurrences != 2 {
		t.Errorf("the rare stand first: %+v", b.Pending)
	}
	// What became a case is known the next time.
	again := failure.Cases(modes, append(existing(), b.New...), spec())
	if len(again.New) != 0 || again.Known != 5 {
		t.Errorf("again: %+v", again)
	}
}

func TestCasesOfAScenarioWithoutResolutions(t *testing.T) {
	t.Parallel()
	s := spec()
	delete(s.Columns, "answer")
	b := failure.Cases(failure.Cluster(read(t, "a.csv", "text,expected\nwho am i,zzz\n", failure.ImportOptions{})), nil, s)
	if len(b.New) != 1 || b.New[0].Label != "zzz" || b.New[0].Resolution != "zzz" {
		t.Errorf("%+v", b.New)
	}
}

// However failures come in, in one import or several, nothing that is tested
// is alike what is learnt, ids are unique, and cases stay where they are.
func TestCasesDoNotLeak(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		pool := append(slices.Clone(words), "how do i pay for my new card in a shop", "how do i pay for my new card in this shop", "how do i pay for my new card at this shop", "card lost", "card lot")
		have := existing()
		before := leaks(have)
		var all []failure.Failure
		for range rapid.IntRange(1, 4).Draw(rt, "imports") {
			var b strings.Builder
			b.WriteString("text,expected\n")
			for _, w := range rapid.SliceOfN(rapid.SampledFrom(pool), 1, 6).Draw(rt, "rows") {
				b.WriteString(`"` + w + `",` + rapid.SampledFrom([]string{"", "a1"}).Draw(rt, "expected") + "\n")
			}
			all = append(all, read(rt, "a.csv", b.String(), failure.ImportOptions{})...)
			fresh := failure.Cases(failure.Cluster(slices.Clone(all)), have, spec()).New
			have = append(have, fresh...)
		}
		ids := map[string]bool{}
		for _, c := range have {
			if ids[c.ID] {
				rt.Fatalf("id %s stands twice", c.ID)
			}
			ids[c.ID] = true
		}
		if got := leaks(have); got > before {
			rt.Fatalf("%d test cases leaked, %d before", got, before)
		}
	})
}

func leaks(cs []dataset.Case) int {
	var train, test []dataset.Case
	for _, c := range cs {
		if c.Split == dataset.Train {
			train = append(train, c)
		} else {
			test = append(test, c)
		}
	}
	return quality.FindDuplicates(train, test).Leaked()
}

func TestSaveAndLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, content := range map[string]string{"train.csv": "text,intent,answer,level\ncard lost,lost,a1,L1\n", "test.csv": "text,intent,answer,level\ncard missing,lost,a1,L1\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	load := func() []dataset.Case {
		d, err := dataset.Load(context.Background(), dir, spec())
		if err != nil {
			t.Fatal(err)
		}
		return append(d.Train, d.Test...)
	}
	step := func(content string) failure.Batch {
		have := load()
		b := failure.Cases(failure.Cluster(read(t, "a.csv", content, failure.ImportOptions{})), have, spec())
		if err := failure.Save(dir, spec(), have, b.New); err != nil {
			t.Fatal(err)
		}
		return b
	}
	one := step("text,expected,channel\n\"where, oh \"\"where\"\" is it\",a1,app\n还没有到,a2,\n")
	two := step("text,expected\nsomething else,a3\n还没有到,a2\n")
	if len(one.New) != 2 || len(two.New) != 1 || two.Known != 1 {
		t.Fatalf("%+v\n%+v", one, two)
	}
	got := map[string]dataset.Case{}
	for _, c := range load() {
		if c.Tags["source"] == "production" {
			got[c.ID] = c
		}
	}
	for _, want := range slices.Concat(one.New, two.New) {
		c := got[want.ID]
		if c.Input != want.Input || c.Label != want.Label || c.Resolution != want.Resolution || c.Split != want.Split || c.Slice != want.Slice || c.Tags["channel"] != want.Tags["channel"] {
			t.Errorf("got %+v, want %+v", c, want)
		}
	}
	if len(got) != 3 {
		t.Errorf("%d cases came back", len(got))
	}
	before, err := os.Stat(filepath.Join(dir, "data", "production.csv"))
	if err != nil {
		t.Fatal(err)
	}
	step("text,expected\n还没有到,a2\n")
	after, err := os.Stat(filepath.Join(dir, "data", "production.csv"))
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("the file was written for nothing (%v)", err)
	}
	entries, err := os.ReadDir(filepath.Join(dir, "data"))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v (%v)", entries, err)
	}
	bad := spec()
	bad.Production = "../x.csv"
	if err := failure.Save(dir, bad, nil, one.New); !errors.Is(err, dataset.ErrPath) {
		t.Errorf("got %v", err)
	}
}
