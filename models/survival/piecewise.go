package survival

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/portable"
)

// Piecewise learns cause-specific hazards that are constant within intervals
// of age: it expands the subjects to person-period rows and fits one Poisson
// learner a cause to them, with the time at risk as exposure and the age as one
// more column. The target needs Exit and Cause; Entry, Weight, Valid, Keys and
// Groups are passed on from the subject to each of its rows.
type Piecewise struct {
	Cuts    []float64                      // interior cut points of the age axis, rising and above zero
	Causes  int                            // number of causes
	Learner func(cause int) models.Learner // the Poisson learner of a cause (1, 2, …)
	Column  string                         // name of the age column; "" means "age"
	Limit   int                            // rows above which uneventful ones are sampled (see Expand); 0 means never
	Seed    uint64                         // of the sampling
	From    *Hazards                       // over the same columns and cuts, whose base rates stay and so do its models of causes that did not happen; nil: learn them
}

// Fit implements models.Learner; the model is a *Hazards. A cause without any
// event to be fitted gets no learner: its rates are zero and Hazards.Without
// names it. Errors: no rows, no event at all, times or causes out of range, a
// column of x that has the name of the age column, and what the learner says.
func (p Piecewise) Fit(ctx context.Context, x *matrix.Matrix, y models.Target) (models.Model, error) {
	if err := checkTarget(x, y, p.Causes); err != nil {
		return nil, err
	}
	h := &Hazards{axis: axis{cuts: slices.Clone(p.Cuts), causes: p.Causes}, columns: len(x.Columns), column: p.Column}
	if h.column == "" {
		h.column = "age"
	}
	for j := range x.Columns {
		if x.Columns[j].Name == h.column {
			return nil, fmt.Errorf("survival: a column is named %q already: name the age column otherwise", h.column)
		}
	}
	if err := h.check(); err != nil {
		return nil, err
	}
	h.ages = middles(p.Cuts)
	r, err := Expand(p.Cuts, y, p.Limit, p.Seed)
	if err != nil {
		return nil, err
	}
	wide := h.widen(x.Gather(r.Subject), r.Interval)
	rows := p.target(r, y)
	if h.base, err = r.logRates(h.axis, y.Valid); err != nil {
		return nil, err
	}
	h.models = make([]models.Model, p.Causes)
	if p.From != nil {
		if p.From.columns != h.columns || p.From.causes != p.Causes || !slices.Equal(p.From.cuts, h.cuts) {
			return nil, errors.New("survival: the hazards to go on from are of other columns, causes or cuts")
		}
		h.base, h.models = p.From.base, slices.Clone(p.From.models)
	}
	for cause := 1; cause <= p.Causes; cause++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if r.count(cause, rows.Valid, rows.Y) == 0 {
			continue
		}
		h.expect(rows.Exposure, r, cause)
		m, err := p.Learner(cause).Fit(ctx, wide, rows)
		if err != nil {
			return nil, fmt.Errorf("survival: cause %d: %w", cause, err)
		}
		if m.Outputs() != 1 {
			return nil, fmt.Errorf("survival: cause %d: a model with %d outputs is not one of a rate", cause, m.Outputs())
		}
		h.models[cause-1] = m
	}
	if len(h.Without()) == p.Causes {
		return nil, errors.New("survival: nothing happened to any row: there is no rate to learn")
	}
	return h, nil
}

// target is what the learners are fitted to; Y is filled in for each cause.
func (p Piecewise) target(r *Rows, y models.Target) models.Target {
	t := models.Target{
		Y:        make([]float64, len(r.Subject)),
		Exposure: make([]float64, len(r.Subject)),
		Weight:   r.Weight,
		Keys:     make([]uint64, len(r.Subject)),
		Groups:   make([]uint64, len(r.Subject)),
	}
	if y.Valid != nil {
		t.Valid = make([]bool, len(r.Subject))
	}
	for row, subject := range r.Subject {
		t.Groups[row] = keyOf(y, int(subject))
		t.Keys[row] = rowKey(p.Seed, t.Groups[row], int(r.Interval[row]))
		if y.Groups != nil {
			t.Groups[row] = y.Groups[subject]
		}
		if y.Valid != nil {
			t.Valid[row] = y.Valid[subject]
		}
	}
	return t
}

