package features

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models/matrix"
)

// Encoder is the fitted way from a Snapshot to a Matrix, and the only one. It
// never changes; its methods may be called concurrently.
type Encoder struct {
	columns []fitted
	headers []matrix.Column // name, origin and levels of every matrix column; no values
	nums    int             // how many of them are numbers; the others are codes
}

// fitted is a column of the spec with what was learned about it and the range
// of matrix columns that it fills.
type fitted struct {
	ColumnSpec
	reads    []datasets.Kind
	feature  feature
	from, to int
}

// Fit learns an encoder from past leads, each seen once and as of its own
// moment. Snapshots may come in any number of pieces and leads in any order:
// the encoder is the same. A column of the spec that the leads do not have, or
// that is of a kind the feature does not read, is an error.
func Fit(ctx context.Context, s Spec, past iter.Seq2[Snapshot, error]) (*Encoder, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	e := &Encoder{}
	for _, c := range s.Columns {
		k := kinds[lookup(c.Kind)]
		e.columns = append(e.columns, fitted{ColumnSpec: c, reads: k.reads, feature: k.make(c)})
	}
	for snapshot, err := range past {
		if err != nil {
			return nil, err
		}
		if err := e.learn(ctx, snapshot); err != nil {
			return nil, err
		}
	}
	for i := range e.columns {
		e.columns[i].feature.settle()
	}
	return e.lay()
}

func (e *Encoder) learn(ctx context.Context, s Snapshot) error {
	if err := s.check(); err != nil {
		return err
	}
	v, next, problem := view{Snapshot: s}, 0, ""
	for _, f := range e.columns {
		if err := ctx.Err(); err != nil {
			return err
		}
		if next, problem = v.open(&f, next); problem != "" {
			if other := s.Leads.Like(f.Column); v.column == nil && other != "" {
				problem += fmt.Sprintf("; did you mean %q?", other)
			}
			return &datasets.Error{Column: f.Column, Message: problem}
		}
		f.feature.learn(&v)
	}
	return nil
}

// lay makes every feature ready, lays the matrix columns out and gives e.
func (e *Encoder) lay() (*Encoder, error) {
	outputs, all := make([][]output, len(e.columns)), 0
	for i, f := range e.columns {
		if err := f.feature.ready(); err != nil {
			return nil, fmt.Errorf("features: column %q as %s: %w", f.Column, f.Kind, err)
		}
		outputs[i] = f.feature.outputs()
		all += len(outputs[i])
	}
	e.headers = make([]matrix.Column, 0, all)
	taken := make(map[string]bool, all)
	for i := range e.columns {
		f := &e.columns[i]
		f.from = len(e.headers)
		for _, o := range outputs[i] {
			name := f.Column + o.suffix
			for taken[name] {
				name += " (" + f.Kind + ")"
			}
			taken[name] = true
			e.headers = append(e.headers, matrix.Column{Name: name, Origin: f.Column, Levels: o.levels})
			if o.levels == 0 {
				e.nums++
			}
		}
		f.to = len(e.headers)
	}
	return e, nil
}

// Encode gives the matrix of a snapshot, a row a lead in the same order: one
// lead or ten million, by the same code and with the same bits. Values that
// training did not know, and columns that are absent or of another kind, are
// encoded as "other" or as missing and told as notes (by row, or with row −1
// when a whole column is concerned); notes never hold a value. The error is
// for a snapshot whose parts differ in length.
func (e *Encoder) Encode(s Snapshot) (*matrix.Matrix, []datasets.Note, error) {
	if err := s.check(); err != nil {
		return nil, nil, err
	}
	m := e.blank(s.Leads.Rows)
	v, next, problem := view{Snapshot: s}, 0, ""
	for i := range e.columns {
		f := &e.columns[i]
		dst := m.Columns[f.from:f.to]
		if next, problem = v.open(f, next); problem != "" {
			v.warn(-1, problem+", treated as missing")
			fill(dst)
			continue
		}
		f.feature.encode(dst, &v)
	}
	return m, v.notes, nil
}

// blank gives a matrix of the encoder's columns with room for the values: one
// piece of memory for the numbers and one for the codes, so that one lead
// costs a few allocations only.
func (e *Encoder) blank(rows int) *matrix.Matrix {
	m := &matrix.Matrix{Rows: rows, Columns: slices.Clone(e.headers)}
	nums := make([]float64, rows*e.nums)
	codes := make([]int32, rows*(len(e.headers)-e.nums))
	for j := range m.Columns {
		if c := &m.Columns[j]; c.Levels == 0 {
			c.Nums, nums = nums[:rows:rows], nums[rows:]
		} else {
			c.Codes, codes = codes[:rows:rows], codes[rows:]
		}
	}
	return m
}

// fill makes every cell missing.
func fill(dst []matrix.Column) {
	for j := range dst {
		for row := range max(len(dst[j].Nums), len(dst[j].Codes)) {
			blankRow(dst[j:j+1], row)
		}
	}
}

// blankRow makes the cells of one row missing.
func blankRow(dst []matrix.Column, row int) {
	for j := range dst {
		if c := &dst[j]; c.Nums != nil {
			c.Nums[row] = math.NaN()
		} else {
			c.Codes[row] = -1
		}
	}
}

// Output describes one matrix column.
type Output struct {
	Name   string `json:"name"`   // unique within the matrix
	Origin string `json:"origin"` // the column of the user's table, or the table of events
	Kind   string `json:"kind"`   // the feature kind that makes it
	Levels int    `json:"levels"` // number of categories, those for other values included; 0 for numbers
}

// Outputs lists the matrix columns in order.
func (e *Encoder) Outputs() []Output {
	out := make([]Output, 0, len(e.headers))
	for _, f := range e.columns {
		for _, h := range e.headers[f.from:f.to] {
			out = append(out, Output{h.Name, h.Origin, f.Kind, h.Levels})
		}
	}
	return out
}
