package recorded

import (
	"bytes"
	"encoding/csv"
	"fmt"

	"github.com/xuri/excelize/v2"

	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/kit/fault"
)

// ErrSheet is returned for a workbook that cannot be read.
var ErrSheet = fault.Def{Kind: fault.Invalid, Code: "recorded.sheet",
	En: "the workbook cannot be read: {problem}", Zh: "无法读取工作簿：{problem}",
	HintEn: "save the first sheet as CSV in UTF-8", HintZh: "请将第一个工作表另存为 UTF-8 编码的 CSV"}

// sheet turns the first sheet of a workbook into CSV.
func sheet(file string, raw []byte) ([]byte, error) {
	f, err := excelize.OpenReader(bytes.NewReader(raw), excelize.Options{UnzipSizeLimit: 512 << 20, UnzipXMLSizeLimit: 256 << 20, RawCellValue: true})
	if err != nil {
		return nil, ErrSheet.With("problem", err.Error()).At(file, 0, 0).Because(err)
	}
	defer f.Close() //nolint:errcheck // nothing was written
	names := f.GetSheetList()
	if len(names) == 0 {
		return nil, dataset.ErrEmpty.With().At(file, 0, 0)
	}
	rows, err := f.Rows(names[0])
	if err != nil {
		return nil, ErrSheet.With("problem", err.Error()).At(file, 0, 0).Because(err)
	}
	defer rows.Close() //nolint:errcheck // nothing was written
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	width := 0
	for rows.Next() {
		cells, err := rows.Columns()
		if err != nil {
			return nil, ErrSheet.With("problem", err.Error()).At(file, 0, 0).Because(err)
		}
		if width == 0 {
			width = len(cells)
		}
		for len(cells) < width { // trailing empty cells are left out
			cells = append(cells, "")
		}
		if err := w.Write(cells); err != nil {
			return nil, fmt.Errorf("write rows of %s: %w", file, err)
		}
	}
	w.Flush()
	return out.Bytes(), w.Error()
}
