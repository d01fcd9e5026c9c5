package datasets

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// State is what has become of a lead.
type State uint8

// The states of a lead.
const (
	Open State = iota
	Won
	Lost
)

// String is "open", "won" or "lost".
func (s State) String() string { return [...]string{"open", "won", "lost"}[min(s, 2)] }

// Contract is the outcome contract: which values mean won, which lost, and
// after how long silence counts as lost.
type Contract struct {
	Won         []string `json:"won,omitempty"`           // values of the outcome column that mean won
	Lost        []string `json:"lost,omitempty"`          // values that mean lost; none: losses are not recorded
	OtherLost   bool     `json:"other_lost,omitempty"`    // every other value means lost (a flat yes/no table)
	WonPresent  bool     `json:"won_present,omitempty"`   // won where the outcome column is filled at all
	SilentAfter float64  `json:"silent_after,omitempty"`  // days open after which a lead counts as lost on that day; 0: never
	ObservedAt  int64    `json:"observed_from,omitempty"` // outcomes are recorded only from here (microseconds, 0: from the start): leads created earlier enter late
}

// Outcomes is what the contract makes of a table. Entry i of every slice is
// about row Rows[i] of the table, so that t.Gather(o.Rows) lies beside them.
// Rows that say nothing are left out: leads that did not exist yet, whose
// outcome nobody could have seen, or whose times contradict each other.
type Outcomes struct {
	Rows    []int // rows of the table that count, ascending
	State   []State
	Created []int64   // NoTime where the table has no creation times
	Closed  []int64   // NoTime while open, or where the table has no closing times
	Days    []float64 // days from creation to Closed, or to End (or the last look) while open; NaN without any times
	Entry   []float64 // days after creation from which the outcome could be seen at all (delayed entry), 0 as a rule
	End     int64     // the as-of: everything strictly before it has been seen; NoTime without creation times

	facts    []fact // all that is known, for At
	observed int64
}

// fact is one lead as the whole file knows it.
type fact struct {
	row     int
	created int64 // NoTime where there are only durations
	event   int64 // when state came about; NoTime while open
	seen    int64 // the last look at an open lead, math.MaxInt64 where End is
	state   State
}

// At gives the outcomes as they were known at t: leads created at or after t
// do not exist, outcomes at or after t are open. A t after End changes
// nothing, and without creation times nothing can.
func (o *Outcomes) At(t int64) *Outcomes {
	if o.End == NoTime || t >= o.End {
		return o
	}
	return known(o.facts, o.observed, t)
}

// known lists what could be seen of the facts strictly before end.
func known(facts []fact, observed, end int64) *Outcomes {
	o := &Outcomes{End: end, facts: facts, observed: observed}
	for _, f := range facts {
		if f.created >= end {
			continue
		}
		state, closed, last := f.state, f.event, f.event
		if state == Open || f.event >= end {
			state, closed, last = Open, NoTime, min(end, f.seen)
		}
		entry := 0.0
		if observed > f.created {
			entry = Days(f.created, observed)
			if last < observed || state == Open && last == observed {
				continue
			}
		}
		o.add(f.row, state, f.created, closed, Days(f.created, last), entry)
	}
	return o
}

func (o *Outcomes) add(row int, state State, created, closed int64, days, entry float64) {
	o.Rows = append(o.Rows, row)
	o.State = append(o.State, state)
	o.Created = append(o.Created, created)
	o.Closed = append(o.Closed, closed)
	o.Days = append(o.Days, days)
	o.Entry = append(o.Entry, entry)
}

