package serve

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/leadcast/leadcast/datasets"
)

// lead is what became of one lead while it was read.
type lead struct {
	row     int // its row in the table, −1 when it is bad
	bad     *fault
	unknown []string
	events  bool // it came with events
}

type span struct{ from, to int32 }

// wish is what a score is to hold.
type wish struct {
	reasons   int
	intervals bool
}

// request is a body of POST /v1/score. Reading it fills a grid of spans, a row
// a lead and an entry a field, over one buffer of text; table copies them out,
// so that a request can be used again.
type request struct {
	s      scanner
	fields *fields
	zone   *time.Location
	limits *Limits
	asOf   int64 // NoTime where not given
	wish
	events  bool // the request came with events
	leads   []lead
	rows    int // good leads
	text    []byte
	grid    []span
	stamp   []int           // a field: the last lead (from 1) that had it
	unknown map[string]bool // unknown fields of the lead being read
}

// read parses a body. The error is a problem that names the field.
func (q *request) read(data []byte) error {
	q.s = scanner{data: data, text: q.s.text}
	q.asOf, q.wish, q.events, q.rows = datasets.NoTime, wish{reasons: 3}, false, 0
	q.leads, q.text, q.grid = q.leads[:0], q.text[:0], q.grid[:0]
	q.stamp = slices.Grow(q.stamp[:0], len(q.fields.list))[:len(q.fields.list)]
	clear(q.stamp)
	if q.s.peek() != '{' {
		f := q.s.skip()
		if f == nil {
			f = q.s.end()
		}
		if f != nil {
			return malformed.problem("", f)
		}
		return invalid.problem("", &fault{Detail: `the body must be an object like {"leads":[{…}]}`})
	}
	var wrong *problem // the first thing that is JSON but not a request
	f := q.s.members(func(key string) *fault {
		p, f := q.member(key)
		if wrong == nil {
			wrong = p
		}
		return f
	})
	if f == nil {
		f = q.s.end()
	}
	switch {
	case f != nil:
		return malformed.problem("", f)
	case wrong != nil:
		return wrong
	case len(q.leads) == 0:
		return invalid.problem("", &fault{Pointer: "/leads", Detail: "give at least one lead"})
	case len(q.leads) == 1 && len(data) > q.limits.LeadBytes:
		return tooLarge.problem("one lead may take " + strconv.Itoa(q.limits.LeadBytes) + " bytes")
	}
	return nil
}

// member reads the value of one key of the body. The problem is for a value
// that is JSON but not what belongs there, the fault for what is not JSON.
func (q *request) member(key string) (*problem, *fault) {
	wrong := func(detail string) *problem {
		return invalid.problem("", &fault{Pointer: pointer(key), Detail: detail})
	}
	first := q.s.peek()
	switch key {
	case "leads":
		if first == '[' {
			var p *problem
			f := q.s.array(func(i int) *fault {
				if i < q.limits.Leads {
					return q.lead(i).under(strconv.Itoa(i))
				}
				p = tooLarge.problem("", &fault{Pointer: "/leads", Detail: "a request may hold " + strconv.Itoa(q.limits.Leads) + " leads"})
				return q.s.skip()
			})
			return p, f
		}
		return wrong("must be an array of leads"), q.s.skip()
	case "events":
		q.events = true
		ok, f := q.shapeOfEvents()
		if !ok {
			return wrong("must be an object of arrays"), f
		}
		return nil, f
	case "as_of", "reasons", "intervals":
		if first == '{' || first == '[' {
			return wrong("must be one value"), q.s.skip()
		}
		text, kind, f := q.s.scalar()
		if f != nil || kind == 'n' {
			return nil, f
		}
		if key == "as_of" {
			t, ok := parseMoment(string(text), q.zone)
			if kind != '"' || !ok {
				return wrong("must be a date such as 2026-03-31, or a moment such as 2026-03-31T09:00:00Z"), nil
			}
			q.asOf = t
			return nil, nil
		}
		if key == "intervals" {
			if kind != 't' && kind != 'f' {
				return wrong("must be true or false"), nil
			}
			q.intervals = kind == 't'
			return nil, nil
		}
		n, err := strconv.Atoi(string(text))
		if kind != '0' || err != nil || n < 0 || n > maxReasons {
			return wrong("must be a whole number from 0 to " + strconv.Itoa(maxReasons)), nil
		}
		q.reasons = n
		return nil, nil
	}
	return wrong("is not a key of a request; these are: leads, as_of, reasons, intervals, events"), q.s.skip()
}

