package evidence_test

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/store/storetest"
)

func export(t testing.TB, s *evidence.Service, sel evidence.Selection) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.Export(t.Context(), &b, sel); err != nil {
		t.Fatalf("export: %v", err)
	}
	return b.Bytes()
}

func verifyBundle(t rapid.TB, b []byte, o evidence.VerifyOptions) evidence.Report {
	t.Helper()
	r, err := evidence.VerifyBundle(context.Background(), bytes.NewReader(b), o)
	if err != nil {
		t.Fatalf("verify bundle: %v", err)
	}
	return r
}

func TestBundle(t *testing.T) {
	t.Parallel()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		sp := newSpecimen(t, db)
		trust, err := sp.keys.Current().Trust(evidence.DefaultOrigin)
		if err != nil {
			t.Fatal(err)
		}
		var notes [][]byte
		sp.after(t, evidence.VerifyOptions{}, func(c change) {
			for _, p := range sp.points {
				notes = append(notes, c.note(p))
			}
		})
		scenario, err := sp.s.ForScenario(t.Context(), "s1")
		if err != nil {
			t.Fatal(err)
		}
		all, err := sp.s.List(t.Context(), evidence.Filter{Limit: 500})
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(all)
		for name, c := range map[string]struct {
			sel  evidence.Selection
			want []evidence.Record
		}{
			"scenario": {evidence.Selection{Scenario: "s1"}, scenario},
			"ids":      {evidence.Selection{IDs: []string{all[9].ID(), all[2].ID()}}, []evidence.Record{all[2], all[9]}},
			"all":      {evidence.Selection{All: true}, all},
		} {
			b := export(t, sp.s, c.sel)
			var got []evidence.Record
			r := verifyBundle(t, b, evidence.VerifyOptions{Trust: trust, Checkpoint: notes[3], Each: func(r evidence.Record) error {
				got = append(got, r)
				return nil
			}})
			wantOK(t, r)
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s: got %v, want %v", name, ids(got), ids(c.want))
			}
			whole := verify(t, sp.s, evidence.VerifyOptions{Trust: trust, Checkpoint: notes[3]})
			whole.Envelopes = int64(len(c.want))
			if !reflect.DeepEqual(r, whole) {
				t.Errorf("%s: bundle %+v\nlog %+v", name, r, whole)
			}
			for _, n := range notes {
				wantOK(t, verifyBundle(t, b, evidence.VerifyOptions{Checkpoint: n}))
			}
		}
		var none bytes.Buffer
		if err := sp.s.Export(t.Context(), &none, evidence.Selection{Scenario: "none"}); !errors.Is(err, evidence.ErrNothing) {
			t.Errorf("nothing chosen: %v", err)
		}
		if err := sp.s.Export(t.Context(), &none, evidence.Selection{IDs: []string{"ev_none"}}); !errors.Is(err, evidence.ErrUnknown) {
			t.Errorf("unknown id: %v", err)
		}
	})
}

