package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/landfall-ai/landfall/kit/fault"
)

// Bounds of what is read.
const (
	MaxFileBytes = 1 << 30   // of one file
	MaxRows      = 2_000_000 // of all files of cases together: cases are held in memory
)

// Data is what the files of a scenario hold.
type Data struct {
	// Train and Test hold the rows that can be used: with an input and a right
	// answer, in the order of the files.
	Train, Test []Case
	Documents   []Document
	Rows        map[Split]int // all rows, usable or not
	Dropped     map[Split]int // rows without input or right answer
	// Missing counts missing values by column, for every column of the spec
	// that is not ignored.
	Missing map[Split]map[string]int
	// Classes counts usable cases by label, or by resolution if there is no
	// label column. The values that the label's schema allows are there even
	// with 0.
	Classes   map[Split]map[string]int
	Encodings map[string]Encoding // by path
	Files     []File              // sorted by path; the images of cases are among them
	// Guide is the SHA-256 of the annotation guide; "" without one.
	Guide string
}

// Document is one answer or passage to retrieve.
type Document struct {
	ID     string   // the resolution that it gives
	Fields []string // in the order of the spec
}

// File is a file that was read, by its content.
type File struct {
	Path   string `json:"path"` // in the scenario's folder, with /
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // hex
}

// Load reads the files that spec names in dir. What is wrong with rows comes
// back as Problems; everything else is a single fault. Missing values are
// counted, not refused: the quality gate decides on them.
//
// Without an id column a case's id is the first 12 hex digits of the SHA-256
// of its input (and of its image's digest), with -2, -3 … for repeats; these are numbered test before
// train, then by label, resolution and slice, so that the order of rows does
// not matter and new training data does not rename test cases. In the
// production file the ids stand in the id column or, if the spec has none, in
// a column named id.
func Load(ctx context.Context, dir string, spec Spec) (*Data, error) {
	if err := checkTypes(spec); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, openFault(dir, err)
	}
	defer root.Close()
	l := &loader{ctx: ctx, dir: dir, root: root, spec: spec, listed: map[string]string{}, ids: map[string]place{}, images: map[string]string{},
		d: &Data{Rows: map[Split]int{}, Dropped: map[Split]int{}, Missing: map[Split]map[string]int{},
			Classes: map[Split]map[string]int{}, Encodings: map[string]Encoding{}}}
	for name, c := range spec.Columns {
		switch c.Role {
		case RoleID:
			l.id = name
		case RoleInput:
			l.input = name
		case RoleImage:
			l.image = name
		case RoleLabel:
			l.label = name
		case RoleResolution:
			l.resolution = name
		case RoleSlice:
			l.slice = name
		}
	}
	if l.resolution == "" {
		l.resolution = l.label
	}
	if err := l.load(); err != nil {
		return nil, err
	}
	return l.d, nil
}

func checkTypes(spec Spec) error {
	for name, c := range spec.Columns {
		if c.Type != "" && !slices.Contains(types, c.Type) {
			return ErrUnknownType.With("column", name, "type", c.Type, "known", types).In("/data/columns/" + name + "/type")
		}
	}
	return nil
}

type place struct {
	file string
	line int
}

func (p place) String() string { return p.file + ":" + strconv.Itoa(p.line) }

type loader struct {
	ctx    context.Context
	dir    string
	root   *os.Root
	spec   Spec
	d      *Data
	listed map[string]string // path → where the spec names it
	bad    problems

	id, input, image, label, resolution, slice string // columns by role

	ids    map[string]place
	images map[string]string // path → hex SHA-256
}

func (l *loader) load() error {
	for _, s := range []Split{Train, Test} {
		l.d.Missing[s], l.d.Classes[s] = map[string]int{}, map[string]int{}
		for name, c := range l.spec.Columns {
			if c.Role != RoleIgnore {
				l.d.Missing[s][name] = 0
			}
		}
		for _, v := range l.spec.Columns[l.class()].Values {
			l.d.Classes[s][v] = 0
		}
	}
	for i, p := range l.spec.Train {
		if err := l.cases(p, Train, fmt.Sprintf("data.train[%d]", i)); err != nil {
			return err
		}
	}
	for i, p := range l.spec.Test {
		if err := l.cases(p, Test, fmt.Sprintf("data.test[%d]", i)); err != nil {
			return err
		}
	}
	if l.spec.Production != "" {
		err := l.cases(l.spec.Production, "", "data.production")
		if err != nil && !errors.Is(err, ErrNoFile) && !errors.Is(err, ErrNoRows) {
			return err
		}
	}
	if err := l.documents(); err != nil {
		return err
	}
	if err := l.guide(); err != nil {
		return err
	}
	if err := l.bad.err(); err != nil {
		return err
	}
	for _, s := range []Split{Train, Test} {
		if l.d.Rows[s] > 0 && l.d.Rows[s] == l.d.Dropped[s] {
			return ErrNoCases.With("split", string(s)).At(l.dir, 0, 0)
		}
	}
	name(l.d.Train, l.d.Test)
	sort.Slice(l.d.Files, func(i, j int) bool { return l.d.Files[i].Path < l.d.Files[j].Path })
	return nil
}

