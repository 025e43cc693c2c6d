package slots

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

const (
	zhDay   = `[一二三四五六日天1-7]`
	enDay   = `(mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?`
	enMonth = `(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)`
	small   = `([0-9]{1,2}|[一二三四五六七八九十]{1,3})`
)

// dateForm is one way to write a date. resolve gets the groups, the reference
// day and whether days of the week lie in the past; false is no date.
type dateForm struct {
	re      *regexp.Regexp
	resolve func(g []string, ref time.Time, past bool) (time.Time, bool)
	score   int
}

var dateForms = []dateForm{
	{re: regexp.MustCompile(`([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?`), score: 3,
		resolve: func(g []string, _ time.Time, _ bool) (time.Time, bool) {
			return civil(atoi(g[1]), atoi(g[2]), atoi(g[3]))
		}},
	{re: regexp.MustCompile(`(?:([下])个?月)` + small + `[号日]`), score: 3,
		resolve: func(g []string, ref time.Time, _ bool) (time.Time, bool) {
			next := time.Date(ref.Year(), ref.Month()+1, 1, 0, 0, 0, 0, time.UTC)
			return civil(next.Year(), int(next.Month()), atoi(g[2]))
		}},
	{re: regexp.MustCompile(small + `月` + small + `[号日]?`), score: 3,
		resolve: func(g []string, ref time.Time, _ bool) (time.Time, bool) { return nearest(ref, atoi(g[1]), atoi(g[2])) }},
	{re: regexp.MustCompile(`\b([0-9]{1,2})(?:st|nd|rd|th)?(?: of)? ` + enMonth + `\b`), score: 3,
		resolve: func(g []string, ref time.Time, _ bool) (time.Time, bool) {
			return nearest(ref, month(g[2]), atoi(g[1]))
		}},
	{re: regexp.MustCompile(`\b` + enMonth + `\.? ([0-9]{1,2})(?:st|nd|rd|th)?\b`), score: 3,
		resolve: func(g []string, ref time.Time, _ bool) (time.Time, bool) {
			return nearest(ref, month(g[1]), atoi(g[2]))
		}},
	{re: regexp.MustCompile(`(大后天|大前天|后天|前天|昨天|昨晚|昨日|今天|今日|今儿|今早|今晚|明天|明日|明儿|明早|明晚|day after tomorrow|yesterday|this morning|today|tonight|tomorrow|tmrw|tmr)`), score: 2,
		resolve: func(g []string, ref time.Time, _ bool) (time.Time, bool) {
			return ref.AddDate(0, 0, relative(g[1])), true
		}},
	{re: regexp.MustCompile(`(本|这|下下|下|上)?(?:个)?(?:周|星期|礼拜)(` + zhDay + `)`), score: 2,
		resolve: func(g []string, ref time.Time, past bool) (time.Time, bool) {
			weeks, named := map[string]int{"本": 0, "这": 0, "下": 1, "下下": 2, "上": -1}[g[1]]
			day := strings.Index("一二三四五六日", g[2]) / len("一")
			if g[2] == "天" {
				day = 6
			} else if n := atoi(g[2]); n > 0 {
				day = n - 1
			}
			return weekday(ref, day, weeks, named, past), true
		}},
	{re: regexp.MustCompile(`\b(?:(this|next|last) )?` + enDay + `\b`), score: 2, resolve: englishWeekday},
	{re: regexp.MustCompile(`\b(this|next|last)周(` + zhDay + `)`), score: 3, // both scripts: next周三
		resolve: func(g []string, ref time.Time, past bool) (time.Time, bool) {
			day := strings.Index("一二三四五六日", g[2]) / len("一")
			return weekday(ref, max(day, 0), map[string]int{"this": 0, "next": 1, "last": -1}[g[1]], true, past), true
		}},
	{re: regexp.MustCompile(`([0-9]{1,2}|[一二两三四五六七八九十]{1,3})天(?:之?后|以后)`), score: 2,
		resolve: func(g []string, ref time.Time, _ bool) (time.Time, bool) { return ref.AddDate(0, 0, atoi(g[1])), true }},
	{re: regexp.MustCompile(`\bin (` + enNumeral + `|[0-9]{1,2}) days?\b`), score: 2,
		resolve: func(g []string, ref time.Time, _ bool) (time.Time, bool) {
			n, ok := number(g[1])
			return ref.AddDate(0, 0, int(n)), ok && n < 1000
		}},
	{re: regexp.MustCompile(`月底|月末|end of (?:the )?month`), score: 1,
		resolve: func(_ []string, ref time.Time, _ bool) (time.Time, bool) {
			return time.Date(ref.Year(), ref.Month()+1, 0, 0, 0, 0, 0, time.UTC), true
		}},
	{re: regexp.MustCompile(small + `[号日]|\bthe ([0-9]{1,2})(?:st|nd|rd|th)\b`), score: 1,
		resolve: func(g []string, ref time.Time, _ bool) (time.Time, bool) {
			day := atoi(g[1] + g[2])
			for months := range 3 {
				first := time.Date(ref.Year(), ref.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
				if d, ok := civil(first.Year(), int(first.Month()), day); ok && !d.Before(ref) {
					return d, true
				}
			}
			return time.Time{}, false
		}},
}

func englishWeekday(g []string, ref time.Time, past bool) (time.Time, bool) {
	weeks, named := map[string]int{"this": 0, "next": 1, "last": -1}[g[1]]
	day := strings.Index("montuewedthufrisatsun", g[2][:3]) / 3
	return weekday(ref, day, weeks, named, past), true
}

// weekday returns day (Monday is 0) of the week that lies weeks after that of
// ref, or, if no week was named, the next such day after ref, or the last one
// before it.
func weekday(ref time.Time, day, weeks int, named, past bool) time.Time {
	today := (int(ref.Weekday()) + 6) % 7
	if named {
		return ref.AddDate(0, 0, day-today+7*weeks)
	}
	ahead := (day - today + 7) % 7
	if past {
		return ref.AddDate(0, 0, -((today-day+6)%7)-1)
	}
	if ahead == 0 {
		ahead = 7
	}
	return ref.AddDate(0, 0, ahead)
}

func relative(word string) int {
	switch word {
	case "大前天":
		return -3
	case "前天":
		return -2
	case "昨天", "昨晚", "昨日", "yesterday":
		return -1
	case "明天", "明日", "明儿", "明早", "明晚", "tomorrow", "tmrw", "tmr":
		return 1
	case "后天", "day after tomorrow":
		return 2
	case "大后天":
		return 3
	}
	return 0
}

// atoi reads a small number in digits or Chinese; 0 if it is none.
func atoi(s string) int {
	n, ok := number(s)
	if !ok || n > 9999 {
		return 0
	}
	return int(n)
}

func month(name string) int {
	return strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", name[:3])/3 + 1
}

// civil returns a date that exists.
func civil(y, m, d int) (time.Time, bool) {
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return t, y >= 1 && y <= 9999 && m >= 1 && m <= 12 && d >= 1 && t.Day() == d
}

// nearest returns the day in the year that brings it closest to ref.
func nearest(ref time.Time, m, d int) (time.Time, bool) {
	best, found := time.Time{}, false
	for _, y := range []int{ref.Year(), ref.Year() + 1, ref.Year() - 1} {
		t, ok := civil(y, m, d)
		if ok && (!found || t.Sub(ref).Abs() < best.Sub(ref).Abs()) {
			best, found = t, true
		}
	}
	return best, found
}

// dates finds dates. Without a reference only those that name year, month and
// day are found.
func (f *field) dates(low string, ref time.Time) []find {
	past := f.past != nil && f.past.MatchString(low)
	var out []find
	taken := make([]bool, len(low))
	for i, form := range dateForms {
		if ref.IsZero() && i > 0 {
			break
		}
		for _, m := range form.re.FindAllStringSubmatchIndex(low, -1) {
			if taken[m[0]] || taken[m[1]-1] {
				continue
			}
			for b := m[0]; b < m[1]; b++ {
				taken[b] = true // also of 2月30号, whose 30号 is no date either
			}
			day, ok := form.resolve(groups(low, m), ref, past)
			if !ok {
				continue
			}
			out = append(out, find{start: m[0], end: m[1], value: day.Format(time.DateOnly), score: form.score})
		}
	}
	return out
}

func groups(s string, m []int) []string {
	g := make([]string, len(m)/2)
	for i := range g {
		if m[2*i] >= 0 {
			g[i] = s[m[2*i]:m[2*i+1]]
		}
	}
	return g
}

const (
	zhHalf = `(早上|清早|凌晨|早|上午|中午|下午|傍晚|晚上|今晚|明晚|晚|pm|am)?\s?`
	hourN  = `([0-9]{1,2}|十[一二]|[一二两三四五六七八九十])`
	enHour = `(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|[0-9]{1,2})`
)

var timeForms = []struct {
	re    *regexp.Regexp
	score int
	hour  func(g []string) (h, m int, half string, ok bool)
}{
	{re: regexp.MustCompile(zhHalf + `([0-9]{1,2}):([0-9]{2})\s?(am|pm)?`), score: 3, hour: func(g []string) (int, int, string, bool) {
		return atoi(g[2]), atoi(g[3]), g[1] + g[4], true
	}},
	{re: regexp.MustCompile(zhHalf + hourN + `点(半|一刻|三刻|[0-9]{1,2}分?|[一二三四五]?十[一二三四五六七八九]?分?)?`), score: 3,
		hour: func(g []string) (int, int, string, bool) {
			minute := 0
			switch rest := strings.TrimSuffix(g[3], "分"); rest {
			case "":
			case "半":
				minute = 30
			case "一刻":
				minute = 15
			case "三刻":
				minute = 45
			default:
				minute = atoi(rest)
			}
			return atoi(g[2]), minute, g[1], true
		}},
	{re: regexp.MustCompile(`\b` + enHour + `\s?(am|pm)\b`), score: 3, hour: func(g []string) (int, int, string, bool) {
		return atoi(g[1]), 0, g[2], true
	}},
	{re: regexp.MustCompile(`\b(half|quarter) (past|to) ` + enHour + `\b`), score: 3, hour: func(g []string) (int, int, string, bool) {
		h, m := atoi(g[3]), 30
		if g[1] == "quarter" {
			m = 15
		}
		if g[2] == "to" {
			return h - 1, 60 - m, "", true
		}
		return h, m, "", true
	}},
	{re: regexp.MustCompile(`\b` + enHour + ` o'?clock\b|\bat ` + enHour + `(?:\s|$|[.,;!?])`), score: 2, hour: func(g []string) (int, int, string, bool) {
		return atoi(g[1] + g[2]), 0, "", true
	}},
	{re: regexp.MustCompile(`\bnoon\b|中午`), score: 1, hour: func([]string) (int, int, string, bool) { return 12, 0, "", true }},
}

// times finds times of day. An hour without am or pm lies between Open and
// Close, where these are set and one of the two readings does.
func (f *field) times(low string) []find {
	var out []find
	taken := make([]bool, len(low))
	for _, form := range timeForms {
		for _, m := range form.re.FindAllStringSubmatchIndex(low, -1) {
			if taken[m[0]] || taken[m[1]-1] {
				continue
			}
			h, minute, half, ok := form.hour(groups(low, m))
			if !ok || h < 0 || h > 24 || minute > 59 {
				continue
			}
			switch {
			case strings.HasSuffix(half, "pm"), strings.Contains(half, "下午"), strings.Contains(half, "晚"), strings.Contains(half, "傍晚"):
				if h < 12 {
					h += 12
				}
			case half == "中午":
				if h < 10 {
					h += 12
				}
			case half == "" && f.Close > 0 && (h < f.Open || h > f.Close):
				if h+12 >= f.Open && h+12 <= f.Close {
					h += 12
				}
			}
			if h == 24 {
				h = 0
			}
			for b := m[0]; b < m[1]; b++ {
				taken[b] = true
			}
			out = append(out, find{start: m[0], end: m[1], value: fmt.Sprintf("%02d:%02d", h, minute), score: form.score})
		}
	}
	return out
}
