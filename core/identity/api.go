package identity

import (
	"context"
	"fmt"
	"net/http"

	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// Ids in operations.
type (
	UserID    string
	TeamID    string
	MemberID  string
	SessionID string
	TokenID   string
)

// Operations registers what can be done with people.
func (s *Service) Operations(r *rest.Registry) {
	rest.Resource(r, text.Text{En: "user", Zh: "用户"}, auth.Read, func(ctx context.Context, id UserID) (string, error) {
		u, err := s.User(ctx, s.d.DB.Read(), string(id))
		return AccountOf(u.ID), err
	})
	rest.Resource(r, text.Text{En: "team", Zh: "团队"}, auth.Read, func(ctx context.Context, id TeamID) (string, error) {
		return s.TeamOwner(ctx, string(id))
	})
	rest.Resource(r, text.Text{En: "member", Zh: "成员"}, auth.Read, func(ctx context.Context, id MemberID) (string, error) {
		m, err := s.member(ctx, s.d.DB.Read(), string(id))
		return m.TeamID, err
	})
	rest.Resource(r, text.Text{En: "session", Zh: "会话"}, auth.Read, func(ctx context.Context, id SessionID) (string, error) {
		row, found, err := one[sessionRow](ctx, s.d.DB.Read(), "id = ?", string(id))
		if err == nil && !found {
			err = ErrNoSession.With("id", string(id))
		}
		return AccountOf(row.UserID), err
	})
	rest.Resource(r, text.Text{En: "token", Zh: "令牌"}, auth.Read, func(ctx context.Context, id TokenID) (string, error) {
		row, found, err := one[tokenRow](ctx, s.d.DB.Read(), "id = ?", string(id))
		if err == nil && !found {
			err = ErrNoToken.With("id", string(id))
		}
		return AccountOf(row.UserID), err
	})
	s.doorOperations(r)
	s.userOperations(r)
	s.teamOperations(r)
	s.tokenOperations(r)
}

// Ways are the ways to sign in.
type Ways struct {
	Password bool       `json:"password"`
	OIDC     *text.Text `json:"oidc,omitempty" doc:"What the button for signing in elsewhere says; absent if there is no such way."`
	OIDCPath string     `json:"oidc_path,omitempty" doc:"Where that begins; the query may name the page to return to."`
	Setup    bool       `json:"setup" doc:"Whether the first administrator is yet to come, by the link that the server printed."`
}

type signInInput struct {
	Body struct {
		Login    string `json:"login" maxLength:"200" doc:"login" zh:"登录名"`
		Password string `json:"password" maxLength:"512" doc:"password" zh:"密码"`
	}
}

// LinkInput carries the secret of a link in a header, where no log has it.
type LinkInput struct {
	Link string `header:"X-Landfall-Link" required:"true" maxLength:"100" doc:"What stands behind the # of the link."`
}

// Offer is what a one-time link is for.
type Offer struct {
	Purpose  string `json:"purpose" enum:"setup,invite,reset"`
	Login    string `json:"login,omitempty" doc:"The login that it is for; absent if it can be chosen."`
	Team     string `json:"team,omitempty" doc:"The name of the team."`
	Role     Role   `json:"role,omitempty"`
	Platform Role   `json:"platform_role,omitempty"`
}

type acceptInput struct {
	LinkInput
	Body struct {
		Login    string `json:"login,omitempty" maxLength:"200" doc:"login, if the link leaves it open" zh:"登录名（链接未指定时填写）"`
		Name     string `json:"name,omitempty" maxLength:"100" doc:"name to be shown" zh:"显示名称"`
		Password string `json:"password" maxLength:"512" doc:"new password" zh:"新密码"`
	}
}

// doorOperations are those that let people in and out.
func (s *Service) doorOperations(r *rest.Registry) {
	rest.Add(r, rest.Op{ID: "show-sign-in", Method: "GET", Path: "/sign-in", Anyone: true,
		Doc: text.Text{En: "Show the ways to sign in.", Zh: "查看可用的登录方式。"}},
		func(ctx context.Context, _ *rest.None) (*Ways, error) {
			n, err := administrators(ctx, s.d.DB.Read())
			w := &Ways{Password: true, Setup: n == 0}
			if s.oidc != nil {
				w.OIDC, w.OIDCPath = &s.oidc.cfg.Title, r.Prefix()+OIDCPath
			}
			return w, err
		})
	rest.Add(r, rest.Op{ID: "sign-in", Method: "POST", Path: "/sign-in", Anyone: true, Errors: []fault.Def{ErrSignIn, ErrTooMany, ErrNoBrowser},
		Doc: text.Text{En: "Sign in with a password; the answer sets the session's cookie.", Zh: "用密码登录；应答会设置会话 Cookie。"}},
		func(ctx context.Context, in *signInInput) (*UserView, error) {
			u, err := s.SignIn(ctx, in.Body.Login, in.Body.Password)
			v := userView(u)
			return &v, err
		})
	rest.Add(r, rest.Op{ID: "sign-out", Method: "POST", Path: "/sign-out", Perm: auth.Read, Errors: []fault.Def{ErrNoBrowser},
		Doc: text.Text{En: "End this session.", Zh: "退出登录。"}},
		func(ctx context.Context, _ *rest.None) (*rest.None, error) { return nil, s.SignOut(ctx) })
	rest.Add(r, rest.Op{ID: "show-link", Method: "GET", Path: "/link", Anyone: true, Errors: []fault.Def{ErrLink},
		Doc: text.Text{En: "Show what a one-time link is for.", Zh: "查看一次性链接的用途。"}},
		func(ctx context.Context, in *LinkInput) (*Offer, error) {
			l, err := s.openLink(ctx, s.d.DB.Read(), in.Link)
			if err != nil {
				return nil, err
			}
			o := &Offer{Purpose: l.Purpose, Login: l.Login, Role: l.Role, Platform: l.PlatformRole}
			if l.TeamID != "" {
				t, err := s.Team(ctx, s.d.DB.Read(), l.TeamID)
				if err != nil {
					return nil, err
				}
				o.Team = t.Name
			}
			return o, nil
		})
	rest.Add(r, rest.Op{ID: "use-link", Method: "POST", Path: "/link", Anyone: true, Errors: []fault.Def{ErrLink, ErrLogin, ErrLoginTaken, ErrPassword},
		Doc: text.Text{En: "Use a one-time link: become the user that it invites, or set a new password. Then sign in.", Zh: "使用一次性链接：创建受邀账号，或设置新密码。随后请登录。"}},
		func(ctx context.Context, in *acceptInput) (*UserView, error) {
			u, err := s.Accept(ctx, in.Link, in.Body.Login, in.Body.Name, in.Body.Password)
			v := userView(u)
			return &v, err
		})
	rest.Add(r, rest.Op{ID: "show-me", Method: "GET", Path: "/me", Perm: auth.Read,
		Doc: text.Text{En: "Show who asks, and what they may do.", Zh: "查看当前身份及权限。"}},
		func(ctx context.Context, _ *rest.None) (*Me, error) { return s.me(ctx) })
	type beginInput struct {
		Return string `query:"return" maxLength:"2000" doc:"The page to return to." zh:"登录后返回的页面"`
	}
	rest.Stream(r, rest.Op{ID: "begin-oidc", Method: "GET", Path: OIDCPath, Anyone: true, Status: http.StatusSeeOther,
		Errors: []fault.Def{ErrNoProvider, ErrProvider},
		Doc:    text.Text{En: "Go to the sign-in service.", Zh: "跳转到统一登录服务。"}}, "text/html",
		func(ctx context.Context, in *beginInput, w http.ResponseWriter, req *http.Request) error {
			to, err := s.BeginOIDC(ctx, w, in.Return)
			if err != nil {
				return err
			}
			http.Redirect(w, req, to, http.StatusSeeOther)
			return nil
		})
	type finishInput struct {
		State string `query:"state" maxLength:"200" doc:"As it was sent."`
		Code  string `query:"code" maxLength:"4000" doc:"What the service gives."`
		Error string `query:"error" maxLength:"200" doc:"Why it refused."`
		// What else providers add (RFC 6749, RFC 9207 and session management).
		Description  string `query:"error_description" maxLength:"2000" doc:"Not read."`
		ErrorURI     string `query:"error_uri" maxLength:"2000" doc:"Not read."`
		Issuer       string `query:"iss" maxLength:"2000" doc:"Not read."`
		SessionState string `query:"session_state" maxLength:"500" doc:"Not read."`
		Scope        string `query:"scope" maxLength:"2000" doc:"Not read."`
		AuthUser     string `query:"authuser" maxLength:"200" doc:"Not read."`
		HD           string `query:"hd" maxLength:"200" doc:"Not read."`
		Prompt       string `query:"prompt" maxLength:"200" doc:"Not read."`
	}
	rest.Stream(r, rest.Op{ID: "finish-oidc", Method: "GET", Path: OIDCPath + "/callback", Anyone: true, Changes: true, Status: http.StatusSeeOther,
		Errors: []fault.Def{ErrNoProvider, ErrProvider, ErrState, ErrProviderRefused, ErrIdentity, ErrOutside, ErrUnlinked, ErrDeactivated},
		Doc:    text.Text{En: "Come back from the sign-in service.", Zh: "从统一登录服务返回。"}}, "text/html",
		func(ctx context.Context, _ *finishInput, w http.ResponseWriter, req *http.Request) error {
			to, err := s.FinishOIDC(ctx, w, req)
			if err != nil {
				return err
			}
			http.Redirect(w, req, to, http.StatusSeeOther)
			return nil
		})
}

// UserInput names a user.
type UserInput struct {
	User UserID `path:"user"`
}

type userRoleInput struct {
	UserInput
	Body struct {
		Role Role `json:"role" enum:"administrator,auditor,none" doc:"administrator, auditor or none" zh:"administrator（管理员）、auditor（审计员）或 none（无）"`
	}
}

// platformRole reads "none" as no role.
func platformRole(r Role) Role {
	if r == "none" {
		return ""
	}
	return r
}

var userColumns = []term.Column{
	{Field: "id", Head: text.Text{En: "USER", Zh: "用户"}},
	{Field: "login", Head: text.Text{En: "LOGIN", Zh: "登录名"}},
	{Field: "name", Head: text.Text{En: "NAME", Zh: "名称"}},
	{Field: "platform_role", Head: text.Text{En: "PLATFORM ROLE", Zh: "平台角色"}},
	{Field: "deactivated", Head: text.Text{En: "DEACTIVATED", Zh: "停用时间"}, Form: term.AsTime},
}

var linkColumns = []term.Column{
	{Field: "link", Head: text.Text{En: "LINK", Zh: "链接"}},
	{Field: "expires", Head: text.Text{En: "EXPIRES", Zh: "到期"}, Form: term.AsTime},
}

func (s *Service) userOperations(r *rest.Registry) {
	shown := func(u User, err error) (*UserView, error) {
		v := userView(u)
		return &v, err
	}
	rest.Add(r, rest.Op{ID: "list-users", Method: "GET", Path: "/users", Perm: auth.Read, Organisation: true, Noun: "users", Verb: "list",
		Doc: text.Text{En: "List users by login.", Zh: "按登录名列出用户。"}, Columns: userColumns},
		func(ctx context.Context, in *struct{ rest.PageParams }) (*rest.Page[UserView], error) {
			return rest.Paginate(ctx, in.PageParams, nil, func(ctx context.Context, after *string, limit int) ([]UserView, error) {
				var rows []User
				q := s.d.DB.Read().NewSelect().Model(&rows).Order("login").Limit(int64(limit))
				if after != nil {
					q = q.Where("login > ?", *after)
				}
				if err := q.Scan(ctx); err != nil {
					return nil, fmt.Errorf("list users: %w", err)
				}
				return views(rows, userView), nil
			}, func(v UserView) string { return v.Login })
		})
	rest.Add(r, rest.Op{ID: "show-user", Method: "GET", Path: "/users/{user}", Perm: auth.Read, Noun: "users", Verb: "show",
		Doc: text.Text{En: "Show a user.", Zh: "查看用户。"}, Columns: userColumns, Errors: []fault.Def{ErrNoUser}},
		func(ctx context.Context, in *UserInput) (*UserView, error) {
			return shown(s.User(ctx, s.d.DB.Read(), string(in.User)))
		})
	type renameInput struct {
		UserInput
		Body struct {
			Name string `json:"name" minLength:"1" maxLength:"100" doc:"name to be shown" zh:"显示名称"`
		}
	}
	rest.Add(r, rest.Op{ID: "rename-user", Method: "PATCH", Path: "/users/{user}", Perm: auth.Contribute, Noun: "users", Verb: "rename",
		Doc: text.Text{En: "Give a user another name.", Zh: "修改用户的显示名称。"}, Columns: userColumns},
		func(ctx context.Context, in *renameInput) (*UserView, error) {
			return shown(s.Rename(ctx, string(in.User), in.Body.Name))
		})
	type inviteInput struct {
		Body struct {
			Login string `json:"login" maxLength:"200" doc:"login of the new user, usually an e-mail address" zh:"新用户的登录名，通常为邮箱"`
			Role  Role   `json:"role,omitempty" enum:"administrator,auditor,none" doc:"administrator or auditor, if they are to be one" zh:"如需授予平台角色：administrator（管理员）或 auditor（审计员）"`
		}
	}
	rest.Add(r, rest.Op{ID: "invite-user", Method: "POST", Path: "/invitations", Perm: auth.Admin, Noun: "users", Verb: "invite", Status: http.StatusCreated,
		Doc: text.Text{En: "Make a one-time link with which somebody becomes a user.", Zh: "生成一次性链接，供对方创建账号。"}, Columns: linkColumns,
		Errors: []fault.Def{ErrLogin, ErrLoginTaken}},
		func(ctx context.Context, in *inviteInput) (*Made, error) {
			link, expires, err := s.InvitePlatform(ctx, in.Body.Login, platformRole(in.Body.Role))
			return &Made{link, expires}, err
		})
	rest.Add(r, rest.Op{ID: "reset-password", Method: "POST", Path: "/users/{user}/reset", Perm: auth.Admin, Noun: "users", Verb: "reset-password", Status: http.StatusCreated,
		Doc: text.Text{En: "Make a one-time link with which a user sets a new password.", Zh: "生成一次性链接，供用户重设密码。"}, Columns: linkColumns},
		func(ctx context.Context, in *UserInput) (*Made, error) {
			link, expires, err := s.ResetLink(ctx, string(in.User))
			return &Made{link, expires}, err
		})
	rest.Add(r, rest.Op{ID: "set-platform-role", Method: "PUT", Path: "/users/{user}/platform-role", Perm: auth.Admin, Noun: "users", Verb: "set-role",
		Doc: text.Text{En: "Make a user administrator, auditor, or neither.", Zh: "设为管理员、审计员，或取消平台角色。"}, Columns: userColumns,
		Errors: []fault.Def{ErrRole, ErrLastAdministrator}},
		func(ctx context.Context, in *userRoleInput) (*UserView, error) {
			return shown(s.SetPlatformRole(ctx, string(in.User), platformRole(in.Body.Role)))
		})
	rest.Add(r, rest.Op{ID: "deactivate-user", Method: "POST", Path: "/users/{user}/deactivate", Perm: auth.Admin, Noun: "users", Verb: "deactivate",
		Doc: text.Text{En: "Keep a user out: their sessions end, their tokens no longer work.", Zh: "停用用户：会话立即结束，令牌随即失效。"}, Columns: userColumns,
		Errors: []fault.Def{ErrLastAdministrator}},
		func(ctx context.Context, in *UserInput) (*UserView, error) {
			return shown(s.Deactivate(ctx, string(in.User)))
		})
	rest.Add(r, rest.Op{ID: "reactivate-user", Method: "POST", Path: "/users/{user}/reactivate", Perm: auth.Admin, Noun: "users", Verb: "reactivate",
		Doc: text.Text{En: "Let a user in again.", Zh: "重新启用用户。"}, Columns: userColumns},
		func(ctx context.Context, in *UserInput) (*UserView, error) {
			return shown(s.Reactivate(ctx, string(in.User)))
		})
	type passwordInput struct {
		UserInput
		Body struct {
			Old string `json:"old" maxLength:"512"`
			New string `json:"new" maxLength:"512"`
		}
	}
	rest.Add(r, rest.Op{ID: "set-password", Method: "PUT", Path: "/users/{user}/password", Perm: auth.Own,
		Doc:    text.Text{En: "Set one's own password; all other sessions end.", Zh: "修改本人密码；其他会话随即结束。"},
		Errors: []fault.Def{ErrPassword, ErrSignIn, ErrTooMany, ErrOnlySelf}},
		func(ctx context.Context, in *passwordInput) (*rest.None, error) {
			return nil, s.SetPassword(ctx, string(in.User), in.Body.Old, in.Body.New)
		})
}

// views makes views of rows.
func views[R, V any](rows []R, f func(R) V) []V {
	out := make([]V, len(rows))
	for i, r := range rows {
		out[i] = f(r)
	}
	return out
}
