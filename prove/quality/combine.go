package quality

import (
	"maps"
	"slices"

	"github.com/landfall-ai/landfall/core/dataset"
)

// Combine puts the results of a scenario's further suites beside that of its
// main one: it passes if all do. Counts add up, the largest missing share
// counts, and the figures about classes are those of the first suite that fails
// a rule about them, else of the first to which such rules apply.
func Combine(main Result, suites map[string]Result) Result {
	if len(suites) == 0 {
		return main
	}
	out := main
	out.Suites = suites
	out.Rules = slices.Clone(main.Rules)
	classes, failing := main, failsClasses(main)
	usable, usableTest, repeated, near := usableOf(main)
	m := &out.Metrics
	for _, id := range slices.Sorted(maps.Keys(suites)) {
		s := suites[id]
		out.Passed = out.Passed && s.Passed
		for _, rule := range s.Rules {
			rule.Suite = id
			out.Rules = append(out.Rules, rule)
		}
		if fails := failsClasses(s); !failing && (fails || !classes.Metrics.Classed && s.Metrics.Classed) {
			classes, failing = s, fails
		}
		u, t, r, n := usableOf(s)
		usable, usableTest, repeated, near = usable+u, usableTest+t, repeated+r, near+n
		x := s.Metrics
		m.MissingMax = max(m.MissingMax, x.MissingMax)
		m.Rows, m.TrainRows, m.TestRows, m.Dropped = m.Rows+x.Rows, m.TrainRows+x.TrainRows, m.TestRows+x.TestRows, m.Dropped+x.Dropped
		m.Leaked, m.LeakedExact = m.Leaked+x.Leaked, m.LeakedExact+x.LeakedExact
		m.Conflicting, m.Unseen = m.Conflicting+x.Conflicting, m.Unseen+x.Unseen
	}
	c := classes.Metrics
	m.Classed, m.Classes, m.ClassShareMin, m.ClassCountMin, m.ClassRelativeMin = c.Classed, c.Classes, c.ClassShareMin, c.ClassCountMin, c.ClassRelativeMin
	m.ManyClasses, m.ClassCountAllowed, m.ClassRelativeAllowed = c.ManyClasses, c.ClassCountAllowed, c.ClassRelativeAllowed
	m.DuplicateShare, m.NearDuplicateShare, m.LeakedShare = share(repeated, usable), share(near, usable), share(m.Leaked, usableTest)
	m.Passed = out.Passed
	slices.SortStableFunc(out.Rules, func(a, b Rule) int { return boolean(a.Passed) - boolean(b.Passed) })
	return out
}

func usableOf(r Result) (usable, test, repeated, near int) {
	d := r.Profile.Duplicates
	return r.Metrics.Rows - r.Metrics.Dropped, r.Metrics.TestRows - r.Profile.Dropped[dataset.Test], d.Repeated, d.Near
}

func failsClasses(r Result) bool {
	return slices.ContainsFunc(r.Rules, func(x Rule) bool { return x.ID != RuleMissing && !x.Passed })
}
