package poc

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	_ "github.com/mattn/go-sqlite3" // the journal is a file of its own beside the store

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/file"
	"github.com/landfall-ai/landfall/kit/store"
)

// ErrJournal is returned for a journal that a kill cannot have left behind.
var ErrJournal = fault.Def{Kind: fault.Unavailable, Code: "poc.journal",
	En: "the journal of the run is damaged", Zh: "运行记录的日志文件已损坏",
	HintEn: "give the run up with: landfall runs cancel RUN; the next one measures afresh",
	HintZh: "放弃该运行：landfall runs cancel RUN；下一次运行将重新评测"}

// Result is what became of one case with one candidate.
type Result struct {
	Candidate  string
	CaseID     string
	Resolution string
	Confidence float64
	Correct    bool
	Score      float64       // 0 to 1, of graders that give part marks
	Severe     bool          // a confusion that does grave harm
	Invalid    bool          // breaks the declared schema
	Latency    time.Duration // service time
	Waited     time.Duration // for a rate limit
	FirstToken time.Duration // 0 if unknown

	InputTokens, OutputTokens int64

	// Tried is how often the case was asked, of a candidate that is asked more
	// than once, and Right how many of these answers were right. All else is
	// of the first one.
	Tried, Right int

	Err  string // "" if the candidate answered
	Done time.Time
}

// journal keeps the results of a run while it goes. It survives a kill of the
// process at any point: a result is on file before its worker takes the next
// case. synchronous=NORMAL suffices for that, since what a power cut may lose
// are calls that can be repeated, never evidence.
type journal struct {
	path string
	db   *sql.DB
	in   chan entry
	end  chan struct{}
}

type entry struct {
	result Result
	done   chan<- error
}

// maxBatch bounds the results that one transaction writes.
const maxBatch = 512

const journalSchema = `
CREATE TABLE IF NOT EXISTS results (
    candidate TEXT NOT NULL, case_id TEXT NOT NULL, resolution TEXT NOT NULL, confidence DOUBLE PRECISION NOT NULL,
    correct BIGINT NOT NULL, score DOUBLE PRECISION NOT NULL, severe BIGINT NOT NULL, invalid BIGINT NOT NULL,
    latency_ns BIGINT NOT NULL, waited_ns BIGINT NOT NULL, first_token_ns BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL, output_tokens BIGINT NOT NULL, error TEXT NOT NULL, done_us BIGINT NOT NULL,
    PRIMARY KEY (candidate, case_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS repeats (candidate TEXT NOT NULL, case_id TEXT NOT NULL, tried BIGINT NOT NULL, correct BIGINT NOT NULL,
    PRIMARY KEY (candidate, case_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS prepared (candidate TEXT PRIMARY KEY, settings TEXT NOT NULL, threshold80 DOUBLE PRECISION NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (candidate TEXT NOT NULL, started_us BIGINT NOT NULL);`

func openJournal(ctx context.Context, path string) (*journal, error) {
	dsn := "file:" + uriPath(path) + "?_journal_mode=WAL&_synchronous=NORMAL&_busy_timeout=10000"
	if err := file.Private(path); err != nil { // it holds answers
		return nil, fmt.Errorf("make journal: %w", err)
	}
	db, err := sql.Open("sqlite3", dsn)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	db.SetMaxOpenConns(1)
	j := &journal{path: path, db: db, in: make(chan entry, maxBatch), end: make(chan struct{})}
	if _, err := db.ExecContext(ctx, journalSchema); err != nil {
		return nil, errors.Join(j.explain("open", err), db.Close())
	}
	go j.write()
	return j, nil
}

// explain says what a user can do about err, where there is something.
func (j *journal) explain(doing string, err error) error {
	err = store.Explain(err)
	if errors.Is(err, store.ErrCorrupt) {
		return ErrJournal.With().At(j.path, 0, 0).Because(err)
	}
	return fmt.Errorf("%s journal: %w", doing, err)
}

// uriPath writes a file path into a SQLite URI.
func uriPath(path string) string {
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
}

// Close writes what is queued and closes the file.
func (j *journal) Close() error {
	close(j.in)
	<-j.end
	return j.db.Close()
}

// Put returns when r is on file.
func (j *journal) Put(r Result) error {
	done := make(chan error, 1)
	j.in <- entry{r, done}
	return <-done
}

// write commits whatever has queued up as one transaction, so that many
// workers share one commit.
func (j *journal) write() {
	var batch []entry
	for e := range j.in {
		batch = append(batch[:0], e)
	fill:
		for len(batch) < maxBatch {
			select {
			case e, ok := <-j.in:
				if !ok {
					break fill
				}
				batch = append(batch, e)
			default:
				break fill
			}
		}
		err := j.commit(batch)
		for _, e := range batch {
			e.done <- err
		}
	}
	close(j.end)
}

