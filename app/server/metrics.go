package server

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/landfall-ai/landfall/app"
	"github.com/landfall-ai/landfall/kit/auth"
	"github.com/landfall-ai/landfall/kit/rest"
)

// metrics is what the server says of itself to Prometheus.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
}

func newMetrics(a *app.App) *metrics {
	m := &metrics{registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "landfall_http_request_duration_seconds",
			Help:    "Time to answer requests, by surface (api, console, health), method and status. Streams count until their end.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60}}, []string{"surface", "method", "status"})}
	m.registry.MustRegister(m.requests, state{a}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// observe counts a request; what it takes from it has few values.
func (m *metrics) observe(r *http.Request, status int, d time.Duration) {
	surface := "console"
	switch {
	case strings.HasPrefix(r.URL.Path, "/api/"):
		surface = "api"
	case r.URL.Path == "/livez", r.URL.Path == "/readyz", r.URL.Path == "/metrics":
		surface = "health"
	}
	method := r.Method
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		method = "other" // anybody may send any word
	}
	m.requests.WithLabelValues(surface, method, strconv.Itoa(status)).Observe(d.Seconds())
}

// handler shows the metrics to whoever may read everything: an auditor's token
// will do. They tell how much is done, by nobody's name.
func (m *metrics) handler() http.Handler {
	show := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Timeout: 10 * time.Second})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch p := auth.From(r.Context()); {
		case p.Nobody():
			rest.Fail(w, r, rest.ErrSignIn.With())
		case auth.Decide(p, "", auth.Read, auth.Read) != auth.Allowed:
			rest.Fail(w, r, rest.ErrDenied.With("right", auth.Read.In("en")))
		default:
			show.ServeHTTP(w, r)
		}
	})
}

// state reads what there is when it is asked.
type state struct{ app *app.App }

var (
	runsDesc = prometheus.NewDesc("landfall_runs", "Runs by state.", []string{"state"}, nil)
	jobsDesc = prometheus.NewDesc("landfall_jobs", "Jobs by kind and state that have not ended.", []string{"kind", "state"}, nil)
	rowsDesc = prometheus.NewDesc("landfall_records", "Records by what they are.", []string{"of"}, nil)
	upDesc   = prometheus.NewDesc("landfall_store_up", "Whether the database answered.", nil, nil)
)

// Describe implements prometheus.Collector.
func (s state) Describe(c chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{runsDesc, jobsDesc, rowsDesc, upDesc} {
		c <- d
	}
}

// Collect implements prometheus.Collector.
func (s state) Collect(c chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	n, err := s.app.Counts(ctx)
	up := 1.0
	if err != nil {
		up = 0
	}
	c <- prometheus.MustNewConstMetric(upDesc, prometheus.GaugeValue, up)
	for _, x := range n {
		switch x.Of {
		case "run":
			c <- prometheus.MustNewConstMetric(runsDesc, prometheus.GaugeValue, float64(x.N), x.State)
		case "job":
			c <- prometheus.MustNewConstMetric(jobsDesc, prometheus.GaugeValue, float64(x.N), x.Kind, x.State)
		default:
			c <- prometheus.MustNewConstMetric(rowsDesc, prometheus.GaugeValue, float64(x.N), x.Of)
		}
	}
}
