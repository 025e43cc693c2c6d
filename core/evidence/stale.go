package evidence

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/landfall-ai/landfall/kit/text"
)

// StaleCode tells why evidence is stale.
type StaleCode string

// Why evidence is stale.
const (
	StaleSuperseded StaleCode = "superseded"
	StaleSubject    StaleCode = "subject"
	StaleAge        StaleCode = "age"
)

// Reason is why an item of evidence is stale.
type Reason struct {
	Code StaleCode `json:"code"`
	// Of StaleSubject: the first declared role that differs, and the names
	// in it that are bound but were not measured, were measured but are
	// bound no more, and are bound to something else now.
	Role    string   `json:"role,omitempty"`
	Added   []string `json:"added,omitempty"`
	Removed []string `json:"removed,omitempty"`
	Changed []string `json:"changed,omitempty"`
	// Of StaleAge.
	Age    time.Duration `json:"age,omitempty"`
	MaxAge time.Duration `json:"maxAge,omitempty"`
}

// Stale reports whether a record of kind k stands no more, and why. It does if
// it is superseded; if in any role that k declares the subjects that it
// measured are not exactly those in b; or if more than maxAge has passed since
// it was measured (its finish, or its append if that came first). A maxAge of 0
// is the kind's own, a negative one is no limit.
func Stale(k Kind, r Record, b Bindings, superseded bool, maxAge time.Duration, now time.Time) (Reason, bool) {
	if superseded {
		return Reason{Code: StaleSuperseded}, true
	}
	measured := map[string]map[string]string{}
	for _, s := range r.Statement.Subject {
		if measured[s.Role()] == nil {
			measured[s.Role()] = map[string]string{}
		}
		measured[s.Role()][s.Name] = s.SHA256()
	}
	for _, role := range k.Roles {
		was, is := measured[role], b[role]
		if maps.Equal(was, is) {
			continue
		}
		reason := Reason{Code: StaleSubject, Role: role}
		for _, name := range slices.Sorted(maps.Keys(is)) {
			switch digest, known := was[name]; {
			case !known:
				reason.Added = append(reason.Added, name)
			case digest != is[name]:
				reason.Changed = append(reason.Changed, name)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(was)) {
			if _, bound := is[name]; !bound {
				reason.Removed = append(reason.Removed, name)
			}
		}
		return reason, true
	}
	if maxAge == 0 {
		maxAge = k.MaxAge
	}
	at := r.Statement.Predicate.Finished
	if r.Appended.Before(at) {
		at = r.Appended
	}
	if age := now.Sub(at); maxAge > 0 && age > maxAge {
		return Reason{Code: StaleAge, Age: age, MaxAge: maxAge}, true
	}
	return Reason{}, false
}

// Text says the reason in both languages.
func (r Reason) Text() text.Text {
	switch r.Code {
	case StaleSuperseded:
		return text.Text{En: "superseded by a correction", Zh: "已被更正取代"}
	case StaleAge:
		return text.Text{En: fmt.Sprintf("measured %s ago; %s are allowed", days(r.Age, "days", "hours"), days(r.MaxAge, "days", "hours")),
			Zh: fmt.Sprintf("测于%s前，允许%s", days(r.Age, "天", "小时"), days(r.MaxAge, "天", "小时"))}
	case StaleSubject:
		var en, zh []string
		part := func(names []string, e, z string) {
			if len(names) > 0 {
				en, zh = append(en, fmt.Sprintf(e, some(names, ", "))), append(zh, fmt.Sprintf(z, some(names, "、")))
			}
		}
		part(r.Changed, "%s changed", "%s 已变更")
		part(r.Added, "%s was added", "新增 %s")
		part(r.Removed, "%s was removed", "移除 %s")
		role := roleTitle(r.Role)
		return text.Text{En: role.En + ": " + strings.Join(en, "; "), Zh: role.Zh + ":" + strings.Join(zh, ";")}
	}
	return text.Text{}
}

// some joins names and cuts a long list short.
func some(names []string, sep string) string {
	const shown = 5
	if len(names) > shown {
		names = append(slices.Clone(names[:shown]), "…")
	}
	return strings.Join(names, sep)
}

// days writes a duration in days, or in hours below two days.
func days(d time.Duration, day, hour string) string {
	if n := int(d / (24 * time.Hour)); n >= 2 {
		return fmt.Sprintf("%d %s", n, day)
	}
	return fmt.Sprintf("%d %s", int(d/time.Hour), hour)
}

// roleTitle names the roles that scenarios bind; others keep their name.
func roleTitle(role string) text.Text {
	switch role {
	case "dataset":
		return text.Text{En: "dataset version", Zh: "数据集版本"}
	case "candidate":
		return text.Text{En: "candidate", Zh: "候选方案"}
	case "targets":
		return text.Text{En: "targets", Zh: "目标"}
	case "traffic":
		return text.Text{En: "traffic", Zh: "流量"}
	case "costs":
		return text.Text{En: "costs", Zh: "成本"}
	case "probes":
		return text.Text{En: "probes", Zh: "探测"}
	case "quality-policy":
		return text.Text{En: "quality policy", Zh: "数据质量策略"}
	}
	return text.Text{En: role, Zh: role}
}
