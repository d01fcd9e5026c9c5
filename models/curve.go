package models

import "github.com/leadcast/leadcast/models/portable"

// Curve is a forecast of competing causes with rates that are constant within
// intervals of time since the start (the piecewise-exponential model; Holford
// 1980, Friedman 1982). Everything read off it is in closed form, so the
// probabilities of all causes and of "still open" add to one at every t.
type Curve struct {
	Cuts  []float64   // interior cut points, rising, in the unit of time; interval k is [Cuts[k−1], Cuts[k])
	Rates [][]float64 // a row a cause, len(Cuts)+1 rates per unit of time
	From  float64     // the time already survived: everything is conditional on still being open then
}

// At writes to dst, for each cause, the probability of having happened within
// t of From, and returns the probability of still being open.
func (c Curve) At(dst []float64, t float64) (open float64) {
	for i := range dst {
		dst[i] = 0
	}
	open = 1
	c.walk(t, func(_ int, length float64, rates []float64, total float64) bool {
		if total > 0 {
			gone := float64(open * -portable.Expm1(-float64(total*length)))
			for i, r := range rates {
				dst[i] += float64(gone * (r / total))
			}
			open -= gone
		}
		return true
	})
	for i := range dst {
		dst[i] = min(dst[i], 1) // the sum of rounded pieces may end one unit above
	}
	return open
}

// Open is the probability of still being open t after From.
func (c Curve) Open(t float64) float64 {
	hazard := 0.0
	c.walk(t, func(_ int, length float64, _ []float64, total float64) bool {
		hazard += float64(total * length)
		return true
	})
	return portable.Exp(-hazard)
}

// Quantile is the time after From by which the share p of those that go by
// cause within limit have gone; ok is false when none go by it.
func (c Curve) Quantile(cause int, p, limit float64) (t float64, ok bool) {
	at := make([]float64, len(c.Rates))
	c.At(at, limit)
	want := float64(p * at[cause])
	if !(want > 0) {
		return 0, false
	}
	t, ok = limit, true
	open, reached, start := 1.0, 0.0, 0.0
	c.walk(limit, func(_ int, length float64, rates []float64, total float64) bool {
		if total > 0 {
			gone := float64(open * -portable.Expm1(-float64(total*length)))
			part := float64(gone * (rates[cause] / total))
			if part > 0 && reached+part >= want {
				need := float64((want-reached)*(total/rates[cause])) / open // no product of two tiny numbers
				t = min(limit, start-portable.Log1p(-min(need, 1))/total)
				return false
			}
			reached += part
			open -= gone
		}
		start += length
		return true
	})
	return t, ok
}

// walk visits the pieces of [From, From+t) that lie in one interval each. The
// rates slice is reused between calls.
func (c Curve) walk(t float64, visit func(k int, length float64, rates []float64, total float64) bool) {
	var few [4]float64
	rates := few[:0]
	at, end := c.From, c.From+t
	for k := 0; k <= len(c.Cuts) && at < end; k++ {
		stop := end
		if k < len(c.Cuts) && c.Cuts[k] < end {
			stop = c.Cuts[k]
		}
		if stop <= at {
			continue
		}
		rates = rates[:0]
		total := 0.0
		for i := range c.Rates {
			rates = append(rates, c.Rates[i][k])
			total += c.Rates[i][k]
		}
		if !visit(k, stop-at, rates, total) {
			return
		}
		at = stop
	}
}
