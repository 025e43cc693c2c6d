package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// What can be wrong with a statement.
var (
	ErrKind = fault.Def{Kind: fault.Invalid, Code: "evidence.kind_unknown",
		En: "no kind of evidence is declared as {uri}", Zh: "未声明证据类型 {uri}",
		HintEn: "declared are: {declared}", HintZh: "已声明的有：{declared}"}
	ErrStatement = fault.Def{Kind: fault.Invalid, Code: "evidence.statement",
		En: "this is no valid statement: {why}", Zh: "不是有效的声明：{why}"}
	ErrSubject = fault.Def{Kind: fault.Invalid, Code: "evidence.subject",
		En: "subject {name} of {kind}: {why}", Zh: "{kind} 的对象 {name}：{why}",
		HintEn: "the roles of {kind} are: {roles}", HintZh: "{kind} 的角色有：{roles}"}
	ErrMetric = fault.Def{Kind: fault.Invalid, Code: "evidence.metric",
		En: "metric {metric} of {kind}: {why}", Zh: "{kind} 的指标 {metric}：{why}"}
	ErrDetail = fault.Def{Kind: fault.Invalid, Code: "evidence.detail",
		En: "the detail of {kind} does not fit its schema: {why}", Zh: "{kind} 的明细不符合其模式：{why}"}
	ErrTooLarge = fault.Def{Kind: fault.TooLarge, Code: "evidence.too_large",
		En: "the statement is {size} bytes long; {limit} are allowed", Zh: "声明长度为 {size} 字节，上限为 {limit}",
		HintEn: "evidence holds aggregates and digests; keep tables of cases with the run", HintZh: "证据只存汇总与摘要；逐条结果请留在运行记录中"}
)

// reason is what is wrong, as a parameter of a fault, in both languages.
type reason struct{ text.Text }

// String is the English form, which logs and wrapped errors show.
func (r reason) String() string { return r.En }

func because(en, zh string, args ...any) reason {
	if len(args) == 0 {
		return reason{text.Text{En: en, Zh: zh}}
	}
	return reason{text.Text{En: fmt.Sprintf(en, args...), Zh: fmt.Sprintf(zh, args...)}}
}

// registry is the declared kinds by URI, with their schemas compiled.
type registry struct {
	kinds   map[string]Kind
	schemas map[string]*jsonschema.Schema
}

func newRegistry(kinds []Kind) (registry, error) {
	r := registry{kinds: map[string]Kind{}, schemas: map[string]*jsonschema.Schema{}}
	for _, k := range kinds {
		if err := k.check(); err != nil {
			return r, err
		}
		if _, twice := r.kinds[k.URI]; twice {
			return r, fmt.Errorf("kind %s is declared twice", k.URI)
		}
		r.kinds[k.URI] = k
		if len(k.DetailSchema) == 0 {
			continue
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(k.DetailSchema))
		if err != nil {
			return r, fmt.Errorf("kind %s: detail schema: %w", k.Name, err)
		}
		c := jsonschema.NewCompiler()
		c.UseLoader(jsonschema.SchemeURLLoader{}) // no schema is fetched
		if err := c.AddResource(k.URI+"/detail", doc); err != nil {
			return r, fmt.Errorf("kind %s: detail schema: %w", k.Name, err)
		}
		if r.schemas[k.URI], err = c.Compile(k.URI + "/detail"); err != nil {
			return r, fmt.Errorf("kind %s: detail schema: %w", k.Name, err)
		}
	}
	return r, nil
}

// check validates a statement, as decoded from its canonical bytes, against
// its kind.
func (r registry) check(st Statement) error {
	k, ok := r.kinds[st.PredicateType]
	if !ok {
		return ErrKind.With("uri", st.PredicateType, "declared", slices.Sorted(maps.Keys(r.kinds))).In("/predicateType")
	}
	if err := checkPredicate(k, st); err != nil {
		return err
	}
	if err := checkSubjects(k, st.Subject); err != nil {
		return err
	}
	if err := checkMetrics(k, st.Predicate.Metrics); err != nil {
		return err
	}
	return r.checkDetail(k, st.Predicate.Detail)
}

