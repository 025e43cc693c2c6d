package gate

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// Bounds of a policy file. Beyond them it is nothing that a person wrote.
const (
	maxBytes = 256 << 10
	maxNodes = 20_000
	maxDepth = 20
)

// position is a place in a file; line and column count characters from 1.
type position struct{ line, col int }

// node is a YAML value that knows where it stands.
type node struct {
	at      position
	entries []entry // of a mapping
	items   []*node // of a sequence
	value   any     // of a scalar: string, bool, int64, float64 or nil
	kind    nodeKind
	style   style
	indent  int // of a literal block: what stands before each line
}

type nodeKind int

const (
	scalarKind nodeKind = iota
	mappingKind
	sequenceKind
)

// style tells how a string was written, and so where its characters stand.
type style int

const (
	exact   style = iota // plain or quoted on one line, without escapes
	literal              // a block after |
	folded               // a block after >, or lines joined: places are lost
	escaped              // quoted, with escapes: only the start is known
)

type entry struct {
	key string
	at  position
	val *node
}

// get returns the value of a key, or nil.
func (n *node) get(key string) *node {
	for _, e := range n.entries {
		if e.key == key {
			return e.val
		}
	}
	return nil
}

// text returns the string of a scalar; ok is false for everything else.
func (n *node) text() (s string, ok bool) {
	s, ok = n.value.(string)
	return s, ok && n.kind == scalarKind
}

// place returns where the character at line (from 1) and column (from 0) of
// the node's text stands in the file.
func (n *node) place(line, col int) position {
	switch n.style {
	case literal:
		return position{n.at.line + line - 1, n.indent + col + 1}
	case exact:
		if line == 1 {
			return position{n.at.line, n.at.col + col}
		}
	case folded, escaped:
	}
	return n.at
}

// parseYAML reads one document without anchors, aliases, tags and merge keys:
// a policy that decides over money says everything where it stands.
func parseYAML(src Source) (n *node, err error) {
	if len(src.Data) > maxBytes {
		return nil, ErrTooLarge.With("limit", "256 KiB").At(src.Name, 0, 0)
	}
	// The YAML parser panics on some malformed input. What it cannot read is
	// the author's to mend, never a reason to take the process down.
	defer func() {
		if p := recover(); p != nil {
			n, err = nil, ErrSyntax.With("problem", text.Text{En: "it cannot be read", Zh: "无法读取"}).At(src.Name, 1, 1)
		}
	}()
	f, err := parser.ParseBytes(src.Data, 0)
	if err != nil {
		line, col, msg := yamlError(err)
		return nil, ErrSyntax.With("problem", msg).At(src.Name, line, col)
	}
	if len(f.Docs) == 0 || f.Docs[0].Body == nil {
		return nil, ErrSyntax.With("problem", text.Text{En: "the file is empty", Zh: "文件为空"}).At(src.Name, 1, 1)
	}
	if len(f.Docs) > 1 {
		return nil, ErrSyntax.With("problem", text.Text{En: "the file holds more than one document", Zh: "文件含有多个文档"}).At(src.Name, startOf(f.Docs[1].Body).line, 1)
	}
	r := &yamlReader{file: src.Name, lines: strings.Split(string(src.Data), "\n")}
	return r.read(f.Docs[0].Body, 0)
}

// yamlError takes place and first line out of goccy's "[3:5] message\n…".
func yamlError(err error) (line, col int, msg string) {
	msg, _, _ = strings.Cut(err.Error(), "\n")
	rest, ok := strings.CutPrefix(msg, "[")
	if !ok {
		return 0, 0, msg
	}
	pos, tail, ok := strings.Cut(rest, "] ")
	l, c, colon := strings.Cut(pos, ":")
	line, errLine := strconv.Atoi(l)
	col, errCol := strconv.Atoi(c)
	if !ok || !colon || errLine != nil || errCol != nil {
		return 0, 0, msg
	}
	return line, col, tail
}

type yamlReader struct {
	file  string
	lines []string
	nodes int
}

func (r *yamlReader) fail(at position, en, zh string) error {
	return ErrSyntax.With("problem", text.Text{En: en, Zh: zh}).At(r.file, at.line, at.col)
}

