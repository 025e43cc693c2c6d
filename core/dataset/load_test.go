package dataset_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"

	"github.com/landfall-ai/landfall/core/dataset"
	"github.com/landfall-ai/landfall/kit/fault"
)

func folder(t interface {
	Helper()
	Fatal(...any)
}, dir string, files map[string]string) string {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// spec has one column of every role that matters, and no id.
func spec() dataset.Spec {
	return dataset.Spec{
		Train: dataset.Paths{"data/train.csv"}, Test: dataset.Paths{"data/test.csv"},
		Columns: map[string]dataset.Column{
			"text":    {Role: dataset.RoleInput, Required: true},
			"intent":  {Role: dataset.RoleLabel, Required: true, Values: []string{"card_lost", "card_arrival", "refund"}},
			"answer":  {Role: dataset.RoleResolution, Required: true},
			"channel": {Role: dataset.RoleTag},
			"score":   {Role: dataset.RoleTag, Type: "number"},
		},
	}
}

const header = "text,intent,answer,channel,score\n"

func TestLoad(t *testing.T) {
	t.Parallel()
	s := spec()
	s.Documents = &dataset.Documents{File: "faq.jsonl", ID: "id", Fields: []string{"q", "a"}}
	s.Guide = "guide.md"
	s.Production = "data/production.csv"
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(header + "我的卡没有收到应该怎么办,card_arrival,a1,app,1\n")
	if err != nil {
		t.Fatal(err)
	}
	dir := folder(t, t.TempDir(), map[string]string{
		"data/train.csv": "\ufeff" + header +
			" my card? , card_lost ,a2,app,1.5e3\n" +
			"NULL,card_lost,a2,app,\n" + // no input
			"where is it,card_arrival,NA,app,\n" + // no right answer
			"\"again, where\",,a1,,\n" + // no label
			",,,,\n", // nothing at all: no row
		"data/test.csv":       gb,
		"data/production.csv": "split,id,text,intent,answer\ntest,f-1,lost it,card_lost,a2\ntrain,f-2,give back,refund,a3\n",
		"faq.jsonl":           `{"id": "a1", "q": "Arrival?", "a": "Five days."}` + "\n" + `{"id": "a2", "q": "Lost?", "a": null}`,
		"guide.md":            "# Guide",
	})
	d, err := dataset.Load(context.Background(), dir, s)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Train) != 3 || d.Train[0].Input != " my card? " || d.Train[0].Label != "card_lost" || d.Train[0].Resolution != "a2" ||
		d.Train[0].Tags["score"] != "1.5e3" || d.Train[0].File != "data/train.csv" || d.Train[0].Line != 2 || d.Train[1].Line != 5 {
		t.Errorf("train: %+v", d.Train)
	}
	if len(d.Test) != 2 || d.Test[0].Input != "我的卡没有收到应该怎么办" || d.Test[1].ID != "f-1" || d.Test[1].Tags["source"] != "production" || d.Test[0].Tags["source"] != "" || d.Train[2].ID != "f-2" {
		t.Errorf("test: %+v", d.Test)
	}
	if !maps.Equal(d.Rows, map[dataset.Split]int{"train": 5, "test": 2}) || d.Dropped["train"] != 2 || d.Dropped["test"] != 0 {
		t.Errorf("rows %v dropped %v", d.Rows, d.Dropped)
	}
	if want := map[string]int{"text": 1, "intent": 1, "answer": 1, "channel": 2, "score": 4}; !maps.Equal(d.Missing["train"], want) {
		t.Errorf("missing %v, want %v", d.Missing["train"], want)
	}
	if want := map[string]int{"card_lost": 1, "card_arrival": 0, "refund": 1}; !maps.Equal(d.Classes["train"], want) {
		t.Errorf("classes %v, want %v", d.Classes["train"], want)
	}
	if d.Encodings["data/test.csv"] != dataset.GB18030 || d.Encodings["data/train.csv"] != dataset.UTF8 {
		t.Errorf("encodings %v", d.Encodings)
	}
	if len(d.Documents) != 2 || d.Documents[1].ID != "a2" || !slices.Equal(d.Documents[0].Fields, []string{"Arrival?", "Five days."}) {
		t.Errorf("documents %v", d.Documents)
	}
	// printf '# Guide' | sha256sum
	if want := "ca85e859db5c1f8ab39081106a1ccbe7e2a618fac858824eb09033b48ea7ce05"; d.Guide != want {
		t.Errorf("guide %s, want %s", d.Guide, want)
	}
	paths := []string{}
	for _, f := range d.Files {
		paths = append(paths, f.Path)
	}
	if !slices.Equal(paths, []string{"data/production.csv", "data/test.csv", "data/train.csv", "faq.jsonl", "guide.md"}) {
		t.Errorf("files %v", paths)
	}
}