func TestBundleTampering(t *testing.T) {
	t.Parallel()
	sp := newSpecimen(t, storetest.Open(t, storetest.SQLite(t, migrations), migrations))
	whole := export(t, sp.s, evidence.Selection{Scenario: "s1"})
	lines := bytes.SplitAfter(bytes.TrimSuffix(whole, []byte("\n")), []byte("\n"))
	lines[len(lines)-1] = append(lines[len(lines)-1], '\n')
	lineOf := func(t *rapid.T) int { return rapid.IntRange(0, len(lines)-1).Draw(t, "line") }
	for name, tamper := range map[string]func(t *rapid.T) []byte{
		"flip a bit": func(t *rapid.T) []byte { return flip(t, whole) },
		"cut": func(t *rapid.T) []byte {
			return whole[:rapid.IntRange(0, len(whole)-1).Draw(t, "length")]
		},
		"drop a line": func(t *rapid.T) []byte {
			i := lineOf(t)
			return bytes.Join(slices.Delete(slices.Clone(lines), i, i+1), nil)
		},
		"double a line": func(t *rapid.T) []byte {
			i := lineOf(t)
			return bytes.Join(slices.Insert(slices.Clone(lines), i, lines[i]), nil)
		},
		"swap two lines": func(t *rapid.T) []byte {
			out := slices.Clone(lines)
			i := rapid.IntRange(1, len(lines)-1).Draw(t, "other")
			j := rapid.IntRange(0, i-1).Draw(t, "line")
			out[i], out[j] = out[j], out[i]
			return bytes.Join(out, nil)
		},
		"replay a line": func(t *rapid.T) []byte {
			out := slices.Clone(lines)
			i := rapid.IntRange(1, len(lines)-1).Draw(t, "other")
			out[i] = lines[rapid.IntRange(0, i-1).Draw(t, "line")]
			return bytes.Join(out, nil)
		},
		"add to the end": func(t *rapid.T) []byte { return append(slices.Clone(whole), ' ') },
		"another spelling": func(t *rapid.T) []byte {
			return bytes.Replace(whole, []byte(`{"leaf":`), []byte(`{"Leaf":`), 1)
		},
		"a space": func(t *rapid.T) []byte {
			out := slices.Clone(lines)
			i := lineOf(t)
			out[i] = append([]byte(" "), out[i]...)
			return bytes.Join(out, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				if r := verifyBundle(t, tamper(t), evidence.VerifyOptions{}); r.OK() {
					t.Errorf("not detected: %+v", r)
				}
			})
		})
	}
	// Cut to an older state, with a head and an end that fit.
	older := sp.points[2]
	var cut bytes.Buffer
	db := storetest.Open(t, storetest.SQLite(t, migrations), migrations)
	d := deps(t, db)
	s := newService(t, d)
	var first []evidence.Statement
	for range older {
		first = append(first, statement("s1", ""))
	}
	appendAll(t, db, s, first...)
	if err := s.Export(t.Context(), &cut, evidence.Selection{All: true}); err != nil {
		t.Fatal(err)
	}
	pin, err := sp.s.Log().Latest(t.Context(), sp.db.Read())
	if err != nil {
		t.Fatal(err)
	}
	wantOK(t, verifyBundle(t, cut.Bytes(), evidence.VerifyOptions{}))
	trust, err := sp.keys.History()[0].Trust(evidence.DefaultOrigin)
	if err != nil {
		t.Fatal(err)
	}
	// The log's pin is signed by its second key, which the short one never saw.
	r := verifyBundle(t, cut.Bytes(), evidence.VerifyOptions{Trust: trust, Checkpoint: pin})
	if r.OK() || !r.SignerPinned {
		t.Errorf("%+v", r)
	}
}

// A bundle of a forger's log is whole in itself, and somebody else's.
func TestForgedBundle(t *testing.T) {
	t.Parallel()
	sp := newSpecimen(t, storetest.Open(t, storetest.SQLite(t, migrations), migrations))
	trust, err := sp.keys.Current().Trust(evidence.DefaultOrigin)
	if err != nil {
		t.Fatal(err)
	}
	db := storetest.Open(t, storetest.SQLite(t, migrations), migrations)
	d := deps(t, db)
	d.Keys = openKeys(t, t.TempDir(), 42)
	s := newService(t, d)
	appendAll(t, db, s, statement("s1", ""))
	forged := export(t, s, evidence.Selection{All: true})
	r := verifyBundle(t, forged, evidence.VerifyOptions{})
	wantOK(t, r)
	if s := r.Summary(); r.SignerPinned || !strings.Contains(s.En, "signer not pinned") || !strings.Contains(s.Zh, "未固定签名者") {
		t.Errorf("summary %+v", s)
	}
	r = verifyBundle(t, forged, evidence.VerifyOptions{Trust: trust})
	if len(r.Findings) != 1 || r.Findings[0].Code != evidence.FoundPinnedSigner {
		t.Errorf("%+v", r.Findings)
	}
	// The forger adds the true keys to the bundle: the pinned key is there,
	// and vouches for nothing that stands in it.
	mixed := bytes.SplitAfter(forged, []byte("\n"))
	for line := range bytes.Lines(export(t, sp.s, evidence.Selection{All: true})) {
		if bytes.HasPrefix(line, []byte(`{"key":`)) {
			mixed = slices.Insert(mixed, 1, slices.Clone(line))
		}
	}
	mixed[1], mixed[2] = mixed[2], mixed[1] // oldest first
	r = verifyBundle(t, bytes.Join(mixed, nil), evidence.VerifyOptions{Trust: trust})
	if !covers(r, 0, 0, 1) || r.Findings[0].Code != evidence.FoundEnvelopeKey {
		t.Errorf("%+v", r)
	}
	for _, key := range []string{"x", strings.Replace(trust, "+", "-", 1), trust[:len(trust)-2]} {
		if _, err := evidence.VerifyBundle(t.Context(), bytes.NewReader(forged), evidence.VerifyOptions{Trust: key}); !errors.Is(err, evidence.ErrTrust) {
			t.Errorf("trust %q: %v", key, err)
		}
	}
	other, err := sp.keys.Current().Trust("landfall.dev/log/audit")
	if err != nil {
		t.Fatal(err)
	}
	if r := verifyBundle(t, export(t, sp.s, evidence.Selection{All: true}), evidence.VerifyOptions{Trust: other}); r.OK() {
		t.Error("the key of another log was taken")
	}
}

