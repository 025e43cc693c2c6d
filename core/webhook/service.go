package webhook

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/landfall-ai/landfall/core/actor"
	"github.com/landfall-ai/landfall/core/loop"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/jobs"
	"github.com/landfall-ai/landfall/kit/outbound"
	"github.com/landfall-ai/landfall/kit/store"
)

// Migrations holds the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Faults of webhooks.
var (
	ErrUnknown = fault.Def{Kind: fault.NotFound, Code: "webhook.unknown",
		En: "there is no webhook {id}", Zh: "没有 webhook {id}",
		HintEn: "see them all with: landfall webhooks list", HintZh: "查看全部：landfall webhooks list"}
	ErrURL = fault.Def{Kind: fault.Invalid, Code: "webhook.url",
		En: "{url} is no address for a webhook", Zh: "{url} 不能作为 webhook 地址",
		HintEn: "write https://HOST/PATH, without user or fragment", HintZh: "写法：https://主机/路径，不含用户名和片段"}
	ErrPrivate = fault.Def{Kind: fault.Denied, Code: "webhook.private_address",
		En: "{address} is not sent to: it is not a public address", Zh: "拒绝发送到 {address}：不是公共地址",
		HintEn: "for a receiver inside your network, start the server with --allow-webhook ORIGIN", HintZh: "接收方在内网时，请以 --allow-webhook 来源 启动服务"}
	ErrScheme = fault.Def{Kind: fault.Denied, Code: "webhook.scheme",
		En: "{url} is not sent to: it is not https", Zh: "拒绝发送到 {url}：不是 https"}
	ErrRedirect = fault.Def{Kind: fault.Denied, Code: "webhook.redirect",
		En: "{url} sends requests on; a delivery follows nowhere", Zh: "{url} 要求重定向；投递不会跟随"}
	ErrMany = fault.Def{Kind: fault.Conflict, Code: "webhook.too_many",
		En: "there are {limit} webhooks already", Zh: "webhook 已达上限 {limit} 个", HintEn: "remove one first", HintZh: "请先移除一个"}
)

// The bounds of webhooks.
const (
	most     = 50
	attempts = 10 // over about nine hours
	timeout  = 15 * time.Second
	keep     = 30 * 24 * time.Hour
	// Queue is the queue of deliveries, so that a slow receiver keeps nothing
	// else waiting.
	Queue = "webhooks"
)

// The states of a delivery.
const (
	Waiting   = "waiting"
	Delivered = "delivered"
	Failed    = "failed"
)

// Webhook is where events are told.
type Webhook struct {
	ID      string
	URL     string
	Types   []loop.Type // none is all
	Paused  bool
	Actor   string
	Created time.Time
}

// Delivery is one event told to one webhook.
type Delivery struct {
	ID        string
	WebhookID string
	EventID   string
	EventType string
	State     string
	Status    int    // of the last answer; 0 if there was none
	Attempts  int    // so far
	Problem   string // of the last attempt, as a code or a status
	Created   time.Time
	Updated   time.Time
}

type row struct {
	bun.BaseModel `bun:"table:webhooks"`

	ID        string `bun:"id,pk"`
	URL       string `bun:"url"`
	Types     string
	Paused    int64
	Actor     string
	CreatedAt int64
}

func (r row) webhook() (Webhook, error) {
	w := Webhook{ID: r.ID, URL: r.URL, Paused: r.Paused != 0, Actor: r.Actor, Created: store.FromMicros(r.CreatedAt)}
	if err := json.Unmarshal([]byte(r.Types), &w.Types); err != nil {
		return w, fmt.Errorf("decode webhook %s: %w", r.ID, err)
	}
	return w, nil
}

type deliveryRow struct {
	bun.BaseModel `bun:"table:webhook_deliveries"`

	ID        string `bun:"id,pk"`
	WebhookID string
	EventID   string
	EventType string
	Body      string
	State     string
	Status    int64
	Attempts  int64
	Problem   string
	CreatedAt int64
	UpdatedAt int64
}

func (r deliveryRow) delivery() Delivery {
	return Delivery{ID: r.ID, WebhookID: r.WebhookID, EventID: r.EventID, EventType: r.EventType, State: r.State, Status: int(r.Status),
		Attempts: int(r.Attempts), Problem: r.Problem, Created: store.FromMicros(r.CreatedAt), Updated: store.FromMicros(r.UpdatedAt)}
}

// Deps is what a Service needs.
type Deps struct {
	DB     *store.DB
	Jobs   *jobs.Runner
	NewID  func(prefix string) string
	Now    func() time.Time
	Source string // of the events: a URI reference that names the home
	Master []byte // key that secrets are derived from
	// Allowed are origins (scheme://host:port) that may lie inside a private
	// network, by the word of whoever started the server.
	Allowed []string
}

// Service keeps webhooks and delivers to them.
type Service struct{ Deps }

// New returns a Service whose deliveries are jobs of d.Jobs.
func New(d Deps) *Service {
	s := &Service{d}
	jobs.Handle(d.Jobs, s.deliver)
	return s
}

