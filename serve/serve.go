// Package serve answers for a trained bundle over HTTP: scores as JSON, pages
// of the open leads and of the model, and what an operator needs to watch it.
//
// It trusts nothing that comes in: bodies are read strictly and within limits,
// every failure is a problem of one table, and no value of a lead is logged or
// counted. It makes no connection of its own.
package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/train/bundle"
)

// Forecaster turns raw leads into scores; *bundle.Bundle is one. It must allow
// concurrent calls.
type Forecaster interface {
	// ID names the model in every answer.
	ID() string
	// Read types raw leads; asOf (microseconds since 1970 UTC) is the moment of
	// leads without one of their own. Mistakes in the data are a *datasets.Error.
	Read(raw *datasets.Table, asOf int64) (features.Snapshot, error)
	// Score forecasts every lead, in order, with up to reasons reasons each.
	Score(ctx context.Context, s features.Snapshot, reasons int) ([]bundle.Score, error)
	// Intervals sets the interval of each score; the error is bundle.ErrNoSpread
	// where there are none.
	Intervals(ctx context.Context, s features.Snapshot, scores []bundle.Score) error
}

// Limits bound what one request, and all of them together, may take. A zero
// stands for the default given.
type Limits struct {
	HeaderBytes int // of a request's headers, 16 KiB
	BodyBytes   int // of a body, 16 MiB
	LeadBytes   int // of a body with a single lead, 1 MiB
	HeldBytes   int // of all bodies being read or scored, 256 MiB
	Leads       int // in a request, 1000
	Connections int // open at once, 1024
	Scoring     int // requests scored at once, one a processor
	Waiting     int // requests waiting to be scored before others are sent away, 256

	ReadHeader, Read, Write, Idle time.Duration // of a connection: 5 s, 15 s, 30 s, 60 s
	Notice                        time.Duration // how long a server that shuts down still takes connections, 200 ms
	Drain                         time.Duration // how long requests in flight may then take, 10 s
}

// withDefaults fills what is zero.
func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		at *int
		n  int
	}{{&l.HeaderBytes, 16 << 10}, {&l.BodyBytes, 16 << 20}, {&l.LeadBytes, 1 << 20}, {&l.HeldBytes, 256 << 20}, {&l.Leads, 1000},
		{&l.Connections, 1024}, {&l.Scoring, runtime.GOMAXPROCS(0)}, {&l.Waiting, 256}} {
		if *d.at <= 0 {
			*d.at = d.n
		}
	}
	for _, d := range []struct {
		at *time.Duration
		n  time.Duration
	}{{&l.ReadHeader, 5 * time.Second}, {&l.Read, 15 * time.Second}, {&l.Write, 30 * time.Second}, {&l.Idle, time.Minute},
		{&l.Notice, 200 * time.Millisecond}, {&l.Drain, 10 * time.Second}} {
		if *d.at <= 0 {
			*d.at = d.n
		}
	}
	return l
}

// Options say what to serve.
type Options struct {
	Model     Forecaster
	Manifest  bundle.Manifest
	Leads     *datasets.Table  // raw open leads for the page; nil: the page explains the API
	LeadsAsOf int64            // their as-of, in microseconds since 1970 UTC; 0: now
	Now       func() time.Time // the clock; needed
	Keys      []KeyHash        // none: no key is asked for, and only this machine is answered
	Limits    Limits
	Log       *slog.Logger // nil: no log

	// For the pages only, all of an opened bundle; they say less without.
	Report  []byte            // of its training
	Reach   bundle.Reach      // how far its data let forecasts look
	Outputs []features.Output // what it reads
}

// Server serves one model.
type Server struct {
	model     Forecaster
	manifest  bundle.Manifest
	limits    Limits
	keys      []KeyHash
	now       func() time.Time
	log       *slog.Logger
	metrics   *metrics
	routes    []*route
	fields    *fields
	zone      *time.Location
	gate      gate
	bodyBytes budget
	board     *board
	reach     bundle.Reach
	used      map[string]bool // columns that the model reads; nil where that is not known
	card      *cardPage
	opening   []byte // what all answers begin with
	run       string // what all request ids of this run begin with
	count     atomic.Int64
	leaving   atomic.Bool // the server is shutting down

	bodies, requests, answers sync.Pool
	protection                http.CrossOriginProtection
}

