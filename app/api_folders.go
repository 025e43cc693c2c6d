package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"unicode/utf8"

	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/blob"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/pack"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// The bounds of what operations on folders take and give.
const (
	maxManifest = 8 << 20
	maxEdit     = 4 << 20
	maxDiffed   = 256 << 10 // of one text in a diff
	maxDiffs    = 50        // texts in a diff
)

// folderMedia are the forms in which a folder is sent.
var folderMedia = append(rest.Bytes(pack.TarGz, pack.Zip), rest.Media{Type: "application/json", Of: FileList{}})

// FileList is every file of a folder; each was sent before.
type FileList struct {
	Files scenario.Manifest `json:"files" maxItems:"20000" nullable:"false"`
}

// FolderSource says where a folder comes from.
type FolderSource struct {
	Source string `query:"source" enum:"upload,git,console" default:"upload" doc:"where the folder comes from" zh:"目录来源"`
	Remote string `query:"remote" maxLength:"400" doc:"the repository's address, without credentials" zh:"代码仓库地址（不含凭据）"`
	Commit string `query:"commit" maxLength:"64" doc:"the commit" zh:"提交"`
	Dirty  bool   `query:"dirty" doc:"whether the folder differs from the commit" zh:"目录是否与该提交不同"`
}

func (f FolderSource) source() scenario.Source {
	return scenario.Source{Kind: f.Source, Remote: f.Remote, Commit: f.Commit, Dirty: f.Dirty}
}

type createInput struct {
	FolderSource
	Team scenario.TeamID `path:"team"`
}

type pushInput struct {
	FolderSource
	Scenario scenario.ID `path:"scenario"`
	IfMatch  string      `header:"If-Match" doc:"The tag that the change is based on; another one now is a conflict."`
}

type teamInput struct {
	Team scenario.TeamID `path:"team"`
}

type missingInput struct {
	Team scenario.TeamID `path:"team"`
	Body struct {
		Digests []string `json:"digests" maxItems:"20000" nullable:"false" doc:"hex SHA-256 of each file" zh:"各文件的 SHA-256（十六进制）"`
	}
}

// MissingFiles are those that must still be sent.
type MissingFiles struct {
	Missing []string `json:"missing" nullable:"false"`
}

// ReceivedFile is a file that is stored now.
type ReceivedFile struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

type scenarioInput struct {
	Scenario scenario.ID `path:"scenario"`
}

// DocumentView is a scenario's document with its files.
type DocumentView struct {
	Scenario scenario.View     `json:"scenario"`
	YAML     string            `json:"yaml" doc:"scenario.yaml as it is."`
	Document any               `json:"document" doc:"The same as JSON, with what is left out filled in."`
	Files    scenario.Manifest `json:"files" nullable:"false" doc:"Every file of the folder; empty if they are not here."`

	tag string
}

// Tag makes the view's ETag.
func (d *DocumentView) Tag() string { return d.tag }

type editInput struct {
	Scenario scenario.ID `path:"scenario"`
	IfMatch  string      `header:"If-Match" doc:"The tag that the change is based on; another one now is a conflict."`
	Body     struct {
		YAML   *string      `json:"yaml,omitempty" maxLength:"1048576" doc:"scenario.yaml as it is to be" zh:"新的 scenario.yaml 全文"`
		Files  []editedFile `json:"files,omitempty" maxItems:"100" doc:"texts to put in place" zh:"要写入的文本文件"`
		Remove []string     `json:"remove,omitempty" maxItems:"100" doc:"files to take away" zh:"要移除的文件"`
	}
}

type editedFile struct {
	Path string `json:"path"`
	Text string `json:"text" maxLength:"1048576"`
}

// FileInput names a file of a folder.
type FileInput struct {
	Scenario scenario.ID `path:"scenario"`
	Path     string      `query:"path" required:"true" maxLength:"400" doc:"the file's path in the folder" zh:"文件在目录中的路径"`
}

type putFileInput struct {
	FileInput
	IfMatch string `header:"If-Match" doc:"The tag that the change is based on; another one now is a conflict."`
}

type diffInput struct {
	Revision scenario.RevisionID `path:"revision"`
	Against  scenario.RevisionID `query:"against" doc:"the revision to compare with; else the one before" zh:"与哪次修订比较；缺省为前一次"`
}

