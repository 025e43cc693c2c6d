// Package app is the one place that knows every capability: it wires them,
// opens and closes a home, and holds the pipeline of `landfall run`.
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/core/audit"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/core/endpoint"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/gate"
	"github.com/landfall-ai/landfall/core/gate/waiver"
	"github.com/landfall-ai/landfall/core/identity"
	"github.com/landfall-ai/landfall/core/loop"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/core/webhook"
	"github.com/landfall-ai/landfall/kit/blob"
	"github.com/landfall-ai/landfall/kit/home"
	"github.com/landfall-ai/landfall/kit/id"
	"github.com/landfall-ai/landfall/kit/jobs"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/seal"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/prove/failure"
)

// Config says where an App lives and what it takes from outside.
type Config struct {
	Home    string // folder; home.Default() if empty
	Store   string // database address; SQLite in the home if empty
	Version string
	Log     *slog.Logger
	Now     func() time.Time // time.Now if nil
	Runs    int              // runs at once on a server; 1 if 0
	// Webhooks are origins inside a private network that events may be sent to.
	Webhooks []string
}

// App is a home that is open: it holds the lock, the database and every
// capability's service.
type App struct {
	Home      *home.Home
	DB        *store.DB
	Blobs     *blob.Store
	Jobs      *jobs.Runner
	Loop      *loop.Loop
	Keys      *evidence.Keys
	Evidence  *evidence.Service
	Scenarios *scenario.Service
	Datasets  *dataset.Service
	Failures  *failure.Service
	Runs      *poc.Runs
	Gates     *gate.Service
	Policies  *gate.Policies
	Webhooks  *webhook.Service
	REST      *rest.Registry
	Box       *seal.Box
	Audit     *audit.Log
	People    *identity.Service
	Waivers   *waiver.Service
	Models    *endpoint.Service

	// Endpoints are those that an administrator defined; nil is none.
	Endpoints func(context.Context) (scenario.Endpoints, error)

	// Teams finds a team by its id; nil is the local one alone.
	Teams func(ctx context.Context, id string) (string, error)

	parallel int    // runs at once
	boot     string // tells events of this process from those of others
	folders  folders
	checking chan struct{} // bounds how many folders are read at once

	tool    string
	now     func() time.Time
	newID   func(prefix string) string
	log     *slog.Logger
	watches watches
	live    lives
	watched watchers
	startMu sync.Mutex
	started bool // jobs are worked
}

// Open opens a home for this process alone. It fails with home.locked if
// another process holds it. Close must be called.
func Open(ctx context.Context, cfg Config) (_ *App, err error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	dir := cfg.Home
	if dir == "" {
		if dir, err = home.Default(); err != nil {
			return nil, err
		}
	}
	a := &App{checking: make(chan struct{}, 2), parallel: cfg.Runs, tool: "landfall/" + cfg.Version, now: cfg.Now, log: cfg.Log, newID: id.New(cfg.Now, rand.Reader)}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.release())
			a = nil
		}
	}()
	if a.Home, err = home.Open(dir); err != nil {
		return nil, err
	}
	url := cfg.Store
	if url == "" {
		url = a.Home.DB()
	}
	caps := Capabilities()
	var migrations []fs.FS
	for _, c := range caps {
		migrations = append(migrations, c.Migrations...)
	}
	if a.DB, err = store.Open(ctx, url, migrations...); err != nil {
		return nil, err
	}
	if a.Blobs, err = blob.Folder(a.Home.Blobs()); err != nil {
		return nil, err
	}
	if err := a.tidyWork(); err != nil {
		return nil, err
	}
	if err := a.wire(caps, cfg.Webhooks); err != nil {
		return nil, err
	}
	return a, nil
}

