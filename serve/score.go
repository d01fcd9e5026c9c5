package serve

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train/bundle"
)

// gate lets a bounded number of requests score at once and a bounded number
// wait; the rest are told to come back, at once, so that an overload stays short.
type gate struct {
	slots   chan struct{}
	waiting atomic.Int64
	most    int64
}

func (g *gate) enter(ctx context.Context) error {
	select {
	case g.slots <- struct{}{}:
		return nil
	default:
	}
	if g.waiting.Add(1) > g.most {
		g.waiting.Add(-1)
		return overloaded.problem("the queue for scoring is full; try again in a moment")
	}
	defer g.waiting.Add(-1)
	select {
	case g.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *gate) leave() { <-g.slots }

// score answers POST /v1/score.
func (s *Server) score(w *reply, r *http.Request) error {
	strict, err := flag(r, "strict")
	if err != nil {
		return err
	}
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return notJSON.problem("send the header Content-Type: application/json")
	}
	if r.Header.Get("Content-Encoding") != "" {
		return notJSON.problem("send the body without Content-Encoding")
	}
	body, done, err := s.body(w, r)
	if err != nil {
		return err
	}
	defer done()
	if err := s.gate.enter(r.Context()); err != nil {
		return err
	}
	defer s.gate.leave()
	q := s.requests.Get().(*request)
	defer s.keep(q)
	if err := q.read(body); err != nil {
		return err
	}
	if strict {
		if faults := q.strangers(); len(faults) > 0 {
			return unknownField.problem("strict=true refuses fields that the model does not know", faults...)
		}
	}
	a, err := s.answer(r.Context(), q)
	if err != nil {
		return err
	}
	w.leads, w.failed = len(q.leads), a.failed
	s.metrics.scored(a)
	if a.failed == len(q.leads) {
		return noneScored.problem("", a.faults()...)
	}
	s.write(w, a)
	return nil
}

// flag reads a query parameter that is true or false.
func flag(r *http.Request, name string) (bool, error) {
	if r.URL.RawQuery == "" {
		return false, nil
	}
	switch r.URL.Query().Get(name) {
	case "true":
		return true, nil
	case "false", "":
		return false, nil
	}
	return false, invalid.problem("the query parameter " + name + " must be true or false")
}

// answer scores the leads of a request, in its order.
func (s *Server) answer(ctx context.Context, q *request) (*answer, error) {
	asOf := q.asOf
	if asOf == datasets.NoTime {
		asOf = datasets.Micros(s.now())
	}
	scores, err := s.forecast(ctx, q.table(), asOf, q.wish)
	if err != nil {
		return nil, err
	}
	a := &answer{intervals: q.intervals, scores: make([]bundle.Score, len(q.leads)), bad: make([]*fault, len(q.leads))}
	absent, say := q.absent(), map[string]string{}
	for i := range q.leads {
		l := &q.leads[i]
		a.bad[i] = l.bad
		if l.bad == nil {
			a.scores[i] = scores[l.row]
			a.bad[i] = s.fields.fault(scores[l.row].Err)
		}
		if a.bad[i] != nil {
			a.failed++
			a.bad[i].under(strconv.Itoa(i)).under("leads")
			continue
		}
		if own := q.warnings(l, absent, say); len(own) > 0 {
			a.scores[i].Warnings = append(own, a.scores[i].Warnings...)
		}
	}
	return a, nil
}

// fault is why the model could not score a lead, nil for nil. It points at the
// column that the error begins with.
func (f *fields) fault(err error) *fault {
	if err == nil {
		return nil
	}
	var d *datasets.Error
	if !errors.As(err, &d) {
		d = &datasets.Error{Message: err.Error()}
		column, message, ok := strings.Cut(d.Message, ": ")
		if _, known := f.index[column]; ok && known {
			d = &datasets.Error{Column: column, Message: message}
		}
	}
	if d.Column == "" {
		return &fault{Detail: d.Message}
	}
	return &fault{Pointer: pointer(d.Column), Detail: d.Message}
}

// forecast scores a raw table. Where the model refuses a table of several
// leads for its data, each lead is tried alone, so that one bad lead does not
// spoil the others.
func (s *Server) forecast(ctx context.Context, t *datasets.Table, asOf int64, w wish) ([]bundle.Score, error) {
	if t.Rows == 0 {
		return nil, nil
	}
	scores, err := s.forecastAll(ctx, t, asOf, w)
	var data *datasets.Error
	if err == nil || ctx.Err() != nil || !errors.As(err, &data) {
		return scores, err
	}
	if t.Rows == 1 {
		return []bundle.Score{{Err: err}}, nil
	}
	scores = make([]bundle.Score, t.Rows)
	for i := range scores {
		one, err := s.forecast(ctx, t.Gather([]int{i}), asOf, w)
		if err != nil {
			return nil, err
		}
		scores[i] = one[0]
	}
	return scores, nil
}

func (s *Server) forecastAll(ctx context.Context, t *datasets.Table, asOf int64, w wish) ([]bundle.Score, error) {
	snapshot, err := s.model.Read(t, asOf)
	if err != nil {
		return nil, err
	}
	scores, err := s.model.Score(ctx, snapshot, w.reasons)
	if err == nil && len(scores) != t.Rows {
		return nil, errors.New("the model answered with another number of leads")
	}
	if err == nil && w.intervals {
		if err = s.model.Intervals(ctx, snapshot, scores); errors.Is(err, bundle.ErrNoSpread) {
			err = nil // the keys are null
		}
	}
	return scores, err
}