var validityColumns = []term.Column{
	{Field: "slug", Head: text.Text{En: "SCENARIO", Zh: "场景"}},
	{Field: "train", Head: text.Text{En: "TRAIN", Zh: "训练用例"}, Form: term.AsCount},
	{Field: "test", Head: text.Text{En: "TEST", Zh: "评测用例"}, Form: term.AsCount},
	{Field: "candidates", Head: text.Text{En: "CANDIDATES", Zh: "候选方案"}, Form: term.AsCount},
}

var folderFaults = []fault.Def{scenario.ErrValue, scenario.ErrUnknownField, scenario.ErrMissingField, scenario.ErrServedEndpoint, scenario.ErrServedCommand,
	scenario.ErrManifest, ErrNotSent, pack.ErrArchive, pack.ErrPath, pack.ErrKind, pack.ErrTwice, pack.ErrBounds, rest.ErrMediaOf}

// folderOperations registers how folders come to a server and change there.
func (a *App) folderOperations(r *rest.Registry) {
	rest.Resource(r, text.Text{En: "team", Zh: "团队"}, auth.Read, a.teamOf)
	rest.Add(r, rest.Op{ID: "missing-files", Method: "POST", Path: "/teams/{team}/files/missing", Perm: auth.Contribute, MaxBody: maxManifest,
		Doc: text.Text{En: "Tell which files must still be sent.", Zh: "查询哪些文件仍需上传。"}, Errors: []fault.Def{blob.ErrDigest}},
		func(ctx context.Context, in *missingInput) (*MissingFiles, error) {
			for _, d := range in.Body.Digests {
				if _, err := a.Blobs.Has(ctx, d); err != nil { // it is no digest
					return nil, err
				}
			}
			missing, err := a.Scenarios.Missing(ctx, string(in.Team), in.Body.Digests)
			return &MissingFiles{missing}, err
		})
	rest.Upload(r, rest.Op{ID: "upload-file", Method: "POST", Path: "/teams/{team}/files", Perm: auth.Contribute, Status: http.StatusCreated, MaxBody: pack.DefaultLimits.File,
		Doc: text.Text{En: "Send a file of a folder; it is stored by its digest.", Zh: "上传目录中的一个文件；按摘要存储。"}}, rest.Bytes("application/octet-stream"),
		func(ctx context.Context, in *teamInput, b rest.Body) (*ReceivedFile, error) {
			f, err := a.Receive(ctx, string(in.Team), b)
			return &ReceivedFile{f.SHA256, f.Size}, err
		})
	rest.Upload(r, rest.Op{ID: "validate-folder", Method: "POST", Path: "/teams/{team}/scenarios/validate", Perm: auth.Contribute, MaxBody: pack.DefaultLimits.Bytes, Columns: validityColumns,
		Doc:    text.Text{En: "Check a folder as a push would; store nothing of it as a scenario.", Zh: "按推送的标准检查目录；不保存为场景。"},
		Errors: folderFaults}, folderMedia,
		func(ctx context.Context, in *teamInput, b rest.Body) (*Validity, error) {
			m, err := a.folderOf(ctx, string(in.Team), b, nil)
			if err != nil {
				return nil, err
			}
			return a.Check(ctx, Pushing{Manifest: m})
		})
	rest.Upload(r, rest.Op{ID: "create-scenario", Method: "POST", Path: "/teams/{team}/scenarios", Perm: auth.Contribute, Status: http.StatusCreated, MaxBody: pack.DefaultLimits.Bytes,
		Doc:    text.Text{En: "Make a scenario of a folder: an archive, or a list of files that were sent.", Zh: "用目录创建场景：归档文件，或已上传文件的清单。"},
		Errors: append([]fault.Def{scenario.ErrExists}, folderFaults...)}, folderMedia,
		func(ctx context.Context, in *createInput, b rest.Body) (*scenario.View, error) {
			m, err := a.folderOf(ctx, string(in.Team), b, nil)
			if err != nil {
				return nil, err
			}
			sc, err := a.Push(ctx, Pushing{Manifest: m, Pushed: scenario.Pushed{Team: string(in.Team), Source: in.source(), New: true}})
			v := scenario.Shown(sc)
			return &v, err
		})
	rest.Upload(r, rest.Op{ID: "push-scenario", Method: "PUT", Path: "/scenarios/{scenario}", Perm: auth.Contribute, MaxBody: pack.DefaultLimits.Bytes,
		Doc:    text.Text{En: "Replace a scenario's folder; a change is a new revision.", Zh: "替换场景的目录；有变化即为新的修订。"},
		Errors: append([]fault.Def{scenario.ErrUnknown, scenario.ErrChangedSince, scenario.ErrSlug}, folderFaults...)}, folderMedia,
		func(ctx context.Context, in *pushInput, b rest.Body) (*scenario.View, error) {
			sc, err := a.Scenarios.Get(ctx, string(in.Scenario))
			if err != nil {
				return nil, err
			}
			if err := based(sc, in.IfMatch); err != nil {
				return nil, err
			}
			have, err := a.filesOf(ctx, sc)
			if err != nil {
				return nil, err
			}
			m, err := a.folderOf(ctx, sc.TeamID, b, have)
			if err != nil {
				return nil, err
			}
			return a.replace(ctx, sc, m, in.source(), in.IfMatch)
		})
	a.editOperations(r)
}

