package train

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models"
)

// subjects are leads with the part of their lives that may be seen.
type subjects struct {
	rows  []int // rows of the study
	y     models.Target
	until int64 // everything strictly before it was seen; NoTime without dates
}

// fold is one origin of validation: what was known by then, and what came
// between it and the next.
type fold struct {
	fit, test subjects
	name      string
}

// cut is a place in time that the leads are split at: a moment where there are
// dates, else a position.
type cut = float64

// before is what was known at the cut: leads created earlier, followed until then.
func (s *study) before(at cut) subjects {
	return s.window(math.Inf(-1), at, nil)
}

// between is what happened in [from, to) to the leads that existed by to and
// were still open at from.
func (s *study) between(from, to cut) subjects { return s.window(from, to, nil) }

// window follows the leads through [from, to); keep, where given, says which leads.
func (s *study) window(from, to cut, keep func(row int) bool) subjects {
	w := subjects{until: s.out.End}
	if s.dated && to < float64(s.out.End) {
		w.until = int64(to)
	}
	for i := range s.out.State {
		if keep != nil && !keep(i) {
			continue
		}
		if !s.timed {
			if s.position == nil || s.position[i] >= from && s.position[i] < to {
				w.addFlat(s, i)
			}
			continue
		}
		if s.dated {
			w.addDated(s, i, from, to)
		} else if s.position == nil || s.position[i] >= from && s.position[i] < to {
			w.add(s, i, s.out.Entry[i], s.days(i), s.out.State[i])
		}
	}
	return w
}

// days is how long lead i was seen, of a table of durations. What is written as
// a whole number of days happened half a day before their end, on average: counted
// whole, half of what happens to those to whom it happens at once would be missed.
func (s *study) days(i int) float64 {
	if s.whole && s.out.State[i] != datasets.Open {
		return max(0, s.out.Days[i]-0.5)
	}
	return s.out.Days[i]
}

// addFlat adds a lead of a table without times.
func (w *subjects) addFlat(s *study, i int) {
	y := 0.0
	if s.out.State[i] == datasets.Won {
		y = 1
	}
	w.rows = append(w.rows, i)
	w.y.Y = append(w.y.Y, y)
	w.y.Keys = append(w.y.Keys, s.keys[i])
}

// addDated adds the part of a lead's life that lies in [from, to).
func (w *subjects) addDated(s *study, i int, from, to cut) {
	created, closed, state := float64(s.out.Created[i]), float64(s.out.Closed[i]), s.out.State[i]
	if state == datasets.Open || closed >= to {
		state, closed = datasets.Open, min(to, float64(s.out.End))
	}
	if created >= to || closed < from || state == datasets.Open && closed <= max(created, from) {
		return
	}
	entry := s.out.Entry[i]
	if from > created {
		entry = max(entry, (from-created)/datasets.MicrosPerDay)
	}
	exit := (closed - created) / datasets.MicrosPerDay
	if exit < entry {
		return
	}
	w.add(s, i, entry, exit, state)
}

func (w *subjects) add(s *study, i int, entry, exit float64, state datasets.State) {
	w.rows = append(w.rows, i)
	w.y.Entry = append(w.y.Entry, entry)
	w.y.Exit = append(w.y.Exit, exit)
	w.y.Cause = append(w.y.Cause, uint8(state))
	w.y.Keys = append(w.y.Keys, s.keys[i])
}

// index is the rows as a matrix takes them.
func (w *subjects) index() []int32 {
	index := make([]int32, len(w.rows))
	for i, r := range w.rows {
		index[i] = int32(r)
	}
	return index
}

// won reports whether subject i was won as far as its life may be seen.
func (w *subjects) won(i int) bool {
	if w.y.Cause != nil {
		return w.y.Cause[i] == uint8(datasets.Won)
	}
	return w.y.Y[i] > 0
}

// only is the subjects of the rows for which keep holds.
func (w *subjects) only(keep func(row int) bool) subjects {
	o := subjects{until: w.until}
	for i, r := range w.rows {
		if keep(r) {
			o.take(w, i)
		}
	}
	return o
}

// take adds subject i of others.
func (w *subjects) take(others *subjects, i int) {
	y := &others.y
	w.rows, w.y.Keys = append(w.rows, others.rows[i]), append(w.y.Keys, y.Keys[i])
	if y.Cause == nil {
		w.y.Y = append(w.y.Y, y.Y[i])
		return
	}
	w.y.Entry, w.y.Exit, w.y.Cause = append(w.y.Entry, y.Entry[i]), append(w.y.Exit, y.Exit[i]), append(w.y.Cause, y.Cause[i])
}

