package train_test

import (
	"context"
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/models/metric"
	"github.com/leadcast/leadcast/train"
	"github.com/leadcast/leadcast/train/bundle"
)

func noted(t *testing.T, notes []string, want string) {
	t.Helper()
	if !slices.Contains(notes, want) {
		t.Errorf("no note %q in\n%s", want, strings.Join(notes, "\n"))
	}
}

// scored forecasts raw leads at the end of the histories.
func scored(t *testing.T, b *bundle.Bundle, leads *datasets.Table) []bundle.Score {
	t.Helper()
	s, err := b.Read(leads, end)
	if err != nil {
		t.Fatal(err)
	}
	scores, err := b.Score(context.Background(), s, 3)
	if err != nil {
		t.Fatal(err)
	}
	return scores
}

// Junk is neither learnt from nor forecast, and it changes nothing for the others.
func TestJunk(t *testing.T) {
	r := smallCompany(500, 8)
	r.add("email", func(i int) string { return "person" + strconv.Itoa(i) + "@company.example" })
	clean := r.table(nil, nil)
	for i := range 40 {
		r.cells = append(r.cells, slices.Clone(r.cells[i]))
		last := r.cells[len(r.cells)-1]
		last[r.column("lead_id")], last[r.column("email")], last[r.column("status")] = "J"+strconv.Itoa(i), "x"+strconv.Itoa(i)+"@Test.com", "Won"
		last[r.column("closed_at")] = last[r.column("created_at")]
	}
	dirty := r.table(nil, nil)
	p := smallPlan()
	p.Model, p.Junk = "linear", []string{"email~@test.com|@spam."}
	filtered := run(t, dirty, p)
	noted(t, filtered.Report.Notes, "email: leads that are junk by the filter, left out: 40")
	if filtered.Report.Counts["leads"] != 500 {
		t.Errorf("%v", filtered.Report.Counts)
	}
	b, plain := open(t, filtered.Shipped), open(t, run(t, clean, p).Shipped)
	noted(t, run(t, clean, p).Report.Notes, "no lead is junk by the filters (email~@test.com|@spam.)")
	if !slices.Equal(b.Manifest.Junk, p.Junk) || b.ID() == "" {
		t.Errorf("%v", b.Manifest.Junk)
	}
	of, want := scored(t, b, dirty), scored(t, plain, clean)
	for i := range want {
		if !reflect.DeepEqual(of[i], want[i]) {
			t.Fatalf("lead %d has %+v, without junk in the file %+v", i, of[i], want[i])
		}
	}
	for _, s := range of[len(want):] {
		if s.Win != nil || s.Grade != "" || s.ExpectedValue != nil || s.Err != nil || s.Reasons != nil || len(s.WinBy) != 3 || s.WinBy[0] != nil || s.ID == "" {
			t.Fatalf("junk is forecast: %+v", s)
		}
		if !slices.Equal(s.Warnings, []string{"junk by the filter on email: not forecast"}) {
			t.Fatalf("%q", s.Warnings)
		}
	}
	p.AsOf = datasets.Micros(day(450))
	past := open(t, run(t, dirty, p).Shipped)
	e, err := train.Evaluate(context.Background(), past, dirty)
	if err != nil {
		t.Fatal(err)
	}
	noted(t, e.Notes, "leads that are junk by the model's filters, left out: 40")
	c := compared(t, past, past, dirty)
	alone, err := train.Evaluate(context.Background(), past, clean)
	if err != nil {
		t.Fatal(err)
	}
	if alone.Leads != e.Leads || c.Leads != e.Leads {
		t.Errorf("%d leads with junk in the file, %d without, %d compared", e.Leads, alone.Leads, c.Leads)
	}

	p.Junk = []string{"mail~x"}
	if got := complaint(t, dirty, p); !strings.HasPrefix(got, `column "mail": the junk filter looks at it, but there is no such column`) {
		t.Error(got)
	}
	p.Junk = []string{"email~@"}
	if got := complaint(t, dirty, p); !strings.HasPrefix(got, "every lead is junk by the filters") {
		t.Error(got)
	}
}

