package lift

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/leadcast/leadcast/datasets"
)

// ReadCosts reads what each arm cost from a raw table with a column of arms,
// named "arm", "campaign" or like arm, and one of costs, "cost"; further
// columns do not matter. Several rows of an arm are added up. known are the
// arms that leads have, in any order. Errors are *datasets.Error with the row's
// place: a column is missing, a cost is no number or negative, or no lead has
// the arm.
func ReadCosts(t *datasets.Table, arm string, known []string) (map[string]float64, error) {
	who, err := one(t, "arms", arm, "arm", "campaign")
	if err != nil {
		return nil, err
	}
	what, err := one(t, "costs", "cost", "costs")
	if err != nil {
		return nil, err
	}
	t = &datasets.Table{Rows: t.Rows, Columns: []*datasets.Column{who, what}, Place: t.Place}
	schema, _, err := datasets.Infer(t, datasets.Hints{Kinds: map[string]datasets.Kind{who.Name: datasets.Category, what.Name: datasets.Number}})
	if err != nil {
		return nil, err
	}
	typed, _, err := schema.Apply(t)
	if err != nil {
		return nil, err
	}
	costs, exists := map[string]float64{}, map[string]bool{}
	for _, name := range known {
		exists[name] = true
	}
	names, amounts := typed.Column(who.Name), typed.Column(what.Name)
	for row := range t.Rows {
		name := cmp.Or(level(names, row), NoArm)
		fail := func(column, message string) (map[string]float64, error) {
			return nil, &datasets.Error{Place: t.At(row), Column: column, Message: message}
		}
		switch {
		case amounts.Missing(row):
			return fail(what.Name, "wants what the arm cost, a number such as 1250.50")
		case amounts.Nums[row] < 0:
			return fail(what.Name, "a cost cannot be negative")
		case !exists[name]:
			return fail(who.Name, "no lead has this arm")
		}
		costs[name] += amounts.Nums[row]
	}
	return costs, nil
}

// one finds the first of some columns that a table has, whatever their case.
func one(t *datasets.Table, what string, names ...string) (*datasets.Column, error) {
	for _, name := range names {
		for _, c := range t.Columns {
			if strings.EqualFold(c.Name, name) {
				return c, nil
			}
		}
	}
	message := fmt.Sprintf("the table of costs has no column of %s: name one %q", what, names[0])
	if t.Rows == 0 {
		return nil, &datasets.Error{Message: message}
	}
	return nil, &datasets.Error{Place: t.At(0), Message: message}
}
