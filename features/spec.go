package features

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/leadcast/leadcast/datasets"
)

// Spec says which columns of the user's table are used and how. It is data:
// Infer proposes one, people edit it, Fit turns it into an Encoder.
type Spec struct {
	Columns []ColumnSpec `json:"columns"`
}

// ColumnSpec is the use of one column.
type ColumnSpec struct {
	Column  string `json:"column"`            // the column as the user's table names it; for events the name of the table
	Kind    string `json:"kind"`              // a name of the table kinds: number, category, date, …
	Key     string `json:"key,omitempty"`     // events and histories: the column of the leads by which they are found
	History string `json:"history,omitempty"` // the table of events with the column's values over time; "": it is as the leads have it
}

// check finds mistakes that can be seen without any data.
func (s Spec) check() error {
	seen := map[ColumnSpec]bool{}
	for _, c := range s.Columns {
		switch {
		case c.Column == "" || !utf8.ValidString(c.Column):
			return errors.New("features: a column of the spec has no name, or one that is not UTF-8")
		case lookup(c.Kind) < 0:
			return &datasets.Error{Column: c.Column, Message: fmt.Sprintf("no such kind of feature: %q; use one of %s", c.Kind, kindNames())}
		case (c.Kind == "events" || c.History != "") != (c.Key != ""):
			return &datasets.Error{Column: c.Column, Message: "a table of events or a history, and nothing else, needs a key: the column of the leads by which it is found"}
		case c.Kind == "events" && c.History != "" || c.Kind == "stages" && c.History == "":
			return &datasets.Error{Column: c.Column, Message: "stages are of a history, and events have none"}
		case seen[c]:
			return &datasets.Error{Column: c.Column, Message: "stands in the spec twice with the same kind"}
		}
		seen[c] = true
	}
	return nil
}

func kindNames() string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
