package synth

import (
	"math"
	"slices"
	"testing"
)

// world is a company with all its leads and courses, as the files show them.
type world struct {
	*company
	leads   []lead
	courses []course
}

func newWorld(seed uint64, n int) *world {
	w := &world{company: newCompany(seed, n)}
	var s stream
	for i := range n {
		l := w.draw(&s, forLead, i, n)
		var k course
		w.live(&s, &l, &k)
		w.leads, w.courses = append(w.leads, l), append(w.courses, k)
	}
	return w
}

// openAtAsof says whether lead i is open at the as-of moment.
func (w *world) openAtAsof(i int) bool {
	return w.courses[i].closed == 0 || w.courses[i].closed >= w.asof()
}

// baseRate is the daily Aalen–Johansen hazard of winning and losing by age,
// from what was known at the as-of moment.
func (w *world) baseRate() (won, lost [lifetime]float64) {
	var risk [lifetime]float64
	for i, k := range w.courses {
		end := min(k.end, history)
		for a := 1; a <= end-w.leads[i].day && w.leads[i].day+a < history; a++ {
			risk[a]++
		}
		if k.closed > 0 && k.end < history {
			if k.won {
				won[k.end-w.leads[i].day]++
			} else {
				lost[k.end-w.leads[i].day]++
			}
		}
	}
	for a := range risk {
		if risk[a] > 0 {
			won[a] /= risk[a]
			lost[a] /= risk[a]
		}
	}
	return won, lost
}

// gain is the expected log score of forecast q where p is the truth.
func gain(p, q [3]float64) (sum float64) {
	for i := range p {
		if p[i] > 0 {
			sum += p[i] * math.Log(max(q[i], 1e-12))
		}
	}
	return sum
}

// scores are the mean expected log scores, 90 days on, over the leads open at
// the as-of moment: of the truth, of the exact forecast without engagement,
// and of the base rate given age.
func (w *world) scores() (truth, flat, base float64) {
	aw, al := w.baseRate()
	var won, lost [90]float64
	three := func(w, l float64) [3]float64 { return [3]float64{w, l, 1 - w - l} }
	n := 0.0
	for i := range w.leads {
		if i%3 != 0 || !w.openAtAsof(i) { // a third says enough
			continue
		}
		n++
		l := &w.leads[i]
		w.future(won[:], lost[:], in(w.courses[i].state(history)), l, history)
		p := three(won[89], lost[89])
		truth += gain(p, p)
		w.future(won[:], lost[:], w.marginal(l), l, history)
		flat += gain(p, three(won[89], lost[89]))
		open, bw, bl := 1.0, 0.0, 0.0
		for a := history - l.day; a < history-l.day+90; a++ {
			bw, bl = bw+open*aw[a], bl+open*al[a]
			open *= 1 - aw[a] - al[a]
		}
		base += gain(p, three(bw, bl))
	}
	return truth / n, flat / n, base / n
}

// marginal is the law of engagement at the as-of moment given the fields and
// that the lead is still open.
func (w *world) marginal(l *lead) law {
	p := law(begins)
	for date := l.day + 1; date < history; date++ {
		_, _, p = w.next(p, l, date-l.day, date)
	}
	var open float64
	for _, v := range p {
		open += v
	}
	for i := range p {
		p[i] /= open
	}
	return p
}

// auc is the area under the ROC curve of a score.
func auc(score []float64, yes []bool) float64 {
	order := make([]int, len(score))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if score[a] < score[b] {
			return -1
		}
		return 1
	})
	var ranks, n float64
	for r, i := range order {
		if yes[i] {
			ranks += float64(r + 1)
			n++
		}
	}
	return (ranks - n*(n+1)/2) / (n * (float64(len(score)) - n))
}