func TestLoadFaults(t *testing.T) {
	t.Parallel()
	good := header + "a,refund,a1,app,1\n"
	change := func(f func(*dataset.Spec)) func(*dataset.Spec) { return f }
	for _, c := range []struct {
		name  string
		train string
		spec  func(*dataset.Spec)
		want  fault.Def
		where string // ends with
		says  string
	}{
		{"empty file", "", nil, dataset.ErrEmpty, "train.csv", ""},
		{"header only", header, nil, dataset.ErrNoRows, "train.csv", ""},
		{"no header", "my card?,refund,a1,app,1\n", nil, dataset.ErrNoHeader, "train.csv:1:1", `answer, intent, text is in it; it reads: "my card?", "refund"`},
		{"a column missing", strings.Replace(good, "answer", "anwser", 1), nil, dataset.ErrColumns, "train.csv:1", "anwser → answer"},
		{"several missing", strings.Replace(good, "text,intent", "utterance,x", 1), nil, dataset.ErrColumns, "train.csv:1", "missing: intent, text; the file has: \"utterance\""},
		{"a label outside the schema", header + "a,card_lots,a1,,\n", nil, dataset.ErrOutside, "train.csv:2:3", `"card_lots" is not one of the allowed values; nearest: card_lost`},
		{"NaN", header + "a,refund,a1,app,NaN\n", nil, dataset.ErrNotFinite, "train.csv:2:17", "score: NaN"},
		{"infinity", header + "a,refund,a1,app,-Inf\n", nil, dataset.ErrNotFinite, "train.csv:2:17", "-Inf"},
		{"beyond a double", header + "a,refund,a1,app,1e999\n", nil, dataset.ErrNotFinite, "train.csv:2:17", "1e999"},
		{"hexadecimal", header + "a,refund,a1,app,0x1p4\n", nil, dataset.ErrType, "train.csv:2:17", "0x1p4"},
		{"not a number", header + "a,refund,a1,app,high\n", nil, dataset.ErrType, "train.csv:2:17", `"high" is not of the type number`},
		{"not an integer", good, change(func(s *dataset.Spec) {
			s.Columns["answer"] = dataset.Column{Role: dataset.RoleResolution, Type: "integer"}
		}), dataset.ErrType, "train.csv:2:10", "integer"},
		{"not a boolean", good, change(func(s *dataset.Spec) { s.Columns["channel"] = dataset.Column{Role: dataset.RoleTag, Type: "boolean"} }), dataset.ErrType, "train.csv:2:13", "boolean"},
		{"not a time", good, change(func(s *dataset.Spec) { s.Columns["channel"] = dataset.Column{Role: dataset.RoleTag, Type: "time"} }), dataset.ErrType, "train.csv:2:13", "time"},
		{"unknown type", good, change(func(s *dataset.Spec) { s.Columns["text"] = dataset.Column{Role: dataset.RoleInput, Type: "float"} }), dataset.ErrUnknownType, "", "float"},
		{"too many fields", header + "a, b,refund,a1,app,1\n", nil, dataset.ErrFields, "train.csv:2", "6 fields, the header has 5"},
		{"too few fields", header + "a,refund\n", nil, dataset.ErrFields, "train.csv:2", "2 fields"},
		{"not there", good, change(func(s *dataset.Spec) { s.Train = dataset.Paths{"data/trian.csv"} }), dataset.ErrNoFile, "", "trian.csv"},
		{"leaves the folder", good, change(func(s *dataset.Spec) { s.Train = dataset.Paths{"../train.csv"} }), dataset.ErrPath, "", "../train.csv"},
		{"absolute", good, change(func(s *dataset.Spec) { s.Train = dataset.Paths{"/etc/passwd"} }), dataset.ErrPath, "", ""},
		{"backslashes", good, change(func(s *dataset.Spec) { s.Train = dataset.Paths{`data\train.csv`} }), dataset.ErrPath, "", ""},
		{"a link out of the folder", good, change(func(s *dataset.Spec) { s.Train = dataset.Paths{"out.csv"} }), dataset.ErrPath, "", "out.csv"},
		{"a folder", good, change(func(s *dataset.Spec) { s.Train = dataset.Paths{"data"} }), dataset.ErrPath, "", ""},
		{"train is test", good, change(func(s *dataset.Spec) { s.Test = dataset.Paths{"./data/train.csv"} }), dataset.ErrListedTwice, "", "data.train[0] and as data.test[0]"},
		{"nothing usable", header + ",refund,a1,app,1\nb,refund,,app,1\n", nil, dataset.ErrNoCases, "", "train"},
		{"production without split", good, change(func(s *dataset.Spec) { s.Production = "data/test2.csv" }), dataset.ErrColumns, "test2.csv:1", "missing: split"},
		{"guide not there", good, change(func(s *dataset.Spec) { s.Guide = "guide.md" }), dataset.ErrNoFile, "", "guide.md"},
		{"documents without id", good, change(func(s *dataset.Spec) {
			s.Documents = &dataset.Documents{File: "data/other.csv", ID: "intent", Fields: []string{"text"}}
		}), dataset.ErrDocument, "other.csv:3", "intent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, t.TempDir(), map[string]string{"data/train.csv": c.train, "data/test.csv": good, "data/test2.csv": good,
				"data/other.csv": "text,intent,answer,split\nx,refund,a1,train\nx,,a2,test\n"})
			if err := os.Symlink("/etc/passwd", filepath.Join(dir, "out.csv")); err != nil {
				t.Fatal(err)
			}
			s := spec()
			s.Columns = maps.Clone(s.Columns)
			if c.spec != nil {
				c.spec(&s)
			}
			_, err := dataset.Load(context.Background(), dir, s)
			var f *fault.Error
			if !errors.As(err, &f) || !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %s", err, c.want.Code)
			}
			if !strings.HasSuffix(f.Where, c.where) || !strings.Contains(f.Message("en"), c.says) || f.Message("zh") == "" {
				t.Errorf("got %q at %q\nwant %q at %q", f.Message("en"), f.Where, c.says, c.where)
			}
		})
	}
}

