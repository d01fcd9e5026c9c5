package leak

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models/metric"
)

// How much a column may tell of the outcome before it is suspected.
const (
	surelyTold   = 0.98 // AUC of the column alone
	maybeTold    = 0.90
	doubtful     = 0.70 // of a column that is suspected by its name
	fewestLevel  = 50   // leads of a level that is never won, or always …
	leastLevel   = 0.01 // … and its share of all
	leastInLevel = 20
	mostLevels   = 50
	fewestSides  = 10    // leads of either outcome
	mostMeasured = 40000 // leads by which strength is measured: more would not change its second digit
)

// levels are the different values of a column; the missing one is "".
type levels struct {
	names []string
	leads []int   // of each
	of    []int32 // of each row
}

// levelsOf lists the values of a column, the last one again without counting.
func (f *finder) levelsOf(c *datasets.Column) *levels {
	if f.seen != c {
		f.seen, f.levels = c, newLevels(c)
	}
	return f.levels
}

func newLevels(c *datasets.Column) *levels {
	l := &levels{of: make([]int32, c.Len())}
	words, numbers := map[string]int32{}, map[float64]int32{}
	add := func(name string) int32 {
		l.names, l.leads = append(l.names, name), append(l.leads, 0)
		return int32(len(l.names) - 1)
	}
	missing := int32(-1)
	for i := range l.of {
		k, ok := missing, missing >= 0
		switch {
		case c.Missing(i):
			if !ok {
				missing = add("")
				k = missing
			}
		case c.Nums != nil:
			if k, ok = numbers[c.Nums[i]]; !ok {
				k = add(strconv.FormatFloat(c.Nums[i], 'g', -1, 64))
				numbers[c.Nums[i]] = k
			}
		case c.Times != nil:
			if k, ok = numbers[float64(c.Times[i])]; !ok {
				k = add(cell(c, i))
				numbers[float64(c.Times[i])] = k
			}
		default:
			if k, ok = words[c.Texts.At(i)]; !ok {
				s := strings.Clone(c.Texts.At(i))
				k = add(s)
				words[s] = k
			}
		}
		l.of[i] = k
		l.leads[k]++
	}
	return l
}

// cell writes a value that is there as text.
func cell(c *datasets.Column, row int) string {
	switch {
	case c.Nums != nil:
		return strconv.FormatFloat(c.Nums[row], 'g', -1, 64)
	case c.Times != nil:
		return time.UnixMicro(c.Times[row]).UTC().Format(time.RFC3339)
	}
	return c.Texts.At(row)
}

func quoteLevel(c *datasets.Column, name string) string {
	if c.Nums != nil {
		return "the value " + name
	}
	return strconv.Quote(name)
}

// alone is the AUC of won leads against the others that can be compared, by
// one column, whichever way it points. NaN where there are too few of either.
func (f *finder) alone(c *datasets.Column) float64 {
	if f.measured != c {
		f.measured, f.strength = c, math.NaN()
		if score := f.scores(c, f.won, f.few); score != nil {
			f.strength = metric.AUC(f.labels(f.won, f.few), score, nil)
		}
	}
	return f.strength
}

// spread takes at most n rows, evenly spread over all of them.
func spread(rows []int, n int) []int {
	if len(rows) <= n {
		return rows
	}
	few := make([]int, n)
	for k := range few {
		few[k] = rows[k*len(rows)/n]
	}
	return few
}

func (f *finder) labels(y []bool, rows []int) []float64 {
	label := make([]float64, len(rows))
	for k, i := range rows {
		if y[i] {
			label[k] = 1
		}
	}
	return label
}

// scores rates some rows by one column, high for y. Columns of many numbers
// count by their size or, where that tells more, by twenty bins of it; all
// others by their values. The share of y in a value or a bin is that of the
// other half of the rows, so that rare values tell nothing by chance.
func (f *finder) scores(c *datasets.Column, y []bool, rows []int) []float64 {
	label := f.labels(y, rows)
	positives := 0
	for _, v := range label {
		positives += int(v)
	}
	if positives < fewestSides || len(rows)-positives < fewestSides {
		return nil
	}
	sizes := f.sizes(c)
	if sizes == nil {
		return shares(f.levelsOf(c).of, label, rows)
	}
	bySize, known := make([]float64, len(rows)), make([]float64, 0, len(rows))
	for k, i := range rows {
		if bySize[k] = sizes[i]; math.IsNaN(sizes[i]) {
			bySize[k] = math.Inf(-1)
		} else {
			known = append(known, sizes[i])
		}
	}
	slices.Sort(known)
	const bins = 20
	var cuts []float64
	for b := 1; b < bins && len(known) > bins; b++ {
		cuts = append(cuts, known[b*len(known)/bins])
	}
	of := make([]int32, len(sizes))
	for i, v := range sizes {
		if !math.IsNaN(v) {
			at, _ := slices.BinarySearch(cuts, math.Nextafter(v, math.Inf(1)))
			of[i] = int32(at) + 1
		}
	}
	byBin := shares(of, label, rows)
	area := metric.AUC(label, bySize, nil)
	if area < 0.5 {
		area = 1 - area
		for k := range bySize {
			bySize[k] = -bySize[k]
		}
	}
	if metric.AUC(label, byBin, nil) > area {
		return byBin
	}
	return bySize
}

