package features

import (
	"math"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models/matrix"
)

// events counts what happened to a lead and was known strictly before its
// as-of: how many events, how many days since the last, and the number of
// each type that enough leads have had.
type events struct {
	Types levels `json:"types"`

	spec ColumnSpec
}

// history is an events table joined to the leads of a view.
type history struct {
	known []int64          // when the CRM learned of each event
	kind  *datasets.Column // nil where the spec names none
	lead  *datasets.Column
	first map[string]int32 // the first row of each lead
	next  []int32          // the next row of the same lead (one lead may be seen at several moments); −1 at the end
}

// join is nil, with the reason, where something it needs is absent.
func (e *events) join(v *view) (*history, string) {
	t := v.Events[e.spec.Column]
	if t == nil {
		return nil, "the table of events is absent, treated as missing"
	}
	clock := t.Column("known_at")
	if clock == nil {
		clock = t.Column("happened_at")
	}
	h := &history{lead: t.Column(e.spec.Key)}
	ids := v.Leads.Column(e.spec.Key)
	if clock == nil || clock.Kind != datasets.Time || !isText(h.lead) || !isText(ids) {
		return nil, "events need a time known_at or happened_at, and the key in both tables as text, treated as missing"
	}
	if h.known = clock.Times; e.spec.Type != "" {
		if h.kind = t.Column(e.spec.Type); !isText(h.kind) {
			return nil, "the column with the type of event is absent, treated as missing"
		}
	}
	h.first, h.next = make(map[string]int32, v.Leads.Rows), make([]int32, v.Leads.Rows)
	for i := v.Leads.Rows - 1; i >= 0; i-- {
		id := ids.Texts.At(i)
		h.next[i] = -1
		if later, ok := h.first[id]; ok {
			h.next[i] = later
		}
		h.first[id] = int32(i)
	}
	return h, ""
}

func isText(c *datasets.Column) bool {
	return c != nil && c.Kind != datasets.Number && c.Kind != datasets.Bool && c.Kind != datasets.Time
}

// each visits every pair of a lead's row and an event known before its as-of.
func (h *history) each(v *view, visit func(row int, at int64, kind string)) {
	for k, at := range h.known {
		row, ok := h.first[h.lead.Texts.At(k)]
		if !ok || at == datasets.NoTime {
			continue
		}
		kind := ""
		if h.kind != nil {
			kind = h.kind.Texts.At(k)
		}
		for ; row >= 0; row = h.next[row] {
			if at < v.asOf(int(row)) { // strictly: an event of the same moment may be the outcome itself
				visit(int(row), at, kind)
			}
		}
	}
}

func (e *events) learn(v *view) {
	h, _ := e.join(v)
	if h == nil {
		return
	}
	type pair struct {
		row  int
		kind string
	}
	seen := map[pair]bool{}
	h.each(v, func(row int, _ int64, kind string) {
		if p := (pair{row, kind}); !seen[p] {
			seen[p] = true
			e.Types.add(kind)
		}
	})
}

func (e *events) settle() { e.Types.settle(mostParts) }

func (e *events) ready() error { return e.Types.ready(mostParts) }

func (e *events) outputs() []output {
	out := []output{{suffix: " count"}, {suffix: " days since last"}}
	for _, kind := range e.Types.Kept {
		out = append(out, output{suffix: " = " + kind + " count"})
	}
	return out
}

func (e *events) encode(dst []matrix.Column, v *view) {
	h, problem := e.join(v)
	if h == nil {
		v.warn(-1, problem)
		fill(dst)
		return
	}
	for i := range v.Leads.Rows {
		dst[1].Nums[i] = math.NaN()
	}
	h.each(v, func(row int, at int64, kind string) {
		dst[0].Nums[row]++
		if days := datasets.Days(at, v.asOf(row)); !(dst[1].Nums[row] <= days) {
			dst[1].Nums[row] = days
		}
		if code := int(e.Types.of(kind)); code >= 0 && code < len(e.Types.Kept) {
			dst[2+code].Nums[row]++
		}
	})
}
