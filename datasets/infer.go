package datasets

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Hints are what a person has said about a table; Infer finds out the rest.
type Hints struct {
	Kinds   map[string]Kind // kinds of columns by name
	Dates   string          // "dmy" or "mdy": how to read date columns that do not tell by themselves
	Zone    string          // time zone of stamps that carry none, as "Europe/Berlin"; "" is UTC
	Roles   Roles           // a role settles the kind of its column
	Missing []string        // more texts that stand for "nothing", in every column
}

// Infer finds out from the whole of a raw table how each column is to be
// read. Columns that are typed already keep their kind, unless a role or hint
// makes words of them, or they are integers named like an id. The notes say
// what a person may want to know: missing tokens with counts, odd cells,
// numbers that can be read in two ways.
//
// Rules: a column is numbers (or times) if all but 2 % of its filled cells
// are, and the rest is then reported and read as missing. Open bounds such
// as "14+" make a category of at most 50 values, else a number at its bound.
// Yes/no, true/false, y/n and t/f are booleans, 1/0 are numbers. Integers
// named like an id are an id where they are distinct, a category where they
// repeat; so are codes with leading zeros. NULL, N/A, "-", "?", errors of
// spreadsheets and "Select" are missing everywhere, None only among numbers and
// times, and NA not among regions. Date columns of which every day is
// at most 12 are asked about, never guessed: an *Error, as are broken dates,
// two orders in one column, and hints that contradict the table.
func Infer(t *Table, h Hints) (*Schema, []Note, error) {
	if err := checkHints(t, h); err != nil {
		return nil, nil, err
	}
	zone, err := loadZone(h.Zone)
	if err != nil {
		return nil, nil, err
	}
	in := &inference{table: t, hints: h, zone: zone}
	found := make([]finding, len(t.Columns))
	eachColumn(len(found), func(i int) { found[i] = in.column(t.Columns[i]) })

	// Numbers like 1,234 in one column are settled by the others: where a comma
	// is the decimal sign elsewhere in the table and a point nowhere, it is here.
	points, commas := 0, 0
	for _, f := range found {
		points, commas = points+f.points, commas+f.commas
	}
	if commas > 0 && points == 0 {
		in.comma = true
		eachColumn(len(found), func(i int) {
			if found[i].twoWays {
				found[i] = in.column(t.Columns[i])
			}
		})
	}
	s := &Schema{Roles: h.Roles, Zone: h.Zone}
	var notes []Note
	var empty []string
	for _, f := range found {
		if f.empty {
			empty = append(empty, strconv.Quote(f.field.Name))
		}
		if f.err != nil {
			return nil, nil, f.err
		}
		s.Fields = append(s.Fields, f.field)
		notes = append(notes, f.notes...)
	}
	if len(empty) > 0 {
		notes = append(notes, Note{"", -1, "empty columns: " + listed(empty)})
	}
	slices.SortFunc(s.Fields, func(a, b Field) int { return cmp.Compare(a.Name, b.Name) })
	return s, notes, nil
}

// eachColumn calls do for 0 … n−1 on all processors.
func eachColumn(n int, do func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wg.Wait()
}

func loadZone(name string) (*time.Location, error) {
	if name == "" || name == "UTC" {
		return time.UTC, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, &Error{Message: fmt.Sprintf("time zone %q is not known; give a name such as Europe/Berlin", name)}
	}
	return zone, nil
}

func checkHints(t *Table, h Hints) error {
	seen := make(map[string]bool, len(t.Columns))
	for _, c := range t.Columns {
		if seen[c.Name] {
			return &Error{Column: c.Name, Message: "there are two columns of this name; rename one"}
		}
		seen[c.Name] = true
	}
	if h.Dates != "" && h.Dates != "dmy" && h.Dates != "mdy" {
		return &Error{Message: fmt.Sprintf("dates %q: give dmy or mdy", h.Dates)}
	}
	named := h.Roles.columns()
	for name := range h.Kinds {
		named = append(named, name)
	}
	slices.Sort(named)
	for _, name := range named {
		if !seen[name] {
			return unknownColumn(t, name)
		}
	}
	return nil
}

