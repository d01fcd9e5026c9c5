package datasets

import (
	"math"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

func TestParseNumber(t *testing.T) {
	tests := []struct {
		text    string
		decimal byte
		want    number
		ok      bool
	}{
		{"12", '.', number{value: 12}, true},
		{"-3.5", '.', number{value: -3.5}, true},
		{"−3.5", '.', number{value: -3.5}, true},
		{"+7", '.', number{value: 7}, true},
		{".5", '.', number{value: .5}, true},
		{"5.", '.', number{value: 5}, true},
		{"1e3", '.', number{value: 1000}, true},
		{"1.5E-2", '.', number{value: .015}, true},
		{"1,200.00", '.', number{value: 1200}, true},
		{"12,34,567", '.', number{value: 1234567}, true},
		{"1 234,5", ',', number{value: 1234.5}, true},
		{"1\u00a0234,5", ',', number{value: 1234.5}, true},
		{"1\u202f234,5", ',', number{value: 1234.5}, true},
		{"1'234.50", '.', number{value: 1234.5}, true},
		{"1.234,56", ',', number{value: 1234.56}, true},
		{"1.234.567", ',', number{value: 1234567}, true},
		{"$1,200.00", '.', number{value: 1200, unit: "$"}, true},
		{"-$5", '.', number{value: -5, unit: "$"}, true},
		{"$-5", '.', number{value: -5, unit: "$"}, true},
		{"($1,200.50)", '.', number{value: -1200.5, unit: "$"}, true},
		{"1200 EUR", '.', number{value: 1200, unit: "EUR"}, true},
		{"R$ 1.200,00", ',', number{value: 1200, unit: "R$"}, true},
		{"€ 3", '.', number{value: 3, unit: "€"}, true},
		{"12 %", '.', number{value: 12, unit: "%"}, true},
		{"14+", '.', number{value: 14, bound: true}, true},
		{">20", '.', number{value: 20, bound: true}, true},
		{"<=1", '.', number{value: 1, bound: true}, true},
		{"007", '.', number{value: 7, code: true}, true},
		{"0", '.', number{value: 0}, true},
		{"0.25", '.', number{value: .25}, true},
		{"1234567890123456", '.', number{value: 1234567890123456, code: true}, true},
		{"1,23", '.', number{}, false},
		{"1.5", ',', number{}, false},
		{"0,123", '.', number{}, false},
		{"1,2345", '.', number{}, false},
		{"1,234'567", '.', number{}, false},
		{"+44 207 946", '.', number{}, false},
		{"1e999", '.', number{}, false},
		{"1e", '.', number{}, false},
		{"0x1p4", '.', number{}, false},
		{"Inf", '.', number{}, false},
		{"NaN", '.', number{}, false},
		{"1_000", '.', number{}, false},
		{"--5", '.', number{}, false},
		{"(-5)", '.', number{}, false},
		{"5k", '.', number{}, false},
		{"$", '.', number{}, false},
		{"%", '.', number{}, false},
		{"+", '.', number{}, false},
		{">", '.', number{}, false},
		{"()", '.', number{}, false},
		{"", '.', number{}, false},
		{"1.2.3", '.', number{}, false},
		{"10-49", '.', number{}, false},
	}
	for _, tt := range tests {
		got, ok := parseNumber(tt.text, tt.decimal)
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("parseNumber(%q, %q) = %+v, %v; want %+v, %v", tt.text, tt.decimal, got, ok, tt.want, tt.ok)
		}
	}
}

func TestNumbersRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Float64().Draw(t, "v")
		got, ok := parseNumber(strconv.FormatFloat(v, 'g', -1, 64), '.')
		if !ok || got.value != v {
			t.Fatalf("%g read as %g, %v", v, got.value, ok)
		}
	})
}

func FuzzParseNumber(f *testing.F) {
	for _, s := range []string{"1,234.5", "1.234,5", "$1,200.00", "(5)", "14+", "12 %", "1e5", "−3", "007", "1 234"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, s string, comma bool) {
		decimal := byte('.')
		if comma {
			decimal = ','
		}
		n, ok := parseNumber(s, decimal)
		if !ok {
			return
		}
		if math.IsNaN(n.value) || math.IsInf(n.value, 0) {
			t.Fatalf("%q read as %g", s, n.value)
		}
		again, ok := parseNumber(strconv.FormatFloat(n.value, 'g', -1, 64), '.')
		if !ok || again.value != n.value {
			t.Fatalf("%q read as %g, which reads as %g", s, n.value, again.value)
		}
	})
}
