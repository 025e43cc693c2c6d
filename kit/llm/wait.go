package llm

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// longest bounds what a header can ask for, so that sums of times never
// overflow.
const longest = 365 * 24 * time.Hour

// RetryAfter returns how long the header of a refusal asks to wait, and
// whether it says so at all. It reads, in this order, retry-after-ms
// (milliseconds), Retry-After (seconds, or an HTTP date, RFC 9110 section
// 10.2.3) and the reset headers of the limits that are used up
// (x-ratelimit-reset-requests, -tokens; "6m0s", or seconds). The result is
// between 0 and a year; nonsense counts as absent.
func RetryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	if ms, ok := number(h.Get("Retry-After-Ms")); ok {
		return scaled(ms, time.Millisecond), true
	}
	if v := strings.TrimSpace(h.Get("Retry-After")); v != "" {
		if s, ok := number(v); ok {
			return scaled(s, time.Second), true
		}
		if at, err := http.ParseTime(v); err == nil {
			return min(max(at.Sub(now), 0), longest), true
		}
	}
	return resets(h)
}

// resets returns the longest time until a limit that is used up resets. When
// the server does not tell which one is, the shortest is taken: waiting too
// short costs one more refusal, waiting too long may cost a day.
func resets(h http.Header) (time.Duration, bool) {
	var spent, all []time.Duration
	for _, what := range []string{"Requests", "Tokens"} {
		d, ok := resetTime(h.Get("X-Ratelimit-Reset-" + what))
		if !ok {
			continue
		}
		all = append(all, d)
		if left, ok := number(h.Get("X-Ratelimit-Remaining-" + what)); ok && left == 0 {
			spent = append(spent, d)
		}
	}
	switch {
	case len(spent) > 0:
		return slices.Max(spent), true
	case len(all) > 0:
		return slices.Min(all), true
	}
	return 0, false
}

func resetTime(v string) (time.Duration, bool) {
	v = strings.TrimSpace(v)
	if s, ok := number(v); ok {
		return scaled(s, time.Second), true
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < 0 {
		return 0, false
	}
	return min(d, longest), true
}

// number reads a decimal number from 0; exponents, signs and words are none.
func number(v string) (float64, bool) {
	v = strings.TrimSpace(v)
	if v == "" || strings.Trim(v, "0123456789.") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(v, 64)
	return f, err == nil
}

func scaled(f float64, unit time.Duration) time.Duration {
	if f >= float64(longest/unit) {
		return longest
	}
	return time.Duration(math.Ceil(f * float64(unit)))
}
