package evidence

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/uptrace/bun"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/landfall-ai/landfall/kit/fault"
)

// Migrations holds the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Faults of a log.
var (
	ErrLogBroken = fault.Def{Kind: fault.Precondition, Code: "evidence.log_broken",
		En: "the log {origin} does not continue from its last checkpoint at {size}: {why}", Zh: "日志 {origin} 与其最后的检查点（{size}）不连续：{why}",
		HintEn: "nothing is appended to a log that was changed; run: landfall evidence verify",
		HintZh: "日志已被改动，拒绝追加；请运行：landfall evidence verify"}
	ErrForeignKey = fault.Def{Kind: fault.Precondition, Code: "evidence.foreign_key",
		En: "the log was signed by the key {id}, which the keys of this home do not descend from", Zh: "日志由密钥 {id} 签名，而本目录的密钥并非由它衍生",
		HintEn: "put back the folder of keys from where you keep it", HintZh: "请从保管处恢复密钥目录"}
	ErrKeyRetired = fault.Def{Kind: fault.Precondition, Code: "evidence.key_retired",
		En: "the key {id} was replaced by {new}", Zh: "密钥 {id} 已被 {new} 取代",
		HintEn: "put back the newest folder of keys, or move this one away, so that a new key is made",
		HintZh: "请恢复最新的密钥目录，或移走此目录以生成新密钥"}
)

// Log is an append-only Merkle log by the name of its origin. It holds the
// hashes and the checkpoints; the leaves stand in a table of its owner.
type Log struct {
	origin string
	keys   *Keys
}

// NewLog returns the log of that origin: a URL without scheme, such as
// "landfall.dev/log/evidence". Without keys it can only be read.
func NewLog(origin string, keys *Keys) *Log { return &Log{origin: origin, keys: keys} }

// Origin returns the name of the log.
func (l *Log) Origin() string { return l.origin }

// Append adds leaves to the log and stores the signed checkpoint of its new
// state. It returns the index of the first one.
//
// It takes the row of the log's head and holds it until the transaction ends.
// So call it last in a transaction: whoever holds another row and waits for
// the head, while the holder of the head waits for that row, waits for ever.
//
// It fails with ErrLogBroken if the stored hashes do not lead to the last
// checkpoint, since a signature over changed hashes would launder the change,
// and with ErrForeignKey if the log was signed by a key that this one does not
// descend from.
func (l *Log) Append(ctx context.Context, tx bun.Tx, leaves []tlog.Hash) (first int64, err error) {
	if len(leaves) == 0 || l.keys == nil {
		return 0, errors.New("append to log: no leaves or no keys")
	}
	h := l.keys.take()
	size, err := l.grow(ctx, tx, int64(len(leaves)))
	if err != nil {
		return 0, fmt.Errorf("append to %s: %w", l.origin, err)
	}
	first = size - int64(len(leaves))
	if err := publishKeys(ctx, tx, h); err != nil {
		return 0, err
	}
	edge, err := l.edge(ctx, tx, first)
	if err != nil {
		return 0, err
	}
	if err := l.checkEdge(ctx, tx, h, first, edge); err != nil {
		return 0, err
	}
	rows := newRows("log_leaves", "origin", "leaf", "hashes")
	for i, leaf := range leaves {
		done := edge.push(first+int64(i), leaf)
		b := make([]byte, 0, len(done)*tlog.HashSize)
		for _, d := range done {
			b = append(b, d[:]...)
		}
		rows.add(l.origin, first+int64(i), b)
	}
	if _, err := rows.insert(ctx, tx, ""); err != nil {
		return 0, fmt.Errorf("append to %s: store hashes: %w", l.origin, err)
	}
	signed, err := Checkpoint{Origin: l.origin, Size: size, Root: edge.root(), Previous: first}.sign(h)
	if err != nil {
		return 0, err
	}
	_, err = tx.Tx.ExecContext(ctx, `INSERT INTO log_checkpoints (origin, size, note) VALUES ($1, $2, $3)`, l.origin, size, signed)
	if err != nil {
		return 0, fmt.Errorf("append to %s: store checkpoint: %w", l.origin, err)
	}
	return first, nil
}

// AppendData is Append for leaves that are given as the data that they hold.
func (l *Log) AppendData(ctx context.Context, tx bun.Tx, data ...[]byte) (first int64, err error) {
	leaves := make([]tlog.Hash, len(data))
	for i, d := range data {
		leaves[i] = tlog.RecordHash(d)
	}
	return l.Append(ctx, tx, leaves)
}