// priced is a company whose amounts are in the currencies given, in turn.
func priced(codes ...string) *rows {
	r := smallCompany(400, 9)
	r.add("currency", func(i int) string { return codes[i%len(codes)] })
	return r
}

// Amounts in several currencies are converted alike in training and scoring,
// or not used.
func TestCurrencies(t *testing.T) {
	p := smallPlan()
	p.Model, p.Horizons = "linear", []int{30, 90}
	mixed := priced("EUR", "USD", "EUR", "XYZ", "").table(nil, nil)
	without := run(t, mixed, p)
	b := open(t, without.Shipped)
	if m := b.Manifest; m.Schema.Roles.Amount != "" || m.MeanAmount != 0 || len(m.Withheld) != 1 || m.Withheld[0].Column != "value" || !strings.Contains(m.Withheld[0].Reason, "3 currencies (EUR, USD, XYZ)") || !strings.Contains(m.Withheld[0].Reason, "--rates") {
		t.Errorf("%+v %+v", m.Schema.Roles, m.Withheld)
	}
	if slices.ContainsFunc(b.Outputs(), func(o features.Output) bool { return o.Origin == "value" }) {
		t.Error("mixed amounts are learnt from")
	}

	p.Rates = []datasets.Rate{{Currency: "EUR", Value: 1}, {Currency: "USD", Value: 0.5}}
	with := run(t, mixed, p)
	noted(t, with.Report.Notes, "currency: leads in a currency that is not in the rate table, whose amount is taken as missing: "+strconv.Itoa(amounts(mixed, "XYZ")))
	noted(t, with.Report.Notes, "value: is converted into EUR by the rate table")
	b = open(t, with.Shipped)
	one := []string{"N1", day(590).Format("2006-01-02"), "Open", "", "1000", "web", "3"}
	value := func(code string) bundle.Score {
		c := &rows{names: smallCompany(1, 1).names, cells: [][]string{slices.Clone(one)}}
		c.add("currency", func(int) string { return code })
		return scored(t, b, c.table(nil, nil))[0]
	}
	for code, rate := range map[string]float64{"EUR": 1, "": 1, "USD": 0.5} {
		if s := value(code); s.ExpectedValue == nil || math.Abs(*s.ExpectedValue-*s.Win*1000*rate) > 1e-9 || len(s.Warnings) > 0 {
			t.Errorf("%q: %v, %q", code, s.ExpectedValue, s.Warnings)
		}
	}
	if s := value("XYZ"); len(s.Warnings) != 2 || s.Warnings[0] != "currency: is not in the rate table; the amount is taken as missing" || *s.ExpectedValue != *s.Win*b.Manifest.MeanAmount {
		t.Errorf("%q", s.Warnings)
	}

	p.Rates = nil
	single := run(t, priced("EUR").table(nil, nil), p)
	b = open(t, single.Shipped)
	if b.Manifest.Schema.Roles.Amount != "value" || b.Manifest.Schema.House() != "EUR" || strings.Contains(strings.Join(single.Report.Notes, "\n"), "rate") {
		t.Errorf("%+v\n%s", b.Manifest.Schema.Roles, strings.Join(single.Report.Notes, "\n"))
	}
	if s := value("USD"); len(s.Warnings) == 0 || !strings.HasPrefix(s.Warnings[0], "currency: is not in the rate table") {
		t.Errorf("another currency than the one trained on: %q", s.Warnings)
	}
	p.Rates = []datasets.Rate{{Currency: "EUR", Value: 1}}
	if got := complaint(t, smallCompany(400, 9).table(nil, nil), p); !strings.HasPrefix(got, "a rate table needs") {
		t.Error(got)
	}
}

func amounts(t *datasets.Table, code string) int {
	n := 0
	for i := range t.Rows {
		if t.Column("currency").Texts.At(i) == code && t.Column("value").Texts.At(i) != "" {
			n++
		}
	}
	return n
}

