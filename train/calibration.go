package train

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models/metric"
)

// Calibration is how the forecasts of a group of leads came true. Intercept and
// slope are those of a logistic recalibration (Cox 1958; Van Calster et al.
// 2019, BMC Medicine 17:230), with sandwich errors by account, or by lead.
type Calibration struct {
	By        string          `json:"by"`    // "horizon", "age", or the column that makes the groups
	Group     string          `json:"group"` // in words
	Days      int             `json:"days"`  // the horizon; 0 without times
	Leads     int             `json:"leads"` // that were followed that long
	Won       int             `json:"won"`
	Expected  float64         `json:"expected"`          // sum of the forecasts
	OE        metric.Estimate `json:"observed_expected"` // exact Poisson interval
	Intercept metric.Estimate `json:"intercept"`         // by how much log odds are too low, with a slope of 1; 0 is right
	Slope     metric.Estimate `json:"slope"`             // 1 is right, below it forecasts are over-confident
}

// What a group needs, and how many groups a column makes.
const (
	leastInGroup  = 50 // leads of a segment
	leastExpected = 5  // wins forecast, for observed ÷ expected
	mostBands     = 3  // of age
	mostLevels    = 8  // of a column
)

// calibrated compares forecasts with what came: at every horizon, and at the
// main one by how long leads had been open and by the levels of each column. Not
// where there are durations without dates, for then it takes weights.
func (f *followed) calibrated() []Calibration {
	var list []Calibration
	add := func(by, group string, days int, s *sample) {
		if c, ok := s.calibration(); ok {
			c.By, c.Group, c.Days = by, group, days
			list = append(list, c)
		}
	}
	if !f.b.Manifest.Timed {
		leads, y, p, _ := f.ever()
		all := f.sample(leads, y, p)
		add("horizon", "ever", 0, all)
		f.segments(leads, func(column, level string, in []bool) { add(column, level, 0, all.only(in)) })
		return list
	}
	if !f.dated() {
		return nil
	}
	for k, days := range f.b.Manifest.Horizons {
		leads, y, p, _ := f.at(k)
		all := f.sample(leads, y, p)
		add("horizon", fmt.Sprintf("%d days", days), days, all)
		if days != f.b.Manifest.MainHorizon {
			continue
		}
		f.bands(leads, y, func(band string, in []bool) { add("age", band, days, all.only(in)) })
		f.segments(leads, func(column, level string, in []bool) { add(column, level, days, all.only(in)) })
	}
	return list
}

// sample is forecasts with the accounts of their leads.
func (f *followed) sample(leads []int, y, p []float64) *sample {
	s := &sample{y: y, p: p, base: p, group: make([]uint64, len(leads))}
	account := f.leads.Column(f.b.Manifest.Schema.Roles.Account)
	known := map[string]uint64{}
	for j, i := range leads {
		s.group[j] = uint64(i) << 1
		if account == nil || account.Missing(f.rows[i]) {
			continue
		}
		name := cell(account, f.rows[i])
		if _, ok := known[name]; !ok {
			known[name] = uint64(i)<<1 + 1
		}
		s.group[j] = known[name]
	}
	return s
}

// bands are the groups of leads by how long they had been open when they were
// forecast, each with as many wins as the others.
func (f *followed) bands(leads []int, y []float64, group func(band string, in []bool)) {
	ages, won := make([]float64, len(leads)), []float64(nil)
	for j, i := range leads {
		ages[j], _, _, _ = f.age(i)
		if ages[j] >= 1 && y[j] > 0 {
			won = append(won, ages[j])
		}
	}
	if len(leads) == 0 || slices.Max(ages) < 1 || slices.Min(ages) >= 1 && len(won) < 2*leastWins {
		return // one band is everything
	}
	slices.Sort(won)
	bounds := []float64{1}
	for k := 1; k < min(mostBands, len(won)/leastWins); k++ {
		if b := digits(won[k*len(won)/min(mostBands, len(won)/leastWins)], 2); b > bounds[len(bounds)-1] {
			bounds = append(bounds, b)
		}
	}
	for k := range len(bounds) + 1 {
		from, to, words := 0.0, math.Inf(1), ""
		switch {
		case k == 0:
			to, words = bounds[0], "new"
		case k == len(bounds) && k == 1:
			from, words = bounds[0], "open before"
		case k == len(bounds):
			from, words = bounds[k-1], fmt.Sprintf("open for %g days or more", bounds[k-1])
		default:
			from, to = bounds[k-1], bounds[k]
			words = fmt.Sprintf("open for %g to %g days", from, to)
		}
		in := make([]bool, len(leads))
		for j, age := range ages {
			in[j] = age >= from && age < to
		}
		group(words, in)
	}
}

