package features

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// The bytes of an encoder are JSON: a list of the spec's columns, each with
// what its feature learned.
type document struct {
	Format  int      `json:"format"`
	Columns []record `json:"columns"`
}

type record struct {
	ColumnSpec
	Learned json.RawMessage `json:"learned"`
}

const format = 1

// AppendBinary appends the encoder's bytes. They hold no value that fewer
// than twenty leads share, and no fingerprint of one that fewer than five share.
func (e *Encoder) AppendBinary(b []byte) ([]byte, error) {
	d := document{Format: format, Columns: make([]record, len(e.columns))}
	for i, f := range e.columns {
		learned, err := json.Marshal(f.feature)
		if err != nil {
			return nil, fmt.Errorf("features: column %q: %w", f.Column, err)
		}
		d.Columns[i] = record{f.ColumnSpec, learned}
	}
	text, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("features: %w", err)
	}
	return append(b, text...), nil
}

// Decode reads what AppendBinary wrote. Bytes from elsewhere are an error or
// a sound encoder, never a panic; memory is bounded by a multiple of their length.
func Decode(b []byte) (*Encoder, error) {
	var d document
	if err := strictly(b, &d); err != nil {
		return nil, fmt.Errorf("features: not an encoder: %w", err)
	}
	if d.Format != format {
		return nil, fmt.Errorf("features: encoder of format %d, this program reads %d", d.Format, format)
	}
	var s Spec
	for _, r := range d.Columns {
		s.Columns = append(s.Columns, r.ColumnSpec)
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	e := &Encoder{columns: make([]fitted, 0, len(d.Columns))}
	for _, r := range d.Columns {
		k := kinds[lookup(r.Kind)]
		f := fitted{ColumnSpec: r.ColumnSpec, reads: k.reads, feature: k.make(r.ColumnSpec)}
		if err := strictly(r.Learned, f.feature); err != nil {
			return nil, fmt.Errorf("features: column %q as %s: %w", r.Column, r.Kind, err)
		}
		e.columns = append(e.columns, f)
	}
	return e.lay()
}

// strictly reads exactly one JSON object without unknown keys.
func strictly(b []byte, into any) error {
	if !bytes.HasPrefix(b, []byte("{")) {
		return errors.New("no object")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more than one value")
	}
	return nil
}
