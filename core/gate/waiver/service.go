package waiver

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/actor"
	"github.com/landfall-ai/landfall/core/audit"
	"github.com/landfall-ai/landfall/core/gate"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/store"
)

// Migrations holds the table of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Faults of waivers.
var (
	ErrUnknown = fault.Def{Kind: fault.NotFound, Code: "waiver.unknown",
		En: "there is no waiver {id}", Zh: "没有豁免 {id}",
		HintEn: "see them all with: landfall waivers list", HintZh: "查看全部：landfall waivers list"}
	ErrRule = fault.Def{Kind: fault.Invalid, Code: "waiver.rule",
		En: "the gate {gate} has no rule {rule}", Zh: "门禁 {gate} 没有规则 {rule}",
		HintEn: "its rules: {rules}", HintZh: "现有规则：{rules}"}
	ErrUntil = fault.Def{Kind: fault.Invalid, Code: "waiver.until",
		En: "a waiver ends after now and within {days} days", Zh: "豁免须在当前时间之后、{days} 天之内到期",
		HintEn: "give until as 2026-12-31T00:00:00Z", HintZh: "until 的写法：2026-12-31T00:00:00Z"}
	ErrSecond = fault.Def{Kind: fault.Denied, Code: "waiver.second_person",
		En: "whoever asked for a waiver cannot approve it", Zh: "申请人不能审批自己的豁免",
		HintEn: "another approver of the team does it", HintZh: "请由团队中的其他审批者审批"}
	ErrState = fault.Def{Kind: fault.Conflict, Code: "waiver.state",
		En: "the waiver {id} is {state}", Zh: "豁免 {id} 当前状态为 {state}",
		HintEn: "ask for a new one", HintZh: "请重新申请"}
)

// MaxDays is how long a waiver may last.
const MaxDays = 180

// The states of a waiver. Expired is never stored: time makes it so.
const (
	Requested = "requested"
	Approved  = "approved"
	Withdrawn = "withdrawn"
	Expired   = "expired"
)

// Deps is what a Service needs.
type Deps struct {
	DB       *store.DB
	Evidence gate.Evidence
	Policies func() *gate.Policies
	NewID    func(prefix string) string
	Now      func() time.Time
}

// Service keeps waivers.
type Service struct{ d Deps }

// New returns a Service.
func New(d Deps) *Service { return &Service{d} }

type row struct {
	bun.BaseModel `bun:"table:waivers,alias:w"`

	ID          string `bun:",pk"`
	ScenarioID  string
	Gate        string
	Rule        string
	Why         string
	Until       int64
	State       string
	RequestedBy string
	Requester   string
	RequestedAt int64
	DecidedBy   string
	Decider     string
	DecidedAt   int64
}

func (r row) noted() map[string]any {
	return map[string]any{"scenario": r.ScenarioID, "gate": r.Gate, "rule": r.Rule, "why": r.Why, "until": r.Until, "state": r.State,
		"requested_by": r.RequestedBy, "decided_by": r.DecidedBy}
}

func (r row) waiver(withdrawn bool) gate.Waiver {
	return gate.Waiver{ID: r.ID, Gate: r.Gate, Rule: r.Rule, Why: r.Why, Until: store.FromMicros(r.Until),
		Asked: gate.Who{ID: r.RequestedBy, Name: r.Requester}, Approved: gate.Who{ID: r.DecidedBy, Name: r.Decider}, Withdrawn: withdrawn}
}

// policy returns the digest of a gate's policy, or fails with ErrRule if it has
// no such rule.
func (s *Service) policy(name, rule string) (string, error) {
	p, err := s.d.Policies().Gate(name)
	if err != nil {
		return "", err
	}
	ids := make([]string, len(p.Rules))
	for i, r := range p.Rules {
		ids[i] = r.ID
	}
	if !slices.Contains(ids, rule) {
		return "", ErrRule.With("gate", name, "rule", rule, "rules", ids).In("/rule")
	}
	return p.Digest, nil
}