type delivering struct {
	Delivery string `json:"delivery"`
}

func (delivering) Kind() string { return "webhook" }

// Handler tells every webhook that wants it of an event.
func (s *Service) Handler() loop.Handler {
	return loop.Handler{Name: "webhook.tell", On: []loop.Type{loop.DatasetVersioned, loop.BindingChanged, loop.EvidenceAppended, loop.FailureObserved},
		Handle: func(ctx context.Context, tx bun.Tx, e loop.Event) error {
			hooks, err := s.list(ctx, tx)
			if err != nil || len(hooks) == 0 {
				return err
			}
			if _, err := tx.NewDelete().Model((*deliveryRow)(nil)).Where("updated_at < ?", store.Micros(s.Now().Add(-keep))).Exec(ctx); err != nil {
				return fmt.Errorf("forget old deliveries: %w", err)
			}
			for _, w := range hooks {
				if !w.Paused && (len(w.Types) == 0 || slices.Contains(w.Types, e.Type)) {
					if _, err := s.tell(ctx, tx, w, e); err != nil {
						return err
					}
				}
			}
			return nil
		}}
}

// tell records a delivery and its job.
func (s *Service) tell(ctx context.Context, tx bun.Tx, w Webhook, e loop.Event) (Delivery, error) {
	body, err := encode(s.Source, e)
	if err != nil {
		return Delivery{}, err
	}
	now := store.Micros(s.Now())
	r := deliveryRow{ID: s.NewID("msg"), WebhookID: w.ID, EventID: e.ID, EventType: string(e.Type), Body: string(body), State: Waiting, CreatedAt: now, UpdatedAt: now}
	if _, err := tx.NewInsert().Model(&r).Exec(ctx); err != nil {
		return Delivery{}, fmt.Errorf("record a delivery: %w", err)
	}
	return r.delivery(), s.Jobs.Insert(ctx, tx, delivering{r.ID}, jobs.Queue(Queue), jobs.Attempts(attempts))
}

// Test tells a webhook of an event that is none: its type is webhook.test.
func (s *Service) Test(ctx context.Context, id string) (d Delivery, err error) {
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		w, err := s.get(ctx, tx, id)
		if err != nil {
			return err
		}
		d, err = s.tell(ctx, tx, w, loop.Event{ID: s.NewID("evt"), Type: "webhook.test", Subject: w.ID, Actor: actor.From(ctx).ID, At: s.Now()})
		return err
	})
	return d, err
}

// Create adds a webhook and returns it with its secret, which is shown this
// once. It fails with ErrURL and ErrMany.
func (s *Service) Create(ctx context.Context, tx bun.Tx, address string, types []loop.Type) (Webhook, string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && !slices.Contains(s.Allowed, origin(u)) {
		return Webhook{}, "", ErrURL.With("url", address)
	}
	hooks, err := s.list(ctx, tx)
	if err != nil {
		return Webhook{}, "", err
	}
	if len(hooks) >= most {
		return Webhook{}, "", ErrMany.With("limit", most)
	}
	raw, err := json.Marshal(append([]loop.Type{}, types...))
	if err != nil {
		return Webhook{}, "", fmt.Errorf("encode a webhook: %w", err)
	}
	r := row{ID: s.NewID("hook"), URL: address, Types: string(raw), Actor: actor.From(ctx).ID, CreatedAt: store.Micros(s.Now())}
	if _, err := tx.NewInsert().Model(&r).Exec(ctx); err != nil {
		return Webhook{}, "", fmt.Errorf("save a webhook: %w", err)
	}
	w, err := r.webhook()
	return w, Written(Secret(s.Master, w.ID)), err
}

func origin(u *url.URL) string { return strings.ToLower(u.Scheme + "://" + u.Host) }

// Pause stops or resumes telling a webhook. It fails with ErrUnknown.
func (s *Service) Pause(ctx context.Context, tx bun.Tx, id string, paused bool) error {
	n := 0
	if paused {
		n = 1
	}
	res, err := tx.NewUpdate().Model((*row)(nil)).Set("paused = ?", n).Where("id = ?", id).Exec(ctx)
	return s.one(res, err, id)
}

// Remove forgets a webhook with its deliveries. It fails with ErrUnknown.
func (s *Service) Remove(ctx context.Context, tx bun.Tx, id string) error {
	if _, err := tx.NewDelete().Model((*deliveryRow)(nil)).Where("webhook_id = ?", id).Exec(ctx); err != nil {
		return fmt.Errorf("forget deliveries: %w", err)
	}
	res, err := tx.NewDelete().Model((*row)(nil)).Where("id = ?", id).Exec(ctx)
	return s.one(res, err, id)
}

