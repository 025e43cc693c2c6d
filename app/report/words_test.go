package report

import "testing"

func TestFullWidth(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"为“业务办理(填槽)”补充评测用例:其占流量 14.2%,尚未测量":            "为“业务办理（填槽）”补充评测用例：其占流量 14.2%，尚未测量",
		"列 answer(train):缺失 147/1050 = 14 %,最多允许 10 %": "列 answer(train)：缺失 147/1050 = 14 %，最多允许 10 %",
		"大模型(API,未测)":        "大模型（API，未测）",
		"于 12:30 运行 f(a, b)": "于 12:30 运行 f(a, b)",
		"约 1,200 条":          "约 1,200 条",
		"":                   "",
	} {
		if got := fullWidth(in); got != want {
			t.Errorf("%s\nbecomes %s\nwant    %s", in, got, want)
		}
	}
}
