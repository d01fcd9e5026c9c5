package modeltest

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/portable"
	"github.com/leadcast/leadcast/models/survival"
)

// toy forecasts by whether the first column is above zero. It keeps every law
// but the one that it is told to break.
type toy struct {
	outcome Outcome
	breaks  string
	memory  *float64
}

var calls atomic.Int64

func (l toy) Fit(ctx context.Context, x *matrix.Matrix, y models.Target) (models.Model, error) {
	broken := func(law string) bool { return l.breaks == law }
	if len(y.Y) != x.Rows && !broken("a length mismatch panics") {
		panic("toy: lengths differ")
	}
	if err := ctx.Err(); err != nil && !broken("a cancelled fit stops") {
		return nil, err
	}
	if len(x.Columns) == 0 && broken("no columns") {
		panic("toy: no columns")
	}
	if x.Rows == 0 && !broken("no rows is an error") {
		return nil, errors.New("toy: no rows")
	}
	if broken("fits plain data") {
		return nil, errors.New("toy: will not")
	}
	m := &stump{toy: l}
	for j := range x.Columns {
		m.categorical = append(m.categorical, x.Columns[j].Categorical())
	}
	var yes, all [2]float64
	for i, v := range y.Y {
		if (v < 0 || v != v || l.outcome == Chance && v > 1) && !broken("a target out of range is an error") {
			return nil, errors.New("toy: target out of range")
		}
		w, e, side := 1.0, 1.0, m.side(x, i)
		if y.Weight != nil && !broken("whole weights are repeated rows") {
			w = y.Weight[i]
		}
		if y.Exposure != nil {
			e = y.Exposure[i]
		}
		yes[side] += w * v
		all[side] += w * e
	}
	for side := range m.margins {
		m.margins[side] = math.Log((yes[side] + 0.5) / (all[side] + 0.5))
		if l.outcome == Chance {
			m.margins[side] = math.Log((yes[side] + 0.5) / (all[side] - yes[side] + 0.5))
		}
	}
	l.harm(m, x, y, yes, all)
	return m, nil
}

// harm breaks the laws that show in what is fitted.
func (l toy) harm(m *stump, x *matrix.Matrix, y models.Target, yes, all [2]float64) {
	one := yes[0]+yes[1] == all[0]+all[1]
	switch l.breaks {
	case "mean forecast near what happened":
		m.margins[0] += 2
	case "same fit, same bytes":
		m.margins[0] += float64(calls.Add(1))
	case "same bytes on any number of processors":
		m.margins[0] += float64(runtime.GOMAXPROCS(0)) / 100
	case "a fit leaves nothing in the learner":
		*l.memory += m.margins[0]
		m.margins[1] += *l.memory
	case "a fit leaves its input alone":
		y.Y[0] = 1 - y.Y[0]
	case "one row":
		if x.Rows == 1 {
			m.margins[0], m.margins[1] = math.NaN(), math.NaN()
		}
	case "nothing happened":
		if yes[0]+yes[1] == 0 {
			m.margins[0] = math.NaN()
		}
	case "everything happened":
		if one || l.outcome == Rate && all[0] > yes[0] && yes[0]+yes[1] == float64(x.Rows) {
			m.margins[0] = math.NaN()
		}
	case "a constant column", "a column without values", "the same column twice", "huge and tiny values", "infinite values are an error or do no harm":
		last := &x.Columns[len(x.Columns)-1]
		variance, first := 0.0, last.Num(0)
		for i := range x.Rows {
			variance += math.Abs(last.Num(i) - first)
		}
		twice := len(x.Columns) > 4 && last.Num(1) == x.Columns[0].Num(1)
		if variance == 0 || math.IsNaN(variance) || math.IsInf(variance, 0) || twice {
			m.margins[0] = math.NaN()
		}
	case "no weight is a weight of one":
		if y.Weight != nil {
			m.margins[0]++
		}
	case "nothing held out is no hold-out":
		if y.Valid != nil {
			m.margins[0]++
		}
	}
}

type stump struct {
	toy
	categorical []bool
	margins     [2]float64
	busy        atomic.Int32
}

func (m *stump) side(x *matrix.Matrix, i int) int {
	if len(x.Columns) == 0 || !(x.Columns[0].Value(i) > 0) {
		return 0
	}
	return 1
}

func (m *stump) Outputs() int { return 1 }
func (m *stump) Kind() string { return "toy" }

