package bundle

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/portable"
)

// Likely is, for each lead of a snapshot and its score, the probability of
// being won within the main horizon by each of the models that the data hold
// nearly as likely as this one; nil for a lead without that probability. The
// error is ErrNoSpread where the bundle has no such models.
func (b *Bundle) Likely(ctx context.Context, s features.Snapshot, scores []Score) ([][]float64, error) {
	if b.Spread == nil {
		return nil, ErrNoSpread
	}
	f, err := b.forecast(s)
	if err != nil {
		return nil, err
	}
	likely := make([][]float64, len(scores))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for from := 0; from < len(scores); from += block {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return f.likely(likely, scores, from, min(from+block, len(scores)))
		})
	}
	return likely, g.Wait()
}

// ErrNoSpread says that a bundle cannot give intervals.
var ErrNoSpread = errors.New("bundle: the model holds no spread, so it has no intervals: it was trained by an older Leadcast, imported, or without the linear model (--model gbm)")

// likely fills likely[from:to].
func (f *forecast) likely(likely [][]float64, scores []Score, from, to int) error {
	var rows []int32
	for i := from; i < to; i++ {
		if scores[i].Err == nil && scores[i].Win != nil {
			rows = append(rows, int32(i))
		}
	}
	x, outputs := f.x.Gather(rows), f.model.Outputs()
	margins, moved := make([]float64, len(rows)*outputs), make([]float64, len(rows)*outputs)
	if err := f.model.Margins(margins, x); err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	for _, m := range f.Spread {
		if err := m.Margins(moved, x); err != nil {
			return fmt.Errorf("bundle: %w", err)
		}
		for i := range moved {
			moved[i] += margins[i]
		}
		for i, row := range rows {
			likely[row] = append(likely[row], f.win(moved[i*outputs:][:outputs], int(row)))
		}
	}
	return nil
}

// win is the probability of being won within the main horizon by some margins.
func (f *forecast) win(margins []float64, row int) float64 {
	if !f.Manifest.Timed {
		return portable.Sigmoid(margins[0])
	}
	var at [causes]float64
	f.rates.Curve(ratesOf(margins), f.age[row]).At(at[:], float64(f.Manifest.MainHorizon))
	return at[0]
}

// Interval is the 95 % interval of a probability by what nearly as likely
// models say in its place: normal on the scale of log-odds, with Student's
// quantile for so many draws. For the mean of many leads give the means. Of a
// single lead it is approximate: it knows what the linear model is unsure of.
func Interval(p float64, likely []float64) (low, high float64) {
	n := float64(len(likely))
	mean, square := 0.0, 0.0
	for _, v := range likely {
		mean += logit(v) / n
	}
	for _, v := range likely {
		square += float64((logit(v) - mean) * (logit(v) - mean))
	}
	half := float64(student(n-1) * math.Sqrt(square/(n-1)))
	return portable.Sigmoid(logit(p) - half), portable.Sigmoid(logit(p) + half)
}

func logit(p float64) float64 {
	p = min(max(p, 1e-12), 1-1e-12)
	return portable.Log(p / (1 - p))
}

// student is the 97.5 % quantile of Student's distribution (the first terms of
// Cornish and Fisher's expansion, right to 0.01 from 5 degrees of freedom on).
func student(df float64) float64 {
	const z = 1.959963984540054
	return z + float64((z*z*z+z)/(4*df)) + float64((5*z*z*z*z*z+16*z*z*z+3*z)/(96*df*df))
}

// Intervals sets the interval of each score that has a probability. The error
// is ErrNoSpread where the bundle has none to give.
func (b *Bundle) Intervals(ctx context.Context, s features.Snapshot, scores []Score) error {
	likely, err := b.Likely(ctx, s, scores)
	for i, l := range likely {
		if l != nil {
			low, high := Interval(*scores[i].Win, l)
			scores[i].WinLow, scores[i].WinHigh = &low, &high
		}
	}
	return err
}

// IntervalColumns are p_win_low and p_win_high, empty where there are none.
func IntervalColumns(scores []Score) []*datasets.Column {
	low := &datasets.Column{Name: "p_win_low", Kind: datasets.Number, Nums: make([]float64, len(scores))}
	high := &datasets.Column{Name: "p_win_high", Kind: datasets.Number, Nums: make([]float64, len(scores))}
	for i := range scores {
		low.Nums[i], high.Nums[i] = math.NaN(), math.NaN()
		if s := &scores[i]; s.WinLow != nil {
			low.Nums[i], high.Nums[i] = *s.WinLow, *s.WinHigh
		}
	}
	return []*datasets.Column{low, high}
}

// appendSpread appends the models of a spread, each by its kind and its bytes.
func appendSpread(b []byte, spread []models.Additive) ([]byte, error) {
	for _, m := range spread {
		inner, err := m.AppendBinary(nil)
		if err != nil {
			return nil, err
		}
		for _, text := range [][]byte{[]byte(m.Kind()), inner} {
			b = append(binary.LittleEndian.AppendUint32(b, uint32(len(text))), text...)
		}
	}
	return b, nil
}

// decodeSpread reads what appendSpread wrote.
func decodeSpread(b []byte, outputs int) (spread []models.Additive, err error) {
	damaged := errors.New("bundle: damaged: its spread does not fit the model")
	next := func() (text []byte, ok bool) {
		if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
			return nil, false
		}
		text, b = b[4:][:binary.LittleEndian.Uint32(b)], b[4+binary.LittleEndian.Uint32(b):]
		return text, true
	}
	for len(b) > 0 {
		kind, _ := next()
		inner, ok := next()
		if !ok {
			return nil, damaged
		}
		m, err := decode(string(kind), inner)
		if err != nil {
			return nil, fmt.Errorf("bundle: spread: %w", err)
		}
		a, ok := m.(models.Additive)
		if !ok || a.Outputs() != outputs {
			return nil, damaged
		}
		spread = append(spread, a)
	}
	if len(spread) == 1 {
		return nil, damaged
	}
	return spread, nil
}
