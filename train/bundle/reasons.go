package bundle

import (
	"cmp"
	"math"
	"slices"

	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/portable"
)

// Every, as the number of reasons, asks Score for all of them, with their
// effects in days too.
const Every = -1

// ageReason names the part of a reason that is due to how long a lead has been
// open, beyond what that means for the typical lead.
const ageReason = "(days open)"

// restReason names what no column accounts for, where there are no ages.
const restReason = "(all else)"

// center are the margins of the typical lead: the mean, which shares count from.
func (b *Bundle) center() []float64 {
	margins := b.model.BaseMargins()
	for i, c := range b.Center {
		if !math.IsInf(margins[i], 0) { // a cause that never happened stays so
			margins[i] = c
		}
	}
	return margins
}

// explain gives a score its reasons: the distance of its main probability from
// that of the typical lead of equal age, split over the user's columns by
// Aumann–Shapley prices (Aumann and Shapley 1974; "integrated gradients",
// Sundararajan and others 2017) along the straight path from the typical
// lead's margins to the lead's, with the exact shares of each margin by column. They
// sum to p − p_base; those in days sum to the distance of the median cycle
// length. Columns of the matrix are grouped by the column that they come from.
func (f *forecast) explain(s *Score, row int, margins []float64, reasons int) error {
	x := f.x.Gather([]int32{int32(row)})
	path := path{f, f.center(), margins, f.ageOf(row)}
	s.Base = number(path.chance(path.base))
	list, err := f.shares(x, path.prices(1, path.chance, path.chanceSlopes), path)
	if err != nil {
		return err
	}
	if reasons == Every {
		reasons = len(list)
		if s.Cycle[1] != nil {
			if err := f.explainDays(s, list, x, path); err != nil {
				return err
			}
		}
	}
	s.Reasons = strongest(list, reasons)
	return nil
}

// explainDays adds the effects in days to the reasons.
func (f *forecast) explainDays(s *Score, list []Reason, x *matrix.Matrix, p path) error {
	from, ok := p.median(p.base)
	if !ok {
		return nil
	}
	median := func(margins []float64) float64 { t, _ := p.median(margins); return t }
	days, err := f.shares(x, p.prices(daysPanels, median, p.medianSlopes), p)
	if err != nil {
		return err
	}
	s.BaseDays = number(from)
	for i := range list { // the same columns in the same order
		list[i].Days = number(days[i].Effect)
	}
	return nil
}

// shares splits Σ price·(margin − base) over the user's columns. How many leads
// are like this one is counted in the strongest of a column's parts.
func (f *forecast) shares(x *matrix.Matrix, prices []float64, path path) ([]Reason, error) {
	shares := make([]float64, len(x.Columns))
	if _, err := f.model.Shares(shares, x, prices); err != nil {
		return nil, err
	}
	left := path.along(prices)
	var list []Reason
	strongest := map[string]float64{}
	for j, share := range shares {
		left -= share
		c := &x.Columns[j]
		at := slices.IndexFunc(list, func(r Reason) bool { return r.Column == c.Origin })
		if at < 0 {
			at = len(list)
			list = append(list, Reason{Column: c.Origin})
		}
		r := &list[at]
		r.Effect += share
		if size := math.Abs(share); f.Tally != nil && (r.Like == 0 || size > strongest[c.Origin]) {
			strongest[c.Origin] = size
			k := f.Tally.bin(j, c, 0)
			r.Like, r.Won = f.Tally[j].Leads[k], f.Tally[j].Won[k]
		}
	}
	if !f.Manifest.Timed && math.Abs(left) < 1e-12 { // rounding; nothing is left of a model without ages
		return list, nil
	}
	rest := ageReason
	if !f.Manifest.Timed {
		rest = restReason
	}
	return append(list, Reason{Column: rest, Effect: left}), nil
}

// path is the straight line from the typical lead's margins to a lead's.
type path struct {
	*forecast
	base, margins []float64
	age           float64
}

// gauss has nodes and weights of Gauss and Legendre's rule of eight points on [0, 1].
var gauss = [8][2]float64{
	{0.019855071751231884, 0.05061426814518813}, {0.10166676129318664, 0.1111905172266872},
	{0.2372337950418355, 0.15685332293894363}, {0.4082826787521751, 0.18134189168918100},
	{0.5917173212478249, 0.18134189168918100}, {0.7627662049581645, 0.15685332293894363},
	{0.8983333238706813, 0.1111905172266872}, {0.9801449282487681, 0.05061426814518813},
}

