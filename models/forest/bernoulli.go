package forest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/sjwhitworth/golearn/base"
	"github.com/sjwhitworth/golearn/naive"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/portable"
	"github.com/leadcast/leadcast/models/scorecard"
)

// Bernoulli is golearn's Bernoulli naive Bayes classifier (Manning, Raghavan
// and Schütze 2008, ch. 13): each bin of a number, each level of a category and
// each column's missing value is a binary attribute. Correlated columns tell
// the same thing twice, so its probabilities are bolder than they should be.
// The zero value is ready for use.
type Bernoulli struct {
	Bins    int           // most bins of a number; 0: 8
	MaxRows int           // more rows are sampled; 0: 20000
	Limit   time.Duration // given up with Late after that; 0: 60 s
	Seed    uint64
}

// Fit implements models.Learner; the model is a *scorecard.Model in log-odds.
// Errors are as Forest.Fit's.
func (b Bernoulli) Fit(ctx context.Context, x *matrix.Matrix, y models.Target) (models.Model, error) {
	if b.Bins < 0 || b.MaxRows < 0 || b.Limit < 0 {
		return nil, errors.New("forest: bins, rows and limit must not be negative")
	}
	s, err := sampleOf(x, y, b.Seed)
	if err != nil {
		return nil, err
	}
	columns := make([]scorecard.Column, len(x.Columns))
	for j := range columns {
		columns[j] = cells(&x.Columns[j], s, cmp.Or(b.Bins, 8))
	}
	ctx, cancel := limited(ctx, b.Limit)
	defer cancel()
	start, err := guarded(ctx, "naive Bayes", func() (float64, error) {
		return evidence(x, s.whole(cmp.Or(b.MaxRows, 20000), b.Seed), columns)
	})
	if err != nil {
		return nil, err
	}
	return scorecard.New(scorecard.Scale{Unit: 1}, start, columns)
}

// cells cuts a column and counts its rows.
func cells(c *matrix.Column, s *sample, bins int) scorecard.Column {
	t := scorecard.Column{Name: c.Name, Category: c.Categorical()}
	if t.Category {
		t.Bin = make([]int, c.Levels)
		for k := range t.Bin {
			t.Bin[k] = k
		}
		t.Cells = make([]scorecard.Cell, c.Levels+2)
	} else {
		var values, weights []float64
		for _, r := range s.rows {
			values, weights = append(values, c.Num(r.at)), append(weights, r.w)
		}
		t.Cuts = scorecard.Cuts(values, weights, bins)
		t.Cells = make([]scorecard.Cell, len(t.Cuts)+2)
	}
	for _, r := range s.rows {
		b := &t.Cells[t.Cell(c, r.at)]
		b.Leads += r.w
		b.Won += float64(r.w * r.y)
	}
	return t
}

// evidence fits golearn's classifier, writes what a row adds to the log-odds
// that has one attribute of a column and none of the others, and gives those of
// all rows.
func evidence(x *matrix.Matrix, rows []row, columns []scorecard.Column) (start float64, err error) {
	nb, leads, _, err := classifier(x, rows, columns)
	if err != nil {
		return 0, err
	}
	found := reflect.ValueOf(nb).Elem().FieldByName("condProb") // golearn gives labels only, and keeps its probabilities to itself
	lost, won := found.MapIndex(reflect.ValueOf("0")), found.MapIndex(reflect.ValueOf("1"))
	at := 0
	for _, t := range columns {
		absent := 0.0
		for k := range t.Cells {
			if t.Cells[k].Leads == 0 {
				continue
			}
			p, q := won.Index(at).Float(), lost.Index(at).Float()
			without := portable.Log(never(p, leads[1])) - portable.Log(never(q, leads[0]))
			t.Cells[k].Value = portable.Log(p) - portable.Log(q) - without
			absent += without
			at++
		}
		for k := range t.Cells {
			t.Cells[k].Value += absent
		}
	}
	return portable.Log(leads[1] / leads[0]), nil
}

// classifier fits golearn's classifier to one binary attribute a cell that
// some row is in; it gives the rows of each class and what golearn was given.
func classifier(x *matrix.Matrix, rows []row, columns []scorecard.Column) (nb *naive.BernoulliNBClassifier, leads [2]float64, d *base.DenseInstances, err error) {
	d = base.NewDenseInstances()
	class := classAttribute()
	label := d.AddAttribute(class)
	if err := d.AddClassAttribute(class); err != nil {
		return nil, leads, nil, err
	}
	specs := make([]map[int]base.AttributeSpec, len(columns))
	for j, t := range columns {
		specs[j] = map[int]base.AttributeSpec{}
		for k, b := range t.Cells {
			if b.Leads > 0 {
				specs[j][k] = d.AddAttribute(base.NewBinaryAttribute(fmt.Sprint(j, " ", k)))
			}
		}
	}
	if err := d.Extend(len(rows)); err != nil {
		return nil, leads, nil, err
	}
	for i, r := range rows {
		leads[int(r.y)]++
		d.Set(label, i, base.PackU64ToBytes(uint64(r.y)))
		for j := range columns {
			d.Set(specs[j][columns[j].Cell(&x.Columns[j], r.at)], i, []byte{1})
		}
	}
	if leads[0] == 0 || leads[1] == 0 {
		return nil, leads, nil, errors.New("the rows that were sampled all have the same outcome")
	}
	nb = naive.NewBernoulliNBClassifier()
	return nb, leads, d, nb.Fit(d)
}

// never is golearn's probability of not having an attribute that a share p of
// a class has.
func never(p, leads float64) float64 {
	if p == 1 {
		return 1 / (leads + 1)
	}
	return 1 - p
}
