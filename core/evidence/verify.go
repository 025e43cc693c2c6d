package evidence

import (
	"context"
	"database/sql"
	"fmt"
	"math/bits"

	"github.com/uptrace/bun"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/landfall-ai/landfall/kit/store"
)

// Entries reads and checks what the leaves of a log hold.
type Entries interface {
	// Read calls f for the leaves in [from, to) in their order. data is the
	// leaf as it was hashed, row whatever Check wants to see.
	Read(ctx context.Context, db bun.IDB, from, to int64, f func(leaf int64, data []byte, row any) error) error
	// Check examines one leaf and returns the index of the key that signed
	// it, or −1 if none did. It is called by several goroutines.
	Check(keys VerifiedKeys, leaf int64, data []byte, row any) (key int, found []Finding)
	// Outside returns some leaves that are not in [0, size of the log).
	Outside(ctx context.Context, db bun.IDB, origin string) ([]int64, error)
}

// Verification reads in portions of so many leaves and bytes, which bounds the
// memory that it takes.
const (
	portion      = 4096
	portionBytes = 16 << 20
)

// Verify proves the log: every leaf by its hash, every hash by every checkpoint,
// every checkpoint by its signature, and all of it against what o pins. With
// nil entries it leaves out the leaves themselves. It works on stored bytes and
// reports what it finds; errors are those of reading.
func (l *Log) Verify(ctx context.Context, db bun.IDB, entries Entries, o VerifyOptions) (Report, error) {
	v := newVerification(l.origin, o)
	keys, err := readKeys(ctx, db)
	if err != nil {
		return Report{}, err
	}
	for i, k := range keys {
		v.addKey(k.statement)
		if n := len(v.keys.ring.keys); k.seq != int64(i)+1 || n == i+1 && v.keys.ring.keys[i].ID != k.id {
			v.found.add(found(FoundKey, -1, -1, "the key %s stands in the wrong place", "密钥 %s 的位置不对", k.id))
		}
	}
	if err := v.pin(); err != nil {
		return Report{}, err
	}
	size, err := l.extent(ctx, db, v)
	if err != nil {
		return Report{}, err
	}
	for from := int64(0); from < size; from += portion {
		if err := ctx.Err(); err != nil {
			return Report{}, err
		}
		to := min(from+portion, size)
		goOn, err := l.verifyPortion(ctx, db, entries, v, from, to)
		if err != nil {
			return Report{}, fmt.Errorf("verify %s: %w", l.origin, err)
		}
		if o.Progress != nil {
			o.Progress(to, size)
		}
		if !goOn {
			break
		}
	}
	if entries != nil {
		outside, err := entries.Outside(ctx, db, l.origin)
		if err != nil {
			return Report{}, err
		}
		for _, leaf := range outside {
			v.found.add(found(FoundBeyond, leaf, leaf+1, "the row at leaf %d is not in the log", "第 %d 条不在日志中", leaf))
		}
	}
	return v.finish(), nil
}

// extent returns how many leaves there are, and finds what does not agree on
// it. It is one statement, so that appends meanwhile do no harm.
func (l *Log) extent(ctx context.Context, db bun.IDB, v *verification) (int64, error) {
	var head, first, last, firstPoint, lastPoint sql.NullInt64
	err := db.QueryRowContext(ctx, `SELECT (SELECT size FROM log_heads WHERE origin = ?),
		(SELECT MIN(leaf) FROM log_leaves WHERE origin = ?), (SELECT MAX(leaf) FROM log_leaves WHERE origin = ?),
		(SELECT MIN(size) FROM log_checkpoints WHERE origin = ?), (SELECT MAX(size) FROM log_checkpoints WHERE origin = ?)`,
		l.origin, l.origin, l.origin, l.origin, l.origin).Scan(&head, &first, &last, &firstPoint, &lastPoint)
	if err != nil {
		return 0, fmt.Errorf("read extent of %s: %w", l.origin, err)
	}
	size := int64(0)
	if last.Valid {
		size = last.Int64 + 1
	}
	if first.Valid && first.Int64 < 0 {
		v.found.add(found(FoundBeyond, first.Int64, 0, "there are leaves before the first", "首条之前还有记录"))
	}
	if head.Int64 > size {
		v.found.add(found(FoundLeafMissing, size, head.Int64, "the last leaves are missing: there are %d of %d", "末尾缺失：应有 %[2]d 条，现有 %[1]d 条", size, head.Int64))
	} else if head.Int64 < size {
		v.found.add(found(FoundHead, max(head.Int64, 0), size, "the head counts %d leaves, there are %d", "日志头记为 %d 条，实有 %d 条", head.Int64, size))
	}
	if lastPoint.Valid && lastPoint.Int64 > size {
		v.found.add(found(FoundLeafMissing, size, lastPoint.Int64, "there is a checkpoint at %d, and only %d leaves", "存在检查点 %d，但只有 %d 条", lastPoint.Int64, size))
	}
	if firstPoint.Valid && firstPoint.Int64 <= 0 {
		v.found.add(found(FoundCheckpointSize, 0, 0, "there is a checkpoint at %d", "存在位于 %d 的检查点", firstPoint.Int64))
	}
	return size, nil
}

