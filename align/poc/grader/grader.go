package grader

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/landfall-ai/landfall/align/poc/grader/judge"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// MaxAnswer is the longest answer that is read, in bytes. A longer one is wrong.
const MaxAnswer = 1 << 20

// Faults of a grader.
var (
	ErrSpec = fault.Def{Kind: fault.Invalid, Code: "grader.spec",
		En: "the grader is declared wrongly: {why}", Zh: "评分器声明有误：{why}"}
	ErrNeeds = fault.Def{Kind: fault.Precondition, Code: "grader.needs",
		En: "the grader {kind} needs {what}, which is not there", Zh: "评分器 {kind} 需要{what}，当前没有",
		HintEn: "name an endpoint for it, or choose a grader that needs none", HintZh: "请为其指定服务端点，或改用无需外部服务的评分器"}
	ErrCommandRefused = fault.Def{Kind: fault.Denied, Code: "grader.command_refused",
		En: "a grader that runs a command works on the command line only", Zh: "运行外部命令的评分器只能在命令行中使用",
		HintEn: "run landfall run on a machine that you trust with it", HintZh: "请在可信的机器上用 landfall run 运行"}
	ErrCase = fault.Def{Kind: fault.Invalid, Code: "grader.case",
		En: "the expected resolution cannot be graded against: {why}", Zh: "期望结果无法用于评分：{why}",
		HintEn: "correct the case, or choose the grader that fits its data", HintZh: "请修正评测用例，或选择与数据相符的评分器"}
	ErrReply = fault.Def{Kind: fault.Unavailable, Code: "grader.reply",
		En: "{who} gave no usable grade: {why}", Zh: "{who}未给出可用的评分：{why}",
		HintEn: "the case stays ungraded; run again to grade it", HintZh: "该用例尚未评分；再次运行即可评分"}
)

// Kind is a way to grade.
type Kind string

// The kinds.
const (
	KindMatch      Kind = "match"
	KindF1         Kind = "f1"
	KindJSON       Kind = "json"
	KindNumber     Kind = "number"
	KindPattern    Kind = "pattern"
	KindCitations  Kind = "citations"
	KindSimilarity Kind = "similarity"
	KindCommand    Kind = "command"
	KindTools      Kind = "tools"
	KindDecision   Kind = "decision"
	KindRubric     Kind = "rubric"
)

// Kinds are all kinds, the default first.
var Kinds = []Kind{KindMatch, KindF1, KindJSON, KindNumber, KindPattern, KindCitations, KindSimilarity, KindCommand, KindTools, KindDecision, KindRubric}

// Spec declares a grader: section task.grader of scenario.yaml. The zero Spec
// is the default rule (see Correct). Only the section of its kind may be
// filled, and citations, which any kind can have.
type Spec struct {
	Kind Kind `json:"kind,omitempty" yaml:"kind,omitempty"`
	// Separator splits an expected resolution into several accepted ones; ""
	// takes it whole.
	Separator string `json:"separator,omitempty" yaml:"separator,omitempty"`
	// Abstain are answers that say "I do not know"; an empty answer always does.
	Abstain []string `json:"abstain,omitempty" yaml:"abstain,omitempty"`
	// Normalise holds for match, f1, decision and the strings of json and tools.
	Normalise  Normalise   `json:"normalise,omitzero" yaml:"normalise,omitempty"`
	F1         *F1         `json:"f1,omitempty" yaml:"f1,omitempty"`
	JSON       *JSON       `json:"json,omitempty" yaml:"json,omitempty"`
	Number     *Number     `json:"number,omitempty" yaml:"number,omitempty"`
	Pattern    *Pattern    `json:"pattern,omitempty" yaml:"pattern,omitempty"`
	Citations  *Citations  `json:"citations,omitempty" yaml:"citations,omitempty"`
	Similarity *Similarity `json:"similarity,omitempty" yaml:"similarity,omitempty"`
	Command    *Command    `json:"command,omitempty" yaml:"command,omitempty"`
	Tools      *Tools      `json:"tools,omitempty" yaml:"tools,omitempty"`
	Decision   *Decision   `json:"decision,omitempty" yaml:"decision,omitempty"`
	Rubric     *Rubric     `json:"rubric,omitempty" yaml:"rubric,omitempty"`
	// Judge and Embed say who is asked by rubric and similarity. What of them
	// determines grades is in Deps.AskID and EmbedID.
	Judge *Judge `json:"judge,omitempty" yaml:"judge,omitempty"`
	Embed *Embed `json:"embed,omitempty" yaml:"embed,omitempty"`
}