// editOperations registers how a scenario is changed on the server itself.
func (a *App) editOperations(r *rest.Registry) {
	rest.Add(r, rest.Op{ID: "show-document", Method: "GET", Path: "/scenarios/{scenario}/document", Perm: auth.Read,
		Doc: text.Text{En: "Show a scenario's document and its files.", Zh: "查看场景的文档与文件。"}, Errors: []fault.Def{scenario.ErrUnknown}}, a.showDocument)
	rest.Add(r, rest.Op{ID: "edit-scenario", Method: "PATCH", Path: "/scenarios/{scenario}", Perm: auth.Contribute, MaxBody: maxEdit,
		Doc:    text.Text{En: "Change a scenario's document or texts; everything else of its folder stays.", Zh: "修改场景的文档或文本文件；目录中的其他内容不变。"},
		Errors: append([]fault.Def{scenario.ErrUnknown, scenario.ErrChangedSince, scenario.ErrFromGit, scenario.ErrNoFolder}, folderFaults...)}, a.edit)
	rest.Upload(r, rest.Op{ID: "put-scenario-file", Method: "PUT", Path: "/scenarios/{scenario}/file", Perm: auth.Contribute, MaxBody: pack.DefaultLimits.File,
		Doc:    text.Text{En: "Put a file of any size into a scenario's folder, such as a file of cases.", Zh: "向场景目录写入任意大小的文件，如评测用例文件。"},
		Errors: append([]fault.Def{scenario.ErrUnknown, scenario.ErrChangedSince, scenario.ErrFromGit, scenario.ErrNoFolder}, folderFaults...)}, rest.Bytes("application/octet-stream", "text/csv"),
		func(ctx context.Context, in *putFileInput, b rest.Body) (*scenario.View, error) {
			sc, have, err := a.editable(ctx, in.Scenario, in.IfMatch)
			if err != nil {
				return nil, err
			}
			if err := pack.CheckPath(in.Path); err != nil {
				return nil, err
			}
			f, err := a.Receive(ctx, sc.TeamID, b)
			if err != nil {
				return nil, err
			}
			f.Path = in.Path
			return a.replace(ctx, sc, have.With(f), scenario.Source{Kind: scenario.FromConsole}, in.IfMatch)
		})
	rest.Stream(r, rest.Op{ID: "get-scenario-file", Method: "GET", Path: "/scenarios/{scenario}/file", Perm: auth.Read,
		Doc: text.Text{En: "Download a file of a scenario's folder.", Zh: "下载场景目录中的文件。"}, Errors: []fault.Def{scenario.ErrUnknown, scenario.ErrNoFolder, scenario.ErrNoFile}},
		"application/octet-stream", a.download)
	rest.Add(r, rest.Op{ID: "diff-revision", Method: "GET", Path: "/revisions/{revision}/diff", Perm: auth.Read, Noun: "revisions", Verb: "diff",
		Doc: text.Text{En: "Show what a revision changed.", Zh: "查看一次修订的改动。"}, Errors: []fault.Def{scenario.ErrNoRevision}}, a.diff)
}