// expect writes the events of a cause that the base rates expect in each row:
// learners are fitted to the ratio of the rate to that of the row's age, so that
// what they shrink to, and start from, is the course over age and not its mean.
func (h *Hazards) expect(dst []float64, r *Rows, cause int) {
	n := len(h.ages)
	rates := make([]float64, n)
	for k := range rates {
		rates[k] = portable.Exp(h.base[(cause-1)*n+k])
	}
	for row, k := range r.Interval {
		dst[row] = float64(r.Exposure[row] * rates[k])
	}
}

// count writes the events of a cause to dst, 0 or 1 a row, and returns how many
// of them are to be fitted.
func (r *Rows) count(cause int, valid []bool, dst []float64) (events int) {
	for row, c := range r.Cause {
		dst[row] = 0
		if int(c) == cause {
			dst[row] = 1
			if valid == nil || !valid[row] {
				events++
			}
		}
	}
	return events
}

// checkTarget looks at what every survival learner needs. Lengths that differ
// are the caller's fault and panic.
func checkTarget(x *matrix.Matrix, y models.Target, causes int) error {
	if len(y.Exit) != x.Rows || len(y.Cause) != x.Rows || y.Entry != nil && len(y.Entry) != x.Rows ||
		y.Weight != nil && len(y.Weight) != x.Rows || y.Valid != nil && len(y.Valid) != x.Rows || y.Keys != nil && len(y.Keys) != x.Rows {
		panic("survival: matrix and target differ in length")
	}
	if x.Rows == 0 {
		return errors.New("survival: no rows")
	}
	for i, c := range y.Cause {
		if int(c) > causes {
			return fmt.Errorf("survival: row %d: cause %d is above %d", i, c, causes)
		}
	}
	return nil
}

// middles is the age that stands for each interval: its middle, and for the
// last one as far beyond the last cut as the interval before is wide.
func middles(cuts []float64) []float64 {
	ages := make([]float64, len(cuts)+1)
	from := 0.0
	for k, to := range cuts {
		ages[k] = float64((from + to) / 2)
		if k == len(cuts)-1 {
			ages[k+1] = to + float64((to-from)/2)
		}
		from = to
	}
	return ages
}

// Hazards is the model that Piecewise fits: rates per unit of time, one output
// a cause and interval.
type Hazards struct {
	axis
	columns int            // of the matrices it takes
	column  string         // name of the age column
	ages    []float64      // value of the age column, one an interval
	base    []float64      // log base rates that the models' margins are added to, in the layout of Margins
	models  []models.Model // one a cause, nil where nothing ever happened
}

// Without lists the causes that had no event to learn from; their rates are 0.
func (h *Hazards) Without() (causes []int) {
	for c, m := range h.models {
		if m == nil {
			causes = append(causes, c+1)
		}
	}
	return causes
}

// Models are those of each cause, nil where nothing ever happened; not to be
// written to.
func (h *Hazards) Models() []models.Model { return h.models }

// Moved has the ages of h and, for each cause, another model of one output in
// place of its own, over base rates of one: differences of margins, say.
func (h *Hazards) Moved(to []models.Model) *Hazards {
	if len(to) != h.causes {
		panic("survival: one model a cause")
	}
	m := *h
	m.base, m.models = make([]float64, len(h.base)), slices.Clone(to)
	return &m
}

// Predict implements models.Model.
func (h *Hazards) Predict(dst []float64, x *matrix.Matrix) error {
	if err := h.Margins(dst, x); err != nil {
		return err
	}
	for i, m := range dst {
		dst[i] = portable.Exp(m)
	}
	return nil
}