// Deps is what is outside the process. Each may be nil; New refuses a Spec that
// needs one that is.
type Deps struct {
	// Embed returns one vector per text, all of one length. EmbedID determines
	// its behaviour (endpoint, model) and enters the version.
	Embed   func(ctx context.Context, texts []string) ([][]float64, error)
	EmbedID string
	// Threshold returns the cosine that was chosen on labelled pairs; nil if
	// none are declared. EmbedID holds the digest of the pairs.
	Threshold func() (float64, error)
	// Ask asks the judge model. AskID determines its behaviour (endpoint,
	// model, parameters) and enters the version.
	Ask   judge.Ask
	AskID string
	// Run runs a command (see Exec); nil where commands are not allowed.
	Run Runner
	// Document returns the text of a document that may be cited.
	Document func(id string) (text string, ok bool)
}

// Case is what an answer is graded against.
type Case struct {
	ID       string
	Input    string
	Expected []string // accepted resolutions; each is split by Spec.Separator
	// Cite are the ids of documents that the answer must cite.
	Cite []string
}

// Answer is what a candidate said.
type Answer struct {
	Text string
	// Citations and Calls are given by candidates that return them apart; else
	// they are read out of Text.
	Citations []Citation
	Calls     []Call
}

// Grade says whether an answer is right, and why.
type Grade struct {
	Correct bool `json:"correct"`
	// Score lies between 0 and 1; 1 need not mean Correct, nor the reverse.
	Score     float64 `json:"score"`
	Abstained bool    `json:"abstained,omitempty"`
	// Severe marks the wrong answers that were declared as the dangerous ones.
	Severe bool `json:"severe,omitempty"`
	// Repaired: the JSON had to be dug out of prose or a code fence.
	Repaired bool `json:"repaired,omitempty"`
	// Invalid: the answer breaks the declared schema, or is no JSON at all.
	Invalid bool `json:"invalid,omitempty"`
	// Fields are the fields of a structure: all that were expected, and the
	// first hundred extra ones. MoreExtra counts the extra ones beyond.
	Fields    []FieldGrade `json:"fields,omitempty"`
	MoreExtra int          `json:"more_extra,omitempty"`
	Why       text.Text    `json:"why,omitzero"`
}

// Grader grades answers. It is safe for concurrent use.
type Grader interface {
	// Grade fails with ErrCase if the case cannot be graded against, with
	// ErrReply if something outside gave no usable grade, and with the error
	// of ctx. It never fails for what a candidate said.
	Grade(ctx context.Context, c Case, a Answer) (Grade, error)
	// Version determines what the grader does, and enters candidates' digests.
	Version() string
}

// one is a rule for one kind; the references are not empty, the answer is no
// abstention and not too long.
type one interface {
	grade(ctx context.Context, c Case, refs []string, a Answer) (Grade, error)
}

// DefaultVersion is the version of the zero Spec.
const DefaultVersion = "normalised-match/2"

// revision changes when a kind grades the same answer otherwise.
var revision = map[Kind]int{KindMatch: 2, KindF1: 1, KindJSON: 1, KindNumber: 1, KindPattern: 1, KindCitations: 1,
	KindSimilarity: 1, KindCommand: 1, KindTools: 1, KindDecision: 1, KindRubric: 1}

