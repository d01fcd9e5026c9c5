package lift

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/survival"
)

// Rest names the other side of a comparison without a control: the leads of
// all other ripe arms.
const Rest = "the rest"

// Options say what to compare. The zero value of a field is its default.
type Options struct {
	Horizon int                // days from creation; 90; without times of no meaning
	Control string             // the arm that all are compared with; "": each with the rest
	Level   float64            // of intervals; 0.95
	Seed    uint64             // of the draws behind simultaneous intervals
	Costs   map[string]float64 // by arm; nil: not known
}

// Result is what Compare found. In JSON a pointer that is nil is null.
type Result struct {
	Horizon     *int         `json:"horizon_days"` // nil without times
	AsOf        *string      `json:"as_of"`        // the day until which was watched; nil without dates
	Level       float64      `json:"level"`
	Arms        []Arm        `json:"arms"` // the largest first
	Comparisons []Comparison `json:"comparisons"`
	Critical    *float64     `json:"critical_value"` // of the largest deviate; nil without comparisons
	Notes       []string     `json:"notes"`
}

// Arm is what is known of one arm by itself. PWin and what follows from it are
// nil unless it is ripe.
type Arm struct {
	Name       string      `json:"arm"`
	Leads      int         `json:"leads"`
	Won        int         `json:"won"`  // so far, at any age
	Lost       int         `json:"lost"` //
	Open       int         `json:"open"` //
	PWin       *float64    `json:"p_win"`
	CI         *[2]float64 `json:"ci"` // of PWin, pointwise
	Ripe       bool        `json:"ripe"`
	AskAgain   *string     `json:"ask_again"`       // first as-of by which the present leads make it ripe; nil: it is, or only more leads can, or there are no dates
	Followed   float64     `json:"followed"`        // share of the leads watched to the horizon; without times, of known outcomes
	CycleP10   *float64    `json:"cycle_p10_days"`  // days to being won, given won within the horizon;
	CycleP50   *float64    `json:"cycle_p50_days"`  // nil below 10 wins
	CycleP90   *float64    `json:"cycle_p90_days"`  //
	Cost       *float64    `json:"cost"`            //
	CostPerWin *float64    `json:"cost_per_win"`    // cost ÷ (leads × PWin)
	WonOfAll   float64     `json:"naive_of_all"`    // won ÷ all leads, which takes open ones for failures
	WonOfDone  *float64    `json:"naive_of_closed"` // won ÷ closed, which forgets open ones; nil where no loss is recorded
}

// Comparison is an arm beside the control, or the rest, within months of
// creation where there are dates. All but Arm and Control are nil where the two hardly ran side by side.
type Comparison struct {
	Arm        string      `json:"arm"`
	Control    string      `json:"control"`
	Difference *float64    `json:"difference"` // PArm − PControl
	CI         *[2]float64 `json:"ci"`         // holds for all comparisons at once
	P          *float64    `json:"p_value"`    // adjusted for all comparisons
	PArm       *float64    `json:"p_arm"`      // of being won within the horizon, in the months of both
	PControl   *float64    `json:"p_control"`
	Note       string      `json:"note"` // why there is no difference
}

// Compare tells how the arms of d convert. The result does not depend on the
// order of the leads. Errors are *datasets.Error: no leads, a control or costs
// of an arm that is not there, times that are none.
func Compare(d Data, o Options) (*Result, error) {
	o.Horizon, o.Level = cmp.Or(o.Horizon, 90), cmp.Or(o.Level, 0.95)
	for i := range d.Arm {
		if d.contradicts(i) {
			return nil, &datasets.Error{Message: fmt.Sprintf("lead %d: its times are missing or contradict each other", i+1)}
		}
	}
	if len(d.Arm) == 0 {
		return nil, &datasets.Error{Message: "there are no leads to compare"}
	}
	c := comparing{Options: o, timed: d.Exit != nil, dated: d.Created != nil, end: d.End}
	if c.timed {
		c.horizon = float64(o.Horizon)
	}
	c.leads, c.names = d.leads()
	if err := c.check(); err != nil {
		return nil, err
	}
	for _, l := range c.leads {
		c.months, c.accounts = max(c.months, l.month+1), max(c.accounts, l.account+1)
		c.losses = c.losses || l.state == datasets.Lost
	}
	c.clustered = c.accounts < len(c.leads)
	r := &Result{Level: o.Level, Arms: []Arm{}, Comparisons: []Comparison{}, Notes: append([]string{}, d.Notes...)}
	c.frame(r)
	if err := c.arms(r); err != nil {
		return nil, err
	}
	c.compare(r)
	return r, nil
}

// contradicts says whether the times of a lead are missing or cannot be.
func (d Data) contradicts(i int) bool {
	switch {
	case d.Exit == nil:
		return d.Created != nil || d.Entry != nil
	case d.Created != nil && (d.Created[i] == datasets.NoTime || d.Created[i] > d.End):
		return true
	}
	return !(d.Exit[i] >= 0) || d.Entry != nil && !(d.Entry[i] <= d.Exit[i])
}

// comparing is one run of Compare.
type comparing struct {
	Options
	timed, dated     bool    // there are ages, there are dates
	horizon          float64 // 0 without times: everything that is known happens at once
	end              int64
	leads            []lead
	names            []string // of the arms, by index
	ripe             []bool   // by index
	months, accounts int
	clustered        bool // some accounts have several leads
	losses           bool // are recorded
}

