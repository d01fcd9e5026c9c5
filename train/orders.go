package train

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models/metric"
)

// Capacity is what sales would have had on the desk within the main horizon
// after an origin, in several orders of the open leads: each day the first of
// those that are open and were not yet worked are worked, as many as there is
// capacity for. A win counts for an order if the lead was worked before it was
// won; wins are those of history, so nothing here says that more would be won.
type Capacity struct {
	Week     float64  `json:"leads_a_week"` // of all origins: the mean
	Share    float64  `json:"share_a_week"` // of the leads open at the origin
	Wins     int      `json:"wins"`         // that could be reached: the lead was open on some day before it was won
	Money    float64  `json:"money"`        // these wins brought; 0 where no amounts are known
	Withheld string   `json:"withheld,omitempty"`
	Orders   []Worked `json:"orders"` // ours first
	Curve    []Share  `json:"curve"`  // other capacities
}

// Worked is what one order of the leads would have brought onto the desk.
type Worked struct {
	Order      string           `json:"order"`
	Wins       int              `json:"wins"`
	Money      float64          `json:"money"`
	Reached    metric.Estimate  `json:"reached"`               // share of the wins
	Ahead      *metric.Estimate `json:"ahead,omitempty"`       // share that our order reaches less that of this one, paired
	AheadMoney *metric.Estimate `json:"ahead_money,omitempty"` // the same of the money
}

// Share is what the orders reach at one capacity.
type Share struct {
	Share   float64   `json:"share_a_week"` // of the leads open at the origin
	Reached []float64 `json:"reached"`      // share of the wins, in the order of Orders
}

// shares are the capacities that are tried, in leads a week of those open.
var shares = []float64{0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3}

// The orders that are compared.
const (
	oursOrder = "leadcast"
	fifoOrder = "first in, first out"
	lifoOrder = "newest first"
	lostOrder = "open = lost"
)

// queue is the leads of an origin, each with the days from the origin on that
// it is open.
type queue struct {
	days   int
	from   []float64 // below zero where it was open at the origin
	to     []float64
	won    []bool
	amount []float64
	id     []uint64
	group  []uint64
	names  []string
	ranks  [][][]int32 // the leads by order and week, first to be worked first
	open   int         // at the origin
}

// newQueue reads the queue off the forecasts of an origin; flat is what the
// model says that takes open leads for lost, nil where there is none.
func newQueue(f *followed, origin int64, amount []float64, id, group []uint64, flat []float64) *queue {
	n := len(f.rows)
	q := &queue{days: f.b.Manifest.MainHorizon, from: make([]float64, n), to: make([]float64, n), won: make([]bool, n), amount: amount, id: id, group: group}
	for i, r := range f.rows {
		q.from[i] = datasets.Days(origin, f.out.Created[r])
		q.to[i] = math.Inf(1)
		if f.out.State[r] != datasets.Open {
			q.to[i] = datasets.Days(origin, f.out.Closed[r])
		}
		q.won[i] = f.out.State[r] == datasets.Won && q.to[i] <= float64(q.days)
		if q.from[i] < 0 {
			q.open++
		}
	}
	weeks := (q.days + 6) / 7
	still := func(key []float64) [][]int32 { return slices.Repeat([][]int32{q.rank(key)}, weeks) }
	forecast := make([][]int32, weeks)
	for w := range forecast {
		forecast[w] = q.rank(chances(f, q.from, float64(7*w)))
	}
	newest := slices.Clone(q.from)
	oldest := make([]float64, n)
	for i, from := range q.from {
		oldest[i] = -from
	}
	q.names, q.ranks = []string{oursOrder, fifoOrder, lifoOrder}, [][][]int32{forecast, still(oldest), still(newest)}
	if flat != nil {
		q.names, q.ranks = append(q.names, lostOrder), append(q.ranks, still(flat))
	}
	return q
}

// chances are the chances of the leads to be won within the main horizon from
// a day after the origin on, or from their creation where it is later; leads
// that nothing can be said of come last.
func chances(f *followed, from []float64, at float64) []float64 {
	key := make([]float64, len(from))
	var to [causes]float64
	days, reach := float64(f.b.Manifest.MainHorizon), f.b.Reach()
	for i, s := range f.scores {
		key[i] = math.Inf(-1)
		if s.Err != nil || len(s.Curve.Rates) == 0 {
			continue
		}
		s.Curve.From = max(s.Curve.From, at-from[i])
		s.Curve.At(to[:], days)
		if key[i] = to[0]; reach.Longest(s.Curve.From) < days {
			key[i]--
		}
	}
	return key
}

