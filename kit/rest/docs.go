package rest

import (
	"bytes"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// docsPage is the operation table as one page that asks for nothing else.
var docsPage = template.Must(template.New("docs").Parse(`<!doctype html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>{{.Title}}</title>
<style>:root{color-scheme:light dark}body{font:15px/1.6 system-ui,"Noto Sans CJK SC",sans-serif;max-width:64rem;margin:0 auto;padding:1.5rem 1rem 4rem}
nav a{margin-right:1rem}section{margin-top:2.5rem}details{border-top:1px solid #8884;padding:.5rem 0}summary{cursor:pointer;display:flex;gap:.8rem;flex-wrap:wrap;align-items:baseline}
code{font:13px/1.5 ui-monospace,monospace;overflow-wrap:anywhere}b{min-width:4.2rem;font:600 13px/1.5 ui-monospace,monospace}table{border-collapse:collapse;width:100%;margin:.5rem 0}th,td{text-align:left;vertical-align:top;padding:.25rem .8rem .25rem 0;border-bottom:1px solid #8883}pre{overflow:auto;background:#8881;padding:.8rem;border-radius:6px}small{opacity:.75}</style></head><body>
<h1>{{.Title}}</h1><p>{{.Lead}} <a href="openapi.json">openapi.json</a></p>
<nav>{{range .Groups}}<a href="#{{.Name}}">{{.Name}}</a>{{end}}</nav>
{{range .Groups}}<section id="{{.Name}}"><h2>{{.Name}}</h2>
{{range .Ops}}<details id="{{.ID}}"><summary><b>{{.Method}}</b><code>{{.Path}}</code><span>{{.Doc}}</span></summary>
<p><small>{{.ID}} · {{$.PermWord}} {{.Perm}}{{if .Command}} · <code>{{.Command}}</code>{{end}}</small></p>
{{if .Params}}<table>{{range .Params}}<tr><td><code>{{.Name}}</code></td><td>{{.In}}</td><td>{{.Type}}</td><td>{{.Doc}}</td></tr>{{end}}</table>{{end}}
{{if .Errors}}<table>{{range .Errors}}<tr><td>{{.Status}}</td><td><code>{{.Code}}</code></td><td>{{.Says}}</td></tr>{{end}}</table>{{end}}
<pre><code>{{.Schema}}</code></pre></details>
{{end}}</section>{{end}}</body></html>
`))

type docsOp struct {
	ID, Method, Path, Doc, Perm, Command, Schema string
	Params                                       []docsParam
	Errors                                       []docsError
}

type docsParam struct{ Name, In, Type, Doc string }

type docsError struct {
	Status     int
	Code, Says string
}

type docsGroup struct {
	Name string
	Ops  []docsOp
}

// serveDocs shows the operation table to people, in the language that their
// browser asks for.
func (r *Registry) serveDocs(w http.ResponseWriter, req *http.Request) {
	lang := acceptedLanguage(req.Header.Get("Accept-Language"))
	page, err := r.docs(lang)
	if err != nil {
		writeProblem(w, problemOf(req.Context(), err))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
	w.Header().Set("Vary", "Accept-Language")
	// The client is gone if this fails.
	_, _ = w.Write(page)
}

func (r *Registry) docs(lang string) ([]byte, error) {
	say := func(en, zh string) string { return text.Text{En: en, Zh: zh}.In(lang) }
	raw, err := r.OpenAPI()
	if err != nil {
		return nil, err
	}
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	var groups []docsGroup
	for _, o := range r.ops {
		d := docsOp{ID: o.ID, Method: o.Method, Path: r.prefix + o.Path, Doc: o.Doc.In(lang), Perm: o.Perm.In(lang)}
		if o.Noun != "" {
			d.Command = "landfall " + o.Noun + " " + o.Verb
		}
		for _, p := range o.Params {
			d.Params = append(d.Params, docsParam{p.Name, p.In, p.Type, p.Doc.In(lang)})
		}
		for _, e := range o.Errors {
			d.Errors = append(d.Errors, docsError{e.Kind.Status(), e.Code, says(e, lang)})
		}
		op := path(doc, "paths", o.Path, strings.ToLower(o.Method))
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(map[string]any{"requestBody": path(op, "requestBody"), "responses": path(op, "responses")}); err != nil {
			return nil, err
		}
		d.Schema = b.String()
		i := slices.IndexFunc(groups, func(g docsGroup) bool { return g.Name == tag(o.Op) })
		if i < 0 {
			groups, i = append(groups, docsGroup{Name: tag(o.Op)}), len(groups)
		}
		groups[i].Ops = append(groups[i].Ops, d)
	}
	var b bytes.Buffer
	err = docsPage.Execute(&b, map[string]any{"Lang": lang, "Title": say("Landfall API", "Landfall 接口"), "Groups": groups, "PermWord": say("takes the permission:", "所需权限："),
		"Lead": say("Every operation, what it takes and what it may answer. The same as a document for machines:", "全部接口的参数与返回。供程序读取的文档：")})
	return b.Bytes(), err
}

func says(d fault.Def, lang string) string { return text.Text{En: d.En, Zh: d.Zh}.In(lang) }
