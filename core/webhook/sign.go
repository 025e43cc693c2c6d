package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/landfall-ai/landfall/core/loop"
)

// The headers of Standard Webhooks (standardwebhooks.com, specification 1.0).
const (
	headerID        = "webhook-id"
	headerTimestamp = "webhook-timestamp"
	headerSignature = "webhook-signature"
)

// Secret is what a webhook's receiver checks signatures with. It is derived
// from a key in the home's folder of keys, so that nothing of it is stored.
func Secret(master []byte, webhook string) []byte {
	m := hmac.New(sha256.New, master)
	m.Write([]byte("landfall webhook v1\n" + webhook)) // a hash never fails to write
	return m.Sum(nil)
}

// Written is a secret in the form of Standard Webhooks: whsec_ and base64.
func Written(secret []byte) string { return "whsec_" + base64.StdEncoding.EncodeToString(secret) }

// Sign returns the signature of a message: v1, and the base64 of HMAC-SHA256
// over "ID.TIMESTAMP.BODY" (Standard Webhooks, symmetric).
func Sign(secret []byte, id string, at time.Time, body []byte) string {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
	m.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// cloudEvent is an event as CloudEvents 1.0 has it in JSON.
type cloudEvent struct {
	SpecVersion     string    `json:"specversion"`
	ID              string    `json:"id"`
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	Subject         string    `json:"subject,omitempty"`
	Time            time.Time `json:"time"`
	DataContentType string    `json:"datacontenttype"`
	Data            eventData `json:"data"`
}

type eventData struct {
	Scenario string `json:"scenario"`
	Subject  string `json:"subject"`
	Actor    string `json:"actor"`
}

// typePrefix is put before the loop's own names of events.
const typePrefix = "dev.landfall."

// encode writes an event. It names things and holds nothing of their content,
// so that who receives it still has to be allowed to look.
func encode(source string, e loop.Event) ([]byte, error) {
	raw, err := json.Marshal(cloudEvent{SpecVersion: "1.0", ID: e.ID, Source: source, Type: typePrefix + string(e.Type), Subject: e.Scenario,
		Time: e.At.UTC(), DataContentType: "application/json", Data: eventData{e.Scenario, e.Subject, e.Actor}})
	if err != nil {
		return nil, fmt.Errorf("write event %s: %w", e.ID, err)
	}
	return raw, nil
}
