package scenario

import (
	"github.com/landfall-ai/landfall/kit/fault"
)

// Faults of a document that is served.
var (
	ErrServedEndpoint = fault.Def{Kind: fault.Invalid, Code: "scenario.served_endpoint",
		En:     "a scenario on a server carries no addresses and no names of variables; the endpoint {endpoint} is for an administrator to define",
		Zh:     "服务器上的场景不得自带地址和变量名；端点 {endpoint} 须由管理员定义",
		HintEn: "leave out endpoints; candidates name those that the server has: {known}", HintZh: "请去掉 endpoints；候选方案直接引用服务器已有的端点：{known}"}
	ErrServedCommand = fault.Def{Kind: fault.Invalid, Code: "scenario.served_command",
		En: "a scenario on a server runs no programs of its own", Zh: "服务器上的场景不得运行自带的程序",
		HintEn: "use another grader, or run the folder on your own machine with --allow-commands", HintZh: "请改用其他评分器，或在自己的机器上加 --allow-commands 运行"}
)

// Reading says what a document may hold, by where it is read. The zero value
// is a folder of one's own.
type Reading struct {
	// Known are endpoints that are defined outside of the document. Where it
	// defines one of the same name, its own counts.
	Known Endpoints
	// Served refuses endpoints and commands of the document's own.
	Served bool
	// Kept is a document that was checked when it was kept: endpoints that are
	// gone since are no fault of its own.
	Kept bool
}

// prepare gives d the endpoints that it may use, and complains of what it may
// not hold.
func (r Reading) prepare(d *Document, file string, t *tree) Problems {
	var ps Problems
	if r.Served {
		known := sortedKeys(r.Known)
		if len(known) == 0 {
			known = []string{"–"}
		}
		for _, name := range sortedKeys(d.Endpoints) {
			ps = append(ps, at(ErrServedEndpoint.With("endpoint", name, "known", known), file, t, "/endpoints/"+escape(name)))
		}
		for i, s := range d.AllSuites() {
			if s.Task.Grader["kind"] == "command" || s.Task.Grader["command"] != nil {
				ps = append(ps, at(ErrServedCommand.With(), file, t, suitePointer(i)+"/task/grader"))
			}
		}
		d.Endpoints = nil
	}
	if len(r.Known) > 0 && d.Endpoints == nil {
		d.Endpoints = Endpoints{}
	}
	for name, e := range r.Known {
		if _, own := d.Endpoints[name]; !own {
			d.Endpoints[name] = e
		}
	}
	d.kept = r.Kept
	return ps
}
