package exchange

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/leadcast/leadcast/models/gbm"
	"github.com/leadcast/leadcast/models/linear"
	"github.com/leadcast/leadcast/models/survival"
	"github.com/leadcast/leadcast/models/tree"
)

// SQL writes a query that gives the probability of a stack without times over
// the raw columns of a table: one SELECT of CASE expressions, in float64. keep
// are columns that it shows beside p_win. An error names what has no SQL.
func SQL(w io.Writer, m *survival.Stack, columns []Column, table string, keep []string) error {
	q := &query{columns: columns, used: map[int]bool{}}
	constant, err := takeApart(m, q)
	if err != nil {
		return err
	}
	for _, j := range q.columnsUsed() {
		if c := &columns[j]; sqlOf(c) == "" {
			return wrong("", "column %q is read as %s, which has no SQL: train without it (--exclude), or score with leadcast", c.Origin, c.Kind)
		}
	}
	q.sum = append(q.sum, double(constant))
	b := bufio.NewWriter(w)
	q.write(b, table, keep)
	return b.Flush()
}

// query collects what the margin reads.
type query struct {
	columns  []Column
	used     map[int]bool // columns of the matrix
	readings []string     // expressions over columns, with their names
	sum      []string     // terms of the margin
}

// columnsUsed lists the columns of the matrix that are read.
func (q *query) columnsUsed() []int { return slices.Sorted(maps.Keys(q.used)) }

// x names column j of the matrix.
func (q *query) x(j int) string {
	q.used[j] = true
	return fmt.Sprintf("_x%d", j)
}

// reading names an expression over the columns.
func (q *query) reading(name, expression string) string {
	q.readings = append(q.readings, expression+" AS "+name)
	return name
}

// booster adds the trees of a booster of ours.
func (q *query) booster(m *gbm.Model, weight float64) *Error {
	e := m.Ensemble()
	asked, statistics := askedBy(e), m.Statistics()
	names := make([]string, e.Columns())
	plain := e.Columns() - 2*len(statistics)
	for j := range names {
		switch {
		case !asked[j]:
		case j < plain:
			names[j] = q.x(j)
		default:
			s := &statistics[(j-plain)/2]
			values, other := s.Rates, s.Prior
			if (j-plain)%2 == 1 {
				values, other = s.Counts, 0
			}
			names[j] = q.reading(fmt.Sprintf("_s%d", len(q.readings)), q.lookup(s, values, other))
		}
	}
	q.trees(e, weight, names)
	return nil
}

// lookup is a table of a statistic.
func (q *query) lookup(s *gbm.Statistic, values []float64, other float64) string {
	var b strings.Builder
	b.WriteString("CASE")
	for k, codes := range s.Codes {
		b.WriteString(" WHEN ")
		for i, code := range codes {
			if i > 0 {
				b.WriteString(" AND ")
			}
			if code < 0 {
				fmt.Fprintf(&b, "%s IS NULL", q.x(s.Columns[i]))
			} else {
				fmt.Fprintf(&b, "%s = %d", q.x(s.Columns[i]), code)
			}
		}
		b.WriteString(" THEN " + decimal(values[k]))
	}
	return b.String() + " ELSE " + double(other) + " END"
}

// imported adds the trees of an imported model.
func (q *query) imported(m *Model, weight float64) *Error {
	asked := askedBy(m.trees)
	names := make([]string, len(m.asks))
	for k, a := range m.asks {
		if !asked[k] {
			continue
		}
		x := q.x(a.column)
		switch {
		case a.reading == zeroGone && !m.columns[a.column]:
			x = q.reading(fmt.Sprintf("_z%d", a.column), fmt.Sprintf("CASE WHEN ABS(%s) > %s THEN %s END", x, decimal(tiny), x))
		case a.reading == truncated && !m.columns[a.column]:
			x = q.reading(fmt.Sprintf("_t%d", a.column), fmt.Sprintf("CASE WHEN %s >= 0 THEN FLOOR(%s) WHEN %s > -1 THEN 0 END", x, x, x))
		}
		names[k] = x
	}
	q.trees(m.trees, weight, names)
	return nil
}

