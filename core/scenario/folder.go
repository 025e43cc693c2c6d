package scenario

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/fault"
)

// Faults of the files beside the document.
var (
	ErrFile = fault.Def{Kind: fault.Invalid, Code: "scenario.file",
		En: "{problem}", Zh: "{problem}"}
	ErrNoFile = fault.Def{Kind: fault.NotFound, Code: "scenario.no_file",
		En: "the file {file}, which {field} names, is not there", Zh: "{field} 所指的文件 {file} 不存在",
		HintEn: "check the path; if the data comes from elsewhere: landfall data pull {dir}", HintZh: "检查路径；若数据来自外部：landfall data pull {dir}"}
)

const maxFileBytes = 8 << 20

// Folder is a scenario as it lies on disk, apart from its cases.
type Folder struct {
	Dir      string
	Document *Document
	Raw      []byte
	Traffic  Sample
}

// Sample counts requests by slice. The zero value is no sample.
type Sample struct {
	Requests map[string]int
	Digest   string // hex SHA-256 over the counts; "" without a sample
}

// Provenance of a sample: imported if some system counted, else assumed.
func (s Sample) Provenance() evidence.Provenance {
	if s.Digest == "" {
		return evidence.Assumed
	}
	return evidence.Imported
}

// Open reads DIR/scenario.yaml with its traffic sample and cost file. Faults
// are those of Read, and ErrFile and ErrNoFile with their place.
func Open(dir string) (*Folder, error) { return OpenAs(dir, Reading{}) }

// OpenAs is Open for a folder that is not one's own.
func OpenAs(dir string, r Reading) (*Folder, error) {
	doc, raw, err := ReadAs(dir, r)
	if err != nil {
		return nil, err
	}
	f := &Folder{Dir: dir, Document: doc, Raw: raw}
	if err := f.readTraffic(); err != nil {
		return nil, err
	}
	if err := f.readCosts(); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *Folder) readTraffic() error {
	name := f.Document.Traffic.File
	if name == "" {
		return nil
	}
	ids := make([]string, len(f.Document.Slices))
	for i, s := range f.Document.Slices {
		ids[i] = s.ID
	}
	f.Traffic.Requests = map[string]int{}
	err := f.table(name, "traffic.file", []string{"slice", "requests"}, func(r record) error {
		id := r.get("slice")
		if !slices.Contains(ids, id) {
			return r.wrong("there is no slice %q; known: %s", "没有分组 %q；可用：%s", id, nearestFirst(id, ids))
		}
		n, err := strconv.Atoi(r.get("requests"))
		if err != nil || n < 0 || n > math.MaxInt32 {
			return r.wrong("requests must be a whole number from 0 to %d, got %q", "requests 须为 0 到 %d 的整数，实际为 %q", math.MaxInt32, r.get("requests"))
		}
		if _, dup := f.Traffic.Requests[id]; dup {
			return r.wrong("the slice %q stands twice", "分组 %q 出现了两次", id)
		}
		f.Traffic.Requests[id] = n
		return nil
	})
	if err != nil {
		return err
	}
	counted := 0
	for _, n := range f.Traffic.Requests {
		counted += n
	}
	if counted == 0 {
		return ErrFile.With("problem", both("the sample counts no request", "抽样中没有任何请求")).At(filepath.Join(f.Dir, name), 0, 0)
	}
	f.Traffic.Digest, err = evidence.Digest(f.Traffic.Requests)
	return err
}

