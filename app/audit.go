package app

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/gate"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/text"
)

// ErrNotIntact is returned instead of an export that would not verify.
var ErrNotIntact = fault.Def{Kind: fault.Unavailable, Code: "audit.not_intact",
	En: "the evidence does not verify: {count} findings", Zh: "证据未通过校验：发现 {count} 处问题",
	HintEn: "nothing was exported; an administrator sees where it is damaged with: landfall evidence verify", HintZh: "未导出任何内容；管理员可用 landfall evidence verify 查看损坏位置"}

//go:embed audit.html.tmpl
var auditPage string

var auditTemplate = template.Must(template.New("audit").Parse(auditPage))

type bundleInput struct {
	Scenario scenario.ID `query:"scenario" doc:"only of this scenario (id or name)" zh:"只看该场景（编号或名称）"`
}

// CheckpointView is the state of the log of evidence, to be kept outside.
type CheckpointView struct {
	Checkpoint string `json:"checkpoint" doc:"The newest signed checkpoint."`
	Trust      string `json:"trust" doc:"The signer's public key."`
}

// auditOperations registers what an auditor takes away.
func (a *App) auditOperations(r *rest.Registry) {
	rest.Stream(r, rest.Op{ID: "export-evidence", Method: "GET", Path: "/evidence-bundle", Perm: auth.Read,
		Doc:    text.Text{En: "Export evidence as a bundle that verifies offline.", Zh: "导出可离线校验的证据包。"},
		Errors: []fault.Def{scenario.ErrUnknown, evidence.ErrNothing}}, "application/jsonl",
		func(ctx context.Context, in *bundleInput, w http.ResponseWriter, _ *http.Request) error {
			sel, err := a.selection(ctx, in.Scenario)
			if err != nil {
				return err
			}
			return a.Evidence.Export(ctx, w, sel)
		})
	rest.Add(r, rest.Op{ID: "show-checkpoint", Method: "GET", Path: "/evidence-checkpoint", Perm: auth.Read,
		Doc: text.Text{En: "Show the newest checkpoint of the log and the signer's key.", Zh: "查看日志的最新检查点与签名者公钥。"}, Errors: []fault.Def{evidence.ErrNothing}},
		func(ctx context.Context, _ *rest.None) (*CheckpointView, error) { return a.Checkpoint(ctx) })
	rest.Stream(r, rest.Op{ID: "export-audit", Method: "GET", Path: "/scenarios/{scenario}/audit", Perm: auth.Read,
		Doc:    text.Text{En: "Export everything that a scenario's verdicts rest on, verified, with a readable index.", Zh: "导出场景结论所依据的全部证据：经过校验，附可读索引。"},
		Errors: []fault.Def{scenario.ErrUnknown, evidence.ErrNothing, ErrNotIntact}}, "application/zip",
		func(ctx context.Context, in *scenarioInput, w http.ResponseWriter, _ *http.Request) error {
			return a.exportAudit(ctx, string(in.Scenario), w)
		})
}

// Checkpoint returns the newest checkpoint. It fails with evidence.ErrNothing.
func (a *App) Checkpoint(ctx context.Context) (*CheckpointView, error) {
	cp, err := a.Evidence.Log().Latest(ctx, a.DB.Read())
	if err != nil {
		return nil, err
	}
	if cp == nil {
		return nil, evidence.ErrNothing.With()
	}
	trust, err := a.Keys.Current().Trust(a.Evidence.Log().Origin())
	return &CheckpointView{string(cp), trust}, err
}

