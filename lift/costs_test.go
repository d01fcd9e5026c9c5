package lift_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/lift"
)

// sheet is a raw table of comma-separated lines, the first its header.
func sheet(text string) *datasets.Table {
	lines := strings.Split(text, "\n")
	t := &datasets.Table{Rows: len(lines) - 1, Place: func(row int) string { return fmt.Sprintf("costs.csv:%d", row+2) }}
	for k, name := range strings.Split(lines[0], ",") {
		c := &datasets.Column{Name: name, Kind: datasets.Raw}
		for _, line := range lines[1:] {
			cells := append(strings.Split(line, ","), make([]string, k+1)...)
			c.Texts.Append(cells[k])
		}
		t.Columns = append(t.Columns, c)
	}
	return t
}

func TestReadCosts(t *testing.T) {
	known := []string{"Web", "Fair", "Web", "7", lift.NoArm}
	for _, c := range []struct {
		text string
		want map[string]float64
	}{
		{"source,cost\nWeb,100\nFair,2500.50", map[string]float64{"Web": 100, "Fair": 2500.5}},
		{"name,Cost,Campaign\nx,1,Web\ny,2,Web", map[string]float64{"Web": 3}},
		{"arm,cost\nWeb,€ 10\n,€ 5", map[string]float64{"Web": 10, lift.NoArm: 5}},
		{"arm,cost\n7,1\nWeb,2", map[string]float64{"7": 1, "Web": 2}},
	} {
		got, err := lift.ReadCosts(sheet(c.text), "source", known)
		if err != nil || !maps.Equal(got, c.want) {
			t.Errorf("%q: %v, %v", c.text, got, err)
		}
	}
	for text, want := range map[string]string{
		"arm,cost\nWeb,100\nTV,5":               `costs.csv:3: column "arm": no lead has this arm`,
		"arm,cost\nWeb,100\nFair,-5":            `costs.csv:3: column "cost": a cost cannot be negative`,
		"arm,cost\nWeb,100\nFair,\nWeb,1":       `costs.csv:3: column "cost": wants what the arm cost, a number such as 1250.50`,
		"arm,cost\nWeb,100\nFair,much\nWeb,1.5": `costs.csv:3: column "cost": wants what the arm cost, a number such as 1250.50`,
		"arm,cost\nWeb,many":                    `costs.csv:2: column "cost": is to be read as number, but its cells cannot; the first is here`,
		"arm,price\nWeb,1":                      `costs.csv:2: the table of costs has no column of costs: name one "cost"`,
		"channel,cost\nWeb,1":                   `costs.csv:2: the table of costs has no column of arms: name one "source"`,
		"arm,cost,cost\nWeb,1,2":                ``, // the first
	} {
		_, err := lift.ReadCosts(sheet(text), "source", known)
		if want == "" && err == nil {
			continue
		}
		var data *datasets.Error
		if !errors.As(err, &data) || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// Whatever a table of costs holds, it is read or refused with its place.
func FuzzReadCosts(f *testing.F) {
	f.Add("arm,cost\nWeb,100\nFair,2500.50")
	f.Add("campaign,cost\nWeb,1e400\nWeb,-0\n,")
	f.Add("cost,arm\n1.000,5,Web")
	f.Fuzz(func(t *testing.T, text string) {
		costs, err := lift.ReadCosts(sheet(text), "source", []string{"Web", "Fair"})
		var data *datasets.Error
		if err != nil && !errors.As(err, &data) {
			t.Fatal(err)
		}
		for arm, cost := range costs {
			if !(cost >= 0) || arm != "Web" && arm != "Fair" {
				t.Fatalf("%q: %v", arm, cost)
			}
		}
	})
}
