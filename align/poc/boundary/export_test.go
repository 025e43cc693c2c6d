package boundary

import "slices"

// PoolRule is a rule of a space, for simulations.
type PoolRule struct {
	Conds []Condition
	N     int
	Has   func(i int) bool
}

// Pool returns the rules of a space.
func Pool(s *Space) []PoolRule {
	var out []PoolRule
	for _, r := range s.rules {
		in := s.cases(r)
		x := PoolRule{N: in.count(), Has: in.has}
		for _, i := range r.at[:r.n] {
			x.Conds = append(x.Conds, s.conds[i])
		}
		out = append(out, x)
	}
	return out
}

// CasesOf returns which cases a found rule covers.
func CasesOf(s *Space, found Rule) func(int) bool {
	r := combo{n: len(found.Conditions)}
	for i, c := range found.Conditions {
		r.at[i] = slices.Index(s.conds, c)
	}
	return s.cases(r).has
}
