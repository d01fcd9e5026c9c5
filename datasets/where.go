package datasets

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// operators in the order in which they are looked for.
var operators = []string{"!=", ">=", "<=", "=", ">", "<"}

// Where keeps the rows of a table for which every condition holds. A condition
// is a column, one of = != < <= > >=, and a value; "=" and "!=" take several
// values separated by "|". Values compare as numbers where both are, else as
// text, which is right for ISO dates; typed booleans are true and false.
func Where(t *Table, conditions []string) (*Table, error) {
	for _, condition := range conditions {
		column, op, value, err := parseCondition(t, condition)
		if err != nil {
			return nil, err
		}
		var rows []int
		for i := range t.Rows {
			if holds(column.word(i), op, value) {
				rows = append(rows, i)
			}
		}
		t = t.Gather(rows)
	}
	return t, nil
}

func parseCondition(t *Table, condition string) (c *Column, op, value string, err error) {
	for _, op := range operators {
		name, value, ok := strings.Cut(condition, op)
		if !ok {
			continue
		}
		name = strings.TrimSpace(name)
		c := t.Column(name)
		if c == nil {
			return nil, "", "", &Error{Column: name, Message: fmt.Sprintf("the condition %q names no column of the file", condition)}
		}
		return c, op, strings.TrimSpace(value), nil
	}
	return nil, "", "", &Error{Message: fmt.Sprintf("the condition %q has none of %s", condition, strings.Join(operators, " "))}
}

func holds(cell, op, value string) bool {
	switch op {
	case "=":
		return slices.Contains(strings.Split(value, "|"), cell)
	case "!=":
		return !slices.Contains(strings.Split(value, "|"), cell)
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
	switch op {
	case ">=":
		return order >= 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order < 0
}