func TestLoadReportsManyProblems(t *testing.T) {
	t.Parallel()
	dir := folder(t, t.TempDir(), map[string]string{
		"data/train.csv": header + strings.Repeat("a,nope,a1,app,x\n", 15), // two problems a row
		"data/test.csv":  header + "b,refund,a1,app,inf\n",
	})
	_, err := dataset.Load(context.Background(), dir, spec())
	var ps dataset.Problems
	if !errors.As(err, &ps) || len(ps) != dataset.MaxProblems+1 {
		t.Fatalf("got %v", err)
	}
	if last := ps[len(ps)-1]; !errors.Is(last, dataset.ErrMore) || last.Param("count") != 11 {
		t.Errorf("last: %v", last)
	}
	if !errors.Is(err, dataset.ErrOutside) || !errors.Is(err, dataset.ErrType) {
		t.Errorf("got %v", err)
	}
}

func TestDuplicateIDsNameBothPlaces(t *testing.T) {
	t.Parallel()
	s := spec()
	s.Columns["no"] = dataset.Column{Role: dataset.RoleID}
	dir := folder(t, t.TempDir(), map[string]string{
		"data/train.csv": "no,text,intent,answer\n1,a,refund,a1\n2,b,refund,a1\n",
		"data/test.csv":  "no,text,intent,answer\n3,c,refund,a1\n2,d,refund,a1\n,e,refund,a1\n",
	})
	_, err := dataset.Load(context.Background(), dir, s)
	var f *fault.Error
	if !errors.As(err, &f) || !errors.Is(err, dataset.ErrDuplicateID) {
		t.Fatalf("got %v", err)
	}
	if !strings.HasSuffix(f.Where, "test.csv:3:1") || !strings.HasSuffix(f.Param("other").(string), "train.csv:3") {
		t.Errorf("at %s and %v", f.Where, f.Param("other"))
	}
}

