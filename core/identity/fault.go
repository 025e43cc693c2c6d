package identity

import (
	"github.com/landfall-ai/landfall/kit/fault"
)

// Faults of identity.
var (
	ErrSignIn = fault.Def{Kind: fault.Unauthenticated, Code: "identity.wrong",
		En: "login or password is wrong", Zh: "登录名或密码不正确",
		HintEn: "try again, or ask an administrator for a link to set a new password", HintZh: "请重试，或向管理员索取重设密码的链接"}
	ErrTooMany = fault.Def{Kind: fault.RateLimited, Code: "identity.too_many_tries",
		En: "too many failed tries to sign in", Zh: "登录失败次数过多",
		HintEn: "try again in {retry_after} seconds", HintZh: "请在 {retry_after} 秒后重试"}
	ErrToken = fault.Def{Kind: fault.Unauthenticated, Code: "identity.token",
		En: "the API token is unknown, expired or revoked", Zh: "API 令牌无效、已过期或已撤销",
		HintEn: "make a new one in the console under your account", HintZh: "请在控制台的个人账号中新建令牌"}
	ErrScheme = fault.Def{Kind: fault.Unauthenticated, Code: "identity.scheme",
		En: "the Authorization header is not understood", Zh: "无法识别 Authorization 请求头",
		HintEn: "write: Authorization: Bearer lf_…", HintZh: "写法：Authorization: Bearer lf_…"}
	ErrOrigin = fault.Def{Kind: fault.Denied, Code: "identity.origin",
		En: "a session changes things only from its own pages", Zh: "会话只能从本站页面发起更改",
		HintEn: "programs use an API token", HintZh: "程序调用请使用 API 令牌"}
	ErrNoBrowser = fault.Def{Kind: fault.Invalid, Code: "identity.no_session",
		En: "there is no session here to sign in to or out of", Zh: "此处没有可登录或退出的会话",
		HintEn: "signing in is for a server; on this machine you may do everything", HintZh: "登录仅用于服务器；在本机您拥有全部权限"}
	ErrLink = fault.Def{Kind: fault.NotFound, Code: "identity.link",
		En: "the link is unknown, used or expired", Zh: "链接无效、已使用或已过期",
		HintEn: "ask for a new one; for the first administrator, start the server again", HintZh: "请索取新链接；若为首位管理员，请重新启动服务"}
	ErrLogin = fault.Def{Kind: fault.Invalid, Code: "identity.login",
		En: "a login has 1 to 200 characters without spaces", Zh: "登录名为 1 到 200 个字符，不含空格",
		HintEn: "an e-mail address is usual", HintZh: "通常使用邮箱地址"}
	ErrLoginTaken = fault.Def{Kind: fault.Conflict, Code: "identity.login_taken",
		En: "the login {login} is taken", Zh: "登录名 {login} 已被使用",
		HintEn: "add that user to the team instead of inviting them", HintZh: "请直接将该用户加入团队，无需邀请"}
	ErrTeamName = fault.Def{Kind: fault.Conflict, Code: "identity.team_name_taken",
		En: "there is a team named {name} already", Zh: "已有名为 {name} 的团队",
		HintEn: "choose another name", HintZh: "请换一个名称"}
	ErrRole = fault.Def{Kind: fault.Invalid, Code: "identity.role",
		En: "there is no role {role} here", Zh: "此处没有角色 {role}",
		HintEn: "one of: {roles}", HintZh: "可选：{roles}"}
	ErrNoUser = fault.Def{Kind: fault.NotFound, Code: "identity.no_user",
		En: "there is no user {id}", Zh: "没有用户 {id}",
		HintEn: "see them all with: landfall users list", HintZh: "查看全部用户：landfall users list"}
	ErrNoTeam = fault.Def{Kind: fault.NotFound, Code: "identity.no_team",
		En: "there is no team {id}", Zh: "没有团队 {id}",
		HintEn: "see them all with: landfall teams list", HintZh: "查看全部团队：landfall teams list"}
	ErrNoMember = fault.Def{Kind: fault.NotFound, Code: "identity.no_member",
		En: "there is no member {id}", Zh: "没有成员 {id}",
		HintEn: "see them all with: landfall members list TEAM", HintZh: "查看成员：landfall members list TEAM"}
	ErrNoSession = fault.Def{Kind: fault.NotFound, Code: "identity.gone_session",
		En: "there is no session {id}", Zh: "没有会话 {id}",
		HintEn: "it may have ended already", HintZh: "该会话可能已经结束"}
	ErrNoToken = fault.Def{Kind: fault.NotFound, Code: "identity.no_token",
		En: "there is no token {id}", Zh: "没有令牌 {id}",
		HintEn: "it may have been revoked already", HintZh: "该令牌可能已被撤销"}
	ErrLastAdministrator = fault.Def{Kind: fault.Conflict, Code: "identity.last_administrator",
		En: "this is the last administrator", Zh: "这是最后一位管理员",
		HintEn: "make somebody else administrator first", HintZh: "请先将他人设为管理员"}
	ErrOnlySelf = fault.Def{Kind: fault.Denied, Code: "identity.only_self",
		En: "this can be done for one's own account only", Zh: "此操作只能用于本人账号",
		HintEn: "let them do it themselves", HintZh: "请由本人操作"}
	ErrManaged = fault.Def{Kind: fault.Conflict, Code: "identity.managed_elsewhere",
		En: "this role comes from the groups of {issuer}", Zh: "该角色由 {issuer} 的用户组决定",
		HintEn: "change the groups there", HintZh: "请在该系统中调整用户组"}
	ErrExpiry = fault.Def{Kind: fault.Invalid, Code: "identity.expiry",
		En: "a token lives for 1 to {most} days", Zh: "令牌有效期为 1 到 {most} 天",
		HintEn: "give days", HintZh: "请给出 days"}
)
