package term_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/landfall-ai/landfall/kit/term"
)

// shared is a buffer that several goroutines may write to.
type shared struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// Without a terminal there is a line every ten seconds and one at the end.
// The clock inside synctest is fake: nothing waits.
func TestProgressLines(t *testing.T) {
	for lang, want := range map[string]string{
		"en": "cases: 250/2,000 · 12.5% · 15.0/s · 1 min 57 s left · 3 errors\n" +
			"cases: 300/2,000 · 15.0% · 10.0/s · 2 min 50 s left · 3 errors\n" +
			"cases: 2,000/2,000 · 100.0% · 76.0/s · took 25 s · 3 errors\n",
		"zh": "用例：250/2,000 · 12.5% · 15.0/秒 · 剩余 1 分 57 秒 · 3 个错误\n" +
			"用例：300/2,000 · 15.0% · 10.0/秒 · 剩余 2 分 50 秒 · 3 个错误\n" +
			"用例：2,000/2,000 · 100.0% · 76.0/秒 · 用时 25 秒 · 3 个错误\n",
	} {
		synctest.Test(t, func(t *testing.T) {
			var errs shared
			scr := &term.Terminal{Err: &errs, Lang: lang}
			p := scr.Progress(time.Now)
			k := p.Task(map[string]string{"en": "cases", "zh": "用例"}[lang], 2000)
			k.Skip(100)
			k.Add(147)
			k.Fail(3)
			time.Sleep(10 * time.Second)
			synctest.Wait()
			k.Add(50)
			time.Sleep(10 * time.Second)
			synctest.Wait()
			k.Add(1700)
			time.Sleep(5 * time.Second)
			k.Done()
			k.Done()
			time.Sleep(20 * time.Second)
			synctest.Wait()
			p.Close()
			p.Close()
			if got := errs.String(); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func TestProgressCloseEndsTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var errs shared
		p := (&term.Terminal{Err: &errs, Lang: "en"}).Progress(time.Now)
		p.Task("files", 0).Add(7)
		time.Sleep(2 * time.Second)
		p.Close()
		if got, want := errs.String(), "files: 7 · 3.5/s · took 2.0 s\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		p.Task("late", 1).Done() // too late to be shown
		if strings.Contains(errs.String(), "late") {
			t.Error("a line after Close")
		}
	})
}

// Bars end, with every goroutine of theirs, whatever became of the tasks.
func TestProgressBars(t *testing.T) {
	t.Parallel()
	var errs shared
	scr := &term.Terminal{Err: &errs, ErrTTY: true, Width: 100, Lang: "zh"}
	p := scr.Progress(time.Now)
	finished, stopped, unknown := p.Task("用例", 400), p.Task("候选方案", 10), p.Task("文件", 0)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 100 {
				finished.Add(1)
			}
			stopped.Fail(1)
			unknown.Add(5)
		})
	}
	all.Wait()
	finished.Done()
	p.Close()
	for _, want := range []string{"用例", "400/400 · 100.0%", "4/10 · 40.0%", "4 个错误"} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("%q is nowhere in %q", want, errs.String())
		}
	}
}

func TestProgressQuiet(t *testing.T) {
	t.Parallel()
	var errs shared
	p := (&term.Terminal{Err: &errs, ErrTTY: true, Quiet: true}).Progress(time.Now)
	k := p.Task("x", 1)
	k.Add(1)
	k.Done()
	p.Close()
	if errs.String() != "" {
		t.Errorf("quiet writes %q", errs.String())
	}
}
