package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/landfall-ai/landfall/align/roi/workbook"
	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/examples"
	"github.com/landfall-ai/landfall/kit/fault"
)

func TestRoi(t *testing.T) {
	t.Parallel()
	home, dir := t.TempDir(), filepath.Join(t.TempDir(), "bank")
	if err := app.CopyExample(examples.BankSupport, dir); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := landfall(t, "roi", "show", dir, "--home", home, "--lang", "en"); code != 3 || !strings.Contains(errs, "roi.no_lifecycle") {
		t.Errorf("before a run: exit %d: %s", code, errs)
	}
	if code, _, errs := landfall(t, "run", dir, "--home", home); code != 0 {
		t.Fatalf("run: exit %d: %s", code, errs)
	}
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"--lang", "en"}, []string{"net present value", "Wrong answers", "MEASURE NEXT", "No AI (today)"}},
		{[]string{"--lang", "zh"}, []string{"净现值", "答错的代价", "下一步该测"}},
		{[]string{"-o", "json"}, []string{`"probability_of_loss"`, `"break_even"`, `"evidence": "ev_`}},
	} {
		code, out, errs := landfall(t, append([]string{"roi", "show", dir, "--home", home}, c.args...)...)
		if code != 0 {
			t.Fatalf("%v: exit %d: %s", c.args, code, errs)
		}
		for _, w := range c.want {
			if !strings.Contains(out, w) {
				t.Errorf("%v: no %q in\n%s", c.args, w, out)
			}
		}
	}
	book := filepath.Join(t.TempDir(), "return.xlsx")
	if code, _, errs := landfall(t, "roi", "export", dir, "-O", book, "--home", home); code != 0 {
		t.Fatalf("export: exit %d: %s", code, errs)
	}
	f, err := excelize.OpenFile(book)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := f.GetCellFormula(workbook.Result, workbook.CellNPV); err != nil || !strings.HasPrefix(got, "SUMPRODUCT") {
		t.Errorf("the net present value is %q, %v", got, err)
	}
	actuals := filepath.Join(t.TempDir(), "actuals.csv")
	for _, c := range []struct {
		file, says string
		code       int
	}{
		{"line,month,amount\nops,1,900000\n", "100.0%", 0},
		{"line,month,amount\noops,1,9\n", "roi.actual_line", 2},
		{"line,month,amount\nops,99,9\n", "roi.actual_month", 2},
		{"line,month,amount\nops,1,-9\n", "roi.actuals", 2},
		{"ops,1,9\n", "roi.actuals", 2},
	} {
		if err := os.WriteFile(actuals, []byte(c.file), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, errs := landfall(t, "roi", "actuals", dir, actuals, "--home", home, "--lang", "en")
		if code != c.code || !strings.Contains(out+errs, c.says) {
			t.Errorf("%q: exit %d: %s%s", c.file, code, out, errs)
		}
	}
}

// Whatever the file holds, reading it ends in rows within bounds or in a fault.
func FuzzReadActuals(f *testing.F) {
	for _, s := range []string{"", "line,month,amount\nops,1,9\n", "\ufeffline,month,amount\r\nops,0,1e3\r\n", "line,month,amount\n\"a\nb\",1,NaN\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := parseActuals("actuals.csv", bytes.NewReader(raw))
		if err != nil {
			if fault.From(err).Code != errActuals.Code {
				t.Fatal(err)
			}
			return
		}
		for _, a := range got {
			if !(a.Amount >= 0 && a.Amount <= 1e15) {
				t.Fatalf("%+v", a)
			}
		}
	})
}
