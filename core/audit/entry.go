package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/landfall-ai/landfall/core/actor"
	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/store"
)

// Entry is one line of the audit log.
type Entry struct {
	ID    string      `json:"id"`
	At    time.Time   `json:"at"` // UTC, in microseconds
	Actor actor.Actor `json:"actor"`
	// Operation is the id of the operation: "change-role".
	Operation string `json:"operation"`
	// On holds the ids in the operation's path by the names of their parameters.
	On map[string]string `json:"on"`
	// Changes are the things that were changed, in the order in which it was
	// noted.
	Changes []Changed `json:"changes"`
	Origin  Origin    `json:"origin"`
}

// Changed is what became of one thing. A digest is the SHA-256 of the thing in
// canonical form, without its secrets, in hex; it is empty before the thing was
// made and after it was removed, and where nobody noted it.
type Changed struct {
	Thing  string `json:"thing"` // "user", "team", "waiver", …
	ID     string `json:"id"`
	Before string `json:"before"`
	After  string `json:"after"`
	// Why is what the actor gave as a reason, if it was asked for one.
	Why string `json:"why,omitempty"`
}

// Origin is where a request came from.
type Origin struct {
	// Address is the client's, without a port; "local" on this machine.
	Address string `json:"address"`
	// With names the session or token that spoke for the actor; empty for
	// neither.
	With    string `json:"with,omitempty"`
	Request string `json:"request,omitempty"` // the id of the request
}

// things returns the ids of all that e is about, each once, sorted.
func (e Entry) things() []string {
	var ids []string
	for _, id := range e.On {
		ids = append(ids, id)
	}
	for _, c := range e.Changes {
		ids = append(ids, c.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// columns stand beside an entry so that it can be found.
type columns struct {
	id, actor, operation string
	at                   int64
}

func (e Entry) columns() columns {
	return columns{id: e.ID, actor: e.Actor.ID, operation: e.Operation, at: store.Micros(e.At)}
}

// decode reads the bytes of an entry. They must be as encode writes them, so
// that no two byte strings mean the same.
func decode(b []byte) (Entry, error) {
	var e Entry
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil {
		return e, fmt.Errorf("read entry: %w", err)
	}
	again, err := evidence.Canonical(e)
	if err != nil {
		return e, fmt.Errorf("read entry: %w", err)
	}
	if !bytes.Equal(again, b) {
		return e, fmt.Errorf("entry %s is not in canonical form", e.ID)
	}
	return e, nil
}
