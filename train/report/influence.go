package report

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/leadcast/leadcast/datasets"
)

// Influence is how much a column moves forecasts, and in which direction.
type Influence struct {
	Column string  `json:"column"`
	Effect float64 `json:"effect"`           // mean |change of p_win|, of new leads
	Points []point `json:"points,omitempty"` // partial dependence; nil where values are not shown
	tried  int     // values of words that Points were chosen from
	number bool
}

// point is the mean p_win of a sample of leads if all had this value
// (Friedman 2001, Annals of Statistics 29:1189, section 8.2).
type point struct {
	Value  string   `json:"value"`
	Number *float64 `json:"number,omitempty"`
	Win    float64  `json:"p_win"`
}

const (
	influenceSample = 1000 // leads whose reasons are averaged
	dependSample    = 300  // leads whose value is varied
	dependColumns   = 6    // columns that are drawn
	dependValues    = 24   // values of words that are tried
	dependEnds      = 4    // and of them, drawn at either end where there are more than twice as many
	dependSteps     = 12   // values of a number
	reasonsEach     = 10
	unseen          = 0.0005 // an effect that is shown as nothing
)

// influence averages reasons over new leads and varies the columns that matter
// most.
func (c *company) influence(ctx context.Context, r *Report) error {
	rows := c.sample(influenceSample)
	scores, err := c.b.Score(ctx, c.snapshot(rows, c.creation), reasonsEach)
	if err != nil {
		return err
	}
	sums, scored := map[string]float64{}, 0
	for i := range scores {
		if scores[i].Win == nil {
			continue
		}
		scored++
		for _, reason := range scores[i].Reasons {
			if reason.Column != ageReason { // new leads have no age
				sums[reason.Column] += math.Abs(reason.Effect)
			}
		}
	}
	if scored == 0 {
		r.missing["influence"] = "Not available: the data do not reach to the main horizon, so there is no chance to explain."
		return nil
	}
	if len(sums) == 0 {
		r.missing["influence"] = "The model does not look at any column: all leads of one age have the same chance."
		return nil
	}
	for column, sum := range sums {
		r.Influence = append(r.Influence, Influence{Column: column, Effect: sum / float64(scored)})
	}
	slices.SortFunc(r.Influence, func(a, b Influence) int {
		return cmp.Or(cmp.Compare(b.Effect, a.Effect), cmp.Compare(a.Column, b.Column))
	})
	if err := c.together(ctx, r); err != nil {
		return err
	}
	drawn := 0
	for i := range r.Influence {
		f := &r.Influence[i]
		if drawn == dependColumns || f.Effect < unseen {
			break
		}
		if !c.shows(f.Column) {
			continue
		}
		if err := c.depend(ctx, f); err != nil {
			return err
		}
		drawn++
	}
	return nil
}

// depend fills the partial dependence of a column.
func (c *company) depend(ctx context.Context, f *Influence) error {
	column := c.leads.Column(f.Column)
	values := &datasets.Column{Name: column.Name, Kind: column.Kind}
	switch column.Kind {
	case datasets.Category:
		shared, _ := levels(column, c.all, fewest)
		for _, l := range shared[:min(dependValues, len(shared))] {
			f.tried++
			f.Points = append(f.Points, point{Value: named(l.value)})
			values.Texts.Append(l.value)
		}
	default:
		f.number = column.Kind == datasets.Number
		for _, v := range quantiles(column.Nums) {
			p := point{Value: rough(v), Number: &v}
			if !f.number {
				p = point{Value: yesNo(v)}
			}
			f.Points = append(f.Points, p)
			values.Nums = append(values.Nums, v)
		}
	}
	rows := c.sample(dependSample)
	var many, value []int
	for k := range f.Points {
		many = append(many, rows...)
		for range rows {
			value = append(value, k)
		}
	}
	if len(many) == 0 {
		return nil
	}
	s := c.snapshot(many, c.creation)
	s.Leads = with(s.Leads, values.Gather(value))
	scores, err := c.b.Score(ctx, s, 0)
	if err != nil {
		return err
	}
	for k := range f.Points {
		sum, n := 0.0, 0
		for _, score := range scores[k*len(rows) : (k+1)*len(rows)] {
			if score.Win != nil {
				sum += *score.Win
				n++
			}
		}
		if n == 0 {
			f.Points = nil
			return nil
		}
		f.Points[k].Win = sum / float64(n)
	}
	if column.Kind == datasets.Category {
		slices.SortStableFunc(f.Points, func(a, b point) int { return cmp.Compare(b.Win, a.Win) })
		if n := len(f.Points); n > 2*dependEnds {
			f.Points = slices.Delete(f.Points, dependEnds, n-dependEnds)
		}
	}
	return nil
}

// with is the table with a column in the place of the one of its name.
func with(t *datasets.Table, c *datasets.Column) *datasets.Table {
	columns := slices.Clone(t.Columns)
	columns[slices.IndexFunc(columns, func(o *datasets.Column) bool { return o.Name == c.Name })] = c
	return &datasets.Table{Rows: t.Rows, Columns: columns, Place: t.Place}
}

// quantiles are up to dependSteps distinct values between the 2nd and the 98th of a
// hundred, rounded so that none is one lead's own.
func quantiles(x []float64) []float64 {
	known := slices.DeleteFunc(slices.Clone(x), func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	if len(known) == 0 {
		return nil
	}
	slices.Sort(known)
	var list []float64
	for k := range dependSteps {
		list = append(list, twoDigits(known[int((0.02+0.96*float64(k)/(dependSteps-1))*float64(len(known)-1))]))
	}
	return slices.Compact(list)
}

// named is a value of words for people.
func named(value string) string {
	if value == "" {
		return "empty"
	}
	return clean(value)
}