// margins are the log-rates of a model of one rate.
func margins(m models.Model, dst []float64, x *matrix.Matrix) error {
	if a, ok := m.(models.Additive); ok {
		return a.Margins(dst, x)
	}
	if err := m.Predict(dst, x); err != nil {
		return err
	}
	for i, v := range dst {
		dst[i] = portable.Log(v)
	}
	return nil
}

// chunk is the number of subjects that are expanded at a time.
const chunk = 512

// Margins writes the log-rates in the layout of Predict; −Inf where a cause
// had no event.
func (h *Hazards) Margins(dst []float64, x *matrix.Matrix) error {
	if err := h.takes(dst, x, h.columns); err != nil {
		return err
	}
	n, out := len(h.ages), h.Outputs()
	buffer := make([]float64, min(x.Rows, chunk)*n)
	for from := 0; from < x.Rows; from += chunk {
		rows := min(chunk, x.Rows-from)
		wide, values := h.window(x, from, rows), buffer[:rows*n]
		for c, m := range h.models {
			clear(values)
			if m != nil {
				if err := margins(m, values, wide); err != nil {
					return fmt.Errorf("survival: cause %d: %w", c+1, err)
				}
			}
			for i := range rows {
				for k := range n {
					dst[(from+i)*out+c*n+k] = h.base[c*n+k] + values[i*n+k]
				}
			}
		}
	}
	return nil
}

// window shows some rows of x, each once an interval, with the age column.
func (h *Hazards) window(x *matrix.Matrix, from, rows int) *matrix.Matrix {
	n := len(h.ages)
	subjects, intervals := make([]int32, rows*n), make([]uint8, rows*n)
	for i := range subjects {
		subjects[i], intervals[i] = int32(from+i/n), uint8(i%n)
	}
	return h.widen(x.Gather(subjects), intervals)
}

// widen appends the age column, a view on the ages of the intervals.
func (h *Hazards) widen(x *matrix.Matrix, intervals []uint8) *matrix.Matrix {
	index := make([]int32, len(intervals))
	for i, k := range intervals {
		index[i] = int32(k)
	}
	return x.With(matrix.Column{Name: h.column, Origin: h.column, Nums: h.ages, Index: index})
}

// Shares splits Σ weights·margins, weights in the layout of Margins, over the
// columns of x: it adds each column's part to dst and returns the rest, which
// is the models' base and the part of the age column. Weights of a cause
// without events are not looked at. Every component must be additive.
func (h *Hazards) Shares(dst []float64, x *matrix.Matrix, weights []float64) (base float64, err error) {
	if err := h.takes(weights, x, h.columns); err != nil {
		return 0, err
	}
	if len(dst) != h.columns {
		panic("survival: shares need one place a column")
	}
	n, out := len(h.ages), h.Outputs()
	parts := make([]float64, h.columns+1)
	for c, m := range h.models {
		if m == nil {
			continue
		}
		a, ok := m.(models.Additive)
		if !ok {
			return 0, fmt.Errorf("survival: cause %d: a model of kind %q has no shares", c+1, m.Kind())
		}
		var subjects []int32
		var intervals []uint8
		var some []float64
		for i := range x.Rows {
			for k, w := range weights[i*out+c*n:][:n] {
				if w != 0 { // a horizon touches few intervals
					subjects, intervals, some = append(subjects, int32(i)), append(intervals, uint8(k)), append(some, w)
					base += float64(w * h.base[c*n+k])
				}
			}
		}
		if len(some) == 0 {
			continue
		}
		b, err := a.Shares(parts, h.widen(x.Gather(subjects), intervals), some)
		if err != nil {
			return 0, fmt.Errorf("survival: cause %d: %w", c+1, err)
		}
		base += b
	}
	for j := range dst {
		dst[j] += parts[j]
	}
	return base + parts[h.columns], nil
}
