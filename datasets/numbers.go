package datasets

import (
	"math"
	"slices"
	"strings"
)

// census counts the cells of a column when it is read as numbers with one
// decimal sign.
type census struct {
	plain, bounds, codes, odd int
	marked                    int // cells with a unit
	distinct                  int // distinct plain values
	integers                  bool
	least                     float64
	units                     []string
	firstOdd, firstBound      int
}

func (p *profile) census(decimal byte) census {
	c := census{integers: true, least: math.Inf(1), firstOdd: -1, firstBound: -1}
	for _, l := range p.levels {
		n, ok := parseNumber(l.text, decimal)
		switch {
		case !ok:
			c.odd += l.count
			if c.firstOdd < 0 || l.first < c.firstOdd {
				c.firstOdd = l.first
			}
			continue
		case n.bound:
			c.bounds += l.count
			if c.firstBound < 0 {
				c.firstBound = l.first
			}
		default:
			c.plain += l.count
			c.distinct++
		}
		if n.code {
			c.codes += l.count
		}
		c.least = min(c.least, n.value)
		if n.value != math.Trunc(n.value) {
			c.integers = false
		}
		if n.unit != "" {
			c.marked += l.count
			if !slices.Contains(c.units, n.unit) {
				c.units = append(c.units, n.unit)
			}
		}
	}
	return c
}

// decimal finds the decimal sign of a column from the cells that can be read
// with one sign only; twoWays counts the cells that could have meant another
// number. comma says what other columns of the table tell.
func (p *profile) decimal(f *finding, comma bool) (sign byte, twoWays int) {
	differ, grouped := 0, 0
	f.firstPoint, f.firstComma = -1, -1
	for _, l := range p.levels {
		if strings.IndexByte(l.text, ',') < 0 && strings.IndexByte(l.text, '.') < 0 {
			continue
		}
		a, point := parseNumber(l.text, '.')
		b, comma := parseNumber(l.text, ',')
		switch {
		case point && comma && a.value != b.value:
			differ += l.count
			if strings.IndexByte(l.text, ',') >= 0 {
				grouped += l.count
			}
		case point && !comma:
			if f.points += l.count; f.firstPoint < 0 {
				f.firstPoint = l.first
			}
		case comma && !point:
			if f.commas += l.count; f.firstComma < 0 {
				f.firstComma = l.first
			}
		}
	}
	switch {
	case f.points == 0 && f.commas == 0:
		f.twoWays = differ > 0
		if comma && f.twoWays {
			return ',', differ
		}
		return '.', grouped
	case f.commas > f.points:
		return ',', 0
	}
	return '.', 0
}

// noNumber forgets what the column said of decimal signs.
func (f *finding) noNumber() { f.points, f.commas, f.twoWays = 0, 0, false }

// numbers tries to read a column as numbers; forced says that somebody has
// said so, and half of the cells are then enough.
func (in *inference) numbers(f *finding, p *profile, forced bool) bool {
	sign, ambiguous := p.decimal(f, in.comma)
	c := p.census(sign)
	if forced && min(f.points, f.commas) > oddAllowed(p.filled) {
		f.err = p.fail(f.firstComma, "numbers are written in two ways, here with a decimal comma, like 1.234,50, and at %s with a decimal point, like 1,234.50 (%d and %d cells): write them in one way, or read the column as words with --kind %s=category",
			p.at(f.firstPoint), f.commas, f.points, p.name)
		return false
	}
	good := c.plain + c.bounds
	enough := good > 0 && c.odd <= oddAllowed(p.filled)
	if forced {
		enough = 2*good >= p.filled
	}
	if !enough {
		if 2*good > p.filled {
			f.notes = append(f.notes, p.note("not read as a number: %d of %d cells are none (the first at %s)", c.odd, p.filled, p.at(c.firstOdd)))
		}
		f.noNumber()
		return false
	}
	if len(c.units) > 1 {
		f.noNumber()
		if forced {
			f.err = p.fail(-1, "its amounts carry different units (%s): convert them first, or write the currency in a column of its own (--currency, --rates)", strings.Join(c.units, ", "))
		} else {
			f.notes = append(f.notes, p.note("not read as a number: its amounts carry different units (%s)", strings.Join(c.units, ", ")))
		}
		return false
	}
	if !forced && in.code(f, p, c) {
		return true
	}
	if !forced && c.bounds > 0 && c.distinct <= 50 {
		f.noNumber()
		f.notes = append(f.notes, p.note("read as a category: open bounds such as \"20+\", %d of them (the first at %s)", c.bounds, p.at(c.firstBound)))
		return false
	}
	p.asNothing()
	f.field.Kind, f.field.Bounds = Number, c.bounds > 0
	if sign == ',' {
		f.field.Decimal = ","
	}
	if len(c.units) == 1 {
		f.field.Unit = c.units[0]
	}
	p.tellNumbers(f, c, ambiguous)
	return true
}