// sizes are the values of a column of many numbers, and of times the days
// before the lead was created: what came later a forecast does not see. Nil
// for other columns.
func (f *finder) sizes(c *datasets.Column) []float64 {
	switch {
	case c.Times != nil:
		days := make([]float64, len(c.Times))
		for i, at := range c.Times {
			switch {
			case !f.dated:
				days[i] = datasets.Days(0, at)
				if at == datasets.NoTime {
					days[i] = math.NaN()
				}
			case at == datasets.NoTime || at >= f.Outcomes.Created[i]:
				days[i] = math.NaN()
			default:
				days[i] = datasets.Days(at, f.Outcomes.Created[i])
			}
		}
		return days
	case c.Nums != nil && len(f.levelsOf(c).names) > mostLevels:
		return c.Nums
	}
	return nil
}

// shares rates each row by the share of y among the rows of the other half
// that have its level, by that of all where they are few.
func shares(of []int32, label []float64, rows []int) []float64 {
	most := int32(0)
	for _, i := range rows {
		most = max(most, of[i])
	}
	var n, yes [2][]float64
	all, base := 0.0, 0.0
	for h := range n {
		n[h], yes[h] = make([]float64, most+1), make([]float64, most+1)
	}
	for k, i := range rows {
		n[k%2][of[i]]++
		yes[k%2][of[i]] += label[k]
		all++
		base += label[k]
	}
	base /= all
	score := make([]float64, len(rows))
	for k, i := range rows {
		other := 1 - k%2
		if score[k] = base; n[other][of[i]] >= leastInLevel/2 {
			score[k] = yes[other][of[i]] / n[other][of[i]]
		}
	}
	return score
}

// compared is the AUC of a column today and as it was, with the difference and
// its standard error (DeLong).
func (f *finder) compared(now, then *datasets.Column) (today, was, gain, se float64) {
	today, was = f.alone(now), math.NaN()
	if then == nil || math.IsNaN(today) {
		return today, was, math.NaN(), math.NaN()
	}
	d := metric.AUCDifference(f.labels(f.won, f.few), f.scores(now, f.won, f.few), f.scores(then, f.won, f.few), 0.95)
	return today, today - d.Value, d.Value, d.SE
}

// told finds a column that by itself separates won leads from the others, or
// closed ones from open ones of the same age.
func (f *finder) told(c *datasets.Column) *Finding {
	if x := f.toldBy(f.alone(c), "won", f.decided); x != nil {
		return x
	}
	if len(f.bands) == 0 || c.Kind == datasets.Time || !f.losses {
		return nil
	}
	area, pairs := 0.0, 0.0
	for _, band := range f.bands {
		band = spread(band, mostMeasured/ageBands)
		score := f.scores(c, f.closed, band)
		if score == nil {
			continue
		}
		label := f.labels(f.closed, band)
		closed := 0.0
		for _, v := range label {
			closed += v
		}
		w := float64(closed * (float64(len(band)) - closed))
		area += float64(w * metric.AUC(label, score, nil))
		pairs += w
	}
	return f.toldBy(area/pairs, "closed", nil)
}

func (f *finder) toldBy(auc float64, word string, decided []int) *Finding {
	shows := func(r int) bool { return decided == nil || f.closed[r] || !f.losses }
	switch {
	case auc > surelyTold:
		return f.found(Copy, true, fmt.Sprintf("by itself it tells nearly always whether a lead was %s (AUC %.3f): it seems to be written at closing", word, auc), shows)
	case auc > maybeTold:
		return f.found(Proxy, false, fmt.Sprintf("by itself it tells very well whether a lead was %s (AUC %.3f): is it known when a lead is created?", word, auc), shows)
	}
	return nil
}

// copied is told where it is sure.
func (f *finder) copied(c *datasets.Column) *Finding {
	if x := f.told(c); x != nil && x.Sure {
		return x
	}
	return nil
}

// named finds a column whose header says that it follows the outcome, and that
// tells much of it besides.
func (f *finder) named(c *datasets.Column) *Finding {
	why, sure := datasets.Suspect(c.Name, f.Roles)
	if why == "" {
		return nil
	}
	auc := f.alone(c)
	if !(auc > doubtful) {
		return nil
	}
	return f.found(Proxy, sure, fmt.Sprintf("%s; by itself it tells much of the outcome (AUC %.2f)", why, auc), func(r int) bool { return !c.Missing(r) })
}

// pure finds a value of which no lead, or every lead, was won, where chance
// would hardly make it. Numbers have no such values, and texts are words of people.
func (f *finder) pure(c *datasets.Column) *Finding {
	if c.Kind == datasets.Text || c.Kind == datasets.Time {
		return nil
	}
	l := f.levelsOf(c)
	if c.Nums != nil && len(l.names) > mostLevels {
		return nil
	}
	leads, won, wins := make([]int, len(l.names)), make([]int, len(l.names)), 0
	for _, i := range f.decided {
		leads[l.of[i]]++
		if f.won[i] {
			won[l.of[i]]++
			wins++
		}
	}
	base := float64(wins) / float64(len(f.decided))
	best := -1
	for v, n := range leads {
		odds := base
		if won[v] == 0 {
			odds = 1 - base
		} else if won[v] < n {
			continue
		}
		if n < fewestLevel || float64(n) < leastLevel*float64(len(f.decided)) || float64(n)*math.Log(odds) > math.Log(chance) {
			continue
		}
		if best < 0 || n > leads[best] || n == leads[best] && l.names[v] < l.names[best] {
			best = v
		}
	}
	if best < 0 {
		return nil
	}
	of := "that have " + strconv.Quote(l.names[best]) + " here"
	if l.names[best] == "" {
		of = "where it is empty"
	}
	what := "none of the %d leads %s was won: is it known when a lead is created?"
	if won[best] > 0 {
		what = "all of the %d leads %s were won: is it known when a lead is created?"
	}
	return f.found(Proxy, false, fmt.Sprintf(what, leads[best], of), func(r int) bool { return l.of[r] == int32(best) && (f.closed[r] || !f.losses) })
}