// class returns the column whose values are the classes; "" if there are none.
func (l *loader) class() string {
	if l.label != "" || l.spec.Unclassed {
		return l.label
	}
	return l.resolution
}

// open opens a file inside the folder. It follows no link out of it and opens
// nothing but plain files.
func (l *loader) open(path, field string) (*os.File, string, error) {
	shown := filepath.Join(l.dir, filepath.FromSlash(path))
	if !filepath.IsLocal(filepath.FromSlash(path)) || strings.Contains(path, `\`) {
		return nil, shown, ErrPath.With("file", path)
	}
	clean := filepath.ToSlash(filepath.Clean(filepath.FromSlash(path)))
	if first, twice := l.listed[clean]; twice {
		return nil, shown, ErrListedTwice.With("file", path, "first", first, "second", field)
	}
	l.listed[clean] = field
	f, err := openPlain(l.root, path)
	if errors.Is(err, errNotPlain) {
		return nil, shown, ErrPath.With("file", path).Because(err)
	}
	if err != nil {
		return nil, shown, openFault(shown, err)
	}
	return f, shown, nil
}

func openFault(file string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ErrNoFile.With("file", file)
	case errors.Is(err, fs.ErrPermission):
		return ErrUnreadable.With("file", file).Because(err)
	}
	return fmt.Errorf("open %s: %w", file, err)
}

var errNotPlain = errors.New("not a plain file inside the folder")

// openPlain looks before it opens, since opening a pipe would wait for a writer.
func openPlain(root *os.Root, path string) (*os.File, error) {
	path = filepath.FromSlash(path)
	info, err := root.Stat(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %w", errNotPlain, err) // os.Root has no named error for a link that escapes
	}
	if !info.Mode().IsRegular() {
		return nil, errNotPlain
	}
	return root.Open(path)
}

// digester counts and digests what passes, up to MaxFileBytes.
type digester struct {
	r    io.Reader
	file string
	sum  interface {
		io.Writer
		Sum([]byte) []byte
	}
	size int64
}

func (d *digester) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	d.size += int64(n)
	if d.size > MaxFileBytes {
		return 0, ErrTooLarge.With("limit", "1 GiB").At(d.file, 0, 0)
	}
	d.sum.Write(p[:n])
	return n, err
}

// read opens a file, hands its rows to visit and records its digest. visit
// keeps nothing of the row's Values.
func (l *loader) read(path, field string, header func(*Reader) error, visit func(*Reader, Row) error) error {
	f, shown, err := l.open(path, field)
	if err != nil {
		return err
	}
	defer f.Close()
	d := &digester{r: f, file: shown, sum: sha256.New()}
	r, err := NewReader(shown, d)
	if err != nil {
		return err
	}
	if r.csv != nil {
		if err := header(r); err != nil {
			return err
		}
	}
	rows := 0
	for {
		row, bad, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return l.afterBad(err)
		}
		if rows++; rows%1024 == 0 && l.ctx.Err() != nil {
			return l.ctx.Err()
		}
		if bad != nil {
			l.bad.add(bad)
			continue
		}
		if err := visit(r, row); err != nil {
			return err
		}
	}
	if d.size == 0 || r.csv == nil && rows == 0 {
		return ErrEmpty.With().At(shown, 0, 0)
	}
	if r.csv == nil && len(l.bad.list) == 0 {
		if err := header(r); err != nil { // JSONL shows its columns row by row
			return err
		}
	}
	l.d.Files = append(l.d.Files, File{Path: path, Size: d.size, SHA256: hex.EncodeToString(d.sum.Sum(nil))})
	l.d.Encodings[path] = r.Encoding()
	if rows == 0 {
		return ErrNoRows.With().At(shown, 0, 0)
	}
	return nil
}

// afterBad puts what ended the reading behind the problems found before.
func (l *loader) afterBad(err error) error {
	var f *fault.Error
	if len(l.bad.list) > 0 && errors.As(err, &f) {
		l.bad.add(f)
		return l.bad.err()
	}
	return err
}

// need checks that the columns are there.
func need(r *Reader, columns []string) error {
	var missing, near []string
	for _, c := range columns {
		if r.Index(c) >= 0 {
			continue
		}
		missing = append(missing, c)
		if n := nearest(c, r.Columns()); n != "–" {
			near = append(near, n+" → "+c)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	found := make([]string, 0, len(r.Columns()))
	for _, c := range r.Columns() {
		found = append(found, shorten(c))
	}
	if len(found) > 30 {
		found = append(found[:30], "…")
	}
	if len(near) == 0 {
		near = []string{"–"}
	}
	if r.csv != nil && len(missing) == len(columns) && near[0] == "–" {
		return ErrNoHeader.With("expected", columns, "found", found).At(r.file, 1, 1)
	}
	return ErrColumns.With("missing", missing, "found", found, "nearest", near).At(r.file, 1, 0)
}

// The production file has two columns of its own; the second only if the spec
// has no id column. Its cases carry the tag source=production, unless the spec
// has a column of that name.
const (
	SplitColumn    = "split"
	IDColumn       = "id"
	SourceTag      = "source"
	FromProduction = "production"
)

// cases reads a file of cases. An empty split means that of each row.
func (l *loader) cases(path string, split Split, field string) error {
	columns := []string{}
	for name, c := range l.spec.Columns {
		if c.Required && c.Role != RoleIgnore || c.Role == RoleID || c.Role == RoleInput || c.Role == RoleImage || name == l.resolution ||
			c.Role == RoleLabel || c.Role == RoleSlice && split == Test {
			columns = append(columns, name)
		}
	}
	idColumn := l.id
	if split == "" {
		columns = append(columns, SplitColumn)
		if idColumn == "" {
			idColumn = IDColumn
		}
	}
	slices.Sort(columns)
	names := []string{}
	for name, c := range l.spec.Columns {
		if c.Role != RoleIgnore {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return l.read(path, field, func(r *Reader) error { return need(r, columns) }, func(r *Reader, row Row) error {
		if l.d.Rows[Train]+l.d.Rows[Test] >= MaxRows {
			return ErrTooLarge.With("limit", fmt.Sprintf("%d rows in all files", MaxRows)).At(r.file, row.Line, 0)
		}
		return l.row(r, row, path, split, names, idColumn)
	})
}

func (r *Reader) value(row Row, column string) string {
	if i := r.Index(column); i >= 0 && i < len(row.Values) {
		return row.Values[i]
	}
	return ""
}

func (l *loader) row(r *Reader, row Row, path string, split Split, names []string, idColumn string) error {
	production := split == ""
	if production {
		switch split = Split(strings.TrimSpace(r.value(row, SplitColumn))); split {
		case Train, Test:
		default:
			line, col := r.Pos(r.Index(SplitColumn))
			l.bad.add(ErrSplit.With("value", shorten(string(split))).At(r.file, line, col))
			return nil
		}
	}
	c := Case{Split: split, File: path, Line: row.Line}
	l.d.Rows[split]++
	for _, name := range names {
		column := l.spec.Columns[name]
		value := r.value(row, name)
		if column.missing(value) {
			l.d.Missing[split][name]++
			continue
		}
		if bad := column.check(name, value); bad != nil {
			line, col := r.Pos(r.Index(name))
			l.bad.add(bad.At(r.file, line, col))
			continue
		}
		l.put(&c, column, name, value)
	}
	if _, taken := l.spec.Columns[SourceTag]; production && !taken {
		if c.Tags == nil {
			c.Tags = map[string]string{}
		}
		c.Tags[SourceTag] = FromProduction
	}
	if idColumn != "" && l.id == "" {
		c.ID = strings.TrimSpace(r.value(row, idColumn))
	}
	if c.ID != "" {
		here := place{r.file, row.Line}
		if other, dup := l.ids[c.ID]; dup {
			line, col := r.Pos(r.Index(idColumn))
			l.bad.add(ErrDuplicateID.With("id", shorten(c.ID), "other", other.String()).At(r.file, line, col))
			return nil
		}
		l.ids[strings.Clone(c.ID)] = here
	}
	if c.Input == "" && c.Image == "" || c.Resolution == "" {
		l.d.Dropped[split]++
		return nil
	}
	if c.Image != "" {
		var err error
		if c.ImageHash, err = l.digestImage(c.Image, r.file, row.Line); err != nil {
			return err
		}
	}
	if l.label != "" && c.Label != "" {
		l.d.Classes[split][c.Label]++
	} else if l.label == "" && !l.spec.Unclassed {
		l.d.Classes[split][c.Resolution]++
	}
	if split == Train {
		l.d.Train = append(l.d.Train, c)
	} else {
		l.d.Test = append(l.d.Test, c)
	}
	return nil
}

// put stores a value by its role. All but the input lose their outer spaces.
func (l *loader) put(c *Case, column Column, name, value string) {
	trimmed := strings.TrimSpace(value)
	switch column.Role {
	case RoleID:
		c.ID = trimmed
	case RoleInput:
		c.Input = value
	case RoleImage:
		c.Image = trimmed
	case RoleLabel:
		c.Label = trimmed
	case RoleSlice:
		c.Slice = trimmed
	case RoleCluster:
		c.Cluster = trimmed
	case RoleTag:
		if c.Tags == nil {
			c.Tags = map[string]string{}
		}
		c.Tags[name] = trimmed
	case RoleResolution, RoleIgnore:
	}
	if name == l.resolution {
		c.Resolution = trimmed
	}
}

// MaxImageBytes bounds one image file.
const MaxImageBytes = 32 << 20

// digestImage digests an image file, once, and makes it a file of the version.
// What it shows is not looked at here: whoever decodes it bounds its size.
func (l *loader) digestImage(path, file string, line int) (string, error) {
	path = filepath.ToSlash(filepath.Clean(filepath.FromSlash(path)))
	if sum, ok := l.images[path]; ok {
		return sum, nil
	}
	shown := filepath.Join(l.dir, filepath.FromSlash(path))
	if !filepath.IsLocal(filepath.FromSlash(path)) || strings.Contains(path, `\`) {
		return "", ErrPath.With("file", path).At(file, line, 0)
	}
	f, err := openPlain(l.root, path)
	switch {
	case errors.Is(err, errNotPlain):
		return "", ErrPath.With("file", path).At(file, line, 0).Because(err)
	case errors.Is(err, fs.ErrNotExist):
		return "", ErrNoImage.With("file", shown).At(file, line, 0)
	case err != nil:
		return "", openFault(shown, err)
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(f, MaxImageBytes+1))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", shown, err)
	}
	if n > MaxImageBytes {
		return "", ErrTooLarge.With("limit", "32 MiB").At(shown, 0, 0)
	}
	sum := hex.EncodeToString(h.Sum(nil))
	l.images[path] = sum
	l.d.Files = append(l.d.Files, File{Path: path, Size: n, SHA256: sum})
	return sum, nil
}

func (l *loader) documents() error {
	spec := l.spec.Documents
	if spec == nil {
		return nil
	}
	columns := append([]string{spec.ID}, spec.Fields...)
	return l.read(spec.File, "data.documents.file", func(r *Reader) error { return need(r, columns) }, func(r *Reader, row Row) error {
		doc := Document{ID: strings.TrimSpace(r.value(row, spec.ID))}
		some := false
		for _, f := range spec.Fields {
			v := r.value(row, f)
			if Missing(v) {
				v = ""
			}
			some = some || v != ""
			doc.Fields = append(doc.Fields, v)
		}
		switch {
		case Missing(doc.ID):
			l.bad.add(ErrDocument.With("missing", spec.ID).At(r.file, row.Line, 0))
		case !some:
			l.bad.add(ErrDocument.With("missing", spec.Fields).At(r.file, row.Line, 0))
		default:
			l.d.Documents = append(l.d.Documents, doc)
		}
		return nil
	})
}

func (l *loader) guide() error {
	if l.spec.Guide == "" {
		return nil
	}
	f, shown, err := l.open(l.spec.Guide, "data.guide")
	if err != nil {
		return err
	}
	defer f.Close()
	d := &digester{r: f, file: shown, sum: sha256.New()}
	if _, err := io.Copy(io.Discard, d); err != nil {
		return fmt.Errorf("read %s: %w", shown, err)
	}
	l.d.Guide = hex.EncodeToString(d.sum.Sum(nil))
	l.d.Files = append(l.d.Files, File{Path: l.spec.Guide, Size: d.size, SHA256: l.d.Guide})
	return nil
}

// name gives every case without an id the one that Load describes.
func name(train, test []Case) {
	taken := map[string]bool{}
	groups := map[string][]*Case{}
	var order []string
	for _, cs := range [][]Case{test, train} {
		for i := range cs {
			c := &cs[i]
			if c.ID != "" {
				taken[c.ID] = true
				continue
			}
			sum := sha256.Sum256([]byte(c.Input + c.ImageHash))
			id := hex.EncodeToString(sum[:6])
			if groups[id] == nil {
				order = append(order, id)
			}
			groups[id] = append(groups[id], c)
		}
	}
	key := func(c *Case) string {
		return strings.Join([]string{string(c.Split), c.Input, c.Label, c.Resolution, c.Slice}, "\x00")
	}
	slices.Sort(order) // ids that the file itself states may stand in the way; then order matters
	for _, id := range order {
		g := groups[id]
		sort.SliceStable(g, func(i, j int) bool { return key(g[i]) < key(g[j]) }) // "test" < "train"
		n := 1
		for _, c := range g {
			for c.ID == "" {
				candidate := id
				if n > 1 {
					candidate += "-" + strconv.Itoa(n)
				}
				n++
				if !taken[candidate] {
					taken[candidate] = true
					c.ID = candidate
				}
			}
		}
	}
}
