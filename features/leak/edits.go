package leak

import (
	"fmt"
	"math"
	"time"

	"github.com/leadcast/leadcast/datasets"
)

// edited reads the field history of a column: when it was changed, and how
// much of what it tells today it told when the leads were created.
func (f *finder) edited(c *datasets.Column) *Finding {
	edits := f.edits[c.Name]
	if len(edits) == 0 {
		return nil
	}
	o := f.Outcomes
	around, after := make([]bool, len(f.closed)), make([]bool, len(f.closed))
	changes, arounds, closed := 0, 0, 0
	for _, e := range edits {
		switch {
		case !f.closed[e.Row] || o.Closed[e.Row] == datasets.NoTime || o.Days[e.Row] < 3 || e.At <= o.Created[e.Row]:
			continue
		case e.At > o.Closed[e.Row]+datasets.MicrosPerDay:
			after[e.Row] = true
		case e.At >= o.Closed[e.Row]-datasets.MicrosPerDay:
			around[e.Row] = true
			arounds++
		}
		changes++
	}
	for i := range f.closed {
		if f.closed[i] && o.Days[i] >= 3 {
			closed++
		}
	}
	then := f.asCreated(c, edits)
	now, was, gain, se := f.compared(c, then)
	vanishes := gain > 0.02 && gain > 2*se
	words := ""
	if !math.IsNaN(was) {
		words = fmt.Sprintf(" (AUC %.2f today, %.2f by what it held when the leads were created)", now, was)
	}
	var x *Finding
	switch _, late := f.rows(func(r int) bool { return after[r] }); {
	case arounds >= fewestStamps && 2*arounds >= changes && 5*arounds >= closed:
		x = f.found(FilledAtClosing, true, fmt.Sprintf("by its history %d of its %d changes on closed leads came within a day of closing%s", arounds, changes, words), func(r int) bool { return around[r] })
	case late >= fewestStamps && 20*late >= closed:
		x = f.found(EditedAfter, vanishes, fmt.Sprintf("by its history it was changed after closing on %d of %d closed leads%s", late, closed, words), func(r int) bool { return after[r] })
	case vanishes:
		changed := map[int]bool{}
		for _, e := range edits {
			changed[e.Row] = true
		}
		x = f.found(Vanishing, true, "by its history it told far less when the leads were created than it tells today"+words, func(r int) bool { return changed[r] })
	default:
		return nil
	}
	x.AUC, x.Honest = now, was
	return x
}

// asCreated is the column as it was when each lead was created: what the first
// edit after that found in it.
func (f *finder) asCreated(c *datasets.Column, edits []Edit) *datasets.Column {
	first := map[int]Edit{}
	for _, e := range edits {
		if was, ok := first[e.Row]; e.At > f.Outcomes.Created[e.Row] && (!ok || e.At < was.At) {
			first[e.Row] = e
		}
	}
	texts := &datasets.Column{Name: c.Name, Kind: datasets.Raw}
	for i := range c.Len() {
		text := ""
		if e, ok := first[i]; ok {
			text = e.Old
		} else if !c.Missing(i) {
			text = cell(c, i)
		}
		texts.Texts.Append(text)
	}
	schema := datasets.Schema{Fields: []datasets.Field{{Name: c.Name, Kind: c.Kind, Layout: layoutOf(c)}}}
	typed, _, err := schema.Apply(&datasets.Table{Rows: c.Len(), Columns: []*datasets.Column{texts}})
	if err != nil {
		return nil // a history that writes its values in another form
	}
	return typed.Columns[0]
}

func layoutOf(c *datasets.Column) string {
	if c.Kind == datasets.Time {
		return time.DateOnly
	}
	return ""
}
