package grader

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/landfall-ai/landfall/kit/text"
)

// Command declares grading by a program of one's own. It gets one JSON object
// on its standard input, {"case", "input", "expected", "answer", "citations",
// "calls"}, and writes one on its standard output: {"correct": true, "score":
// 0.5, "severe": false, "why": "…"}, of which only correct is required.
type Command struct {
	// Argv is the program and its arguments; no shell is involved.
	Argv []string `json:"argv" yaml:"argv"`
	// TimeoutSeconds is how long one grade may take; 0 means 10.
	TimeoutSeconds int `json:"timeout_seconds,omitempty" yaml:"timeout_seconds,omitempty"`
}

// Bounds of a command.
const (
	maxTimeout     = 120      // seconds
	maxOutput      = 64 << 10 // bytes of standard output
	maxFingerprint = 64 << 20 // bytes of a file whose content enters the version
)

// Runner runs commands. The zero Runner refuses all.
type Runner struct {
	// Run starts argv with stdin and returns its standard output, of which it
	// keeps at most limit bytes; more is an error.
	Run func(ctx context.Context, argv []string, stdin []byte, limit int) ([]byte, error)
	// Fingerprint determines what argv does.
	Fingerprint func(argv []string) (string, error)
}

type command struct {
	spec Command
	run  Runner
}

func newCommand(s Spec, d Deps, p *problems) (one, error) {
	g := command{run: d.Run}
	if s.Command != nil {
		g.spec = *s.Command
	}
	if len(g.spec.Argv) == 0 || g.spec.Argv[0] == "" {
		p.add("/command/argv", "name the program to run", "请写明要运行的程序")
	}
	if g.spec.TimeoutSeconds < 0 || g.spec.TimeoutSeconds > maxTimeout {
		p.add("/command/timeout_seconds", "this must lie between 1 and %d seconds", "须在 1 到 %d 秒之间", maxTimeout)
	}
	if g.spec.TimeoutSeconds == 0 {
		g.spec.TimeoutSeconds = 10
	}
	if d.Run.Run == nil || d.Run.Fingerprint == nil {
		return nil, ErrCommandRefused.With()
	}
	return g, nil
}

func (g command) grade(ctx context.Context, c Case, refs []string, a Answer) (Grade, error) {
	in, err := json.Marshal(map[string]any{"case": c.ID, "input": c.Input, "expected": refs, "answer": a.Text,
		"citations": a.Citations, "calls": a.Calls})
	if err != nil { // arguments of a call that are no JSON
		return wrong("the calls are no JSON", "调用参数不是 JSON"), nil
	}
	limited, cancel := context.WithTimeout(ctx, time.Duration(g.spec.TimeoutSeconds)*time.Second)
	defer cancel()
	who := both("the command %s", "命令 %s", g.spec.Argv[0])
	out, err := g.run.Run(limited, g.spec.Argv, in, maxOutput)
	switch {
	case ctx.Err() != nil:
		return Grade{}, ctx.Err()
	case limited.Err() != nil:
		return Grade{}, ErrReply.With("who", who, "why", both("it took more than %d seconds", "超过 %d 秒未完成", g.spec.TimeoutSeconds))
	case err != nil:
		return Grade{}, ErrReply.With("who", who, "why", both("%s", "%s", brief(err.Error()))).Because(err)
	}
	grade, err := readVerdict(out)
	if err != nil {
		return Grade{}, ErrReply.With("who", who, "why", both("its output is no grade: %s", "其输出不是评分：%s", err)).Because(err)
	}
	return grade, nil
}

func readVerdict(out []byte) (Grade, error) {
	var v struct {
		Correct *bool     `json:"correct"`
		Score   *float64  `json:"score"`
		Severe  bool      `json:"severe"`
		Why     text.Text `json:"why"`
	}
	if _, err := decodeJSON(string(bytes.TrimSpace(out))); err != nil {
		return Grade{}, err
	}
	dec := json.NewDecoder(bytes.NewReader(out))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		return Grade{}, err
	}
	if v.Correct == nil {
		return Grade{}, errors.New(`"correct" is missing`)
	}
	g := Grade{Correct: *v.Correct, Severe: v.Severe && !*v.Correct, Why: v.Why}
	switch {
	case v.Score != nil && !(*v.Score >= 0 && *v.Score <= 1):
		return Grade{}, errors.New(`"score" is not between 0 and 1: ` + strconv.FormatFloat(*v.Score, 'g', -1, 64))
	case v.Score != nil:
		g.Score = *v.Score
	case g.Correct:
		g.Score = 1
	}
	if g.Why.IsZero() {
		g.Why = both("the command calls it wrong", "命令判定为错误")
		if g.Correct {
			g.Why = both("the command calls it right", "命令判定为正确")
		}
	}
	if math.Signbit(g.Score) {
		g.Score = 0
	}
	return g, nil
}

// Exec returns the runner that starts processes in dir, with an environment of
// PATH and LANG only. A process that outlives ctx is killed with what it
// started.
func Exec(dir string) Runner {
	return Runner{
		Run: func(ctx context.Context, argv []string, stdin []byte, limit int) ([]byte, error) {
			cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
			cmd.Dir = dir
			cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8"}
			cmd.Stdin = bytes.NewReader(stdin)
			out := &capped{limit: limit}
			cmd.Stdout = out
			cmd.WaitDelay = time.Second
			killGroup(cmd)
			if err := cmd.Run(); err != nil {
				if out.over {
					return nil, fmt.Errorf("it wrote more than %d bytes", limit)
				}
				return nil, err
			}
			return out.buf.Bytes(), nil
		},
		Fingerprint: func(argv []string) (string, error) { return fingerprint(dir, argv) },
	}
}

// capped keeps what is written up to a limit, and fails beyond, which ends the
// process.
type capped struct {
	buf   bytes.Buffer
	limit int
	over  bool
}

func (c *capped) Write(p []byte) (int, error) {
	if c.buf.Len()+len(p) > c.limit {
		c.over = true
		return 0, io.ErrShortWrite
	}
	return c.buf.Write(p)
}

// fingerprint is the digest of the arguments and of the files that they name.
func fingerprint(dir string, argv []string) (string, error) {
	h := sha256.New()
	for _, arg := range argv {
		fmt.Fprintf(h, "%d:%s\n", len(arg), arg)
		path := arg
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			continue // a flag, or a program found by PATH
		}
		if info.Size() > maxFingerprint {
			return "", fmt.Errorf("%s is larger than %d bytes", arg, maxFingerprint)
		}
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		_, err = io.Copy(h, io.LimitReader(f, maxFingerprint))
		f.Close()
		if err != nil {
			return "", fmt.Errorf("read %s: %w", arg, err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
