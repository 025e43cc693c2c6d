package report_test

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/roi"
	"github.com/landfall-ai/landfall/app/report"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/stats"
	"github.com/landfall-ai/landfall/kit/text"
	"github.com/landfall-ai/landfall/prove/selection"
)

// The fixture is a plausible bank. Its counts are invented; its intervals,
// verdicts and selection come from the code that computes them in a run.

func tx(en, zh string) text.Text { return text.Text{En: en, Zh: zh} }

var fixtureSlices = []grade.Slice{
	{ID: "card", Title: tx("Cards", "银行卡"), Level: scenario.L1, Bar: 0.90, Requests: 1500},
	{ID: "transfer", Title: tx("Transfers", "转账"), Level: scenario.L1, Bar: 0.90, Requests: 900},
	{ID: "account", Title: tx("Accounts", "账户"), Level: scenario.L1, Bar: 0.90, Requests: 600},
	{ID: "loan", Title: tx("Loans", "贷款"), Level: scenario.L1, Bar: 0.90, Requests: 256},
	{ID: "slots", Title: tx("Requests to fill in", "业务办理（填槽）"), Level: scenario.L2, Bar: 0.90, Requests: 568},
	{ID: "cheque", Title: tx("Cheque images", "支票影像"), Level: scenario.L3, Bar: 0.90, Requests: 176},
}

func score(k, n int) poc.Score {
	ci := stats.ClopperPearson(k, n, poc.Level)
	return poc.Score{Correct: k, N: n, Accuracy: float64(k) / float64(n), Low: ci.Low, High: ci.High, Level: poc.Level}
}

func measuredCandidate(id string, title text.Text, rung poc.Rung, class, cost string, p95 float64, correct [5]int) poc.CandidateMeasurement {
	sizes := [5]int{240, 180, 150, 120, 160}
	high := p95 * 1.2
	c := poc.CandidateMeasurement{ID: id, Title: title, Rung: rung, Digest: strings.Repeat("ab", 32), Provenance: evidence.Measured,
		Interpretability: poc.Interpretability{Class: class, Why: tx("every step can be read", "每一步都可以查看")},
		LatencyMs:        &poc.Latency{N: 850, P50: p95 / 3, P95: p95, P99: p95 * 1.7, P95High: &high},
		Throughput:       1800 / p95, CostPerTask: poc.Cost{Amount: cost, Currency: "CNY", Provenance: evidence.Assumed}}
	k, n := 0, 0
	for i, s := range fixtureSlices[:5] {
		c.Slices = append(c.Slices, poc.SliceScore{Slice: s.ID, Score: score(correct[i], sizes[i])})
		k, n = k+correct[i], n+sizes[i]
	}
	c.Overall = score(k, n)
	if id == "majority" {
		return c
	}
	for i := 1; i <= 20; i++ {
		cov := float64(i) / 20
		wrong := (1 - c.Overall.Accuracy) * math.Pow(cov, 2.5)
		m := int(850 * cov)
		s := score(int(math.Round(float64(m)*(1-wrong/cov*cov))), m)
		c.Coverage = append(c.Coverage, poc.CoveragePoint{Threshold: 1 - cov*0.9, Coverage: cov, Accuracy: s.Accuracy, Low: s.Low, High: s.High, N: m})
	}
	p := c.Coverage[15]
	c.Surest80 = &p
	return c
}

func fixturePOC() *poc.Measurement {
	return &poc.Measurement{Cases: 850, Seed: 20261124, NotMeasured: []poc.Rung{poc.SmallModel, poc.LargeModel, poc.Multimodal},
		Candidates: []poc.CandidateMeasurement{
			measuredCandidate("majority", tx("Majority class", "多数类"), poc.Rules, "transparent", "0.0001", 0.01, [5]int{31, 20, 15, 11, 9}),
			measuredCandidate("keywords", tx("Keyword rules", "关键词规则"), poc.Rules, "transparent", "0.0004", 0.08, [5]int{171, 131, 98, 84, 70}),
			measuredCandidate("bm25", tx("BM25 neighbours", "BM25 近邻"), poc.Classic, "traceable", "0.0031", 0.9, [5]int{214, 161, 130, 107, 128}),
			measuredCandidate("faq", tx("FAQ retrieval on the CPU", "FAQ 检索/CPU"), poc.Classic, "traceable", "0.0042", 1.1, [5]int{231, 175, 139, 112, 141}),
			measuredCandidate("tfidf", tx("TF-IDF of words and characters, linear", "TF-IDF 词与字线性模型"), poc.Classic, "traceable", "0.0058", 2.4, [5]int{233, 175, 147, 119, 151}),
			{ID: "human", Title: tx("Agents (today)", "人工客服（现状）"), Rung: poc.Human, Digest: strings.Repeat("cd", 32), Provenance: evidence.Assumed,
				Source: "服务主管估计 / the service manager's estimate", Overall: poc.Score{Accuracy: 0.93, Low: 0.90, High: 0.96, Level: 0.8},
				Slices: []poc.SliceScore{}, LatencyMs: &poc.Latency{P50: 95000}, CostPerTask: poc.Cost{Amount: "5.2", Currency: "CNY", Provenance: evidence.Imported}},
		}}
}