// wins counts the won subjects.
func (w *subjects) wins() int {
	n := 0
	for i := range w.rows {
		if w.won(i) {
			n++
		}
	}
	return n
}

// with puts the subjects of a fold under one another for a single fit, those
// of the test part marked as not to be fitted.
func (f *fold) together() ([]int32, models.Target) {
	a, b := f.fit.y, f.test.y
	y := models.Target{
		Y: concat(a.Y, b.Y), Keys: concat(a.Keys, b.Keys),
		Entry: concat(a.Entry, b.Entry), Exit: concat(a.Exit, b.Exit), Cause: concat(a.Cause, b.Cause),
		Valid: make([]bool, len(f.fit.rows)+len(f.test.rows)),
	}
	for i := range f.test.rows {
		y.Valid[len(f.fit.rows)+i] = true
	}
	return concat(f.fit.index(), f.test.index()), y
}

func concat[T any](a, b []T) []T { return append(slices.Clone(a), b...) }

// split is how the hold-out is cut: the training part, the hold-out and the
// origins of validation inside the training part.
type split struct {
	words    string // for the reader
	from, to string // of the hold-out, where there are dates
	cut      cut    // the hold-out begins here; +Inf for a split that is not in time
	train    subjects
	held     subjects
	folds    []fold
	levels   []fold // where folds keep accounts apart: the same origins with all leads, for the level
	all      []int  // rows that may be fitted before the hold-out
	stop     *fold  // of a large table: what the judged bundle is fitted to, and what tells it when to stop
}

const (
	heldShare  = 0.2 // of the leads, at least, are held out
	leastWins  = 10  // in each part of a split
	foldsAside = 5   // folds where nothing says what came first
	drawFolds  = 1   // the seed by which accounts are dealt to folds
)

// origins of validation, as shares of the closings in the training part.
var origins = []float64{0.5, 0.65, 0.825}

// split cuts the study: by the user's split, else forward in time, else at
// random with a warning.
func (s *study) split() (*split, error) {
	var sp *split
	switch {
	case s.test != nil:
		sp = s.givenSplit()
	case s.position == nil || s.plan.RandomSplit:
		sp = s.randomSplit()
	default:
		sp = s.forwardSplit()
	}
	if w, l := sp.train.wins(), sp.held.wins(); w < leastWins || l < 1 {
		return nil, &datasets.Error{Message: fmt.Sprintf("too few won leads: %d to learn from and %d to judge by (%s); at least %d and 1 are needed", w, l, sp.words, leastWins)}
	}
	s.sample(sp)
	return sp, nil
}

func (s *study) givenSplit() *split {
	in := func(v int8) func(int) bool { return func(i int) bool { return s.test[i] == v } }
	all, held := s.window(math.Inf(-1), math.Inf(1), in(0)), s.window(math.Inf(-1), math.Inf(1), in(1))
	sp := &split{words: "the split that was given", cut: math.Inf(1), train: all, held: held, all: all.rows}
	if s.position == nil {
		sp.folds = s.foldsAside(in(0))
	} else {
		sp.folds, sp.levels = s.foldsForward(math.Inf(1), in(0))
	}
	return sp
}

func (s *study) randomSplit() *split {
	held := func(i int) bool { return part(s.groups[i], s.plan.Seed, 5) == 0 }
	rest := func(i int) bool { return !held(i) }
	words := "at random by lead"
	if s.plan.Roles.Account != "" {
		words = "at random by account"
	}
	if s.position != nil {
		words += " (optimistic: the future will not look like a random sample of the past)"
	} else {
		words += " (optimistic: nothing in the file says what came first; --order-by COLUMN or --created COLUMN helps)"
	}
	s.notef("", "hold-out %s", words)
	sp := &split{words: words, cut: math.Inf(1), train: s.window(math.Inf(-1), math.Inf(1), rest), held: s.window(math.Inf(-1), math.Inf(1), held)}
	sp.all = sp.train.rows
	sp.folds = s.foldsAside(rest)
	return sp
}

// forwardSplit holds out the last fifth of the leads, and at least the main
// horizon where there are dates.
func (s *study) forwardSplit() *split {
	n := len(s.position)
	at := s.position[min(n-1, int(float64(n)*(1-heldShare)))]
	sp := &split{words: fmt.Sprintf("the last %.0f %% of the leads by %s", 100*heldShare, s.orderName())}
	if s.dated {
		at = min(at, float64(s.out.End)-float64(float64(s.plan.MainHorizon)*datasets.MicrosPerDay))
		at = s.enoughBefore(at)
		sp.from, sp.to = day(int64(at)), day(s.out.End)
		sp.words = "forward in time: fitted on what was known by " + sp.from + ", judged on what came until " + sp.to
	}
	sp.cut = at
	sp.train, sp.held = s.before(at), s.between(at, math.Inf(1))
	sp.folds, sp.levels = s.foldsForward(at, nil)
	for i, p := range s.position {
		if p < at {
			sp.all = append(sp.all, i)
		}
	}
	return sp
}

