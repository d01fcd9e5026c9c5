package train

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/metric"
	"github.com/leadcast/leadcast/train/bundle"
)

// Comparison is how two bundles did on the same leads. Every gain is that of b
// over a, above zero where b is better, with an interval at 95 % of its own
// that resamples leads, or accounts where both bundles know them.
type Comparison struct {
	A        string           `json:"a"` // ids of the bundles
	B        string           `json:"b"`
	Leads    int              `json:"leads"`
	From     string           `json:"from,omitempty"`         // forecasts look from here on, or from creation where that is later
	To       string           `json:"to,omitempty"`           // and are followed until here
	LogLik   *metric.Estimate `json:"log_lik_gain,omitempty"` // right-censored log-likelihood of won/lost/open a lead
	Horizons []ComparedAt     `json:"horizons"`
	Verdict  []string         `json:"verdict"` // in words
	Notes    []string         `json:"notes,omitempty"`
}

// ComparedAt compares the probabilities of being won within a horizon on the
// leads that were followed that long and that both bundles forecast. Horizon 0
// stands for "ever", of tables without times.
type ComparedAt struct {
	Days    int             `json:"days"`
	Leads   int             `json:"leads"`
	Won     int             `json:"won"`
	AUC     Pair            `json:"auc"` // DeLong's paired interval
	LogLoss Pair            `json:"log_loss"`
	Brier   Pair            `json:"brier"`
	OEA     metric.Estimate `json:"observed_expected_a"`
	OEB     metric.Estimate `json:"observed_expected_b"`
}

// Pair is a metric of both bundles and the gain of b over a.
type Pair struct {
	A    float64         `json:"a"`
	B    float64         `json:"b"`
	Gain metric.Estimate `json:"gain"`
}

// lookedAt are the tables that a bundle looks at.
func lookedAt(b *bundle.Bundle, events map[string]*datasets.Table) map[string]*datasets.Table {
	some := map[string]*datasets.Table{}
	for _, e := range b.Manifest.Tables {
		if t := events[e.Name]; t != nil {
			some[e.Name] = t
		}
	}
	return some
}

// Compare forecasts the same leads with two bundles, each at its creation or
// where the data of the bundle trained on later data end, whichever is later,
// so that neither has seen what it is compared on. Bundles that count different
// things as outcomes are an error, as is a file that ends too early. events are
// the raw tables that one of them, or both, look at beside the leads.
func Compare(ctx context.Context, a, b *bundle.Bundle, raw *datasets.Table, events map[string]*datasets.Table) (*Comparison, error) {
	if err := sameTask(&a.Manifest, &b.Manifest); err != nil {
		return nil, err
	}
	la, err := readLater(a, raw, lookedAt(a, events), datasets.NoTime)
	if err != nil {
		return nil, err
	}
	lb, err := readLater(b, raw, lookedAt(b, events), datasets.NoTime)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(la.out.Rows, lb.out.Rows) || !slices.Equal(la.out.State, lb.out.State) || !slices.Equal(la.out.Created, lb.out.Created) || !slices.Equal(la.out.Closed, lb.out.Closed) {
		return nil, &datasets.Error{Message: "the two models read outcomes or times of this file differently (dates, time zone): train them in the same way to compare them"}
	}
	rows := slices.DeleteFunc(slices.Clone(la.rows), func(r int) bool { _, both := slices.BinarySearch(lb.rows, r); return !both })
	from := max(dataEnd(a), dataEnd(b))
	c := &Comparison{A: a.ID(), B: b.ID(), Notes: la.notes}
	for _, n := range lb.notes {
		if !slices.Contains(c.Notes, n) {
			c.Notes = append(c.Notes, n)
		}
	}
	if from == datasets.NoTime {
		c.Notes = append(c.Notes, "the models do not say until when they know the outcomes: whether they have seen these leads in training cannot be told")
	} else if c.From, c.To = day(from), day(la.out.End); la.out.End <= from {
		return nil, &datasets.Error{Message: fmt.Sprintf("the file ends on %s, and one of the models knows all until %s: give a file that was exported later", c.To, c.From)}
	}
	fa, err := follow(ctx, a, la.moment(), la.out, rows, from)
	if err != nil {
		return nil, err
	}
	fb, err := follow(ctx, b, lb.moment(), lb.out, rows, from)
	if err != nil {
		return nil, err
	}
	c.Leads = len(fa.rows)
	p := paired{a: fa, b: fb}
	if account := a.Manifest.Schema.Roles.Account; account == b.Manifest.Schema.Roles.Account {
		p.groups = accountsOf(la.leads, fa.rows, account)
	}
	c.Notes = append(c.Notes, p.compare(c)...)
	c.Verdict = c.verdict()
	return c, nil
}

