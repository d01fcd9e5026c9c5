package serve

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// route is one row of the table of addresses.
type route struct {
	method, path string // a path may end with {id}
	open         bool   // answered without a key
	answer       func(*reply, *http.Request) error
	about        operation
}

// serves reports whether a path is this route's.
func (e *route) serves(path string) bool {
	if folder, ok := strings.CutSuffix(e.path, "{id}"); ok {
		return strings.HasPrefix(path, folder)
	}
	return path == e.path
}

//go:embed pages/style.css
var style []byte

//go:embed pages/page.js
var script []byte

//go:embed pages/icon.svg
var icon []byte

// table lists all addresses; nothing else is answered.
func (s *Server) table() ([]*route, error) {
	routes := []*route{
		{"POST", "/v1/score", false, s.score, scoreOperation},
		{"GET", "/v1/model", false, s.describe, modelOperation},
		{"GET", "/", false, s.queue, queueOperation},
		{"GET", "/leads.csv", false, s.export, exportOperation},
		{"GET", "/leads/{id}", false, s.lead, leadOperation},
		{"GET", "/model", false, s.cardPage, operation{id: "card", summary: "What the model is and how well it forecasts, to read", media: "text/html"}},
		{"GET", "/docs", false, nil, operation{id: "docs", summary: "This description, to read", media: "text/html"}},
		{"GET", "/openapi.json", false, nil, operation{id: "openapi", summary: "This description as OpenAPI 3.1"}},
		{"GET", "/metrics", false, s.metrics.serve, operation{id: "metrics", summary: "Counts and times in the Prometheus format", media: "text/plain"}},
		{"GET", "/healthz", true, s.healthy, operation{id: "healthz", summary: "200 while the process lives", media: "text/plain"}},
		{"GET", "/readyz", true, s.ready, operation{id: "readyz", summary: "200 while requests are taken, 503 while shutting down", media: "text/plain"}},
		{"GET", "/style.css", true, fixed("text/css; charset=utf-8", style), operation{}},
		{"GET", "/page.js", true, fixed("text/javascript; charset=utf-8", script), operation{}},
		{"GET", "/icon.svg", true, fixed("image/svg+xml", icon), operation{}},
	}
	api := describeRoutes(routes, &s.limits)
	document, err := json.MarshalIndent(api, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("serve: the OpenAPI document: %w", err)
	}
	docs, err := docsPage(api)
	if err != nil {
		return nil, fmt.Errorf("serve: the docs page: %w", err)
	}
	for _, r := range routes {
		switch r.path {
		case "/openapi.json":
			r.answer = fixed("application/json", document)
		case "/docs":
			r.answer = fixed("text/html; charset=utf-8", docs)
		}
	}
	return routes, nil
}

// fixed answers always the same.
func fixed(contentType string, body []byte) func(*reply, *http.Request) error {
	return func(w *reply, r *http.Request) error {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.Write(body)
		return nil
	}
}

func (s *Server) healthy(w *reply, r *http.Request) error {
	return fixed("text/plain; charset=utf-8", []byte("ok\n"))(w, r)
}

func (s *Server) ready(w *reply, r *http.Request) error {
	if s.leaving.Load() {
		return draining.problem("")
	}
	return fixed("text/plain; charset=utf-8", []byte("ready\n"))(w, r)
}

// describe answers GET /v1/model.
func (s *Server) describe(w *reply, r *http.Request) error {
	m := &s.manifest
	d := model{ID: s.model.ID(), Recipe: m.Recipe, Timed: m.Timed, Losses: m.Losses, HorizonDays: m.MainHorizon, Horizons: m.Horizons,
		AsOf: m.AsOf, Leads: m.Leads, Wins: m.Wins, Lost: m.LostLeads, Roles: m.Schema.Roles, Grades: m.Grades, Promise: m.Promise,
		Judged: m.Judged, Withheld: m.Withheld, Columns: make([]column, len(m.Schema.Fields))}
	for i, f := range m.Schema.Fields {
		d.Columns[i] = column{f.Name, f.Kind.String()}
	}
	body, err := json.Marshal(&d)
	if err != nil {
		return err
	}
	return fixed("application/json", append(body, '\n'))(w, r)
}

// reply is the answer to one request while it is written, and what the log
// and the metrics say about it.
type reply struct {
	http.ResponseWriter
	id            string
	status, bytes int
	leads, failed int
}