// unknownColumn says that a column is not there, and which may be meant.
func unknownColumn(t *Table, name string) error {
	e := &Error{Column: name, Message: "there is no such column"}
	if like := t.Like(name); like != "" {
		e.Message += fmt.Sprintf("; did you mean %q?", like)
	}
	return e
}

// columns lists the columns that have a role.
func (r Roles) columns() []string {
	all := []string{r.ID, r.Account, r.Created, r.Outcome, r.Closed, r.Duration, r.Amount, r.Currency, r.Campaign, r.Owner}
	if r.Order != "rows" {
		all = append(all, r.Order)
	}
	return slices.DeleteFunc(all, func(name string) bool { return name == "" })
}

// kind is what the roles of a column say of it, Raw where they say nothing.
func (r Roles) kind(name string) Kind {
	switch name {
	case r.Created, r.Closed:
		return Time
	case r.Duration, r.Amount:
		return Number
	case r.ID:
		return ID
	case r.Account, r.Campaign, r.Owner, r.Outcome, r.Currency:
		return Category
	}
	return Raw
}

type inference struct {
	table *Table
	hints Hints
	zone  *time.Location
	comma bool // the table writes decimal commas
}

// finding is what Infer knows about one column.
type finding struct {
	field          Field
	notes          []Note
	err            error
	points, commas int  // cells that can only be read with a decimal point, or comma
	twoWays        bool // numbers, and all can be read with either
	empty          bool

	firstPoint, firstComma int // rows of the first of these cells
}

func (in *inference) column(c *Column) (f finding) {
	wanted := in.hints.Kinds[c.Name]
	if wanted == Raw {
		wanted = in.hints.Roles.kind(c.Name)
	}
	if c.Kind != Raw {
		in.typed(&f, c, wanted)
		return f
	}
	f.field.Name = c.Name
	p := newProfile(in.table, c, in.hints.Missing)
	switch {
	case wanted != Raw:
		in.forced(&f, p, wanted)
	case p.filled == 0 && len(p.unclear) == 0:
		f.field.Kind, f.empty = Category, true
	case in.numbers(&f, p, false), p.bools(&f, false), in.times(&f, p, false):
	default:
		p.asWords()
		f.field.Kind = p.words()
	}
	if f.err == nil {
		f.notes = p.missingNote(&f.field, f.notes)
	}
	return f
}

// typed keeps the kind of a column, but for one: numbers that are names, by
// their role or as they would be in a text file, are read as their texts.
func (in *inference) typed(f *finding, c *Column, wanted Kind) {
	f.field = Field{Name: c.Name, Kind: c.Kind}
	switch {
	case wanted >= Category:
		f.field.Kind = wanted
	case wanted != Raw && wanted != c.Kind:
		f.err = &Error{Column: c.Name, Message: fmt.Sprintf("is %s in the file and cannot be read as %s", c.Kind, wanted)}
	case wanted == Raw && c.Kind == Number && endsIn(c.Name, append(idWords, codeWords...)):
		var texts Strings
		for i := range c.Nums {
			texts.Append(c.word(i))
		}
		p := newProfile(in.table, &Column{Name: c.Name, Texts: texts}, nil)
		in.code(f, p, p.census('.'))
	}
}

// forced reads a column as somebody has said that it is to be read. More than
// half of its filled cells must then be so.
func (in *inference) forced(f *finding, p *profile, wanted Kind) {
	f.field.Kind = wanted
	ok := true
	switch wanted {
	case Number:
		ok = in.numbers(f, p, true)
	case Time:
		ok = in.times(f, p, true)
	case Bool:
		ok = p.filled == 0 || p.bools(f, true)
	default:
		p.asWords()
	}
	if !ok && f.err == nil {
		f.err = p.fail(p.levels[0].first, "is to be read as %s, but its cells cannot; the first is here", wanted)
	}
}