// sameTask refuses bundles whose forecasts are of different things.
func sameTask(a, b *bundle.Manifest) error {
	var differ []string
	check := func(what string, same bool) {
		if !same {
			differ = append(differ, what)
		}
	}
	sorted := func(list []string) []string { return slices.Sorted(slices.Values(list)) }
	r, q := a.Schema.Roles, b.Schema.Roles
	check("whether they forecast times", a.Timed == b.Timed)
	check("the columns of outcome, creation or closing", r.Outcome == q.Outcome && r.Created == q.Created && r.Closed == q.Closed && r.Duration == q.Duration)
	check("what counts as won", slices.Equal(sorted(a.Contract.Won), sorted(b.Contract.Won)) && a.Contract.WonPresent == b.Contract.WonPresent)
	check("what counts as lost", slices.Equal(sorted(a.Contract.Lost), sorted(b.Contract.Lost)) && a.Contract.OtherLost == b.Contract.OtherLost)
	check("after how long silence is a loss", a.Contract.SilentAfter == b.Contract.SilentAfter)
	check("from when on outcomes are recorded", a.Contract.ObservedAt == b.Contract.ObservedAt)
	if len(differ) > 0 {
		return &datasets.Error{Message: "the two models forecast different things and cannot be compared: they differ in " + strings.Join(differ, ", ")}
	}
	return nil
}

// accountsOf numbers the accounts of some rows, with a number of its own for a
// lead without account; nil where there is no such column.
func accountsOf(leads *datasets.Table, rows []int, account string) []int {
	c := leads.Column(account)
	if c == nil {
		return nil
	}
	hashes, number := identities(leads, account), map[uint64]int{}
	groups := make([]int, len(rows))
	for i, r := range rows {
		groups[i] = -1 - i
		if !c.Missing(r) {
			k, ok := number[hashes[r]]
			if !ok {
				k = len(number)
				number[hashes[r]] = k
			}
			groups[i] = k
		}
	}
	return groups
}

// paired is the forecasts of two bundles for the same leads.
type paired struct {
	a, b   *followed
	groups []int // account of each lead; nil: each its own
}

// compare fills in the figures, and says what is not compared.
func (p *paired) compare(c *Comparison) (notes []string) {
	ma, mb := &p.a.b.Manifest, &p.b.b.Manifest
	if !ma.Timed {
		p.at(c, 0, func(f *followed, i int) *float64 { return f.scores[i].Win })
		return nil
	}
	var alone []string
	for _, days := range union(ma.Horizons, mb.Horizons) {
		if !slices.Contains(ma.Horizons, days) || !slices.Contains(mb.Horizons, days) {
			alone = append(alone, fmt.Sprint(days))
			continue
		}
		at := func(f *followed, i int) *float64 {
			if f.scores[i].Err != nil {
				return nil
			}
			return f.scores[i].WinBy[slices.Index(f.b.Manifest.Horizons, days)]
		}
		if !p.at(c, days, at) {
			notes = append(notes, fmt.Sprintf("%d days: not compared, for no leads both won and not were followed that long and forecast by both models", days))
		}
	}
	if len(alone) > 0 {
		notes = append(notes, fmt.Sprintf("horizons that only one of the models has are not compared: %s days", strings.Join(alone, ", ")))
	}
	c.LogLik = p.logLik()
	return notes
}

func union[T cmp.Ordered](a, b []T) []T {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(a, b))))
}

