package identity

import (
	"net/netip"
	"sync"
	"time"
)

// The limits on sign-in. After so many failures within the window, the next
// try has to wait: twice as long after each further failure, at most the
// window.
const (
	failuresPerLogin   = 5
	failuresPerAddress = 30
	failureWindow      = 15 * time.Minute
	firstWait          = 30 * time.Second
	maxTracked         = 20_000
)

// limitedAs is the key of a client's address. Whoever has an IPv6 address has
// its whole /64 (RFC 6177), and could fail from a new one each time.
func limitedAs(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil || !a.Is6() {
		return "address:" + address
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return "address:" + address
	}
	return "address:" + p.String()
}

// limiter counts failures by key. It holds at most maxTracked keys: when it is
// full, those that are over go first, then the one that failed least recently.
type limiter struct {
	mu   sync.Mutex
	now  func() time.Time
	most int
	by   map[string]*failures
}

type failures struct {
	n    int
	last time.Time
}

func newLimiter(now func() time.Time) *limiter {
	return &limiter{now: now, most: maxTracked, by: map[string]*failures{}}
}

// wait returns how long the next try under key has to wait; 0 if it need not.
func (l *limiter) wait(key string, allowed int) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.by[key]
	if f == nil || f.n < allowed {
		return 0
	}
	delay := failureWindow
	if doublings := f.n - allowed; doublings < 10 {
		delay = min(firstWait<<doublings, failureWindow)
	}
	return max(0, f.last.Add(delay).Sub(l.now()))
}

// attempt counts a try under key as a failure, so that many at once cannot all
// come before the first has failed; forgive takes it back.
func (l *limiter) attempt(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	f := l.by[key]
	if f == nil || now.Sub(f.last) > failureWindow {
		if f == nil && len(l.by) >= l.most {
			l.makeRoom(now)
		}
		f = &failures{}
		l.by[key] = f
	}
	f.n++
	f.last = now
}

func (l *limiter) makeRoom(now time.Time) {
	oldest, at := "", now
	for k, f := range l.by {
		if now.Sub(f.last) > failureWindow {
			delete(l.by, k)
		} else if oldest == "" || f.last.Before(at) {
			oldest, at = k, f.last
		}
	}
	if len(l.by) >= l.most {
		delete(l.by, oldest)
	}
}

// forgive takes one try back, or all of them.
func (l *limiter) forgive(key string, all bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.by[key]
	if f == nil {
		return
	}
	if f.n--; all || f.n <= 0 {
		delete(l.by, key)
	}
}
