package serve

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are the server's counts. All labels come from closed sets: routes of
// the table, status codes, kinds of warning.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	leads    prometheus.Counter
	failed   prometheus.Counter
	warnings *prometheus.CounterVec
	panics   prometheus.Counter
}

func newMetrics(s *Server) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "leadcast_http_requests_total", Help: "Requests answered."}, []string{"route", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "leadcast_http_request_duration_seconds", Help: "Time to answer a request.",
			Buckets: []float64{.00025, .0005, .001, .002, .004, .008, .016, .032, .064, .125, .25, .5, 1, 2, 4, 8, 16}}, []string{"route"}),
		leads:    prometheus.NewCounter(prometheus.CounterOpts{Name: "leadcast_leads_scored_total", Help: "Leads scored through the API."}),
		failed:   prometheus.NewCounter(prometheus.CounterOpts{Name: "leadcast_lead_errors_total", Help: "Leads that could not be scored."}),
		warnings: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "leadcast_lead_warnings_total", Help: "Warnings given with scores; kind unseen_category over leads scored is the rate of unseen categories."}, []string{"kind"}),
		panics:   prometheus.NewCounter(prometheus.CounterOpts{Name: "leadcast_panics_total", Help: "Faults of ours that a request ran into."}),
	}
	for _, w := range append(warningKinds[:len(warningKinds):len(warningKinds)], warningKind{name: "other"}) {
		m.warnings.WithLabelValues(w.name)
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{Name: "leadcast_model_info", Help: "The model that is served.", ConstLabels: prometheus.Labels{
		"id": s.model.ID(), "recipe": s.manifest.Recipe, "as_of": s.manifest.AsOf, "main_horizon_days": strconv.Itoa(s.manifest.MainHorizon)}})
	info.Set(1)
	m.registry.MustRegister(m.requests, m.seconds, m.leads, m.failed, m.warnings, m.panics, info,
		gauge("leadcast_scoring_waiting", "Requests waiting to be scored.", func() float64 { return float64(s.gate.waiting.Load()) }),
		gauge("leadcast_scoring_running", "Requests being scored.", func() float64 { return float64(len(s.gate.slots)) }),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func gauge(name, help string, value func() float64) prometheus.GaugeFunc {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
}

// scored counts an answer.
func (m *metrics) scored(a *answer) {
	m.leads.Add(float64(len(a.scores) - a.failed))
	m.failed.Add(float64(a.failed))
	for i := range a.scores {
		for _, w := range a.scores[i].Warnings {
			m.warnings.WithLabelValues(kindOfWarning(w)).Inc()
		}
	}
}

// warningKind is a kind of warning and the words by which it is known.
type warningKind struct {
	name  string
	words []string
}

var warningKinds = []warningKind{
	{"unknown_field", []string{"unknown field", "more unknown fields"}},
	{"events", []string{"events are not used"}},
	{"missing", []string{"not given, taken as missing", "is not given"}},
	{"unseen_category", []string{"unknown or rare in training", "not seen in training"}},
	{"out_of_range", []string{"outside those seen"}},
	{"unreadable", []string{"cannot be read", "is not a date"}},
	{"no_creation", []string{"taken as created"}},
	{"too_old", []string{"that training saw"}},
	{"unsupported", []string{"the data support"}},
	{"no_amount", []string{"mean of won leads"}},
}

// kindOfWarning sorts a warning into the closed set that metrics may show.
func kindOfWarning(warning string) string {
	for _, k := range warningKinds {
		for _, w := range k.words {
			if strings.Contains(warning, w) {
				return k.name
			}
		}
	}
	return "other"
}

func (m *metrics) serve(w *reply, r *http.Request) error {
	promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
	return nil
}
