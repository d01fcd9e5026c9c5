package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
)

// printJSON writes a result for scripts. A number that is not finite, of which
// JSON knows nothing, is null; a list without entries is [].
func (p *program) printJSON(v any) error {
	e := json.NewEncoder(p.stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(finite(reflect.ValueOf(v)))
}

// object is a JSON object whose keys keep their order.
type object []member

type member struct {
	key   string
	value any
}

// MarshalJSON writes the members in order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := e.Encode(m.key); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := e.Encode(m.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// finite rewrites a value for printJSON.
func finite(v reflect.Value) any {
	if raw, ok := v.Interface().(json.RawMessage); ok {
		return raw
	}
	switch v.Kind() {
	case reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return nil
		}
	case reflect.Uint8:
		if s, ok := v.Interface().(fmt.Stringer); ok {
			return s.String() // a kind of column
		}
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return finite(v.Elem())
	case reflect.Slice, reflect.Array:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = finite(v.Index(i))
		}
		return list
	case reflect.Map:
		m := make(map[string]any, v.Len())
		for _, k := range v.MapKeys() {
			m[k.String()] = finite(v.MapIndex(k))
		}
		return m
	case reflect.Struct:
		var o object
		for f, x := range v.Fields() {
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.IsExported() && name != "-" && !(strings.Contains(options, "omitempty") && x.IsZero()) {
				o = append(o, member{cmp.Or(name, f.Name), finite(x)})
			}
		}
		return o
	}
	return v.Interface()
}