func TestLoadStops(t *testing.T) {
	t.Parallel()
	dir := folder(t, t.TempDir(), map[string]string{"data/train.csv": header + strings.Repeat("a,refund,a1,app,1\n", 5000), "data/test.csv": header + "a,refund,a1,app,1\n"})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := dataset.Load(ctx, dir, spec()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	for _, v := range []string{"", " ", "\t\n", "\u3000", "\u200b", "\ufeff", "NA", " N/A ", "#N/A", "<NA>", "NULL", "null", "NaN", "nan"} {
		if !dataset.Missing(v) {
			t.Errorf("%q counts as a value", v)
		}
	}
	for _, v := range []string{"0", "none", "None", "nil", "-", "无", "空", "na", "Nan bread", "unknown", "?"} {
		if dataset.Missing(v) {
			t.Errorf("%q counts as missing", v)
		}
	}
}

// The order of rows changes nothing that a version stands for: ids, counts,
// missing values, classes; and new training rows rename no test case.
func TestShufflingChangesNothing(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(base, "")
		if err != nil {
			rt.Fatal(err)
		}
		row := rapid.Custom(func(rt *rapid.T) string {
			pick := func(label string, vs ...string) string { return rapid.SampledFrom(vs).Draw(rt, label) }
			return strings.Join([]string{pick("text", "", "a", "b", "c", "NA"), pick("intent", "", "refund", "card_lost"), pick("answer", "a1", "a2", ""), pick("channel", "app", ""), ""}, ",") + "\n"
		})
		train := rapid.SliceOfN(row, 1, 20).Draw(rt, "train")
		test := rapid.SliceOfN(row, 1, 10).Draw(rt, "test")
		load := func(train, test []string) *dataset.Data {
			folder(rt, dir, map[string]string{
				"data/train.csv": header + strings.Join(train, "") + "z,refund,a1,app,1\n",
				"data/test.csv":  header + "z,refund,a1,app,1\n" + strings.Join(test, "")})
			d, err := dataset.Load(context.Background(), dir, spec())
			if err != nil {
				rt.Fatal(err)
			}
			return d
		}
		one, two := load(train, test), load(rapid.Permutation(train).Draw(rt, "train2"), rapid.Permutation(test).Draw(rt, "test2"))
		for _, s := range []dataset.Split{dataset.Train, dataset.Test} {
			if !maps.Equal(one.Classes[s], two.Classes[s]) || !maps.Equal(one.Missing[s], two.Missing[s]) ||
				one.Rows[s] != two.Rows[s] || one.Dropped[s] != two.Dropped[s] {
				rt.Fatalf("%+v\n%+v", one, two)
			}
		}
		ids := func(cs []dataset.Case) []string {
			out := []string{}
			for _, c := range cs {
				out = append(out, strings.Join([]string{c.ID, c.Input, c.Label, c.Resolution}, "|"))
			}
			slices.Sort(out)
			return out
		}
		if !slices.Equal(ids(one.Train), ids(two.Train)) || !slices.Equal(ids(one.Test), ids(two.Test)) {
			rt.Fatalf("%v\n%v", ids(one.Train), ids(two.Train))
		}
		seen := map[string]bool{}
		for _, c := range slices.Concat(one.Train, one.Test) {
			if seen[c.ID] || c.ID == "" {
				rt.Fatalf("id %q stands twice", c.ID)
			}
			seen[c.ID] = true
		}
		more := load(append(slices.Clone(train), train...), test)
		if !slices.Equal(ids(one.Test), ids(more.Test)) {
			rt.Fatal("new training rows renamed test cases")
		}
	})
}

