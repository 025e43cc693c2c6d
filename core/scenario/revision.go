package scenario

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/store"
)

// Faults of saving on a server.
var (
	ErrExists = fault.Def{Kind: fault.Conflict, Code: "scenario.exists",
		En: "there is a scenario {slug} already", Zh: "场景 {slug} 已存在",
		HintEn: "push to it, or choose another slug", HintZh: "请推送到该场景，或换一个 slug"}
	ErrChangedSince = fault.Def{Kind: fault.Precondition, Code: "scenario.changed_since",
		En: "the scenario {slug} was changed since: it is at revision {revision}", Zh: "场景 {slug} 已被改动：当前为第 {revision} 次修订",
		HintEn: "look at what changed, and base your change on it: landfall revisions list {slug}", HintZh: "请先查看改动，再在其基础上修改：landfall revisions list {slug}"}
	ErrFromGit = fault.Def{Kind: fault.Conflict, Code: "scenario.from_git",
		En: "the scenario {slug} comes from a repository and is changed there", Zh: "场景 {slug} 来自代码仓库，须在仓库中修改",
		HintEn: "apply the change in the repository and push it", HintZh: "请在仓库中应用该改动后推送"}
	ErrSlug = fault.Def{Kind: fault.Invalid, Code: "scenario.other_slug",
		En: "this is the document of {slug}, not of {scenario}", Zh: "该文档属于 {slug}，而不是 {scenario}",
		HintEn: "a scenario keeps its slug; make a new one for another", HintZh: "场景的 slug 不可更改；如需其他名称，请新建场景"}
	ErrNoRevision = fault.Def{Kind: fault.NotFound, Code: "scenario.no_revision",
		En: "there is no revision {id}", Zh: "没有修订 {id}",
		HintEn: "a revision is written SCENARIO@NUMBER; see them with: landfall revisions list --scenario SCENARIO",
		HintZh: "修订的写法为 场景@序号；查看：landfall revisions list --scenario 场景"}
	ErrNoFolder = fault.Def{Kind: fault.Conflict, Code: "scenario.no_folder",
		En: "the files of {slug} are not here: it was run from a folder", Zh: "服务器上没有 {slug} 的文件：它是从本地目录运行的",
		HintEn: "push the folder: landfall push DIR", HintZh: "请推送该目录：landfall push 目录"}
)

// The kinds of source.
const (
	FromFolder  = ""        // run from a folder of the machine
	FromUpload  = "upload"  // sent as it was
	FromGit     = "git"     // sent from a repository, and changed there only
	FromConsole = "console" // edited on the server
)

// Source says where a revision came from.
type Source struct {
	Kind   string `json:"kind" enum:"upload,git,console" doc:"Where the folder came from."`
	Remote string `json:"remote,omitempty" maxLength:"400" doc:"The repository's address, without credentials."`
	Commit string `json:"commit,omitempty" maxLength:"64" doc:"The commit."`
	Dirty  bool   `json:"dirty,omitempty" doc:"Whether the folder differed from the commit."`
}

func (s Source) encode() string {
	if s.Kind == "" {
		return ""
	}
	raw, err := json.Marshal(s)
	if err != nil {
		panic("scenario: a source is strings and a bool: " + err.Error())
	}
	return string(raw)
}

func decodeSource(s string) Source {
	var out Source
	if s != "" && json.Unmarshal([]byte(s), &out) != nil {
		return Source{Kind: FromUpload}
	}
	return out
}

// Pushed is what is known of a folder that was sent whole.
type Pushed struct {
	Team   string // owner of a new scenario; LocalTeam if ""
	Folder string // digest of its manifest
	Source Source
	// New requires that there is no such scenario yet, BasedOn that its tag is
	// this one; "" is whatever is there.
	New     bool
	BasedOn string
}

// Tag names what is stored now, for If-Match.
func (s Scenario) Tag() string {
	return strconv.FormatInt(s.Revision, 10) + "-" + cmp.Or(s.Folder, s.Digest)[:min(16, len(cmp.Or(s.Folder, s.Digest)))]
}

// Revision is a scenario as it once was.
type Revision struct {
	Scenario string
	Slug     string
	Number   int64
	Digest   string // of the document
	BasedOn  string
	Folder   string // digest of the manifest; "" if the files are not here
	Source   Source
	Actor    string
	Created  time.Time
	Document []byte // of a single revision only
}

