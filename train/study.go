package train

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/features/leak"
	"github.com/leadcast/leadcast/train/bundle"
)

// study is the leads of a training run, typed, in a stable order and with what
// became of them. It is the same for any order of rows or columns in the file.
type study struct {
	asked     Plan // before anything was filled in
	plan      Plan
	schema    datasets.Schema
	spec      features.Spec
	leads     *datasets.Table
	out       *datasets.Outcomes
	position  []float64 // place of each lead in time: creation, or the order column; nil where nobody knows
	keys      []uint64  // identity of each lead
	groups    []uint64  // identity of its account; the lead's own where there is none
	recurring bool      // some account has several leads
	test      []int8    // 1 held out, 0 not, −1 not in the given split; nil without a given split
	timed     bool      // there are times, so there is a curve
	dated     bool      // the times are dates, so that there is a "known by then"
	whole     bool      // durations are whole numbers
	losses    bool
	events    map[string]*datasets.Table // what happened to the leads, as a Snapshot has it; nil for nothing
	histories *features.Histories        // of fields, nil where there are none
	pasts     []features.Past
	marks     *landmarks // nil where leads are only looked at when they are created
	withheld  []bundle.Withheld
	leaks     []leak.Finding // of the columns that are not excluded
	notes     []datasets.Note
	readings  []counted // what follows from other readings of the outcome contract
	reading   int       // how many of the notes are about how the table was read
}

// prepare reads the table by the plan.
func prepare(raw *datasets.Table, p Plan) (*study, error) {
	asked := len(p.Horizons) > 0 || p.MainHorizon > 0
	s := &study{asked: p, plan: p}
	raw, typed, err := s.read(raw)
	if err != nil {
		return nil, err
	}
	if p = s.plan; !p.alone {
		if s.readings, err = s.readContract(typed); err != nil {
			return nil, err
		}
	}
	if asked && !s.timed {
		s.notef("", "the horizons that were asked for are of no use: without times of creation and closing there is no forecast of when")
	}
	if p.Split != nil {
		s.test = givenSplit(raw, p, s.out.Rows)
	}
	s.sortLeads(typed.Gather(s.out.Rows), s.rows())
	s.losses = slices.Contains(s.out.State, datasets.Lost)
	s.whole = s.timed && !s.dated && !slices.ContainsFunc(s.out.Days, func(d float64) bool { return d != math.Floor(d) })
	if !s.timed && !s.losses {
		return nil, &datasets.Error{Column: p.Roles.Outcome, Message: "every lead with an outcome is won: there is nothing to tell apart"}
	}
	if err = s.readTables(); err != nil {
		return nil, err
	}
	err = s.columns()
	s.reading = len(s.notes)
	return s, err
}

// nobody says that none of the rows is a lead to learn from.
func (s *study) nobody(rows int) error {
	message := fmt.Sprintf("none of the %d rows is a lead that can be learnt from", rows)
	if s.plan.AsOf != datasets.NoTime {
		message += fmt.Sprintf(" by %s: is --as-of right?", day(s.plan.AsOf))
	}
	for _, n := range s.notes {
		if strings.Contains(n.Message, "left out") || strings.Contains(n.Message, "do not exist yet") {
			message += "; " + noteText(n)
		}
	}
	return &datasets.Error{Message: message}
}

// note keeps what is to be reported. What concerns single cells is not: their
// column has a note with their number.
func (s *study) note(notes ...datasets.Note) {
	for _, n := range notes {
		if n.Row < 0 {
			s.notes = append(s.notes, n)
		}
	}
}

func (s *study) notef(column, format string, args ...any) {
	s.note(datasets.Note{Column: column, Row: -1, Message: fmt.Sprintf(format, args...)})
}

// existing drops leads that were created at or after the as-of: nothing of
// them may be seen, not even how their cells are written.
func (s *study) existing(raw *datasets.Table) (*datasets.Table, error) {
	c := raw.Column(s.plan.Roles.Created)
	if c == nil || s.plan.AsOf == datasets.NoTime {
		return raw, nil
	}
	created, err := s.plan.creations(raw)
	if err != nil {
		return nil, err
	}
	var rows []int
	for i, at := range created {
		if at < s.plan.AsOf {
			rows = append(rows, i)
		}
	}
	later := raw.Rows - len(rows)
	if later == 0 || created == nil {
		return raw, nil
	}
	s.notef(c.Name, "leads created at or after the as-of %s, which do not exist yet: %d", day(s.plan.AsOf), later)
	if len(rows) == 0 {
		return nil, &datasets.Error{Column: c.Name, Message: "all leads were created at or after the as-of " + day(s.plan.AsOf)}
	}
	return raw.Gather(rows), nil
}