// Hold-out leads of accounts that training has not seen are judged by themselves.
func TestNewAccounts(t *testing.T) {
	r := smallCompany(900, 10)
	r.add("account", func(i int) string { return "A" + strconv.Itoa(i) })
	p := smallPlan()
	p.Model, p.Roles.Account = "linear", "account"
	fresh := run(t, r.table(nil, nil), p).Report.Judged
	if fresh.NewAccountLeads == nil || fresh.NewAccounts == nil || *fresh.NewAccountLeads <= 0 || *fresh.NewAccountLeads >= fresh.Leads {
		t.Fatalf("%+v", fresh)
	}
	if h := fresh.NewAccounts; h.Days != 90 || h.Leads > *fresh.NewAccountLeads || h.Won == 0 || !(h.AUC.Value > 0) {
		t.Errorf("%+v", h)
	}
	r.set("account", func(i int, _ string) string { return "A" + strconv.Itoa(i%2) })
	recur := run(t, r.table(nil, nil), p).Report.Judged
	if recur.NewAccountLeads == nil || *recur.NewAccountLeads != 0 || recur.NewAccounts != nil {
		t.Errorf("%v %v", recur.NewAccountLeads, recur.NewAccounts)
	}
	p.Roles.Account = ""
	if none := run(t, r.table(nil, nil).Drop("account"), p).Report.Judged; none.NewAccountLeads != nil || none.NewAccounts != nil {
		t.Errorf("%+v", none)
	}
}

// What is not finite survives the bundle: it is null there, and NaN again.
func TestFiguresThatAreNotFinite(t *testing.T) {
	r := smallCompany(60, 11).table(nil, nil).Drop("created_at", "closed_at")
	p := smallPlan()
	p.Roles, p.AsOf, p.Model = datasets.Roles{ID: "lead_id", Outcome: "status"}, datasets.NoTime, "base"
	result := run(t, r, p)
	back, err := train.ReportOf(open(t, result.Shipped))
	if err != nil {
		t.Fatal(err)
	}
	if len(back.Judged.Horizons) != len(result.Report.Judged.Horizons) || len(back.Leaderboard) != len(result.Report.Leaderboard) {
		t.Fatalf("%+v", back)
	}
	for i, e := range back.Leaderboard {
		if was := result.Report.Leaderboard[i]; e != was && !(e.GainLow != e.GainLow || e.AUC != e.AUC) {
			t.Errorf("%+v was %+v", e, was)
		}
	}
	var e metric.Estimate
	if err := json.Unmarshal([]byte(`{"value":2,"se":null,"low":1,"high":null,"p":0}`), &e); err != nil || e.Value != 2 || e.Low != 1 || !math.IsNaN(e.SE) || !math.IsNaN(e.High) || e.P != 0 {
		t.Errorf("%v: %+v", err, e)
	}
}

// Horizons that cannot be used are said to be, and a horizon without support
// says what there is and what is needed.
func TestHorizonsThatCannotBe(t *testing.T) {
	p := smallPlan()
	p.Roles, p.AsOf, p.Model = datasets.Roles{ID: "lead_id", Outcome: "status"}, datasets.NoTime, "base"
	flat := smallCompany(300, 12).table(nil, nil).Drop("created_at", "closed_at")
	const note = "the horizons that were asked for are of no use: without times of creation and closing there is no forecast of when"
	if slices.Contains(run(t, flat, p).Report.Notes, note) {
		t.Error("a note on horizons that nobody asked for")
	}
	p.Horizons = []int{30}
	noted(t, run(t, flat, p).Report.Notes, note)

	p = smallPlan()
	got := complaint(t, smallCompany(60, 13).table(nil, nil), p)
	if !strings.HasPrefix(got, "the main horizon of 90 days is not supported: of 60 leads, of which ") || !strings.Contains(got, "(50 are needed)") || !strings.Contains(got, "no other is supported either: wait until about 20") {
		t.Error(got)
	}
	p.MainHorizon = 365
	if got := complaint(t, smallCompany(900, 14).table(nil, nil), p); !strings.Contains(got, "are supported: choose a shorter one with --main-horizon, or wait") {
		t.Error(got)
	}
}
