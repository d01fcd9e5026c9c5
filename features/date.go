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

	first, last int64
	any         bool
}

func (c *calendar) add(t int64) {
	if !c.any {
		c.any, c.first, c.last = true, t, t
	}
	c.first, c.last = min(c.first, t), max(c.last, t)
}

func (c *calendar) settle() { c.Month = c.any && datasets.Days(c.first, c.last) >= 730 }

func (c *calendar) ready() error { return nil }

func (c *calendar) outputs() []output {
	if c.Month {
		return []output{{suffix: " weekday", levels: 7}, {suffix: " month"}}
	}
	return []output{{suffix: " weekday", levels: 7}}
}

// write fills the cells of one row; Monday is weekday 0, January month 1.
func (c *calendar) write(dst []matrix.Column, row int, at time.Time) {
	dst[0].Codes[row] = int32(at.Weekday()+6) % 7
	if c.Month {
		dst[1].Nums[row] = float64(at.Month())
	}
}

// created is the moment a lead came in: its calendar parts only.
type created struct {
	calendar
	Hour bool `json:"hour"` // some leads have a time of day
}

func (c *created) learn(v *view) {
	for _, t := range v.column.Times {
		if t != datasets.NoTime {
			c.add(t)
			c.Hour = c.Hour || t%datasets.MicrosPerDay != 0
		}
	}
}

func (c *created) outputs() []output {
	if c.Hour {
		return append(c.calendar.outputs(), output{suffix: " hour"})
	}
	return c.calendar.outputs()
}

func (c *created) encode(dst []matrix.Column, v *view) {
	for i, t := range v.column.Times {
		if t == datasets.NoTime {
			blankRow(dst, i)
			continue
		}
		at := time.UnixMicro(t).UTC()
		c.write(dst, i, at)
		if c.Hour {
			dst[len(dst)-1].Nums[i] = float64(at.Hour())
		}
	}
}

// date is any other moment: how many days before as-of it was, its day of the
// month and its calendar parts. A stamp at or after as-of was not known then:
// it is missing.
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
	return append([]output{{suffix: " days before as-of"}, {suffix: " day of month"}}, d.calendar.outputs()...)
}

func (d *date) encode(dst []matrix.Column, v *view) {
	for i, t := range v.column.Times {
		asOf := v.asOf(i)
		if !known(t, asOf) {
			blankRow(dst, i)
			continue
		}
		at := time.UnixMicro(t).UTC()
		dst[0].Nums[i], dst[1].Nums[i] = datasets.Days(t, asOf), float64(at.Day())
		d.write(dst[2:], i, at)
	}
}