func askedBy(e *tree.Ensemble) []bool {
	asked := make([]bool, e.Columns())
	for k := range e.Trees() {
		for _, n := range e.Nodes(k) {
			if n.Feature >= 0 {
				asked[n.Feature] = true
			}
		}
	}
	return asked
}

// trees adds one CASE a tree, over columns of such names. Leaves stand from left to right, so a leaf needs
// to ask only where its path turns left: where it turns right, whatever would
// have gone left has found its leaf before.
func (q *query) trees(e *tree.Ensemble, weight float64, names []string) {
	for k := range e.Trees() {
		nodes := e.Nodes(k)
		var b strings.Builder
		var visit func(at int, turns []string)
		visit = func(at int, turns []string) {
			n := &nodes[at]
			switch {
			case n.Feature >= 0:
				visit(n.Left, append(slices.Clip(turns), question(n, names[n.Feature])))
				visit(n.Right, turns)
			case len(turns) > 0:
				b.WriteString("\n      WHEN " + strings.Join(turns, " AND ") + " THEN " + decimal(weight*n.Value))
			default:
				b.WriteString("\n      ELSE " + double(weight*n.Value))
			}
		}
		visit(0, nil)
		if len(nodes) == 1 {
			q.sum = append(q.sum, double(weight*nodes[0].Value))
		} else {
			q.sum = append(q.sum, "CASE"+b.String()+" END")
		}
	}
}

// question is true where a row goes left, and false or unknown where not.
func question(n *tree.Node, x string) string {
	left := x + " <= " + decimal(n.Threshold)
	if math.IsInf(n.Threshold, 1) { // asks only whether there is a value
		left = x + " IS NOT NULL"
	}
	if n.Categories != nil {
		var codes []string
		for k := range 64 * len(n.Categories) {
			if n.Categories[k/64]>>(k%64)&1 == 1 {
				codes = append(codes, strconv.Itoa(k))
			}
		}
		left = x + " IN (" + strings.Join(codes, ", ") + ")"
		if codes == nil {
			left = "1 = 0"
		}
	}
	if n.MissingLeft {
		left = "(" + x + " IS NULL OR " + left + ")"
	}
	return left
}

// linear adds the terms of a linear model.
func (q *query) linear(terms []linear.Term, weight float64) {
	for j := range terms {
		if s := q.term(j, &terms[j], weight); s != "" {
			q.sum = append(q.sum, s)
		}
	}
}

// term is a column's part of a linear model, "" where it has none.
func (q *query) term(j int, t *linear.Term, weight float64) string {
	value := func(v float64) string { return decimal(weight * v) }
	if !slices.ContainsFunc(append([]float64{t.Missing}, t.Y...), func(v float64) bool { return weight*v != 0 }) {
		return ""
	}
	x := q.x(j)
	var b strings.Builder
	b.WriteString("CASE")
	when := func(condition, then string) { b.WriteString(" WHEN " + condition + " THEN " + then) }
	last := t.Missing
	if t.Category {
		for k, y := range t.Y {
			when(fmt.Sprintf("%s = %d", x, k), value(y))
		}
	} else {
		when(x+" IS NULL OR ABS("+x+") > 1e100", value(t.Missing))
		last = 0
		for k := range t.X {
			last = t.Y[k]
			switch {
			case t.Step && k+1 < len(t.X):
				when(x+" < "+decimal(t.X[k+1]), value(t.Y[k]))
			case t.Step:
			case k == 0:
				when(x+" <= "+decimal(t.X[0]), value(t.Y[0]))
			default:
				rise := decimal(weight * (t.Y[k] - t.Y[k-1]))
				when(x+" <= "+decimal(t.X[k]), fmt.Sprintf("%s + (%s - %s) / %s * %s", value(t.Y[k-1]), x, decimal(t.X[k-1]), decimal(t.X[k]-t.X[k-1]), rise))
			}
		}
	}
	return b.String() + " ELSE " + double(weight*last) + " END"
}

