package synth

import "github.com/leadcast/leadcast/models/portable"

// The states of engagement. A lead is in one of them at any time, history.csv
// shows which, and tomorrow's depends on nothing but today's and the age.
const (
	cold = iota
	warm
	hot
	dormant
	stateCount
)

// What a state does to the two rates, and how often a lead in it does something a day.
var (
	stateWon  = [stateCount]float64{0.75, 1, 1.35, 0.6}
	stateLost = [stateCount]float64{1.1, 1, 0.85, 1.15}
	stateActs = [stateCount]float64{0.02, 0.07, 0.2, 0}
)

// begins is the law of the state at creation, moves[i][j] the probability of
// going from i to j in a day while the lead is young; both are scaled down
// with age by company.pace.
var (
	begins = [stateCount]float64{0.3, 0.5, 0.2, 0}
	moves  = [stateCount][stateCount]float64{
		cold:    {warm: 0.11, dormant: 0.02},
		warm:    {cold: 0.06, hot: 0.06, dormant: 0.01},
		hot:     {cold: 0.02, warm: 0.14},
		dormant: {cold: 0.04},
	}
)

// law is the probability of being open in each state.
type law [stateCount]float64

// in is the law of a lead whose state is known.
func in(state int) (p law) {
	p[state] = 1
	return p
}

// next moves a law through one day: the shares won and lost in it, and the law
// of the morning after. Age and date are days, the date counted from the first.
func (c *company) next(p law, l *lead, age, date int) (won, lost float64, after law) {
	w := c.won[age] * l.winRate * c.season[date]
	q := c.lost[age] * l.lossRate * c.season[date]
	for i, open := range p {
		rw, rl := float64(w*stateWon[i]), float64(q*stateLost[i])
		rate := rw + rl
		closed := float64(open * (1 - portable.Exp(-rate)))
		part := float64(closed * (rw / rate))
		won += part
		lost += closed - part
		p[i] = open - closed
	}
	pace := c.pace[age]
	after = p
	for i := range moves {
		for j, m := range moves[i] {
			if m == 0 {
				continue
			}
			flow := float64(p[i] * m * pace)
			after[i] -= flow
			after[j] += flow
		}
	}
	return won, lost, after
}

// future fills won and lost with the cumulative incidence at the end of each
// day from date on, for a lead that is then open and in p.
func (c *company) future(won, lost []float64, p law, l *lead, date int) {
	var w, q float64
	for k := range won {
		dw, dq, after := c.next(p, l, date+k-l.day, date+k)
		w, q, p = w+dw, q+dq, after
		won[k], lost[k] = w, q
	}
}

// at is a cumulative incidence some days after a lead's creation, to the
// second: the last day counts as far as the creation's time of day. The first
// entry belongs to the day after creation.
func at(incidence []float64, days int, created int64) float64 {
	before := incidence[days-2]
	return before + float64((incidence[days-1]-before)*elapsed(created))
}

// elapsed is the share of a day's closings that come before the time of day of a moment.
func elapsed(moment int64) float64 {
	return float64(min(max(moment%day, opens), closes)-opens) / (closes - opens)
}

// stay is a time in one state of engagement, from one morning to another.
type stay struct {
	state     int
	from      int   // first day in it
	changedAt int64 // when the CRM saw the state begin
}

// course is what became of a lead.
type course struct {
	stays  []stay
	won    bool
	closed int64 // Unix seconds, 0 while open
	end    int   // the day on which it closed or was last looked at
}

// live draws the course of a lead until it closes or the follow-up ends. It
// closes when its accumulated rate passes an exponential threshold, which is
// the law of next without an exponential a day.
func (c *company) live(s *stream, l *lead, k *course) {
	*k = course{stays: k.stays[:0]}
	state := c.drawState(s)
	k.stays = append(k.stays, stay{state, l.day, l.created})
	left := -portable.Log(1 - s.uniform())
	for date := l.day + 1; date < history+follow; date++ {
		age := date - l.day
		rw := float64(c.won[age] * l.winRate * c.season[date] * stateWon[state])
		rl := float64(c.lost[age] * l.lossRate * c.season[date] * stateLost[state])
		if left -= rw + rl; left < 0 {
			k.won = s.chance(rw / (rw + rl))
			k.closed = c.begin + int64(date)*day + opens + int64(s.below(closes-opens))
			k.end = date
			return
		}
		u := s.uniform() / c.pace[age]
		for j, m := range moves[state] {
			if u -= m; m > 0 && u < 0 {
				state = j
				evening := c.begin + int64(date)*day + closes
				k.stays = append(k.stays, stay{j, date + 1, evening + int64(s.below(5*3600))})
				break
			}
		}
	}
	k.end = history + follow
}

// drawState draws the state at creation.
func (c *company) drawState(s *stream) int {
	u := s.uniform()
	for i, p := range begins {
		if u -= p; u < 0 {
			return i
		}
	}
	return warm
}

// state is the lead's state on the morning of a day.
func (k *course) state(date int) int {
	now := k.stays[0].state
	for _, t := range k.stays {
		if t.from > date {
			break
		}
		now = t.state
	}
	return now
}
