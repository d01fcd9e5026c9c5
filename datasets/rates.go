package datasets

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Rate is what one unit of a currency is worth in the house currency, the one
// whose rate is 1, for leads created from a day on until the currency's next
// rate; its first holds before too, and its last for leads without creation time.
type Rate struct {
	Currency string  `json:"currency"` // in capitals
	Value    float64 `json:"value"`
	From     string  `json:"from,omitempty"` // 2006-01-02; "" is from the beginning
}

// ReadRates reads a raw table with the columns currency, rate and, where rates
// change, from. An *Error says which row is none, what stands twice, and that
// there is no house currency or more than one.
func ReadRates(t *Table) ([]Rate, error) {
	find := func(name string) *Column { return t.Column(t.Like(name)) }
	currency, value, from := find("currency"), find("rate"), find("from")
	if currency == nil || value == nil {
		return nil, &Error{Message: "a rate table has the columns currency and rate, and from where rates change; here are " + strings.Join(t.Names(), ", ")}
	}
	var rates []Rate
	seen := map[[2]string]bool{}
	for i := range t.Rows {
		r := Rate{Currency: currencyOf(currency.word(i))}
		var err error
		if r.Value, err = strconv.ParseFloat(trim(value.word(i)), 64); err != nil {
			return nil, &Error{Place: t.At(i), Column: value.Name, Message: "is not a rate: write it with a decimal point, such as 1.085"}
		}
		if from != nil && trim(from.word(i)) != "" {
			at, ok := parseTime(trim(from.word(i)), layoutISO, time.UTC)
			if !ok {
				return nil, &Error{Place: t.At(i), Column: from.Name, Message: "is not a day: write it as 2024-01-31"}
			}
			r.From = FormatTime(at)[:len("2006-01-02")]
		}
		key := [2]string{r.Currency, r.From}
		if seen[key] {
			return nil, &Error{Place: t.At(i), Column: currency.Name, Message: "has two rates from one day on"}
		}
		seen[key] = true
		rates = append(rates, r)
	}
	slices.SortFunc(rates, func(a, b Rate) int {
		return cmp.Or(strings.Compare(a.Currency, b.Currency), strings.Compare(a.From, b.From))
	})
	_, err := newExchange(rates)
	return rates, err
}

// House is the currency whose rate is 1, in which amounts are read; "" without rates.
func (s *Schema) House() string {
	x, _ := newExchange(s.Rates) // a bundle's are sound
	return x.house()
}

// currencyOf is the code in a cell.
func currencyOf(cell string) string { return strings.ToUpper(trim(cell)) }

// exchange is a rate table made ready: the rates of each currency in order of time.
type exchange map[string][]datedRate

type datedRate struct {
	from  int64
	value float64
}

// newExchange checks a table of rates, which are in order.
func newExchange(rates []Rate) (exchange, error) {
	x := exchange{}
	for _, r := range rates {
		at := int64(math.MinInt64)
		if r.From != "" {
			var ok bool
			if at, ok = parseTime(r.From, layoutISO, time.UTC); !ok {
				return nil, &Error{Message: fmt.Sprintf("the rate of %q is from a day that does not exist", r.Currency)}
			}
		}
		list := x[r.Currency]
		if r.Currency == "" || !(r.Value > 0) || math.IsInf(r.Value, 0) {
			return nil, &Error{Message: fmt.Sprintf("the rate of %q is not a number above zero, or has no currency", r.Currency)}
		}
		if len(list) > 0 && at <= list[len(list)-1].from {
			return nil, &Error{Message: fmt.Sprintf("the rates of %q are not in order", r.Currency)}
		}
		x[r.Currency] = append(list, datedRate{at, r.Value})
	}
	if len(rates) > 0 && x.house() == "" {
		return nil, &Error{Message: "one currency, and only one, has the rate 1: the one that all amounts are converted into"}
	}
	return x, nil
}

// house is the one currency of which every rate is 1; "" where there is none,
// or more than one.
func (x exchange) house() (house string) {
	for name, list := range x {
		if slices.ContainsFunc(list, func(d datedRate) bool { return d.value != 1 }) {
			continue
		}
		if house != "" {
			return ""
		}
		house = name
	}
	return house
}

// at is the rate of a currency for a lead created at a moment.
func (x exchange) at(currency string, created int64) (rate float64, ok bool) {
	list := x[currency]
	if len(list) == 0 {
		return math.NaN(), false
	}
	k := len(list) - 1
	for k > 0 && created != NoTime && list[k].from > created {
		k--
	}
	return list[k].value, true
}

// convert turns the amounts of a typed table into the house currency. An empty
// currency is the house currency; an amount in one that the table lacks is missing.
func (x exchange) convert(t *Table, r Roles, notes []Note) []Note {
	amount, currency, created := t.Column(r.Amount), t.Column(r.Currency), t.Column(r.Created)
	if amount == nil || amount.Kind != Number || currency == nil {
		return notes
	}
	amount.Nums = slices.Clone(amount.Nums) // they may be the raw table's own
	for i, v := range amount.Nums {
		code, at := currencyOf(currency.word(i)), int64(NoTime)
		if code == "" || math.IsNaN(v) {
			continue
		}
		if created != nil && created.Kind == Time {
			at = created.Times[i]
		}
		rate, ok := x.at(code, at)
		if !ok {
			notes = append(notes, Note{r.Currency, i, unknownCurrency})
		}
		amount.Nums[i] = v * rate
	}
	return notes
}

// unknownCurrency is said of a lead whose amount cannot be converted.
const unknownCurrency = "is not in the rate table; the amount is taken as missing"

// Currencies lists the currencies, in order, of the rows of a raw table that
// have an amount.
func Currencies(t *Table, r Roles) []string {
	amount, currency := t.Column(r.Amount), t.Column(r.Currency)
	var all []string
	if amount == nil || currency == nil {
		return nil
	}
	for i := range t.Rows {
		code := currencyOf(currency.word(i))
		if code == "" || slices.Contains(missingTokens, trim(currency.word(i))) || trim(amount.word(i)) == "" {
			continue
		}
		if k, found := slices.BinarySearch(all, code); !found {
			all = slices.Insert(all, k, strings.Clone(code))
		}
	}
	return all
}
