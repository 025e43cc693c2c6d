package server_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/core/webhook"
)

// The example of the specification of Standard Webhooks, as its reference
// libraries test it (standard-webhooks/libraries).
func TestWebhookSignatureIsStandard(t *testing.T) {
	t.Parallel()
	secret, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := webhook.Sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("signed %s", got)
	}
}

// Events reach a receiver signed, are repeated until they are accepted, and a
// private address is refused unless whoever started the server allowed it.
func TestWebhooks(t *testing.T) {
	t.Parallel()
	type received struct {
		header http.Header
		body   []byte
	}
	got, refuse := make(chan received, 100), make(chan bool, 1)
	refuse <- true // once
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-refuse:
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		default:
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- received{r.Header, body}
	}))
	defer receiver.Close()
	a, err := app.Open(t.Context(), app.Config{Home: t.TempDir(), Version: "test", Log: slog.New(slog.DiscardHandler), Webhooks: []string{receiver.URL, "https://127.0.0.1:1"}})
	if err != nil {
		t.Fatal(err)
	}
	s := serving(t, a)
	if r := s.call(request{as: "a", method: "GET", path: "/api/v1/webhooks"}); r.status != 403 {
		t.Errorf("a member lists webhooks: %d", r.status)
	}
	create := func(url string) reply {
		return s.call(request{as: "all", method: "POST", path: "/api/v1/webhooks", kind: "application/json", body: must(t, map[string]any{"url": url, "types": []string{"binding.changed"}})})
	}
	for _, bad := range []string{"http://10.0.0.1/", "ftp://x/", "https://user@x.example/", "x"} {
		if r := create(bad); r.status != 422 || r.p.Code != "webhook.url" {
			t.Errorf("%s: %d %s", bad, r.status, r.body)
		}
	}
	var hook, private webhook.View
	create(receiver.URL+"/hook?x=1").decode(t, &hook)
	create("https://169.254.169.254/latest").decode(t, &private)
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(hook.Secret, "whsec_"))
	if err != nil || len(secret) != 32 {
		t.Fatalf("secret %q", hook.Secret)
	}
	if r := s.call(request{as: "all", method: "GET", path: "/api/v1/webhooks"}); strings.Contains(string(r.body), "whsec_") {
		t.Errorf("the secret is shown again: %s", r.body)
	}
	s.create("all", "team_a", desk())
	var r received
	select {
	case r = <-got:
	case <-t.Context().Done():
		t.Fatal("nothing was sent")
	}
	at, err := strconv.ParseInt(r.header.Get("webhook-timestamp"), 10, 64)
	if err != nil || r.header.Get("webhook-signature") != webhook.Sign(secret, r.header.Get("webhook-id"), time.Unix(at, 0), r.body) {
		t.Errorf("signature %q of %s", r.header.Get("webhook-signature"), r.body)
	}
	var e struct {
		SpecVersion, ID, Source, Type, Subject string
		Data                                   struct{ Scenario string }
	}
	if err := json.Unmarshal(r.body, &e); err != nil || e.SpecVersion != "1.0" || e.Type != "dev.landfall.binding.changed" || e.ID == "" || !strings.HasPrefix(e.Source, "/landfall/home_") || e.Data.Scenario != e.Subject {
		t.Errorf("event %s: %v", r.body, err)
	}
	if strings.Contains(string(r.body), "about the card") || strings.Contains(string(r.body), "Desk") {
		t.Errorf("the event holds content: %s", r.body)
	}
	settle, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := a.Jobs.WaitIdle(settle); err != nil && !strings.Contains(err.Error(), "webhook") {
		t.Fatal(err)
	}
	var list struct{ Items []webhook.DeliveryView }
	s.call(request{as: "all", method: "GET", path: "/api/v1/webhooks/" + hook.ID + "/deliveries"}).decode(t, &list)
	if len(list.Items) != 1 || list.Items[0].State != "delivered" || list.Items[0].Attempts != 2 {
		t.Errorf("deliveries: %+v", list.Items)
	}
	s.call(request{as: "all", method: "GET", path: "/api/v1/webhooks/" + private.ID + "/deliveries"}).decode(t, &list)
	if len(list.Items) != 1 || list.Items[0].State != "failed" || list.Items[0].Problem != "webhook.private_address" || list.Items[0].Attempts != 1 {
		t.Errorf("to a private address: %+v", list.Items)
	}
}
