package gate

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/landfall-ai/landfall/core/evidence"
)

// Limits of one expression: what it may cost is far above what a rule needs
// and far below what a person would notice.
const (
	maxExpression = 2000 // characters
	maxNesting    = 40
	maxCost       = 10_000
)

// paramName is the variable that holds the parameters.
const paramName = "param"

// estimateType names the type of an estimated metric. The # keeps type names
// apart from variables: a type named like a path would shadow it.
const estimateType = "#estimate"

var estimateFields = map[string]*types.Type{
	"value": types.DoubleType, "low": types.DoubleType, "high": types.DoubleType,
	"n": types.IntType, "level": types.DoubleType, "method": types.StringType,
}

// language is what expressions may name: kinds with their metrics, parameters.
type language struct {
	env    *cel.Env
	kinds  map[string]*kind
	byURI  map[string]*kind
	params map[string]ParamType
}

// kind is a declared kind with its metrics as a tree.
type kind struct {
	evidence.Kind
	root *branch
}

// branch is a step of a dotted metric name; metric is set at the last one.
type branch struct {
	children map[string]*branch
	metric   *evidence.Metric
}

func (b *branch) names() []string { return slices.Sorted(maps.Keys(b.children)) }

var (
	word = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	// reserved words of CEL, and words that have a meaning in its grammar
	// (https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax).
	reserved = []string{"as", "break", "const", "continue", "else", "false", "for", "function", "has", "if", "import", "in",
		"let", "loop", "namespace", "null", "package", "return", "true", "var", "void", "while",
		"bool", "bytes", "double", "duration", "dyn", "int", "list", "map", "null_type", "string", "timestamp", "type", "uint"}
)

func newLanguage(kinds []evidence.Kind, params map[string]ParamType) (*language, error) {
	l := &language{kinds: map[string]*kind{}, byURI: map[string]*kind{}, params: maps.Clone(params)}
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	p := &provider{Registry: registry, fields: map[string]map[string]*types.Type{estimateType: estimateFields, "#" + paramName: {}}}
	options := []cel.EnvOption{
		cel.CustomTypeAdapter(registry), cel.CustomTypeProvider(p),
		// has() only: other macros would shadow kinds, and loop.
		cel.ClearMacros(), cel.Macros(cel.HasMacro),
		cel.CrossTypeNumericComparisons(true),
		cel.ParserExpressionSizeLimit(maxExpression), cel.ParserRecursionLimit(maxNesting),
		cel.Variable(paramName, cel.ObjectType("#"+paramName)),
	}
	for name, typ := range params {
		celType, ok := map[ParamType]*types.Type{Double: types.DoubleType, Int: types.IntType, Bool: types.BoolType, String: types.StringType}[typ]
		if !ok || !word.MatchString(name) || slices.Contains(reserved, name) {
			return nil, fmt.Errorf("parameter %q of type %q cannot be declared", name, typ)
		}
		p.fields["#"+paramName][name] = celType
	}
	for _, k := range kinds {
		if k.Silent {
			continue
		}
		root, err := declare(k)
		if err != nil {
			return nil, err
		}
		if _, dup := l.kinds[k.Name]; dup || k.Name == paramName || !word.MatchString(k.Name) || slices.Contains(reserved, k.Name) {
			return nil, fmt.Errorf("kind %q cannot be declared, or is so twice", k.Name)
		}
		if _, dup := l.byURI[k.URI]; dup || k.URI == "" {
			return nil, fmt.Errorf("kind %q has the URI %q, which is empty or taken", k.Name, k.URI)
		}
		l.kinds[k.Name] = &kind{k, root}
		l.byURI[k.URI] = l.kinds[k.Name]
		p.add("#"+k.Name, root)
		options = append(options, cel.Variable(k.Name, cel.ObjectType("#"+k.Name)))
	}
	if l.env, err = cel.NewEnv(options...); err != nil {
		return nil, fmt.Errorf("build the environment of expressions: %w", err)
	}
	return l, nil
}

// declare builds the tree of a kind's metrics.
func declare(k evidence.Kind) (*branch, error) {
	root := &branch{children: map[string]*branch{}}
	for _, m := range k.Metrics {
		b := root
		for _, step := range strings.Split(m.Name, ".") {
			if !word.MatchString(step) || slices.Contains(reserved, step) || b.metric != nil {
				return nil, fmt.Errorf("metric %q of kind %s cannot be declared", m.Name, k.Name)
			}
			next := b.children[step]
			if next == nil {
				next = &branch{children: map[string]*branch{}}
				b.children[step] = next
			}
			b = next
		}
		if b.metric != nil || len(b.children) > 0 || (m.Shape != evidence.Exact && m.Shape != evidence.Estimated) {
			return nil, fmt.Errorf("metric %q of kind %s is declared twice, or has no shape", m.Name, k.Name)
		}
		b.metric = &m
	}
	return root, nil
}

// provider tells CEL the object types of kinds, groups of metrics, estimates
// and parameters. At run time all of them are map[string]any.
type provider struct {
	*types.Registry

	fields map[string]map[string]*types.Type
}

func (p *provider) add(typ string, b *branch) {
	fields := map[string]*types.Type{}
	p.fields[typ] = fields
	for name, child := range b.children {
		switch {
		case child.metric == nil:
			fields[name] = cel.ObjectType(typ + "." + name)
			p.add(typ+"."+name, child)
		case child.metric.Shape == evidence.Estimated:
			fields[name] = cel.ObjectType(estimateType)
		default:
			fields[name] = types.DoubleType
		}
	}
}

func (p *provider) FindStructType(name string) (*types.Type, bool) {
	if _, ok := p.fields[name]; ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return p.Registry.FindStructType(name)
}

func (p *provider) FindStructFieldNames(name string) ([]string, bool) {
	if f, ok := p.fields[name]; ok {
		return slices.Sorted(maps.Keys(f)), true
	}
	return p.Registry.FindStructFieldNames(name)
}

func (p *provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	fields, ok := p.fields[name]
	if !ok {
		return p.Registry.FindStructFieldType(name, field)
	}
	typ, ok := fields[field]
	if !ok {
		return nil, false
	}
	return &types.FieldType{
		Type: typ,
		IsSet: ref.FieldTester(func(target any) bool {
			m, ok := target.(map[string]any)
			return ok && m[field] != nil
		}),
		GetFrom: ref.FieldGetter(func(target any) (any, error) {
			if m, ok := target.(map[string]any); ok && m[field] != nil {
				return m[field], nil
			}
			return nil, fmt.Errorf("%s is absent", field)
		}),
	}, true
}