func fixtureROI() *roi.Result {
	line := func(id string, t text.Text, mean float64, p evidence.Provenance) roi.Paid {
		return roi.Paid{ID: id, Title: t, Mean: mean, Provenance: p}
	}
	tokens, guard := tx("Large-model tokens", "大模型词元"), tx("Guardrails and evaluation of the large model", "大模型安全与评测")
	servers, ops := tx("CPU servers", "CPU 服务器"), tx("Integration and operation", "接入与运维")
	return &roi.Result{Currency: "CNY", Dearest: "large-model",
		AllDearest: roi.Plan{PerYear: roi.Range{P10: 1_720_000, P50: 2_104_000, P90: 2_870_000, Mean: 2_210_000}, AssumedShare: 1,
			Lines: []roi.Paid{line("model-tokens", tokens, 1_790_000, evidence.Assumed), line("integration", ops, 228_000, evidence.Assumed), line("model-guardrails", guard, 192_000, evidence.Assumed)}},
		Graded: roi.Plan{PerYear: roi.Range{P10: 520_000, P50: 650_400, P90: 815_000, Mean: 661_000}, AssumedShare: 0.87,
			Lines: []roi.Paid{line("model-tokens", tokens, 333_000, evidence.Assumed), line("integration", ops, 228_000, evidence.Assumed), line("cpu-servers", servers, 86_000, evidence.Imported)}},
		Saving:            roi.Range{P10: 1_140_000, P50: 1_452_000, P90: 2_080_000, Mean: 1_549_000},
		Today:             &roi.Plan{PerYear: roi.Range{P10: 55_000_000, P50: 62_400_000, P90: 71_000_000, Mean: 63_000_000}, AssumedShare: 0.1},
		Handover:          &roi.Range{P10: 9_800_000, P50: 11_600_000, P90: 13_500_000, Mean: 11_650_000},
		ProbabilityOfLoss: 0, Provenance: evidence.Assumed, Draws: roi.Draws, Seed: 20261124}
}

