package datasets

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ignored marks a row whose outcome says nothing.
const ignored State = 255

// states reads the outcome column by the contract, a state a row.
func (rd *outcomeReader) states() ([]State, error) {
	c := rd.contract
	values := rd.values()
	if err := c.check(rd.outcome, values); err != nil {
		return nil, err
	}
	flat := rd.created == nil && rd.duration == nil
	var open []string
	var unlabelled tally
	kinds := make([]State, len(values))
	for k, v := range values {
		kinds[k] = c.state(rd.outcome.Kind, v.text)
		if kinds[k] == Open && flat && c.OtherLost {
			kinds[k] = ignored
			unlabelled = tally{v.count, v.first}
		} else if kinds[k] == Open && !c.WonPresent {
			open = append(open, v.String())
		}
	}
	if len(open) > 0 {
		rd.notes = append(rd.notes, Note{rd.outcome.Name, -1, "neither won nor lost, so open: " + listed(open)})
	}
	rd.note(rd.outcome.Name, unlabelled, "rows without outcome, left out")
	index := make(map[string]State, len(values))
	for k, v := range values {
		index[v.text] = kinds[k]
	}
	states := make([]State, rd.table.Rows)
	for i := range states {
		states[i] = index[trim(rd.outcome.word(i))]
	}
	return states, nil
}

// values lists the different texts of the outcome column, the commonest first.
// With WonPresent there are two: something and nothing.
func (rd *outcomeReader) values() []level {
	var all []level
	at := map[string]int{}
	for i := range rd.table.Rows {
		s := trim(rd.outcome.word(i))
		k, ok := at[s]
		if !ok {
			k = len(all)
			at[s] = k
			all = append(all, level{s, 0, i})
		}
		all[k].count++
	}
	slices.SortStableFunc(all, func(a, b level) int { return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.text, b.text)) })
	return all
}

// String quotes the value and gives its count.
func (l level) String() string {
	if l.text == "" {
		return fmt.Sprintf("empty (%d)", l.count)
	}
	return fmt.Sprintf("%q (%d)", l.text, l.count)
}

// listed shows at most twelve values.
func listed(values []string) string {
	if more := len(values) - 12; more > 0 {
		return strings.Join(values[:12], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(values, ", ")
}

// state is what one value means.
func (c Contract) state(kind Kind, value string) State {
	is := func(declared []string) bool {
		return slices.ContainsFunc(declared, func(d string) bool { return sameValue(kind, d, value) })
	}
	switch {
	case is(c.Won):
		return Won
	case is(c.Lost):
		return Lost
	case c.WonPresent && value != "":
		return Won
	case c.OtherLost && (value != "" || c.WonPresent):
		return Lost
	}
	return Open
}

// sameValue compares a declared value with one of the column: without regard
// to case and surrounding blanks, numbers by their value, and booleans by
// their meaning.
func sameValue(kind Kind, declared, value string) bool {
	declared = strings.TrimSpace(declared)
	if strings.EqualFold(declared, value) {
		return true
	}
	if kind == Bool {
		d, v := strings.ToLower(declared), strings.ToLower(value)
		return slices.Contains(yes, d) && slices.Contains(yes, v) || slices.Contains(no, d) && slices.Contains(no, v)
	}
	x, err := strconv.ParseFloat(declared, 64)
	if err != nil {
		return false
	}
	y, err := strconv.ParseFloat(value, 64)
	return err == nil && x == y
}

// check compares the contract with the values that occur.
func (c Contract) check(outcome *Column, values []level) error {
	fail := func(format string, args ...any) error {
		return &Error{Column: outcome.Name, Message: fmt.Sprintf(format, args...)}
	}
	var there []string
	for _, v := range values {
		there = append(there, v.String())
	}
	occur := "there are " + listed(there)
	switch {
	case len(values) > 200:
		occur = fmt.Sprintf("there are %d different values; is this the outcome column?", len(values))
	case len(values) == 0:
		occur = "the table has no rows"
	}
	if len(c.Won) == 0 && !c.WonPresent {
		return fail("no value is declared to mean won (--won); %s", occur)
	}
	for _, d := range slices.Concat(c.Won, c.Lost) {
		if !slices.ContainsFunc(values, func(v level) bool { return sameValue(outcome.Kind, d, v.text) }) {
			return fail("the declared value %q never occurs; %s", d, occur)
		}
	}
	for _, d := range c.Won {
		if slices.ContainsFunc(c.Lost, func(l string) bool { return sameValue(outcome.Kind, d, strings.TrimSpace(l)) }) {
			return fail("the value %q is declared to mean both won and lost", d)
		}
	}
	if c.WonPresent && (len(values) == 0 || len(values) == 1 && values[0].text == "") {
		return fail("is empty in every row, so nothing is won")
	}
	return nil
}
