package evidence

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/landfall-ai/landfall/kit/fault"
)

// BundleFormat names the format of bundles.
//
// A bundle is JSON lines, read from the first to the last with little memory.
// Every line is an object with one member, which tells what it is:
//
//	{"bundle":{"format":"landfall-evidence-bundle/v1","origin":…,"size":…}}   first
//	{"key":{…}}                   a DSSE envelope of the key history, oldest first
//	{"leaf":{"index":…,"hash":…,"envelope":…}}   a chosen leaf: base64 of its hash and of its DSSE envelope
//	{"hashes":["…",…]}            the leaf hashes of the next leaves, base64, at most 4096
//	{"checkpoint":"…"}            a signed note, after the leaf that brought the log to its size
//	{"end":{"envelopes":…,"checkpoints":…}}   last
//
// Leaves and hashes stand in log order without a gap, so that together they
// are all leaf hashes of the log.
const BundleFormat = "landfall-evidence-bundle/v1"

// Limits of a bundle that is read.
const (
	maxLine    = 2 * maxEnvelope
	maxHashes  = portion
	maxLeaves  = 1 << 40
	bundleRead = 256 << 10
)

type bundleLine struct {
	Bundle     *bundleHead     `json:"bundle,omitempty"`
	Key        json.RawMessage `json:"key,omitempty"`
	Leaf       *bundleLeaf     `json:"leaf,omitempty"`
	Hashes     []tlog.Hash     `json:"hashes,omitempty"`
	Checkpoint *string         `json:"checkpoint,omitempty"`
	End        *bundleEnd      `json:"end,omitempty"`
}

type bundleHead struct {
	Format string `json:"format"`
	Origin string `json:"origin"`
	Size   int64  `json:"size"`
}

type bundleLeaf struct {
	Index    int64     `json:"index"`
	Hash     tlog.Hash `json:"hash"`
	Envelope []byte    `json:"envelope"`
}

type bundleEnd struct {
	Envelopes   int64 `json:"envelopes"`
	Checkpoints int64 `json:"checkpoints"`
}

// Selection chooses what a bundle holds in full. Of everything else it holds
// the hashes.
type Selection struct {
	Scenario string
	IDs      []string
	All      bool
}

// ErrNothing refuses to export a bundle without evidence.
var ErrNothing = fault.Def{Kind: fault.NotFound, Code: "evidence.nothing_to_export",
	En: "nothing was chosen to export", Zh: "没有可导出的证据",
	HintEn: "run: landfall evidence list", HintZh: "请运行：landfall evidence list"}

// Export writes a bundle: the chosen envelopes, all leaf hashes, all
// checkpoints and the public keys, so that VerifyBundle needs nothing else. It
// fails with ErrUnknown if an id is unknown and with ErrNothing if nothing is
// chosen.
func (s *Service) Export(ctx context.Context, w io.Writer, sel Selection) error {
	db := s.d.DB.Read()
	chosen, err := s.chosen(ctx, sel)
	if err != nil {
		return err
	}
	// Read after the choice, so that what was chosen is below it.
	size, err := s.log.Size(ctx, db)
	if err != nil {
		return err
	}
	if size == 0 {
		return ErrNothing.With()
	}
	keys, err := readKeys(ctx, db)
	if err != nil {
		return err
	}
	bw := bufio.NewWriterSize(w, bundleRead)
	enc := json.NewEncoder(bw)
	enc.SetEscapeHTML(false)
	lines := []bundleLine{{Bundle: &bundleHead{Format: BundleFormat, Origin: s.log.origin, Size: size}}}
	for _, k := range keys {
		lines = append(lines, bundleLine{Key: k.statement})
	}
	var end bundleEnd
	for from := int64(0); from < size; from += portion {
		to := min(from+portion, size)
		items := make([]item, to-from)
		if _, err := s.log.readHashes(ctx, db, from, to, items); err != nil {
			return err
		}
		points, err := s.log.readCheckpoints(ctx, db, from, to)
		if err != nil {
			return err
		}
		var run []tlog.Hash
		flush := func() {
			if len(run) > 0 {
				lines = append(lines, bundleLine{Hashes: run})
				run = nil
			}
		}
		for i, it := range items {
			leaf := from + int64(i)
			if len(it.stored) == 0 {
				return ErrDamaged.With("leaf", leaf)
			}
			if chosen == nil || chosen[leaf] {
				flush()
				rs, err := queryRecords(ctx, db, `WHERE e.leaf = ?`, leaf)
				if err != nil {
					return err
				}
				if len(rs) == 0 {
					return ErrDamaged.With("leaf", leaf)
				}
				lines = append(lines, bundleLine{Leaf: &bundleLeaf{Index: leaf, Hash: it.stored[0], Envelope: rs[0].Envelope}})
				end.Envelopes++
			} else {
				run = append(run, it.stored[0])
			}
			for len(points) > 0 && points[0].size == leaf+1 {
				flush()
				note := string(points[0].note)
				lines = append(lines, bundleLine{Checkpoint: &note})
				points = points[1:]
				end.Checkpoints++
			}
			if err := writeLines(enc, &lines); err != nil {
				return fmt.Errorf("write bundle: %w", err)
			}
		}
		flush()
	}
	lines = append(lines, bundleLine{End: &end})
	if err := writeLines(enc, &lines); err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	if err := bw.Flush(); err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	return nil
}

