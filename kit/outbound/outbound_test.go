package outbound_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/outbound"
)

func parse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestOriginIsEncryptedOrLocal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		base  string
		allow bool
		want  bool
	}{
		{"https://api.example.com/v1", false, true},
		{"http://127.0.0.1:8000/v1", false, true},
		{"http://localhost:8000", false, true},
		{"http://[::1]:8000", false, true},
		{"http://[::ffff:127.0.0.1]:8000", false, true},
		{"http://10.0.0.5:8000", false, false},
		{"http://10.0.0.5:8000", true, true},
		{"http://localhost.example.com", false, false},
		{"http://models.internal", false, false},
		{"ftp://localhost", true, false},
		{"file:///etc", true, false},
	} {
		_, err := outbound.Origin(parse(t, c.base), outbound.Options{AllowHTTP: c.allow})
		if (err == nil) != c.want || err != nil && !errors.Is(err, outbound.ErrInsecure) {
			t.Errorf("%s, allowed %v: %v", c.base, c.allow, err)
		}
	}
}

func TestOriginStays(t *testing.T) {
	t.Parallel()
	reached := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	t.Cleanup(other.Close)
	mux := http.NewServeMux()
	for path, to := range map[string]struct {
		url    string
		status int
	}{
		"/away":    {other.URL, http.StatusTemporaryRedirect},
		"/get":     {"/end", http.StatusFound}, // would make the POST a GET
		"/inside":  {"/end", http.StatusPermanentRedirect},
		"/forever": {"/forever", http.StatusTemporaryRedirect},
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to.url, to.status) })
	}
	mux.HandleFunc("/end", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.Method)) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	client, err := outbound.Origin(parse(t, server.URL), outbound.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	for path, refused := range map[string]bool{"/away": true, "/get": true, "/inside": false, "/forever": true} {
		res, err := client.Post(server.URL+path, "text/plain", strings.NewReader("secret"))
		if refused != errors.Is(err, outbound.ErrElsewhere) {
			t.Errorf("%s: %v", path, err)
		}
		if err == nil {
			_ = res.Body.Close()
		}
	}
	if reached {
		t.Error("the request went to another origin")
	}
}

func TestPublic(t *testing.T) {
	t.Parallel()
	for a, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true, "127.0.0.1": false, "10.1.2.3": false, "169.254.169.254": false,
		"100.64.0.1": false, "0.0.0.0": false, "::1": false, "::ffff:10.0.0.1": false, "64:ff9b::a00:1": false, "fd00::1": false,
	} {
		if got := outbound.IsPublic(netip.MustParseAddr(a)); got != want {
			t.Errorf("%s: %v", a, got)
		}
	}
	private := fault.Def{Kind: fault.Denied, Code: "test.private"}
	client := outbound.Public(outbound.Refusals{Private: private})
	if _, err := client.Get("https://127.0.0.1:1/"); !errors.Is(err, private) {
		t.Errorf("a private address: %v", err)
	}
}

func TestDialReachesOnlyLoopback(t *testing.T) {
	t.Parallel()
	for _, a := range []string{"10.0.0.1:80", "example.com:80", "localhost:80", "nonsense"} {
		if c, err := outbound.Dial(t.Context(), "tcp", a); err == nil {
			_ = c.Close()
			t.Errorf("%s was dialled", a)
		}
	}
}

// A cloud's metadata service is not reached, whatever name leads there.
func TestOriginLinkLocal(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"https://169.254.169.254", "https://[::ffff:169.254.169.254]", "https://[fe80::1]"} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		c, err := outbound.Origin(u, outbound.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if res, err := c.Get(address); !errors.Is(err, outbound.ErrLinkLocal) {
			t.Errorf("%s: %v %v", address, res, err)
		}
	}
}
