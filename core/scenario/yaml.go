package scenario

import (
	"math"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/landfall-ai/landfall/kit/fault"
)

// Bounds of a document. A file beyond them is no scenario that a person wrote.
const (
	maxBytes = 1 << 20
	maxNodes = 20_000
	maxDepth = 30
)

// Faults of reading a document.
var (
	ErrTooLarge = fault.Def{Kind: fault.TooLarge, Code: "scenario.too_large",
		En: "the document is larger than {limit}", Zh: "文档超过上限 {limit}",
		HintEn: "keep data in CSV or JSONL files and name them under data", HintZh: "数据放在 CSV 或 JSONL 文件中，在 data 下引用"}
	ErrSyntax = fault.Def{Kind: fault.Invalid, Code: "scenario.syntax",
		En: "this is no valid YAML: {problem}", Zh: "不是合法的 YAML:{problem}"}
)

// position is a place in the file, from 1.
type position struct{ line, col int }

// tree is a decoded document with the place of every value.
type tree struct {
	value any
	at    map[string]position // by JSON pointer: of the key, or of the item
}

// parseYAML decodes data into plain values (map[string]any, []any, string,
// bool, int64, uint64, float64, nil), keeping places. Aliases count as often
// as they are used, so that a document that unfolds without end is refused.
func parseYAML(file string, data []byte) (*tree, error) {
	if len(data) > maxBytes {
		return nil, ErrTooLarge.With("limit", "1 MiB").At(file, 0, 0)
	}
	if line := tooDeep(data); line > 0 {
		return nil, ErrSyntax.With("problem", both("it is nested too deeply", "嵌套过深")).At(file, line, 1)
	}
	f, err := parser.ParseBytes(data, 0)
	if err != nil {
		line, col, msg := yamlError(err)
		return nil, ErrSyntax.With("problem", msg).At(file, line, col)
	}
	w := &walker{file: file, anchors: map[string]ast.Node{}, tree: &tree{at: map[string]position{}}}
	if len(f.Docs) == 0 || f.Docs[0].Body == nil {
		return nil, ErrSyntax.With("problem", both("the file is empty", "文件为空")).At(file, 1, 1)
	}
	if len(f.Docs) > 1 {
		return nil, ErrSyntax.With("problem", both("the file holds more than one document", "文件中有多个文档")).At(file, nodeLine(f.Docs[1].Body), 1)
	}
	w.tree.value, err = w.walk(f.Docs[0].Body, "", 0)
	if err != nil {
		return nil, err
	}
	return w.tree, nil
}

// tooDeep returns the line at which brackets are open that no scenario needs,
// or 0. The parser itself has no bound and hangs on 100,000 of them, so
// they are counted before it, quoted ones too.
func tooDeep(data []byte) int {
	open, line := 0, 1
	for _, b := range data {
		switch b {
		case '\n':
			line++
		case '[', '{':
			if open++; open > 1000 {
				return line
			}
		case ']', '}':
			open = max(0, open-1)
		}
	}
	return 0
}

// yamlError takes place and first line out of goccy's "[3:5] message\n…".
func yamlError(err error) (line, col int, msg string) {
	msg, _, _ = strings.Cut(err.Error(), "\n")
	if rest, ok := strings.CutPrefix(msg, "["); ok {
		if pos, tail, ok := strings.Cut(rest, "] "); ok {
			l, c, _ := strings.Cut(pos, ":")
			line, _ = strconv.Atoi(l)
			col, _ = strconv.Atoi(c)
			msg = tail
		}
	}
	return line, col, msg
}

type walker struct {
	file    string
	nodes   int
	anchors map[string]ast.Node
	tree    *tree
}

func (w *walker) fail(n ast.Node, en, zh string, args ...any) error {
	p := place(n)
	return ErrSyntax.With("problem", both(en, zh, args...)).At(w.file, p.line, p.col)
}

func (w *walker) walk(n ast.Node, pointer string, depth int) (any, error) {
	w.nodes++
	if w.nodes > maxNodes {
		return nil, w.fail(n, "it unfolds to more than %d values", "展开后超过 %d 个值", maxNodes)
	}
	if depth > maxDepth {
		return nil, w.fail(n, "it is nested deeper than %d", "嵌套超过 %d 层", maxDepth)
	}
	if _, ok := w.tree.at[pointer]; !ok {
		w.tree.at[pointer] = place(n)
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		out := map[string]any{}
		for _, kv := range n.Values {
			if err := w.entry(out, kv, pointer, depth); err != nil {
				return nil, err
			}
		}
		return out, nil
	case *ast.MappingValueNode:
		out := map[string]any{}
		return out, w.entry(out, n, pointer, depth)
	case *ast.SequenceNode:
		out := make([]any, 0, len(n.Values))
		for i, item := range n.Values {
			v, err := w.walk(item, pointer+"/"+strconv.Itoa(i), depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	case *ast.AnchorNode:
		w.anchors[n.Name.String()] = n.Value
		return w.walk(n.Value, pointer, depth+1)
	case *ast.AliasNode:
		target, ok := w.anchors[n.Value.String()]
		if !ok {
			return nil, w.fail(n, "the alias *%s has no anchor before it", "别名 *%s 之前没有对应的锚点", n.Value)
		}
		return w.walk(target, pointer, depth+1)
	case *ast.TagNode:
		return nil, w.fail(n, "tags are not used here", "此处不使用标签")
	case *ast.InfinityNode, *ast.NanNode:
		return nil, w.fail(n, "a number must be finite", "数值必须有限")
	case *ast.LiteralNode:
		return n.Value.Value, nil
	case *ast.StringNode:
		return n.Value, nil
	case *ast.BoolNode:
		return n.Value, nil
	case *ast.NullNode:
		return nil, nil
	case *ast.IntegerNode:
		return n.GetValue(), nil
	case *ast.FloatNode:
		if math.IsInf(n.Value, 0) || math.IsNaN(n.Value) {
			return nil, w.fail(n, "a number must be finite", "数值必须有限")
		}
		return n.Value, nil
	}
	return nil, w.fail(n, "this kind of YAML value is not used here", "此处不使用这种 YAML 值")
}

func (w *walker) entry(out map[string]any, kv *ast.MappingValueNode, pointer string, depth int) error {
	if kv.Key.IsMergeKey() {
		return w.fail(kv.Key, "merge keys (<<) are not used here", "此处不使用合并键（<<）")
	}
	key := kv.Key.String()
	if s, ok := kv.Key.(*ast.StringNode); ok {
		key = s.Value
	}
	if _, dup := out[key]; dup {
		return w.fail(kv.Key, "the key %s stands twice", "键 %s 出现了两次", key)
	}
	p := pointer + "/" + escape(key)
	w.tree.at[p] = place(kv.Key)
	v, err := w.walk(kv.Value, p, depth+1)
	if err != nil {
		return err
	}
	out[key] = v
	return nil
}

// escape makes a key a JSON pointer token (RFC 6901).
func escape(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}

func place(n ast.Node) position {
	t := n.GetToken()
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 {
		t = m.Values[0].Key.GetToken()
	}
	if m, ok := n.(*ast.MappingValueNode); ok {
		t = m.Key.GetToken()
	}
	if t == nil || t.Position == nil {
		return position{}
	}
	return position{t.Position.Line, t.Position.Column}
}

func nodeLine(n ast.Node) int { return place(n).line }
