package audit_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/leadcast/leadcast/audit"
	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train"
)

// company is an export of n leads, one every four hours from 2020 on, looked
// at when the last has come. Every fortieth lead is a second record of the one
// before it, written otherwise; some fields change their ways in time.
type company struct {
	names []string
	texts map[string][]string
}

func (c *company) put(name, value string) {
	if _, ok := c.texts[name]; !ok {
		c.names = append(c.names, name)
	}
	c.texts[name] = append(c.texts[name], value)
}

func (c *company) table() *datasets.Table {
	t := &datasets.Table{}
	for _, name := range c.names {
		t.Columns = append(t.Columns, &datasets.Column{Name: name, Texts: datasets.MakeStrings(c.texts[name]...)})
		t.Rows = len(c.texts[name])
	}
	t.Place = func(row int) string { return fmt.Sprintf("leads.csv:%d", row+2) }
	return t
}

func newCompany(n int, seed uint64) *datasets.Table {
	r := rand.New(rand.NewPCG(seed, 3))
	c := &company{texts: map[string][]string{}}
	begin := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	end := begin.Add(time.Duration(n) * 4 * time.Hour)
	first := []string{"Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Niklaus", "Radia"}
	for i := range n {
		created := begin.Add(time.Duration(i) * 4 * time.Hour)
		source := []string{"Web", "Fair", "Partner"}[r.IntN(3)]
		status, closed := "Open", ""
		days := 3 + 60*r.ExpFloat64()
		if at := created.Add(time.Duration(days*24) * time.Hour); at.Before(end) {
			status, closed = "Lost", at.Format(time.DateTime)
			if r.Float64() < map[string]float64{"Web": 0.1, "Fair": 0.2, "Partner": 0.5}[source] {
				status = "Won"
			}
		}
		person := i
		if i%40 == 39 {
			person--
		}
		email, phone := fmt.Sprintf("%s.p%d@firm%d.example", strings.ToLower(first[person%8]), person, person%97), fmt.Sprintf("+49 30 %07d", 1000000+person*37)
		if person != i {
			email, phone = strings.ToUpper(email), strings.ReplaceAll(strings.Replace(phone, "+49 ", "0", 1), " ", "-")
		}
		c.put("lead_id", fmt.Sprintf("L%05d", i))
		c.put("created_at", created.Format(time.DateTime))
		c.put("closed_at", closed)
		c.put("status", status)
		c.put("source", source)
		c.put("email", email)
		c.put("phone", phone)
		c.put("budget", fmt.Sprint(100+r.IntN(900)))
		c.put("loss_reason", map[bool]string{true: "price"}[status == "Lost"])
		c.put("consent", map[bool]string{true: []string{"yes", "no"}[r.IntN(2)]}[i > n/2])
		c.put("country", []string{"Germany", "germany", "France"}[r.IntN(3)])
		c.put("score", fmt.Sprint([]int{999, 5, 7, 12}[r.IntN(4)]))
	}
	return c.table()
}

func audited(t testing.TB, raw *datasets.Table) *audit.Audit {
	t.Helper()
	p, err := train.Propose(raw, "")
	if err != nil {
		t.Fatal(err)
	}
	a, err := audit.New(audit.Input{Leads: raw, Proposal: p})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func field(t *testing.T, a *audit.Audit, name string) audit.Field {
	t.Helper()
	i := slices.IndexFunc(a.Fields, func(f audit.Field) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("no field %s", name)
	}
	return a.Fields[i]
}

func TestAuditFindsWhatWasPutIn(t *testing.T) {
	const n = 3000
	a := audited(t, newCompany(n, 1))
	if a.Problem != "" || a.Leads.Total != n || a.Leads.Won+a.Leads.Lost+a.Leads.Open != n {
		t.Fatalf("%q, %+v", a.Problem, a.Leads)
	}
	if len(a.First) != 4 || !strings.Contains(a.First[0].Text, "loss_reason") {
		t.Errorf("%+v", a.First)
	}
	ripe := 0
	for _, c := range a.Cohorts {
		if c.Ripe {
			ripe += c.Counts.Total
		}
		if (c.Followed == 0) != (c.Judged() == "not yet") || c.Followed == 0 && c.Share != nil {
			t.Errorf("%+v", c)
		}
	}
	if want := n - 6*a.MainHorizon; ripe > want+200 || ripe < want-400 {
		t.Errorf("%d leads can be judged, about %d are old enough", ripe, want)
	}
	if l := a.Leaks; len(l) != 1 || l[0].Column != "loss_reason" || !l[0].Sure || !strings.HasPrefix(l[0].Places[0], "leads.csv:") {
		t.Errorf("%+v", l)
	}
	if f := field(t, a, "consent"); !strings.Contains(f.Warning, "oftener") || f.Early != 0 || f.Late != 1 {
		t.Errorf("%+v", f)
	}
	if f := field(t, a, "budget"); f.Warning != "" || !f.Used || f.Reach != "creation-time only" {
		t.Errorf("%+v", f)
	}
	if d := a.Duplicates; d.Groups != n/40 || d.Leads != n/20 || d.Largest != 2 || len(d.By) != 2 || d.Places[0] != "leads.csv:40 and leads.csv:41" {
		t.Errorf("%+v", d)
	}
	kinds := ""
	for _, p := range a.Personal {
		kinds += p.Kind + "=" + strings.Join(p.Columns, ",") + ";"
	}
	if kinds != "e-mail addresses=email;telephone numbers=phone;" {
		t.Error(kinds)
	}
	said := fmt.Sprint(a.Contradictions)
	for _, want := range []string{"country: 2 values that differ", "score: the number 999 stands far"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in %s", want, said)
		}
	}
	if s := a.Segments; len(s) == 0 || s[0].Column != "source" || len(s[0].Levels) != 3 {
		t.Errorf("%+v", s)
	}
	for _, l := range a.Segments[0].Levels { // leads close, whatever becomes of them, at one pace
		want := map[string]float64{"Web": 0.1, "Fair": 0.2, "Partner": 0.5}[l.Name] * (1 - math.Exp(-float64(a.MainHorizon-3)/60))
		if l.Share == nil || l.Share.Low > want || l.Share.High < want {
			t.Errorf("%s: %+v, the truth is %.3f", l.Name, l.Share, want)
		}
	}
}