// decimal writes a number so that it is read as the same float64; negative
// ones in brackets, for two signs would begin a comment.
func decimal(v float64) string {
	v = min(max(v, -math.MaxFloat64), math.MaxFloat64)
	s := strconv.FormatFloat(v, 'g', -1, 64)
	if v < 0 {
		return "(" + s + ")"
	}
	return s
}

// double is decimal as a float64: databases take decimals for exact numbers
// where nothing in a CASE says otherwise.
func double(v float64) string { return "CAST(" + decimal(v) + " AS DOUBLE PRECISION)" }

// sum adds terms in halves: thousands in a row would be nested too deeply for
// some databases.
func sum(terms []string) string {
	if len(terms) == 1 {
		return terms[0]
	}
	half := len(terms) / 2
	return "(" + sum(terms[:half]) + "\n    + " + sum(terms[half:]) + ")"
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func texts(list []string) string {
	var out []string
	for _, s := range list {
		out = append(out, "'"+strings.ReplaceAll(s, "'", "''")+"'")
	}
	return strings.Join(out, ", ")
}

// sqlOf is a column of the matrix from the raw one; "" where it has no SQL.
func sqlOf(c *Column) string {
	raw := quoted(c.Origin)
	text := "COALESCE(TRIM(CAST(" + raw + " AS TEXT)), '')"
	switch c.Kind {
	case "number":
		for _, m := range c.Missing {
			if v, err := strconv.ParseFloat(m, 64); err == nil && v-v == 0 {
				raw = "NULLIF(" + raw + ", " + decimal(v) + ")"
			}
		}
		most := decimal(math.MaxFloat64)
		return "CASE WHEN " + raw + " BETWEEN (-" + most + ") AND " + most + " THEN CAST(" + raw + " AS DOUBLE PRECISION) END"
	case "yes or no":
		return "CAST(CASE WHEN " + raw + " THEN 1 WHEN NOT " + raw + " THEN 0 END AS DOUBLE PRECISION)"
	case "given":
		return "CAST(CASE WHEN " + text + " IN (" + texts(append([]string{""}, c.Missing...)) + ") THEN 0 ELSE 1 END AS DOUBLE PRECISION)"
	case "category":
		var b strings.Builder
		b.WriteString("CASE " + text)
		for _, m := range append([]string{""}, c.Missing...) {
			fmt.Fprintf(&b, " WHEN %s THEN NULL", texts([]string{m}))
		}
		for k, level := range c.Levels {
			fmt.Fprintf(&b, " WHEN %s THEN %d", texts([]string{level}), k)
		}
		return b.String() + fmt.Sprintf(" ELSE %d END", len(c.Levels))
	}
	return ""
}

// write writes the query: what is read of the raw columns, the margin, the
// probability. The steps before the margin are materialised, else databases
// work them out again wherever a tree asks.
func (q *query) write(w *bufio.Writer, table string, keep []string) {
	shown := ""
	for _, name := range keep {
		shown += quoted(name) + ", "
	}
	from := "inputs"
	fmt.Fprintf(w, "WITH inputs AS MATERIALIZED (\n  SELECT %s1 AS _one", shown)
	for _, j := range q.columnsUsed() {
		fmt.Fprintf(w, ",\n    %s AS _x%d", sqlOf(&q.columns[j]), j)
	}
	fmt.Fprintf(w, "\n  FROM %s)", table)
	if len(q.readings) > 0 {
		from = "readings"
		fmt.Fprintf(w, ",\nreadings AS MATERIALIZED (\n  SELECT inputs.*,\n    %s\n  FROM inputs)", strings.Join(q.readings, ",\n    "))
	}
	fmt.Fprintf(w, ",\nmargins AS MATERIALIZED (\n  SELECT %s%s AS _margin\n  FROM %s)\n", shown, sum(q.sum), from)
	fmt.Fprintf(w, "SELECT %s\n  CASE WHEN _margin > 700 THEN 1.0 WHEN _margin < -700 THEN 0.0 ELSE 1.0 / (1.0 + EXP(-_margin)) END AS p_win\nFROM margins;\n", shown)
}
