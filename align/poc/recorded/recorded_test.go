package recorded_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/landfall-ai/landfall/align/poc"
	"github.com/landfall-ai/landfall/align/poc/recorded"
	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/kit/fault"
)

const csv = "case,answer,confidence,latency_ms,citations,tokens_in,tokens_out,error\n" +
	"a,card-lost,0.9,120.5,\"faq-1, faq-2\",300,12,\n" +
	"b,,,,,,,timeout\n" +
	"c,loan-rate,,,\"[\"\"faq-9\"\"]\",,,\n"

func workbook(t *testing.T, rows ...[]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	for i, row := range rows {
		cell, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.SetSheetRow("Sheet1", cell, &row); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(t *testing.T, file string, raw []byte, columns map[string]string) *recorded.Answers {
	t.Helper()
	a, err := recorded.Read(context.Background(), file, raw, columns)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestRead(t *testing.T) {
	t.Parallel()
	jsonl := `{"case":"a","answer":"card-lost","confidence":"0.9","latency_ms":"120.5"}` + "\n"
	for name, a := range map[string]*recorded.Answers{
		"csv":   read(t, "answers.csv", []byte(csv), nil),
		"jsonl": read(t, "answers.jsonl", []byte(jsonl), nil),
		"xlsx": read(t, "answers.xlsx", workbook(t, []any{"Nr", "Reply", "confidence", "latency_ms", "error"}, []any{"a", "card-lost", 0.9, 120.5}),
			map[string]string{"case": "Nr", "answer": "Reply"}),
	} {
		got, err := a.Answer(context.Background(), poc.Input{CaseID: "a"})
		if err != nil || got.Resolution != "card-lost" || got.Confidence != .9 || got.Took.Service != 120500*time.Microsecond {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	a := read(t, "answers.csv", []byte(csv), nil)
	got, _ := a.Answer(context.Background(), poc.Input{CaseID: "a"})
	if len(got.Citations) != 2 || got.Citations[1].ID != "faq-2" || got.Took.InputTokens != 300 || got.Took.OutputTokens != 12 {
		t.Errorf("%+v", got)
	}
	if got, _ := a.Answer(context.Background(), poc.Input{CaseID: "c"}); len(got.Citations) != 1 || got.Citations[0].ID != "faq-9" {
		t.Errorf("%+v", got)
	}
	if _, err := a.Answer(context.Background(), poc.Input{CaseID: "b"}); !errors.Is(err, recorded.ErrFailed) {
		t.Errorf("a recorded error is %v", err)
	}
	if _, err := a.Answer(context.Background(), poc.Input{CaseID: "d"}); !errors.Is(err, recorded.ErrNoAnswer) {
		t.Errorf("no answer is %v", err)
	}
}

// Leaving out what is hard gains nothing: without an answer a case is there all
// the same, unless the answers are declared to be a sample.
func TestOf(t *testing.T) {
	t.Parallel()
	a := read(t, "answers.csv", []byte(csv), nil)
	cases := []dataset.Case{{ID: "a"}, {ID: "b"}, {ID: "c"}, {ID: "d"}}
	if all, err := a.Of(cases, true); err != nil || len(all) != 4 {
		t.Errorf("%d cases, %v", len(all), err)
	}
	if sample, err := a.Of(cases, false); err != nil || len(sample) != 3 {
		t.Errorf("%d cases, %v", len(sample), err)
	}
	if _, err := a.Of(cases[:1], true); !errors.Is(err, recorded.ErrStranger) {
		t.Errorf("answers to no test case: %v", err)
	}
}

func TestSuites(t *testing.T) {
	t.Parallel()
	a := read(t, "a.csv", []byte("suite,case,answer\ncases,1,x\nslots,1,y\n"), nil)
	for id, want := range map[string]string{"1": "x", "slots/1": "y"} {
		if got, err := a.Answer(context.Background(), poc.Input{CaseID: id}); err != nil || got.Resolution != want {
			t.Errorf("%s: %+v, %v", id, got, err)
		}
	}
}

func TestReadFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, raw string
		want      fault.Def
		where     string
	}{
		"twice":          {"a.csv", "case,answer\na,x\na,y\n", recorded.ErrTwice, "a.csv:3"},
		"no answers":     {"a.csv", "case,answer\n", dataset.ErrNoRows, "a.csv"},
		"no column":      {"a.csv", "case,reply\na,x\n", recorded.ErrColumns, "a.csv:1"},
		"confidence":     {"a.csv", "case,answer,confidence\na,x,1.5\n", recorded.ErrValue, "a.csv:2"},
		"not a number":   {"a.csv", "case,answer,latency_ms\na,x,fast\n", recorded.ErrValue, "a.csv:2"},
		"infinite":       {"a.csv", "case,answer,tokens_in\na,x,Inf\n", recorded.ErrValue, "a.csv:2"},
		"bad citations":  {"a.csv", "case,answer,citations\na,x,[1\n", recorded.ErrCitations, "a.csv:2"},
		"no workbook":    {"a.xlsx", "PK\x03\x04 not really", recorded.ErrSheet, "a.xlsx"},
		"no such format": {"a.parquet", "x", dataset.ErrFormat, ""},
	} {
		_, err := recorded.Read(context.Background(), c.file, []byte(c.raw), nil)
		var f *fault.Error
		if !errors.Is(err, c.want) || !errors.As(err, &f) || c.where != "" && f.Where != c.where {
			t.Errorf("%s: %v", name, err)
		}
	}
}