func (s *Service) one(res interface{ RowsAffected() (int64, error) }, err error, id string) error {
	if err != nil {
		return fmt.Errorf("change webhook %s: %w", id, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return ErrUnknown.With("id", id).Because(err)
	}
	return nil
}

// Get returns a webhook. It fails with ErrUnknown.
func (s *Service) Get(ctx context.Context, id string) (Webhook, error) {
	return s.get(ctx, s.DB.Read(), id)
}

func (s *Service) get(ctx context.Context, db bun.IDB, id string) (Webhook, error) {
	var r row
	found, err := store.Found(db.NewSelect().Model(&r).Where("id = ?", id).Scan(ctx))
	if err != nil {
		return Webhook{}, fmt.Errorf("read webhook %s: %w", id, err)
	}
	if !found {
		return Webhook{}, ErrUnknown.With("id", id)
	}
	return r.webhook()
}

// List returns all webhooks, the oldest first.
func (s *Service) List(ctx context.Context) ([]Webhook, error) { return s.list(ctx, s.DB.Read()) }

func (s *Service) list(ctx context.Context, db bun.IDB) ([]Webhook, error) {
	var rows []row
	if err := db.NewSelect().Model(&rows).Order("id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	out := make([]Webhook, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.webhook(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Deliveries returns up to limit deliveries of a webhook before the one with
// the id before ("" for all), the newest first.
func (s *Service) Deliveries(ctx context.Context, webhook, before string, limit int) ([]Delivery, error) {
	var rows []deliveryRow
	q := s.DB.Read().NewSelect().Model(&rows).ExcludeColumn("body").Where("webhook_id = ?", webhook).Order("id DESC").Limit(int64(limit))
	if before != "" {
		q = q.Where("id < ?", before)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	out := make([]Delivery, len(rows))
	for i, r := range rows {
		out[i] = r.delivery()
	}
	return out, nil
}

// errRefused is an answer that is no success; the job repeats it.
var errRefused = errors.New("the receiver did not accept the event")

// deliver sends one event. An answer of 2xx ends it; whatever else happens is
// repeated with growing delays, unless repeating cannot help.
func (s *Service) deliver(ctx context.Context, job *jobs.Job[delivering]) error {
	var r deliveryRow
	found, err := store.Found(s.DB.Read().NewSelect().Model(&r).Where("id = ?", job.Args.Delivery).Scan(ctx))
	if err != nil {
		return fmt.Errorf("read a delivery: %w", err)
	}
	var w Webhook
	if found {
		w, err = s.Get(ctx, r.WebhookID)
	}
	if !found || errors.Is(err, ErrUnknown) || r.State == Delivered { // removed since, or done before a kill
		return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return job.Complete(ctx, tx) })
	}
	if err != nil {
		return err
	}
	status, sent := s.send(ctx, w, r)
	if ctx.Err() != nil {
		return ctx.Err() // stopped: it is told again at the next start
	}
	r.Status, r.Attempts, r.Problem, r.UpdatedAt = int64(status), r.Attempts+1, "", store.Micros(s.Now())
	switch f := fault.From(sent); {
	case sent == nil:
		r.State = Delivered
	case f.Kind == fault.Denied || f.Kind == fault.Invalid:
		r.State, r.Problem = Failed, f.Code
	case status != 0:
		r.Problem = "status " + strconv.Itoa(status)
	default:
		r.Problem = "no answer"
	}
	if sent != nil && job.Attempt >= attempts {
		r.State = Failed
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewUpdate().Model(&r).Column("status", "attempts", "problem", "state", "updated_at").WherePK().Exec(ctx); err != nil {
			return fmt.Errorf("record a delivery: %w", err)
		}
		if r.State == Waiting {
			return nil
		}
		return job.Complete(ctx, tx)
	})
	if err != nil || r.State != Waiting {
		return err
	}
	return errRefused
}

// send makes one attempt and returns the status of the answer, whose body is
// nobody's business.
func (s *Service) send(ctx context.Context, w Webhook, r deliveryRow) (int, error) {
	u, err := url.Parse(w.URL)
	if err != nil {
		return 0, ErrURL.With("url", w.URL)
	}
	client := outbound.Public(outbound.Refusals{Private: ErrPrivate, Scheme: ErrScheme, Redirects: ErrRedirect})
	if slices.Contains(s.Allowed, origin(u)) {
		if client, err = outbound.Origin(u, outbound.Options{AllowHTTP: true}); err != nil {
			return 0, err
		}
	}
	defer client.CloseIdleConnections()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader([]byte(r.Body)))
	if err != nil {
		return 0, ErrURL.With("url", w.URL).Because(err)
	}
	at := s.Now()
	req.Header.Set("Content-Type", "application/cloudevents+json; charset=utf-8")
	req.Header.Set("User-Agent", "Landfall")
	req.Header.Set(headerID, r.ID)
	req.Header.Set(headerTimestamp, strconv.FormatInt(at.Unix(), 10))
	req.Header.Set(headerSignature, Sign(Secret(s.Master, w.ID), r.ID, at, []byte(r.Body)))
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	// It has answered; how its body ends does not matter.
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10)
	if err := res.Body.Close(); err != nil {
		return res.StatusCode, err
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return res.StatusCode, errRefused
	}
	return res.StatusCode, nil
}