// maxReasons is the most reasons that a request may ask for.
const maxReasons = 10

// parseMoment reads a moment with its offset, or a day in the zone given.
func parseMoment(s string, zone *time.Location) (micros int64, ok bool) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t, err = time.ParseInLocation(time.DateOnly, s, zone)
	}
	return t.UnixMicro(), err == nil
}

// shapeOfEvents reads what the reserved key events holds; ok tells whether it
// is an object of arrays.
func (q *request) shapeOfEvents() (ok bool, f *fault) {
	switch q.s.peek() {
	case '{':
		ok = true
		f = q.s.members(func(string) *fault {
			ok = ok && q.s.peek() == '['
			return q.s.skip()
		})
		return ok, f
	case 'n':
		return true, q.s.skip()
	}
	return false, q.s.skip()
}

// lead reads lead i. What is not JSON is a fault; what is JSON but no value of
// a column makes only this lead bad.
func (q *request) lead(i int) *fault {
	l := lead{row: q.rows}
	if q.s.peek() != '{' {
		q.leads = append(q.leads, lead{row: -1, bad: &fault{Detail: "a lead is an object: a key for each column"}})
		return q.s.skip()
	}
	wide, row := len(q.fields.list), len(q.grid)
	q.grid = slices.Grow(q.grid, wide)[:row+wide]
	clear(q.grid[row:])
	clear(q.unknown)
	f := q.s.object(func(key []byte) *fault {
		at, known := q.fields.index[string(key)]
		if !known {
			return q.stranger(&l, string(key))
		}
		c := &q.fields.list[at]
		if q.stamp[at] == i+1 {
			return q.s.twice(c.name)
		}
		q.stamp[at] = i + 1
		from := len(q.text)
		bad, f := q.value(c)
		if bad != "" && l.bad == nil {
			l.bad = &fault{Pointer: pointer(c.name), Detail: bad}
		}
		if !c.drop {
			q.grid[row+at] = span{int32(from), int32(len(q.text))}
		}
		return f.under(c.name)
	})
	if l.bad != nil {
		l.row = -1
		q.grid = q.grid[:row]
	} else {
		q.rows++
	}
	q.leads = append(q.leads, l)
	return f
}

// maxUnknown is the most unknown fields that a lead may have.
const maxUnknown = 1000

// stranger reads a field that is no column of the model.
func (q *request) stranger(l *lead, key string) *fault {
	if q.unknown[key] {
		return q.s.twice(key)
	}
	if len(l.unknown) == maxUnknown { // not even their names are kept
		l.bad = &fault{Detail: "has more than " + strconv.Itoa(maxUnknown) + " unknown fields"}
		return q.s.skip()
	}
	q.unknown[key] = true
	if key != "events" {
		l.unknown = append(l.unknown, key)
		return q.s.skip().under(key)
	}
	l.events = true
	ok, f := q.shapeOfEvents()
	if !ok && l.bad == nil {
		l.bad = &fault{Pointer: "/events", Detail: "must be an object of arrays"}
	}
	return f.under(key)
}

// value reads the value of a column and appends its text. bad says why it is
// not the value of a column.
func (q *request) value(c *field) (bad string, f *fault) {
	switch q.s.peek() {
	case '{':
		return "an object cannot be the value of a column", q.s.skip()
	case '[':
		count := 0
		f = q.s.array(func(int) *fault {
			if first := q.s.peek(); first == '{' || first == '[' {
				bad = "an array may hold texts, numbers and booleans only"
				return q.s.skip()
			}
			before := len(q.text)
			if count > 0 {
				q.text = append(q.text, ';')
			}
			mark := len(q.text)
			b, f := q.scalar(c)
			if b != "" {
				bad = b
			}
			if count++; len(q.text) == mark { // nothing: no separator either
				q.text, count = q.text[:before], count-1
			}
			return f
		})
		return bad, f
	}
	return q.scalar(c)
}

