package datasets

import (
	"fmt"
	"slices"
	"strings"
)

// level is one distinct text of a column.
type level struct {
	text  string
	count int
	first int // the first row it stood in
}

// profile is a whole raw column as its distinct values, in order of first
// appearance: every question about the column is asked once a value.
type profile struct {
	table   *Table
	name    string
	filled  int     // cells that are neither blank nor a missing token
	levels  []level // without blanks and missing tokens
	missing []level // tokens that stand for nothing whatever the column holds
	unclear []level // tokens that stand for nothing where the column holds numbers or times
}

// Tokens that people and programs write where there is nothing. Errors of
// spreadsheets count; so do the prompts of pick lists.
var (
	missingTokens = []string{"Select", "NULL", "null", "Null", "N/A", "n/a", "N/a", "NA", "na", "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!",
		"-", "--", "---", "?", "nan", "NaN", "NAN", "NaT", "<NA>", `\N`, "-None-", "--None--", "(blank)", "(null)"}
	unclearTokens = []string{"None", "none", "NONE", "0000-00-00", "0000-00-00 00:00:00"}
	regions       = []string{"EMEA", "APAC", "LATAM", "AMER", "EU", "ROW", "JAPAC", "DACH"}
)

func newProfile(t *Table, c *Column, extra []string) *profile {
	p := &profile{table: t, name: c.Name}
	var all []level
	seen := make(map[string]int32, 64)
	for i := range c.Texts.Len() {
		s := trim(c.Texts.At(i))
		if s == "" {
			continue
		}
		k, ok := seen[s]
		if !ok {
			k = int32(len(all))
			seen[s] = k
			all = append(all, level{s, 0, i})
		}
		all[k].count++
	}
	keepNA := isRegion(all)
	for _, l := range all {
		switch {
		case slices.Contains(extra, l.text), len(l.text) <= 8 && slices.Contains(missingTokens, l.text) && !(keepNA && l.text == "NA"):
			p.missing = append(p.missing, l)
		case len(l.text) <= 20 && slices.Contains(unclearTokens, l.text):
			p.unclear = append(p.unclear, l)
		default:
			p.levels = append(p.levels, l)
			p.filled += l.count
		}
	}
	return p
}

// isRegion tells whether "NA" is North America or Namibia: the column names
// regions, or nothing but codes of two capital letters.
func isRegion(levels []level) bool {
	codes, others := 0, 0
	for _, l := range levels {
		switch s := l.text; {
		case s == "NA" || slices.Contains(missingTokens, s):
		case slices.Contains(regions, s):
			return true
		case len(s) == 2 && 'A' <= s[0] && s[0] <= 'Z' && 'A' <= s[1] && s[1] <= 'Z':
			codes++
		default:
			others++
		}
	}
	return codes >= 3 && others == 0
}

// asNothing takes the unclear tokens for missing values; asWords takes them
// for levels like any other.
func (p *profile) asNothing() { p.missing, p.unclear = append(p.missing, p.unclear...), nil }

func (p *profile) asWords() {
	for _, l := range p.unclear {
		p.levels = append(p.levels, l)
		p.filled += l.count
	}
	p.unclear = nil
}

// oddAllowed is how many cells may break the rule of a column that is
// otherwise of one kind: 2 %, from ten cells on at least one.
func oddAllowed(filled int) int {
	if filled < 10 {
		return 0
	}
	return max(1, filled/50)
}

func (p *profile) at(row int) string { return p.table.At(row) }

func (p *profile) note(format string, args ...any) Note {
	return Note{Column: p.name, Row: -1, Message: fmt.Sprintf(format, args...)}
}

func (p *profile) fail(row int, format string, args ...any) error {
	e := &Error{Column: p.name, Message: fmt.Sprintf(format, args...)}
	if row >= 0 {
		e.Place = p.at(row)
	}
	return e
}

// missingNote says which tokens were taken for missing, with counts.
func (p *profile) missingNote(f *Field, notes []Note) []Note {
	if len(p.missing) == 0 {
		return notes
	}
	var said []string
	for _, l := range p.missing {
		f.Missing = append(f.Missing, strings.Clone(l.text)) // or the schema would hold the whole column
		said = append(said, fmt.Sprintf("%q (%d)", l.text, l.count))
	}
	slices.Sort(f.Missing)
	return append(notes, p.note("read as missing: %s", strings.Join(said, ", ")))
}

// trim is strings.TrimSpace with a short way for the usual cell.
func trim(s string) string {
	if n := len(s); n > 0 && s[0] > ' ' && s[0] < 0x80 && s[n-1] > ' ' && s[n-1] < 0x80 {
		return s
	}
	return strings.TrimSpace(s)
}
