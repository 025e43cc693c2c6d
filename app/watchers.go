package app

import (
	"sync"
	"time"

	"github.com/landfall-ai/landfall/kit/fault"
)

// ErrWatching refuses one stream more.
var ErrWatching = fault.Def{Kind: fault.RateLimited, Code: "run.watched",
	En: "you watch {most} runs already", Zh: "您同时观察的运行已达 {most} 个",
	HintEn: "close pages or commands that watch, and try again", HintZh: "请关闭部分正在观察运行的页面或命令后重试"}

// The bounds of streams. One that has come to its age ends, and whoever may
// still watch comes back: rights are looked at when a stream begins.
const (
	mostWatched = 32 // at once, by one person
	watchLife   = 5 * time.Minute
)

// watchers counts the streams of each person.
type watchers struct {
	mu sync.Mutex
	by map[string]int
}

// enter counts one stream more until leave is called, or fails with
// ErrWatching.
func (w *watchers) enter(who string) (leave func(), err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.by[who] >= mostWatched {
		return nil, ErrWatching.With("most", mostWatched)
	}
	if w.by == nil {
		w.by = map[string]int{}
	}
	w.by[who]++
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.by[who]--; w.by[who] == 0 {
			delete(w.by, who)
		}
	}, nil
}