func fixtureGates(m *poc.Measurement, g grade.Result) []report.Gate {
	bar, share := 0.90, 0.60
	best, _ := poc.Recommend(*m, bar)
	return []report.Gate{
		{Gate: "align", Title: tx("align gate", "认知对齐门禁"), Outcome: "insufficient", Changed: true, Rules: []report.Rule{
			{ID: "recommended-accuracy", Title: tx("The recommended candidate provably reaches the bar", "推荐候选方案的正确率下限不低于门槛"),
				Expr: "poc.recommended.accuracy.low >= param.floor", Outcome: "pass",
				Reason: tx("the lower bound is "+fmt.Sprintf("%.1f%%", best.Accuracy.Low*100)+", the bar 90.0%", "下限 "+fmt.Sprintf("%.1f%%", best.Accuracy.Low*100)+"，门槛 90.0%"),
				Method: tx("Test the capability boundary on the scenario's own data before choosing a model.", "先用场景自己的数据测出能力边界，再谈选型。"),
				Fix:    tx("Label more test cases.", "补充标注评测用例。"),
				Read: []report.Reading{{Metric: "poc.recommended.accuracy", Title: tx("correct resolutions", "正确率"), Unit: "share", Value: best.Accuracy.Low,
					Estimate: &best.Accuracy, Evidence: "ev_019abc00000070008000000000000001", Allowed: &bar}}},
			{ID: "proven-share", Title: tx("Enough of the traffic has a candidate that is proven good enough", "足够多的流量已有经证实合格的候选方案"),
				Expr: "grade.proven_share.low >= param.proven_share", Outcome: "insufficient",
				Reason: tx("Requests to fill in stays open: 94.4% looks green, and its lower bound does not reach 90%", "“业务办理（填槽）”悬而未决：94.4% 看着达标，下限却不到 90%"),
				Method: tx("Grade the work (L1, L2, L3) and give each part the smallest model that suffices.", "按 L1、L2、L3 分级，每一部分只用够用的最小模型。"),
				Fix:    tx("Label the number of cases that the report names.", "按报告给出的数量补充标注。"),
				Read: []report.Reading{{Metric: "grade.proven_share", Title: tx("share of traffic proven", "已合格的流量占比"), Unit: "share", Value: g.Proven.Low,
					Estimate: &evidence.Estimate{Value: g.Proven.Value, Low: g.Proven.Low, High: g.Proven.High, N: g.Proven.N, Method: "clopper-pearson", Level: 0.95},
					Evidence: "ev_019abc00000070008000000000000002", Allowed: &share}}},
			{ID: "saving", Title: tx("The graded mix saves money against the dearest candidate", "分级方案比全部用最贵方案更省"),
				Expr: "roi.saving.low > 0.0", Outcome: "pass", Assumed: true, Reason: tx("P10 of the saving is CNY 1.14m", "节省额的 P10 为 114 万元"),
				Method: tx("Cost the whole life before buying.", "先算全生命周期的账再采购。"), Fix: tx("Check the cost lines.", "核对成本项。"),
				Read: []report.Reading{{Metric: "roi.saving", Title: tx("saving", "节省"), Unit: "currency/year", Value: 1_140_000,
					Estimate: &evidence.Estimate{Value: 1_452_000, Low: 1_140_000, High: 2_080_000, N: 10000, Method: "monte carlo", Level: 0.8},
					Evidence: "ev_019abc00000070008000000000000003", Allowed: new(float64)}}},
		}},
		{Gate: "prove", Title: tx("prove gate", "技术验证门禁"), Outcome: "pass", Rules: []report.Rule{
			{ID: "missing", Title: tx("No required column misses too much", "必填列的缺失不超限"), Expr: "quality.missing_max <= param.missing_max", Outcome: "pass",
				Reason: tx("the worst column misses 2.1%", "缺失最多的列为 2.1%"), Method: tx("Data first.", "数据先行。"), Fix: tx("Fill the column.", "补全该列。"),
				Read: []report.Reading{{Metric: "quality.missing_max", Title: tx("missing", "缺失占比"), Unit: "share", Value: 0.021, Evidence: "ev_019abc00000070008000000000000004", Allowed: ptr(0.1)}}},
		}},
	}
}

func ptr(v float64) *float64 { return &v }

func fixtureData() *report.Data {
	return &report.Data{Version: "dv_019abc00000070008000000000000009", Digest: strings.Repeat("5e", 32), Policy: "method", Passed: true,
		Rules: []report.DataRule{
			{ID: "quality.missing", Title: tx("Missing share of any required column", "必填列缺失占比最大值"), Observed: 0.021, Allowed: 0.1, Passed: true, Subject: "answer"},
			{ID: "quality.class", Title: tx("Smallest class share of the training split", "训练集最小类别占比"), Observed: 0.056, Allowed: 0.05, AtLeast: true, Passed: true, Subject: "loan_rate"},
		},
		Rows: 1700, Train: 850, Test: 850, Production: 24, Classes: 14, Missing: []report.MissingCell{{Column: "answer", Split: "train", Rows: 18, Share: 0.021}},
		Duplicates: 3, NearDuplicates: 11, Leaked: 2, NearLeaked: 5,
		Examples: []report.Pair{{Kind: "leak", A: "data/v2/test.csv:41", B: "data/v2/train.csv:317", Sim: 1}, {Kind: "near_duplicate", A: "data/v2/train.csv:18", B: "data/v2/train.csv:204", Sim: 0.93}}}
}

