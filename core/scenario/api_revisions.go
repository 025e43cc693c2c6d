package scenario

import (
	"context"
	"time"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// RevisionView is a revision as operations give it.
type RevisionView struct {
	ID       string    `json:"id" doc:"SCENARIO@NUMBER."`
	Number   int64     `json:"number"`
	Digest   string    `json:"digest" doc:"Of the document."`
	BasedOn  string    `json:"based_on" doc:"Digest of the document that it replaced."`
	Folder   string    `json:"folder,omitempty" doc:"Digest of the list of its files."`
	Source   *Source   `json:"source,omitempty"`
	Actor    string    `json:"actor"`
	Created  time.Time `json:"created"`
	Document string    `json:"document,omitempty" doc:"scenario.yaml as it was; of a single revision only."`
}

func revisionView(r Revision) RevisionView {
	v := RevisionView{ID: r.ID(), Number: r.Number, Digest: r.Digest, BasedOn: r.BasedOn, Folder: r.Folder, Actor: r.Actor,
		Created: r.Created, Document: string(r.Document)}
	if r.Source.Kind != FromFolder {
		v.Source = &r.Source
	}
	return v
}

// Diff is what changed from one revision to another.
type Diff struct {
	From     string       `json:"from"`
	To       string       `json:"to"`
	Document string       `json:"document" doc:"The change of scenario.yaml as a unified diff; empty if there is none."`
	Files    []FileChange `json:"files" nullable:"false" doc:"Every file that changed, if the files of both are here."`
}

// FileChange is what happened to one file.
type FileChange struct {
	Path   string `json:"path"`
	Change string `json:"change" enum:"added,removed,changed"`
	From   string `json:"from,omitempty" doc:"SHA-256 before."`
	To     string `json:"to,omitempty" doc:"SHA-256 after."`
	Diff   string `json:"diff,omitempty" doc:"The change as a unified diff, of texts up to 256 KiB."`
}

// Changes lists what differs between two folders, by path.
func Changes(from, to Manifest) []FileChange {
	out := []FileChange{}
	was := map[string]FileRef{}
	for _, f := range from {
		was[f.Path] = f
	}
	is := map[string]FileRef{}
	for _, f := range to {
		is[f.Path] = f
		switch old, ok := was[f.Path]; {
		case !ok:
			out = append(out, FileChange{Path: f.Path, Change: "added", To: f.SHA256})
		case old.SHA256 != f.SHA256:
			out = append(out, FileChange{Path: f.Path, Change: "changed", From: old.SHA256, To: f.SHA256})
		}
	}
	for _, f := range from {
		if _, ok := is[f.Path]; !ok {
			out = append(out, FileChange{Path: f.Path, Change: "removed", From: f.SHA256})
		}
	}
	return out
}

// TextDiff is the change between two texts as a unified diff.
func TextDiff(nameA string, a []byte, nameB string, b []byte) string {
	return string(diff.Diff(nameA, a, nameB, b))
}

type revisionsInput struct {
	rest.PageParams
	Scenario ID `path:"scenario"`
}

type revisionInput struct {
	Revision RevisionID `path:"revision"`
}

var revisionColumns = []term.Column{
	{Field: "id", Head: text.Text{En: "REVISION", Zh: "修订"}},
	{Field: "created", Head: text.Text{En: "AT", Zh: "时间"}, Form: term.AsTime},
	{Field: "actor", Head: text.Text{En: "BY", Zh: "操作人"}},
	{Field: "source.kind", Head: text.Text{En: "FROM", Zh: "来源"}},
	{Field: "digest", Head: text.Text{En: "DIGEST", Zh: "摘要"}},
}

func (s *Service) revisionOperations(r *rest.Registry) {
	rest.Resource(r, text.Text{En: "revision", Zh: "修订"}, auth.Read, func(ctx context.Context, id RevisionID) (string, error) {
		rev, err := s.Revision(ctx, string(id))
		if err != nil {
			return "", err
		}
		return s.TeamOf(ctx, ID(rev.Scenario))
	})
	rest.Add(r, rest.Op{ID: "list-revisions", Method: "GET", Path: "/scenarios/{scenario}/revisions", Perm: auth.Read, Noun: "revisions", Verb: "list",
		Doc: text.Text{En: "List the revisions of a scenario, newest first.", Zh: "列出一个场景的修订，最新的在前。"}, Columns: revisionColumns, Errors: []fault.Def{ErrUnknown}},
		func(ctx context.Context, in *revisionsInput) (*rest.Page[RevisionView], error) {
			sc, err := s.Get(ctx, string(in.Scenario))
			if err != nil {
				return nil, err
			}
			return rest.Paginate(ctx, in.PageParams, sc.ID, func(ctx context.Context, before *int64, limit int) ([]RevisionView, error) {
				from := int64(0)
				if before != nil {
					from = *before
				}
				list, err := s.Revisions(ctx, sc, from, limit)
				out := make([]RevisionView, len(list))
				for i, rev := range list {
					out[i] = revisionView(rev)
				}
				return out, err
			}, func(v RevisionView) int64 { return v.Number })
		})
	rest.Add(r, rest.Op{ID: "show-revision", Method: "GET", Path: "/revisions/{revision}", Perm: auth.Read, Noun: "revisions", Verb: "show",
		Doc: text.Text{En: "Show a revision with its document.", Zh: "查看一次修订及其文档。"}, Columns: revisionColumns, Errors: []fault.Def{ErrNoRevision}},
		func(ctx context.Context, in *revisionInput) (*RevisionView, error) {
			rev, err := s.Revision(ctx, string(in.Revision))
			v := revisionView(rev)
			return &v, err
		})
}
