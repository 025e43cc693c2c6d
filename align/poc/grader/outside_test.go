package grader_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/align/poc/grader"
)

func TestSimilarity(t *testing.T) {
	t.Parallel()
	vectors := map[string][]float64{"blocked": {1, 0}, "frozen": {0.8, 0.6}, "lunch": {0, 1}, "broken": {1}, "zero": {0, 0}, "nan": {math.NaN(), 1}}
	d := grader.Deps{EmbedID: "e", Embed: func(_ context.Context, texts []string) ([][]float64, error) {
		var out [][]float64
		for _, s := range texts {
			out = append(out, vectors[s])
		}
		return out, nil
	}}
	g := make1(t, grader.Spec{Kind: grader.KindSimilarity, Separator: "|", Similarity: &grader.Similarity{Threshold: 0.8}}, d)
	for answer, want := range map[string]bool{"blocked": true, "frozen": true, "lunch": false} {
		if got := gradeOf(t, g, "blocked", answer); got.Correct != want {
			t.Errorf("%s: %+v", answer, got)
		}
	}
	if got := gradeOf(t, g, "blocked|lunch", "lunch"); !got.Correct || got.Score != 1 {
		t.Errorf("%+v", got)
	}
	if _, err := g.Grade(t.Context(), grader.Case{Expected: []string{"blocked"}}, grader.Answer{Text: "broken"}); !errors.Is(err, grader.ErrDimensions) {
		t.Errorf("vectors of two lengths: %v", err)
	}
	for _, answer := range []string{"zero", "nan", "unknown"} {
		if _, err := g.Grade(t.Context(), grader.Case{Expected: []string{"blocked"}}, grader.Answer{Text: answer}); !errors.Is(err, grader.ErrReply) {
			t.Errorf("%s: %v", answer, err)
		}
	}
}

func TestChooseThreshold(t *testing.T) {
	t.Parallel()
	var pairs []grader.LabelledPair
	for i := range 40 {
		pairs = append(pairs, grader.LabelledPair{Cosine: 0.9 + float64(i)/1000, Same: true}, grader.LabelledPair{Cosine: 0.5 + float64(i)/1000})
	}
	got, err := grader.ChooseThreshold(pairs)
	if err != nil || math.Abs(got.Value-(0.9+0.539)/2) > 1e-9 || got.Error != 0 || got.ErrorInterval.High < 0.03 || got.N != 80 {
		t.Errorf("apart: %+v, %v", got, err)
	}
	// Two normal distributions, one standard deviation on either side: the best
	// threshold is half-way and errs on 15.87 % (the tail of a standard normal
	// beyond 1), which the held-out error has to show.
	rng := rand.New(rand.NewPCG(1, 1))
	pairs = nil
	for range 4000 {
		pairs = append(pairs, grader.LabelledPair{Cosine: 0.6 + 0.1*rng.NormFloat64(), Same: true}, grader.LabelledPair{Cosine: 0.4 + 0.1*rng.NormFloat64()})
	}
	got, err = grader.ChooseThreshold(pairs)
	if err != nil || math.Abs(got.Value-0.5) > 0.03 || got.ErrorInterval.Low > 0.1587 || got.ErrorInterval.High < 0.1587 {
		t.Errorf("overlapping: %+v, %v", got, err)
	}
	// Labels that have nothing to do with the cosine: half are wrong, held out.
	pairs = nil
	for i := range 2000 {
		pairs = append(pairs, grader.LabelledPair{Cosine: rng.Float64(), Same: i%2 == 0})
	}
	if got, err = grader.ChooseThreshold(pairs); err != nil || math.Abs(got.Error-0.5) > 0.04 {
		t.Errorf("noise: %+v, %v", got, err)
	}
	if _, err := grader.ChooseThreshold(pairs[:30]); !errors.Is(err, grader.ErrPairs) {
		t.Error(err)
	}
}

func script(t *testing.T, body string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "grade.sh"), []byte("#!/bin/sh\n"+body+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func commandSpec(args ...string) grader.Spec {
	return grader.Spec{Kind: grader.KindCommand, Command: &grader.Command{Argv: append([]string{"/bin/sh", "grade.sh"}, args...), TimeoutSeconds: 5}}
}

func TestCommand(t *testing.T) {
	t.Setenv("LANDFALL_SECRET", "hush")
	for _, c := range []struct {
		name, body string
		correct    bool
		score      float64
	}{
		{"correct", `cat >/dev/null; echo '{"correct": true}'`, true, 1},
		{"scored", `cat >/dev/null; echo '{"correct": false, "score": 0.25, "severe": true, "why": "two of eight"}'`, false, 0.25},
		{"reads the case", `grep -q '"answer":"hello"' && echo '{"correct": true, "why": {"en": "there", "zh": "有"}}'`, true, 1},
		{"no environment", `cat >/dev/null; if env | grep -q LANDFALL; then echo no; else echo '{"correct": true}'; fi`, true, 1},
		{"no shell", `cat >/dev/null; if [ "$1" = '$HOME; x' ]; then echo '{"correct": true}'; fi`, true, 1},
	} {
		g := make1(t, commandSpec("$HOME; x"), grader.Deps{Run: grader.Exec(script(t, c.body))})
		got, err := g.Grade(t.Context(), grader.Case{Expected: []string{"x"}}, grader.Answer{Text: "hello"})
		if err != nil || got.Correct != c.correct || got.Score != c.score || got.Severe != (c.name == "scored") {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
	for name, body := range map[string]string{
		"exit": "exit 3", "silent": "cat >/dev/null", "prose": "echo fine", "no field": `echo '{"score":1}'`, "unknown field": `echo '{"correct":true,"points":3}'`,
		"twice": `echo '{"correct":false,"correct":true}'`, "score": `echo '{"correct":true,"score":2}'`, "two": `echo '{"correct":true} {"correct":true}'`,
		"floods": `while :; do echo '{"correct": true}                                                                             '; done`,
	} {
		g := make1(t, commandSpec(), grader.Deps{Run: grader.Exec(script(t, body))})
		if got, err := g.Grade(t.Context(), grader.Case{Expected: []string{"x"}}, grader.Answer{Text: "hello"}); !errors.Is(err, grader.ErrReply) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// A command that hangs, with a child that holds its output open, is ended by
// its own limit.
func TestCommandThatHangs(t *testing.T) {
	t.Parallel()
	s := commandSpec()
	s.Command.TimeoutSeconds = 1
	g := make1(t, s, grader.Deps{Run: grader.Exec(script(t, "sleep 300 & sleep 300"))})
	if _, err := g.Grade(t.Context(), grader.Case{Expected: []string{"x"}}, grader.Answer{Text: "hello"}); !errors.Is(err, grader.ErrReply) || !strings.Contains(err.Error(), "1 seconds") {
		t.Errorf("%v", err)
	}
}

// Another script is another grader, and so are other arguments.
func TestCommandVersion(t *testing.T) {
	t.Parallel()
	dir := script(t, "echo 1")
	version := func(args ...string) string {
		return make1(t, commandSpec(args...), grader.Deps{Run: grader.Exec(dir)}).Version()
	}
	first, other := version(), version("-v")
	if first == other || first != version() {
		t.Errorf("%s, %s", first, other)
	}
	if err := os.WriteFile(filepath.Join(dir, "grade.sh"), []byte("echo 2"), 0o600); err != nil {
		t.Fatal(err)
	}
	if version() == first {
		t.Error("an edited script has the same version")
	}
}