// frame says what the result is about, and what is not known without dates or
// without any times.
func (c *comparing) frame(r *Result) {
	if c.timed {
		r.Horizon = new(c.Options.Horizon)
	}
	open := 0
	for _, l := range c.leads {
		if l.state == datasets.Open {
			open++
		}
	}
	switch {
	case c.dated:
		r.AsOf = new(time.UnixMicro(c.end).UTC().Format(time.DateOnly))
	case c.timed:
		r.Notes = append(r.Notes, "there are durations but no dates: all leads are compared at once, not within months of creation, and no day can be named on which to ask again")
	default:
		r.Notes = append(r.Notes, "there are no times: the probability is the share of won among the leads whose outcome is known, without horizon, cycle or months of creation")
		if open > 0 {
			r.Notes = append(r.Notes, fmt.Sprintf("open leads cannot be followed without times, and there are %d: intervals allow for whatever becomes of them, and nothing is said where they are more than a tenth", open))
		}
	}
}

func (c *comparing) check() error {
	known := func(name string) bool { _, ok := slices.BinarySearch(c.names, name); return ok }
	if c.Control != "" && !known(c.Control) {
		return &datasets.Error{Message: fmt.Sprintf("the control %q is none of the arms: %s", c.Control, listed(c.names))}
	}
	for name := range c.Costs {
		if !known(name) {
			return &datasets.Error{Message: "there are costs of an arm that no lead has"}
		}
	}
	return nil
}

// listed shows at most twelve names.
func listed(names []string) string {
	if more := len(names) - 12; more > 0 {
		return strings.Join(names[:12], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(names, ", ")
}

// arms fills in what each arm is by itself, the largest first.
func (c *comparing) arms(r *Result) error {
	of := make([][]lead, len(c.names))
	for _, l := range c.leads {
		of[l.arm] = append(of[l.arm], l)
	}
	c.ripe = make([]bool, len(c.names))
	for i, leads := range of {
		a, err := c.arm(c.names[i], leads)
		if err != nil {
			return err
		}
		c.ripe[i] = a.Ripe
		r.Arms = append(r.Arms, a)
	}
	slices.SortStableFunc(r.Arms, func(a, b Arm) int { return cmp.Compare(b.Leads, a.Leads) })
	return nil
}

func (c *comparing) arm(name string, leads []lead) (Arm, error) {
	a := Arm{Name: name, Leads: len(leads)}
	wins := 0
	for _, l := range leads {
		switch l.state {
		case datasets.Won:
			a.Won++
			if l.exit <= c.horizon {
				wins++
			}
		case datasets.Lost:
			a.Lost++
		default:
			a.Open++
		}
	}
	a.WonOfAll = float64(a.Won) / float64(a.Leads)
	if done := a.Won + a.Lost; done > 0 && c.losses {
		a.WonOfDone = new(float64(a.Won) / float64(done))
	}
	if cost, ok := c.Costs[name]; ok {
		a.Cost = &cost
	}
	f := c.follow(leads)
	a.Followed, a.Ripe = f.share(), f.ripe()
	if !a.Ripe {
		if day, ok := askAgain(leads, c.horizon, c.end); ok && c.dated {
			a.AskAgain = &day
		}
		return a, nil
	}
	if !c.timed {
		leads = slices.DeleteFunc(slices.Clone(leads), func(l lead) bool { return l.state == datasets.Open })
	}
	curve, err := survival.AalenJohansen(target(leads), 2)
	if err != nil {
		return a, err
	}
	c.read(&a, curve, leads, wins)
	return a, nil
}

// target is leads as estimators take them: cause 1 is won, 2 is lost.
func target(leads []lead) models.Target {
	var y models.Target
	for _, l := range leads {
		y.Entry, y.Exit, y.Cause = append(y.Entry, l.enter), append(y.Exit, l.exit), append(y.Cause, uint8(l.state))
	}
	return y
}

// read takes what is reported from an arm's curve.
func (c *comparing) read(a *Arm, curve *survival.Incidence, leads []lead, wins int) {
	last := -1
	for last+1 < len(curve.Time) && curve.Time[last+1] <= c.horizon {
		last++
	}
	p, se := 0.0, 0.0
	if last >= 0 {
		p, se = curve.F[0][last], math.Sqrt(math.Max(0, curve.Variance[0][last]))
	}
	if c.clustered {
		se *= math.Sqrt(c.designEffect(leads))
	}
	a.PWin, a.CI = &p, interval(p, se, c.Level, len(leads))
	if !c.timed { // whatever becomes of the open ones (Horowitz, Manski 2000, JASA 95:77)
		a.CI[0], a.CI[1] = a.CI[0]*a.Followed, 1-(1-a.CI[1])*a.Followed
	}
	if a.Cost != nil && p > 0 {
		a.CostPerWin = new(*a.Cost / (float64(a.Leads) * p))
	}
	if wins < 10 || !c.timed {
		return
	}
	for q, to := range map[float64]**float64{0.1: &a.CycleP10, 0.5: &a.CycleP50, 0.9: &a.CycleP90} {
		k, _ := slices.BinarySearch(curve.F[0][:last+1], q*p*(1-1e-12))
		*to = new(curve.Time[k])
	}
}

// interval is symmetric for log(−log(1 − p)); where nobody or everybody is won
// it is that of as many independent leads (Clopper, Pearson 1934).
func interval(p, se, level float64, leads int) *[2]float64 {
	edge := math.Pow((1-level)/2, 1/float64(leads))
	switch {
	case p <= 0:
		return &[2]float64{0, 1 - edge}
	case p >= 1:
		return &[2]float64{edge, 1}
	}
	low, high := survival.LogLog.Interval(1-p, se/(1-p), level)
	return &[2]float64{1 - high, 1 - low}
}