// selection is the evidence of one scenario, or all that the principal of ctx
// may read.
func (a *App) selection(ctx context.Context, ref scenario.ID) (evidence.Selection, error) {
	if ref != "" {
		id, err := a.Scenarios.Resolve(ctx, ref)
		return evidence.Selection{Scenario: id}, err
	}
	ids, all, err := a.Scenarios.Visible(ctx)
	sel := evidence.Selection{All: all}
	if err != nil || all {
		return sel, err
	}
	for _, id := range ids {
		records, err := a.Evidence.ForScenario(ctx, id)
		if err != nil {
			return sel, err
		}
		for _, r := range records {
			sel.IDs = append(sel.IDs, r.ID())
		}
	}
	if len(sel.IDs) == 0 {
		return sel, evidence.ErrNothing.With()
	}
	return sel, nil
}

// exportAudit writes an archive: the bundle, its checkpoint, the verdicts, the
// document as it is, and a page that says what all of it is. The bundle is
// verified before a byte is sent.
func (a *App) exportAudit(ctx context.Context, ref string, w http.ResponseWriter) (err error) {
	sc, err := a.Scenarios.Get(ctx, ref)
	if err != nil {
		return err
	}
	cp, err := a.Checkpoint(ctx)
	if err != nil {
		return err
	}
	bundle, err := os.CreateTemp("", "landfall-audit-*")
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	defer func() { err = errors.Join(err, bundle.Close(), os.Remove(bundle.Name())) }()
	if err := a.Evidence.Export(ctx, bundle, evidence.Selection{Scenario: sc.ID}); err != nil {
		return err
	}
	if _, err := bundle.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	checked, err := evidence.VerifyBundle(ctx, bundle, evidence.VerifyOptions{Trust: cp.Trust})
	if err != nil {
		return err
	}
	if !checked.OK() {
		return ErrNotIntact.With("count", int64(len(checked.Findings))+checked.More)
	}
	page, verdicts, err := a.auditIndex(ctx, sc, checked, cp.Trust, rest.Lang(ctx))
	if err != nil {
		return err
	}
	_, document, err := a.Scenarios.Document(ctx, a.DB.Read(), sc.ID)
	if err != nil {
		return err
	}
	if _, err := bundle.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	w.Header().Set("Content-Disposition", "attachment; filename="+sc.Slug+"-audit.zip")
	z := zip.NewWriter(w)
	var sums strings.Builder
	add := func(name string, r io.Reader) error {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: a.now().UTC()})
		if err != nil {
			return fmt.Errorf("export %s: %w", name, err)
		}
		h := sha256.New()
		if _, err := io.Copy(io.MultiWriter(f, h), r); err != nil {
			return fmt.Errorf("export %s: %w", name, err)
		}
		sums.WriteString(hex.EncodeToString(h.Sum(nil)) + "  " + name + "\n")
		return nil
	}
	for _, f := range []struct {
		name string
		r    io.Reader
	}{{"index.html", strings.NewReader(page)}, {"bundle.jsonl", bundle}, {"checkpoint.txt", strings.NewReader(cp.Checkpoint)}, {"trust.txt", strings.NewReader(cp.Trust + "\n")},
		{"verdicts.json", strings.NewReader(verdicts)}, {scenario.FileName, strings.NewReader(string(document))}} {
		if err := add(f.name, f.r); err != nil {
			return err
		}
	}
	if err := add("SHA256SUMS", strings.NewReader(sums.String())); err != nil {
		return err
	}
	return z.Close()
}

type auditVerdict struct {
	At, Gate, Class, Outcome, Evidence string
	Reasons                            []string
}

type auditItem struct {
	Leaf                     int64
	At, Kind, Provenance, ID string
	Subjects                 []string
}

type auditRevision struct {
	Number                  int64
	At, Actor, From, Digest string
}