// grow takes the head row and returns the new size.
func (l *Log) grow(ctx context.Context, tx bun.Tx, by int64) (size int64, err error) {
	const q = `UPDATE log_heads SET size = size + $1 WHERE origin = $2 RETURNING size`
	err = tx.Tx.QueryRowContext(ctx, q, by, l.origin).Scan(&size)
	if errors.Is(err, sql.ErrNoRows) {
		_, err = tx.Tx.ExecContext(ctx, `INSERT INTO log_heads (origin, size) VALUES ($1, 0) ON CONFLICT (origin) DO NOTHING`, l.origin)
		if err == nil {
			err = tx.Tx.QueryRowContext(ctx, q, by, l.origin).Scan(&size)
		}
	}
	if err != nil {
		return 0, fmt.Errorf("take the head: %w", err)
	}
	return size, nil
}

// edge reads the frontier of the tree of that size from the stored hashes.
func (l *Log) edge(ctx context.Context, tx bun.Tx, size int64) (frontier, error) {
	type node struct {
		leaf  int64
		level int
	}
	var nodes []node
	args, marks := []any{l.origin}, []string{}
	for end, rest := int64(0), size; rest > 0; {
		level := bits.Len64(uint64(rest)) - 1
		end += 1 << level
		rest -= 1 << level
		nodes = append(nodes, node{end - 1, level})
		args = append(args, end-1)
		marks = append(marks, "$"+strconv.Itoa(len(args)))
	}
	if len(nodes) == 0 {
		return nil, nil
	}
	rows, err := tx.Tx.QueryContext(ctx, `SELECT leaf, hashes FROM log_leaves WHERE origin = $1 AND leaf IN (`+
		strings.Join(marks, ",")+`) ORDER BY leaf`, args...)
	if err != nil {
		return nil, fmt.Errorf("read hashes of %s: %w", l.origin, err)
	}
	defer rows.Close()
	var edge frontier
	for rows.Next() {
		var leaf int64
		var hashes []byte
		if err := rows.Scan(&leaf, &hashes); err != nil {
			return nil, fmt.Errorf("read hashes of %s: %w", l.origin, err)
		}
		n := nodes[len(edge)]
		at := n.level * tlog.HashSize
		if leaf != n.leaf || len(hashes) < at+tlog.HashSize {
			break
		}
		edge = append(edge, tlog.Hash(hashes[at:at+tlog.HashSize]))
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read hashes of %s: %w", l.origin, err)
	}
	if len(edge) != len(nodes) {
		return nil, ErrLogBroken.With("origin", l.origin, "size", size, "why", "hashes are missing")
	}
	return edge, nil
}

// checkEdge compares a frontier with the checkpoint that was signed over it.
func (l *Log) checkEdge(ctx context.Context, tx bun.Tx, h hand, size int64, edge frontier) error {
	broken := func(why string) error {
		return ErrLogBroken.With("origin", l.origin, "size", size, "why", why)
	}
	var last sql.NullInt64
	if err := tx.Tx.QueryRowContext(ctx, `SELECT MAX(size) FROM log_checkpoints WHERE origin = $1`, l.origin).Scan(&last); err != nil {
		return fmt.Errorf("read checkpoints of %s: %w", l.origin, err)
	}
	if size == 0 && !last.Valid {
		return nil
	}
	if last.Int64 != size || !last.Valid {
		return broken("its head and its checkpoints differ")
	}
	var b []byte
	err := tx.Tx.QueryRowContext(ctx, `SELECT note FROM log_checkpoints WHERE origin = $1 AND size = $2`, l.origin, size).Scan(&b)
	if err != nil {
		return fmt.Errorf("read checkpoint of %s: %w", l.origin, err)
	}
	s, err := newSigners(l.origin, h.keys)
	if err != nil {
		return err
	}
	c, _, err := s.open(b, true)
	if unknown := (*note.UnverifiedNoteError)(nil); errors.As(err, &unknown) {
		// The key may be of a root before the one that was adopted.
		ring, err2 := storedRing(ctx, tx)
		if err2 != nil {
			return broken(err2.Error())
		}
		if s, err = newSigners(l.origin, ring.keys); err != nil {
			return err
		}
		c, _, err = s.open(b, true)
	}
	switch {
	case err != nil:
		return broken(err.Error())
	case c.Size != size || c.Root != edge.root():
		return broken("its hashes have another root")
	}
	return nil
}

// Latest returns the newest signed checkpoint, to be published outside. It is
// nil if the log is empty.
func (l *Log) Latest(ctx context.Context, db bun.IDB) ([]byte, error) {
	var b []byte
	err := db.QueryRowContext(ctx, `SELECT note FROM log_checkpoints WHERE origin = ? ORDER BY size DESC LIMIT 1`, l.origin).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read checkpoint of %s: %w", l.origin, err)
	}
	return b, nil
}

