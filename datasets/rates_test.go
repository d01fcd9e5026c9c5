package datasets

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func rateTable(currencies, rates, from []string) *Table {
	t := rawTable(rawColumn("Currency", currencies...), rawColumn("rate", rates...))
	if from != nil {
		t.Columns = append(t.Columns, rawColumn("From", from...))
	}
	return t
}

// Amounts are read in the house currency, at the rate of the day of creation.
func TestConvert(t *testing.T) {
	rates, err := ReadRates(rateTable([]string{"usd", "EUR", "USD", "GBP"}, []string{"0.9", "1", "0.8", "1.2"}, []string{"2024-01-01", "", "", ""}))
	if err != nil {
		t.Fatal(err)
	}
	table := rawTable(
		rawColumn("value", "100", "100", "100", "100", "100", "100", ""),
		rawColumn("currency", "USD", "usd", "EUR", "", "XXX", "GBP", "XXX"),
		rawColumn("created", "2023-12-31", "2024-01-01", "2024-01-01", "2024-01-01", "2024-01-01", "", "2024-01-01"),
	)
	roles := Roles{Amount: "value", Currency: "currency", Created: "created"}
	s, _, err := Infer(table, Hints{Roles: roles})
	if err != nil {
		t.Fatal(err)
	}
	s.Rates = rates
	typed, notes, err := s.Apply(table)
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{80, 90, 100, 100, math.NaN(), 120, math.NaN()}
	if diff := cmp.Diff(want, typed.Column("value").Nums, cmpopts.EquateNaNs(), cmpopts.EquateApprox(0, 1e-12)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Note{{"currency", 4, unknownCurrency}}, notes); diff != "" {
		t.Error(diff)
	}
	if s.House() != "EUR" || (&Schema{}).House() != "" {
		t.Errorf("the house currency is %q", s.House())
	}
	if got := Currencies(table, roles); !slices.Equal(got, []string{"EUR", "GBP", "USD", "XXX"}) {
		t.Error(got)
	}
	again, _, err := s.Apply(&Table{Rows: 1, Columns: []*Column{{Name: "value", Kind: Number, Nums: []float64{10}}, rawColumn("currency", "GBP")}})
	if err != nil || again.Column("value").Nums[0] != 12 {
		t.Errorf("a typed amount: %v, %v", again.Column("value").Nums, err)
	}
}

func TestRateMistakes(t *testing.T) {
	for _, tt := range []struct {
		table *Table
		want  string
	}{
		{rawTable(rawColumn("code", "EUR")), "a rate table has the columns"},
		{rateTable([]string{"EUR", "USD"}, []string{"1", "0,9"}, nil), `leads.csv:3: column "rate": is not a rate`},
		{rateTable([]string{"EUR", "USD"}, []string{"1", "0"}, nil), `the rate of "USD" is not`},
		{rateTable([]string{"EUR", "USD"}, []string{"1", "NaN"}, nil), `the rate of "USD" is not`},
		{rateTable([]string{"EUR", "EUR"}, []string{"1", "1"}, nil), `leads.csv:3: column "Currency": has two rates`},
		{rateTable([]string{"EUR", "USD"}, []string{"1", "1"}, nil), "one currency, and only one"},
		{rateTable([]string{"EUR", "USD"}, []string{"2", "3"}, nil), "one currency, and only one"},
		{rateTable([]string{"EUR", ""}, []string{"1", "3"}, nil), `the rate of "" is`},
		{rateTable([]string{"EUR", "USD"}, []string{"1", "3"}, []string{"", "1/2/2024"}), `leads.csv:3: column "From": is not a day`},
	} {
		if _, err := ReadRates(tt.table); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%v, want %s", err, tt.want)
		}
	}
	bad := Schema{Rates: []Rate{{"EUR", 1, ""}, {"USD", math.Inf(1), ""}}}
	if _, err := bad.Compile(); err == nil {
		t.Error("a schema with an endless rate is compiled")
	}
}

func FuzzReadRates(f *testing.F) {
	f.Add("usd", "0.9", "2024-01-01")
	f.Fuzz(func(t *testing.T, currency, rate, from string) {
		rates, err := ReadRates(rateTable([]string{"EUR", currency}, []string{"1", rate}, []string{"", from}))
		if err != nil {
			return
		}
		x, err := newExchange(rates)
		if err != nil {
			t.Fatal(err)
		}
		if v, ok := x.at(currencyOf(currency), Micros(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))); !ok || !(v > 0) {
			t.Errorf("%v of %v", v, rates)
		}
	})
}

// A currency is guessed where a column of that name holds codes.
func TestGuessCurrency(t *testing.T) {
	table := rawTable(rawColumn("amount", "1", "2"), rawColumn("CurrencyIsoCode", "EUR", "USD"))
	if r, _ := GuessRoles(table); r.Currency != "CurrencyIsoCode" || r.Amount != "amount" {
		t.Errorf("%+v", r)
	}
	if r, _ := GuessRoles(rawTable(rawColumn("amount", "1", "2"), rawColumn("currency", "12", "euros"))); r.Currency != "" {
		t.Errorf("%+v", r)
	}
}