// scalar reads a text, number, boolean or null as the column would write it.
func (q *request) scalar(c *field) (bad string, f *fault) {
	text, kind, f := q.s.scalar()
	switch kind {
	case '"':
		q.text = append(q.text, text...)
	case 't':
		q.text = append(q.text, c.yes...)
	case 'f':
		q.text = append(q.text, c.no...)
	case '0':
		if _, err := strconv.ParseFloat(string(text), 64); err != nil {
			return "the number is larger than a number can be", f
		}
		from := len(q.text)
		q.text = append(q.text, text...)
		if c.comma {
			for i, b := range q.text[from:] {
				if b == '.' {
					q.text[from+i] = ','
				}
			}
		}
	}
	return "", f
}

// table copies the good leads into a raw table: a column for each known field
// that any lead had, in the model's order.
func (q *request) table() *datasets.Table {
	wide := len(q.fields.list)
	var used []int
	for at, stamp := range q.stamp {
		if stamp > 0 && !q.fields.list[at].drop {
			used = append(used, at)
		}
	}
	place := make([]int, 0, q.rows)
	for i, l := range q.leads {
		if l.row >= 0 {
			place = append(place, i)
		}
	}
	t := &datasets.Table{Rows: q.rows, Columns: make([]*datasets.Column, len(used))}
	t.Place = func(row int) string { return pointer("leads", strconv.Itoa(place[row])) }
	columns := make([]datasets.Column, len(used))
	offsets := make([]int64, len(used)*(q.rows+1))
	buffer := make([]byte, 0, len(q.text))
	for k, at := range used {
		from := len(buffer)
		o := offsets[k*(q.rows+1) : (k+1)*(q.rows+1)]
		for r := range q.rows {
			s := q.grid[r*wide+at]
			buffer = append(buffer, q.text[s.from:s.to]...)
			o[r+1] = int64(len(buffer) - from)
		}
		columns[k] = datasets.Column{Name: q.fields.list[at].name, Texts: datasets.Strings{Offsets: o, Bytes: buffer[from:]}}
		t.Columns[k] = &columns[k]
	}
	return t
}

// strangers lists unknown fields of the leads as faults, for strict requests:
// as many as a problem names, and one more when there are more.
func (q *request) strangers() []*fault {
	var faults []*fault
	for i, l := range q.leads {
		for _, name := range l.unknown {
			if len(faults) > maxFaults {
				return faults
			}
			faults = append(faults, &fault{pointer("leads", strconv.Itoa(i), name), q.fields.warning(name)})
		}
	}
	return faults
}

// maxNamed bounds how many fields a lead's warnings name.
const maxNamed = 10

// absent says which columns no lead of the request has, "" where there is none.
func (q *request) absent() string {
	var names []string
	for at, c := range q.fields.list {
		if c.wanted && q.stamp[at] == 0 {
			names = append(names, c.name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	w := "not given, taken as missing: " + strings.Join(names[:min(len(names), maxNamed)], ", ")
	if n := len(names) - maxNamed; n > 0 {
		w += " and " + strconv.Itoa(n) + " more"
	}
	return w
}

// warnings are what there is to say about a lead before the model has seen it.
func (q *request) warnings(l *lead, absent string, say map[string]string) (list []string) {
	if l.events || q.events {
		list = append(list, "events are not used by this model")
	}
	for n, name := range l.unknown {
		if n == maxNamed {
			list = append(list, "and "+strconv.Itoa(len(l.unknown)-n)+" more unknown fields")
			break
		}
		if say[name] == "" {
			say[name] = q.fields.warning(name)
		}
		list = append(list, say[name])
	}
	if absent != "" {
		list = append(list, absent)
	}
	return list
}
