// Package auth decides who may do what. It knows permissions, principals and
// teams, and holds the one function that decides; roles, sessions and tokens
// come on top of it.
package auth

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// Permission is a set of rights. The zero value is none.
type Permission uint8

// The rights. None of them implies another: what a role may do is the union
// of what it was given.
const (
	Read       Permission = 1 << iota // see it
	Contribute                        // add to it and change it
	Approve                           // answer for it: waivers, releases
	Own                               // members, targets, archiving
	Admin                             // the deployment itself
)

// All is every right.
const All = Read | Contribute | Approve | Own | Admin

// String names the rights, joined by "+"; "none" for the empty set.
func (p Permission) String() string { return p.In("en") }

// In names the rights in lang ("zh" or "en").
func (p Permission) In(lang string) string {
	names, none, plus := []string{"read", "contribute", "approve", "own", "admin"}, "none", "+"
	if lang == "zh" {
		names, none, plus = []string{"查看", "贡献", "审批", "负责", "管理"}, "无", "、"
	}
	var s []string
	for i, n := range names {
		if p&(1<<i) != 0 {
			s = append(s, n)
		}
	}
	if s == nil {
		return none
	}
	return strings.Join(s, plus)
}

// Principal is who asks, with the rights that they hold. The zero value is
// nobody and may do nothing.
type Principal struct {
	ID, Name string
	// Everywhere holds on every team and on what no team owns.
	Everywhere Permission
	// Teams maps a team's id to the rights held there.
	Teams map[string]Permission
}

// Local is the person at this machine: whoever may run the program on its
// files may do everything.
func Local(id, name string) Principal {
	return Principal{ID: id, Name: name, Everywhere: All}
}

// Nobody reports whether p is not signed in.
func (p Principal) Nobody() bool { return p.ID == "" }

type key struct{}

// With returns a context in which p asks.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, key{}, p)
}

// From returns who asks in ctx: nobody unless With said otherwise.
func From(ctx context.Context) Principal {
	p, _ := ctx.Value(key{}).(Principal)
	return p
}

// Decision is the answer to "may they?". The zero value is Hidden.
type Decision uint8

// The answers. Hidden means that not even the existence may be told.
const (
	Hidden Decision = iota
	Refused
	Allowed
)

// Decide is the one place that decides whether p may do want on what team
// owns; see is the right that it takes to know that the thing exists. The
// team "" stands for what belongs to the organisation and to no team.
//
// A want or see of zero is a mistake of the caller and is never granted.
func Decide(p Principal, team string, see, want Permission) Decision {
	if p.Nobody() || see == 0 || want == 0 {
		return Hidden
	}
	held := p.Everywhere
	if team != "" {
		held |= p.Teams[team]
	}
	switch {
	case held&see != see:
		return Hidden
	case held&want != want:
		return Refused
	}
	return Allowed
}

// Teams is a set of teams whose things may be read. The zero value is empty.
type Teams struct {
	all bool
	ids []string
}

// Scope returns the teams whose things the principal of ctx may read, for
// lists to filter by. Without a principal it is empty.
func Scope(ctx context.Context) Teams {
	p := From(ctx)
	if p.Nobody() {
		return Teams{}
	}
	if p.Everywhere&Read != 0 {
		return Teams{all: true}
	}
	var t Teams
	for _, id := range slices.Sorted(maps.Keys(p.Teams)) {
		if p.Teams[id]&Read != 0 {
			t.ids = append(t.ids, id)
		}
	}
	return t
}

// All reports whether every team is in t, those of later too.
func (t Teams) All() bool { return t.all }

// IDs returns the teams in t, sorted. It is empty if All.
func (t Teams) IDs() []string { return slices.Clone(t.ids) }

// Has reports whether team is in t.
func (t Teams) Has(team string) bool {
	return t.all || slices.Contains(t.ids, team)
}
