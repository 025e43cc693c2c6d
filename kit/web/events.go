package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Beat is how often a stream of events says that it lives.
const Beat = 15 * time.Second

// Events writes server-sent events (WHATWG HTML, 9.2).
type Events struct {
	w http.ResponseWriter
	c *http.ResponseController
}

// NewEvents begins a stream: the deadlines of the connection are the stream's
// own from now on.
func NewEvents(w http.ResponseWriter) (*Events, error) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // proxies would hold events back
	c := http.NewResponseController(w)
	// A deadline for reading would end the request while nobody has anything
	// to send. A writer without deadlines is not a connection.
	if err := c.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, fmt.Errorf("begin a stream: %w", err)
	}
	w.WriteHeader(http.StatusOK)
	return &Events{w, c}, nil
}

// Send writes one event with data as JSON. A client that comes back names the
// last id that it has seen in Last-Event-ID.
func (e *Events) Send(id, name string, data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("write an event: %w", err)
	}
	return e.write(fmt.Sprintf("id: %s\nevent: %s\ndata: %s\n\n", id, name, raw))
}

// Alive writes a comment, so that whatever stands between keeps the connection.
func (e *Events) Alive() error { return e.write(": alive\n\n") }

func (e *Events) write(s string) error {
	if err := e.c.SetWriteDeadline(time.Now().Add(2 * Beat)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("write an event: %w", err)
	}
	if _, err := e.w.Write([]byte(s)); err != nil {
		return fmt.Errorf("write an event: %w", err)
	}
	return e.c.Flush()
}
