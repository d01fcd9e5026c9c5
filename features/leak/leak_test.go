package leak_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features/leak"
)

const (
	day   = datasets.MicrosPerDay
	start = 1514764800000000 // 2018-01-01
)

// company is leads created over 400 days, of which each is won or lost at a
// rate by what is known of it, and looked at on the last day.
type company struct {
	*leak.Record
	r       *rand.Rand
	quality []float64 // what the rate of winning follows
}

func newCompany(n int, seed uint64) *company {
	c := &company{Record: &leak.Record{Leads: &datasets.Table{Rows: n}, Outcomes: &datasets.Outcomes{End: start + 400*day}}, r: rand.New(rand.NewPCG(seed, 7))}
	o := c.Outcomes
	for i := range n {
		created := int64(start) + int64(400*float64(i)/float64(n)*day)
		q := c.r.NormFloat64()
		won, lost := c.r.ExpFloat64()*90*math.Exp(-1.5*q), c.r.ExpFloat64()*60
		took, state := min(won, lost), datasets.Lost
		if won < lost {
			state = datasets.Won
		}
		closed := created + int64(took*day)
		if closed >= o.End {
			state, closed, took = datasets.Open, datasets.NoTime, datasets.Days(created, o.End)
		}
		o.State, o.Created, o.Closed, o.Days, o.Entry = append(o.State, state), append(o.Created, created), append(o.Closed, closed), append(o.Days, took), append(o.Entry, 0)
		c.quality = append(c.quality, q)
	}
	return c
}

func (c *company) number(name string, value func(i int) float64) {
	x := &datasets.Column{Name: name, Kind: datasets.Number}
	for i := range c.Leads.Rows {
		x.Nums = append(x.Nums, value(i))
	}
	c.Leads.Columns = append(c.Leads.Columns, x)
}

func (c *company) text(name string, kind datasets.Kind, value func(i int) string) {
	x := &datasets.Column{Name: name, Kind: kind}
	for i := range c.Leads.Rows {
		x.Texts.Append(value(i))
	}
	c.Leads.Columns = append(c.Leads.Columns, x)
}

func (c *company) time(name string, value func(i int) int64) {
	x := &datasets.Column{Name: name, Kind: datasets.Time}
	for i := range c.Leads.Rows {
		x.Times = append(x.Times, value(i))
	}
	c.Leads.Columns = append(c.Leads.Columns, x)
}

func (c *company) state(i int) datasets.State { return c.Outcomes.State[i] }

// honest adds columns that were known at creation, some of them very strong.
func (c *company) honest() {
	c.number("intent", func(i int) float64 { return c.quality[i] + 0.1*c.r.NormFloat64() })
	c.text("segment", datasets.Category, func(i int) string {
		return []string{"small", "middle", "large", "key"}[min(3, max(0, int(c.quality[i]+2)))]
	})
	c.text("phone_type", datasets.Category, func(i int) string { // left out by those who do not mean it
		if c.quality[i] < -0.3 {
			return ""
		}
		return "mobile"
	})
	c.number("employees", func(i int) float64 { return math.Exp(5 + c.r.NormFloat64() + 0.5*c.quality[i]) })
	c.number("visits", func(i int) float64 { return float64(c.r.IntN(8)) })
	c.text("source", datasets.Category, func(i int) string { // the mix changes over the years
		if c.r.Float64() < float64(i)/float64(c.Leads.Rows) {
			return "web"
		}
		return "fair"
	})
	c.time("first_visit", func(i int) int64 { return c.Outcomes.Created[i] - int64(c.r.ExpFloat64()*20*day) })
	c.time("go_live", func(i int) int64 { return c.Outcomes.Created[i] + int64((100+300*c.r.Float64())*day) })
	c.text("region", datasets.Category, func(i int) string { return "R" + strconv.Itoa(c.r.IntN(150)) })
	c.number("form_points", func(i int) float64 { return math.Round(50 + 15*c.quality[i]) })
}

