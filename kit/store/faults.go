package store

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"

	"github.com/landfall-ai/landfall/kit/fault"
)

// What a user can cause.
var (
	ErrURL = fault.Def{Kind: fault.Invalid, Code: "store.url",
		En: "this is no database address that Landfall understands ({scheme})", Zh: "无法识别的数据库地址（{scheme}）",
		HintEn: "write sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE", HintZh: "写法：sqlite：路径 或 postgres://用户：密码@主机：端口/数据库"}
	ErrUnreachable = fault.Def{Kind: fault.Unavailable, Code: "store.unreachable",
		En: "cannot reach the database {database} as {user} at {host}:{port}", Zh: "无法以 {user} 身份连接 {host}:{port} 上的数据库 {database}",
		HintEn: "check that the server runs, and address, user and password", HintZh: "请检查服务是否运行，以及地址、用户名和密码"}
	ErrLost = fault.Def{Kind: fault.Unavailable, Code: "store.lost",
		En: "the connection to the database was lost", Zh: "与数据库的连接已断开",
		HintEn: "nothing half-done was kept; run the same command again", HintZh: "未保留任何半成品；请再次运行同一命令"}
	ErrNewer = fault.Def{Kind: fault.Conflict, Code: "store.newer_schema",
		En: "a newer Landfall has written this database (schema {version})", Zh: "该数据库由更新版本的 Landfall 写入（结构版本 {version}）",
		HintEn: "upgrade Landfall, or restore a backup from before the upgrade", HintZh: "请升级 Landfall，或恢复升级前的备份"}
	ErrCorrupt = fault.Def{Kind: fault.Unavailable, Code: "store.corrupt",
		En: "the database file is damaged or is no database", Zh: "数据库文件已损坏，或不是数据库文件",
		HintEn: "keep the file as it is and restore a backup, or use another --home", HintZh: "请保留原文件并恢复备份，或用 --home 指定其他目录"}
	ErrDiskFull = fault.Def{Kind: fault.Unavailable, Code: "store.disk_full",
		En: "the disk is full", Zh: "磁盘已满",
		HintEn: "free some space and run the same command again; what was finished is kept", HintZh: "请清理磁盘后再次运行同一命令；已完成的部分均已保存"}
	ErrUnwritable = fault.Def{Kind: fault.Unavailable, Code: "store.unwritable",
		En: "the database cannot be opened for writing", Zh: "数据库无法打开写入",
		HintEn: "check that the folder exists, its owner and permissions, and that the disk is not read-only", HintZh: "请检查目录是否存在、所有者与权限，以及磁盘是否只读"}
	ErrContended = fault.Def{Kind: fault.Conflict, Code: "store.contended",
		En: "another write got in the way", Zh: "与另一写入操作冲突",
		HintEn: "try again", HintZh: "请重试"}
)

// Explain returns the fault behind err where a user can do something about it
// (full disk, damaged file, lost server, rival writer), with err as its cause,
// and err itself otherwise, also if it holds a fault already that does not come
// from a full disk.
func Explain(err error) error {
	if d, ok := diagnose(err); ok {
		return d.With().Because(err)
	}
	return err
}

// explainFile is Explain for the opening of a database file, with its path.
func explainFile(err error, path string) error {
	if d, ok := diagnose(err); ok {
		return d.With().At(path, 0, 0).Because(err)
	}
	return err
}

// Duplicate reports whether err is the violation of a primary key or of
// another unique index. On PostgreSQL the transaction is lost with it.
func Duplicate(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505"
	}
	var lite sqlite3.Error
	return errors.As(err, &lite) &&
		(lite.ExtendedCode == sqlite3.ErrConstraintUnique || lite.ExtendedCode == sqlite3.ErrConstraintPrimaryKey)
}

func diagnose(err error) (fault.Def, bool) {
	var known *fault.Error
	if err == nil || errors.Is(err, ErrDiskFull) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fault.Def{}, false
	}
	// Whatever could not be written, that the disk is full says it better.
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return ErrDiskFull, true
	}
	if errors.As(err, &known) {
		return fault.Def{}, false
	}
	var lite sqlite3.Error
	if errors.As(err, &lite) {
		return diagnoseSQLite(lite)
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return diagnosePostgres(pg.Code)
	}
	var connect *pgconn.ConnectError
	var network *net.OpError
	if errors.As(err, &connect) || errors.As(err, &network) {
		return ErrLost, true
	}
	return fault.Def{}, false
}

// diagnoseSQLite: result codes as in https://sqlite.org/rescode.html.
func diagnoseSQLite(e sqlite3.Error) (fault.Def, bool) {
	if e.SystemErrno == syscall.ENOSPC || e.SystemErrno == syscall.EDQUOT {
		return ErrDiskFull, true
	}
	switch e.Code {
	case sqlite3.ErrFull:
		return ErrDiskFull, true
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		return ErrCorrupt, true
	case sqlite3.ErrCantOpen, sqlite3.ErrReadonly, sqlite3.ErrPerm:
		return ErrUnwritable, true
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return ErrContended, true
	}
	return fault.Def{}, false
}

// diagnosePostgres: codes as in appendix A of the PostgreSQL manual.
func diagnosePostgres(code string) (fault.Def, bool) {
	switch {
	case code == "53100":
		return ErrDiskFull, true
	case code == "XX001", code == "XX002":
		return ErrCorrupt, true
	case code == "40001", code == "40P01", code == "55P03":
		return ErrContended, true
	case strings.HasPrefix(code, "08"), strings.HasPrefix(code, "57P"), code == "53300":
		return ErrLost, true
	}
	return fault.Def{}, false
}
