package grade

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/fault"
)

// RoutesSchema names the version of an exported routing table. Fields are
// only ever added.
const RoutesSchema = "landfall.dev/routes/v1"

// RoutesJSONSchema is the published JSON Schema of an exported routing table.
//
//go:embed routes.schema.json
var RoutesJSONSchema []byte

// RoutesValid is how long a routing table may be used unless its owner says
// otherwise.
const RoutesValid = 90 * 24 * time.Hour

// MaxRoutes bounds an exported table in bytes.
const MaxRoutes = 1 << 20

// Faults of routing tables.
var (
	ErrRoutesInvalid = fault.Def{Kind: fault.Invalid, Code: "routes.invalid",
		En: "this is no routing table: {problem}", Zh: "这不是路由表：{problem}",
		HintEn: "export one with: landfall grade routes DIR -O routes.yaml", HintZh: "导出一份：landfall grade routes DIR -O routes.yaml"}
	ErrRoutesChanged = fault.Def{Kind: fault.Invalid, Code: "routes.changed",
		En: "the routing table was changed after it was exported: it says digest {said}, and has {has}", Zh: "路由表在导出后被改动：标注的摘要为 {said}，实际为 {has}",
		HintEn: "export it again; what it should say follows from evidence", HintZh: "请重新导出；其内容由证据得出，不应手工修改"}
	ErrRoutesExpired = fault.Def{Kind: fault.Precondition, Code: "routes.expired",
		En: "the routing table expired at {expires}", Zh: "路由表已于 {expires} 过期",
		HintEn: "measure again and export: landfall run DIR --again; landfall grade routes DIR", HintZh: "重新测量后导出：landfall run DIR --again;landfall grade routes DIR"}
	ErrRoutesNone = fault.Def{Kind: fault.Conflict, Code: "routes.none",
		En: "there is no current grading with a routing table for {scenario}", Zh: "{scenario} 没有带路由表的当前分级证据",
		HintEn: "measure it first: landfall run DIR (evidence that is exploratory or stale routes nothing)", HintZh: "请先测量：landfall run DIR（探索性或已过时的证据不能用于路由）"}
)

// Routes is a routing table as a model service loads it.
type Routes struct {
	Schema   string    `json:"schema"`
	Scenario string    `json:"scenario"` // slug
	Evidence string    `json:"evidence"` // id of the grading that it follows from
	Run      string    `json:"run"`
	Created  time.Time `json:"created"` // when that was measured
	Expires  time.Time `json:"expires"` // from then on it must not be used
	// Slices say where the requests of each slice go. A service that cannot
	// tell a request's slice uses Policy.
	Slices []SliceRoute `json:"slices"`
	Policy *RoutePolicy `json:"policy,omitempty"`
	Curve  *RouteCurve  `json:"curve,omitempty"`
	// Digests of the candidates that the table names, by id: what it says
	// holds for these and no others.
	Digests map[string]string `json:"digests"`
	// Digest is the SHA-256, in hex, of the RFC 8785 form of everything else.
	Digest string `json:"digest"`
}

// Export makes the table of a grading. It fails with ErrRoutesNone if the
// grading has no routing.
func Export(slug string, rec evidence.Record, valid time.Duration) (Routes, error) {
	r, err := FromRecord(rec)
	if err != nil {
		return Routes{}, err
	}
	if r.Routing == nil {
		return Routes{}, ErrRoutesNone.With("scenario", slug)
	}
	p := rec.Statement.Predicate
	created := p.Finished.UTC().Truncate(time.Second)
	out := Routes{Schema: RoutesSchema, Scenario: slug, Evidence: rec.ID(), Run: p.Run, Created: created, Expires: created.Add(valid),
		Slices: r.Routing.Slices, Policy: r.Routing.Policy, Curve: r.Routing.Curve, Digests: map[string]string{}}
	named := []string{}
	for _, s := range out.Slices {
		named = append(named, s.Candidate)
	}
	if out.Policy != nil {
		named = append(named, out.Policy.Cheap, out.Policy.Dear)
	}
	for _, row := range r.Matrix {
		for _, c := range row.Candidates {
			if slices.Contains(named, c.Candidate) {
				out.Digests[c.Candidate] = c.Digest
			}
		}
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return Routes{}, fmt.Errorf("encode routes: %w", err)
	}
	out.Digest, err = routesDigest(raw)
	return out, err
}

