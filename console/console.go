// Package console serves the web console, which `make console` builds into
// dist. Everything of it is in the binary; no file on disk is read.
package console

import (
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// dist holds what was built, with .br and .gz beside what they compress. The
// prefix "all:" lets it hold .keep alone, so that Go builds without Node.
//
//go:embed all:dist
var dist embed.FS

// hashed is the folder whose files are named by their content.
const hashed = "assets/"

// notBuilt is shown instead of the console where nobody built it.
const notBuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Landfall</title>
<meta name="viewport" content="width=device-width,initial-scale=1">
<h1>Landfall</h1>
<p>console not built: run <code>make console</code></p>
<p lang="zh">控制台尚未构建：请运行 <code>make console</code></p>
<p><a href="/api/v1/openapi.json">openapi.json</a></p></html>
`

// Handler serves the console: its files as they are, compressed for whoever
// takes that, and its first page for every other path, since views have URLs
// of their own.
func Handler() http.Handler {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("console: " + err.Error()) // the name is a constant that fs accepts
	}
	return New(files)
}

// New is Handler for files that were built elsewhere.
func New(files fs.FS) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		if name == "" || strings.HasPrefix(path.Base(name), ".") || !plain(files, name) {
			// A file that is not there is told from a view of the console by
			// its extension: a stale page must not get HTML as its script.
			if strings.HasPrefix(name, hashed) {
				http.NotFound(w, r)
				return
			}
			name = "index.html"
		}
		if !plain(files, name) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Cache-Control", "no-store")
			// The client is gone if this fails.
			_, _ = w.Write([]byte(notBuilt))
			return
		}
		serve(w, r, files, name)
	})
}

func plain(files fs.FS, name string) bool {
	info, err := fs.Stat(files, name)
	return err == nil && info.Mode().IsRegular()
}

// serve writes one file in the best encoding that the client takes.
func serve(w http.ResponseWriter, r *http.Request, files fs.FS, name string) {
	h := w.Header()
	kind := mime.TypeByExtension(path.Ext(name))
	if kind == "" {
		kind = "application/octet-stream"
	}
	h.Set("Content-Type", kind)
	h.Add("Vary", "Accept-Encoding")
	if strings.HasPrefix(name, hashed) {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	file := name
	for _, e := range [][2]string{{"br", ".br"}, {"gzip", ".gz"}} {
		if takes(r.Header.Get("Accept-Encoding"), e[0]) && plain(files, name+e[1]) {
			h.Set("Content-Encoding", e[0])
			file = name + e[1]
			break
		}
	}
	data, err := fs.ReadFile(files, file)
	if err != nil {
		h.Del("Content-Encoding")
		http.NotFound(w, r)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(data)))
	if r.Method == http.MethodHead {
		return
	}
	// The client is gone if this fails.
	_, _ = w.Write(data)
}

// takes reports whether an Accept-Encoding header (RFC 9110, 12.5.3) allows
// an encoding.
func takes(header, encoding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if !strings.EqualFold(strings.TrimSpace(name), encoding) {
			continue
		}
		q, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
		if !ok {
			return true
		}
		v, err := strconv.ParseFloat(q, 64)
		return err == nil && v > 0
	}
	return false
}
