package grade

import (
	"context"

	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/text"
)

// Operations registers what can be asked about gradings. matrix compares the
// scenarios that the principal of its context may read.
func Operations(r *rest.Registry, matrix func(context.Context) (*Feasibility, error)) {
	rest.Add(r, rest.Op{ID: "compare-feasibility", Method: "GET", Path: "/feasibility", Perm: auth.Read,
		Doc: text.Text{En: "Compare scenarios: what is feasible at each level, how ready the data is, latency, cost, risk, and what is missing.",
			Zh: "比较各场景：各级别的可行性、数据就绪度、延迟、成本、风险，以及尚缺什么。"}},
		func(ctx context.Context, _ *rest.None) (*Feasibility, error) { return matrix(ctx) })
}
