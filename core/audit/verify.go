package audit

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/text"
)

// Verify proves the audit log: every entry by its hash, every hash by every
// checkpoint, and the columns beside each entry. See evidence.Log.Verify.
func (l *Log) Verify(ctx context.Context, o evidence.VerifyOptions) (evidence.Report, error) {
	return l.log.Verify(ctx, l.d.DB.Read(), entries{}, o)
}

// entries are the entries of the log of audit. They are not signed one by one:
// the checkpoint of each append signs them all.
type entries struct{}

func (entries) Read(ctx context.Context, db bun.IDB, from, to int64, f func(leaf int64, data []byte, row any) error) error {
	rows, err := db.QueryContext(ctx, `SELECT leaf, id, at, actor, operation, entry FROM audit_entries WHERE leaf >= ? AND leaf < ? ORDER BY leaf`, from, to)
	if err != nil {
		return fmt.Errorf("read audit entries: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var leaf int64
		var data []byte
		var c columns
		if err := rows.Scan(&leaf, &c.id, &c.at, &c.actor, &c.operation, &data); err != nil {
			return fmt.Errorf("read audit entries: %w", err)
		}
		if data == nil {
			data = []byte{}
		}
		if err := f(leaf, data, c); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (entries) Check(_ evidence.VerifiedKeys, leaf int64, data []byte, row any) (int, []evidence.Finding) {
	bad := func(code string, t text.Text) (int, []evidence.Finding) {
		return -1, []evidence.Finding{{Code: code, From: leaf, To: leaf + 1, Text: t}}
	}
	e, err := decode(data)
	if err != nil {
		return bad(evidence.FoundEnvelopeMalformed, text.Text{
			En: fmt.Sprintf("the entry cannot be read: %v", err), Zh: fmt.Sprintf("记录无法读取：%v", err)})
	}
	if want, got := e.columns(), row.(columns); want != got {
		return bad(evidence.FoundColumn, text.Text{
			En: fmt.Sprintf("the columns beside the entry %s do not say what it says", want.id),
			Zh: fmt.Sprintf("记录 %s 旁的各列与其内容不符", want.id)})
	}
	return -1, nil
}

func (entries) Outside(ctx context.Context, db bun.IDB, origin string) ([]int64, error) {
	var out []int64
	err := db.NewRaw(`SELECT leaf FROM audit_entries WHERE leaf < 0 OR leaf >
		(SELECT COALESCE(MAX(leaf), -1) FROM log_leaves WHERE origin = ?) ORDER BY leaf LIMIT 100`, origin).Scan(ctx, &out)
	if err != nil {
		return nil, fmt.Errorf("read audit entries: %w", err)
	}
	return out, nil
}
