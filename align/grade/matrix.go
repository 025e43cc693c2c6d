package grade

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/stats"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// MatrixRow is one slice with every candidate on it: what was declared, what
// it is held to, what was measured, and what follows.
type MatrixRow struct {
	Slice    string      `json:"slice"`
	Title    text.Text   `json:"title"`
	Share    Share       `json:"share"`
	Declared RowDeclared `json:"declared"`
	Bar      RowBar      `json:"bar"`
	// Level is the level of resolution that the slice's cases test.
	Level      scenario.Level `json:"level"`
	Candidates []RowCandidate `json:"candidates"` // in ladder order
	// MeasuredRung is the rung of the cheapest candidate that passes; "" if
	// none does.
	MeasuredRung poc.Rung `json:"measured_rung"`
	Verdict      Outcome  `json:"verdict"`
	// NeededN is about how many more test cases would show that the closest
	// candidate passes; 0 if no number would, or none is needed.
	NeededN  int       `json:"needed_n"`
	Why      Why       `json:"why"`
	Reason   text.Text `json:"reason"`
	Findings []Finding `json:"findings"`
}

// RowDeclared is what the owner says that a slice needs.
type RowDeclared struct {
	Level scenario.Level `json:"level"`
	// Rubric is what the owner's answers add up to; nil if nobody answered.
	Rubric *Floor `json:"rubric,omitempty"`
}

// RowBar is what candidates on a slice are held to.
type RowBar struct {
	Metric  string  `json:"metric"` // MetricCorrect
	Quality float64 `json:"q"`
	// Economic is the bar that the worth of answers asks for, to compare; nil
	// if nobody stated it. Candidates are held to Quality.
	Economic *EconomicBar `json:"economic,omitempty"`
	P95Ms    float64      `json:"p95_ms"`      // 0 is none
	Per1k    float64      `json:"cost_per_1k"` // 0 is none
	// Frozen is the SHA-256 of the bar, in hex: two rows with the same digest
	// were held to the same.
	Frozen string `json:"frozen_hash"`
}

// MetricCorrect is what the bar of a slice bounds: the share of correct
// resolutions.
const MetricCorrect = "correct_resolutions"

// RowCandidate is one candidate on one slice.
type RowCandidate struct {
	Candidate string   `json:"candidate"`
	Rung      poc.Rung `json:"rung"`
	Digest    string   `json:"digest"`
	N         int      `json:"n"`
	K         int      `json:"k"`
	Est       float64  `json:"est"`
	Low       float64  `json:"lb"` // exact, one-sided at AlphaUsed
	High      float64  `json:"ub"`
	// P95Ms and P95High are of the candidate on all test cases; nil if not
	// measured.
	P95Ms          *float64            `json:"p95_ms,omitempty"`
	P95High        *float64            `json:"p95_ub,omitempty"`
	Per1k          float64             `json:"cost_per_1k"`
	CostProvenance evidence.Provenance `json:"cost_basis"`
	AlphaUsed      float64             `json:"alpha_used"` // 0 if it was not tested
	Verdict        Outcome             `json:"verdict"`
	Basis          evidence.Provenance `json:"basis"`
}

// FindingKind names what a row shows beside its verdict.
type FindingKind string

// The kinds of findings.
const (
	OverSpecified  FindingKind = "over_specified"   // declared above what is proven to suffice
	UnderScoped    FindingKind = "under_scoped"     // declared below what the cases test
	RubricDiffers  FindingKind = "rubric_differs"   // the answers ask for another level than is declared
	NotFeasibleNow FindingKind = "not_feasible_now" // no candidate passes, and more cases would not help
	NotShown       FindingKind = "not_shown"        // no candidate passes yet
	BarTooLow      FindingKind = "bar_too_low"      // the stated bar is below the economic one
	NothingPays    FindingKind = "nothing_pays"     // no quality makes an answer worth its cost
)

