package grader

import (
	"testing"

	"pgregory.net/rapid"
)

func TestTraditional(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"银行账户": "銀行賬戶", "转账限额": "轉賬限額",
		"发":   "发", // 發 or 髮
		"卡 1": "卡 1", "": "", "pin": "pin",
	} {
		if got := Traditional(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
	fold := Normalise{Script: true}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("银行卡密码发后里面干系统转账户")))).Draw(t, "s")
		if got := Traditional(s); fold.Text(got) != fold.Text(s) {
			t.Fatalf("%q became %q, which reads as %q", s, got, fold.Text(got))
		}
	})
}