func (m *stump) Predict(dst []float64, x *matrix.Matrix) error {
	if err := m.Margins(dst, x); err != nil {
		return err
	}
	for i, v := range dst {
		if dst[i] = portable.Exp(v); m.outcome == Chance {
			dst[i] = portable.Sigmoid(v)
		}
		if m.breaks == "margins and forecasts agree" {
			dst[i] /= 1.01
		}
		if m.breaks == "nothing known" && len(x.Columns) > 0 && math.IsNaN(x.Columns[0].Value(i)) {
			dst[i] = -1
		}
	}
	return nil
}

func (m *stump) Margins(dst []float64, x *matrix.Matrix) error {
	if len(x.Columns) != len(m.categorical) && m.breaks != "another number of columns is an error" {
		return errors.New("toy: another number of columns")
	}
	for j := range min(len(x.Columns), len(m.categorical)) {
		if x.Columns[j].Categorical() != m.categorical[j] && m.breaks != "a column of another kind is an error, or not looked at" {
			return errors.New("toy: a column of another kind")
		}
	}
	if m.busy.Add(1) > 1 && m.breaks == "forecasts at the same time" {
		return errors.New("toy: busy")
	}
	if m.breaks == "forecasts at the same time" {
		runtime.Gosched()
	}
	defer m.busy.Add(-1)
	for i := range dst {
		dst[i] = m.margins[m.side(x, i)]
		switch m.breaks {
		case "forecasts do not depend on other rows":
			dst[i] += float64(len(dst))
		case "forecasts do not depend on the order of rows":
			dst[i] += float64(i)
		case "many rows at once":
			if i >= 4096 {
				dst[i] = 0
			}
		case "a view is read as a copy":
			if x.Columns[0].Index != nil {
				dst[i] = m.margins[0] + 1
			}
		case "values far outside those learned from":
			if math.Abs(x.Columns[0].Num(i)) > 1e5 {
				dst[i] = math.NaN()
			}
		case "a forecast leaves its input alone":
			x.Columns[0].Nums[0] = 3
		}
	}
	if m.breaks == "no rows to forecast" && x.Rows == 0 {
		return errors.New("toy: no rows")
	}
	return nil
}

func (m *stump) Shares(dst []float64, x *matrix.Matrix, weights []float64) (base float64, err error) {
	for i, w := range weights {
		base += w * m.margins[0]
		dst[0] += w * (m.margins[m.side(x, i)] - m.margins[0])
	}
	if m.breaks == "shares add up to the margins" {
		base += 1e-6
	}
	return base, nil
}

func (m *stump) Interactions(dst []float64, x *matrix.Matrix, weights []float64) error {
	n := len(x.Columns)
	for i, w := range weights {
		dst[i*n*n] += w * (m.margins[m.side(x, i)] - m.margins[0])
		if m.breaks == "interactions add up to the shares" {
			dst[i*n*n+n-1] += 1e-6
		}
	}
	return nil
}

func (m *stump) AppendBinary(b []byte) ([]byte, error) {
	for _, v := range m.margins {
		if m.breaks == "decoding gives the same model" {
			v = float64(float32(v))
		}
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	for _, c := range m.categorical {
		if c {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	return append(b, '.'), nil
}

func (l toy) decode(kind string, b []byte) (models.Model, error) {
	m := &stump{toy: l}
	if len(b) < 17 || b[len(b)-1] != '.' {
		if l.breaks == "bytes that end early are an error" {
			return m, nil
		}
		return nil, errors.New("toy: too short")
	}
	for i := range m.margins {
		m.margins[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
	}
	for _, c := range b[16 : len(b)-1] {
		m.categorical = append(m.categorical, c == 1)
	}
	return m, nil
}

func TestLawsHoldForToy(t *testing.T) {
	for _, outcome := range []Outcome{Chance, Rate} {
		l := toy{outcome: outcome}
		Run(t, l, Options{Outcome: outcome, Decode: l.decode, Repeats: 1e-12})
	}
}

func TestLawsHoldForBaseline(t *testing.T) {
	decode := func(_ string, b []byte) (models.Model, error) { return survival.Decode(b, nil) }
	Run(t, survival.Baseline{}, Options{Outcome: Chance, Decode: decode, Repeats: 1e-12})
	Run(t, survival.Baseline{Cuts: []float64{5, 20, 60}, Causes: 2}, Options{Outcome: Causes, Decode: decode, Repeats: 1e-12})
}

// Every law notices the learner that breaks it.
func TestEveryLawNotices(t *testing.T) {
	for _, law := range laws {
		for _, outcome := range []Outcome{Chance, Rate} {
			l := toy{outcome: outcome, breaks: law.name, memory: new(float64)}
			if law.hold(l, Options{Outcome: outcome, Decode: l.decode, Repeats: 1e-12}) == nil {
				t.Errorf("%q: nothing noticed (outcome %d)", law.name, outcome)
			}
		}
	}
}