// Finding is one thing that a row shows.
type Finding struct {
	Kind FindingKind `json:"kind"`
	Text text.Text   `json:"text"`
	// Candidate is the closest one, of NotFeasibleNow and NotShown.
	Candidate string `json:"candidate,omitempty"`
	// Gap is what is missing: bar minus lower bound, or economic bar minus
	// stated one.
	Gap float64 `json:"gap,omitempty"`
	// SavedPer1k is what serving 1,000 requests with the cheapest sufficient
	// candidate saves against the dearest, of OverSpecified.
	SavedPer1k float64 `json:"saved_per_1k,omitempty"`
}

// Matrix is what a matrix needs beside the grading.
type Matrix struct {
	Slices       []Slice // as they were graded
	Economics    *scenario.Economics
	LatencyP95Ms float64 // limit; 0 is none
	CostPerTask  float64 // limit; 0 is none
	// Dearest is what one request costs with the dearest candidate that is no
	// person, measured or planned.
	Dearest float64
}

// WithMatrix returns r with one row per slice. It fails only if a bar cannot
// be digested.
func WithMatrix(r Result, m poc.Measurement, in Matrix) (Result, error) {
	r.Matrix = make([]MatrixRow, len(r.Slices))
	for i, v := range r.Slices {
		row := MatrixRow{Slice: v.Slice, Title: v.Title, Share: v.Share, Level: v.Level, Declared: RowDeclared{Level: v.Declared},
			Bar: RowBar{Metric: MetricCorrect, Quality: v.Bar, Economic: economicBar(in.Economics, m, v.Slice),
				P95Ms: in.LatencyP95Ms, Per1k: in.CostPerTask * 1000},
			Candidates: []RowCandidate{}, Verdict: v.Outcome, NeededN: v.More, Why: v.Why, Findings: []Finding{}}
		if s := in.Slices[i]; s.Rubric != nil {
			f := FloorOf(*s.Rubric)
			row.Declared.Rubric = &f
		}
		frozen := row.Bar
		frozen.Economic = nil // it follows from what is measured, and is compared, not held to
		digest, err := evidence.Digest(frozen)
		if err != nil {
			return r, fmt.Errorf("digest the bar of %s: %w", v.Slice, err)
		}
		row.Bar.Frozen = digest
		for _, c := range m.Candidates {
			row.Candidates = append(row.Candidates, rowCandidate(c, v))
			if c.ID == v.Cheapest {
				row.MeasuredRung = c.Rung
			}
		}
		row.Reason = reason(v)
		row.Findings = findings(row, v, m, in.Dearest)
		r.Matrix[i] = row
	}
	return r, nil
}

func rowCandidate(c poc.CandidateMeasurement, v Verdict) RowCandidate {
	out := RowCandidate{Candidate: c.ID, Rung: c.Rung, Digest: c.Digest, Per1k: c.CostPerTask.Float() * 1000,
		CostProvenance: c.CostPerTask.Provenance, Basis: c.Provenance, Verdict: Insufficient, High: 1}
	if x := c.LatencyMs; x != nil && x.N > 0 {
		p95 := x.P95
		out.P95Ms, out.P95High = &p95, x.P95High
	}
	if c.Provenance == evidence.Assumed {
		out.Est, out.Low, out.High = c.Overall.Accuracy, c.Overall.Low, c.Overall.High
		return out
	}
	if i := slices.IndexFunc(v.Tests, func(t Test) bool { return t.Candidate == c.ID }); i >= 0 {
		t := v.Tests[i]
		out.N, out.K, out.Est, out.Low, out.High, out.AlphaUsed, out.Verdict = t.N, t.Correct, t.Accuracy, t.Low, t.High, t.AlphaUsed, t.Outcome
	}
	return out
}

// closestTest is the test of the closest candidate; the zero Test if nothing
// was measured.
func closestTest(v Verdict) Test {
	for _, t := range v.Tests {
		if t.Candidate == v.Closest {
			return t
		}
	}
	return Test{}
}

