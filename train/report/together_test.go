package report

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/datasets"
)

// Large firms want the team plan and small ones the basic plan; visits help
// whatever the plan.
func TestTogetherShowsWhatWasPlanted(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 1))
	leads := &datasets.Table{Rows: 1500}
	for _, name := range []string{"lead_id", "status", "visits", "plan", "size", "shade"} {
		leads.Columns = append(leads.Columns, &datasets.Column{Name: name, Texts: datasets.Strings{Offsets: []int64{0}}})
	}
	for i := range leads.Rows {
		visits, plan, size := r.IntN(12), []string{"basic", "team"}[r.IntN(2)], r.IntN(200)
		odds := math.Exp(0.15*float64(visits) - 2.5)
		if (size > 90) == (plan == "team") {
			odds *= 6
		}
		status := "Lost"
		if r.Float64() < odds/(1+odds) {
			status = "Won"
		}
		for j, v := range []string{"L" + strconv.Itoa(i), status, strconv.Itoa(visits), plan, strconv.Itoa(size), strconv.Itoa(r.IntN(50))} {
			leads.Columns[j].Texts.Append(v)
		}
	}
	b := train1(leads, datasets.Roles{ID: "lead_id", Outcome: "status"}, "")
	told, page := write(Input{Bundle: b, Leads: leads, AsOf: datasets.NoTime})
	if len(told.Together) != 1 || told.Together[0].Columns != [2]string{"plan", "size"} || told.Together[0].Effect < 0.05 {
		t.Errorf("%+v", told.Together)
	}
	if !strings.Contains(page, "Which columns act together") || !strings.Contains(page, "Plan and Size") {
		t.Error("the page does not show the pair")
	}
}

// Friends are won three times as fast however many their visits.
func TestNothingActsTogether(t *testing.T) {
	r, page := told()
	if len(r.Together) != 0 {
		t.Errorf("%+v", r.Together)
	}
	if strings.Contains(page, "Which columns act together") || !strings.Contains(page, "No two columns stand out") {
		t.Error("the page shows pairs where there are none")
	}
}
