package datasets

import (
	"fmt"
	"slices"
	"strings"
)

// Joined is a further table that Join can put beside the leads.
type Joined struct {
	Table int    // which one
	Key   string // the column that both have
	Why   string // in plain words
}

// leastMatched is the share of the leads that have a key that must find a row in
// a joined table, unless half of the other table is used.
const leastMatched = 0.2

// FindJoins finds out which of several tables is that of the leads, and by
// which column each of the others goes beside it: one that both have, and that
// names at most one row of the other, or that a joined one has. Tables with
// the leads' own columns belong under theirs (more); the rest cannot be joined
// (left).
func FindJoins(tables []*Table) (leads int, more []int, joins []Joined, left []int) {
	best := -1
	for i := range tables {
		m, j, l := joinsOf(tables, i)
		roles, _ := GuessRoles(tables[i])
		value := 1000 * (len(m) + len(j))
		if roles.Created != "" {
			value += 1100
		}
		if roles.Outcome != "" {
			value += 1200
		}
		for k, t := range tables {
			if k != i && tables[i].Rows > t.Rows {
				value++
			}
		}
		if value > best {
			best, leads, more, joins, left = value, i, m, j, l
		}
	}
	return leads, more, joins, left
}

// joinsOf is FindJoins where the leads are known.
func joinsOf(tables []*Table, leads int) (more []int, joins []Joined, left []int) {
	table := tables[leads]
	for i, t := range tables {
		if i == leads {
			continue
		}
		if sameColumns(&Table{Columns: table.Columns}, &Table{Columns: t.Columns}) == nil {
			more = append(more, i)
		} else {
			left = append(left, i)
		}
	}
	for again := true; again; {
		again = false
		left = slices.DeleteFunc(left, func(i int) bool {
			key, why := joinKey(table, tables[i])
			if key == "" {
				return false
			}
			wider, _, err := Join(table, tables[i], key)
			if err != nil {
				return false
			}
			table, again = wider, true
			joins = append(joins, Joined{i, key, why})
			return true
		})
	}
	return more, joins, left
}

// joinKey finds the column by which other goes beside t, "" for none.
func joinKey(t, other *Table) (key, why string) {
	most := 0
	for _, c := range other.Columns {
		mine := t.Column(c.Name)
		if mine == nil || strings.Contains(c.Name, ":") {
			continue
		}
		_, matched, used, err := matches(mine, other, c.Name)
		if err != nil || matched <= most || float64(matched) < leastMatched*float64(present(mine)) && 2*used < other.Rows {
			continue
		}
		most, key = matched, c.Name
		why = fmt.Sprintf("%d of %d leads find their row there; %d of its %d rows are used", matched, t.Rows, used, other.Rows)
	}
	return key, why
}