// TestWorld checks on whole companies what the world promises of itself.
func TestWorld(t *testing.T) {
	for seed := range uint64(2) {
		w := newWorld(seed, 20000)
		t.Logf("company %d", seed)
		w.checkShares(t)
		w.checkOutcomes(t)
		w.checkNaive(t)
		truth, flat, base := w.scores()
		share := (flat - base) / (truth - base)
		t.Logf("log score at 90 days: truth %.4f, fields and age alone %.4f, base rate %.4f: %.1f %% of the gap", truth, flat, base, 100*share)
		if share < 0.95 || share >= 1 || stateWon[hot] < 1.3*stateWon[cold] {
			t.Errorf("the exact forecast from fields and age closes %.3f of the gap, want at least 0.95 and less than 1", share)
		}
	}
}

func (w *world) checkShares(t *testing.T) {
	var won, lost, score []float64
	var yes []bool
	var p, q [365]float64
	for i, k := range w.courses {
		l := &w.leads[i]
		days := float64(k.closed-l.created) / day
		switch {
		case w.openAtAsof(i):
		case k.won:
			won = append(won, days)
		default:
			lost = append(lost, days)
		}
		if l.day < history-365 && i%4 == 0 {
			w.future(p[:], q[:], in(k.stays[0].state), l, l.day+1)
			score, yes = append(score, p[364]), append(yes, k.won && days < 365)
		}
	}
	slices.Sort(won)
	slices.Sort(lost)
	n := float64(len(w.leads))
	for _, m := range []struct {
		what         string
		v, low, high float64
	}{
		{"share won", float64(len(won)) / n, 0.12, 0.18},
		{"share lost", float64(len(lost)) / n, 0.48, 0.62},
		{"median days to won", won[len(won)/2], 40, 65},
		{"median days to lost", lost[len(lost)/2], 22, 40},
		{"AUC of the truth for a win in a year", auc(score, yes), 0.76, 0.86},
	} {
		t.Logf("%s %.3f", m.what, m.v)
		if m.v < m.low || m.v > m.high {
			t.Errorf("%s is %.3f, want %v to %v", m.what, m.v, m.low, m.high)
		}
	}
}

// checkOutcomes compares the forecasts with what came after the as-of moment.
func (w *world) checkOutcomes(t *testing.T) {
	days := [3]int{30, 90, 180}
	var expected, variance, observed [3]float64
	var won, lost [horizon]float64
	for i, k := range w.courses {
		if !w.openAtAsof(i) {
			continue
		}
		w.future(won[:], lost[:], in(k.state(history)), &w.leads[i], history)
		for j, d := range days {
			p := won[d-1]
			expected[j] += p
			variance[j] += p * (1 - p)
			if k.won && k.closed < w.asof()+int64(d)*day {
				observed[j]++
			}
		}
	}
	for j, d := range days {
		t.Logf("wins in %d days: expected %.1f, observed %.0f", d, expected[j], observed[j])
		if math.Abs(expected[j]-observed[j]) > 4*math.Sqrt(variance[j]) {
			t.Errorf("wins in %d days: expected %.1f ± %.1f, observed %.0f", d, expected[j], math.Sqrt(variance[j]), observed[j])
		}
	}
}

// checkNaive: for leads of the last 90 days both rates that people use miss
// the true 90-day rate by far more than 15 %.
func (w *world) checkNaive(t *testing.T) {
	var all, closed, won, truth float64
	var p, q [90]float64
	for i, k := range w.courses {
		l := &w.leads[i]
		if l.created < w.asof()-90*day {
			continue
		}
		w.future(p[:], q[:], in(k.stays[0].state), l, l.day+1)
		truth += at(p[:], 90, l.created)
		all++
		if !w.openAtAsof(i) {
			closed++
			if k.won {
				won++
			}
		}
	}
	ofAll, ofClosed := won/truth, won/closed*all/truth
	t.Logf("90-day rate of recent leads %.4f; won of all %.2f of it, won of closed %.2f", truth/all, ofAll, ofClosed)
	if ofAll > 0.75 || ofClosed < 1.22 {
		t.Errorf("won of all is %.2f of the truth, want at most 0.75; won of closed %.2f, want at least 1.22", ofAll, ofClosed)
	}
}