func (r *yamlReader) read(n ast.Node, depth int) (*node, error) {
	at := startOf(n)
	if r.nodes++; r.nodes > maxNodes {
		return nil, r.fail(at, "it holds more than "+strconv.Itoa(maxNodes)+" values", "值超过 "+strconv.Itoa(maxNodes)+" 个")
	}
	if depth > maxDepth {
		return nil, r.fail(at, "it is nested deeper than "+strconv.Itoa(maxDepth), "嵌套超过 "+strconv.Itoa(maxDepth)+" 层")
	}
	out := &node{at: at}
	switch n := n.(type) {
	case *ast.MappingNode:
		out.kind = mappingKind
		for _, kv := range n.Values {
			if err := r.entry(out, kv, depth); err != nil {
				return nil, err
			}
		}
		return out, nil
	case *ast.MappingValueNode:
		out.kind = mappingKind
		return out, r.entry(out, n, depth)
	case *ast.SequenceNode:
		out.kind = sequenceKind
		for _, item := range n.Values {
			v, err := r.read(item, depth+1)
			if err != nil {
				return nil, err
			}
			out.items = append(out.items, v)
		}
		return out, nil
	case *ast.LiteralNode:
		return r.block(out, n), nil
	case *ast.StringNode:
		return r.quoted(out, n), nil
	case *ast.BoolNode:
		out.value = n.Value
		return out, nil
	case *ast.NullNode:
		return out, nil
	case *ast.IntegerNode:
		switch v := n.Value.(type) {
		case int64:
			out.value = v
			return out, nil
		case uint64:
			if v <= math.MaxInt64 {
				out.value = int64(v)
				return out, nil
			}
		}
		return nil, r.fail(at, "a whole number must fit into 64 bits", "整数须在 64 位以内")
	case *ast.FloatNode:
		if math.IsInf(n.Value, 0) || math.IsNaN(n.Value) {
			return nil, r.fail(at, "a number must be finite", "数值必须有限")
		}
		out.value = n.Value
		return out, nil
	case *ast.InfinityNode, *ast.NanNode:
		return nil, r.fail(at, "a number must be finite", "数值必须有限")
	}
	return nil, r.fail(at, "anchors, aliases, tags and merge keys are not used here", "此处不使用锚点、别名、标签和合并键")
}

func (r *yamlReader) entry(out *node, kv *ast.MappingValueNode, depth int) error {
	at := startOf(kv.Key)
	if kv.Key.IsMergeKey() {
		return r.fail(at, "merge keys (<<) are not used here", "此处不使用合并键（<<）")
	}
	s, ok := kv.Key.(*ast.StringNode)
	if !ok {
		return r.fail(at, "a key must be a plain word", "键必须是普通单词")
	}
	if out.get(s.Value) != nil {
		return r.fail(at, "the key "+s.Value+" stands twice", "键 "+s.Value+" 重复")
	}
	v, err := r.read(kv.Value, depth+1)
	if err != nil {
		return err
	}
	if v.at == (position{}) {
		v.at = at
	}
	out.entries = append(out.entries, entry{s.Value, at, v})
	return nil
}

// block reads a block scalar. Its own token has no useful place, so that the
// place is taken from the line of its indicator and from the file's lines.
func (r *yamlReader) block(out *node, n *ast.LiteralNode) *node {
	out.value = n.Value.Value
	out.at = tokenAt(n.Start)
	if n.Start == nil || !strings.HasPrefix(strings.TrimSpace(n.Start.Value), "|") {
		out.style = folded
		return out
	}
	out.style = literal
	lead := func(s string) int { return len(s) - len(strings.TrimLeft(s, " ")) }
	for i, line := range strings.Split(n.Value.Value, "\n") {
		at := out.at.line + i // index of the line after the indicator's
		if strings.TrimSpace(line) != "" && at < len(r.lines) {
			out.indent = lead(r.lines[at]) - lead(line)
			break
		}
	}
	out.at.line++
	out.at.col = out.indent + 1
	return out
}

// quoted reads a plain or quoted string.
func (r *yamlReader) quoted(out *node, n *ast.StringNode) *node {
	out.value = n.Value
	written := strings.TrimSpace(n.Token.Origin)
	switch n.Token.Type {
	case token.SingleQuoteType, token.DoubleQuoteType:
		// The token stands at the quote; its text begins after it.
		if rest := r.rest(out.at); strings.HasPrefix(rest, "'") || strings.HasPrefix(rest, `"`) {
			out.at.col++
		}
		written = strings.TrimSpace(strings.Trim(written, `'"`))
	default:
	}
	switch {
	case strings.Contains(written, "\n"):
		out.style = folded
	case !strings.HasPrefix(r.rest(out.at), n.Value):
		// The parser misplaces a plain value with spaces after it.
		if line := r.rest(position{out.at.line, 1}); strings.Count(line, n.Value) == 1 {
			before, _, _ := strings.Cut(line, n.Value)
			out.at.col = utf8.RuneCountInString(before) + 1
		} else {
			out.style = escaped
		}
	}
	return out
}

// rest returns what stands in the file's line from a place on.
func (r *yamlReader) rest(at position) string {
	if at.line < 1 || at.line > len(r.lines) {
		return ""
	}
	runes := []rune(r.lines[at.line-1])
	if at.col < 1 || at.col > len(runes) {
		return ""
	}
	return string(runes[at.col-1:])
}

func startOf(n ast.Node) position {
	switch n := n.(type) {
	case *ast.MappingNode:
		if len(n.Values) > 0 {
			return startOf(n.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return startOf(n.Key)
	}
	return tokenAt(n.GetToken())
}

func tokenAt(t *token.Token) position {
	if t == nil || t.Position == nil {
		return position{}
	}
	return position{t.Position.Line, t.Position.Column}
}

// where sets a fault's place.
func (src Source) where(e *fault.Error, at position) *fault.Error {
	return e.At(src.Name, at.line, at.col)
}
