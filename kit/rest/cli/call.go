package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/rest/problem"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// Faults of calling an operation.
var (
	ErrNoBody = fault.Def{Kind: fault.Invalid, Code: "cli.no_body",
		En: "nothing to send", Zh: "没有可发送的内容",
		HintEn: "give flags, or a document with -f FILE", HintZh: "请给出参数，或用 -f FILE 指定文件"}
	ErrFile = fault.Def{Kind: fault.Invalid, Code: "cli.bad_file",
		En: "the file cannot be used: {problem}", Zh: "文件无法使用：{problem}",
		HintEn: "it holds one YAML or JSON object", HintZh: "文件应为一个 YAML 或 JSON 对象"}
	ErrAnswer = fault.Def{Kind: fault.Unavailable, Code: "cli.not_landfall",
		En: "the answer is not Landfall's: HTTP status {status}", Zh: "返回的不是 Landfall 的内容：HTTP 状态 {status}",
		HintEn: "check the server's address", HintZh: "请检查服务器地址"}
	ErrUnreachable = fault.Def{Kind: fault.Unavailable, Code: "cli.unreachable",
		En: "Landfall cannot be reached", Zh: "无法连接 Landfall",
		HintEn: "check that the server runs", HintZh: "请确认服务器正在运行"}
)

// maxFile bounds what -f reads; maxAnswer, what an answer may hold.
const (
	maxFile   = 16 << 20
	maxAnswer = 256 << 20
)

// input is what a person gave.
type input struct {
	args   []string
	values map[string]any // flags that were given, by "query/limit", "body/title"
	body   []byte         // nil if none
}

