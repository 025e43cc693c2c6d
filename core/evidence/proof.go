package evidence

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/uptrace/bun"
	"golang.org/x/mod/sumdb/tlog"
)

// Proof is what it takes to check one item of evidence without trusting who
// hands it out: its signed bytes, the path from its leaf to the root of the
// newest checkpoint, and the public keys.
type Proof struct {
	// Envelope is the DSSE envelope as it stands in the log, base64 in JSON.
	Envelope []byte `json:"envelope" doc:"The DSSE envelope, byte for byte; the leaf of the log. Base64."`
	Leaf     int64  `json:"leaf" doc:"Its place in the log, from 0."`
	// Checkpoint is a signed note: https://c2sp.org/tlog-checkpoint.
	Checkpoint string `json:"checkpoint" doc:"The newest checkpoint of the log, a signed note."`
	// Path is the inclusion proof of RFC 6962, 2.1.1, from the leaf upwards.
	Path []string `json:"path" nullable:"false" doc:"The hashes from the leaf to the root (RFC 6962, 2.1.1). Base64."`
	// Keys are DSSE envelopes of the key history, oldest first.
	Keys []json.RawMessage `json:"keys" nullable:"false" doc:"The history of public keys, oldest first: a DSSE envelope each, signed by the key before and by itself."`
}

// Prove returns the proof of an item against the newest checkpoint. It checks
// nothing itself: whoever asks does. It fails with ErrUnknown, and with
// ErrDamaged if hashes that it needs are missing.
func (s *Service) Prove(ctx context.Context, id string) (Proof, error) {
	r, err := s.Get(ctx, id)
	if err != nil {
		return Proof{}, err
	}
	db := s.d.DB.Read()
	// Read after the item, so that the item is below it.
	note, err := s.log.Latest(ctx, db)
	if err != nil {
		return Proof{}, err
	}
	text, _, _ := strings.Cut(string(note), "\n\n")
	point, err := parseCheckpoint(text + "\n")
	if err != nil || point.Size <= r.Leaf {
		return Proof{}, ErrDamaged.With("leaf", r.Leaf)
	}
	path, err := tlog.ProveRecord(point.Size, r.Leaf, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		return s.log.storedHashes(ctx, db, indexes)
	}))
	if err != nil {
		return Proof{}, ErrDamaged.With("leaf", r.Leaf).Because(err)
	}
	keys, err := readKeys(ctx, db)
	if err != nil {
		return Proof{}, err
	}
	p := Proof{Envelope: r.Envelope, Leaf: r.Leaf, Checkpoint: string(note), Path: make([]string, len(path)), Keys: make([]json.RawMessage, len(keys))}
	for i, h := range path {
		p.Path[i] = h.String()
	}
	for i, k := range keys {
		p.Keys[i] = k.statement
	}
	return p, nil
}

// storedHashes reads hashes by tlog's index. A row of log_leaves holds the
// hashes that its leaf completes, by rising level.
func (l *Log) storedHashes(ctx context.Context, db bun.IDB, indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	if len(indexes) == 0 {
		return out, nil
	}
	args, marks := []any{l.origin}, make([]string, len(indexes))
	for i, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		args = append(args, (n+1)<<level-1)
		marks[i] = "?"
	}
	rows, err := db.QueryContext(ctx, `SELECT leaf, hashes FROM log_leaves WHERE origin = ? AND leaf IN (`+strings.Join(marks, ",")+`)`, args...)
	if err != nil {
		return nil, fmt.Errorf("read hashes of %s: %w", l.origin, err)
	}
	defer rows.Close()
	stored := map[int64][]byte{}
	for rows.Next() {
		var leaf int64
		var hashes []byte
		if err := rows.Scan(&leaf, &hashes); err != nil {
			return nil, fmt.Errorf("read hashes of %s: %w", l.origin, err)
		}
		stored[leaf] = hashes
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read hashes of %s: %w", l.origin, err)
	}
	for i, index := range indexes {
		level, _ := tlog.SplitStoredHashIndex(index)
		leaf, at := args[i+1].(int64), level*tlog.HashSize
		if len(stored[leaf]) < at+tlog.HashSize {
			return nil, fmt.Errorf("the hash of level %d at leaf %s is missing", level, strconv.FormatInt(leaf, 10))
		}
		out[i] = tlog.Hash(stored[leaf][at : at+tlog.HashSize])
	}
	return out, nil
}