// Size returns the number of leaves.
func (l *Log) Size(ctx context.Context, db bun.IDB) (int64, error) {
	var n int64
	err := db.QueryRowContext(ctx, `SELECT size FROM log_heads WHERE origin = ?`, l.origin).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read size of %s: %w", l.origin, err)
	}
	return n, nil
}

// storedKey is a row of log_keys.
type storedKey struct {
	seq       int64
	id        string
	statement []byte
}

func readKeys(ctx context.Context, db bun.IDB) ([]storedKey, error) {
	rows, err := db.QueryContext(ctx, `SELECT seq, id, statement FROM log_keys ORDER BY seq LIMIT `+strconv.Itoa(maxKeys+1))
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	defer rows.Close()
	var ks []storedKey
	for rows.Next() {
		var k storedKey
		if err := rows.Scan(&k.seq, &k.id, &k.statement); err != nil {
			return nil, fmt.Errorf("read keys: %w", err)
		}
		ks = append(ks, k)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return ks, nil
}

func storedRing(ctx context.Context, db bun.IDB) (Keyring, error) {
	var ring Keyring
	stored, err := readKeys(ctx, db)
	if err != nil {
		return ring, err
	}
	for _, k := range stored {
		if err := ring.add(k.statement); err != nil {
			return ring, err
		}
	}
	return ring, nil
}

// AdoptKeys goes on with keys that do not descend from those in the database,
// after the old ones were lost. The break stays visible: verification lists
// the new root, and whoever pins an old key sees it end.
func AdoptKeys(ctx context.Context, tx bun.Tx, k *Keys) error {
	h := k.take()
	known, err := readKeys(ctx, tx)
	if err != nil {
		return err
	}
	seq := int64(0)
	for _, s := range known {
		seq = s.seq
	}
	if n := len(known); n > 0 && slices.ContainsFunc(h.keys, func(k PublicKey) bool { return k.ID == known[n-1].id }) {
		return nil // they descend: nothing to adopt
	}
	for _, s := range known {
		if slices.ContainsFunc(h.keys, func(k PublicKey) bool { return k.ID == s.id }) {
			return ErrKeyRetired.With("id", s.id, "new", known[len(known)-1].id)
		}
	}
	return storeKeys(ctx, tx, seq, h.keys, h.statements)
}

// publishKeys stores the public keys that the database does not know yet.
func publishKeys(ctx context.Context, tx bun.Tx, h hand) error {
	var last storedKey
	err := tx.Tx.QueryRowContext(ctx, `SELECT seq, id FROM log_keys ORDER BY seq DESC LIMIT 1`).Scan(&last.seq, &last.id)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read keys: %w", err)
	}
	from := 0
	if err == nil {
		from = 1 + slices.IndexFunc(h.keys, func(k PublicKey) bool { return k.ID == last.id })
		if from == 0 {
			return ErrForeignKey.With("id", last.id)
		}
	}
	return storeKeys(ctx, tx, last.seq, h.keys[from:], h.statements[from:])
}

func storeKeys(ctx context.Context, tx bun.Tx, after int64, keys []PublicKey, statements [][]byte) error {
	for i, k := range keys {
		if _, err := tx.Tx.ExecContext(ctx, `INSERT INTO log_keys (seq, id, statement) VALUES ($1, $2, $3)`,
			after+int64(i)+1, k.ID, statements[i]); err != nil {
			return fmt.Errorf("store key: %w", err)
		}
	}
	return nil
}

// rows is an insert of many rows with bound values: envelopes would not fit
// into the text of a statement.
type rows struct {
	table   string
	columns []string
	args    []any
}

func newRows(table string, columns ...string) *rows { return &rows{table: table, columns: columns} }

func (r *rows) add(values ...any) { r.args = append(r.args, values...) }

// maxBound keeps a statement below SQLite's limit of 32,766 bound values.
const maxBound = 30_000

// insert returns how many rows went in.
func (r *rows) insert(ctx context.Context, tx bun.Tx, suffix string) (n int64, err error) {
	width := len(r.columns)
	step := maxBound / width * width
	for args := r.args; len(args) > 0; args = args[min(step, len(args)):] {
		part := args[:min(step, len(args))]
		var q strings.Builder
		q.WriteString("INSERT INTO " + r.table + " (" + strings.Join(r.columns, ", ") + ") VALUES ")
		for i := range part {
			switch {
			case i == 0:
				q.WriteString("(")
			case i%width == 0:
				q.WriteString("), (")
			default:
				q.WriteString(", ")
			}
			q.WriteString("$" + strconv.Itoa(i+1))
		}
		q.WriteString(")" + suffix)
		res, err := tx.Tx.ExecContext(ctx, q.String(), part...)
		if err != nil {
			return n, err
		}
		in, err := res.RowsAffected()
		if err != nil {
			return n, err
		}
		n += in
	}
	return n, nil
}