// verifyPortion takes the leaves [from, to). It returns false if so much is
// missing that what comes after cannot be judged.
func (l *Log) verifyPortion(ctx context.Context, db bun.IDB, entries Entries, v *verification, from, to int64) (bool, error) {
	items := make([]item, to-from)
	n, err := l.readHashes(ctx, db, from, to, items)
	if err != nil {
		return false, err
	}
	if n == 0 {
		v.found.add(found(FoundLeafMissing, from, to, "the leaves from %d on are missing; what follows was not checked", "自第 %d 条起缺失；其后未作检查", from))
		return false, nil
	}
	if entries != nil {
		if err := readEntries(ctx, db, entries, v, from, to, items); err != nil {
			return false, err
		}
	}
	points, err := l.readCheckpoints(ctx, db, from, to)
	if err != nil {
		return false, err
	}
	parallel(v.o.Workers, len(points), func(i int) { v.open(&points[i]) })

	gap := func(code string, missing func(*item) bool, i int, en, zh string) {
		if !missing(&items[i]) || i > 0 && missing(&items[i-1]) {
			return
		}
		end := i
		for end < len(items) && missing(&items[end]) {
			end++
		}
		a, b := from+int64(i), from+int64(end)
		v.found.add(found(code, a, b, en, zh, a, b-1))
	}
	for i := range items {
		gap(FoundLeafMissing, func(it *item) bool { return it.stored == nil }, i,
			"the log has no hash of the leaves %d to %d", "日志中没有第 %d 至 %d 条的哈希")
		if entries != nil {
			gap(FoundEnvelopeMissing, func(it *item) bool { return !it.hasData }, i,
				"the leaves %d to %d themselves are missing", "第 %d 至 %d 条的内容缺失")
		}
		if leaf := from + int64(i); items[i].stored != nil && len(items[i].stored) != completed(leaf) {
			v.found.add(found(FoundLeafMalformed, leaf, leaf+1, "the hashes of leaf %d have the wrong length", "第 %d 条的哈希长度不对", leaf))
		}
		v.leaf(&items[i])
		for len(points) > 0 && points[0].size == v.tree.n {
			v.checkpoint(&points[0])
			points = points[1:]
		}
	}
	return true, nil
}

// completed is how many hashes the leaf of that index completes, its own
// included.
func completed(leaf int64) int { return bits.TrailingZeros64(uint64(leaf+1)) + 1 }

func (l *Log) readHashes(ctx context.Context, db bun.IDB, from, to int64, items []item) (n int, err error) {
	rows, err := db.QueryContext(ctx, `SELECT leaf, hashes FROM log_leaves WHERE origin = ? AND leaf >= ? AND leaf < ?`, l.origin, from, to)
	if err != nil {
		return 0, fmt.Errorf("read hashes: %w", err)
	}
	defer rows.Close()
	// Most leaves have one hash or two: one array holds them all.
	store := make([]tlog.Hash, 0, 2*len(items)+64)
	var leaf int64
	var b sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&leaf, &b); err != nil {
			return n, fmt.Errorf("read hashes: %w", err)
		}
		n++
		start := len(store)
		for at := 0; at+tlog.HashSize <= len(b); at += tlog.HashSize {
			store = append(store, tlog.Hash(b[at:at+tlog.HashSize]))
		}
		it := &items[leaf-from]
		it.stored = store[start:len(store):len(store)]
		if len(b)%tlog.HashSize != 0 || len(it.stored) > 64 {
			it.stored = []tlog.Hash{}
		}
	}
	return n, rows.Err()
}

// readEntries reads the leaves themselves and checks them, so many bytes at a
// time.
func readEntries(ctx context.Context, db bun.IDB, entries Entries, v *verification, from, to int64, items []item) error {
	var waiting []int
	size := 0
	check := func() {
		parallel(v.o.Workers, len(waiting), func(i int) {
			n := waiting[i]
			it := &items[n]
			it.hash = tlog.RecordHash(it.data)
			it.key, it.found = entries.Check(v.keys, from+int64(n), it.data, it.row)
			it.data, it.row = nil, nil
		})
		waiting, size = waiting[:0], 0
	}
	err := entries.Read(ctx, db, from, to, func(leaf int64, data []byte, row any) error {
		if leaf < from || leaf >= to {
			return fmt.Errorf("leaf %d was not asked for", leaf)
		}
		it := &items[leaf-from]
		it.data, it.row, it.hasData = data, row, true
		waiting = append(waiting, int(leaf-from))
		if size += len(data); size > portionBytes {
			check()
		}
		return ctx.Err()
	})
	check()
	return err
}

