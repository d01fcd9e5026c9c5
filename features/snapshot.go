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
// their fields, their raw events and the moments. Whatever happened at or
// after AsOf is not seen.
type Snapshot struct {
	Leads  *datasets.Table            // typed (datasets.Schema.Apply), a row a lead
	Events map[string]*datasets.Table // history rows, visits, mails, calls
	AsOf   []int64                    // a moment a lead (microseconds since 1970 UTC); nil or NoTime where there are no times
	Notes  []datasets.Note            // what was odd when the leads were read, by row
	Junk   []string                   // the column by which a lead is junk and gets no forecast, "" where it is none; nil: no lead is
}

// check makes sure that all parts are of one length.
func (s Snapshot) check() error {
	if s.Leads == nil {
		return errors.New("features: a snapshot without leads")
	}
	if s.AsOf != nil && len(s.AsOf) != s.Leads.Rows {
		return fmt.Errorf("features: a snapshot of %d leads with %d as-of times", s.Leads.Rows, len(s.AsOf))
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
	notes  []datasets.Note
}

// open turns the view to the column of f and says in words why it cannot be
// read, "" when it can. It looks for the column from where the last one was
// found (next): tables mostly have the order of the spec, and a live lead has
// no time for a map.
func (v *view) open(f *fitted, next int) (after int, problem string) {
	v.name, v.column = f.Column, nil
	if f.reads == nil {
		return next, ""
	}
	columns := v.Leads.Columns
	for k := range columns {
		i := (next + k) % len(columns)
		if c := columns[i]; c.Name == f.Column {
			v.column = c
			if !slices.Contains(f.reads, c.Kind) {
				problem = "the column is of kind " + c.Kind.String() + ", which cannot be used as " + f.Kind
			}
			return i + 1, problem
		}
	}
	return next, "the column is absent"
}

// asOf is the moment from which row i is seen.
func (v *view) asOf(i int) int64 {
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