func TestManifest(t *testing.T) {
	t.Parallel()
	files := map[string]string{"data/train.csv": header + "a,refund,a1,app,1\n", "data/test.csv": header + "b,refund,a1,app,1\n", "guide.md": "one"}
	digest := func(files map[string]string, change func(*dataset.Spec)) string {
		s := spec()
		s.Guide = "guide.md"
		s.Production = "data/production.csv"
		change(&s)
		d, err := dataset.Load(context.Background(), folder(t, t.TempDir(), files), s)
		if err != nil {
			t.Fatal(err)
		}
		out, err := d.Manifest(s).Digest()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	same := func(*dataset.Spec) {}
	want := digest(files, same)
	if got := digest(files, func(s *dataset.Spec) {
		s.Class, s.Quality.Policy = "personal", "many-classes"
		s.Sources = []dataset.Source{{Path: "x"}}
	}); got != want {
		t.Error("class, sources or quality policy changed the digest")
	}
	with := func(name, content string) map[string]string {
		m := maps.Clone(files)
		m[name] = content
		return m
	}
	for what, got := range map[string]string{
		"a row":      digest(with("data/train.csv", header+"a,refund,a2,app,1\n"), same),
		"the guide":  digest(with("guide.md", "two"), same),
		"production": digest(with("data/production.csv", "split,id,text,intent,answer\ntest,f-1,c,refund,a1\n"), same),
		"the schema": digest(files, func(s *dataset.Spec) { s.Columns["channel"] = dataset.Column{Role: dataset.RoleIgnore} }),
		"the splits": digest(files, func(s *dataset.Spec) { s.Train, s.Test = s.Test, s.Train }),
		"an allowed word": digest(files, func(s *dataset.Spec) {
			s.Columns["channel"] = dataset.Column{Role: dataset.RoleTag, Values: []string{"app"}}
		}),
	} {
		if got == want {
			t.Errorf("%s did not change the digest", what)
		}
	}
}

func TestBanking77(t *testing.T) {
	t.Parallel()
	root := os.Getenv("LANDFALL_DATA_DIR")
	if root == "" {
		root = "../../../shared/data"
	}
	dir := filepath.Join(root, "banking77")
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("LANDFALL_STRICT") == "1" {
			t.Fatal(err)
		}
		t.Skip("no data: ", err)
	}
	d, err := dataset.Load(context.Background(), dir, dataset.Spec{Train: dataset.Paths{"train.csv"}, Test: dataset.Paths{"test.csv"},
		Columns: map[string]dataset.Column{"text": {Role: dataset.RoleInput, Required: true}, "category": {Role: dataset.RoleLabel, Required: true}}})
	if err != nil {
		t.Fatal(err)
	}
	// Casanueva et al. 2020, table 1: 10,003 train, 3,080 test, 77 intents.
	if len(d.Train) != 10003 || len(d.Test) != 3080 || len(d.Classes["train"]) != 77 || d.Classes["test"]["card_arrival"] != 40 {
		t.Errorf("train %d, test %d, classes %d", len(d.Train), len(d.Test), len(d.Classes["train"]))
	}
}
