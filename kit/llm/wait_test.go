package llm_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/kit/llm"
)

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	type h = map[string]string
	const year = 365 * 24 * time.Hour
	for _, c := range []struct {
		h    h
		want time.Duration
		ok   bool
	}{
		{h{}, 0, false},
		{h{"Retry-After": "20"}, 20 * time.Second, true},
		{h{"Retry-After": " 1.5 "}, 1500 * time.Millisecond, true},
		{h{"Retry-After": "0"}, 0, true},
		{h{"Retry-After": "-3"}, 0, false},
		{h{"Retry-After": "soon"}, 0, false},
		{h{"Retry-After": "1e9"}, 0, false},
		{h{"Retry-After": "999999999999999999999"}, year, true},
		{h{"Retry-After": "Sat, 28 Nov 2026 12:00:30 GMT"}, 30 * time.Second, true},
		{h{"Retry-After": "Sat, 28 Nov 2026 11:00:00 GMT"}, 0, true},
		{h{"Retry-After": "Saturday, 28-Nov-26 12:00:05 GMT"}, 5 * time.Second, true}, // RFC 850
		{h{"Retry-After": "Sat Nov 28 12:00:07 2026"}, 7 * time.Second, true},         // asctime
		{h{"Retry-After-Ms": "250", "Retry-After": "20"}, 250 * time.Millisecond, true},
		{h{"Retry-After-Ms": "x", "Retry-After": "20"}, 20 * time.Second, true},
		{h{"X-Ratelimit-Reset-Requests": "6m0s"}, 6 * time.Minute, true},
		{h{"X-Ratelimit-Reset-Tokens": "17ms"}, 17 * time.Millisecond, true},
		{h{"X-Ratelimit-Reset-Requests": "30"}, 30 * time.Second, true}, // Azure: seconds
		{h{"X-Ratelimit-Reset-Requests": "-5s"}, 0, false},
		{h{"X-Ratelimit-Reset-Requests": "1s", "X-Ratelimit-Reset-Tokens": "6m0s"}, time.Second, true},
		{h{"X-Ratelimit-Reset-Requests": "1s", "X-Ratelimit-Reset-Tokens": "6m0s", "X-Ratelimit-Remaining-Tokens": "0"}, 6 * time.Minute, true},
		{h{"X-Ratelimit-Reset-Requests": "24h", "X-Ratelimit-Remaining-Requests": "99", "X-Ratelimit-Reset-Tokens": "2s", "X-Ratelimit-Remaining-Tokens": "0"}, 2 * time.Second, true},
		{h{"Retry-After": "3", "X-Ratelimit-Reset-Requests": "6m0s"}, 3 * time.Second, true},
	} {
		header := http.Header{}
		for k, v := range c.h {
			header.Set(k, v)
		}
		if got, ok := llm.RetryAfter(header, noon); got != c.want || ok != c.ok {
			t.Errorf("%v: %v, %v; want %v, %v", c.h, got, ok, c.want, c.ok)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"20", "1.5", "Sat, 28 Nov 2026 12:00:30 GMT", "6m0s", "", "-1", "1e400", "9223372036854775808", "1.2.3", "0x10", "Inf"} {
		f.Add(s, s, s)
	}
	f.Fuzz(func(t *testing.T, ms, after, reset string) {
		h := http.Header{"Retry-After-Ms": {ms}, "Retry-After": {after}, "X-Ratelimit-Reset-Tokens": {reset}, "X-Ratelimit-Remaining-Tokens": {ms}}
		d, ok := llm.RetryAfter(h, noon)
		if d < 0 || d > 365*24*time.Hour || !ok && d != 0 {
			t.Fatalf("%q, %q, %q: %v, %v", ms, after, reset, d, ok)
		}
	})
}
