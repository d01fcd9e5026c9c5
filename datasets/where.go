package datasets

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// operators of conditions, the longer ones before those that they begin with.
var operators = []string{"!=", ">=", "<=", "=", "~", ">", "<"}

// condition is a column, an operator and what the operator compares with.
type condition struct {
	column   *Column // nil where the table has no such column
	name, op string
	values   []string // several only after = != ~
}

// Where keeps the rows of a table for which every condition holds. A condition
// is a column, one of = != < <= > >= ~, and a value; "=", "!=" and "~" take
// several values separated by "|". Values compare as numbers where both are,
// else as text, which is right for ISO dates; typed booleans are true and
// false; "~" holds where the cell contains a value, in either case of letters.
// Blanks around a cell do not count.
func Where(t *Table, conditions []string) (*Table, error) {
	for _, text := range conditions {
		c, err := parseCondition(t, text)
		if err != nil {
			return nil, err
		}
		if c.column == nil {
			return nil, &Error{Column: c.name, Message: fmt.Sprintf("the condition %q names no column of the file", text)}
		}
		var rows []int
		for i := range t.Rows {
			if c.holds(i) {
				rows = append(rows, i)
			}
		}
		t = t.Gather(rows)
	}
	return t, nil
}

// Junk finds the rows of a raw table for which some condition of the form that
// Where takes holds: entry i is the column that the first such condition looks
// at, "" where none holds; nil where no row is junk. A condition on a column
// that the table lacks never holds; missing lists these columns.
func Junk(t *Table, conditions []string) (by, missing []string, err error) {
	for _, text := range conditions {
		c, err := parseCondition(t, text)
		if err != nil {
			return nil, nil, err
		}
		if c.column == nil {
			missing = append(missing, c.name)
			continue
		}
		for i := range t.Rows {
			if c.holds(i) {
				if by == nil {
					by = make([]string, t.Rows)
				}
				if by[i] == "" {
					by[i] = c.name
				}
			}
		}
	}
	return by, missing, nil
}

// parseCondition splits a condition at its first operator, or at a later one
// where only that leaves the name of a column.
func parseCondition(t *Table, text string) (first condition, err error) {
	for at := 0; at < len(text); at++ {
		k := slices.IndexFunc(operators, func(op string) bool { return strings.HasPrefix(text[at:], op) })
		if k < 0 {
			continue
		}
		c := condition{name: strings.TrimSpace(text[:at]), op: operators[k]}
		value := strings.TrimSpace(text[at+len(c.op):])
		if c.values = []string{value}; strings.Contains("!=~", c.op) {
			c.values = strings.Split(value, "|")
		}
		if c.op == "~" {
			for i, v := range c.values {
				if c.values[i] = strings.ToLower(strings.TrimSpace(v)); c.values[i] == "" {
					return c, &Error{Column: c.name, Message: fmt.Sprintf("the condition %q looks for an empty text, which every cell contains", text)}
				}
			}
		}
		if c.column = t.Column(c.name); c.column != nil {
			return c, nil
		}
		if first.op == "" {
			first = c
		}
		at += len(c.op) - 1
	}
	if first.name == "" {
		return first, &Error{Message: fmt.Sprintf("the condition %q is not a column, one of %s, and a value", text, strings.Join(operators, " "))}
	}
	return first, nil
}

// holds tells whether the condition holds for row i.
func (c *condition) holds(i int) bool {
	cell, value := trim(c.column.word(i)), c.values[0]
	switch c.op {
	case "=":
		return slices.Contains(c.values, cell)
	case "!=":
		return !slices.Contains(c.values, cell)
	case "~":
		cell = strings.ToLower(cell)
		return slices.ContainsFunc(c.values, func(v string) bool { return strings.Contains(cell, v) })
	}
	order := strings.Compare(cell, value)
	x, errX := strconv.ParseFloat(cell, 64)
	y, errY := strconv.ParseFloat(value, 64)
	if errX == nil && errY == nil {
		switch {
		case x < y:
			order = -1
		case x > y:
			order = 1
		default:
			order = 0
		}
	}
	switch c.op {
	case ">=":
		return order >= 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order < 0
}
