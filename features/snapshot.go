// Package features turns what was known about leads at a moment into the
// matrix that models read. There is one way to do it, for training, for batch
// scoring and for one live lead: Encoder.Encode of a Snapshot.
package features

import "github.com/leadcast/leadcast/datasets"

// Snapshot is what was known about some leads, each at a moment of its own:
// their fields, their raw events and the moments. Whatever happened at or
// after AsOf is not seen.
type Snapshot struct {
	Leads  *datasets.Table            // typed (datasets.Schema.Apply), a row a lead
	Events map[string]*datasets.Table // history rows, visits, mails, calls
	AsOf   []int64                    // a moment a lead (microseconds since 1970 UTC); nil or NoTime where there are no times
	Notes  []datasets.Note            // what was odd when the leads were read, by row
}
