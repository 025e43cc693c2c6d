package identity

import (
	"context"
	"fmt"
	"net/http"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

var teamColumns = []term.Column{
	{Field: "id", Head: text.Text{En: "TEAM", Zh: "团队"}},
	{Field: "name", Head: text.Text{En: "NAME", Zh: "名称"}},
	{Field: "kind", Head: text.Text{En: "KIND", Zh: "类别"}},
}

var memberColumns = []term.Column{
	{Field: "id", Head: text.Text{En: "MEMBER", Zh: "成员"}},
	{Field: "login", Head: text.Text{En: "LOGIN", Zh: "登录名"}},
	{Field: "name", Head: text.Text{En: "NAME", Zh: "名称"}},
	{Field: "role", Head: text.Text{En: "ROLE", Zh: "角色"}},
	{Field: "origin", Head: text.Text{En: "ORIGIN", Zh: "来源"}},
}

// TeamInput names a team.
type TeamInput struct {
	Team TeamID `path:"team"`
}

// MemberInput names a member.
type MemberInput struct {
	Member MemberID `path:"member"`
}

func (s *Service) teamOperations(r *rest.Registry) {
	shown := func(t Team, err error) (*TeamView, error) {
		v := teamView(t)
		return &v, err
	}
	rest.Add(r, rest.Op{ID: "list-teams", Method: "GET", Path: "/teams", Perm: auth.Read, Noun: "teams", Verb: "list",
		Doc: text.Text{En: "List the teams that you may see, by name.", Zh: "按名称列出您可见的团队。"}, Columns: teamColumns},
		func(ctx context.Context, in *struct{ rest.PageParams }) (*rest.Page[TeamView], error) {
			return rest.Paginate(ctx, in.PageParams, nil, func(ctx context.Context, after *string, limit int) ([]TeamView, error) {
				rows, err := s.teams(ctx, after, limit)
				return views(rows, teamView), err
			}, func(v TeamView) string { return v.Name })
		})
	rest.Add(r, rest.Op{ID: "show-team", Method: "GET", Path: "/teams/{team}", Perm: auth.Read, Noun: "teams", Verb: "show",
		Doc: text.Text{En: "Show a team.", Zh: "查看团队。"}, Columns: teamColumns, Errors: []fault.Def{ErrNoTeam}},
		func(ctx context.Context, in *TeamInput) (*TeamView, error) {
			return shown(s.Team(ctx, s.d.DB.Read(), string(in.Team)))
		})
	type nameBody struct {
		Name string `json:"name" minLength:"1" maxLength:"100" doc:"name of the team" zh:"团队名称"`
	}
	rest.Add(r, rest.Op{ID: "create-team", Method: "POST", Path: "/teams", Perm: auth.Admin, Noun: "teams", Verb: "create", Status: http.StatusCreated,
		Doc: text.Text{En: "Make a business team.", Zh: "新建业务团队。"}, Columns: teamColumns, Errors: []fault.Def{ErrTeamName}},
		func(ctx context.Context, in *struct{ Body nameBody }) (*TeamView, error) {
			return shown(s.MakeTeam(ctx, in.Body.Name))
		})
	rest.Add(r, rest.Op{ID: "rename-team", Method: "PATCH", Path: "/teams/{team}", Perm: auth.Own, Noun: "teams", Verb: "rename",
		Doc: text.Text{En: "Give a team another name.", Zh: "修改团队名称。"}, Columns: teamColumns, Errors: []fault.Def{ErrTeamName}},
		func(ctx context.Context, in *struct {
			TeamInput
			Body nameBody
		}) (*TeamView, error) {
			return shown(s.RenameTeam(ctx, string(in.Team), in.Body.Name))
		})
	rest.Add(r, rest.Op{ID: "list-members", Method: "GET", Path: "/teams/{team}/members", Perm: auth.Read, Noun: "members", Verb: "list",
		Doc: text.Text{En: "List the members of a team.", Zh: "列出团队成员。"}, Columns: memberColumns},
		func(ctx context.Context, in *struct {
			TeamInput
			rest.PageParams
		}) (*rest.Page[MemberView], error) {
			return rest.Paginate(ctx, in.PageParams, in.Team, func(ctx context.Context, after *string, limit int) ([]MemberView, error) {
				return s.members(ctx, string(in.Team), after, limit)
			}, func(v MemberView) string { return v.ID })
		})
	type addInput struct {
		TeamInput
		Body struct {
			Login string `json:"login" maxLength:"200" doc:"login of the person, usually an e-mail address" zh:"对方的登录名，通常为邮箱"`
			Role  Role   `json:"role" enum:"viewer,contributor,approver,owner" doc:"viewer, contributor, approver or owner" zh:"viewer（查看者）、contributor（贡献者）、approver（审批者）或 owner（负责人）"`
		}
	}
	rest.Add(r, rest.Op{ID: "add-member", Method: "POST", Path: "/teams/{team}/members", Perm: auth.Own, Noun: "members", Verb: "add", Status: http.StatusCreated,
		Doc: text.Text{En: "Make somebody a member, or make a one-time link that invites them if they have no account.", Zh: "添加成员；若对方尚无账号，则生成一次性邀请链接。"},
		Columns: []term.Column{{Field: "member.login", Head: text.Text{En: "LOGIN", Zh: "登录名"}}, {Field: "member.role", Head: text.Text{En: "ROLE", Zh: "角色"}},
			{Field: "link", Head: text.Text{En: "LINK", Zh: "链接"}}}, Errors: []fault.Def{ErrLogin, ErrRole, ErrManaged}},
		func(ctx context.Context, in *addInput) (*Added, error) {
			a, err := s.Add(ctx, string(in.Team), in.Body.Login, in.Body.Role)
			return &a, err
		})
	type roleInput struct {
		MemberInput
		Body struct {
			Role Role `json:"role" enum:"viewer,contributor,approver,owner" doc:"viewer, contributor, approver or owner" zh:"viewer（查看者）、contributor（贡献者）、approver（审批者）或 owner（负责人）"`
		}
	}
	rest.Add(r, rest.Op{ID: "change-role", Method: "PATCH", Path: "/members/{member}", Perm: auth.Own, Noun: "members", Verb: "change-role",
		Doc: text.Text{En: "Give a member another role.", Zh: "调整成员角色。"}, Columns: memberColumns, Errors: []fault.Def{ErrRole, ErrManaged}},
		func(ctx context.Context, in *roleInput) (*MemberView, error) {
			v, err := s.SetRole(ctx, string(in.Member), in.Body.Role)
			return &v, err
		})
	rest.Add(r, rest.Op{ID: "remove-member", Method: "DELETE", Path: "/members/{member}", Perm: auth.Own, Noun: "members", Verb: "remove",
		Doc: text.Text{En: "Take a member out of their team.", Zh: "移除成员。"}, Errors: []fault.Def{ErrManaged}},
		func(ctx context.Context, in *MemberInput) (*rest.None, error) {
			return nil, s.Remove(ctx, string(in.Member))
		})
}

func (s *Service) members(ctx context.Context, team string, after *string, limit int) ([]MemberView, error) {
	var rows []memberRow
	q := s.d.DB.Read().NewSelect().Model(&rows).Where("team_id = ?", team).Order("id").Limit(int64(limit))
	if after != nil {
		q = q.Where("id > ?", *after)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	ids := make([]string, len(rows))
	for i, m := range rows {
		ids[i] = m.UserID
	}
	var users []User
	if err := s.d.DB.Read().NewSelect().Model(&users).Where("id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	byID := map[string]User{}
	for _, u := range users {
		byID[u.ID] = u
	}
	return views(rows, func(m memberRow) MemberView { return memberView(m, byID[m.UserID]) }), nil
}

var tokenColumns = []term.Column{
	{Field: "id", Head: text.Text{En: "TOKEN", Zh: "令牌"}},
	{Field: "name", Head: text.Text{En: "NAME", Zh: "名称"}},
	{Field: "permissions", Head: text.Text{En: "PERMISSIONS", Zh: "权限"}},
	{Field: "team", Head: text.Text{En: "TEAM", Zh: "团队"}},
	{Field: "expires", Head: text.Text{En: "EXPIRES", Zh: "到期"}, Form: term.AsTime},
	{Field: "used", Head: text.Text{En: "LAST USED", Zh: "最近使用"}, Form: term.AsTime},
}

var sessionColumns = []term.Column{
	{Field: "id", Head: text.Text{En: "SESSION", Zh: "会话"}},
	{Field: "user", Head: text.Text{En: "USER", Zh: "用户"}},
	{Field: "address", Head: text.Text{En: "FROM", Zh: "来源"}},
	{Field: "agent", Head: text.Text{En: "BROWSER", Zh: "浏览器"}},
	{Field: "seen", Head: text.Text{En: "LAST SEEN", Zh: "最近活动"}, Form: term.AsTime},
	{Field: "expires", Head: text.Text{En: "EXPIRES", Zh: "到期"}, Form: term.AsTime},
}

func (s *Service) tokenOperations(r *rest.Registry) {
	rest.Add(r, rest.Op{ID: "list-tokens", Method: "GET", Path: "/tokens", Perm: auth.Read, Noun: "tokens", Verb: "list",
		Doc: text.Text{En: "List your API tokens; administrators and auditors see all.", Zh: "列出本人的 API 令牌；管理员和审计员可见全部。"}, Columns: tokenColumns},
		func(ctx context.Context, in *struct{ rest.PageParams }) (*rest.Page[TokenView], error) {
			return rest.Paginate(ctx, in.PageParams, nil, func(ctx context.Context, after *string, limit int) ([]TokenView, error) {
				var rows []tokenRow
				q := owned(ctx, s.d.DB.Read().NewSelect().Model(&rows).Order("id").Limit(int64(limit)))
				if after != nil {
					q = q.Where("id > ?", *after)
				}
				if err := q.Scan(ctx); err != nil {
					return nil, fmt.Errorf("list tokens: %w", err)
				}
				return views(rows, tokenView), nil
			}, func(v TokenView) string { return v.ID })
		})
	type makeInput struct {
		UserInput
		Body struct {
			Name        string   `json:"name" minLength:"1" maxLength:"100" doc:"what it is for" zh:"用途"`
			Permissions []string `json:"permissions" minItems:"1" enum:"read,contribute,approve,own,admin" nullable:"false" doc:"what it may do, at most what you may: read, contribute, approve, own, admin" zh:"允许的权限，不超过您本人的权限：read、contribute、approve、own、admin"`
			Team        TeamID   `json:"team,omitempty" doc:"the only team that it reaches (id)" zh:"仅限该团队（编号）"`
			Days        int      `json:"days" minimum:"1" maximum:"366" doc:"how many days it lives" zh:"有效天数"`
		}
	}
	rest.Add(r, rest.Op{ID: "create-token", Method: "POST", Path: "/users/{user}/tokens", Perm: auth.Own, Noun: "tokens", Verb: "create", Status: http.StatusCreated,
		Doc:     text.Text{En: "Make an API token of your own. It is shown once.", Zh: "新建本人的 API 令牌，仅显示一次。"},
		Columns: append([]term.Column{{Field: "token", Head: text.Text{En: "SEND", Zh: "令牌值"}}}, tokenColumns[1:5]...),
		Errors:  []fault.Def{ErrOnlySelf, ErrExpiry}},
		func(ctx context.Context, in *makeInput) (*MadeToken, error) {
			secret, t, err := s.MakeToken(ctx, string(in.User), in.Body.Name, permissionOf(in.Body.Permissions), string(in.Body.Team), in.Body.Days)
			return &MadeToken{TokenView: tokenView(t), Token: secret}, err
		})
	rest.Add(r, rest.Op{ID: "revoke-token", Method: "DELETE", Path: "/tokens/{token}", Perm: auth.Own, Noun: "tokens", Verb: "revoke",
		Doc: text.Text{En: "Make an API token useless.", Zh: "撤销 API 令牌。"}},
		func(ctx context.Context, in *struct {
			Token TokenID `path:"token"`
		}) (*rest.None, error) {
			return nil, s.RevokeToken(ctx, string(in.Token))
		})
	rest.Add(r, rest.Op{ID: "list-sessions", Method: "GET", Path: "/sessions", Perm: auth.Read, Noun: "sessions", Verb: "list",
		Doc: text.Text{En: "List your sessions; administrators and auditors see all.", Zh: "列出本人的会话；管理员和审计员可见全部。"}, Columns: sessionColumns},
		func(ctx context.Context, in *struct{ rest.PageParams }) (*rest.Page[SessionView], error) {
			return rest.Paginate(ctx, in.PageParams, nil, func(ctx context.Context, after *string, limit int) ([]SessionView, error) {
				var rows []sessionRow
				q := owned(ctx, s.d.DB.Read().NewSelect().Model(&rows).Where("expires_at > ?", store.Micros(s.d.Now())).Order("id").Limit(int64(limit)))
				if after != nil {
					q = q.Where("id > ?", *after)
				}
				if err := q.Scan(ctx); err != nil {
					return nil, fmt.Errorf("list sessions: %w", err)
				}
				current := sessionOf(ctx)
				return views(rows, func(r sessionRow) SessionView { return sessionView(r, current) }), nil
			}, func(v SessionView) string { return v.ID })
		})
	rest.Add(r, rest.Op{ID: "end-session", Method: "DELETE", Path: "/sessions/{session}", Perm: auth.Own, Noun: "sessions", Verb: "end",
		Doc: text.Text{En: "End a session.", Zh: "结束会话。"}},
		func(ctx context.Context, in *struct {
			Session SessionID `path:"session"`
		}) (*rest.None, error) {
			return nil, s.EndSession(ctx, string(in.Session))
		})
}
