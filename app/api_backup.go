package app

import (
	"context"
	"net/http"

	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/store"
	"github.com/landfall-ai/landfall/kit/text"
)

// backupOperations registers the backup of a server. Private keys leave a
// server by no operation: whoever may enter the home copies them.
func (a *App) backupOperations(r *rest.Registry) {
	rest.Stream(r, rest.Op{ID: "download-backup", Method: "GET", Path: "/backup", Perm: auth.Admin,
		Doc:    text.Text{En: "Download a backup of everything but private keys, as of now, while work goes on.", Zh: "下载此刻的完整备份（不含私钥），不影响正在进行的工作。"},
		Errors: []fault.Def{store.ErrNoSnapshot}}, "application/gzip",
		func(ctx context.Context, _ *rest.None, w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Content-Disposition", "attachment; filename=landfall-backup.tar.gz")
			return a.WriteBackup(ctx, w, false)
		})
}