// creations are the times of creation in a raw table; nil where the column
// holds something else.
func (p *Plan) creations(raw *datasets.Table) ([]int64, error) {
	one := &datasets.Table{Rows: raw.Rows, Columns: []*datasets.Column{raw.Column(p.Roles.Created)}, Place: raw.Place}
	schema, _, err := datasets.Infer(one, datasets.Hints{Roles: datasets.Roles{Created: p.Roles.Created}, Dates: p.Dates, Zone: p.Zone, Missing: p.Missing})
	if err != nil {
		return nil, err
	}
	typed, _, err := schema.Apply(&datasets.Table{Rows: raw.Rows, Columns: one.Columns})
	if err != nil {
		return nil, err
	}
	return typed.Columns[0].Times, nil
}

// roles checks the columns that the plan names and guesses the rest.
func (s *study) roles(raw *datasets.Table) error {
	r := &s.plan.Roles
	named := []*string{&r.ID, &r.Account, &r.Created, &r.Outcome, &r.Closed, &r.Duration, &r.Amount, &r.Currency, &r.Campaign, &r.Owner}
	if r.Order != "" && r.Order != "rows" {
		named = append(named, &r.Order)
	}
	if s.plan.SplitColumn != "" {
		s.plan.Exclude = append(slices.Clone(s.plan.Exclude), s.plan.SplitColumn)
	}
	lists := [][]string{s.plan.Exclude, s.plan.Changes, s.plan.Keep}
	for _, list := range lists {
		for i := range list {
			named = append(named, &list[i])
		}
	}
	for _, name := range named {
		if *name == "" || raw.Column(*name) != nil {
			continue
		}
		message := "there is no such column; the file has " + columnList(raw)
		if like := raw.Like(*name); like != "" {
			message = fmt.Sprintf("there is no such column; did you mean %q?", like)
		}
		return &datasets.Error{Column: *name, Message: message}
	}
	given := r.Created != ""
	guess, notes := datasets.GuessRoles(raw)
	taken := append([]string{r.Outcome}, s.plan.Exclude...)
	for _, name := range named[:10] {
		taken = append(taken, *name)
	}
	for _, g := range []struct {
		role  *string
		guess string
		what  string
		when  bool
	}{
		{&r.ID, guess.ID, "the id", true}, {&r.Account, guess.Account, "the account", true}, {&r.Amount, guess.Amount, "the amount", true},
		{&r.Currency, guess.Currency, "the currency of the amount", r.Amount != "" || guess.Amount != "" && !slices.Contains(taken, guess.Amount)},
		{&r.Created, guess.Created, "the creation time", r.Order == "" && r.Duration == ""},
		{&r.Closed, guess.Closed, "the closing time", r.Order == "" && r.Duration == ""},
		{&r.Campaign, guess.Campaign, "the campaign", true}, {&r.Owner, guess.Owner, "the owner", true},
	} {
		for _, n := range notes {
			if g.when && *g.role == "" && g.guess == "" && !slices.Contains(s.plan.Exclude, n.Column) &&
				(strings.HasPrefix(n.Message, g.what+" could be ") || strings.HasPrefix(n.Message, "is named like "+g.what)) {
				s.note(n)
			}
		}
		if g.when && *g.role == "" && g.guess != "" && !slices.Contains(taken, g.guess) {
			*g.role = g.guess
			for _, n := range notes {
				if n.Column == g.guess {
					s.note(n)
				}
			}
		}
	}
	if r.Created != "" && r.Closed == "" && r.Duration == "" && r.Created == guess.Created && !given {
		r.Order, r.Created = r.Created, ""
		s.notef(r.Order, "no column says when leads were closed, so it only tells what came first: there is no forecast of when (name the column with --closed)")
	}
	return nil
}

func columnList(t *datasets.Table) string {
	names := t.Names()
	more := ""
	if len(names) > 12 {
		more = fmt.Sprintf(" and %d more", len(names)-12)
		names = names[:12]
	}
	return strings.Join(names, ", ") + more
}

// contract completes the outcome contract: which values mean lost, and whether
// the table is a flat yes/no table.
func (s *study) contract(t *datasets.Table) {
	c, r := &s.plan.Contract, s.plan.Roles
	s.timed = r.Duration != "" || r.Created != "" && (r.Closed != "")
	s.dated = s.timed && r.Duration == ""
	if len(c.Lost) == 0 && !c.WonPresent {
		for _, v := range datasets.LostValues(t.Column(r.Outcome)) {
			if !slices.ContainsFunc(c.Won, func(w string) bool { return strings.EqualFold(strings.TrimSpace(w), v) }) {
				c.Lost = append(c.Lost, v)
				s.notef(r.Outcome, "%q is taken to mean lost; say otherwise with --lost", v)
			}
		}
	}
	if len(c.Lost) == 0 && !s.timed {
		c.OtherLost = true
	}
}