// daysPanels are the pieces of the path for the median, which bends where it
// passes a cut of the ages.
const daysPanels = 6

// prices are the mean slopes of a quantity by each margin along the path,
// mended so that Σ price·(margin − base) is exactly its difference.
func (p path) prices(panels int, value func(margins []float64) float64, slopes func(dst, margins []float64)) []float64 {
	prices := make([]float64, len(p.margins))
	at, slope := make([]float64, len(p.margins)), make([]float64, len(p.margins))
	width := 1 / float64(panels)
	for k := range panels {
		for _, g := range gauss {
			for i := range at {
				at[i] = p.base[i]
				if d := p.margins[i] - p.base[i]; !math.IsNaN(d) {
					at[i] += float64(float64((float64(k)+g[0])*width) * d)
				}
			}
			slopes(slope, at)
			for i, s := range slope {
				prices[i] += float64(float64(g[1]*width) * s)
			}
		}
	}
	size := 0.0
	for i, price := range prices {
		if price != 0 {
			size += math.Abs(price * (p.margins[i] - p.base[i]))
		}
	}
	if size == 0 {
		return prices
	}
	// What the rule of integration missed goes where the difference is.
	missed := float64((value(p.margins) - value(p.base) - p.along(prices)) / size)
	for i, price := range prices {
		if d := price * (p.margins[i] - p.base[i]); price != 0 && d != 0 {
			prices[i] += float64(math.Copysign(price, price*d) * missed)
		}
	}
	return prices
}

// along is Σ price·(margin − base).
func (p path) along(prices []float64) float64 {
	sum := 0.0
	for i, price := range prices {
		if price != 0 {
			sum += float64(price * (p.margins[i] - p.base[i]))
		}
	}
	return sum
}

// chance is the main probability.
func (p path) chance(margins []float64) float64 {
	if !p.Manifest.Timed {
		return portable.Sigmoid(margins[0])
	}
	var at [causes]float64
	p.rates.Curve(ratesOf(margins), p.age).At(at[:], float64(p.Manifest.MainHorizon))
	return at[0]
}

func (p path) chanceSlopes(dst, margins []float64) {
	if !p.Manifest.Timed {
		c := portable.Sigmoid(margins[0])
		dst[0] = float64(c * (1 - c))
		return
	}
	winSlopes(dst, p.Cuts(), margins, p.age, float64(p.Manifest.MainHorizon))
}

// median is the age at which half of those that are won within support are.
func (p path) median(margins []float64) (age float64, ok bool) {
	t, ok := p.rates.Curve(ratesOf(margins), p.age).Quantile(0, 0.5, p.reach.Longest(p.age))
	return p.age + t, ok
}

// medianSlopes follow from the implicit function F(t) = ½·F(limit): a margin
// moves t by what it adds to the right less the left, over the density at t.
func (p path) medianSlopes(dst, margins []float64) {
	clear(dst)
	limit := p.reach.Longest(p.age)
	c := p.rates.Curve(ratesOf(margins), p.age)
	t, ok := c.Quantile(0, 0.5, limit)
	if !ok {
		return
	}
	k, _ := slices.BinarySearch(p.Cuts(), p.age+t)
	density := float64(c.Open(t) * portable.Exp(margins[k]))
	if !(density > 0) {
		return
	}
	whole := make([]float64, len(dst))
	winSlopes(whole, p.Cuts(), margins, p.age, limit)
	winSlopes(dst, p.Cuts(), margins, p.age, t)
	for i := range dst {
		dst[i] = (float64(0.5*whole[i]) - dst[i]) / density
	}
}

// ratesOf are the rates whose logarithms the margins are.
func ratesOf(margins []float64) []float64 {
	rates := make([]float64, len(margins))
	for i, v := range margins {
		rates[i] = portable.Exp(v)
	}
	return rates
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
		if moves := r.Effect != 0 || r.Days != nil && *r.Days != 0; moves && len(kept) < n {
			kept = append(kept, r)
		}
	}
	return kept
}
