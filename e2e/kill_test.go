//go:build e2e

package e2e

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3" // to look into the journal that a kill left
)

const (
	kills    = 30 // at least; where they fall is random
	perRound = 5  // at most, before a run may come to its end
)

// TestKillAnywhere kills `landfall run` at random points, again and again, and
// lets it come to its end at last. What was evidence stays evidence, what was
// measured is not measured again, and the result is that of a run that nobody
// disturbed.
func TestKillAnywhere(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("LANDFALL_KILL_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("repeat with LANDFALL_KILL_SEED=%d", seed)
		}
	})
	rng := rand.New(rand.NewPCG(seed, 1))

	dir := example(t, "bank-support")
	home := filepath.Join(t.TempDir(), "home")
	began := time.Now()
	exit := finish(t, command(t, home, "run", dir)).exit
	whole := time.Since(began)
	want := conclusionOf(t, home, dir)

	done, during := 0, map[string]int{}
	for round := 0; done < kills; round++ {
		home := filepath.Join(t.TempDir(), fmt.Sprintf("home-%d", round))
		k := killer{home: home, dir: dir, rng: rng, whole: whole, measured: map[key]row{}}
		for range perRound {
			where, killed := k.kill(t)
			if !killed {
				break
			}
			done++
			during[where]++
		}
		r := finish(t, command(t, home, "run", dir))
		if r.exit != exit {
			t.Fatalf("round %d: the run after the kills ended with %d, undisturbed with %d\n%s%s", round, r.exit, exit, r.out, r.err)
		}
		k.check(t, true)
		if got := conclusionOf(t, home, dir); !equal(got, want) {
			t.Fatalf("round %d: the run after the kills concludes\n%s\nundisturbed\n%s", round, dump(got), dump(want))
		}
		k.sealed(t)
	}
	t.Logf("seed %d: %d kills: %v", seed, done, during)
	if during["measuring"] == 0 {
		t.Error("no kill fell into the measuring of candidates")
	}
}

// killer kills the run of one home and keeps what must never be lost.
type killer struct {
	home, dir string
	rng       *rand.Rand
	whole     time.Duration
	evidence  []item
	measured  map[key]row
}

type (
	key struct{ candidate, id string }
	row struct {
		resolution string
		correct    bool
		latency    int64 // ns
		done       int64 // µs
	}
)

// kill starts the run and kills it after a random time. killed is false if it
// was through before.
func (k *killer) kill(t *testing.T) (where string, killed bool) {
	t.Helper()
	// Most of the work lies in the first part; the longer half finds the end.
	limit := k.whole
	if k.rng.IntN(3) > 0 {
		limit /= 2
	}
	after := time.Duration(k.rng.Int64N(int64(limit)))
	cmd := command(t, k.home, "run", k.dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() }) // that it has ended is no matter
	_ = cmd.Wait()                                                    // the signal is the expected error
	timer.Stop()
	if cmd.ProcessState.Exited() {
		return "", false
	}
	return k.check(t, false), true
}

// check verifies the log, and that nothing of what an earlier check saw is
// gone or otherwise. It says how far the run was.
func (k *killer) check(t *testing.T, finished bool) string {
	t.Helper()
	now := evidenceIDs(t, k.home)
	if len(now) > 0 {
		landfall(t, k.home, 0, "evidence", "verify")
	}
	for _, old := range k.evidence {
		if !slices.Contains(now, old) {
			t.Fatalf("evidence was lost: %+v; left are %+v", old, now)
		}
	}
	k.evidence = now
	perRun := map[string]int{}
	for _, e := range now {
		if e.Run != "" {
			if perRun[e.Run+" "+e.Kind]++; perRun[e.Run+" "+e.Kind] > 1 {
				t.Fatalf("a run counts twice: %s", e.Run+" "+e.Kind)
			}
		}
	}
	journals, err := filepath.Glob(filepath.Join(k.home, "runs", "*.db"))
	if err != nil {
		t.Fatal(err)
	}
	if len(journals) == 0 {
		if finished || slices.ContainsFunc(now, func(e item) bool { return e.Kind == "poc" }) {
			return "concluding"
		}
		return "before measuring"
	}
	if finished || len(journals) > 1 {
		t.Fatalf("journals are left: %v", journals)
	}
	rows := journal(t, journals[0])
	for key, old := range k.measured {
		if got, ok := rows[key]; !ok || got != old {
			t.Fatalf("%v was measured again or lost: it was %+v and is %+v", key, old, got)
		}
	}
	k.measured = rows
	return "measuring"
}