// rows are the leads that count: those that exist at the as-of and, in a table
// without times, those of which the outcome is known.
func (s *study) rows() []int {
	var rows []int
	for i, state := range s.out.State {
		if s.timed || state != datasets.Open {
			rows = append(rows, i)
		}
	}
	if open := len(s.out.State) - len(rows); open > 0 {
		s.notef(s.plan.Roles.Outcome, "leads neither won nor lost, which cannot be learnt from in a file without times: %d", open)
	}
	return rows
}

// sortLeads puts the leads in the order of (position, created, id) and columns
// by name, so that the order in the file does not matter.
func (s *study) sortLeads(t *datasets.Table, rows []int) {
	position := s.positions(t)
	identity := identities(t, s.plan.Roles.ID)
	content := sync.OnceValue(func() []uint64 { return identities(t, "") }) // only needed where ids recur
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b int) int {
		if position != nil {
			if c := cmp.Compare(position[a], position[b]); c != 0 {
				return c
			}
		}
		if c := cmp.Or(cmp.Compare(s.out.Created[a], s.out.Created[b]), cmp.Compare(identity[a], identity[b])); c != 0 {
			return c
		}
		return cmp.Compare(content()[a], content()[b])
	})
	s.keys = pick(identity, rows)
	if t.Column(s.plan.Roles.ID) == nil { // rows with the same cells are several leads
		seen := map[uint64]uint64{}
		for i, k := range s.keys {
			s.keys[i] = k + seen[k]*0x9e3779b97f4a7c15
			seen[k]++
		}
	}
	s.groups = s.keys
	if a := t.Column(s.plan.Roles.Account); a != nil {
		accounts := identities(t, a.Name)
		s.groups = slices.Clone(s.keys)
		for i, r := range rows {
			if !a.Missing(r) {
				s.groups[i] = accounts[r]
			}
		}
		s.recurring = distinct(s.groups) < distinct(s.keys)
	}
	if position != nil {
		s.position = pick(position, rows)
	}
	if s.test != nil {
		s.test = pick(s.test, rows)
	}
	s.leads = t.Gather(rows)
	slices.SortFunc(s.leads.Columns, func(a, b *datasets.Column) int { return cmp.Compare(a.Name, b.Name) })
	s.out = &datasets.Outcomes{
		State: pick(s.out.State, rows), Created: pick(s.out.Created, rows), Closed: pick(s.out.Closed, rows),
		Days: pick(s.out.Days, rows), Entry: pick(s.out.Entry, rows), End: s.out.End,
	}
}

func pick[T any](from []T, rows []int) []T {
	to := make([]T, len(rows))
	for i, r := range rows {
		to[i] = from[r]
	}
	return to
}

// positions places every row in time; nil where nothing says what came first.
func (s *study) positions(t *datasets.Table) []float64 {
	position := make([]float64, t.Rows)
	switch order := s.plan.Roles.Order; {
	case order == "rows":
		for i, r := range s.out.Rows {
			position[i] = float64(r)
		}
	case order != "":
		c := t.Column(order)
		texts := c.Nums == nil && c.Times == nil
		for i := range position {
			switch {
			case c.Times != nil:
				position[i] = float64(c.Times[i])
			case !texts:
				position[i] = c.Nums[i]
			}
		}
		if texts {
			rank := ranks(c)
			copy(position, rank)
		}
	case s.plan.Roles.Created != "":
		for i, c := range s.out.Created {
			position[i] = float64(c)
		}
	default:
		return nil
	}
	return position
}

// ranks orders texts, shorter numbers before longer ones.
func ranks(c *datasets.Column) []float64 {
	rows := make([]int, c.Len())
	for i := range rows {
		rows[i] = i
	}
	slices.SortStableFunc(rows, func(a, b int) int {
		x, y := c.Texts.At(a), c.Texts.At(b)
		return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y))
	})
	rank := make([]float64, len(rows))
	for k, r := range rows {
		rank[r] = float64(k)
		if k > 0 && c.Texts.At(r) == c.Texts.At(rows[k-1]) {
			rank[r] = rank[rows[k-1]]
		}
	}
	return rank
}

