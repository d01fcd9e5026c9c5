package train

import (
	"slices"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
)

// landmarks are the moments at which leads are looked at beside their creation,
// where there are events or histories: every so often while they are open, and
// at the cuts that forecasts are tested from. Row n + k of the matrix of n leads
// shows landmark k.
//
// A lead is followed from each landmark to the next (entered late, so that each
// day of its life counts once). How far apart they are, a third of the main
// horizon, two or all of it, and where they lie differs from lead to lead: at
// any age, what was known is between no and one main horizon old, as it is over
// the days that a forecast looks ahead.
type landmarks struct {
	lead  []int
	asOf  []int64
	start []int // the regular ones of lead i are start[i] … start[i+1]−1
}

// mostMarks bounds the regular landmarks of a lead; the last is followed to the end.
const mostMarks = 24

// mark sets the regular landmarks.
func (s *study) mark() {
	m := &landmarks{start: make([]int, 1, s.leads.Rows+1)}
	for i, at := range s.out.Created {
		closed := s.out.End
		if s.out.State[i] != datasets.Open {
			closed = s.out.Closed[i]
		}
		apart := max(1, (1+part(s.keys[i], s.plan.Seed+drawApart, 3))*uint64(s.plan.MainHorizon)/3)
		at += int64(1+part(s.keys[i], s.plan.Seed+drawPhase, apart)) * datasets.MicrosPerDay
		for k := 0; k < mostMarks && at < closed; k++ {
			m.lead, m.asOf = append(m.lead, i), append(m.asOf, at)
			at += int64(apart) * datasets.MicrosPerDay
		}
		m.start = append(m.start, len(m.lead))
	}
	s.marks = m
}

// each is how many moments a lead is looked at on average, creation included.
func (m *landmarks) each() int {
	if m == nil {
		return 1
	}
	leads := len(m.start) - 1
	return (leads + m.start[leads] + leads/2) / leads
}

// The seeds of how far apart the landmarks of a lead are, and where they lie.
const (
	drawApart = 5
	drawPhase = 6
)

// at adds a landmark and gives its row in the matrix.
func (m *landmarks) at(s *study, lead int, moment int64) int32 {
	m.lead, m.asOf = append(m.lead, lead), append(m.asOf, moment)
	return int32(s.leads.Rows + len(m.lead) - 1)
}

// addMarked adds the life of a lead in [from, to) as it is seen from its
// creation, or from the cut where that is later, and from its landmarks.
func (w *subjects) addMarked(s *study, i int, from, to cut) {
	before := len(w.rows)
	if w.addDated(s, i, from, to); len(w.rows) == before {
		return
	}
	if from > float64(s.out.Created[i]) {
		w.marks = append(w.marks, s.marks.at(s, i, int64(from)))
	} else {
		w.marks = append(w.marks, int32(i))
	}
	entry, exit, cause := w.y.Entry[before], w.y.Exit[before], w.y.Cause[before]
	age := func(k int) float64 { return datasets.Days(s.out.Created[i], s.marks.asOf[k]) }
	first, last := s.marks.start[i], s.marks.start[i+1]
	for k := first; k < last && float64(s.marks.asOf[k]) < to && age(k) < exit; k++ {
		if age(k) <= entry {
			continue
		}
		now := len(w.rows) - 1
		w.y.Exit[now], w.y.Cause[now] = age(k), uint8(datasets.Open)
		w.add(s, i, age(k), exit, datasets.State(cause))
		w.marks = append(w.marks, int32(s.leads.Rows+k))
	}
}

// once is the subjects with every lead in them once.
func (w *subjects) once() *subjects {
	if w.whole != nil {
		return w.whole
	}
	return w
}

// moments are the rows of the matrix as a snapshot: every lead at its creation,
// then the landmarks.
func (s *study) moments() features.Snapshot {
	everyone := s.snapshot(everyRow[int](s.leads.Rows))
	if s.marks == nil {
		return everyone
	}
	rows := slices.Concat(everyRow[int](s.leads.Rows), s.marks.lead)
	everyone.Leads = s.leads.Gather(rows)
	everyone.AsOf = slices.Concat(s.out.Created, s.marks.asOf)
	everyone.Creation = pick(s.out.Created, rows)
	return everyone
}

// latest is what was known about the rows at the last landmark by age before a
// cut, from which an encoder learns.
func (s *study) latest(rows []int, until cut) features.Snapshot {
	known := s.snapshot(rows)
	if s.marks == nil {
		return known
	}
	known.AsOf = slices.Clone(known.AsOf)
	for k, i := range rows {
		for m := s.marks.start[i]; m < s.marks.start[i+1] && float64(s.marks.asOf[m]) < until; m++ {
			known.AsOf[k] = s.marks.asOf[m]
		}
	}
	return known
}
