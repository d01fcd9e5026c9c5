package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// clean makes a text of the CRM fit to be shown: control characters and those
// that turn the direction of writing are replaced, and it has one line of at
// most 60 characters.
func clean(s string) string { return cut(s, 60) }

// words makes a sentence fit to be shown, as clean does.
func words(s string) string { return cut(s, 1000) }

func cut(s string, most int) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > most {
			b.WriteRune('…')
			break
		}
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			b.WriteRune(' ')
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar || unicode.Is(unicode.Noncharacter_Code_Point, r):
			b.WriteRune('�')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// plain makes a column's name readable: "lead_source" → "Lead source".
func plain(column string) string {
	t := strings.TrimSpace(strings.NewReplacer("_", " ", ".", " ", "(", "", ")", "").Replace(clean(column)))
	if t == "" {
		return clean(column)
	}
	r := []rune(t)
	return string(unicode.ToUpper(r[0])) + string(r[1:])
}

// whole writes a count with separators: 12,000.
func whole(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// money writes an amount: 950, 12,400, 1.25M.
func money(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1e9:
		return strconv.FormatFloat(v/1e9, 'f', 2, 64) + "bn"
	case a >= 1e6:
		return strconv.FormatFloat(v/1e6, 'f', 2, 64) + "M"
	case a >= 1e4:
		return whole(int(math.Round(v/100) * 100))
	}
	return whole(int(math.Round(v)))
}

// rough writes a number with two digits that count, which says what it is
// like and not whose it is.
func rough(v float64) string {
	if v < 0 {
		return "−" + rough(-v)
	}
	if v == math.Trunc(v) && v < 100 {
		return strconv.Itoa(int(v))
	}
	if v = twoDigits(v); v >= 100 && v < 1e9 {
		return whole(int(math.Round(v)))
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}

// twoDigits rounds to two digits that count; smaller whole numbers stay.
func twoDigits(v float64) float64 {
	if v == math.Trunc(v) && math.Abs(v) < 100 {
		return v
	}
	scale := math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-1)
	return math.Round(v/scale) * scale
}

func yesNo(v float64) string {
	if v != 0 {
		return "yes"
	}
	return "no"
}

const nbsp = "\u00a0" // between a number and its sign

// percent writes a share: 0.4 %, 4.1 %, 41 %.
func percent(p float64) string {
	switch a := math.Abs(100 * p); {
	case math.IsNaN(p):
		return "–"
	case a != 0 && a < 0.05:
		return "<0.1" + nbsp + "%"
	case a != 0 && a < 9.95:
		return strconv.FormatFloat(100*p, 'f', 1, 64) + nbsp + "%"
	}
	return strconv.FormatFloat(100*p, 'f', 0, 64) + nbsp + "%"
}

// tenths writes a share with one digit after the point, for shares that stand
// side by side.
func tenths(p float64) string { return strconv.FormatFloat(100*p, 'f', 1, 64) + nbsp + "%" }

// points writes a difference of shares: +4.1 points.
func points(p float64) string {
	s := strconv.FormatFloat(math.Abs(100*p), 'f', 1, 64)
	if s == "0.0" {
		return "±0 points"
	}
	if p < 0 {
		return "−" + s + " points"
	}
	return "+" + s + " points"
}

// effect writes a mean change without its direction.
func effect(p float64) string {
	if p < unseen {
		return "below 0.1 points"
	}
	return strings.TrimPrefix(points(p), "+")
}

// inDays writes a number of days.
func inDays(d *float64) string {
	if d == nil || math.IsNaN(*d) {
		return "–"
	}
	if *d < 9.95 && *d != math.Trunc(*d) {
		return strconv.FormatFloat(*d, 'f', 1, 64)
	}
	return strconv.FormatFloat(*d, 'f', 0, 64)
}

// longDay writes a day as people do: 10 July 2017.
func longDay(day string) string {
	t, err := time.Parse(time.DateOnly, day[:min(len(day), len(time.DateOnly))])
	if err != nil {
		return day
	}
	return t.Format("2 January 2006")
}

// enumerate joins words: a, b and c.
func enumerate(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// sorted keeps the entries that count, in the order of their keys.
func sorted[T any](entries []T, key func(T) (string, bool)) []T {
	kept := slices.DeleteFunc(entries, func(e T) bool { _, ok := key(e); return !ok })
	slices.SortFunc(kept, func(a, b T) int {
		x, _ := key(a)
		y, _ := key(b)
		return strings.Compare(x, y)
	})
	return kept
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%s %s", whole(n), many)
}