func TestNotABundle(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"empty":      "",
		"text":       "hello\nworld\n",
		"other JSON": `{"a":1}` + "\n",
		"no newline": `{"bundle":{"format":"landfall-evidence-bundle/v1","origin":"a","size":0}}`,
		"huge size":  `{"bundle":{"format":"landfall-evidence-bundle/v1","origin":"a","size":9223372036854775807}}` + "\n" + `{"end":{"envelopes":0,"checkpoints":0}}` + "\n",
		"bad origin": `{"bundle":{"format":"landfall-evidence-bundle/v1","origin":"a b","size":0}}` + "\n" + `{"end":{"envelopes":0,"checkpoints":0}}` + "\n",
		"negative":   `{"bundle":{"format":"landfall-evidence-bundle/v1","origin":"a","size":-1}}` + "\n" + `{"end":{"envelopes":0,"checkpoints":0}}` + "\n",
		"newer":      `{"bundle":{"format":"landfall-evidence-bundle/v2","origin":"a","size":0}}` + "\n" + `{"end":{"envelopes":0,"checkpoints":0}}` + "\n",
		"two heads":  strings.Repeat(`{"bundle":{"format":"landfall-evidence-bundle/v1","origin":"a","size":0}}`+"\n", 2),
		"long line":  strings.Repeat(" ", 20<<20),
	} {
		r := verifyBundle(t, []byte(in), evidence.VerifyOptions{})
		if len(r.Findings) != 1 || r.Findings[0].Code != evidence.FoundBundle {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func FuzzVerifyBundle(f *testing.F) {
	path := f.TempDir()
	db, err := store.Open(f.Context(), "sqlite:"+path+"/fuzz.db", evidence.Migrations)
	if err != nil {
		f.Fatal(err)
	}
	d := deps(f, db)
	s := newService(f, d)
	appendAll(f, db, s, statement("bank", ""), statement("shop", ""))
	if err := d.Keys.Rotate(); err != nil {
		f.Fatal(err)
	}
	appendAll(f, db, s, statement("bank", ""))
	genuine := export(f, s, evidence.Selection{Scenario: "bank"})
	f.Add(genuine)
	f.Add(export(f, s, evidence.Selection{All: true}))
	f.Add([]byte(`{"bundle":{"format":"landfall-evidence-bundle/v1","origin":"a","size":0}}` + "\n" + `{"end":{"envelopes":0,"checkpoints":0}}` + "\n"))
	trust, err := d.Keys.Current().Trust(evidence.DefaultOrigin)
	if err != nil {
		f.Fatal(err)
	}
	root := verifyBundle(f, genuine, evidence.VerifyOptions{Trust: trust}).Root
	older := ""
	if err := db.Read().QueryRowContext(f.Context(), `SELECT note FROM log_checkpoints WHERE size = 2`).Scan(&older); err != nil {
		f.Fatal(err)
	}
	if err := db.Close(); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := verifyBundle(t, b, evidence.VerifyOptions{Trust: trust, MaxFindings: 5})
		if len(r.Findings) > 5 {
			t.Errorf("%d findings", len(r.Findings))
		}
		// Nobody without the key makes another state that it vouches for.
		if r.OK() && r.Size > 0 && r.Root != root && !strings.Contains(older, r.Root) {
			t.Errorf("forged: %+v", r)
		}
	})
}

func FuzzDecodeEnvelope(f *testing.F) {
	f.Add([]byte(`{"payloadType":"a","payload":"AAAA","signatures":[{"keyid":"k","sig":"AA=="}]}`))
	f.Add([]byte(`{"payloadType":"a","payload":"AAB=","signatures":[{"keyid":"k","sig":"AA=="}]}`))
	f.Add([]byte(`{"payloadType":"a","payload":"","signatures":[]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := evidence.DecodeEnvelope(b)
		if err != nil {
			if !errors.Is(err, evidence.ErrEnvelope) {
				t.Errorf("error %v", err)
			}
			return
		}
		if len(e.Signatures) == 0 {
			t.Error("unsigned")
		}
		// No other bytes decode to the same.
		spaced := append(slices.Clone(b), '\n')
		if _, err := evidence.DecodeEnvelope(spaced); err == nil {
			t.Error("a second spelling was taken")
		}
	})
}