type client struct {
	http http.Client
	base string
	lang string
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// once calls an operation and prints its answer.
func once(ctx context.Context, t *term.Terminal, c client, op rest.Operation, in input) error {
	raw, err := c.do(ctx, op, in)
	if err != nil {
		return err
	}
	if len(raw) == 0 {
		return t.Talk("done", "已完成")
	}
	return t.PrintOne(json.RawMessage(raw), op.Columns)
}

// list calls a list until its end, or until --limit, and prints its items.
func list(ctx context.Context, t *term.Terminal, c client, op rest.Operation, in input) error {
	limit, limited := in.values["query/limit"].(int64)
	all := rest.Page[json.RawMessage]{Items: []json.RawMessage{}}
	for {
		if !limited {
			in.values["query/limit"] = int64(rest.MaxLimit)
		} else if left := limit - int64(len(all.Items)); left < rest.MaxLimit && len(all.Items) > 0 {
			in.values["query/limit"] = left
		} else {
			in.values["query/limit"] = min(limit, rest.MaxLimit)
		}
		raw, err := c.do(ctx, op, in)
		if err != nil {
			return err
		}
		var page rest.Page[json.RawMessage]
		if err := json.Unmarshal(raw, &page); err != nil {
			return fmt.Errorf("read page of %s: %w", op.ID, err)
		}
		all.Items = append(all.Items, page.Items...)
		if page.Next != "" && page.Next == in.values["query/cursor"] {
			return fmt.Errorf("list %s: the cursor does not move on", op.ID)
		}
		all.Next = page.Next
		if page.Next == "" || limited && int64(len(all.Items)) >= limit {
			break
		}
		in.values["query/cursor"] = page.Next
	}
	if err := t.PrintList(all, all.Items, op.Columns); err != nil {
		return err
	}
	if all.Next != "" {
		return t.Talk("there are more; raise --limit or leave it out", "还有更多；请调大 --limit 或去掉它")
	}
	return nil
}

// do sends one request and returns the body of its answer.
func (c client) do(ctx context.Context, op rest.Operation, in input) ([]byte, error) {
	path, rest := op.Path, in.args
	query := url.Values{}
	for _, p := range op.Params {
		switch p.In {
		case "path":
			path = strings.Replace(path, "{"+p.Name+"}", url.PathEscape(rest[0]), 1)
			rest = rest[1:]
		case "query":
			if v, ok := in.values["query/"+p.Name]; ok {
				if list, ok := v.([]string); ok {
					v = strings.Join(list, ",")
				}
				query.Set(p.Name, fmt.Sprint(v))
			}
		}
	}
	u := c.base + path
	if len(query) > 0 {
		u += "?" + query.Encode()
	}
	var body io.Reader
	if in.body != nil {
		body = bytes.NewReader(in.body)
	}
	req, err := http.NewRequestWithContext(ctx, op.Method, u, body)
	if err != nil {
		return nil, fmt.Errorf("make request of %s: %w", op.ID, err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept-Language", c.lang)
	res, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("call %s: %w", op.ID, ctx.Err())
		}
		return nil, ErrUnreachable.With().Because(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("call %s: %w", op.ID, ctx.Err())
	case err != nil:
		return nil, ErrUnreachable.With().Because(fmt.Errorf("read answer of %s: %w", op.ID, err))
	case len(raw) > maxAnswer:
		return nil, ErrUnreachable.With().Because(fmt.Errorf("answer of %s is larger than %d bytes", op.ID, maxAnswer))
	}
	if p, ok := problem.Parse(res.Header.Get("Content-Type"), raw); ok {
		return nil, p.Err()
	}
	if res.StatusCode < 200 || res.StatusCode > 299 || len(raw) > 0 && !json.Valid(raw) {
		return nil, ErrAnswer.With("status", res.StatusCode)
	}
	return raw, nil
}

// body makes the request's body of a file and of flags, which beat the file.
// It is nil for an operation without one.
func body(t *term.Terminal, op rest.Operation, file string, values map[string]any) ([]byte, error) {
	if !op.HasBody {
		return nil, nil
	}
	given := map[string]any{}
	for key, v := range values {
		if name, ok := strings.CutPrefix(key, "body/"); ok {
			given[name] = v
		}
	}
	if file == "" {
		if len(given) > 0 {
			return json.Marshal(given)
		}
		if op.BodyNeeded && !allOptional(op) {
			return nil, ErrNoBody.With()
		}
		return []byte("{}"), nil
	}
	raw, err := readFile(t, file)
	if err != nil {
		return nil, err
	}
	if len(given) == 0 {
		return raw, nil
	}
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(raw, &doc); err != nil || doc == nil {
		return nil, ErrFile.With("problem", text.Text{En: "it is not an object, so flags cannot change it", Zh: "不是对象，无法与参数合并"}).At(file, 0, 0)
	}
	for name, v := range given {
		if doc[name], err = json.Marshal(v); err != nil {
			return nil, fmt.Errorf("write flag %s: %w", name, err)
		}
	}
	return json.Marshal(doc)
}

// allOptional reports whether an empty object can be what op takes.
func allOptional(op rest.Operation) bool {
	any := false
	for _, p := range op.Params {
		if p.In == "body" {
			any = true
			if p.Required {
				return false
			}
		}
	}
	return any
}

// readFile reads a YAML or JSON document as JSON.
func readFile(t *term.Terminal, file string) ([]byte, error) {
	in := t.In
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			problem := text.Text{En: "it cannot be opened", Zh: "打不开"}
			if errors.Is(err, os.ErrNotExist) {
				problem = text.Text{En: "there is no such file", Zh: "没有这个文件"}
			}
			return nil, ErrFile.With("problem", problem).At(file, 0, 0).Because(err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	raw, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err != nil {
		return nil, ErrFile.With("problem", text.Text{En: "it cannot be read", Zh: "读取失败"}).At(file, 0, 0).Because(err)
	}
	if len(raw) > maxFile {
		return nil, ErrFile.With("problem", text.Text{En: "it is larger than 16 MB", Zh: "超过 16 MB"}).At(file, 0, 0)
	}
	if json.Valid(raw) {
		return raw, nil
	}
	tree, err := parser.ParseBytes(raw, 0)
	if err != nil {
		return nil, yamlFault(file, err)
	}
	if len(tree.Docs) != 1 || tree.Docs[0].Body == nil {
		return nil, ErrFile.With("problem", text.Text{En: "it holds no document, or several", Zh: "没有文档，或有多个文档"}).At(file, 0, 0)
	}
	// An alias can unfold a small file without end.
	a := &aliases{}
	ast.Walk(a, tree.Docs[0])
	if a.at != nil {
		pos := a.at.GetToken().Position
		return nil, ErrFile.With("problem", text.Text{En: "YAML aliases are not allowed here", Zh: "此处不允许 YAML 别名"}).At(file, pos.Line, pos.Column)
	}
	out, err := yaml.YAMLToJSON(raw)
	if err != nil {
		return nil, yamlFault(file, err)
	}
	if !json.Valid(out) {
		return nil, ErrFile.With("problem", text.Text{En: "it holds values that JSON cannot say", Zh: "含有 JSON 无法表示的值"}).At(file, 0, 0)
	}
	return out, nil
}

type aliases struct{ at *ast.AliasNode }

func (a *aliases) Visit(n ast.Node) ast.Visitor {
	if alias, ok := n.(*ast.AliasNode); ok && a.at == nil {
		a.at = alias
	}
	return a
}

func yamlFault(file string, err error) error {
	var syntax yaml.Error
	if errors.As(err, &syntax) && syntax.GetToken() != nil && syntax.GetToken().Position != nil {
		pos := syntax.GetToken().Position
		return ErrFile.With("problem", syntax.GetMessage()).At(file, pos.Line, pos.Column)
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return ErrFile.With("problem", first).At(file, 0, 0)
}