// routesDigest is over all fields but the digest, those of a later version
// too.
func routesDigest(raw []byte) (string, error) {
	var tree map[string]any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return "", fmt.Errorf("decode routes: %w", err)
	}
	delete(tree, "digest")
	return evidence.Digest(tree)
}

var routesSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(RoutesJSONSchema))
	if err != nil {
		return nil, fmt.Errorf("read the schema of routes: %w", err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("routes.json", doc); err != nil {
		return nil, fmt.Errorf("add the schema of routes: %w", err)
	}
	return c.Compile("routes.json")
})

// ParseRoutes reads an exported table, JSON or YAML. It fails with
// ErrRoutesInvalid if it is none and with ErrRoutesChanged if its digest is
// not that of its content. Whether it may be used still depends on the time:
// see Routes.Current.
func ParseRoutes(data []byte) (Routes, error) {
	invalid := func(err error) (Routes, error) {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return Routes{}, ErrRoutesInvalid.With("problem", first).Because(err)
	}
	if len(data) > MaxRoutes {
		return invalid(fmt.Errorf("it is longer than %d bytes", MaxRoutes))
	}
	if !json.Valid(data) {
		tree, err := parser.ParseBytes(data, 0)
		if err != nil {
			return invalid(err)
		}
		a := &aliases{}
		for _, d := range tree.Docs {
			ast.Walk(a, d)
		}
		if a.found { // an alias can unfold a small file without end
			return invalid(errors.New("YAML aliases are not allowed here"))
		}
		if data, err = yaml.YAMLToJSON(data); err != nil {
			return invalid(err)
		}
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return invalid(err)
	}
	schema, err := routesSchema()
	if err != nil {
		return Routes{}, err
	}
	if err := schema.Validate(tree); err != nil {
		var v *jsonschema.ValidationError
		for errors.As(err, &v) && len(v.Causes) > 0 {
			err = v.Causes[0]
		}
		return invalid(err)
	}
	var r Routes
	if err := json.Unmarshal(data, &r); err != nil {
		return invalid(err)
	}
	has, err := routesDigest(data)
	if err != nil {
		return invalid(err)
	}
	if has != r.Digest {
		return Routes{}, ErrRoutesChanged.With("said", r.Digest, "has", has)
	}
	return r, nil
}

type aliases struct{ found bool }

func (a *aliases) Visit(n ast.Node) ast.Visitor {
	_, alias := n.(*ast.AliasNode)
	a.found = a.found || alias
	return a
}

// Current fails with ErrRoutesExpired if the table must not be used at now.
func (r Routes) Current(now time.Time) error {
	if !now.Before(r.Expires) {
		return ErrRoutesExpired.With("expires", r.Expires.Format(time.RFC3339))
	}
	return nil
}

// For returns where the requests of a slice go; ok is false if no candidate is
// known to suffice and there are no people to fall back on.
func (r Routes) For(slice string) (SliceRoute, bool) {
	i := slices.IndexFunc(r.Slices, func(s SliceRoute) bool { return s.Slice == slice && s.Candidate != "" })
	if i < 0 {
		return SliceRoute{}, false
	}
	return r.Slices[i], true
}

// Asks says whether a cascade hands a case on: its cheap candidate abstained
// or was not sure enough.
func (p RoutePolicy) Asks(answered bool, confidence float64) bool {
	return p.Dear != "" && (!answered || confidence < p.Threshold)
}