// teamOf finds a team. It fails with scenario.ErrNoTeam.
func (a *App) teamOf(ctx context.Context, id scenario.TeamID) (string, error) {
	if a.Teams != nil {
		return a.Teams(ctx, string(id))
	}
	if id != scenario.LocalTeam {
		return "", scenario.ErrNoTeam.With("id", string(id), "local", scenario.LocalTeam)
	}
	return string(id), nil
}

// folderOf makes a manifest of what was sent: of an archive, whose files are
// stored, or of a list of files that were.
func (a *App) folderOf(ctx context.Context, team string, b rest.Body, have scenario.Manifest) (scenario.Manifest, error) {
	if b.Type != "application/json" {
		return a.ReceiveArchive(ctx, team, b.Type, b)
	}
	raw, err := io.ReadAll(io.LimitReader(b, maxManifest+1))
	if err != nil {
		return nil, fmt.Errorf("read the manifest: %w", err)
	}
	if len(raw) > maxManifest {
		return nil, rest.ErrTooLarge.With()
	}
	var doc FileList
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&doc); err != nil {
		return nil, scenario.ErrManifest.With("problem", text.Text{En: "it is not JSON of the form {\"files\": [{\"path\", \"sha256\", \"size\"}]}", Zh: "不是 {\"files\": [{\"path\", \"sha256\", \"size\"}]} 形式的 JSON"}).Because(err)
	}
	if err := doc.Files.Check(pack.DefaultLimits); err != nil {
		return nil, err
	}
	return doc.Files, a.Complete(ctx, team, doc.Files, have)
}

// filesOf returns the files of a scenario; none if they are not here.
func (a *App) filesOf(ctx context.Context, sc scenario.Scenario) (scenario.Manifest, error) {
	if sc.Folder == "" {
		return scenario.Manifest{}, nil
	}
	return a.manifest(ctx, sc.Folder)
}

// based refuses a change that is based on something else than sc.
func based(sc scenario.Scenario, ifMatch string) error {
	if ifMatch == "" || rest.Matches(ifMatch, sc.Tag()) {
		return nil
	}
	return scenario.ErrChangedSince.With("slug", sc.Slug, "revision", sc.Revision)
}

// replace pushes m in place of what sc was when it was read.
func (a *App) replace(ctx context.Context, sc scenario.Scenario, m scenario.Manifest, from scenario.Source, ifMatch string) (*scenario.View, error) {
	p := scenario.Pushed{Source: from}
	if ifMatch != "" {
		p.BasedOn = sc.Tag()
	}
	out, err := a.Push(ctx, Pushing{Scenario: sc.Slug, Manifest: m, Pushed: p})
	v := scenario.Shown(out)
	return &v, err
}

// editable returns a scenario that may be changed here, with its files.
func (a *App) editable(ctx context.Context, ref scenario.ID, ifMatch string) (scenario.Scenario, scenario.Manifest, error) {
	sc, err := a.Scenarios.Get(ctx, string(ref))
	if err != nil {
		return sc, nil, err
	}
	switch {
	case sc.Folder == "":
		return sc, nil, scenario.ErrNoFolder.With("slug", sc.Slug)
	case sc.Source.Kind == scenario.FromGit:
		return sc, nil, scenario.ErrFromGit.With("slug", sc.Slug)
	}
	if err := based(sc, ifMatch); err != nil {
		return sc, nil, err
	}
	m, err := a.manifest(ctx, sc.Folder)
	return sc, m, err
}

func (a *App) showDocument(ctx context.Context, in *scenarioInput) (*DocumentView, error) {
	sc, err := a.Scenarios.Get(ctx, string(in.Scenario))
	if err != nil {
		return nil, err
	}
	doc, raw, err := a.Scenarios.Document(ctx, a.DB.Read(), sc.ID)
	if err != nil {
		return nil, err
	}
	files, err := a.filesOf(ctx, sc)
	if err != nil {
		return nil, err
	}
	doc.Endpoints = nil // what an administrator defined is none of it
	return &DocumentView{Scenario: scenario.Shown(sc), YAML: string(raw), Document: doc, Files: files, tag: sc.Tag()}, nil
}