// journal reads a copy of what a killed run left, so that looking changes nothing.
func journal(t *testing.T, path string) map[key]row {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "journal.db")
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + suffix)
		if os.IsNotExist(err) && suffix != "" {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied+suffix, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db, err := sql.Open("sqlite3", copied)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	out := map[key]row{}
	rows, err := db.Query("SELECT candidate, case_id, resolution, correct, latency_ns, done_us FROM results")
	if err != nil {
		if strings.Contains(err.Error(), "no such table") {
			return out // killed while it was made
		}
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var k key
		var r row
		if err := rows.Scan(&k.candidate, &k.id, &r.resolution, &r.correct, &r.latency, &r.done); err != nil {
			t.Fatal(err)
		}
		out[k] = r
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// sealed holds the sealed results to every row that a journal ever held: a call
// that was finished before a kill was never made again.
func (k *killer) sealed(t *testing.T) {
	t.Helper()
	got := map[key]caseResult{}
	for _, c := range cases(t, k.home) {
		got[key{c.Candidate, c.Case}] = c
	}
	for key, want := range k.measured {
		if strings.HasSuffix(key.candidate, "#probes") {
			continue // sealed in a file of their own; the conclusion is compared
		}
		c, ok := got[key]
		if !ok || c.Resolution != want.resolution || c.Correct != want.correct || c.LatencyUS != want.latency/1000 {
			t.Fatalf("%v was sealed as %+v, the journal had %+v", key, c, want)
		}
	}
}

type caseResult struct {
	Candidate, Case, Resolution string
	Confidence                  float64
	Correct                     bool
	LatencyUS                   int64 `json:"latency_us"`
}

// cases reads the results of the newest run.
func cases(t *testing.T, home string) []caseResult {
	t.Helper()
	var runs struct{ Items []struct{ ID, State string } }
	decode(t, landfall(t, home, 0, "runs", "list", "-o", "json").out, &runs)
	if len(runs.Items) != 1 || runs.Items[0].State != "done" {
		t.Fatalf("want one run that is done, have %+v", runs.Items)
	}
	var page struct{ Items []caseResult }
	decode(t, landfall(t, home, 0, "runs", "cases", runs.Items[0].ID, "-o", "json").out, &page)
	return page.Items
}

// conclusion is what a run found, without what differs from run to run:
// times and names of things.
type conclusion struct {
	Cases   map[string]string // by candidate and case
	Slices  json.RawMessage
	Overall map[string]json.RawMessage
	Gates   []gateOutcome
	Kinds   map[string]int
}

type gateOutcome struct {
	Gate, Outcome string
	Rules         []struct{ ID, Outcome string }
}

func conclusionOf(t *testing.T, home, dir string) conclusion {
	t.Helper()
	c := conclusion{Cases: map[string]string{}, Overall: map[string]json.RawMessage{}, Kinds: map[string]int{}}
	for _, r := range cases(t, home) {
		k := r.Candidate + " " + r.Case
		if _, twice := c.Cases[k]; twice {
			t.Fatalf("%s is counted twice", k)
		}
		c.Cases[k] = fmt.Sprintf("%s %v %.9f", r.Resolution, r.Correct, r.Confidence)
	}
	for _, e := range evidenceIDs(t, home) {
		if e.Run != "" {
			c.Kinds[e.Kind]++
		}
	}
	var r struct {
		Gates []gateOutcome
		Grade struct{ Slices json.RawMessage }
		POC   struct {
			Candidates []struct {
				ID      string
				Overall json.RawMessage
			}
		}
	}
	decode(t, finish(t, command(t, home, "run", dir, "-o", "json")).out, &r) // reads what is there
	c.Gates, c.Slices = r.Gates, r.Grade.Slices
	for _, x := range r.POC.Candidates {
		c.Overall[x.ID] = x.Overall
	}
	if len(c.Cases) == 0 || len(c.Slices) == 0 || len(c.Overall) == 0 || len(c.Gates) == 0 {
		t.Fatalf("the run concludes nothing: %s", dump(c))
	}
	return c
}

func equal(a, b conclusion) bool { return maps.Equal(a.Cases, b.Cases) && dump(a) == dump(b) }

// dump writes a conclusion for people: of the cases only how many there are.
func dump(c conclusion) string {
	c.Cases = map[string]string{"cases": strconv.Itoa(len(c.Cases))}
	b, err := json.MarshalIndent(c, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(b)
}
