//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The bars of a large run.
const (
	scaleCases  = 100_000
	scaleMemory = 500_000_000 // bytes of resident memory, at its peak
	scaleReport = 5_000_000   // bytes of the report
	scaleOpens  = 2_000       // milliseconds until the browser has drawn it
)

// scaleFolder writes a scenario with n test cases of twelve intents in four
// slices, and four built-in candidates.
func scaleFolder(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	topics := strings.Fields("card account transfer pin balance refund fee limit payment cash loan rate")
	fill := strings.Fields("please help with my about the this when where how soon today again still why cannot want need could tell me know from last month week branch app phone urgent number new old change stop start")
	rng := rand.New(rand.NewPCG(7, 11))
	write := func(name string, n int) {
		var b bytes.Buffer
		b.WriteString("id,text,intent,group,channel\n")
		for i := range n {
			topic := rng.IntN(len(topics))
			words := []string{topics[topic]}
			if rng.IntN(10) == 0 { // what a reader could not tell either
				words[0] = topics[rng.IntN(len(topics))]
			}
			for range 4 + rng.IntN(12) {
				words = append(words, fill[rng.IntN(len(fill))])
			}
			rng.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
			fmt.Fprintf(&b, "%s%d,%s ref%d,%s,g%d,%s\n", name, i, strings.Join(words, " "), rng.IntN(1_000_000), topics[topic], topic%4, []string{"app", "web", "phone"}[rng.IntN(3)])
		}
		if err := os.WriteFile(filepath.Join(dir, name+".csv"), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("train", 2000)
	write("test", n)
	doc := `apiVersion: landfall/v1
slug: scale
title: {en: Many cases, zh: 大量用例}
owner: {name: Landfall, team: tests}
declared: {level: L1, reason: {en: questions, zh: 问答}}
data:
  class: public
  train: train.csv
  test: test.csv
  columns:
    id: {role: id}
    text: {role: input, required: true}
    intent: {role: label, required: true}
    group: {role: slice, required: true}
    channel: {role: tag}
slices: [{id: g0, level: L1}, {id: g1, level: L1}, {id: g2, level: L1}, {id: g3, level: L1}]
targets: {accuracy: 0.8, accuracy_why: {en: a bar, zh: 门槛}}
candidates: [{builtin: majority}, {builtin: keywords}, {builtin: bm25}, {builtin: tfidf}]
run: {concurrency: 4, seed: 7}
`
	if err := os.WriteFile(filepath.Join(dir, "scenario.yaml"), []byte(doc), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestHundredThousandCases runs 100,000 cases through four candidates, and
// holds memory, report and browser to their bars. LANDFALL_SCALE_CASES makes
// it smaller, for a look.
func TestHundredThousandCases(t *testing.T) {
	n := scaleCases
	if s := os.Getenv("LANDFALL_SCALE_CASES"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	home := filepath.Join(t.TempDir(), "home")
	html := filepath.Join(home, "reports", "scale.en.html")
	dir := scaleFolder(t, n)
	r := finish(t, command(t, home, "run", dir, "-q", "--lang", "en"))
	if r.exit != 10 && r.exit != 11 && r.exit != 0 {
		t.Fatalf("exit %d\n%s%s", r.exit, r.out, r.err)
	}
	t.Logf("%d cases × 4 candidates: %.0f s of processor, peak %.0f MB", n, r.seconds, float64(r.maxRSS)*1024/1e6)
	if r.maxRSS*1024 > scaleMemory {
		t.Errorf("peak memory is %d MB", r.maxRSS*1024/1e6)
	}
	page, err := os.ReadFile(html)
	if err != nil {
		t.Fatal(err)
	}
	if len(page) > scaleReport {
		t.Errorf("the report has %d bytes", len(page))
	}
	for _, says := range []string{"nothing is sampled", `id="boundary"`, `id="confusion"`} {
		if !bytes.Contains(page, []byte(says)) {
			t.Errorf("the report does not say %q", says)
		}
	}
	p := startBrowser(t).open(html, view{width: 1360, height: 900, scale: 1})
	var opened float64
	p.eval(`performance.getEntriesByType("navigation")[0].loadEventEnd`, &opened)
	t.Logf("report of %.2f MB opens in %.0f ms", float64(len(page))/1e6, opened)
	if opened <= 0 || opened > scaleOpens {
		t.Errorf("the report opens in %.0f ms", opened)
	}
}