func (a *App) edit(ctx context.Context, in *editInput) (*scenario.View, error) {
	sc, m, err := a.editable(ctx, in.Scenario, in.IfMatch)
	if err != nil {
		return nil, err
	}
	files := in.Body.Files
	if in.Body.YAML != nil {
		files = append(files, editedFile{scenario.FileName, *in.Body.YAML})
	}
	for _, f := range files {
		if err := pack.CheckPath(f.Path); err != nil {
			return nil, err
		}
		ref, err := a.Receive(ctx, sc.TeamID, bytes.NewReader([]byte(f.Text)))
		if err != nil {
			return nil, err
		}
		ref.Path = f.Path
		m = m.With(ref)
	}
	for _, gone := range in.Body.Remove {
		if _, ok := m.Find(gone); !ok {
			return nil, scenario.ErrNoFile.With("file", gone, "field", "remove", "dir", sc.Slug)
		}
		m = m.Without(gone)
	}
	return a.replace(ctx, sc, m, scenario.Source{Kind: scenario.FromConsole}, in.IfMatch)
}

func (a *App) download(ctx context.Context, in *FileInput, w http.ResponseWriter, _ *http.Request) (err error) {
	sc, err := a.Scenarios.Get(ctx, string(in.Scenario))
	if err != nil {
		return err
	}
	if sc.Folder == "" {
		return scenario.ErrNoFolder.With("slug", sc.Slug)
	}
	m, err := a.manifest(ctx, sc.Folder)
	if err != nil {
		return err
	}
	f, ok := m.Find(in.Path)
	if !ok {
		return scenario.ErrNoFile.With("file", in.Path, "field", "path", "dir", sc.Slug)
	}
	r, err := a.Blobs.Open(ctx, f.SHA256)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	w.Header().Set("Content-Disposition", "attachment; filename*=UTF-8''"+escapeName(path.Base(f.Path)))
	w.Header().Set("Content-Length", strconv.FormatInt(f.Size, 10))
	_, err = io.Copy(w, r)
	return err
}

// escapeName writes a file's name as RFC 8187 has it.
func escapeName(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"
	var b bytes.Buffer
	for _, c := range []byte(s) {
		if bytes.IndexByte([]byte(plain), c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func (a *App) diff(ctx context.Context, in *diffInput) (*scenario.Diff, error) {
	to, err := a.Scenarios.Revision(ctx, string(in.Revision))
	if err != nil {
		return nil, err
	}
	from := scenario.Revision{Slug: to.Slug}
	switch {
	case in.Against != "":
		from, err = a.Scenarios.Revision(ctx, string(in.Against))
	case to.Number > 1:
		from, err = a.Scenarios.Revision(ctx, to.Scenario+"@"+strconv.FormatInt(to.Number-1, 10))
	}
	if err != nil {
		return nil, err
	}
	d := &scenario.Diff{From: from.ID(), To: to.ID(), Files: []scenario.FileChange{},
		Document: scenario.TextDiff(from.ID()+"/"+scenario.FileName, from.Document, to.ID()+"/"+scenario.FileName, to.Document)}
	if to.Folder == "" || from.Folder == "" && from.Number > 0 {
		return d, nil
	}
	is, err := a.manifest(ctx, to.Folder)
	if err != nil {
		return nil, err
	}
	var was scenario.Manifest
	if from.Folder != "" {
		if was, err = a.manifest(ctx, from.Folder); err != nil {
			return nil, err
		}
	}
	d.Files = scenario.Changes(was, is)
	for i := range d.Files[:min(len(d.Files), maxDiffs)] {
		f := &d.Files[i]
		if f.Path == scenario.FileName {
			continue
		}
		old, ok1, err1 := a.smallText(ctx, was, f.Path)
		now, ok2, err2 := a.smallText(ctx, is, f.Path)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		if ok1 && ok2 {
			f.Diff = scenario.TextDiff(from.ID()+"/"+f.Path, old, to.ID()+"/"+f.Path, now)
		}
	}
	return d, nil
}

// smallText reads a text of a folder; none is an empty one.
func (a *App) smallText(ctx context.Context, m scenario.Manifest, name string) (_ []byte, ok bool, err error) {
	f, found := m.Find(name)
	if !found {
		return nil, true, nil
	}
	if f.Size > maxDiffed {
		return nil, false, nil
	}
	r, err := a.Blobs.Open(ctx, f.SHA256)
	if err != nil {
		return nil, false, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	raw, err := io.ReadAll(r)
	return raw, utf8.Valid(raw) && !bytes.ContainsRune(raw, 0), err
}
