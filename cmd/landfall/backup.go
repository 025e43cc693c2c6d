package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/kit/file"
	"github.com/landfall-ai/landfall/kit/home"
	"github.com/landfall-ai/landfall/kit/term"
)

func (c *command) backupCommand() *cobra.Command {
	withKeys := false
	cmd := &cobra.Command{
		Use: "backup FILE", Args: cobra.ExactArgs(1),
		Short: c.say("write a backup of everything, while work goes on", "在线备份全部记录"),
		Long: c.say(`Writes one archive with the database as of now and every file that it names. It
works beside a running server. Private keys are left out, so that a backup alone
can sign nothing: keep HOME/keys apart, or take them in with --with-keys.`,
			`将此刻的数据库及其引用的全部文件写入一个归档；服务运行时也可执行。
默认不含私钥，仅凭备份无法签名：请另行保管 HOME/keys，或用 --with-keys 一并备份。`),
		RunE: func(cmd *cobra.Command, args []string) error {
			write := func(fill func(io.Writer) error) error {
				if err := file.Write(args[0], 0o600, fill); err != nil {
					return err
				}
				return c.t.Talk("wrote %s; try it: landfall restore %s --home FOLDER", "已写入 %s；可试恢复：landfall restore %s --home 目录", args[0], args[0])
			}
			return c.either(cmd.Context(), func(a *app.App) error {
				return write(func(w io.Writer) error { return a.WriteBackup(cmd.Context(), w, withKeys) })
			}, func(r *remote) error {
				if withKeys {
					return ErrLocalOnly.With("flag", "--with-keys")
				}
				res, err := r.send(cmd.Context(), call{method: "GET", path: "/backup"})
				if err != nil {
					return err
				}
				defer res.Body.Close()
				return write(func(w io.Writer) error { _, err := io.Copy(w, res.Body); return err })
			})
		},
	}
	cmd.Flags().BoolVar(&withKeys, "with-keys", false, c.say("take the private keys in", "包含私钥"))
	return cmd
}

func (c *command) restoreCommand() *cobra.Command {
	keys := ""
	cmd := &cobra.Command{
		Use: "restore FILE", Args: cobra.ExactArgs(1),
		Short: c.say("make a home of a backup, and verify it", "用备份恢复记录目录并校验"),
		Long: c.say(`Makes the home of a backup, whole or not at all: every file is compared with what
was backed up, the database is checked, and all evidence is proven by its
signatures. The home must be new or empty. A backup of an older Landfall is
migrated; one of a newer is refused.`,
			`用备份建立记录目录，要么完整要么不留痕迹：逐个文件与备份时比对，检查数据库，并按签名校验
全部证据。目标目录须不存在或为空。旧版本的备份会自动迁移；更新版本的备份会被拒绝。`),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			dir := c.home
			if dir == "" {
				if dir, err = home.Default(); err != nil {
					return err
				}
			}
			f, err := os.Open(args[0])
			if err != nil {
				return app.ErrNoInput.With("file", args[0]).Because(err)
			}
			defer func() { err = errors.Join(err, f.Close()) }()
			r, err := app.Restore(cmd.Context(), f, dir, keys)
			if err != nil {
				return err
			}
			err = c.t.Print(r, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, c.say("restored %s: %d files, %d bytes, as of %s\n%s\n", "已恢复 %s：%d 个文件，%d 字节，备份时间 %s\n%s\n"),
					term.Clean(r.Home), r.Files, r.Bytes, r.Created.Format("2006-01-02 15:04:05Z"), r.Evidence.Summary().In(c.t.Lang))
				return err
			})
			if err != nil || r.Keys {
				return err
			}
			return c.t.Talk("the private keys are not in it: put back %s/keys before you start", "备份不含私钥：启动前请恢复 %s/keys", r.Home)
		},
	}
	cmd.Flags().StringVar(&keys, "keys", "", c.say("the folder with the private keys, if the backup has none", "私钥所在目录（备份不含私钥时）"))
	return cmd
}