func TestHorizonsSayWhatTheyNeed(t *testing.T) {
	a := audited(t, newCompany(1200, 2))
	for _, h := range a.Horizons {
		if h.ForTwenty != max(0, 96-h.Wins) || h.ForTen != max(0, 384-h.Wins) || h.Supported && h.Wins < 10 || h.ForTen == 0 != math.IsNaN(h.Months) {
			t.Errorf("%+v", h)
		}
	}
	if first, last := a.Horizons[0], a.Horizons[len(a.Horizons)-1]; first.Wins >= last.Wins || last.Supported {
		t.Errorf("%+v … %+v", first, last)
	}
}

// No value of a lead that is its own stands anywhere in an audit.
func TestAuditHoldsNoPersonalValue(t *testing.T) {
	raw := newCompany(1500, 3)
	text := fmt.Sprintf("%+v", *audited(t, raw))
	for _, column := range []string{"email", "phone", "lead_id"} {
		for i := range raw.Rows {
			if v := raw.Column(column).Texts.At(i); strings.Contains(text, v) {
				t.Fatalf("%s of row %d stands in the audit", column, i)
			}
		}
	}
}

// Without an outcome there is still much to see.
func TestAuditWithoutOutcome(t *testing.T) {
	raw := newCompany(800, 4).Drop("status", "closed_at", "loss_reason")
	a, err := audit.New(audit.Input{Leads: raw, Problem: "no column says what became of a lead"})
	if err != nil {
		t.Fatal(err)
	}
	if a.First[0].Title != "As it is, nothing can be learnt from this" || a.Duplicates.Groups != 20 || len(a.Personal) != 2 || len(a.Fields) != len(raw.Columns) || !strings.Contains(a.Summary(), "not known") {
		t.Errorf("%+v", a.First)
	}
}

// A history makes a field exact, and shows that it told the outcome only later.
func TestAuditReadsAHistory(t *testing.T) {
	raw := newCompany(2000, 5)
	h := &company{texts: map[string][]string{}}
	mood := &datasets.Column{Name: "mood"}
	for i := range raw.Rows {
		now := map[string]string{"Won": "good", "Lost": "bad", "Open": "fair"}[raw.Column("status").Texts.At(i)]
		mood.Texts.Append(now)
		if now == "fair" {
			continue
		}
		created, _ := time.Parse(time.DateTime, raw.Column("created_at").Texts.At(i))
		closed, _ := time.Parse(time.DateTime, raw.Column("closed_at").Texts.At(i))
		h.put("lead_id", raw.Column("lead_id").Texts.At(i))
		h.put("field", "mood")
		h.put("old", "fair")
		h.put("new", now)
		h.put("happened_at", created.Add(closed.Sub(created)/2).Format(time.DateTime))
	}
	raw.Columns = append(raw.Columns, mood)
	p, err := train.Propose(raw, "")
	if err != nil {
		t.Fatal(err)
	}
	a, err := audit.New(audit.Input{Leads: raw, Proposal: p, History: h.table()})
	if err != nil {
		t.Fatal(err)
	}
	if f := field(t, a, "mood"); f.Reach != "exact" {
		t.Errorf("%+v", f)
	}
	i := slices.IndexFunc(a.Leaks, func(l audit.Leak) bool { return l.Column == "mood" })
	if i < 0 || !a.Leaks[i].Sure || a.Leaks[i].AUC < 0.99 || !(a.Leaks[i].Honest < 0.55) {
		t.Errorf("%+v", a.Leaks)
	}
}

func TestAuditIsTheSameTwice(t *testing.T) {
	a, b := audited(t, newCompany(900, 6)), audited(t, newCompany(900, 6))
	if d := cmp.Diff(a, b, cmpopts.EquateNaNs(), cmpopts.IgnoreUnexported(audit.Audit{}, audit.Point{}, audit.Field{}, audit.Segment{})); d != "" {
		t.Error(d)
	}
}

func ExampleNew() {
	raw := newCompany(2000, 7)
	p, _ := train.Propose(raw, "")
	a, err := audit.New(audit.Input{Leads: raw, Proposal: p})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.First[0].Title)
	fmt.Println(a.Duplicates.Groups, "persons of several records")
	b, _ := json.Marshal(a.Personal)
	fmt.Println(string(b))
	// Output:
	// 1 field tells the outcome instead of forecasting it
	// 50 persons of several records
	// [{"kind":"e-mail addresses","columns":["email"]},{"kind":"telephone numbers","columns":["phone"]}]
}
