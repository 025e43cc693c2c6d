package remote

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/kit/fault"
)

// Faults of templates and of what they make.
var (
	ErrTemplate = fault.Def{Kind: fault.Invalid, Code: "remote.template",
		En: "the template cannot be used: {problem}", Zh: "模板无法使用：{problem}",
		HintEn: "a template may name {{.Input}}, {{.Tags.NAME}}, {{.Choices}}, {{.Documents}}, {{.Schema}} and {{json VALUE}}",
		HintZh: "模板可使用 {{.Input}}、{{.Tags.名称}}、{{.Choices}}、{{.Documents}}、{{.Schema}} 和 {{json 值}}"}
	ErrMade = fault.Def{Kind: fault.Invalid, Code: "remote.made",
		En: "what the template made of a case cannot be sent: {problem}", Zh: "模板对用例生成的内容无法发送：{problem}"}
)

// maxMade bounds what a template makes of one case, in bytes.
const maxMade = 8 << 20

// Task is what a candidate is told beside a case.
type Task struct {
	Kind      string // answer, extract, decide, tools
	Choices   []string
	Schema    json.RawMessage
	Tools     json.RawMessage
	Documents []dataset.Document
}

// view is what a template sees. It must never hold a right answer.
type view struct {
	Input     string
	Tags      map[string]string
	Choices   []string
	Documents []dataset.Document
	Schema    string
}

// Template makes text of a case.
type Template struct {
	t    *template.Template
	file string
}

// Parse reads a template. Its errors are ErrTemplate with file and line.
func Parse(file, text string) (*Template, error) {
	t, err := template.New(file).Option("missingkey=zero").Funcs(template.FuncMap{
		"json": func(v any) (string, error) { b, err := json.Marshal(v); return string(b), err },
		"join": strings.Join,
	}).Parse(text)
	if err != nil {
		problem := strings.TrimPrefix(err.Error(), "template: "+file+":")
		line, rest, ok := strings.Cut(problem, ":")
		n, nerr := strconv.Atoi(line)
		if !ok || nerr != nil {
			n, rest = 0, problem
		}
		return nil, ErrTemplate.With("problem", strings.TrimSpace(rest)).At(file, n, 0).Because(err)
	}
	out := &Template{t: t, file: file}
	if t.Tree == nil || parse.IsEmptyTree(t.Root) {
		return nil, ErrTemplate.With("problem", "it is empty").At(file, 0, 0)
	}
	if problem := unbounded(t.Root, 0); problem != "" || len(t.Templates()) > 1 {
		return nil, ErrTemplate.With("problem", first(problem, "a template may not define another")).At(file, 0, 0)
	}
	// A field that does not exist shows on the first case; it should show now.
	if _, err := out.make(poc.Input{}, Task{}); err != nil {
		return nil, err
	}
	return out, nil
}

func (t *Template) make(in poc.Input, task Task) (string, error) {
	var b bytes.Buffer
	v := view{Input: in.Text, Tags: in.Tags, Choices: task.Choices, Documents: task.Documents, Schema: string(task.Schema)}
	if err := t.t.Execute(&limited{w: &b, left: maxMade}, v); err != nil {
		return "", ErrTemplate.With("problem", err.Error()).At(t.file, 0, 0).Because(err)
	}
	return b.String(), nil
}

type limited struct {
	w    io.Writer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, ErrMade.With("problem", "it has more than 8 MiB")
	}
	return l.w.Write(p)
}
