package features

import (
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models/matrix"
)

// calendar is what a date says apart from how long ago it was, in UTC. Nothing
// in it may stand for the absolute time: a model would learn the past's ups
// and downs by heart and carry the last one into the future.
type calendar struct {
	Month bool `json:"month"` // the dates span two years, so that a month is a season and not a date in disguise
	Hour  bool `json:"hour"`  // some have a time of day

	first, last int64
	any         bool
}

func (c *calendar) add(t int64) {
	if !c.any {
		c.any, c.first, c.last = true, t, t
	}
	c.first, c.last = min(c.first, t), max(c.last, t)
	c.Hour = c.Hour || t%datasets.MicrosPerDay != 0
}

func (c *calendar) settle() { c.Month = c.any && datasets.Days(c.first, c.last) >= 730 }

func (c *calendar) ready() error { return nil }

func (c *calendar) outputs() []output {
	out := []output{{suffix: " weekday", levels: 7}, {suffix: " day of month"}}
	if c.Month {
		out = append(out, output{suffix: " month"})
	}
	if c.Hour {
		out = append(out, output{suffix: " hour"})
	}
	return out
}

// write fills the cells of one row; Monday is weekday 0, January month 1.
func (c *calendar) write(dst []matrix.Column, row int, t int64) {
	at := time.UnixMicro(t).UTC()
	dst[0].Codes[row] = int32(at.Weekday()+6) % 7
	dst[1].Nums[row] = float64(at.Day())
	rest := dst[2:]
	if c.Month {
		rest[0].Nums[row] = float64(at.Month())
		rest = rest[1:]
	}
	if c.Hour {
		rest[0].Nums[row] = float64(at.Hour())
	}
}

// created is the moment a lead came in: its calendar parts only.
type created struct{ calendar }

func (c *created) learn(v *view) {
	for _, t := range v.column.Times {
		if t != datasets.NoTime {
			c.add(t)
		}
	}
}

func (c *created) encode(dst []matrix.Column, v *view) {
	for i, t := range v.column.Times {
		if t == datasets.NoTime {
			blankRow(dst, i)
			continue
		}
		c.write(dst, i, t)
	}
}

// date is any other moment: how many days before as-of it was, and its
// calendar parts. A stamp at or after as-of was not known then: it is missing.
type date struct{ calendar }

func (d *date) learn(v *view) {
	for i, t := range v.column.Times {
		if known(t, v.asOf(i)) {
			d.add(t)
		}
	}
}

// known reports whether a stamp is there and before as-of. Where there is no
// as-of nothing is known to be later.
func known(t, asOf int64) bool {
	return t != datasets.NoTime && (asOf == datasets.NoTime || t < asOf)
}

func (d *date) outputs() []output {
	return append([]output{{suffix: " days before as-of"}}, d.calendar.outputs()...)
}

func (d *date) encode(dst []matrix.Column, v *view) {
	for i, t := range v.column.Times {
		asOf := v.asOf(i)
		if !known(t, asOf) {
			blankRow(dst, i)
			continue
		}
		dst[0].Nums[i] = datasets.Days(t, asOf)
		d.write(dst[1:], i, t)
	}
}
