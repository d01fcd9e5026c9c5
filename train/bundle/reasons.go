package bundle

import (
	"cmp"
	"math"
	"slices"

	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/portable"
)

// ageReason names the part of a reason that is due to how long a lead has been
// open, beyond what that means for the average lead.
const ageReason = "(days open)"

// reasons splits the distance of a lead's main probability from that of the
// average lead of equal age over the user's columns: Aumann–Shapley prices
// (Aumann and Shapley 1974; "integrated gradients", Sundararajan and others
// 2017) along the straight path from the base rates' margins to the lead's,
// with the exact shares of each margin by column. They sum to p − p_base.
// Columns of the matrix are grouped by the column that they come from.
func (f *forecast) reasons(x *matrix.Matrix, margins []float64, age float64) ([]Reason, error) {
	base := f.model.BaseMargins()
	prices := f.prices(base, margins, age)
	shares := make([]float64, len(x.Columns))
	if _, err := f.model.Shares(shares, x, prices); err != nil {
		return nil, err
	}
	total := 0.0
	for i, price := range prices {
		if price != 0 {
			total += float64(price * (margins[i] - base[i]))
		}
	}
	var list []Reason
	for j, share := range shares {
		total -= share
		at := slices.IndexFunc(list, func(r Reason) bool { return r.Column == x.Columns[j].Origin })
		if at < 0 {
			list = append(list, Reason{Column: x.Columns[j].Origin, Effect: share})
		} else {
			list[at].Effect += share
		}
	}
	return append(list, Reason{Column: ageReason, Effect: total}), nil
}

// nodes and weights of Gauss and Legendre's rule of eight points on [0, 1].
var gauss = [8][2]float64{
	{0.019855071751231884, 0.05061426814518813}, {0.10166676129318664, 0.1111905172266872},
	{0.2372337950418355, 0.15685332293894363}, {0.4082826787521751, 0.18134189168918100},
	{0.5917173212478249, 0.18134189168918100}, {0.7627662049581645, 0.15685332293894363},
	{0.8983333238706813, 0.1111905172266872}, {0.9801449282487681, 0.05061426814518813},
}

// prices are the mean slopes of the main probability by each margin along the
// path, scaled so that Σ price·(margin − base) is exactly the difference.
func (f *forecast) prices(base, margins []float64, age float64) []float64 {
	prices := make([]float64, len(margins))
	if !f.Manifest.Timed {
		if d := margins[0] - base[0]; d != 0 {
			prices[0] = (portable.Sigmoid(margins[0]) - portable.Sigmoid(base[0])) / d
		}
		return prices
	}
	h := float64(f.Manifest.MainHorizon)
	at, slope := make([]float64, len(margins)), make([]float64, len(margins))
	for _, g := range gauss {
		for i := range at {
			at[i] = base[i]
			if d := margins[i] - base[i]; !math.IsNaN(d) {
				at[i] += float64(g[0] * d)
			}
		}
		winSlopes(slope, f.Cuts(), at, age, h)
		for i, s := range slope {
			prices[i] += float64(g[1] * s)
		}
	}
	sum := 0.0
	for i, price := range prices {
		if price != 0 {
			sum += float64(price * (margins[i] - base[i]))
		}
	}
	if exact := f.win(margins, age, h) - f.win(base, age, h); sum != 0 && math.Abs(exact-sum) < 0.1*math.Abs(sum) {
		for i := range prices {
			prices[i] *= exact / sum
		}
	}
	return prices
}

// win is the probability of being won within h of age.
func (f *forecast) win(margins []float64, age, h float64) float64 {
	rates := make([]float64, len(margins))
	for i, v := range margins {
		rates[i] = portable.Exp(v)
	}
	var at [causes]float64
	f.rates.Curve(rates, age).At(at[:], h)
	return at[0]
}

// winSlopes writes the derivative of the probability of being won within h of
// age by each log-rate, laid out [cause][interval].
func winSlopes(dst []float64, cuts, margins []float64, age, h float64) {
	n := len(cuts) + 1
	clear(dst)
	type piece struct {
		k                              int
		length, won, total, open, gain float64
	}
	var few [24]piece
	pieces := few[:0]
	open, from, end, later := 1.0, age, age+h, 0.0
	for k := range n {
		stop := end
		if k < len(cuts) {
			stop = min(end, cuts[k])
		}
		if stop <= from {
			continue
		}
		p := piece{k: k, length: stop - from, won: portable.Exp(margins[k]), open: open}
		p.total = p.won + portable.Exp(margins[n+k])
		if p.total > 0 {
			p.gain = float64(open*(p.won/p.total)) * -portable.Expm1(-float64(p.total*p.length))
			open = float64(open * portable.Exp(-float64(p.total*p.length)))
		}
		later += p.gain
		pieces = append(pieces, p)
		from = stop
	}
	for _, p := range pieces {
		later -= p.gain // what is won after this piece shrinks with its rates
		if !(p.total > 0) {
			continue
		}
		lost := p.total - p.won
		stays := portable.Exp(-float64(p.total * p.length))
		gone := -portable.Expm1(-float64(p.total * p.length))
		// gain = open·w/(w+l)·(1−e^{−(w+l)d})
		bend := float64(float64(p.open*p.won) / p.total * float64(p.length*stays))
		dw := float64(float64(p.open*lost)/float64(p.total*p.total)*gone) + bend
		dl := bend - float64(float64(p.open*p.won)/float64(p.total*p.total)*gone)
		dst[p.k] = float64(p.won * (dw - float64(p.length*later)))
		dst[n+p.k] = float64(lost * (dl - float64(p.length*later)))
	}
}

// strongest keeps the n reasons of the largest effect, ties by name.
func strongest(list []Reason, n int) []Reason {
	slices.SortFunc(list, func(a, b Reason) int {
		return cmp.Or(cmp.Compare(math.Abs(b.Effect), math.Abs(a.Effect)), cmp.Compare(a.Column, b.Column))
	})
	kept := list[:0]
	for _, r := range list {
		if r.Effect != 0 && len(kept) < n {
			kept = append(kept, r)
		}
	}
	return kept
}