// rank puts the leads in order, the greatest first; equal ones stand in an
// order that says nothing.
func (q *queue) rank(key []float64) []int32 {
	rows := everyRow[int32](len(key))
	slices.SortStableFunc(rows, func(a, b int32) int {
		return cmp.Or(cmp.Compare(key[b], key[a]), cmp.Compare(part(q.id[a], 7, 1<<63), part(q.id[b], 7, 1<<63)))
	})
	return rows
}

// work goes through the days and says which wins an order reaches.
func (q *queue) work(order int, week float64) []bool {
	worked, reached := make([]bool, len(q.from)), make([]bool, len(q.from))
	for d := range q.days {
		left := int(float64(d+1)*week/7) - int(float64(d)*week/7)
		for _, i := range q.ranks[order][d/7] {
			if left <= 0 {
				break
			}
			if worked[i] || q.from[i] > float64(d) || q.to[i] < float64(d) {
				continue
			}
			worked[i], reached[i] = true, q.won[i]
			left--
		}
	}
	return reached
}

// reachable are the wins that were open on some day of the replay.
func (q *queue) reachable() []int {
	var wins []int
	for i, won := range q.won {
		if day := max(0, math.Ceil(q.from[i])); won && day <= q.to[i] && day < float64(q.days) {
			wins = append(wins, i)
		}
	}
	return wins
}

// desk is the wins that can be reached, of one origin or more, and which orders
// reach them.
type desk struct {
	names   []string
	weeks   []float64 // capacity, one an origin
	open    float64
	amount  []float64
	group   []int
	reached [][]float64   // by order
	curve   [][][]float64 // by capacity and order
}

// desk works the queue with a capacity a week, and with the others that are tried.
func (q *queue) desk(week float64) *desk {
	wins := q.reachable()
	d := &desk{names: q.names, weeks: []float64{week}, open: float64(q.open), amount: pick(q.amount, wins)}
	for _, g := range pick(q.group, wins) {
		d.group = append(d.group, int(g))
	}
	try := func(week float64) [][]float64 {
		all := make([][]float64, len(q.names))
		for k := range q.names {
			reached := q.work(k, week)
			for _, i := range wins {
				all[k] = append(all[k], map[bool]float64{true: 1}[reached[i]])
			}
		}
		return all
	}
	d.reached = try(week)
	for _, share := range shares {
		d.curve = append(d.curve, try(share*float64(q.open)))
	}
	return d
}

// add puts another origin's wins beside these; orders that one of them lacks
// are left out.
func (d *desk) add(o *desk) {
	if d.names == nil {
		*d = desk{names: o.names, reached: make([][]float64, len(o.names)), curve: make([][][]float64, len(o.curve))}
		for k := range d.curve {
			d.curve[k] = make([][]float64, len(o.names))
		}
	}
	n := min(len(d.names), len(o.names))
	join := func(a, b [][]float64) [][]float64 {
		for k := range n {
			a[k] = append(a[k], b[k]...)
		}
		return a[:n]
	}
	d.names, d.reached = d.names[:n], join(d.reached, o.reached)
	for k := range d.curve {
		d.curve[k] = join(d.curve[k], o.curve[k])
	}
	d.weeks, d.open = append(d.weeks, o.weeks...), d.open+o.open
	d.amount, d.group = append(d.amount, o.amount...), append(d.group, o.group...)
}

// capacity sums up the desk.
func (d *desk) capacity() *Capacity {
	c := &Capacity{Week: mean(d.weeks), Wins: len(d.group), Orders: []Worked{}, Curve: []Share{}}
	c.Share = c.Week * float64(len(d.weeks)) / max(1, d.open)
	for _, a := range d.amount {
		c.Money += a
	}
	if c.Wins < leastWins {
		c.Withheld = fmt.Sprintf("%d wins could have been reached; %d are needed to compare orders by", c.Wins, leastWins)
		return c
	}
	ours, none := d.reached[0], make([]float64, c.Wins)
	difference := func(a, b, w []float64) *metric.Estimate {
		e := metric.MeanDifference(a, b, w, d.group, draws, 1, 0.95)
		return &e
	}
	for k, name := range d.names {
		w := Worked{Order: name, Reached: *difference(d.reached[k], none, nil)}
		for i, r := range d.reached[k] {
			w.Wins += int(r)
			w.Money += r * d.amount[i]
		}
		if k > 0 {
			w.Ahead = difference(ours, d.reached[k], nil)
			if c.Money > 0 {
				w.AheadMoney = difference(ours, d.reached[k], d.amount)
			}
		}
		c.Orders = append(c.Orders, w)
	}
	for s, share := range shares {
		at := Share{Share: share}
		for _, reached := range d.curve[s] {
			at.Reached = append(at.Reached, mean(reached))
		}
		c.Curve = append(c.Curve, at)
	}
	return c
}
