package app

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/gate"
	"github.com/landfall-ai/landfall/kit/text"
)

// orgGates are due when the organisation has grown to them.
var orgGates = map[string]gate.Reason{
	gate.Platform: {Code: "few_scenarios", Text: text.Text{En: "due above 5 live scenarios", Zh: "超过 5 个在线场景时到期"}},
	gate.Organize: {Code: "one_team", Text: text.Text{En: "due when a second team owns a scenario", Zh: "第二个团队拥有场景时到期"}},
	gate.Share:    {Code: "few_applications", Text: text.Text{En: "due above 50 applications", Zh: "应用超过 50 个时到期"}},
}

// gateInput is what gates need to know of a scenario, as it is stored.
func (a *App) gateInput(ctx context.Context, db bun.IDB, scenarioID string) (gate.Scenario, error) {
	doc, _, err := a.Scenarios.Document(ctx, db, scenarioID)
	if err != nil {
		return gate.Scenario{}, err
	}
	b, err := a.Scenarios.Bindings(ctx, db, scenarioID)
	if err != nil {
		return gate.Scenario{}, err
	}
	return gate.Scenario{ID: scenarioID, Bindings: b, Params: paramsOf(doc), NotDue: orgGates}, nil
}

// recordVerdicts is the loop's handler: it judges a scenario's gates again and
// records what has changed.
func (a *App) recordVerdicts(ctx context.Context, tx bun.Tx, scenarioID string) error {
	in, err := a.gateInput(ctx, tx, scenarioID)
	if err != nil {
		return err
	}
	_, err = a.Gates.Judge(ctx, tx, in)
	return err
}

// allVerdicts returns the verdicts of all of a scenario's gates as of now.
func (a *App) allVerdicts(ctx context.Context, scenarioID string) ([]gate.Verdict, error) {
	in, err := a.gateInput(ctx, a.DB.Read(), scenarioID)
	if err != nil {
		return nil, err
	}
	return a.Gates.Verdicts(ctx, in)
}

// Verdicts returns the scenario's verdicts as of now: align and prove.
func (a *App) Verdicts(ctx context.Context, scenarioID string) ([]gate.Verdict, error) {
	all, err := a.allVerdicts(ctx, scenarioID)
	if err != nil {
		return nil, err
	}
	var out []gate.Verdict
	for _, v := range all {
		if v.Outcome != gate.Undefined && v.Outcome != gate.NotDue {
			out = append(out, v)
		}
	}
	return out, nil
}

// reopened counts how often a passed gate of the scenario opened again.
func (a *App) reopened(ctx context.Context, scenarioID string) (int, error) {
	records, err := a.Evidence.ForScenario(ctx, scenarioID)
	if err != nil {
		return 0, fmt.Errorf("read evidence of %s: %w", scenarioID, err)
	}
	n := 0
	for _, name := range gate.Names() {
		history, err := gate.History(records, name)
		if err != nil {
			return 0, err
		}
		for i := 1; i < len(history); i++ {
			if history[i-1].Verdict.Outcome.Passed() && !history[i].Verdict.Outcome.Passed() {
				n++
			}
		}
	}
	return n, nil
}

// Bind reads the folder, records what the scenario is bound to now, and waits
// until its gates were judged again. It measures nothing.
func (a *App) Bind(ctx context.Context, dir string) (string, error) {
	b, err := a.read(ctx, dir)
	if err != nil {
		return "", err
	}
	if err := a.keep(ctx, dir, b); err != nil {
		return "", err
	}
	var id string
	err = a.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		sc, _, err := a.save(ctx, tx, b)
		id = sc.ID
		return err
	})
	if err != nil {
		return "", err
	}
	return id, a.settle(ctx)
}