// Request asks for a waiver of a rule in the name of the actor of ctx.
func (s *Service) Request(ctx context.Context, scenario, gateName, rule, why string, until time.Time) (row, error) {
	now := s.d.Now()
	if _, err := s.policy(gateName, rule); err != nil {
		return row{}, err
	}
	if !until.After(now) || until.After(now.AddDate(0, 0, MaxDays)) {
		return row{}, ErrUntil.With("days", MaxDays).In("/until")
	}
	who := actor.From(ctx)
	r := row{ID: s.d.NewID("wvr"), ScenarioID: scenario, Gate: gateName, Rule: rule, Why: strings.TrimSpace(why), Until: store.Micros(until), State: Requested,
		RequestedBy: who.ID, Requester: who.Name, RequestedAt: store.Micros(now)}
	err := s.d.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewInsert().Model(&r).Exec(ctx); err != nil {
			return fmt.Errorf("store waiver: %w", err)
		}
		return audit.NoteWhy(ctx, "waiver", r.ID, nil, r.noted(), r.Why)
	})
	return r, err
}

// Approve lets a waiver hold, on the responsibility of the actor of ctx. It
// fails with ErrSecond if they asked for it, and with ErrState unless it waits.
func (s *Service) Approve(ctx context.Context, id string) (row, error) {
	who := actor.From(ctx)
	return s.decide(ctx, id, func(r *row) (bool, error) {
		switch state := r.state(s.d.Now()); {
		case state != Requested:
			return false, ErrState.With("id", id, "state", state)
		case r.RequestedBy == who.ID || who.Kind != actor.Person:
			return false, ErrSecond.With()
		}
		r.State, r.DecidedBy, r.Decider, r.DecidedAt = Approved, who.ID, who.Name, store.Micros(s.d.Now())
		return true, nil
	}, false)
}

// Withdraw ends a waiver, or the request for one.
func (s *Service) Withdraw(ctx context.Context, id string) (row, error) {
	return s.decide(ctx, id, func(r *row) (bool, error) {
		if state := r.state(s.d.Now()); state != Requested && state != Approved {
			return false, ErrState.With("id", id, "state", state)
		}
		approved := r.State == Approved
		r.State = Withdrawn
		return approved, nil
	}, true)
}

// state is the state at that time.
func (r row) state(now time.Time) string {
	if r.State != Withdrawn && store.Micros(now) >= r.Until {
		return Expired
	}
	return r.State
}

// decide changes a waiver and, if change says so, appends evidence of it, which
// has the scenario's gates judged again. Of two who decide at once one finds it
// decided.
func (s *Service) decide(ctx context.Context, id string, change func(*row) (proven bool, err error), withdrawn bool) (r row, err error) {
	err = s.d.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if r, err = s.get(ctx, tx, id); err != nil {
			return err
		}
		before, was := r.noted(), r.State
		proven, err := change(&r)
		if err != nil {
			return err
		}
		res, err := tx.NewUpdate().Model(&r).WherePK().Where("state = ?", was).Exec(ctx)
		if err != nil {
			return fmt.Errorf("store waiver: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return ErrState.With("id", id, "state", "?").Because(err)
		}
		if err := audit.NoteWhy(ctx, "waiver", r.ID, before, r.noted(), r.Why); err != nil {
			return err
		}
		if !proven {
			return nil
		}
		digest, err := s.policy(r.Gate, r.Rule)
		if err != nil {
			return err
		}
		st, err := gate.WaiverStatement(r.ScenarioID, r.waiver(withdrawn), digest, s.d.Now())
		if err != nil {
			return err
		}
		if _, err := s.d.Evidence.Append(ctx, tx, st); err != nil {
			return fmt.Errorf("record waiver: %w", err)
		}
		return nil
	})
	return r, err
}

func (s *Service) get(ctx context.Context, db bun.IDB, id string) (row, error) {
	var r row
	found, err := store.Found(db.NewSelect().Model(&r).Where("id = ?", id).Scan(ctx))
	if err != nil {
		return r, fmt.Errorf("read waiver: %w", err)
	}
	if !found {
		return r, ErrUnknown.With("id", id)
	}
	return r, nil
}
