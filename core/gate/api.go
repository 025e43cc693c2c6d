package gate

import (
	"context"
	"time"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// View is a verdict in a list.
type View struct {
	Gate    string    `json:"gate"`
	Title   text.Text `json:"title"`
	Outcome Outcome   `json:"outcome"`
	Rules   int       `json:"rules"`
	Passed  int       `json:"rules_passed"`
	// Blocking is the first rule that did not pass, and why; empty if all did.
	Blocking string    `json:"blocking,omitempty"`
	Reason   text.Text `json:"reason,omitzero"`
	At       time.Time `json:"evaluated_at"`
}

func viewOf(v Verdict) View {
	out := View{Gate: v.Gate, Title: Title(v.Gate), Outcome: v.Outcome, Rules: len(v.Rules), At: v.At}
	for _, r := range v.Rules {
		if r.Outcome == Pass {
			out.Passed++
		}
	}
	if v.Reason != nil {
		out.Reason = v.Reason.Text
	}
	if b := v.Blocking(); len(b) > 0 {
		out.Blocking, out.Reason = b[0].ID, b[0].Reason.Text
	}
	return out
}

type listInput struct {
	rest.PageParams
	Scenario evidence.ScenarioID `path:"scenario"`
}

type showInput struct {
	Scenario evidence.ScenarioID `path:"scenario"`
	Gate     string              `query:"gate" required:"true" enum:"align,prove,platform,deepen,organize,share" doc:"the gate" zh:"哪道门禁"`
}

type rulesInput struct {
	rest.PageParams
	Scenario evidence.ScenarioID `path:"scenario"`
	Gate     string              `query:"gate" required:"true" enum:"align,prove,platform,deepen,organize,share" doc:"the gate" zh:"哪道门禁"`
}

var listColumns = []term.Column{
	{Field: "gate", Head: text.Text{En: "GATE", Zh: "门禁"}},
	{Field: "outcome", Head: text.Text{En: "OUTCOME", Zh: "结论"}, Form: term.AsOutcome},
	{Field: "rules_passed", Head: text.Text{En: "PASSED", Zh: "通过"}, Form: term.AsCount},
	{Field: "rules", Head: text.Text{En: "RULES", Zh: "规则"}, Form: term.AsCount},
	{Field: "blocking", Head: text.Text{En: "BLOCKED BY", Zh: "受阻于"}},
	{Field: "reason", Head: text.Text{En: "REASON", Zh: "理由"}},
}

var ruleColumns = []term.Column{
	{Field: "id", Head: text.Text{En: "RULE", Zh: "规则"}},
	{Field: "outcome", Head: text.Text{En: "OUTCOME", Zh: "结论"}, Form: term.AsOutcome},
	{Field: "title", Head: text.Text{En: "TITLE", Zh: "标题"}},
	{Field: "reason.text", Head: text.Text{En: "REASON", Zh: "理由"}},
}

// Operations registers what can be asked about gates. verdicts gives those of
// a scenario, by id, as of now and as it is stored, in the order of the stages.
func Operations(r *rest.Registry, sc evidence.Scenarios, verdicts func(ctx context.Context, scenarioID string) ([]Verdict, error)) {
	all := func(ctx context.Context, ref evidence.ScenarioID) (string, []Verdict, error) {
		id, err := sc.Resolve(ctx, ref)
		if err != nil {
			return "", nil, err
		}
		vs, err := verdicts(ctx, id)
		return id, vs, err
	}
	rest.Add(r, rest.Op{ID: "list-gates", Method: "GET", Path: "/scenarios/{scenario}/gates", Perm: auth.Read, Noun: "gates", Verb: "list",
		Doc:     text.Text{En: "List the verdicts of a scenario's gates, as of now.", Zh: "列出场景各道门禁此刻的结论。"},
		Columns: listColumns},
		func(ctx context.Context, in *listInput) (*rest.Page[View], error) {
			id, vs, err := all(ctx, in.Scenario)
			if err != nil {
				return nil, err
			}
			views := make([]View, len(vs))
			for i, v := range vs {
				views[i] = viewOf(v)
			}
			return rest.PageOf(ctx, in.PageParams, id, views)
		})
	one := func(ctx context.Context, in *showInput) (*Verdict, error) {
		_, vs, err := all(ctx, in.Scenario)
		if err != nil {
			return nil, err
		}
		for i := range vs {
			if vs[i].Gate == in.Gate {
				return &vs[i], nil
			}
		}
		return nil, ErrGate.With("gate", in.Gate)
	}
	rest.Add(r, rest.Op{ID: "show-gate", Method: "GET", Path: "/scenarios/{scenario}/gate", Perm: auth.Read,
		Doc:    text.Text{En: "Show the verdict of one gate with every rule, its reason and what it read.", Zh: "查看一道门禁的结论：每条规则、理由及所读取的证据。"},
		Errors: []fault.Def{ErrGate}}, one)
	rest.Add(r, rest.Op{ID: "list-gate-rules", Method: "GET", Path: "/scenarios/{scenario}/gate/rules", Perm: auth.Read, Noun: "gates", Verb: "show",
		Doc:     text.Text{En: "Show a gate's rules with their outcomes and reasons, in the order of the policy.", Zh: "查看一道门禁的各条规则及其结果与理由，按策略中的顺序。"},
		Columns: ruleColumns, Errors: []fault.Def{ErrGate}},
		func(ctx context.Context, in *rulesInput) (*rest.Page[RuleResult], error) {
			v, err := one(ctx, &showInput{in.Scenario, in.Gate})
			if err != nil {
				return nil, err
			}
			return rest.PageOf(ctx, in.PageParams, []string{v.Scenario, v.Gate}, v.Rules)
		})
}