// Read finds out what became of the leads of a typed table, as it could be
// seen strictly before asOf (microseconds). NoTime means: just after the
// latest creation, or closing of a closed lead, in the table (the next day
// where the table has whole days, else the next second or microsecond);
// planned closing dates of open leads do not count.
//
// Rules, each with a note that counts the rows: closed leads without a closing
// time, closed more than two days before they were created, or leads without
// creation time are left out; closing times from the year 9000 on stand for
// never and count as missing; closed up to two days before, they close at
// creation; closing times of open leads are ignored; a lead open for longer
// than SilentAfter is lost on that day even if it is won later; leads whose
// outcome came before ObservedAt are left out. With a Duration role, closing
// times are creation plus duration. A table without creation times and
// durations gives states only.
//
// Errors are *Error: no outcome column, declared values that never occur,
// creation times without closing times.
func (c Contract) Read(t *Table, r Roles, asOf int64) (*Outcomes, []Note, error) {
	rd := &outcomeReader{contract: c, table: t, roles: r}
	if err := rd.columns(); err != nil {
		return nil, nil, err
	}
	states, err := rd.states()
	if err != nil {
		return nil, nil, err
	}
	rd.repeatedIDs()
	if rd.created == nil {
		return rd.untimed(states, asOf)
	}
	facts, times := rd.facts(states)
	end := asOf
	if asOf == NoTime {
		end = times.end()
	}
	rd.stray(times, end, asOf != NoTime)
	facts = rd.until(facts, end)
	o := known(facts, c.ObservedAt, end)
	rd.tell(end)
	return o, rd.notes, nil
}

// outcomeReader reads one table by a contract.
type outcomeReader struct {
	contract                           Contract
	table                              *Table
	roles                              Roles
	outcome, created, closed, duration *Column
	notes                              []Note

	endless, noCreated, noClosed, noDuration, backwards, sameDay, future, unseen, planned, reopened, silent, late, early tally
}

// tally counts rows and remembers the first.
type tally struct{ count, first int }

func (t *tally) add(row int) {
	if t.count == 0 {
		t.first = row
	}
	t.count++
}

// columns finds the columns of the roles and checks their kinds.
func (rd *outcomeReader) columns() error {
	if rd.roles.Outcome == "" {
		return &Error{Message: "no column tells the outcome: name it (--outcome)"}
	}
	find := func(dst **Column, name string, kind Kind, what string) error {
		if name == "" {
			return nil
		}
		column := rd.table.Column(name)
		if column == nil {
			return unknownColumn(rd.table, name)
		}
		if kind != Raw && column.Kind != kind {
			return &Error{Column: name, Message: fmt.Sprintf("is read as %s, but %s are %ss", column.Kind, what, kind)}
		}
		*dst = column
		return nil
	}
	for _, err := range []error{
		find(&rd.outcome, rd.roles.Outcome, Raw, ""),
		find(&rd.created, rd.roles.Created, Time, "creation times"),
		find(&rd.closed, rd.roles.Closed, Time, "closing times"),
		find(&rd.duration, rd.roles.Duration, Number, "durations"),
	} {
		if err != nil {
			return err
		}
	}
	if rd.closed == nil && rd.contract.WonPresent && rd.outcome.Kind == Time {
		rd.closed = rd.outcome
	}
	if rd.created != nil && rd.closed == nil && rd.duration == nil {
		return &Error{Message: fmt.Sprintf("there are creation times (column %q) but no closing times: name their column (--closed), or the column of days from creation to closing (--duration)", rd.created.Name)}
	}
	if rd.created == nil && rd.contract.ObservedAt != 0 {
		return &Error{Message: "outcomes that are recorded only from a date on need creation times: name their column (--created)"}
	}
	return nil
}

func (rd *outcomeReader) note(column string, t tally, format string, args ...any) {
	if t.count > 0 {
		message := fmt.Sprintf(format, args...)
		rd.notes = append(rd.notes, Note{column, -1, fmt.Sprintf("%s: %d (the first at %s)", message, t.count, rd.table.At(t.first))})
	}
}

func (rd *outcomeReader) repeatedIDs() {
	c := rd.table.Column(rd.roles.ID)
	if c == nil {
		return
	}
	var again tally
	seen := make(map[string]struct{}, rd.table.Rows)
	for i := range rd.table.Rows {
		s := c.word(i)
		if _, ok := seen[s]; ok && s != "" {
			again.add(i)
		}
		seen[s] = struct{}{}
	}
	rd.note(c.Name, again, "rows that repeat an id, each taken as a lead of its own")
}

