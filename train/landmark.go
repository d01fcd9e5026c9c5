package train

import (
	"math"
	"slices"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
)

// landmarks are the moments at which leads are looked at beside their creation,
// where there are events or histories: at some ages while they are open, and at
// the cuts that forecasts are tested from. Row n + k of the matrix of n leads
// shows landmark k.
//
// A lead is followed from each landmark for a main horizon, and on until the
// next one where that is later: the hazards at an age are those of leads looked
// at up to a main horizon before (van Houwelingen 2007). Lives overlap in this
// way, so what counts leads looks at subjects.once.
type landmarks struct {
	lead  []int
	asOf  []int64
	start []int // those by age of lead i are start[i] … start[i+1]−1
}

// markAges are the ages of landmarks, in main horizons.
var markAges = [...]float64{1.0 / 3, 1, 2, 4}

// mark sets the landmarks by age.
func (s *study) mark() {
	m := &landmarks{start: make([]int, 1, s.leads.Rows+1)}
	for i, created := range s.out.Created {
		closed := s.out.End
		if s.out.State[i] != datasets.Open {
			closed = s.out.Closed[i]
		}
		for _, share := range markAges {
			at := created + int64(math.Round(share*float64(s.plan.MainHorizon)))*datasets.MicrosPerDay
			if at < closed && at < s.out.End {
				m.lead, m.asOf = append(m.lead, i), append(m.asOf, at)
			}
		}
		m.start = append(m.start, len(m.lead))
	}
	s.marks = m
}

// at adds a landmark and gives its row in the matrix.
func (m *landmarks) at(s *study, lead int, moment int64) int32 {
	m.lead, m.asOf = append(m.lead, lead), append(m.asOf, moment)
	return int32(s.leads.Rows + len(m.lead) - 1)
}

// addMarked adds the life of a lead in [from, to) as it is seen from its
// landmarks: all of them where it is to be learnt from, else the one at from.
func (w *subjects) addMarked(s *study, i int, from, to cut) {
	before := len(w.rows)
	if from > float64(s.out.Created[i]) {
		if w.addDated(s, i, from, to); len(w.rows) > before {
			w.marks = append(w.marks, s.marks.at(s, i, int64(from)))
		}
		return
	}
	if w.addDated(s, i, from, to); len(w.rows) == before {
		return
	}
	w.marks = append(w.marks, int32(i))
	if !math.IsInf(from, -1) {
		return
	}
	entry, exit, cause := w.y.Entry[before], w.y.Exit[before], w.y.Cause[before]
	age := func(k int) float64 { return datasets.Days(s.out.Created[i], s.marks.asOf[k]) }
	first, last := s.marks.start[i], s.marks.start[i+1]
	cut := func(at, next int, since float64) {
		limit := since + float64(s.plan.MainHorizon)
		if next >= last {
			limit = math.Inf(1)
		} else {
			limit = max(limit, age(next))
		}
		if exit > limit {
			w.y.Exit[at], w.y.Cause[at] = limit, uint8(datasets.Open)
		}
	}
	cut(before, first, entry)
	for k := first; k < last; k++ {
		if float64(s.marks.asOf[k]) >= to || age(k) < entry || age(k) >= exit {
			continue
		}
		w.add(s, i, age(k), exit, datasets.State(cause))
		w.marks = append(w.marks, int32(s.leads.Rows+k))
		cut(len(w.rows)-1, k+1, age(k))
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
