package train

import (
	"cmp"
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// sixDigits rounds every figure in a value: more digits than that are noise,
// and the last ones differ with the processor.
func sixDigits(v reflect.Value) {
	switch v.Kind() {
	case reflect.Float64:
		v.SetFloat(digits(math.Round(v.Float()*1e9)/1e9, 6))
	case reflect.Pointer:
		if !v.IsNil() {
			sixDigits(v.Elem())
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			sixDigits(v.Index(i))
		}
	case reflect.Struct:
		for _, x := range v.Fields() {
			if x.CanSet() {
				sixDigits(x)
			}
		}
	}
}

// digits rounds to n significant digits.
func digits(v float64, n int) float64 {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', n, 64), 64)
	return rounded
}

// threeDigits rounds to three significant digits: a cut-off is no lead's own score.
func threeDigits(v float64) float64 { return digits(v, 3) }

// finite rewrites a value for JSON, which knows no infinities and no NaN: they
// become null.
func finite(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return nil
		}
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return finite(v.Elem())
	case reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = finite(v.Index(i))
		}
		return list
	case reflect.Struct:
		m := make(map[string]any, v.NumField())
		for f, x := range v.Fields() {
			if !f.IsExported() {
				continue
			}
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name != "-" && !(options == "omitempty" && x.IsZero()) {
				m[cmp.Or(name, f.Name)] = finite(x)
			}
		}
		return m
	}
	return v.Interface()
}

// UnmarshalJSON reads a figure that is null as NaN.
func (e *Entry) UnmarshalJSON(b []byte) error {
	type plain Entry
	nan := math.NaN()
	*e = Entry{Gain: nan, GainLow: nan, GainHigh: nan, AUC: nan, Score: nan}
	return json.Unmarshal(b, (*plain)(e))
}

// UnmarshalJSON reads a figure that is null as NaN.
func (h *AtHorizon) UnmarshalJSON(b []byte) error {
	type plain AtHorizon
	nan := math.NaN()
	*h = AtHorizon{AP: nan, LogLoss: nan, BaseLoss: nan, Brier: nan, ECE: nan, Slope: nan, Top: nan}
	return json.Unmarshal(b, (*plain)(h))
}