// tellNumbers notes what was not plain about a column of numbers.
func (p *profile) tellNumbers(f *finding, c census, ambiguous int) {
	tell := func(format string, args ...any) { f.notes = append(f.notes, p.note(format, args...)) }
	switch {
	case ambiguous > 0 && f.field.Decimal == ",":
		tell("numbers such as 1,234, read with a decimal comma as other columns of the table have it: %d", ambiguous)
	case ambiguous > 0:
		tell("numbers such as 1,234, read as thousands though nothing in the table tells: %d", ambiguous)
	}
	if good := c.plain + c.bounds; f.field.Unit == "%" && c.marked < good {
		tell("numbers without %% sign, read as percents like the others: %d of %d", good-c.marked, good)
	}
	if c.bounds > 0 {
		tell("open bounds such as \"20+\", read as the bound: %d (the first at %s)", c.bounds, p.at(c.firstBound))
	}
	if c.odd > 0 {
		tell("cells that are no numbers, read as missing: %d of %d (the first at %s)", c.odd, p.filled, p.at(c.firstOdd))
	}
}

// code recognises integers that are names: telephone numbers are text,
// distinct ones an id, repeated ones a category. Only the header can tell, but
// for leading zeros and more digits than a number keeps.
func (in *inference) code(f *finding, p *profile, c census) bool {
	coded := c.codes > 0 && 100*c.codes >= p.filled
	if !c.integers || c.bounds > 0 || c.odd > 0 && !coded {
		return false
	}
	distinct := 100*len(p.levels) >= 95*p.filled
	switch {
	case c.least >= 1e6 && hasWord(p.name, phoneWords):
		f.field.Kind = Text
	case distinct && p.filled > 1 && (endsIn(p.name, idWords) || coded && p.filled >= 10):
		f.field.Kind = ID
	case coded || endsIn(p.name, codeWords) && !hasWord(p.name, countWords) && len(c.units) == 0:
		f.field.Kind = Category
	default:
		return false
	}
	f.noNumber()
	return true
}

// yes and no are the words of booleans, in lower case.
var (
	yes = []string{"yes", "true", "y", "t", "1"}
	no  = []string{"no", "false", "n", "f", "0"}
)

// bools recognises yes/no columns: only such words, and unless forced at least
// one of them not 1 or 0, and single letters only where both answers occur.
func (p *profile) bools(f *finding, forced bool) bool {
	words, letters, ups, downs := 0, 0, 0, 0
	for _, l := range p.levels {
		s := strings.ToLower(l.text)
		switch {
		case slices.Contains(yes, s):
			ups++
		case slices.Contains(no, s):
			downs++
		default:
			return false
		}
		switch {
		case len(s) > 1:
			words++
		case !isDigit(s[0]):
			letters++
		}
	}
	if !forced && words == 0 && (letters == 0 || ups == 0 || downs == 0) {
		return false
	}
	p.asNothing()
	f.field.Kind = Bool
	return true
}