// untimed is for tables without creation times: states, and durations where
// there are any.
func (rd *outcomeReader) untimed(states []State, asOf int64) (*Outcomes, []Note, error) {
	if rd.closed != nil {
		rd.notes = append(rd.notes, Note{rd.closed.Name, -1, "closing times are of no use without creation times (--created)"})
	}
	if asOf != NoTime {
		rd.notes = append(rd.notes, Note{"", -1, "the table has no creation times, so the as-of changes nothing"})
	}
	o := &Outcomes{End: NoTime}
	for row, state := range states {
		if state == ignored {
			continue
		}
		days := math.NaN()
		if rd.duration != nil {
			days = rd.duration.Nums[row]
			if math.IsNaN(days) || days < 0 {
				rd.noDuration.add(row)
				continue
			}
			if s := rd.contract.SilentAfter; s > 0 && days > s {
				if state == Won {
					rd.late.add(row)
				}
				if state == Open {
					rd.silent.add(row)
				}
				state, days = Lost, s
			}
		}
		o.add(row, state, NoTime, NoTime, days, 0)
	}
	rd.tell(NoTime)
	return o, rd.notes, nil
}

// facts makes the facts of a table with creation times, and the end of its data.
func (rd *outcomeReader) facts(states []State) (facts []fact, times clock) {
	times = clock{latest: NoTime, unit: MicrosPerDay}
	for row, state := range states {
		if state == ignored {
			continue
		}
		f := fact{row: row, created: rd.created.Times[row], event: NoTime, seen: math.MaxInt64, state: state}
		if f.created == NoTime || f.created >= never {
			rd.noCreated.add(row)
			continue
		}
		last, ok := rd.lastLook(row, &f)
		times.see(f.created)
		if !ok {
			continue
		}
		times.see(last)
		facts = append(facts, f)
	}
	return facts, times
}

// clock finds the moment just after the latest of some times, by their own
// resolution: the next day where all are whole days (UTC), else the next
// second or microsecond.
type clock struct {
	all    []int64
	latest int64 // NoTime before the first
	unit   int64
}

func (c *clock) see(at int64) {
	if at == NoTime {
		return
	}
	c.all = append(c.all, at)
	c.latest = max(c.latest, at)
	for at%c.unit != 0 {
		if c.unit = c.unit / MicrosPerDay * 1_000_000; c.unit == 0 {
			c.unit = 1
		}
	}
}

func (c *clock) end() int64 {
	if c.latest == NoTime {
		return NoTime
	}
	return c.latest + c.unit
}

// stray warns where open leads would be taken for watched through a time of
// which the table knows nothing: more than a year after all but a few of its
// times, for a typing error or a far as-of.
func (rd *outcomeReader) stray(times clock, end int64, given bool) {
	const year = 365 * MicrosPerDay
	if len(times.all) == 0 {
		return
	}
	slices.Sort(times.all)
	bulk := times.all[len(times.all)-1-min(len(times.all)-1, max(2, len(times.all)/1000))]
	date := func(at int64) string { return time.UnixMicro(at).UTC().Format(time.DateOnly) }
	switch {
	case given && end-times.latest > year:
		rd.notes = append(rd.notes, Note{"", -1, fmt.Sprintf("the as-of %s is long after the latest time in the data, %s: leads open then count as watched until the as-of", date(end), date(times.latest))})
	case !given && times.latest-bulk > year:
		rd.notes = append(rd.notes, Note{"", -1, fmt.Sprintf("the latest time in the data, %s, is far from the others, which end %s: if it is a mistake, say --as-of", date(times.latest), date(bulk))})
	}
}

// never is the year 9000: programs write 9999-12-31 where there is no closing.
const never = 221845392000e6

