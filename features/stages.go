package features

import (
	"errors"
	"math"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models/matrix"
)

// stages sums up the history of a field as it was known before as-of: how long
// it has had its value, how often it changed, and for how long it has had each
// value in all.
type stages struct {
	Values levels `json:"values"`

	spec ColumnSpec
}

// mostStages is the number of values up to which each has a column of its own:
// stages are few, and a field of many values is none.
const mostStages = 12

// Stages reports whether the values of a history are few enough to be stages.
func Stages(values *datasets.Column) bool {
	seen := map[string]bool{}
	for i := 0; i < values.Len() && len(seen) <= mostStages; i++ {
		if !values.Missing(i) {
			seen[values.Texts.At(i)] = true
		}
	}
	return len(seen) <= mostStages
}

func (s *stages) learn(v *view) {
	l, _ := v.timeline(s.spec.History, s.spec.Key)
	if l == nil || !isText(l.table.Column(valueColumn)) {
		return
	}
	values := l.table.Column(valueColumn)
	seen := map[string]bool{}
	for i := range v.Leads.Rows {
		clear(seen)
		l.seen(i, v.moment(i), func(p int) {
			if value := values.Texts.At(int(l.place[p])); !seen[value] {
				seen[value] = true
				s.Values.add(value)
			}
		})
	}
}

func (s *stages) settle() {
	if s.Values.settle(mostStages + 1); len(s.Values.Kept) > mostStages {
		s.Values.Kept = nil
	}
}

func (s *stages) ready() error {
	if s.spec.History == "" || s.spec.Key == "" {
		return errors.New("stages need a history and the key of the lead")
	}
	return s.Values.ready(mostStages)
}

func (s *stages) outputs() []output {
	out := []output{{suffix: " days unchanged"}, {suffix: " changes"}, {suffix: " changes in 30 days"}}
	for _, value := range s.Values.Kept {
		out = append(out, output{suffix: " = " + value + " days"})
	}
	return out
}

func (s *stages) encode(dst []matrix.Column, v *view) {
	l, problem := v.timeline(s.spec.History, s.spec.Key)
	if l == nil {
		v.warn(-1, problem+", treated as missing")
		fill(dst)
		return
	}
	codes := make([]int32, l.table.Rows)
	if values := l.table.Column(valueColumn); isText(values) {
		for k := range codes {
			codes[k] = s.Values.of(values.Texts.At(k))
		}
	}
	days := make([]float64, s.Values.count())
	for i := range v.Leads.Rows {
		T := v.moment(i)
		if T == datasets.NoTime {
			blankRow(dst, i)
			continue
		}
		clear(days)
		entered, rows, recent, code := int64(datasets.NoTime), 0, 0, int32(-1)
		l.seen(i, T, func(p int) {
			if code >= 0 {
				days[code] += datasets.Days(entered, l.happened[p])
			}
			rows, entered, code = rows+1, l.happened[p], codes[l.place[p]]
			if rows > 1 && T-entered <= trendDays*datasets.MicrosPerDay {
				recent++
			}
		})
		if code >= 0 {
			days[code] += datasets.Days(entered, T)
		}
		dst[0].Nums[i] = datasets.Days(entered, T)
		dst[1].Nums[i], dst[2].Nums[i] = math.Max(0, float64(rows-1)), float64(recent)
		for k := range s.Values.Kept {
			dst[3+k].Nums[i] = days[k]
		}
	}
}