// New makes a server; the leads of the page are scored here.
func New(o Options) (*Server, error) {
	if o.Model == nil || o.Now == nil {
		return nil, errors.New("serve: a server needs a model and a clock")
	}
	s := &Server{model: o.Model, manifest: o.Manifest, limits: o.Limits.withDefaults(), keys: o.Keys, now: o.Now, log: o.Log}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	zone, err := time.LoadLocation(s.manifest.Schema.Zone)
	if err != nil {
		return nil, fmt.Errorf("serve: the model's time zone: %w", err)
	}
	s.zone = zone
	s.fields = newFields(&s.manifest)
	s.gate = gate{slots: make(chan struct{}, s.limits.Scoring), most: int64(s.limits.Waiting)}
	s.bodyBytes.most = s.limits.HeldBytes
	s.opening = appendOpening(nil, s.model.ID(), s.manifest.MainHorizon)
	s.run = fmt.Sprintf("%x-", s.now().UnixNano())
	s.bodies.New = func() any { return new([]byte) }
	s.answers.New = func() any { return new([]byte) }
	s.requests.New = func() any {
		return &request{fields: s.fields, zone: s.zone, limits: &s.limits, unknown: map[string]bool{}}
	}
	s.metrics = newMetrics(s)
	if s.routes, err = s.table(); err != nil {
		return nil, err
	}
	s.reach = o.Reach
	for _, c := range o.Outputs {
		if s.used == nil {
			s.used = map[string]bool{}
		}
		s.used[c.Origin] = true
	}
	if s.board, err = s.newBoard(o.Leads, o.LeadsAsOf); err != nil {
		return nil, err
	}
	s.card = s.newCard(&o)
	return s, nil
}

// keep takes a request back for later use, unless it grew large.
func (s *Server) keep(q *request) {
	if cap(q.text) <= 1<<20 && cap(q.grid) <= 1<<17 {
		q.s.data = nil
		s.requests.Put(q)
	}
}

// Run serves on the listener until ctx ends, then shuts down: /readyz says so
// at once and connections are told to close, for Limits.Notice requests are
// still taken, for as long again the open connections may finish, and requests
// in flight then have Limits.Drain. It closes the listener. An address beyond
// this machine is refused without keys.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	defer l.Close()
	if err := CheckAddr(l.Addr().String(), len(s.keys) > 0); err != nil {
		return err
	}
	h := &http.Server{
		Handler:           s.Handler(),
		MaxHeaderBytes:    max(s.limits.HeaderBytes-4<<10, 1), // net/http reads 4 KiB more than it is told
		ReadHeaderTimeout: s.limits.ReadHeader,
		ReadTimeout:       s.limits.Read,
		WriteTimeout:      s.limits.Write,
		IdleTimeout:       s.limits.Idle,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	var silent silentConns
	h.ConnState = silent.watch
	l = limitListener(l, s.limits.Connections)
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.leaving.Store(true)
	s.log.Info("shutting down")
	time.Sleep(s.limits.Notice)
	l.Close()
	time.Sleep(s.limits.Notice) // Shutdown drops a request that is just arriving, so let it arrive before
	silent.close()
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.limits.Drain)
	defer cancel()
	err := h.Shutdown(drain)
	if err != nil {
		h.Close()
		err = fmt.Errorf("serve: requests that still ran after %v were cut off", s.limits.Drain)
	}
	<-failed
	return err
}

// Handler answers requests; Run serves it with the limits of a connection.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.handle) }

// find gives the route of a request, or the problem that it has none.
func (s *Server) find(w *reply, r *http.Request) (*route, error) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	var allow []string
	for _, e := range s.routes {
		if e.serves(r.URL.Path) {
			if e.method == method {
				return e, nil
			}
			allow = append(allow, e.method)
		}
	}
	if allow == nil {
		return nil, notFound.problem("the addresses are listed at /docs")
	}
	if slices.Contains(allow, http.MethodGet) {
		allow = append(allow, http.MethodHead)
	}
	for _, m := range allow {
		w.Header().Add("Allow", m)
	}
	return nil, notAllowed.problem("this address answers " + allow[0])
}
