package train_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train"
)

// funnel is a company of n leads, one every six hours, of which one in three
// is won after 10 to 40 days, one lost after 5 to 25, and one stays open;
// columns that tell the outcome are among its fields. Outcomes before day
// recorded are lost.
func funnel(n int, recorded int) *datasets.Table {
	const start = 1514764800000000 // 2018-01-01
	names := []string{"lead_id", "created_at", "closed_at", "status", "source", "is_won", "reason", "bonus", "perk"}
	texts := make([][]string, len(names))
	for i := range n {
		created := float64(i) / 4
		state, closed := "Open", ""
		switch took := float64(10 + i*7%31); i % 3 {
		case 0:
			state, closed = "Won", datasets.FormatTime(start + int64((created+took)*datasets.MicrosPerDay))[:10]
		case 1:
			state, closed = "Lost", datasets.FormatTime(start + int64((created+took/2)*datasets.MicrosPerDay))[:10]
		}
		if first := datasets.FormatTime(start + int64(recorded)*datasets.MicrosPerDay)[:10]; closed != "" && closed < first {
			state, closed = "Open", ""
		}
		row := []string{fmt.Sprint("L", i), datasets.FormatTime(start + int64(created*datasets.MicrosPerDay))[:10], closed, state, []string{"Web", "Fair", "Call"}[i/3%3], "no", "", "", "a"}
		if state == "Won" {
			row[5] = "yes"
			if i%9 == 0 {
				row[7] = "10"
			}
			if i%4 == 0 {
				row[8] = "b"
			}
		}
		if state == "Lost" {
			row[6] = "Price"
		}
		for k, v := range row {
			texts[k] = append(texts[k], v)
		}
	}
	t := &datasets.Table{Rows: n}
	for k, name := range names {
		t.Columns = append(t.Columns, &datasets.Column{Name: name, Texts: datasets.MakeStrings(texts[k]...)})
	}
	return t
}

// found gives the guess of a key and value.
func found(p *train.Proposal, key, value string) *datasets.Guess {
	for i, g := range p.Settings {
		if g.Key == key && slices.Contains(g.Values, value) {
			return &p.Settings[i]
		}
	}
	return nil
}

func TestProposeFindsWhatTells(t *testing.T) {
	p, err := train.Propose(funnel(1500, 0), "")
	if err != nil || p.Problem != "" {
		t.Fatal(err, p.Problem)
	}
	if p.Leads["won"] == 0 || p.Leads["lost"] == 0 || p.Leads["open"] == 0 || p.Today == "" {
		t.Errorf("%v, %s", p.Leads, p.Today)
	}
	for column, why := range map[string]string{"is_won": "its name says that it is filled in at closing", "reason": "filled on", "bonus": "filled on 167 leads, and all of them were won"} {
		if g := found(p, "exclude", column); g == nil || !g.Taken || !strings.HasPrefix(g.Why, why) {
			t.Errorf("%s: %+v", column, g)
		}
	}
	if g := found(p, "exclude", "perk"); g == nil || g.Taken || !strings.Contains(g.Why, `all of the 125 leads that have "b" here were won`) {
		t.Errorf("perk: %+v", g)
	}
	if g := found(p, "exclude", "source"); g != nil {
		t.Errorf("source: %+v", g)
	}
	if g := found(p, "observed-from", ""); g != nil {
		t.Errorf("%+v", g)
	}
	if h := found(p, "main-horizon", "60d"); h == nil {
		t.Errorf("horizons %v, main %d", p.Plan.Horizons, p.Plan.MainHorizon)
	}
	if !slices.Contains(p.Plan.Horizons, p.Plan.MainHorizon) {
		t.Errorf("horizons %v, main %d", p.Plan.Horizons, p.Plan.MainHorizon)
	}
}

// Where outcomes were recorded late, the proposal says from when.
func TestProposeSeesALateStart(t *testing.T) {
	p, err := train.Propose(funnel(1500, 100), "")
	if err != nil {
		t.Fatal(err)
	}
	g := found(p, "observed-from", "2018-04-11")
	if g == nil || !g.Taken || g.Sure || p.Plan.Contract.ObservedAt == 0 {
		t.Errorf("%+v", g)
	}
}

func TestProposeSaysWhyTrainingWouldStop(t *testing.T) {
	p, err := train.Propose(funnel(12, 0), "")
	if err != nil || !strings.Contains(p.Problem, "too little was followed for any forecast of when: 4 leads were won") {
		t.Errorf("%v, %+v", err, p)
	}
	if _, err := train.Propose(funnel(12, 0).Drop("status", "is_won", "closed_at"), ""); err == nil {
		t.Error("no outcome, and no error")
	}
}