// auditIndex makes the page of an export, and the verdicts as JSON.
func (a *App) auditIndex(ctx context.Context, sc scenario.Scenario, checked evidence.Report, trust, lang string) (page, verdicts string, err error) {
	records, err := a.Evidence.ForScenario(ctx, sc.ID)
	if err != nil {
		return "", "", err
	}
	say := func(en, zh string) string { return text.Text{En: en, Zh: zh}.In(lang) }
	at := func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
	p := struct {
		Lang, Title, Lead, Verified, How, Trust, None string
		VerdictsHead, EvidenceHead, RevisionsHead     string
		VerdictColumns, ItemColumns, RevisionColumns  []string
		Verdicts                                      []auditVerdict
		Items                                         []auditItem
		Revisions                                     []auditRevision
	}{Lang: lang, Trust: trust, None: say("There is none.", "无。"),
		Title:           say("Audit export: ", "审计导出：") + text.Text{En: sc.TitleEn, Zh: sc.TitleZh}.In(lang),
		Lead:            say("Everything that the verdicts of this scenario rest on, exported "+at(a.now())+" by "+a.tool+".", "本场景各项结论所依据的全部记录，由 "+a.tool+" 于 "+at(a.now())+" 导出。"),
		Verified:        checked.Summary().In(lang),
		How:             say("Check it again on any machine, without a network and without the server:", "可在任何机器上离线复核，无需网络，也无需服务器："),
		VerdictsHead:    say("Verdicts, as they changed", "结论及其变化"),
		EvidenceHead:    say("Evidence", "证据"),
		RevisionsHead:   say("Revisions of the scenario", "场景修订"),
		VerdictColumns:  []string{say("At", "时间"), say("Gate", "门禁"), say("Outcome", "结论"), say("Rules", "规则"), say("Evidence", "证据")},
		ItemColumns:     []string{say("Leaf", "序号"), say("At", "时间"), say("Kind", "类别"), say("Provenance", "取证方式"), say("Subjects", "对象"), say("Id", "编号")},
		RevisionColumns: []string{say("Revision", "修订"), say("At", "时间"), say("By", "操作人"), say("From", "来源"), say("Digest", "摘要")},
	}
	history := map[string][]gate.Recorded{}
	for _, name := range gate.Names() {
		recorded, err := gate.History(records, name)
		if err != nil {
			return "", "", err
		}
		for _, v := range recorded {
			history[name] = append(history[name], v)
			row := auditVerdict{At: at(v.At), Gate: gate.Title(name).In(lang), Outcome: string(v.Verdict.Outcome), Class: "open", Evidence: v.Evidence}
			if v.Verdict.Outcome == gate.Pass || v.Verdict.Outcome == gate.Fail {
				row.Class = string(v.Verdict.Outcome)
			}
			for _, x := range v.Verdict.Rules {
				row.Reasons = append(row.Reasons, string(x.Outcome)+": "+x.Title.In(lang)+" ("+x.Reason.Text.In(lang)+")")
			}
			p.Verdicts = append(p.Verdicts, row)
		}
	}
	for _, r := range records {
		item := auditItem{Leaf: r.Leaf, At: at(r.Statement.Predicate.Finished), Kind: evidence.KindName(r.Statement.PredicateType),
			Provenance: string(r.Statement.Predicate.Provenance), ID: r.ID()}
		for _, s := range r.Statement.Subject {
			item.Subjects = append(item.Subjects, s.Role()+" "+s.Name+" "+s.SHA256()[:min(12, len(s.SHA256()))])
		}
		p.Items = append(p.Items, item)
	}
	revisions, err := a.Scenarios.Revisions(ctx, sc, 0, rest.MaxLimit)
	if err != nil {
		return "", "", err
	}
	for _, r := range revisions {
		p.Revisions = append(p.Revisions, auditRevision{r.Number, at(r.Created), r.Actor, strings.TrimSpace(r.Source.Kind + " " + r.Source.Remote + " " + r.Source.Commit), r.Digest})
	}
	var b strings.Builder
	if err := auditTemplate.Execute(&b, p); err != nil {
		return "", "", fmt.Errorf("write the index: %w", err)
	}
	raw, err := json.MarshalIndent(history, "", "  ")
	if err != nil {
		return "", "", fmt.Errorf("write the verdicts: %w", err)
	}
	return b.String(), string(raw) + "\n", nil
}
