package docs_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/core/identity"
	"github.com/landfall-ai/landfall/kit/auth"
)

// The roles stand in one table of the code; the page shows that table.
func TestGeneratedRoles(t *testing.T) {
	rights := []auth.Permission{auth.Read, auth.Contribute, auth.Approve, auth.Own, auth.Admin}
	var b strings.Builder
	b.WriteString("| role | 角色 | where | read 查看 | contribute 贡献 | approve 审批 | own 负责 | admin 管理 | in words |\n| --- | --- | --- | :-: | :-: | :-: | :-: | :-: | --- |\n")
	for _, g := range identity.Roles() {
		where := "one team"
		if g.Platform {
			where = "everywhere"
		}
		fmt.Fprintf(&b, "| **%s** | %s | %s |", g.Role, g.Title.Zh, where)
		for _, r := range rights {
			mark := " "
			if g.Rights&r != 0 {
				mark = "✓"
			}
			fmt.Fprintf(&b, " %s |", mark)
		}
		fmt.Fprintf(&b, " %s |\n", g.Doc.En)
	}
	section(t, "identity.md", "roles", b.String())
}