func checkPredicate(k Kind, st Statement) error {
	p := st.Predicate
	bad := func(pointer string, why reason) error {
		return ErrStatement.With("why", why).In("/predicate/" + pointer)
	}
	switch {
	case st.Type != StatementType:
		return ErrStatement.With("why", because("_type is %q", "_type 为 %q", st.Type)).In("/_type")
	case !plainID.MatchString(p.ID):
		return bad("id", because("id %q", "id 为 %q", p.ID))
	case p.Scenario != "" && !plainID.MatchString(p.Scenario):
		return bad("scenario", because("scenario %q", "场景为 %q", p.Scenario))
	case p.Supersedes != "" && !plainID.MatchString(p.Supersedes):
		return bad("supersedes", because("supersedes %q", "supersedes 为 %q", p.Supersedes))
	case p.Run != "" && !plainID.MatchString(p.Run):
		return bad("run", because("run %q", "运行记录为 %q", p.Run))
	case p.Supersedes == p.ID:
		return bad("supersedes", because("it supersedes itself", "它取代自身"))
	case p.Provenance != Measured && p.Provenance != Imported && p.Provenance != Assumed:
		return bad("provenance", because("provenance %q", "取证方式为 %q", p.Provenance))
	case p.Provenance != Measured && strings.TrimSpace(p.Source) == "":
		return bad("source", because("evidence that is %s names its source", "取证方式为 %s 的证据须写明来源", p.Provenance))
	case p.Finished.Before(p.Started):
		return bad("finished", because("it finished before it started", "结束早于开始"))
	}
	for i, name := range p.Assumed {
		if _, ok := k.Metric(name); !ok {
			return ErrMetric.With("kind", k.Name, "metric", name, "why", unknownMetric(k, name)).In(fmt.Sprintf("/predicate/assumed/%d", i))
		}
	}
	return nil
}