func writeLines(enc *json.Encoder, lines *[]bundleLine) error {
	for _, l := range *lines {
		if err := enc.Encode(l); err != nil {
			return err
		}
	}
	*lines = (*lines)[:0]
	return nil
}

// chosen returns the leaves that sel names; nil means all.
func (s *Service) chosen(ctx context.Context, sel Selection) (map[int64]bool, error) {
	if sel.All {
		return nil, nil
	}
	out := map[int64]bool{}
	for _, id := range sel.IDs {
		r, err := s.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		out[r.Leaf] = true
	}
	if sel.Scenario != "" {
		rows, err := s.d.DB.Read().QueryContext(ctx, `SELECT leaf FROM evidence WHERE scenario = ?`, sel.Scenario)
		if err != nil {
			return nil, fmt.Errorf("choose evidence: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var leaf int64
			if err := rows.Scan(&leaf); err != nil {
				return nil, fmt.Errorf("choose evidence: %w", err)
			}
			out[leaf] = true
		}
		if err := rows.Err(); err != nil {
			return nil, fmt.Errorf("choose evidence: %w", err)
		}
	}
	if len(out) == 0 {
		return nil, ErrNothing.With()
	}
	return out, nil
}

// VerifyBundle proves a bundle without a database: what Service.Verify does, for
// the envelopes that it holds. A file that is no bundle, or is cut short, is a
// finding. Its errors are those of reading r, of o.Each, and ErrTrust.
func VerifyBundle(ctx context.Context, r io.Reader, o VerifyOptions) (Report, error) {
	b := bundleReader{in: bufio.NewReaderSize(r, bundleRead)}
	first, err := b.next()
	if err != nil {
		return Report{}, err
	}
	var head bundleHead
	if first != nil && first.Bundle != nil {
		head = *first.Bundle
	}
	v := newVerification(head.Origin, o)
	if head.Format != BundleFormat || !validOrigin(head.Origin) || head.Size < 0 || head.Size > maxLeaves {
		v.found.add(found(FoundBundle, -1, -1, "this is not an evidence bundle", "这不是证据包"))
		return v.finish(), nil
	}
	bad := func(en, zh string) (Report, error) {
		n := v.tree.n
		v.found.add(found(FoundBundle, n, max(n, head.Size), fmt.Sprintf("line %d: %s", b.line, en), fmt.Sprintf("第 %d 行：%s", b.line, zh)))
		return v.finish(), nil
	}
	line, err := b.next()
	for ; err == nil && line != nil && line.Key != nil; line, err = b.next() {
		v.addKey(line.Key)
	}
	if err != nil {
		return Report{}, err
	}
	if err := v.pin(); err != nil {
		return Report{}, err
	}
	for ; err == nil; line, err = b.next() {
		if err := ctx.Err(); err != nil {
			return Report{}, err
		}
		switch n := v.tree.n; {
		case line == nil:
			return bad(b.why.En, b.why.Zh)
		case line.Leaf != nil:
			if line.Leaf.Index != n || n >= head.Size {
				return bad("a leaf stands in the wrong place", "记录的位置不对")
			}
			it := item{stored: []tlog.Hash{line.Leaf.Hash}, hasData: true, hash: tlog.RecordHash(line.Leaf.Envelope)}
			var st Statement
			it.key, st, it.found = checkBundled(v.keys, n, line.Leaf.Envelope)
			v.leaf(&it)
			if o.Each != nil && len(it.found) == 0 && it.hash == line.Leaf.Hash {
				if err := o.Each(newRecord(n, line.Leaf.Envelope, st)); err != nil {
					return Report{}, err
				}
			}
		case line.Hashes != nil:
			if len(line.Hashes) > maxHashes || n+int64(len(line.Hashes)) > head.Size {
				return bad("too many hashes", "哈希过多")
			}
			for i := range line.Hashes {
				v.leaf(&item{stored: line.Hashes[i : i+1]})
			}
		case line.Checkpoint != nil:
			if n == 0 || v.tree.previous == n {
				return bad("a checkpoint stands in the wrong place", "检查点的位置不对")
			}
			p := opened{size: n, note: []byte(*line.Checkpoint)}
			v.open(&p)
			v.checkpoint(&p)
		case line.End != nil:
			if n != head.Size || line.End.Envelopes != v.report.Envelopes || line.End.Checkpoints != v.report.Checkpoints {
				return bad("the bundle lacks something that its end counts", "证据包缺少其结尾所计的内容")
			}
			if b.more() {
				return bad("something follows the end", "结尾之后还有内容")
			}
			return v.finish(), nil
		default:
			return bad("a line is out of place", "有一行位置不对")
		}
	}
	return Report{}, err
}

// checkBundled checks an envelope that has no columns beside it.
func checkBundled(keys VerifiedKeys, leaf int64, envelope []byte) (int, Statement, []Finding) {
	payload, key, bad := keys.Envelope(leaf, PayloadType, envelope)
	if bad != nil {
		return -1, Statement{}, bad
	}
	st, err := decodeStatement(payload)
	if err != nil {
		return key, Statement{}, []Finding{found(FoundEnvelopeMalformed, leaf, leaf+1, "the statement cannot be read: %v", "声明无法读取：%v", err)}
	}
	return key, st, nil
}

// bundleReader reads the lines of a bundle, of bounded length.
type bundleReader struct {
	in   *bufio.Reader
	line int
	buf  []byte
	why  reason // of the last nil line
}

// next returns the next line, or nil if there is none that can be read.
func (b *bundleReader) next() (*bundleLine, error) {
	b.line++
	b.buf = b.buf[:0]
	for {
		part, err := b.in.ReadSlice('\n')
		b.buf = append(b.buf, part...)
		switch {
		case len(b.buf) > maxLine:
			b.why = because("the line is too long", "此行过长")
			return nil, nil
		case err == nil:
			return b.parse(), nil
		case errors.Is(err, io.EOF):
			b.why = because("the bundle is cut short", "证据包不完整")
			return nil, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("read bundle: %w", err)
		}
	}
}

// parse accepts exactly what is written here: no other spelling of a line.
func (b *bundleReader) parse() *bundleLine {
	l := new(bundleLine)
	b.why = because("the line is not one of a bundle", "此行不是证据包的内容")
	if json.Unmarshal(b.buf, l) != nil {
		return nil
	}
	members := 0
	for _, set := range []bool{l.Bundle != nil, l.Key != nil, l.Leaf != nil, l.Hashes != nil, l.Checkpoint != nil, l.End != nil} {
		if set {
			members++
		}
	}
	var again bytes.Buffer
	again.Grow(len(b.buf))
	enc := json.NewEncoder(&again)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(l); err != nil || members != 1 || !bytes.Equal(again.Bytes(), b.buf) {
		return nil
	}
	l.Key = slices.Clone(l.Key)
	return l
}

// more reports whether anything is left to read.
func (b *bundleReader) more() bool {
	_, err := b.in.ReadByte()
	return err == nil
}
