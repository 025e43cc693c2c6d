package quality

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/file"
	"github.com/landfall-ai/landfall/kit/text"
)

// Faults of CheckFile.
var (
	ErrNoColumn = fault.Def{Kind: fault.Invalid, Code: "quality.no_column",
		En: "the file has no column {column}; it has: {found}; nearest: {nearest}", Zh: "文件中没有列 {column}；已有：{found}；最接近的：{nearest}"}
	ErrNotALabel = fault.Def{Kind: fault.Invalid, Code: "quality.not_a_label",
		En: "the column {column} has more than {limit} different values: it does not hold classes", Zh: "列 {column} 有超过 {limit} 个不同取值，不是类别列",
		HintEn: "name the column with the classes by --label", HintZh: "请用 --label 指定类别所在的列"}
)

// maxClasses bounds the different labels that are counted.
const maxClasses = 100_000

// FileOptions say how a file is checked. The zero value takes every column as
// required and the method's policy.
type FileOptions struct {
	Optional []string // columns that may have missing values
	Quality  dataset.Quality
}

// CheckFile holds any CSV or JSONL file, taken as one training split, to the
// gate: every column counts as required unless it is optional; the classes are
// the values of the column label. It reads the file once, in memory that does
// not grow with it, and does not look for duplicates. Faults: those of
// dataset.Reader, dataset.ErrNoFile, dataset.Problems (rows that cannot be read),
// dataset.ErrNoRows, ErrNoColumn, ErrNotALabel. That data fails the gate is no
// error here: see Result.Err.
func CheckFile(ctx context.Context, path, label string, o FileOptions) (Result, error) {
	f, err := file.Open(path)
	switch {
	case errors.Is(err, file.ErrNotPlain):
		return Result{}, dataset.ErrPath.With("file", path)
	case errors.Is(err, fs.ErrNotExist):
		return Result{}, dataset.ErrNoFile.With("file", path)
	case errors.Is(err, fs.ErrPermission):
		return Result{}, dataset.ErrUnreadable.With("file", path).Because(err)
	case err != nil:
		return Result{}, fmt.Errorf("open %s: %w", path, err)
	}
	defer f.Close()
	p, err := profileFile(ctx, filepath.ToSlash(path), f, label, o.Optional)
	if err != nil {
		return Result{}, err
	}
	return Check(p, o.Quality), nil
}

func profileFile(ctx context.Context, path string, in io.Reader, label string, optional []string) (Profile, error) {
	r, err := dataset.NewReader(path, in)
	if err != nil {
		return Profile{}, err
	}
	rows := 0
	var present []int // by column
	var bad dataset.Problems
	more := 0
	classes := map[string]int{}
	for {
		row, wrong, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Profile{}, err
		}
		if rows++; rows%1024 == 0 && ctx.Err() != nil {
			return Profile{}, ctx.Err()
		}
		if wrong != nil {
			if len(bad) < dataset.MaxProblems {
				bad = append(bad, wrong)
			} else {
				more++
			}
			continue
		}
		for len(present) < len(r.Columns()) {
			present = append(present, 0)
		}
		for i, v := range row.Values {
			if !dataset.Missing(v) {
				present[i]++
			}
		}
		if i := r.Index(label); i >= 0 && i < len(row.Values) && !dataset.Missing(row.Values[i]) {
			if classes[strings.Clone(row.Values[i])]++; len(classes) > maxClasses {
				return Profile{}, ErrNotALabel.With("column", label, "limit", maxClasses).At(path, row.Line, 0)
			}
		}
	}
	if more > 0 {
		bad = append(bad, dataset.ErrMore.With("count", more))
	}
	if len(bad) > 0 {
		return Profile{}, bad
	}
	if rows == 0 {
		return Profile{}, dataset.ErrNoRows.With().At(path, 0, 0)
	}
	for _, c := range append([]string{label}, optional...) {
		if r.Index(c) < 0 {
			near := text.Nearest(c, r.Columns())
			if near == "" {
				near = "–"
			}
			found := r.Columns()
			return Profile{}, ErrNoColumn.With("column", c, "found", found[:min(len(found), 30)], "nearest", near).At(path, 1, 0)
		}
	}
	p := Profile{Rows: map[dataset.Split]int{dataset.Train: rows}, Dropped: map[dataset.Split]int{}, Classes: classes, TestClasses: map[string]int{}}
	for _, name := range r.Columns() {
		i := r.Index(name)
		if i < 0 { // a column without a name
			continue
		}
		n := 0
		if i < len(present) {
			n = present[i]
		}
		p.Columns = append(p.Columns, Column{Name: name, Required: !slices.Contains(optional, name),
			Missing: map[dataset.Split]int{dataset.Train: rows - n}})
	}
	slices.SortFunc(p.Columns, func(a, b Column) int { return strings.Compare(a.Name, b.Name) })
	return p, nil
}