// ID is how a revision is named: SLUG@NUMBER.
func (r Revision) ID() string { return r.Slug + "@" + strconv.FormatInt(r.Number, 10) }

func (r revisionRow) revision(slug string) Revision {
	return Revision{Scenario: r.ScenarioID, Slug: slug, Number: r.Revision, Digest: r.Digest, BasedOn: r.BasedOn, Folder: r.Folder,
		Source: decodeSource(r.Source), Actor: r.Actor, Created: store.FromMicros(r.CreatedAt), Document: r.Document}
}

// Revisions returns up to limit revisions of a scenario that come before the
// one with the number before (0 for all), the newest first.
func (s *Service) Revisions(ctx context.Context, sc Scenario, before int64, limit int) ([]Revision, error) {
	var rows []revisionRow
	q := s.DB.Read().NewSelect().Model(&rows).ExcludeColumn("document").Where("scenario_id = ?", sc.ID).Order("revision DESC").Limit(int64(limit))
	if before > 0 {
		q = q.Where("revision < ?", before)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list revisions of %s: %w", sc.Slug, err)
	}
	out := make([]Revision, len(rows))
	for i, r := range rows {
		out[i] = r.revision(sc.Slug)
	}
	return out, nil
}

// Revision returns a revision by SCENARIO@NUMBER. It fails with ErrNoRevision.
func (s *Service) Revision(ctx context.Context, id string) (Revision, error) {
	ref, num, _ := strings.Cut(id, "@")
	n, err := strconv.ParseInt(num, 10, 64)
	if err != nil {
		return Revision{}, ErrNoRevision.With("id", id)
	}
	sc, err := s.Get(ctx, ref)
	if err != nil {
		if fault.From(err).Kind == fault.NotFound {
			return Revision{}, ErrNoRevision.With("id", id)
		}
		return Revision{}, err
	}
	var r revisionRow
	found, err := store.Found(s.DB.Read().NewSelect().Model(&r).Where("scenario_id = ? AND revision = ?", sc.ID, n).Scan(ctx))
	if err != nil {
		return Revision{}, fmt.Errorf("read revision %s: %w", id, err)
	}
	if !found {
		return Revision{}, ErrNoRevision.With("id", id)
	}
	return r.revision(sc.Slug), nil
}

type fileRow struct {
	bun.BaseModel `bun:"table:team_files"`

	TeamID    string `bun:",pk"`
	Digest    string `bun:",pk"`
	Size      int64
	CreatedAt int64
}

// Received records that a team has sent files, so that they count as there for
// this team and no other: a digest alone must not give a file.
func (s *Service) Received(ctx context.Context, tx bun.Tx, team string, files ...FileRef) error {
	seen := map[string]bool{}
	var rows []fileRow
	for _, f := range files {
		if !seen[f.SHA256] {
			seen[f.SHA256] = true
			rows = append(rows, fileRow{TeamID: team, Digest: f.SHA256, Size: f.Size, CreatedAt: store.Micros(s.Now())})
		}
	}
	for part := range slices.Chunk(rows, 500) {
		if _, err := tx.NewInsert().Model(&part).On("CONFLICT (team_id, digest) DO NOTHING").Exec(ctx); err != nil {
			return fmt.Errorf("record the files of %s: %w", team, err)
		}
	}
	return nil
}

// Missing returns those of digests that a team has not sent yet, in order.
func (s *Service) Missing(ctx context.Context, team string, digests []string) ([]string, error) {
	have := map[string]bool{}
	for part := range slices.Chunk(digests, 500) {
		var found []string
		err := s.DB.Read().NewSelect().Model((*fileRow)(nil)).Column("digest").
			Where("team_id = ? AND digest IN (?)", team, bun.List(part)).Scan(ctx, &found)
		if err != nil {
			return nil, fmt.Errorf("look for files of %s: %w", team, err)
		}
		for _, d := range found {
			have[d] = true
		}
	}
	out := []string{}
	for _, d := range digests {
		if !have[d] {
			have[d] = true
			out = append(out, d)
		}
	}
	return out, nil
}