func (j *journal) commit(batch []entry) error {
	tx, err := j.db.Begin()
	if err != nil {
		return j.explain("write", err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	st, err := tx.Prepare("INSERT INTO results VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (candidate, case_id) DO NOTHING")
	if err != nil {
		return j.explain("write", err)
	}
	defer st.Close()
	for _, e := range batch {
		r := e.result
		if _, err := st.Exec(r.Candidate, r.CaseID, r.Resolution, r.Confidence, r.Correct, r.Score, r.Severe, r.Invalid,
			r.Latency.Nanoseconds(), r.Waited.Nanoseconds(), r.FirstToken.Nanoseconds(), r.InputTokens, r.OutputTokens, r.Err, r.Done.UnixMicro()); err != nil {
			return j.explain("write", err)
		}
		if r.Tried == 0 {
			continue
		}
		if _, err := tx.Exec("INSERT INTO repeats VALUES (?,?,?,?) ON CONFLICT (candidate, case_id) DO NOTHING", r.Candidate, r.CaseID, r.Tried, r.Right); err != nil {
			return j.explain("write", err)
		}
	}
	if err := tx.Commit(); err != nil {
		return j.explain("write", err)
	}
	return nil
}

// results returns what is on file for a candidate, by case id.
func (j *journal) results(ctx context.Context, candidate string) (map[string]Result, error) {
	rows, err := j.db.QueryContext(ctx, `SELECT candidate, case_id, resolution, confidence, results.correct, score, severe, invalid,
		latency_ns, waited_ns, first_token_ns, input_tokens, output_tokens, error, done_us, COALESCE(tried, 0), COALESCE(repeats.correct, 0)
		FROM results LEFT JOIN repeats USING (candidate, case_id) WHERE candidate = ?`, candidate)
	if err != nil {
		return nil, j.explain("read", err)
	}
	defer rows.Close()
	out := map[string]Result{}
	for rows.Next() {
		var r Result
		var us int64
		if err := rows.Scan(&r.Candidate, &r.CaseID, &r.Resolution, &r.Confidence, &r.Correct, &r.Score, &r.Severe, &r.Invalid,
			&r.Latency, &r.Waited, &r.FirstToken, &r.InputTokens, &r.OutputTokens, &r.Err, &us, &r.Tried, &r.Right); err != nil {
			return nil, j.explain("read", err)
		}
		r.Done = time.UnixMicro(us).UTC()
		out[r.CaseID] = r
	}
	if err := rows.Err(); err != nil {
		return nil, j.explain("read", err)
	}
	return out, nil
}

func (j *journal) begin(ctx context.Context, candidate string, at time.Time) error {
	if _, err := j.db.ExecContext(ctx, "INSERT INTO sessions VALUES (?, ?)", candidate, at.UnixMicro()); err != nil {
		return j.explain("write", err)
	}
	return nil
}

// active returns how long the candidate was at work: from each start to the
// last result before the next one, so that the time between a kill and the
// next start does not count.
func (j *journal) active(ctx context.Context, candidate string) (time.Duration, error) {
	var us sql.NullInt64
	err := j.db.QueryRowContext(ctx, `
		WITH s AS (SELECT started_us, LEAD(started_us, 1, 9223372036854775807) OVER (ORDER BY started_us) AS next FROM sessions WHERE candidate = ?1)
		SELECT SUM(COALESCE((SELECT MAX(done_us) FROM results WHERE candidate = ?1 AND done_us >= s.started_us AND done_us < s.next) - s.started_us, 0)) FROM s`,
		candidate).Scan(&us)
	if err != nil {
		return 0, j.explain("read", err)
	}
	return time.Duration(us.Int64) * time.Microsecond, nil
}

func (j *journal) putPrepared(ctx context.Context, candidate string, settings []byte, threshold80 float64) error {
	_, err := j.db.ExecContext(ctx, "INSERT OR REPLACE INTO prepared VALUES (?, ?, ?)", candidate, string(settings), threshold80)
	if err != nil {
		return j.explain("write", err)
	}
	return nil
}

func (j *journal) prepared(ctx context.Context, candidate string) (settings []byte, threshold80 float64, err error) {
	var s string
	err = j.db.QueryRowContext(ctx, "SELECT settings, threshold80 FROM prepared WHERE candidate = ?", candidate).Scan(&s, &threshold80)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, j.explain("read", err)
	}
	return []byte(s), threshold80, nil
}

func removeJournal(path string) error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove journal: %w", err)
		}
	}
	return nil
}