// at compares at one horizon; false without both kinds of outcome.
func (p *paired) at(c *Comparison, days int, forecast func(f *followed, i int) *float64) bool {
	var y, pa, pb []float64
	var groups []int
	expectedA, expectedB := 0.0, 0.0
	h := ComparedAt{Days: days}
	for i := range p.a.rows {
		won, ok := p.a.within(i, days)
		if days == 0 {
			won, ok = 0, true
			if p.a.out.State[p.a.rows[i]] == datasets.Won {
				won = 1
			}
		}
		a, b := forecast(p.a, i), forecast(p.b, i)
		if !ok || a == nil || b == nil {
			continue
		}
		y, pa, pb = append(y, won), append(pa, *a), append(pb, *b)
		h.Won += int(won)
		expectedA, expectedB = expectedA+*a, expectedB+*b
		if p.groups != nil {
			groups = append(groups, p.groups[i])
		}
	}
	if h.Leads = len(y); h.Won == 0 || h.Won == h.Leads {
		return false
	}
	gain := func(lossA, lossB []float64) Pair {
		return Pair{mean(lossA), mean(lossB), metric.MeanDifference(lossA, lossB, nil, groups, draws, 1, 0.95)}
	}
	h.AUC = Pair{metric.AUC(y, pa, nil), metric.AUC(y, pb, nil), metric.AUCDifference(y, pb, pa, 0.95)}
	h.LogLoss = gain(losses(y, pa), losses(y, pb))
	h.Brier = gain(squares(y, pa), squares(y, pb))
	h.OEA = metric.ObservedExpected(float64(h.Won), expectedA, 0.95)
	h.OEB = metric.ObservedExpected(float64(h.Won), expectedB, 0.95)
	c.Horizons = append(c.Horizons, h)
	return true
}

func squares(y, p []float64) []float64 {
	loss := make([]float64, len(y))
	for i := range y {
		loss[i] = (y[i] - p[i]) * (y[i] - p[i])
	}
	return loss
}

// logLik is the gain in right-censored log-likelihood, on the ages at which
// either bundle cuts.
func (p *paired) logLik() *metric.Estimate {
	var life lives
	var a, b []models.Curve
	var groups []int
	for i := range p.a.rows {
		if p.a.scores[i].Err != nil || p.b.scores[i].Err != nil || !life.add(p.a, i) {
			continue
		}
		a, b = append(a, p.a.scores[i].Curve), append(b, p.b.scores[i].Curve)
		if p.groups != nil {
			groups = append(groups, p.groups[i])
		}
	}
	if len(a) == 0 {
		return nil
	}
	d := life.gain(union(p.a.b.Cuts(), p.b.b.Cuts()), b, a, groups)
	return &d
}

// verdict says in words which bundle is better by what.
func (c *Comparison) verdict() []string {
	var said []string
	if c.LogLik != nil {
		said = append(said, "over the whole course: "+sentence([]string{"the log-likelihood of won, lost and open"}, *c.LogLik))
	}
	for _, h := range c.Horizons {
		when := fmt.Sprintf("at %d days: ", h.Days)
		if h.Days == 0 {
			when = ""
		}
		said = append(said, when+sentence([]string{"log loss", "Brier score", "AUC"}, h.LogLoss.Gain, h.Brier.Gain, h.AUC.Gain))
	}
	if len(said) == 0 {
		said = []string{"nothing could be compared: no horizon of both models has won and other leads that were followed long enough"}
	}
	return said
}

// sentence puts metrics of one verdict together.
func sentence(names []string, gains ...metric.Estimate) string {
	var a, b, same, unclear []string
	for i, g := range gains {
		switch {
		case g.Low > 0:
			b = append(b, names[i])
		case g.High < 0:
			a = append(a, names[i])
		case g.Low == 0 && g.High == 0:
			same = append(same, names[i])
		default:
			unclear = append(unclear, names[i])
		}
	}
	var parts []string
	for _, p := range []struct {
		before string
		names  []string
		after  string
	}{{"a is better by ", a, ""}, {"b is better by ", b, ""}, {"the same ", same, ""}, {"by ", unclear, " the two cannot be told apart"}} {
		if len(p.names) > 0 {
			parts = append(parts, p.before+strings.Join(p.names, ", ")+p.after)
		}
	}
	return strings.Join(parts, "; ")
}
