package serve

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/leadcast/leadcast/datasets"
)

// longestValue is the number of bytes of a value that is shown: a longer one is
// more likely somebody's words than one of a set.
const longestValue = 48

// plainName makes a column's name readable: "lead_source" → "Lead source".
func plainName(column string) string {
	t := strings.TrimSpace(strings.NewReplacer("_", " ", ".", " ", "(", "", ")", "").Replace(visible(shorten(column))))
	if t == "" {
		return visible(column)
	}
	return upper(t)
}

// upper begins a text with a capital.
func upper(text string) string {
	r, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[n:]
}

// visible writes every character that could hide, or turn the order of the text
// around it, as the sign for what cannot be shown (Unicode Technical Report 36).
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// inWords says a reason: "Source is Webinar", or the column alone where its
// value may be personal.
func (s *Server) inWords(raw *datasets.Table, row int, column string) string {
	name := plainName(column)
	c := raw.Column(column)
	if c == nil || row >= c.Texts.Len() || !s.manifest.MayShow(column) {
		return name
	}
	switch v := c.Texts.At(row); {
	case v == "":
		return name + " is empty"
	case len(v) > longestValue:
		return name
	default:
		return name + " is " + visible(v)
	}
}

// The texts of numbers on pages.

func percent(p float64) string {
	switch {
	case math.IsNaN(p):
		return "–"
	case p > 0 && p < 0.0005:
		return "<\u00a00.1\u00a0%"
	case p > 0 && p < 0.0095:
		return strconv.FormatFloat(p*100, 'f', 1, 64) + "\u00a0%"
	}
	return strconv.FormatFloat(p*100, 'f', 0, 64) + "\u00a0%"
}

func points(effect float64) string {
	sign := "+"
	if effect < 0 {
		sign = "−"
	}
	return sign + strconv.FormatFloat(math.Abs(effect)*100, 'f', 1, 64)
}

// amount writes a number without decimals, its thousands apart.
func amount(f float64) string {
	if math.IsNaN(f) || math.Abs(f) > 1e15 {
		return "–"
	}
	t := strconv.FormatFloat(math.Abs(f), 'f', 0, 64)
	for i := len(t) - 3; i > 0; i -= 3 {
		t = t[:i] + "\u202f" + t[i:]
	}
	if f <= -0.5 {
		t = "−" + t
	}
	return t
}

func daysText(f float64) string {
	switch t := amount(f); t {
	case "–":
		return t
	case "1":
		return "1 day"
	default:
		return t + " days"
	}
}

// number is the number at p, NaN where there is none.
func number(p *float64) float64 {
	if p == nil {
		return math.NaN()
	}
	return *p
}

// day writes a moment of the manifest as a date to read.
func day(moment string) string {
	t, err := time.Parse(time.DateOnly, moment[:min(len(time.DateOnly), len(moment))])
	if err != nil {
		return moment
	}
	return strings.ReplaceAll(t.Format("2 January 2006"), " ", "\u00a0")
}

// date writes a moment as a date to read, where the model lives.
func (s *Server) date(micros int64) string {
	return time.UnixMicro(micros).In(s.zone).Format("2 January 2006")
}
