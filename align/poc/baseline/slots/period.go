package slots

import (
	"math"
	"regexp"
	"time"
)

const isoDay = `([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?`

var (
	dateRange = regexp.MustCompile(isoDay + `(?:起)?(?:至|到|-|~|—| to | until )` + isoDay)
	durations = []struct {
		re     *regexp.Regexp
		months []float64 // of each group
	}{
		{regexp.MustCompile(`(` + zhNumeral + `)年[零又]?(` + zhNumeral + `)个月`), []float64{12, 1}},
		{regexp.MustCompile(`(` + zhNumeral + `)个月`), []float64{1}},
		{regexp.MustCompile(`(` + zhNumeral + `)(?:周|学)?年`), []float64{12}},
		{regexp.MustCompile(`()半年`), nil},
		{regexp.MustCompile(`(` + enNumeral + `|[0-9]+)[ -]months?\b`), []float64{1}},
		{regexp.MustCompile(`(` + enNumeral + `|[0-9]+)[ -]years?\b`), []float64{12}},
	}
)

// periods finds lengths of time in months: from a date to another (score 5;
// the last day counts, and months are rounded to halves), 一年零六个月, 半年,
// 18 months (1, and 3 more after a word of Before).
func (f *field) periods(low string) []find {
	var out []find
	taken := make([]bool, len(low))
	take := func(m []int) bool {
		for b := m[0]; b < m[1]; b++ {
			if taken[b] {
				return false
			}
		}
		for b := m[0]; b < m[1]; b++ {
			taken[b] = true
		}
		return true
	}
	for _, m := range dateRange.FindAllStringSubmatchIndex(low, -1) {
		g := groups(low, m)
		from, ok1 := civil(atoi(g[1]), atoi(g[2]), atoi(g[3]))
		to, ok2 := civil(atoi(g[4]), atoi(g[5]), atoi(g[6]))
		if ok1 && ok2 && to.After(from) && take(m) {
			out = append(out, find{start: m[0], end: m[1], value: months(from, to.AddDate(0, 0, 1)), score: 5})
		}
	}
	for _, d := range durations {
		for _, m := range d.re.FindAllStringSubmatchIndex(low, -1) {
			total, ok := 0.0, true
			for i, times := range d.months {
				n, read := number(low[m[2*i+2]:m[2*i+3]])
				total, ok = total+n*times, ok && read && n < 1000 // a year is no length
			}
			if d.months == nil {
				total = 6
			}
			if !ok || total <= 0 || !take(m) {
				continue
			}
			v := find{start: m[0], end: m[1], value: total, score: 1}
			if f.before != nil && f.before.MatchString(lastRunes(low[:m[0]], 14)) {
				v.score += 3
			} else if f.Marked {
				continue
			}
			out = append(out, v)
		}
	}
	return out
}

// months returns the time between two days in months, to half a month.
func months(from, to time.Time) float64 {
	whole := float64((to.Year()-from.Year())*12 + int(to.Month()) - int(from.Month()))
	return math.Round((whole+float64(to.Day()-from.Day())/30)*2) / 2
}