// plainID is what ids and slugs look like: nothing that needs quoting.
var plainID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$`)

var hexSHA256 = regexp.MustCompile(`^[0-9a-f]{64}$`)

// maxSubjects and maxSubjectName bound what a statement is about.
const (
	maxSubjects    = 10_000
	maxSubjectName = 500 // bytes
)

func checkSubjects(k Kind, subjects []Subject) error {
	if len(k.Roles) > 0 && len(subjects) == 0 || len(subjects) > maxSubjects {
		return ErrStatement.With("why", because("it has %d subjects", "它有 %d 个对象", len(subjects))).In("/subject")
	}
	seen := map[[2]string]bool{}
	for i, s := range subjects {
		at := fmt.Sprintf("/subject/%d", i)
		bad := func(why reason) error {
			return ErrSubject.With("name", s.Name, "kind", k.Name, "roles", k.Roles, "why", why).In(at)
		}
		key := [2]string{s.Role(), s.Name}
		switch {
		case !slices.Contains(k.Roles, s.Role()):
			return bad(because("%q is not one of its roles", "%q 不是其角色之一", s.Role()))
		case s.Name == "" || len(s.Name) > maxSubjectName:
			return bad(because("its name is empty or too long", "名称为空或过长"))
		case len(s.Digest) != 1 || !hexSHA256.MatchString(s.SHA256()):
			return bad(because("its digest is not one SHA-256 in hex", "摘要不是一个十六进制 SHA-256"))
		case seen[key]:
			return bad(because("it is named twice in one role", "在同一角色中重复"))
		}
		seen[key] = true
	}
	return nil
}

func checkMetrics(k Kind, tree map[string]any) error {
	bad := func(name string, why reason) error {
		return ErrMetric.With("kind", k.Name, "metric", name, "why", why).In("/predicate/metrics/" + strings.ReplaceAll(name, ".", "/"))
	}
	found := 0
	for _, m := range k.Metrics {
		v, ok := metricAt(tree, m.Name)
		if !ok {
			if !m.Optional {
				return bad(m.Name, because("it is missing", "缺失"))
			}
			continue
		}
		found++
		switch m.Shape {
		case Exact:
			if f, ok := v.(float64); !ok || math.IsNaN(f) || math.IsInf(f, 0) {
				return bad(m.Name, because("it is not a number", "不是数值"))
			}
		case Estimated:
			if _, why := readEstimate(v); !why.IsZero() {
				return bad(m.Name, why)
			}
		}
	}
	return eachLeaf(k, tree, "", func(name string) error { return bad(name, unknownMetric(k, name)) })
}

// eachLeaf calls f for what stands in the tree and is not declared.
func eachLeaf(k Kind, tree map[string]any, prefix string, f func(name string) error) error {
	for _, part := range slices.Sorted(maps.Keys(tree)) {
		name := prefix + part
		if _, declared := k.Metric(name); declared {
			continue
		}
		under, ok := tree[part].(map[string]any)
		if !ok || !slices.ContainsFunc(k.Metrics, func(m Metric) bool { return strings.HasPrefix(m.Name, name+".") }) {
			return f(name)
		}
		if err := eachLeaf(k, under, name+".", f); err != nil {
			return err
		}
	}
	return nil
}

func unknownMetric(k Kind, name string) reason {
	names := make([]string, len(k.Metrics))
	for i, m := range k.Metrics {
		names[i] = m.Name
	}
	if near := text.Nearest(name, names); near != "" {
		return because("it is not declared; the nearest is %s", "未声明；最接近的是 %s", near)
	}
	return because("it is not declared", "未声明")
}

// readEstimate reads an estimate as decoded from JSON and says what is wrong
// with it.
func readEstimate(v any) (e Estimate, why reason) {
	m, ok := v.(map[string]any)
	if !ok {
		return e, because("it is not an estimate", "不是估计值")
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		f, isNumber := m[name].(float64)
		switch name {
		case "value":
			e.Value = f
		case "low":
			e.Low = f
		case "high":
			e.High = f
		case "level":
			e.Level = f
		case "n":
			e.N = int(f)
			isNumber = isNumber && float64(e.N) == f
		case "method":
			e.Method, isNumber = m[name].(string)
		default:
			return e, because("an estimate has no field %q", "估计值没有字段 %q", name)
		}
		if !isNumber {
			return e, because("its field %s is malformed", "字段 %s 格式不对", name)
		}
	}
	switch {
	case len(m) != 6:
		return e, because("an estimate has value, low, high, n, method and level", "估计值须有 value、low、high、n、method、level")
	case e.Low > e.Value || e.Value > e.High:
		return e, because("its value %v is outside of its interval [%v, %v]", "其值 %v 不在区间 [%v, %v] 内", e.Value, e.Low, e.High)
	case e.N < 0:
		return e, because("n is %d", "n 为 %d", e.N)
	case e.Level <= 0 || e.Level >= 1:
		return e, because("its level %v is not between 0 and 1", "其置信水平 %v 不在 0 与 1 之间", e.Level)
	case strings.TrimSpace(e.Method) == "":
		return e, because("it names no method", "未写明方法")
	}
	return e, reason{}
}

func (r registry) checkDetail(k Kind, detail map[string]any) error {
	schema := r.schemas[k.URI]
	if schema == nil {
		if len(detail) > 0 {
			return ErrDetail.With("kind", k.Name, "why", because("the kind declares none", "该类型未声明明细")).In("/predicate/detail")
		}
		return nil
	}
	var instance any = map[string]any{}
	if detail != nil {
		instance = detail
	}
	err := schema.Validate(instance)
	if err == nil {
		return nil
	}
	var v *jsonschema.ValidationError
	if !errors.As(err, &v) {
		return ErrDetail.With("kind", k.Name, "why", err.Error()).In("/predicate/detail")
	}
	for len(v.Causes) > 0 {
		v = v.Causes[0]
	}
	pointer := "/predicate/detail"
	for _, p := range v.InstanceLocation {
		pointer += "/" + pointerName(p)
	}
	_, why, _ := strings.Cut(v.Error(), ": ")
	return ErrDetail.With("kind", k.Name, "why", strings.TrimSpace(why)).In(pointer)
}

// decodeStatement reads the payload of an envelope.
func decodeStatement(payload []byte) (Statement, error) {
	var st Statement
	if err := json.Unmarshal(payload, &st); err != nil {
		return Statement{}, fmt.Errorf("decode statement: %w", err)
	}
	return st, nil
}
