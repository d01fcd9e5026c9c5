// Package features turns what was known about leads at a moment into the
// matrix that models read. There is one way to do it, for training, for batch
// scoring and for one live lead: Encoder.Encode of a Snapshot.
package features

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/leadcast/leadcast/datasets"
)

// Snapshot is what was known about some leads, each at a moment of its own:
// their fields, their raw events and the moments. Whatever happened, or was
// known, at or after AsOf is not seen.
type Snapshot struct {
	Leads    *datasets.Table            // typed (datasets.Schema.Apply), a row a lead; one lead may stand in several rows, each with its moment
	Events   map[string]*datasets.Table // what happened to the leads, and the histories of fields: see Events
	AsOf     []int64                    // a moment a row (microseconds since 1970 UTC); nil or NoTime where there are no times
	Creation []int64                    // from when fields without a history are seen, for they are those of creation; nil: from AsOf
	Notes    []datasets.Note            // what was odd when the leads were read, by row
	Junk     []string                   // the column by which a lead is junk and gets no forecast, "" where it is none; nil: no lead is
}

// check makes sure that all parts are of one length.
func (s Snapshot) check() error {
	if s.Leads == nil {
		return errors.New("features: a snapshot without leads")
	}
	if s.AsOf != nil && len(s.AsOf) != s.Leads.Rows {
		return fmt.Errorf("features: a snapshot of %d leads with %d as-of times", s.Leads.Rows, len(s.AsOf))
	}
	if s.Creation != nil && len(s.Creation) != s.Leads.Rows {
		return fmt.Errorf("features: a snapshot of %d leads with %d times of creation", s.Leads.Rows, len(s.Creation))
	}
	if err := even(s.Leads); err != nil {
		return err
	}
	for _, t := range s.Events {
		if err := even(t); err != nil {
			return err
		}
	}
	return nil
}

func even(t *datasets.Table) error {
	for _, c := range t.Columns {
		if c.Len() != t.Rows {
			return &datasets.Error{Column: c.Name, Message: fmt.Sprintf("has %d values for %d rows", c.Len(), t.Rows)}
		}
	}
	return nil
}

// view is what one feature sees of a snapshot.
type view struct {
	Snapshot
	name   string           // of the user's column
	column *datasets.Column // nil for events
	lines  map[string]*timeline
	dated  bool // the column has a history, so it is seen from AsOf
	notes  []datasets.Note
}

// open turns the view to the column of f and says in words why it cannot be
// read, "" when it can. It looks for the column from where the last one was
// found (next): tables mostly have the order of the spec, and a live lead has
// no time for a map.
func (v *view) open(f *fitted, next int) (after int, problem string) {
	v.name, v.column, v.dated = f.Column, nil, f.History != ""
	if f.reads == nil {
		return next, ""
	}
	if v.dated {
		return next, v.rolledBack(f)
	}
	columns := v.Leads.Columns
	for k := range columns {
		i := (next + k) % len(columns)
		if c := columns[i]; c.Name == f.Column {
			v.column = c
			return i + 1, f.readable(c.Kind)
		}
	}
	return next, "the column is absent"
}

// readable says in words why a column of a kind cannot be read, "" where it can.
func (f *fitted) readable(kind datasets.Kind) string {
	if slices.Contains(f.reads, kind) {
		return ""
	}
	return "the column is of kind " + kind.String() + ", which cannot be used as " + f.Kind
}

// rolledBack makes the view's column what its history says was known at each
// row's as-of.
func (v *view) rolledBack(f *fitted) (problem string) {
	l, problem := v.timeline(f.History, f.Key)
	if l == nil {
		return problem
	}
	values := l.table.Column(valueColumn)
	if values == nil {
		return "its history has no values"
	}
	rows := make([]int, v.Leads.Rows)
	for i := range rows {
		rows[i] = l.last(i, v.moment(i))
	}
	v.column = values.Gather(rows)
	return f.readable(values.Kind)
}

// asOf is the moment from which the column is seen in row i: that of creation
// where it has no history.
func (v *view) asOf(i int) int64 {
	if v.Creation != nil && !v.dated {
		return v.Creation[i]
	}
	return v.moment(i)
}

// moment is the as-of of row i.
func (v *view) moment(i int) int64 {
	if v.AsOf == nil {
		return datasets.NoTime
	}
	return v.AsOf[i]
}

// text is the value of row i in a column of text, without blanks around it.
func (v *view) text(i int) string { return strings.TrimSpace(v.column.Texts.At(i)) }

func (v *view) warn(row int, message string) {
	v.notes = append(v.notes, datasets.Note{Column: v.name, Row: row, Message: message})
}

// rare is the note on a value that is not among those that were kept.
const rare = "a value that was unknown or rare in training, treated as other"