func (w *reply) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *reply) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += n
	return n, err
}

// The headers of every answer, made once.
var (
	nosniff  = []string{"nosniff"}
	referrer = []string{"no-referrer"}
	noStore  = []string{"no-store"}
	sameSite = []string{"same-origin"}
	policy   = []string{"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"}
)

// handle answers one request: headers, access, route, and whatever goes wrong.
func (s *Server) handle(rw http.ResponseWriter, r *http.Request) {
	start := s.now()
	w := &reply{ResponseWriter: rw, id: s.requestID(r)}
	h := rw.Header()
	h["X-Request-Id"] = []string{w.id}
	h["X-Content-Type-Options"] = nosniff
	h["Referrer-Policy"] = referrer
	h["Cache-Control"] = noStore
	h["Cross-Origin-Resource-Policy"] = sameSite
	h["Content-Security-Policy"] = policy
	if s.leaving.Load() {
		h.Set("Connection", "close")
	}
	route, err := s.find(w, r)
	path := "other"
	if route != nil {
		path = route.path
	}
	defer s.done(w, r, path, start)
	defer func() {
		if v := recover(); v != nil {
			s.panicked(w, path, v)
		}
	}()
	if err == nil {
		err = s.admit(route, r)
	}
	if err == nil {
		err = route.answer(w, r)
	}
	if err != nil {
		s.fail(w, r, err)
	}
}

// admit checks that the sender may have an answer from the route.
func (s *Server) admit(route *route, r *http.Request) error {
	switch {
	case route.open:
		return nil
	case !s.hostAllowed(r):
		return misdirected.problem("without keys only localhost and 127.0.0.1 are answered; start the server with --api-key-file to serve other names")
	case !s.allowed(r):
		return unauthorized.problem("send the header Authorization: Bearer <key>")
	case s.protection.Check(r) != nil:
		return crossOrigin.problem("this request was sent by another site's page")
	}
	return nil
}

// fail answers with the problem that err is; any other error is ours.
func (s *Server) fail(w *reply, r *http.Request, err error) {
	p, ok := err.(*problem)
	if !ok {
		if r.Context().Err() != nil { // nobody is there to read an answer
			w.status = 499
			return
		}
		s.log.Error("request failed", "id", w.id, "error", err.Error())
		p = internal.problem("")
	}
	if w.status == 0 {
		p.refuse(w)
	}
}

// panicked answers a request in which we broke. The log names the place, never
// the value: it may hold somebody's data.
func (s *Server) panicked(w *reply, path string, v any) {
	if v == http.ErrAbortHandler {
		panic(v)
	}
	s.metrics.panics.Inc()
	what := fmt.Sprintf("%T", v)
	if e, ok := v.(runtime.Error); ok {
		what = e.Error()
	}
	s.log.Error("panic", "id", w.id, "route", path, "what", what, "stack", string(debug.Stack()))
	if w.status != 0 {
		panic(http.ErrAbortHandler) // half an answer must not look whole
	}
	w.Header().Del("Content-Length")
	internal.problem("").refuse(w)
}

// done counts and logs a request.
func (s *Server) done(w *reply, r *http.Request, path string, start time.Time) {
	took := s.now().Sub(start)
	status := w.status
	if status == 0 {
		status = http.StatusOK // what net/http sends for a handler that wrote nothing
	}
	s.metrics.requests.WithLabelValues(path, strconv.Itoa(status)).Inc()
	s.metrics.seconds.WithLabelValues(path).Observe(took.Seconds())
	if !s.log.Enabled(context.Background(), slog.LevelInfo) {
		return
	}
	s.log.LogAttrs(context.Background(), slog.LevelInfo, "request", slog.String("id", w.id), slog.String("route", path), slog.Int("status", status),
		slog.Duration("took", took), slog.Int("bytes", w.bytes), slog.Int("leads", w.leads), slog.Int("lead_errors", w.failed))
}

// requestID takes the sender's id where it is harmless, else counts.
func (s *Server) requestID(r *http.Request) string {
	id := r.Header.Get("X-Request-Id")
	ok := id != "" && len(id) <= 64
	for i := range len(id) {
		c := id[i]
		ok = ok && (c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '-' || c == '_' || c == '.')
	}
	if ok {
		return id
	}
	return s.run + strconv.FormatInt(s.count.Add(1), 36)
}