// leaks plants columns of every mechanism and says which.
func (c *company) leaks() map[string]leak.Mechanism {
	o, n := c.Outcomes, c.Leads.Rows
	closed := func(i int) bool { return c.state(i) != datasets.Open }
	when := func(is bool, s string) string {
		if is {
			return s
		}
		return ""
	}
	c.text("remark_code", datasets.Category, func(i int) string { return when(c.state(i) == datasets.Lost && c.r.Float64() < 0.8, "price") })
	c.number("discount", func(i int) float64 {
		if !closed(i) || c.r.Float64() < 0.3 {
			return math.NaN()
		}
		return float64(c.r.IntN(5))
	})
	c.time("touched", func(i int) int64 {
		if closed(i) {
			return o.Closed[i] - int64(c.r.Float64()*0.5*day)
		}
		return o.Created[i] + int64(c.r.Float64()*float64(o.End-o.Created[i]))
	})
	c.time("written", func(i int) int64 { // by nightly jobs long after
		if closed(i) {
			return o.Closed[i] + int64(c.r.Float64()*float64(o.End-o.Closed[i]))
		}
		return o.End - day
	})
	c.number("chance", func(i int) float64 {
		switch c.state(i) {
		case datasets.Won:
			return 100
		case datasets.Lost:
			return 0
		}
		return float64(10 * (1 + c.r.IntN(8)))
	})
	c.text("category", datasets.Category, func(i int) string {
		if closed(i) && c.r.Float64() < 0.9 {
			return "Closed"
		}
		return []string{"Pipeline", "Best Case", "Commit"}[c.r.IntN(3)]
	})
	c.text("step", datasets.Category, func(i int) string { return []string{"Talk", "Customer", "Gone"}[c.state(i)] })
	c.number("revenue", func(i int) float64 {
		if c.state(i) == datasets.Won {
			return 1000 * (1 + c.r.Float64())
		}
		return 0
	})
	c.number("in_pipeline", func(i int) float64 { return math.Round(o.Days[i]*10) / 10 })
	c.number("calls", func(i int) float64 { return math.Floor(o.Days[i] * 0.3 * (0.5 + c.r.Float64())) })
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return int(min(max(o.Closed[a]-o.Closed[b], -1), 1)) })
	ticket := make([]int, n)
	for k, i := range order {
		ticket[i] = 10000 + 3*k
	}
	c.text("ticket", datasets.Category, func(i int) string { return fmt.Sprintf("T-%06d", ticket[i]) })
	c.number("serial", func(i int) float64 { return float64(5000 + 2*i) })
	mechanisms := map[string]leak.Mechanism{
		"remark_code": leak.FilledAtClosing, "discount": leak.FilledAtClosing, "touched": leak.FilledAtClosing, "written": leak.EditedAfter, "chance": leak.Proxy,
		"category": leak.Proxy, "step": leak.Proxy, "revenue": leak.Copy, "in_pipeline": leak.Copy, "calls": leak.Vanishing, "ticket": leak.TimeCode, "serial": leak.TimeCode,
	}
	c.histories(mechanisms)
	return mechanisms
}

// histories adds columns that only their history gives away, and an honest one
// with a history.
func (c *company) histories(mechanisms map[string]leak.Mechanism) {
	o := c.Outcomes
	edit := func(i int, column, before, after string, at int64) {
		c.Edits = append(c.Edits, leak.Edit{Row: i, Column: column, Old: before, New: after, At: at})
	}
	mechanisms["owner"] = leak.FilledAtClosing // handed over when it is closed
	c.Roles.Owner = "owner"
	c.text("owner", datasets.Category, func(i int) string {
		before := "U" + strconv.Itoa(i%5)
		if c.state(i) == datasets.Open || c.r.Float64() < 0.4 {
			return before
		}
		edit(i, "owner", before, "Care", o.Closed[i]+day/10)
		return "Care"
	})
	mechanisms["budget"] = leak.EditedAfter // cleaned up by accounting
	c.number("budget", func(i int) float64 {
		before := math.Round(100 * c.r.Float64())
		after := before
		if later := o.Closed[i] + 20*day; c.state(i) == datasets.Won && later < o.End {
			after = before + 40
			edit(i, "budget", fmt.Sprint(before), fmt.Sprint(after), later)
		}
		return after
	})
	mechanisms["temperature"] = leak.Vanishing // follows how it goes
	c.text("temperature", datasets.Category, func(i int) string {
		now := []string{"warm", "hot", "cold"}[c.state(i)]
		if c.r.Float64() < 0.3 {
			return "warm"
		}
		if now != "warm" && o.Days[i] > 5 {
			edit(i, "temperature", "warm", now, o.Created[i]+int64(0.5*o.Days[i]*day))
			return now
		}
		return "warm"
	})
	c.text("plan", datasets.Category, func(i int) string { // now and then somebody changes their mind
		before := []string{"A", "B", "C"}[min(2, max(0, int(c.quality[i]+1.5)))]
		if c.r.Float64() < 0.1 {
			after := []string{"A", "B", "C"}[c.r.IntN(3)]
			edit(i, "plan", before, after, o.Created[i]+int64(c.r.Float64()*o.Days[i]*day))
			return after
		}
		return before
	})
}