// New makes the grader that s declares. It fails with Problems, each an ErrSpec
// with the JSON pointer of the field below the spec, or with ErrNeeds or
// ErrCommandRefused if d lacks what s needs.
func New(s Spec, d Deps) (Grader, error) {
	if s.Kind == "" {
		s.Kind = KindMatch
	}
	p := &problems{}
	if !slices.Contains(Kinds, s.Kind) {
		names := make([]string, len(Kinds))
		for i, k := range Kinds {
			names[i] = string(k)
		}
		p.add("/kind", "there is no kind %q; known are %s", "没有类型 %q；可用的有 %s", s.Kind, strings.Join(names, ", "))
		return nil, p.err()
	}
	for kind, set := range map[Kind]bool{KindF1: s.F1 != nil, KindJSON: s.JSON != nil, KindNumber: s.Number != nil,
		KindPattern: s.Pattern != nil, KindSimilarity: s.Similarity != nil, KindCommand: s.Command != nil,
		KindTools: s.Tools != nil, KindDecision: s.Decision != nil, KindRubric: s.Rubric != nil} {
		if set && kind != s.Kind {
			p.add("/"+string(kind), "this belongs to the kind %s, but the kind is %s", "此项属于类型 %s，而当前类型是 %s", kind, s.Kind)
		}
	}
	if s.Kind == KindCitations && s.Citations == nil {
		s.Citations = &Citations{}
	}
	if s.Judge != nil && s.Kind != KindRubric {
		p.add("/judge", "only the kind rubric asks a judge; the kind is %s", "只有类型 rubric 使用裁判，而当前类型是 %s", s.Kind)
	}
	if s.Embed != nil && s.Kind != KindSimilarity {
		p.add("/embed", "only the kind similarity asks for embeddings; the kind is %s", "只有类型 similarity 使用向量，而当前类型是 %s", s.Kind)
	}
	for i, a := range s.Abstain {
		if s.Normalise.Text(a) == "" {
			p.add("/abstain/"+strconv.Itoa(i), "this says nothing", "内容为空")
		}
	}
	g := &graded{spec: s, deps: d}
	var err error
	switch s.Kind {
	case KindMatch:
		g.rule = match{s.Normalise}
	case KindF1:
		g.rule = newF1(s, p)
	case KindJSON:
		g.rule = newJSON(s, p)
	case KindNumber:
		g.rule = newNumber(s, p)
	case KindPattern:
		g.rule = newPattern(s, p)
	case KindSimilarity:
		g.rule, err = newSimilarity(s, d, p)
	case KindCommand:
		g.rule, err = newCommand(s, d, p)
	case KindTools:
		g.rule = newTools(s, p)
	case KindDecision:
		g.rule = newDecision(s, p)
	case KindRubric:
		g.rule, err = newRubric(s, d, p)
	}
	if s.Citations != nil {
		s.Citations.check(p)
		if err == nil && d.Document == nil {
			err = ErrNeeds.With("kind", string(KindCitations), "what", both("documents", "文档"))
		}
	}
	if perr := p.err(); perr != nil {
		return nil, perr
	}
	if err != nil {
		return nil, err
	}
	g.version, err = version(s, d)
	return g, err
}

// version names kind and revision, and unless the spec is the zero one the
// beginning of the digest of everything that determines the grades.
func version(s Spec, d Deps) (string, error) {
	name := string(s.Kind)
	if s.Kind == KindMatch {
		name = "normalised-match"
	}
	name += "/" + strconv.Itoa(revision[s.Kind])
	s.Judge, s.Embed = nil, nil
	what := map[string]any{"spec": s}
	switch s.Kind {
	case KindSimilarity:
		what["embed"] = d.EmbedID
	case KindRubric:
		what["judge"] = d.AskID
		what["prompt"] = judge.PromptVersion
	case KindCommand:
		id, err := d.Run.Fingerprint(s.Command.Argv)
		if err != nil {
			return "", fmt.Errorf("fingerprint the grader's command: %w", err)
		}
		what["command"] = id
	}
	digest, err := evidence.Digest(what)
	if err != nil {
		return "", fmt.Errorf("digest the grader: %w", err)
	}
	if zero, err := evidence.Digest(map[string]any{"spec": Spec{Kind: KindMatch}}); err != nil || zero == digest {
		return name, err
	}
	return name + "+" + digest[:16], nil
}

// graded is what all kinds have in common.
type graded struct {
	spec    Spec
	deps    Deps
	rule    one // nil: citations alone
	version string
}

func (g *graded) Version() string { return g.version }