// lastLook sets the event of a fact, and says when the table last knew of the
// lead (NoTime: nothing but its creation); ok is false where the row
// contradicts itself.
func (rd *outcomeReader) lastLook(row int, f *fact) (last int64, ok bool) {
	var closed int64 = NoTime
	switch {
	case rd.duration != nil:
		days := rd.duration.Nums[row]
		if math.IsNaN(days) || days < 0 || days > 1e6 {
			rd.noDuration.add(row)
			return NoTime, false
		}
		closed = f.created + int64(math.Round(days*MicrosPerDay))
		if f.state == Open {
			f.seen = closed
			return closed, true
		}
	default:
		if closed = rd.closed.Times[row]; closed >= never {
			rd.endless.add(row)
			closed = NoTime
		}
	}
	switch {
	case f.state == Open:
		if closed != NoTime {
			f.event = closed // until() tells reopened from planned, and forgets it
		}
		return NoTime, true
	case closed == NoTime:
		rd.noClosed.add(row)
		return NoTime, false
	case closed < f.created-2*MicrosPerDay:
		rd.backwards.add(row)
		return NoTime, false
	case closed < f.created:
		rd.sameDay.add(row)
		closed = f.created
	}
	f.event = closed
	return closed, true
}

// until drops what is not seen before end, and applies silence.
func (rd *outcomeReader) until(facts []fact, end int64) []fact {
	kept := facts[:0]
	silence := int64(math.Round(rd.contract.SilentAfter * MicrosPerDay))
	for _, f := range facts {
		if f.created >= end {
			rd.future.add(f.row)
			continue
		}
		switch {
		case f.state == Open:
			if f.event != NoTime && f.event < end {
				rd.reopened.add(f.row)
			} else if f.event != NoTime {
				rd.planned.add(f.row)
			}
			f.event = NoTime
		case f.event >= end:
			rd.unseen.add(f.row)
			f.state, f.event = Open, NoTime
		}
		if quiet := f.created + silence; silence > 0 && quiet < min(end, f.seen) && (f.state == Open || f.event > quiet) {
			switch f.state {
			case Open:
				rd.silent.add(f.row)
			case Won:
				rd.late.add(f.row)
			}
			f.state, f.event = Lost, quiet
		}
		if f.state != Open && f.created < rd.contract.ObservedAt && f.event < rd.contract.ObservedAt {
			rd.early.add(f.row)
			continue
		}
		kept = append(kept, f)
	}
	return kept
}

// tell writes the notes on what was odd.
func (rd *outcomeReader) tell(end int64) {
	day := ""
	if end != NoTime {
		day = time.UnixMicro(end).UTC().Format(time.DateOnly)
	}
	name := func(c *Column) string {
		if c == nil {
			return ""
		}
		return c.Name
	}
	created, closed := name(rd.created), name(rd.closed)
	rd.note(created, rd.noCreated, "leads without creation time, left out")
	rd.note(name(rd.duration), rd.noDuration, "leads without duration or with a negative one, left out")
	rd.note(closed, rd.endless, "closing times in the year 9000 or later, which stand for never, taken as missing")
	rd.note(closed, rd.noClosed, "won or lost leads without closing time, left out")
	rd.note(closed, rd.backwards, "leads closed more than 2 days before they were created, left out")
	rd.note(closed, rd.sameDay, "leads closed up to 2 days before they were created, taken as closed at creation")
	rd.note(closed, rd.reopened, "open leads with a closing time in the past (reopened), taken as open")
	rd.note(closed, rd.planned, "open leads with a closing time to come (a plan), which is not used")
	rd.note(created, rd.future, "leads created at or after the as-of %s, which do not exist yet", day)
	rd.note(closed, rd.unseen, "leads closed at or after the as-of %s, taken as open", day)
	rd.note("", rd.silent, "leads open for more than %g days, taken as lost on that day", rd.contract.SilentAfter)
	rd.note("", rd.late, "leads won after more than %g days of silence, taken as lost on that day as it would have been seen", rd.contract.SilentAfter)
	rd.note("", rd.early, "leads whose outcome came before outcomes were recorded, left out")
}