// bank is the report of a whole run.
func bank() report.Report {
	m := fixturePOC()
	g := grade.Grade(fixtureSlices, scenario.L3, *m, evidence.Imported)
	sel := selection.Select(*m, selection.Limits{Accuracy: 0.90, LatencyP95Ms: 2000, Interpretability: "traceable"})
	best, _ := poc.Recommend(*m, 0.90)
	at := time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)
	stale := tx("the test set has changed", "评测集已变化")
	step := func(stage, en, zh, state string) report.Step {
		return report.Step{Stage: stage, Word: tx(en, zh), State: state}
	}
	ev := func(n int64, kind string, t text.Text, p evidence.Provenance) report.Evidence {
		return report.Evidence{ID: fmt.Sprintf("ev_019abc0000007000800000000000000%d", n), Kind: kind, Title: t, Leaf: n, Provenance: p, At: at}
	}
	old := ev(0, "poc", tx("proof of concept", "概念验证"), evidence.Measured)
	old.Stale = &stale
	return report.Report{Schema: report.Schema,
		Scenario: report.Scenario{ID: "sc_1", Slug: "bank-support", Title: tx("Customer support", "客服问答"),
			Summary: tx("Some 12 million requests a year.", "每年约 1,200 万次咨询。"), Owner: "林妍", Team: "retail-service", Declared: scenario.L3,
			DataClass: "internal", Bar: 0.90, BarWhy: tx("A wrong answer costs nine right ones.", "答错一次的代价相当于答对九次的收益。"), Currency: "CNY"},
		Run:  &report.Run{ID: "run_019abc00000070008000000000000007", State: "done", Started: at.Add(-time.Minute), Finished: at},
		Data: fixtureData(), POC: m, Grade: &g, ROI: fixtureROI(), Selection: &sel,
		Planned: []report.Planned{{ID: "large-model", Title: tx("a large model", "大模型"), Rung: poc.LargeModel,
			CostPerTask: poc.Cost{Amount: "0.1834", Currency: "CNY", Provenance: evidence.Assumed}}},
		Best:  &report.Best{Candidate: best.Candidate.ID, Accuracy: best.Accuracy, Sufficient: best.Sufficient},
		Gates: fixtureGates(m, g),
		Evidence: []report.Evidence{old, ev(1, "poc", tx("proof of concept", "概念验证"), evidence.Measured), ev(2, "grade", tx("grading", "分级"), evidence.Imported),
			ev(3, "roi", tx("return", "投资回报"), evidence.Assumed), ev(4, "quality", tx("data quality", "数据质量"), evidence.Measured)},
		Loop: report.Loop{Failures: 24, Modes: 3, Cases: 24, Reopened: 1, Steps: []report.Step{
			step("align", "Align", "认知", "insufficient"), step("prove", "Prove", "验证", "pass"), step("platform", "Build", "建设", "later"),
			step("deepen", "Deepen", "赋能", "later"), step("organize", "Organize", "变革", "later"), step("share", "Evolve", "进化", "later")}},
		Next: report.Action{Text: tx("label about 360 more cases of “Requests to fill in”, then run again", "为“业务办理（填槽）”再标约 360 条，然后重新运行"),
			Command: "landfall run examples/bank-support"},
		Exit: 11, Generated: at, Tool: "landfall/0.1.0"}
}

// badData is the report of a run that the data-quality gate stopped.
func badData() report.Report {
	r := bank()
	r.POC, r.Grade, r.ROI, r.Selection, r.Best, r.Planned = nil, nil, nil, nil, nil, nil
	d := fixtureData()
	d.Passed, d.Rules[0].Passed, d.Rules[0].Observed, d.Rules[0].Subject = false, false, 0.14, "intent"
	d.Missing = []report.MissingCell{{Column: "intent", Split: "train", Rows: 119, Share: 0.14}, {Column: "answer", Split: "test", Rows: 9, Share: 0.011}}
	r.Data = d
	r.Gates = []report.Gate{
		{Gate: "align", Outcome: "insufficient", Rules: []report.Rule{{ID: "a", Title: tx("The recommended candidate provably reaches the bar", "推荐候选方案的正确率下限不低于门槛"), Outcome: "insufficient", Reason: tx("no evidence yet", "尚无证据")}}},
		{Gate: "prove", Outcome: "fail", Rules: []report.Rule{{ID: "missing", Title: tx("No required column misses too much", "必填列的缺失不超限"), Outcome: "fail", Reason: tx("column intent misses 14.0%, allowed are 10.0%", "列 intent 缺失 14.0%，允许 10.0%")}}},
	}
	r.Next = report.Action{Text: tx("fill the column intent, then run again", "补全 intent 列后重新运行"), Command: "landfall run examples/bank-support"}
	r.Loop = report.Loop{}
	r.Exit = 12
	return r
}

// nothing is the report of a scenario that was never run.
func nothing() report.Report {
	return report.Report{Schema: report.Schema, Scenario: report.Scenario{Slug: "empty", Declared: scenario.L2, Bar: 0.9}}
}

// unproven is a run after which no share of the traffic is proven.
func unproven() report.Report {
	r := bank()
	few := *r.POC
	few.Candidates = append([]poc.CandidateMeasurement(nil), few.Candidates...)
	for i, c := range few.Candidates {
		if c.Overall.N == 0 {
			continue
		}
		c.Slices = []poc.SliceScore{{Slice: "card", Score: score(19, 20)}, {Slice: "transfer", Score: score(18, 20)}}
		c.Overall, c.Coverage, c.Surest80, c.LatencyMs = score(37, 40), nil, nil, nil
		few.Candidates[i] = c
	}
	g := grade.Grade(fixtureSlices, scenario.L3, few, evidence.Imported)
	r.POC, r.Grade, r.ROI, r.Selection, r.Best = &few, &g, nil, nil, nil
	return r
}
