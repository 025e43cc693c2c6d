package identity

import (
	"slices"

	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/text"
)

// Role is what somebody is: in a team, or on the whole platform.
type Role string

// The roles.
const (
	Viewer      Role = "viewer"
	Contributor Role = "contributor"
	Approver    Role = "approver"
	Owner       Role = "owner"

	Administrator Role = "administrator"
	Auditor       Role = "auditor"
)

// Grant is what a role may do.
type Grant struct {
	Role Role
	// Platform says whether the role holds everywhere, not in one team.
	Platform bool
	Rights   auth.Permission
	Title    text.Text
	Doc      text.Text
}

// Roles is the table of what roles may do, and the only place that says it.
func Roles() []Grant {
	return []Grant{
		{Viewer, false, auth.Read, text.Text{En: "viewer", Zh: "查看者"},
			text.Text{En: "sees what the team owns", Zh: "查看团队的全部内容"}},
		{Contributor, false, auth.Read | auth.Contribute, text.Text{En: "contributor", Zh: "贡献者"},
			text.Text{En: "adds to it, changes it, runs it, asks for waivers", Zh: "新增、修改、运行，并可申请豁免"}},
		{Approver, false, auth.Read | auth.Contribute | auth.Approve, text.Text{En: "approver", Zh: "审批者"},
			text.Text{En: "also answers for it: approves the waivers that somebody else asked for", Zh: "还可为结果负责：审批他人申请的豁免"}},
		{Owner, false, auth.Read | auth.Contribute | auth.Approve | auth.Own, text.Text{En: "owner", Zh: "负责人"},
			text.Text{En: "also decides who is a member, and as what", Zh: "还可决定团队成员及其角色"}},
		{Auditor, true, auth.Read, text.Text{En: "auditor", Zh: "审计员"},
			text.Text{En: "sees everything in every team and the audit log, and changes nothing, whatever other roles say", Zh: "查看所有团队的全部内容和审计日志；即使兼有其他角色也不能更改任何内容"}},
		{Administrator, true, auth.All, text.Text{En: "administrator", Zh: "管理员"},
			text.Text{En: "does everything in every team; teams, users and endpoints are theirs alone", Zh: "在所有团队中拥有全部权限；团队、用户和模型端点仅由其管理"}},
	}
}

// rightsOf returns what a role may do; nothing if there is no such role there.
func rightsOf(r Role, platform bool) auth.Permission {
	roles := Roles()
	if i := slices.IndexFunc(roles, func(g Grant) bool { return g.Role == r && g.Platform == platform }); i >= 0 {
		return roles[i].Rights
	}
	return 0
}

// rank orders the roles of teams, so that of several the one that may most
// counts; −1 for no role.
func rank(r Role) int { return slices.Index([]Role{Viewer, Contributor, Approver, Owner}, r) }

// AccountOf is the team of one that owns what belongs to a user: sessions,
// tokens, the account.
func AccountOf(user string) string { return "user:" + user }

// account is what people may do with their own account.
const account = auth.Read | auth.Contribute | auth.Own

// Membership is a role in a team.
type Membership struct {
	Team string
	Role Role
}

// PrincipalOf returns a user with the rights of all their roles. A user who
// is deactivated has none.
func PrincipalOf(u User, ms []Membership) auth.Principal {
	if u.Deactivated() {
		return auth.Principal{}
	}
	p := auth.Principal{ID: u.ID, Name: u.Name, Everywhere: rightsOf(u.Platform, true), Teams: map[string]auth.Permission{}}
	for _, m := range ms {
		p.Teams[m.Team] |= rightsOf(m.Role, false)
		if u.Platform == Auditor {
			p.Teams[m.Team] &= auth.Read
		}
	}
	p.Teams[AccountOf(u.ID)] = account
	return p
}

// Narrow returns p with no more rights than scope, and with none outside of
// team if it is given: what a token may do. It never has more than reading on
// the account itself, so that a token cannot make another one.
func Narrow(p auth.Principal, scope auth.Permission, team string) auth.Principal {
	out := auth.Principal{ID: p.ID, Name: p.Name, Teams: map[string]auth.Permission{}}
	own := AccountOf(p.ID)
	if team == "" {
		out.Everywhere = p.Everywhere & scope
		for t, rights := range p.Teams {
			out.Teams[t] = rights & scope
		}
	} else {
		out.Teams[team] = (p.Everywhere | p.Teams[team]) & scope
	}
	out.Teams[own] = account & scope & auth.Read
	return out
}