// segments are the groups of leads by the most frequent levels of each column
// of categories that the model reads, campaigns first. Colleagues are no segments.
func (f *followed) segments(leads []int, group func(column, level string, in []bool)) {
	roles := f.b.Manifest.Schema.Roles
	var columns []*datasets.Column
	for _, o := range f.b.Outputs() {
		c := f.leads.Column(o.Origin)
		if c != nil && c.Kind == datasets.Category && o.Levels > 0 && !slices.Contains(columns, c) && o.Origin != roles.Owner && o.Origin != roles.Account {
			columns = append(columns, c)
		}
	}
	if k := slices.IndexFunc(columns, func(c *datasets.Column) bool { return c.Name == roles.Campaign }); k > 0 {
		columns = slices.Insert(slices.Delete(columns, k, k+1), 0, f.leads.Column(roles.Campaign))
	}
	for _, c := range columns {
		count, names := map[string]int{}, []string(nil)
		for _, i := range leads {
			v := c.Texts.At(f.rows[i])
			if count[v]++; count[v] == leastInGroup {
				names = append(names, v)
			}
		}
		slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
		for _, name := range names[:min(mostLevels, len(names))] {
			in := make([]bool, len(leads))
			for j, i := range leads {
				in[j] = c.Texts.At(f.rows[i]) == name
			}
			group(c.Name, cmp.Or(name, "(empty)"), in)
		}
	}
}

// calibration compares the probabilities of a sample with what came; false
// where too little is to be expected. Intercept and slope are NaN where fewer
// than ten were won, or not won.
func (s *sample) calibration() (c Calibration, ok bool) {
	c.Leads = len(s.y)
	for i, y := range s.y {
		c.Won += int(y)
		c.Expected += s.p[i]
	}
	if c.Expected < leastExpected {
		return c, false
	}
	c.OE = metric.ObservedExpected(float64(c.Won), c.Expected, 0.95)
	nan := math.NaN()
	c.Intercept = metric.Estimate{Value: nan, SE: nan, Low: nan, High: nan, P: nan}
	if c.Slope = c.Intercept; c.Won < leastWins || c.Leads-c.Won < leastWins {
		return c, true
	}
	group, groups := numbered(s.group)
	level := &recalibration{slope: 1}
	for range 25 {
		var sum [5]float64
		for i := range s.y {
			level.add(&sum, s.y[i], s.p[i])
		}
		step := sum[1] / sum[4]
		if level.level += step; math.Abs(step) < 1e-9 {
			break
		}
	}
	se, _ := level.errors(s, group, groups)
	c.Intercept = wald(level.level, se, 0)
	line := newRecalibration(s)
	_, se = line.errors(s, group, groups)
	c.Slope = wald(line.slope, se, 1)
	return c, true
}

// errors are the standard errors of the level, the slope being known, and of
// the slope: the sandwich of sums by group (Liang and Zeger 1986), with the
// correction n/(n−1) for few groups.
func (r *recalibration) errors(s *sample, group []int, groups int) (level, slope float64) {
	var all [5]float64
	sums := make([][5]float64, groups)
	for i, g := range group {
		r.add(&sums[g], s.y[i], s.p[i])
	}
	var zz, z, one float64 // Σ of squares and products of the groups' gradients
	for _, sum := range sums {
		for k, v := range sum {
			all[k] += v
		}
		zz += float64(sum[0] * sum[0])
		z += float64(sum[0] * sum[1])
		one += float64(sum[1] * sum[1])
	}
	few := float64(groups) / float64(max(groups-1, 1))
	det := float64(all[2]*all[4]) - float64(all[3]*all[3])
	a, b := all[4]/det, -all[3]/det // the row of the inverse information that is the slope's
	return math.Sqrt(few*one) / all[4], math.Sqrt(few * (float64(a*a*zz) + float64(2*a*b*z) + float64(b*b*one)))
}

// wald is an estimate with its normal 95 % interval and p value.
func wald(value, se, null float64) metric.Estimate {
	return metric.Estimate{Value: value, SE: se, Low: value - float64(1.96*se), High: value + float64(1.96*se), P: math.Erfc(math.Abs(value-null) / se / math.Sqrt2)}
}

// Surprises are the segments of which more or fewer were won, against all leads
// of that horizon, than forecast, beyond chance for one of so many that are
// looked at (Bonferroni).
func (e *Evaluation) Surprises() (off []Calibration, of int) {
	var segments []Calibration
	all := map[int]float64{} // observed ÷ expected by horizon
	for _, c := range e.Calibration {
		switch c.By {
		case "horizon":
			all[c.Days] = c.OE.Value
		case "age":
		default:
			segments = append(segments, c)
		}
	}
	for _, c := range segments {
		level := all[c.Days]
		if !(level > 0) {
			level = 1
		}
		if metric.ObservedExpected(float64(c.Won), level*c.Expected, 0.95).P < 0.05/float64(len(segments)) {
			off = append(off, c)
		}
	}
	return off, len(segments)
}