// identities hashes the id of every row; without an id column, all its cells.
func identities(t *datasets.Table, id string) []uint64 {
	columns := t.Columns
	if c := t.Column(id); c != nil {
		columns = []*datasets.Column{c}
	} else {
		columns = slices.Clone(columns)
		slices.SortFunc(columns, func(a, b *datasets.Column) int { return cmp.Compare(a.Name, b.Name) })
	}
	keys := make([]uint64, t.Rows)
	h := fnv.New64a()
	var number [8]byte
	for i := range keys {
		h.Reset()
		for _, c := range columns {
			switch {
			case c.Times != nil:
				h.Write(littleEndian(&number, uint64(c.Times[i])))
			case c.Nums != nil:
				h.Write(littleEndian(&number, math.Float64bits(c.Nums[i])))
			default:
				h.Write([]byte(c.Texts.At(i)))
			}
			h.Write([]byte{0})
		}
		keys[i] = h.Sum64()
	}
	return keys
}

func littleEndian(b *[8]byte, v uint64) []byte {
	for i := range b {
		b[i] = byte(v >> (8 * i))
	}
	return b[:]
}

// givenSplit looks every lead up in the split that the user gave.
func givenSplit(raw *datasets.Table, p Plan, rows []int) []int8 {
	names := raw.Column(p.SplitColumn)
	split := make([]int8, len(rows))
	for i, r := range rows {
		switch test, known := p.Split[cell(names, r)]; {
		case !known:
			split[i] = -1
		case test:
			split[i] = 1
		}
	}
	return split
}

// columns decides which columns are used.
func (s *study) columns() error {
	exclude := slices.Clone(s.plan.Exclude)
	exact := s.rolled()
	for _, p := range s.pasts {
		exclude = append(exclude, p.Field)
	}
	for _, c := range s.plan.Changes {
		if slices.Contains(exclude, c) {
			continue
		}
		exclude = append(exclude, c)
		s.withhold(c, "declared as changing: its value at closing would leak; give its history (field-history table) or snapshots to use it")
	}
	found, notes := leak.Find(leak.Record{Leads: s.leads.Drop(exclude...), Outcomes: s.out, Roles: s.plan.Roles})
	s.leaks = found
	s.note(notes...)
	for _, l := range found {
		switch {
		case slices.Contains(s.plan.Keep, l.Column):
			s.notef(l.Column, "kept as told, although it may tell the outcome: %s", l.Why)
		case l.Sure:
			exclude = append(exclude, l.Column)
			s.withhold(l.Column, l.Why+"; --keep overrides")
		case l.AUC > doubtful:
			s.notef(l.Column, mayTell+"%s; --exclude leaves it out", l.Why)
		}
	}
	spec, more := features.Infer(s.leads, &s.schema, exclude)
	if !s.timed { // where rows are leads and not spans of their lives, statistics of rare values pay
		for i, c := range spec.Columns {
			if c.Kind == "category" {
				spec.Columns[i].Kind = "codes"
			}
		}
	}
	s.spec = spec
	s.note(more...)
	s.addTables(exact)
	if len(s.spec.Columns) == 0 {
		return &datasets.Error{Message: "no column is left to learn from: all are roles, identifiers, constant or excluded"}
	}
	return nil
}

func (s *study) isRole(name string) bool {
	r := s.plan.Roles
	return slices.Contains([]string{r.ID, r.Created, r.Outcome, r.Closed, r.Duration, r.Order}, name)
}

func (s *study) withhold(column, why string) {
	s.withheld = append(s.withheld, bundle.Withheld{Column: column, Reason: why})
}

// snapshot is what was known about the rows, rising, when they were created.
func (s *study) snapshot(rows []int) features.Snapshot {
	if len(rows) == s.leads.Rows {
		return features.Snapshot{Leads: s.leads, Events: s.events, AsOf: s.out.Created, Creation: s.out.Created}
	}
	asOf := make([]int64, len(rows))
	for i, r := range rows {
		asOf[i] = s.out.Created[r]
	}
	return features.Snapshot{Leads: s.leads.Gather(rows), Events: s.events, AsOf: asOf, Creation: asOf}
}

// encoder fits the way from leads to a matrix on the rows, with what was known
// of them by a cut.
func (s *study) encoder(ctx context.Context, rows []int, until cut) (*features.Encoder, error) {
	return features.Fit(ctx, s.spec, func(yield func(features.Snapshot, error) bool) { yield(s.latest(rows, until), nil) })
}

// cell writes a value as text.
func cell(c *datasets.Column, row int) string {
	switch {
	case c.Nums != nil:
		return fmt.Sprintf("%v", c.Nums[row])
	case c.Times != nil:
		return fmt.Sprintf("%d", c.Times[row])
	}
	return c.Texts.At(row)
}
