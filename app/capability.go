package app

import (
	"io/fs"

	"github.com/landfall-ai/landfall/align/grade"
	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/boundary"
	"github.com/landfall-ai/landfall/align/poc/diff"
	"github.com/landfall-ai/landfall/align/poc/probe"
	"github.com/landfall-ai/landfall/align/roi"
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
	"github.com/landfall-ai/landfall/kit/idempotent"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/prove/failure"
	"github.com/landfall-ai/landfall/prove/quality"
	"github.com/landfall-ai/landfall/prove/selection"
)

// Capability is what one folder brings to the whole: what it measures, its
// tables, its part of the default policy and its operations. Adding one is
// adding a folder and a line in Capabilities.
type Capability struct {
	Name       string // the folder
	Kinds      []evidence.Kind
	Migrations []fs.FS
	Policies   []gate.Source
	Operations func(*rest.Registry, *App)
}

// Capabilities returns all of them, the spine first.
func Capabilities() []Capability {
	return []Capability{
		{Name: "core/scenario", Migrations: []fs.FS{scenario.Migrations, idempotent.Migrations}, Operations: func(r *rest.Registry, a *App) {
			a.Scenarios.Operations(r)
			a.folderOperations(r)
		}},
		{Name: "core/evidence", Migrations: []fs.FS{evidence.Migrations}, Operations: func(r *rest.Registry, a *App) {
			a.Evidence.Operations(r, a.Scenarios)
			a.auditOperations(r)
			a.backupOperations(r)
		}},
		{Name: "core/audit", Migrations: []fs.FS{audit.Migrations}, Operations: func(r *rest.Registry, a *App) { a.Audit.Operations(r) }},
		{Name: "core/identity", Migrations: []fs.FS{identity.Migrations}, Operations: func(r *rest.Registry, a *App) { a.People.Operations(r) }},
		{Name: "core/dataset", Migrations: []fs.FS{dataset.Migrations}, Operations: func(r *rest.Registry, a *App) { a.Datasets.Operations(r, a.Scenarios) }},
		{Name: "core/loop", Migrations: []fs.FS{loop.Migrations}, Operations: func(r *rest.Registry, a *App) { a.Loop.Operations(r, a.Scenarios) }},
		{Name: "core/webhook", Migrations: []fs.FS{webhook.Migrations}, Operations: func(r *rest.Registry, a *App) { a.Webhooks.Operations(r) }},
		{Name: "core/gate", Kinds: []evidence.Kind{gate.Kind(), gate.WaiverKind()}, Operations: func(r *rest.Registry, a *App) { gate.Operations(r, a.Scenarios, a.allVerdicts) }},
		{Name: "core/gate/waiver", Migrations: []fs.FS{waiver.Migrations}, Operations: func(r *rest.Registry, a *App) { a.Waivers.Operations(r, a.Scenarios) }},
		{Name: "core/endpoint", Migrations: []fs.FS{endpoint.Migrations}, Operations: func(r *rest.Registry, a *App) { a.Models.Operations(r) }},
		{Name: "prove/quality", Kinds: []evidence.Kind{quality.Kind()}, Policies: []gate.Source{{Name: "prove/quality/policy.yaml", Data: quality.Policy}}},
		{Name: "align/poc", Kinds: []evidence.Kind{poc.Kind()}, Migrations: []fs.FS{poc.Migrations},
			Policies: []gate.Source{{Name: "align/poc/policy.yaml", Data: poc.Policy}}, Operations: func(r *rest.Registry, a *App) {
				a.Runs.Operations(r, a.Scenarios, a.withResults)
				a.runOperations(r)
			}},
		{Name: "align/poc/boundary", Kinds: []evidence.Kind{boundary.Kind()}, Operations: func(r *rest.Registry, a *App) { boundary.Operations(r, a.boundaryOf) }},
		{Name: "align/poc/diff", Operations: func(r *rest.Registry, a *App) { diff.Operations(r, a.Diff) }},
		{Name: "align/poc/probe", Kinds: []evidence.Kind{probe.Kind()}, Policies: []gate.Source{{Name: "align/poc/probe/policy.yaml", Data: probe.Policy}}},
		{Name: "align/grade", Kinds: []evidence.Kind{grade.Kind()}, Policies: []gate.Source{{Name: "align/grade/policy.yaml", Data: grade.Policy}},
			Operations: func(r *rest.Registry, a *App) { grade.Operations(r, a.visibleFeasibility) }},
		{Name: "align/roi", Kinds: []evidence.Kind{roi.Kind()}, Policies: []gate.Source{{Name: "align/roi/policy.yaml", Data: roi.Policy}}},
		{Name: "prove/selection", Kinds: []evidence.Kind{selection.Kind()}},
		{Name: "prove/failure", Migrations: []fs.FS{failure.Migrations}, Operations: func(r *rest.Registry, a *App) { a.Failures.Operations(r, a.Scenarios) }},
	}
}

// Table returns the operation table alone, to make commands and documents
// from: its operations are not connected to a home and must not be called.
func Table() *rest.Registry {
	a := &App{Scenarios: &scenario.Service{}, Evidence: &evidence.Service{}, Datasets: &dataset.Service{}, Runs: &poc.Runs{},
		Loop: &loop.Loop{}, Failures: &failure.Service{}, Webhooks: &webhook.Service{},
		Audit: &audit.Log{}, People: &identity.Service{}, Waivers: &waiver.Service{}, Models: &endpoint.Service{}}
	r := rest.New(rest.Config{Title: "Landfall"})
	for _, c := range Capabilities() {
		if c.Operations != nil {
			c.Operations(r, a)
		}
	}
	return r
}