// enoughBefore moves a cut later until there are wins enough to learn from.
func (s *study) enoughBefore(at cut) cut {
	first := s.position[0]
	for range 8 {
		w := s.before(at)
		if w.wins() >= 3*leastWins {
			break
		}
		if later := at + float64((float64(s.out.End)-first)/16); later < float64(s.out.End) {
			at = later
		}
	}
	return at
}

func (s *study) orderName() string {
	switch o := s.plan.Roles.Order; o {
	case "":
		return fmt.Sprintf("%q", s.plan.Roles.Created)
	case "rows":
		return "the order of the file"
	default:
		return fmt.Sprintf("%q", o)
	}
}

func day(micros int64) string { return time.UnixMicro(micros).UTC().Format(time.DateOnly) }

// foldsForward are origins within the leads before the end cut: each fits on
// what was known by then and is tested on what came until the next. Where
// accounts have several leads, those are levels only, and each fold leaves out
// another part of the accounts at its origin and is tested on what came of
// that part until the end: no account is tested by what was learnt of it.
func (s *study) foldsForward(end cut, keep func(int) bool) (folds, levels []fold) {
	from := s.originsBefore(end, keep)
	for j, at := range from {
		to := end
		if j+1 < len(from) {
			to = from[j+1]
		}
		name := fmt.Sprint("origin ", j+1)
		if f := (fold{fit: s.window(math.Inf(-1), at, keep), test: s.window(at, to, keep), name: name}); f.teaches() {
			levels = append(levels, f)
		}
		if s.recurring {
			fit, test := s.dealt(keep, uint64(j), uint64(len(from)))
			if f := (fold{fit: s.window(math.Inf(-1), at, fit), test: s.window(at, end, test), name: name + " by account"}); f.teaches() {
				folds = append(folds, f)
			}
		}
	}
	if !s.recurring {
		return levels, nil
	}
	return folds, levels
}

// originsBefore are the cuts at which validation stands, rising.
func (s *study) originsBefore(end cut, keep func(int) bool) []cut {
	var closings []float64
	for i, st := range s.out.State {
		if keep != nil && !keep(i) || st == datasets.Open {
			continue
		}
		at := s.position[i]
		if s.dated {
			at = float64(s.out.Closed[i])
		}
		if at < end {
			closings = append(closings, at)
		}
	}
	slices.Sort(closings)
	if len(closings) == 0 {
		return nil
	}
	var cuts []cut
	for _, share := range origins {
		cuts = append(cuts, closings[int(share*float64(len(closings)))])
	}
	return slices.Compact(cuts)
}

// dealt parts the leads by account: those of part k of n, and the others.
func (s *study) dealt(keep func(int) bool, k, n uint64) (others, these func(int) bool) {
	side := func(in bool) func(int) bool {
		return func(i int) bool {
			return (keep == nil || keep(i)) && (part(s.groups[i], s.plan.Seed+drawFolds, n) == k) == in
		}
	}
	return side(false), side(true)
}

// teaches reports whether a fold has what it takes to fit and to test.
func (f *fold) teaches() bool {
	return f.fit.wins() >= leastWins && f.test.wins() > 0 && f.fit.losing()
}

// losing reports whether some subject was not won, without which nothing can be learnt.
func (w *subjects) losing() bool { return w.wins() < len(w.rows) }

// foldsAside are folds by group where nothing says what came first.
func (s *study) foldsAside(keep func(int) bool) []fold {
	var folds []fold
	for k := range uint64(foldsAside) {
		out, in := s.dealt(keep, k, foldsAside)
		f := fold{fit: s.window(math.Inf(-1), math.Inf(1), out), test: s.window(math.Inf(-1), math.Inf(1), in), name: fmt.Sprint("fold ", k+1)}
		if f.fit.wins() >= leastWins/2 && f.test.wins() > 0 && f.fit.losing() {
			folds = append(folds, f)
		}
	}
	return folds
}

// part puts a group into one of n parts (the finaliser of splitmix64).
func part(group, seed, n uint64) uint64 {
	z := group ^ (seed+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return (z ^ z>>31) % n
}