func TestPlantedLeaksAreFoundAndHonestFieldsAreNot(t *testing.T) {
	surely := []string{"remark_code", "discount", "touched", "written", "chance", "category", "step", "revenue", "in_pipeline", "ticket", "owner", "temperature"}
	for seed := range uint64(8) {
		c := newCompany(2500, seed)
		c.honest()
		honest := len(c.Leads.Columns)
		planted := c.leaks()
		found, notes := leak.Find(*c.Record)
		if len(notes) != 0 {
			t.Errorf("seed %d: %v", seed, notes)
		}
		for _, x := range c.Leads.Columns[:honest] {
			planted[x.Name] = ""
		}
		planted["plan"] = ""
		got := map[string]leak.Finding{}
		for _, l := range found {
			got[l.Column] = l
		}
		for column, mechanism := range planted {
			l, ok := got[column]
			switch {
			case mechanism == "" && ok && l.Sure, mechanism == "" && ok && column != "phone_type":
				t.Errorf("seed %d: the honest %s: %s", seed, column, l.Why)
			case mechanism == "":
			case mechanism != l.Mechanism && !(mechanism == leak.Proxy && l.Mechanism == leak.Copy):
				t.Errorf("seed %d: %s: %q, want %q: %s", seed, column, l.Mechanism, mechanism, l.Why)
			case ok && slices.Contains(surely, column) != l.Sure && column != "budget":
				t.Errorf("seed %d: %s: sure is %v: %s", seed, column, l.Sure, l.Why)
			case ok && (l.Count < 20 || len(l.Rows) != 3 || l.Rows[2] >= 2500 || math.IsNaN(l.AUC)):
				t.Errorf("seed %d: %s: %+v", seed, column, l)
			}
		}
		if l := got["temperature"]; !(l.AUC-l.Honest > 0.1) || !strings.Contains(l.Why, "AUC") {
			t.Errorf("seed %d: %+v", seed, l)
		}
	}
}

// Without times there are no open leads and no ages: what is left is what a
// column tells, and its name.
func TestLeaksWithoutTimes(t *testing.T) {
	for seed := range uint64(8) {
		c := newCompany(4000, seed)
		c.honest()
		planted := c.leaks()
		var rows []int
		for i, s := range c.Outcomes.State {
			if s != datasets.Open {
				rows = append(rows, i)
			}
		}
		o := &datasets.Outcomes{End: datasets.NoTime}
		for _, i := range rows {
			o.State, o.Created, o.Closed, o.Days = append(o.State, c.state(i)), append(o.Created, datasets.NoTime), append(o.Closed, datasets.NoTime), append(o.Days, math.NaN())
		}
		leads := c.Leads.Gather(rows)
		leads.Column("temperature").Name = "lead_quality"
		found, _ := leak.Find(leak.Record{Leads: leads, Outcomes: o})
		sure := map[string]bool{}
		for _, l := range found {
			sure[l.Column] = l.Sure
			if _, is := planted[l.Column]; !is && l.Column != "lead_quality" {
				t.Errorf("seed %d: the honest %s: %s", seed, l.Column, l.Why)
			}
		}
		for _, column := range []string{"chance", "step", "revenue"} {
			if !sure[column] {
				t.Errorf("seed %d: %s is not found", seed, column)
			}
		}
		for _, column := range []string{"remark_code", "lead_quality"} { // nobody that is filled was won; by its name and strength
			if is, ok := sure[column]; !ok || is {
				t.Errorf("seed %d: %s: found %v, sure %v", seed, column, ok, is)
			}
		}
	}
}