func (g *graded) Grade(ctx context.Context, c Case, a Answer) (Grade, error) {
	if err := ctx.Err(); err != nil {
		return Grade{}, err
	}
	size := len(a.Text)
	for _, cite := range a.Citations {
		size += len(cite.ID) + len(cite.Quote)
	}
	for _, call := range a.Calls {
		size += len(call.Name) + len(call.Arguments)
	}
	if size > MaxAnswer {
		return wrong("the answer is %d bytes long; %d are read", "答案长 %d 字节，超过上限 %d", size, MaxAnswer), nil
	}
	if g.abstains(a) {
		out := wrong("no answer was given", "未作答")
		out.Abstained = true
		return out, nil
	}
	out := Grade{Correct: true, Score: 1}
	if g.rule != nil {
		refs := references(c.Expected, g.spec.Separator)
		if len(refs) == 0 && g.spec.Kind != KindPattern && g.spec.Kind != KindRubric && g.spec.Kind != KindCommand {
			return Grade{}, ErrCase.With("why", both("it is empty", "内容为空"))
		}
		var err error
		if out, err = g.rule.grade(ctx, c, refs, a); err != nil {
			return Grade{}, err
		}
	}
	if g.spec.Citations != nil {
		g.spec.Citations.apply(&out, c, a, g.deps.Document, g.rule == nil)
	}
	return out, nil
}

func (g *graded) abstains(a Answer) bool {
	if len(a.Calls) > 0 {
		return false
	}
	if strings.TrimSpace(a.Text) == "" {
		return true
	}
	return slices.ContainsFunc(g.spec.Abstain, func(s string) bool { return g.spec.Normalise.Same(s, a.Text) })
}

// references are the accepted resolutions, split, without empty ones.
func references(expected []string, separator string) []string {
	var out []string
	for _, e := range expected {
		if separator == "" {
			if e != "" {
				out = append(out, e)
			}
			continue
		}
		for _, part := range strings.Split(e, separator) {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

// match is the default kind: the answer is one of the references.
type match struct{ n Normalise }

func (m match) grade(_ context.Context, _ Case, refs []string, a Answer) (Grade, error) {
	if slices.ContainsFunc(refs, func(r string) bool { return m.n.Same(r, a.Text) }) {
		return right("the answer is the expected one", "与期望结果一致"), nil
	}
	return wrong("expected %s, got %s", "期望 %s，实际 %s", brief(refs[0]), brief(a.Text)), nil
}

func right(en, zh string, args ...any) Grade {
	return Grade{Correct: true, Score: 1, Why: both(en, zh, args...)}
}

func wrong(en, zh string, args ...any) Grade { return Grade{Why: both(en, zh, args...)} }

// both fills both sentences. Arguments that exist in both languages are put in
// in theirs.
func both(en, zh string, args ...any) text.Text {
	if len(args) == 0 {
		return text.Text{En: en, Zh: zh}
	}
	in := func(lang string) []any {
		out := slices.Clone(args)
		for i, a := range out {
			if t, ok := a.(interface{ In(string) string }); ok {
				out[i] = t.In(lang)
			}
		}
		return out
	}
	return text.Text{En: fmt.Sprintf(en, in("en")...), Zh: fmt.Sprintf(zh, in("zh")...)}
}

// brief is a value for a sentence: quoted, and cut after 80 characters.
func brief(s string) string {
	n := 0
	for i := range s {
		if n++; n > 80 {
			return strconv.Quote(s[:i]) + "…"
		}
	}
	return strconv.QuoteToGraphic(s)
}

// problems collects what is wrong with a spec.
type problems struct{ all []*fault.Error }

// Problems is everything that is wrong with a Spec, in order of place.
type Problems []*fault.Error

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Pointer + ": " + p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.Is and fault.From find the first one.
func (ps Problems) Unwrap() []error {
	out := make([]error, len(ps))
	for i, p := range ps {
		out[i] = p
	}
	return out
}

func (p *problems) add(pointer, en, zh string, args ...any) {
	p.all = append(p.all, ErrSpec.With("why", both(en, zh, args...)).In(pointer))
}

func (p *problems) err() error {
	if len(p.all) == 0 {
		return nil
	}
	slices.SortStableFunc(p.all, func(a, b *fault.Error) int { return strings.Compare(a.Pointer, b.Pointer) })
	return Problems(p.all)
}