func (l *Log) readCheckpoints(ctx context.Context, db bun.IDB, after, to int64) ([]opened, error) {
	rows, err := db.QueryContext(ctx, `SELECT size, note FROM log_checkpoints WHERE origin = ? AND size > ? AND size <= ? ORDER BY size`, l.origin, after, to)
	if err != nil {
		return nil, fmt.Errorf("read checkpoints: %w", err)
	}
	defer rows.Close()
	var out []opened
	for rows.Next() {
		var o opened
		if err := rows.Scan(&o.size, &o.note); err != nil {
			return nil, fmt.Errorf("read checkpoints: %w", err)
		}
		out = append(out, o)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read checkpoints: %w", err)
	}
	return out, nil
}

// Verify proves all evidence: the log, every signature, and that the columns
// beside each envelope say what it says. See Log.Verify.
func (s *Service) Verify(ctx context.Context, o VerifyOptions) (Report, error) {
	return s.log.Verify(ctx, s.d.DB.Read(), envelopes{}, o)
}

// VerifyHashes is Verify without the envelopes: fast, for a health check.
func (s *Service) VerifyHashes(ctx context.Context, o VerifyOptions) (Report, error) {
	return s.log.Verify(ctx, s.d.DB.Read(), nil, o)
}

// envelopes are the entries of the log of evidence.
type envelopes struct{}

func (envelopes) Read(ctx context.Context, db bun.IDB, from, to int64, f func(leaf int64, data []byte, row any) error) error {
	rows, err := db.QueryContext(ctx, `SELECT leaf, envelope, id, scenario, kind, provenance, exploratory, supersedes, run, appended
		FROM evidence WHERE leaf >= ? AND leaf < ? ORDER BY leaf`, from, to)
	if err != nil {
		return fmt.Errorf("read envelopes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var leaf int64
		var envelope []byte
		var c columns
		if err := rows.Scan(&leaf, &envelope, &c.id, &c.scenario, &c.kind, &c.provenance, &c.exploratory, &c.supersedes, &c.run, &c.appended); err != nil {
			return fmt.Errorf("read envelopes: %w", err)
		}
		if envelope == nil {
			envelope = []byte{}
		}
		if err := f(leaf, envelope, c); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (envelopes) Check(keys VerifiedKeys, leaf int64, data []byte, row any) (int, []Finding) {
	payload, key, bad := keys.Envelope(leaf, PayloadType, data)
	if bad != nil {
		return -1, bad
	}
	st, err := decodeStatement(payload)
	if err != nil {
		return key, []Finding{found(FoundEnvelopeMalformed, leaf, leaf+1, "the statement cannot be read: %v", "声明无法读取：%v", err)}
	}
	return key, differences(leaf, derive(st), row.(columns))
}

// differences compares the columns beside an envelope with those that it
// implies.
func differences(leaf int64, want, got columns) []Finding {
	var out []Finding
	compare := func(name string, want, got any) {
		if want != got {
			out = append(out, found(FoundColumn, leaf, leaf+1, "the column %s says %q, the envelope %q", "列 %s 为 %q，而信封中为 %q",
				name, fmt.Sprint(got), fmt.Sprint(want)))
		}
	}
	compare("id", want.id, got.id)
	compare("scenario", want.scenario, got.scenario)
	compare("kind", want.kind, got.kind)
	compare("provenance", want.provenance, got.provenance)
	compare("exploratory", want.exploratory, got.exploratory)
	compare("supersedes", want.supersedes, got.supersedes)
	compare("run", want.run, got.run)
	compare("appended", want.appended, got.appended)
	return out
}

func (envelopes) Outside(ctx context.Context, db bun.IDB, origin string) ([]int64, error) {
	rows, err := db.QueryContext(ctx, `SELECT leaf FROM evidence WHERE leaf < 0 OR leaf >
		(SELECT COALESCE(MAX(leaf), -1) FROM log_leaves WHERE origin = ?) ORDER BY leaf LIMIT 100`, origin)
	if err != nil {
		return nil, fmt.Errorf("read envelopes: %w", err)
	}
	defer rows.Close()
	var out []int64
	for rows.Next() {
		var leaf int64
		if err := rows.Scan(&leaf); err != nil {
			return nil, fmt.Errorf("read envelopes: %w", err)
		}
		out = append(out, leaf)
	}
	return out, rows.Err()
}

// VerifyStored is Service.Verify for a database alone, such as a restored one:
// the public keys that it holds suffice.
func VerifyStored(ctx context.Context, db *store.DB, o VerifyOptions) (Report, error) {
	return NewLog(DefaultOrigin, nil).Verify(ctx, db.Read(), envelopes{}, o)
}