func (f *Folder) readCosts() error {
	c := &f.Document.Costs
	if c.File == "" {
		return nil
	}
	ids := make([]string, len(c.Lines))
	for i, l := range c.Lines {
		ids[i] = l.ID
	}
	err := f.table(c.File, "costs.file", []string{"line"}, func(r record) error {
		i := slices.Index(ids, r.get("line"))
		if i < 0 {
			return r.wrong("there is no cost line %q; known: %s", "没有成本项 %q；可用：%s", r.get("line"), nearestFirst(r.get("line"), ids))
		}
		if !c.Lines[i].Amount.IsZero() {
			return r.wrong("the cost line %q has an amount already", "成本项 %q 已有金额", r.get("line"))
		}
		a := Amount{Source: c.Source, Imported: true}
		for _, x := range []struct {
			column string
			to     **float64
		}{{"amount", &a.Value}, {"p10", &a.P10}, {"p50", &a.P50}, {"p90", &a.P90}} {
			s := r.get(x.column)
			if s == "" {
				continue
			}
			v, err := strconv.ParseFloat(s, 64)
			if err != nil || math.IsNaN(v) || v < 0 || v > 1e15 {
				return r.wrong("%s must be a number from 0 to 1e15, got %q", "%s 须为 0 到 1e15 的数，实际为 %q", x.column, s)
			}
			*x.to = &v
		}
		threePoint := a.P10 != nil && a.P50 != nil && a.P90 != nil
		somePoint := a.P10 != nil || a.P50 != nil || a.P90 != nil
		if (a.Value == nil) != threePoint || somePoint != threePoint {
			return r.wrong("state either amount, or p10, p50 and p90", "请填写 amount，或同时填写 p10、p50、p90")
		}
		if threePoint && !ranged(a) {
			return r.wrong("a range needs 0 < p10 ≤ p50 ≤ p90, no wider than a factor of a million", "区间须满足 0 < p10 ≤ p50 ≤ p90，且上下不超过一百万倍")
		}
		c.Lines[i].Amount = a
		return nil
	})
	if err != nil {
		return err
	}
	for _, l := range c.Lines {
		if l.Amount.IsZero() {
			return ErrFile.With("problem", both("no amount for the cost line %q: neither in %s nor in %s", "成本项 %q 没有金额：%s 和 %s 中都没有", l.ID, c.File, FileName)).At(filepath.Join(f.Dir, c.File), 0, 0)
		}
	}
	return nil
}

// record is one row of a small CSV file with its place.
type record struct {
	file   string
	line   int
	header []string
	values []string
}

func (r record) get(column string) string {
	if i := slices.Index(r.header, column); i >= 0 && i < len(r.values) {
		return strings.TrimSpace(r.values[i])
	}
	return ""
}

func (r record) wrong(en, zh string, args ...any) error {
	return ErrFile.With("problem", both(en, zh, args...)).At(r.file, r.line, 0)
}

// table reads a small CSV file beside the document.
func (f *Folder) table(name, field string, columns []string, visit func(record) error) error {
	file, path, err := f.open(name, field, maxFileBytes)
	if err != nil {
		return err
	}
	defer file.Close()
	cr := csv.NewReader(file)
	cr.FieldsPerRecord = -1
	header, err := cr.Read()
	if err != nil {
		return csvFault(path, err)
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	for i := range header {
		header[i] = strings.TrimSpace(header[i])
	}
	for _, c := range columns {
		if !slices.Contains(header, c) {
			return ErrFile.With("problem", both("the column %q is missing; the header has: %s", "缺少列 %q；表头为：%s", c, strings.Join(header, ", "))).At(path, 1, 0)
		}
	}
	for {
		values, err := cr.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return csvFault(path, err)
		}
		line, _ := cr.FieldPos(0)
		if err := visit(record{path, line, header, values}); err != nil {
			return err
		}
	}
}

func csvFault(path string, err error) error {
	var pe *csv.ParseError
	if errors.As(err, &pe) {
		return ErrFile.With("problem", both("there is a quote that does not belong here, or one that is never closed",
			"此处的引号位置不当，或未闭合")).At(path, pe.Line, pe.Column).Because(err)
	}
	if errors.Is(err, io.EOF) {
		return ErrFile.With("problem", both("the file is empty", "文件为空")).At(path, 0, 0)
	}
	return fmt.Errorf("read %s: %w", path, err)
}