// wire makes every service and ties it to the loop.
func (a *App) wire(caps []Capability, webhooks []string) error {
	a.boot = a.newID("boot")
	homeID, err := a.Home.ID(a.newID)
	if err != nil {
		return err
	}
	a.Jobs = jobs.New(jobs.Config{DB: a.DB, ID: homeID, Log: a.log, Now: a.now, Queues: map[string]int{runQueue: max(1, a.parallel), webhook.Queue: 4}})
	a.Loop = loop.New(loop.Deps{DB: a.DB, Jobs: a.Jobs, NewID: a.newID, Now: a.now})
	if a.Keys, err = evidence.OpenKeys(a.Home.Keys(), a.now, rand.Reader); err != nil {
		return err
	}
	if err := a.wireWebhooks(homeID, webhooks); err != nil {
		return err
	}
	var kinds []evidence.Kind
	var sources []gate.Source
	for _, c := range caps {
		kinds = append(kinds, c.Kinds...)
		sources = append(sources, c.Policies...)
	}
	a.Evidence, err = evidence.New(evidence.Deps{DB: a.DB, Keys: a.Keys, Kinds: kinds, NewID: a.newID, Now: a.now, Tool: a.tool,
		Emit: func(ctx context.Context, tx bun.Tx, r evidence.Record) error {
			return a.Loop.Emit(ctx, tx, loop.EvidenceAppended, r.Statement.Predicate.Scenario, r.ID())
		}})
	if err != nil {
		return fmt.Errorf("declare evidence: %w", err)
	}
	a.Scenarios = scenario.New(scenario.Deps{DB: a.DB, NewID: a.newID, Now: a.now, Endpoints: a.endpoints,
		BindingChanged: func(ctx context.Context, tx bun.Tx, id string) error {
			return a.Loop.Emit(ctx, tx, loop.BindingChanged, id, id)
		}})
	a.Datasets = dataset.New(dataset.Deps{DB: a.DB, Files: a.Blobs, NewID: a.newID, Now: a.now,
		Versioned: func(ctx context.Context, tx bun.Tx, scenarioID, versionID string) error {
			return a.Loop.Emit(ctx, tx, loop.DatasetVersioned, scenarioID, versionID)
		}})
	a.Failures = failure.New(failure.Deps{DB: a.DB, NewID: a.newID, Now: a.now,
		Emit: func(ctx context.Context, tx bun.Tx, scenarioID, subject string) error {
			return a.Loop.Emit(ctx, tx, loop.FailureObserved, scenarioID, subject)
		}})
	jobs.Handle(a.Jobs, a.workRun)
	a.Runs = &poc.Runs{DB: a.DB, NewID: a.newID, Now: a.now, Live: a.live.phases, Stop: a.live.stop}
	if a.Policies, err = gate.Compile(kinds, params, sources...); err != nil {
		return fmt.Errorf("compile the default policies: %w", err)
	}
	a.Gates = gate.New(gate.Deps{Policies: a.Policies, Evidence: a.Evidence, Now: a.now})
	a.Loop.Handle(loop.Handler{Name: "gate.evaluate",
		On:     []loop.Type{loop.BindingChanged, loop.EvidenceAppended},
		Handle: func(ctx context.Context, tx bun.Tx, e loop.Event) error { return a.recordVerdicts(ctx, tx, e.Scenario) }})
	if err := a.wirePeople(); err != nil {
		return err
	}
	a.REST = rest.New(rest.Config{Title: "Landfall", Version: a.tool, Log: a.log, Change: a.Audit.Change})
	for _, c := range caps {
		if c.Operations != nil {
			c.Operations(a.REST, a)
		}
	}
	return nil
}

// Close lets running jobs stop, closes the database and gives the home back.
func (a *App) Close(ctx context.Context) error {
	var err error
	a.startMu.Lock()
	started := a.started
	a.startMu.Unlock()
	if started {
		a.live.close()
		err = a.Jobs.Stop(ctx)
	}
	err = errors.Join(err, a.Evidence.KeepCheckpoint(ctx))
	return errors.Join(err, a.release())
}

func (a *App) release() error {
	var errs []error
	if a.Blobs != nil {
		errs = append(errs, a.Blobs.Close())
	}
	if a.DB != nil {
		errs = append(errs, a.DB.Close())
	}
	if a.Home != nil {
		errs = append(errs, a.Home.Close())
	}
	return errors.Join(errs...)
}

// Reports is the folder of HTML reports that nobody placed elsewhere.
func (a *App) Reports() string { return filepath.Join(a.Home.Dir(), "reports") }

// journal is where the case results of a run lie until they are sealed.
func (a *App) journal(run string) string { return filepath.Join(a.Home.Dir(), "runs", run+".db") }
