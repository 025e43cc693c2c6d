package llm

import (
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// Faults of configuring and of asking: nothing was sent.
var (
	ErrEndpoint = fault.Def{Kind: fault.Invalid, Code: "llm.endpoint",
		En: "endpoint {endpoint} cannot be used: {problem}", Zh: "端点 {endpoint} 不可用：{problem}",
		HintEn: "an endpoint needs a name, a base URL such as https://api.example.com/v1 and the data classes that it may see",
		HintZh: "端点需要名称、形如 https://api.example.com/v1 的基础地址，以及允许接收的数据分级"}
	ErrClass = fault.Def{Kind: fault.Denied, Code: "llm.data_class",
		En: "{class} data may not go to {endpoint} ({host}), which may see: {allowed}", Zh: "{class} 级数据不得发往 {endpoint}（{host}），该端点允许接收：{allowed}",
		HintEn: "nothing was sent; use an endpoint that may see such data, or have its classes extended by who answers for them",
		HintZh: "未发送任何数据；请换用允许接收该级数据的端点，或由责任人扩大其允许范围"}
	ErrKeyMissing = fault.Def{Kind: fault.Invalid, Code: "llm.key_missing",
		En: "there is no key for {endpoint}: {variable} is not set", Zh: "缺少 {endpoint} 的密钥：未设置环境变量 {variable}",
		HintEn: "set the variable to the key, in the environment of this process", HintZh: "请在本进程的环境中将该变量设为密钥"}
	ErrRequest = fault.Def{Kind: fault.Invalid, Code: "llm.request",
		En: "the request cannot be built: {problem}", Zh: "无法构造请求：{problem}"}
	ErrSpend = fault.Def{Kind: fault.Blocked, Code: "llm.spend",
		En: "the spend limit of {limit} {currency} is reached: {spent} are spent and the next call may cost {next}", Zh: "已达到花费上限 {limit} {currency}：已花费 {spent}，下一次调用最多需 {next}",
		HintEn: "what was answered is kept; raise the limit and run again to go on", HintZh: "已得到的回答均已保留；提高上限后重新运行即可继续"}
	ErrPrice = fault.Def{Kind: fault.Invalid, Code: "llm.price",
		En: "a spend limit in {currency} needs the price of {model} in {currency}", Zh: "以 {currency} 设置花费上限时，需要 {model} 以 {currency} 计的价格",
		HintEn: "give the price per million tokens of input and output; there is no implicit exchange of currencies",
		HintZh: "请给出每百万输入和输出 token 的价格；系统不会自动换算币种"}
)

// Faults of reaching the server.
var (
	ErrUnreachable = fault.Def{Kind: fault.Unavailable, Code: "llm.unreachable",
		En: "{endpoint} ({host}) cannot be reached: {problem}", Zh: "无法连接 {endpoint}（{host}）：{problem}",
		HintEn: "is the server running, is the address right, does a proxy or firewall stand between?", HintZh: "请检查服务是否已启动、地址是否正确，以及中间是否有代理或防火墙"}
	ErrConnectTimeout = fault.Def{Kind: fault.Unavailable, Code: "llm.connect_timeout",
		En: "{endpoint} ({host}) was not connected to within {limit}", Zh: "{limit} 内未能连上 {endpoint}（{host}）",
		HintEn: "does a firewall drop what goes there?", HintZh: "请检查是否被防火墙拦截"}
	ErrNoAnswer = fault.Def{Kind: fault.Unavailable, Code: "llm.no_answer",
		En: "{endpoint} took the request and did not begin to answer within {limit}", Zh: "{endpoint} 已收到请求，但 {limit} 内未开始应答",
		HintEn: "the server hangs or is overloaded; it may bill the request all the same", HintZh: "服务可能卡死或过载；该请求仍可能计费"}
	ErrStalled = fault.Def{Kind: fault.Unavailable, Code: "llm.stalled",
		En: "{endpoint} began to answer and then sent nothing for {limit}", Zh: "{endpoint} 开始应答后，{limit} 内未再发送任何内容",
		HintEn: "the server hangs or is overloaded", HintZh: "服务可能卡死或过载"}
	ErrTooSlow = fault.Def{Kind: fault.Unavailable, Code: "llm.too_slow",
		En: "{endpoint} did not finish its answer within {limit}", Zh: "{endpoint} 未能在 {limit} 内完成应答",
		HintEn: "ask for fewer tokens, or allow more time", HintZh: "请减少输出长度，或放宽时限"}
	ErrCut = fault.Def{Kind: fault.Unavailable, Code: "llm.cut",
		En: "{endpoint} broke off its answer before the end", Zh: "{endpoint} 的应答中途断开",
		HintEn: "the server or something before it closed the connection", HintZh: "连接被服务端或中间设备关闭"}
)

// Faults that the server states.
var (
	ErrKeyRefused = fault.Def{Kind: fault.Denied, Code: "llm.key_refused",
		En: "{endpoint} refuses the key: {detail}", Zh: "{endpoint} 拒绝了密钥：{detail}",
		HintEn: "is the key complete, current, and one for this address?", HintZh: "请检查密钥是否完整、有效，且与该地址匹配"}
	ErrForbidden = fault.Def{Kind: fault.Denied, Code: "llm.forbidden",
		En: "{endpoint} does not let this key do that: {detail}", Zh: "{endpoint} 不允许该密钥执行此操作：{detail}"}
	ErrUnknownModel = fault.Def{Kind: fault.NotFound, Code: "llm.unknown_model",
		En: "{endpoint} has no {model} there: {detail}", Zh: "{endpoint} 上没有 {model}：{detail}",
		HintEn: "is the model's name right, and does the base URL end where the API begins (often /v1)?", HintZh: "请检查模型名称，以及基础地址是否止于 API 起点（通常为 /v1）"}
	ErrTooLong = fault.Def{Kind: fault.TooLarge, Code: "llm.too_long",
		En: "the request is longer than {model} can read: {detail}", Zh: "请求超出 {model} 的上下文长度：{detail}",
		HintEn: "shorten the case or the prompt, or use a model with a larger context", HintZh: "请缩短用例或提示词，或换用上下文更长的模型"}
	ErrFiltered = fault.Def{Kind: fault.Invalid, Code: "llm.filtered",
		En: "{endpoint} refuses the content of the request: {detail}", Zh: "{endpoint} 的内容审核拒绝了该请求：{detail}",
		HintEn: "this is the provider's content filter, not the model", HintZh: "这是服务商的内容审核，并非模型作答"}
	ErrRefused = fault.Def{Kind: fault.Invalid, Code: "llm.refused",
		En: "{endpoint} refuses the request ({status}): {detail}", Zh: "{endpoint} 拒绝了请求（{status}）：{detail}"}
	ErrRateLimited = fault.Def{Kind: fault.RateLimited, Code: "llm.rate_limited",
		En: "the rate limit is reached; the server asks to wait {wait}", Zh: "已触发限流，服务端要求等待 {wait}",
		HintEn: "what was answered is kept; run again later, or ask for a higher limit", HintZh: "已得到的回答均已保留；请稍后重新运行，或申请更高的限额"}
	ErrQuota = fault.Def{Kind: fault.Unavailable, Code: "llm.quota",
		En: "the quota or balance at {endpoint} is used up: {detail}", Zh: "{endpoint} 的配额或余额已用尽：{detail}",
		HintEn: "top up at the provider, then run again to go on", HintZh: "请在服务商处充值后重新运行"}
	ErrServer = fault.Def{Kind: fault.Unavailable, Code: "llm.server",
		En: "{endpoint} has trouble of its own ({status}): {detail}", Zh: "{endpoint} 服务端出错（{status}）：{detail}"}
)

// Faults of answers that are none.
var (
	ErrInOK = fault.Def{Kind: fault.Unavailable, Code: "llm.error_in_ok",
		En: "{endpoint} answered with success, and inside it an error: {detail}", Zh: "{endpoint} 返回成功状态，内容却是错误：{detail}"}
	ErrHTML = fault.Def{Kind: fault.Unavailable, Code: "llm.html",
		En: "{endpoint} answered with a web page instead of an answer: {detail}", Zh: "{endpoint} 返回的是网页而非应答：{detail}",
		HintEn: "the base URL is a website's, or a login page or proxy stands before the API", HintZh: "基础地址可能指向网站，或 API 前有登录页或代理"}
	ErrJSON = fault.Def{Kind: fault.Unavailable, Code: "llm.json",
		En: "{endpoint} answered with what is not the JSON of an answer: {problem}", Zh: "{endpoint} 返回的内容不是有效的应答 JSON:{problem}",
		HintEn: "is this endpoint really OpenAI-compatible?", HintZh: "请确认该端点确实兼容 OpenAI 接口"}
	ErrTooLarge = fault.Def{Kind: fault.TooLarge, Code: "llm.too_large",
		En: "{what} is larger than {limit} bytes; the rest was not read", Zh: "{what}超过 {limit} 字节，其余未读取"}
	ErrEmpty = fault.Def{Kind: fault.Unavailable, Code: "llm.empty",
		En: "{endpoint} answered with nothing: no text and no tool call", Zh: "{endpoint} 的应答为空：既无文本也无工具调用",
		HintEn: "nothing was kept; run again to ask again. If it lasts, the server gives up under load, or its template does not fit the model",
		HintZh: "未保留该应答，再次运行会重新请求；若持续出现，可能是服务端过载放弃生成，或对话模板与模型不匹配"}
	ErrNoRoom = fault.Def{Kind: fault.Invalid, Code: "llm.no_room",
		En: "{endpoint} reached its limit of output ({tokens} tokens) before it answered anything", Zh: "{endpoint} 在给出任何答案之前已达到输出上限（{tokens} 个 token）",
		HintEn: "raise max_tokens: a model that thinks aloud spends them on that first", HintZh: "请提高 max_tokens：会输出思考过程的模型先把额度用在思考上"}
	ErrNotJSON = fault.Def{Kind: fault.Invalid, Code: "llm.answer_not_json",
		En: "the model was asked for JSON and wrote something else: {problem}", Zh: "要求模型输出 JSON，但其输出不是：{problem}"}
	ErrVectors = fault.Def{Kind: fault.Unavailable, Code: "llm.vectors",
		En: "{endpoint} answered with embeddings that do not fit the texts: {problem}", Zh: "{endpoint} 返回的向量与文本不符：{problem}"}
)

var (
	whatAnswer     = text.Text{En: "the answer", Zh: "应答"}
	whatEvent      = text.Text{En: "an event of the stream", Zh: "流中的一个事件"}
	untilAsked     = text.Text{En: "the time that its caller allowed", Zh: "调用方给定的时间"}
	noVariable     = text.Text{En: "its variable", Zh: "对应的环境变量"}
	noClasses      = text.Text{En: "nothing", Zh: "无"}
	noClass        = text.Text{En: "unclassified", Zh: "未分级"}
	aPage          = text.Text{En: "an untitled page", Zh: "无标题页面"}
	filteredAnswer = text.Text{En: "it ended its answer before the first word", Zh: "应答在输出任何内容之前被拦截"}
	noDetail       = text.Text{En: "it says no more", Zh: "无更多说明"}
)