func reason(v Verdict) text.Text {
	t, bar := closestTest(v), term.Percent(v.Bar)
	switch v.Why {
	case WhyProven:
		return say("%s is proven: the lower bound %s reaches the bar %s", "%s 已证明合格：下限 %s 达到门槛 %s", v.Cheapest, term.Percent(t.Low), bar)
	case WhyBelow:
		return say("every candidate is below the bar %s; the closest, %s, is at most %s", "所有候选方案都低于门槛 %s；最接近的 %s 至多 %s", bar, t.Candidate, term.Percent(t.High))
	case WhyMoreCases:
		return say("%s looks good enough, but %d cases do not show it; about %d more would", "%s 看上去够好，但 %d 条用例还不足以证明；约需再标注 %d 条", t.Candidate, t.N, v.More)
	case WhyFewClusters:
		return say("%d cases are worth %d clusters of equal size; below %d clusters nothing can be settled", "%d 条用例只相当于 %d 个等规模簇；少于 %d 个簇无法下结论", t.N, t.Clusters, stats.MinClusters)
	case WhyNotClose:
		return say("%s is the closest, with a lower bound of %s against the bar %s; more cases would not help", "%s 最接近，下限 %s，门槛 %s；增加用例也无济于事", t.Candidate, term.Percent(t.Low), bar)
	}
	return text.Text{En: "not measured: no test case, or no candidate that runs", Zh: "未测：没有评测用例，或没有可运行的候选方案"}
}

func findings(row MatrixRow, v Verdict, m poc.Measurement, dearest float64) []Finding {
	out := []Finding{}
	add := func(f Finding) { out = append(out, f) }
	d := row.Declared
	if f := d.Rubric; f != nil && f.Level != "" && f.Level != d.Level && (len(f.Open) == 0 || f.Level > d.Level) {
		add(Finding{Kind: RubricDiffers, Text: say("declared %s, while the answers ask for %s (%s)", "申报为 %s，而问卷答案对应 %s(%s)",
			string(d.Level), string(f.Level), strings.Join(f.Drivers, ", "))})
	}
	t := closestTest(v)
	switch {
	case v.Outcome == Pass && d.Level > v.Proven:
		f := Finding{Kind: OverSpecified, Text: say("declared %s; %s is proven to suffice, with %s", "申报为 %s；已证明 %s 就够，用 %s 即可", string(d.Level), string(v.Proven), v.Cheapest)}
		i := slices.IndexFunc(m.Candidates, func(c poc.CandidateMeasurement) bool { return c.ID == v.Cheapest })
		f.SavedPer1k = max(0, dearest-m.Candidates[i].CostPerTask.Float()) * 1000
		add(f)
	case d.Level < v.Level:
		add(Finding{Kind: UnderScoped, Text: say("declared %s, while its cases test %s", "申报为 %s，而用例检验的是 %s", string(d.Level), string(v.Level))})
	}
	if v.Outcome != Pass {
		f := Finding{Kind: NotFeasibleNow, Candidate: v.Closest, Text: row.Reason}
		if v.Why == WhyMoreCases || v.Why == WhyNotMeasured || v.Why == WhyFewClusters {
			f.Kind = NotShown
		}
		if v.Closest != "" {
			f.Gap = v.Bar - t.Low
		}
		add(f)
	}
	switch e := row.Bar.Economic; {
	case e == nil:
	case !e.Feasible:
		add(Finding{Kind: NothingPays, Text: say("one answer costs more than it brings, at any quality: break-even would be at %s", "无论质量多高，单次回答都得不偿失：盈亏平衡点为 %s", term.Percent(e.BreakEven))})
	case e.Quality > v.Bar+barTolerance:
		add(Finding{Kind: BarTooLow, Gap: e.Quality - v.Bar, Text: say("the stated bar %s is below what pays, %s", "设定的门槛 %s 低于划算所需的 %s", term.Percent(v.Bar), term.Percent(e.Quality))})
	}
	return out
}

// barTolerance is how far a derived bar may lie above a stated one by rounding
// alone: bars are stated in per mille at the finest.
const barTolerance = 0.0005

// say makes a text from one format in each language and the same values.
func say(en, zh string, args ...any) text.Text {
	return text.Text{En: fmt.Sprintf(en, args...), Zh: fmt.Sprintf(zh, args...)}
}
