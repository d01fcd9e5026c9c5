package csv

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
)

// layout is how a text is cut, as found from its beginning.
type layout struct {
	sep, eol byte
	skip     int // bytes of a first line such as "sep=;", which spreadsheets write
}

// sniff finds the layout from the first lines. sep is given or 0.
func sniff(head []byte, sep byte) layout {
	l := layout{sep: sep, eol: lineEnd(head)}
	if m := directive.Find(head); m != nil {
		l.skip = len(m)
		if sep == 0 {
			l.sep = bytes.TrimLeft(m[bytes.IndexByte(m, '=')+1:], " ")[0]
		}
	}
	if l.sep == 0 {
		l.sep = separator(head[l.skip:], l.eol)
	}
	return l
}

var directive = regexp.MustCompile(`^(?i:"?sep=[,;|\t]"?)(\r\n|\n|\r)`)

// lineEnd is LF, unless the text has only lone CRs outside quotes.
func lineEnd(head []byte) byte {
	quoted, cr := false, false
	for _, c := range head {
		switch {
		case c == '"':
			quoted = !quoted
		case c == '\n' && !quoted:
			return '\n'
		case c == '\r' && !quoted:
			cr = true
		}
	}
	if cr && bytes.IndexByte(head, '\n') < 0 {
		return '\r'
	}
	return '\n'
}

// separator chooses the character by which most of the first lines have as
// many cells as the first one; among equals the one with the most cells.
func separator(head []byte, eol byte) byte {
	best, bestShare, bestWidth := byte(','), 0.0, 1
	for _, sep := range []byte(",;\t|") {
		width, same, lines := 0, 0, 0
		for b := head; len(b) > 0 && lines < 200; {
			cells, n := cellsIn(b, sep, eol)
			if n == len(b) && lines > 0 {
				break // may be cut off
			}
			b = b[n:]
			if cells == 0 {
				continue
			}
			if lines++; width == 0 {
				width = cells
			}
			if cells == width {
				same++
			}
		}
		if width < 2 {
			continue
		}
		share := float64(same) / float64(lines)
		if share > bestShare || share == bestShare && width > bestWidth {
			best, bestShare, bestWidth = sep, share, width
		}
	}
	return best
}

// cellsIn counts the cells of the line at the start of b, 0 for a blank one,
// and its bytes. Quotes count where a cell begins with one, or are doubled.
func cellsIn(b []byte, sep, eol byte) (cells, n int) {
	start, quoted, closed := true, false, -2
	cells = 1
	for i, c := range b {
		switch {
		case c == '"' && quoted:
			quoted, closed = false, i
		case c == '"' && (start || closed == i-1):
			quoted, start = true, false
		case quoted:
		case c == sep:
			cells++
			start = true
		case c == eol:
			if cells == 1 && len(bytes.TrimSpace(b[:i])) == 0 {
				cells = 0
			}
			return cells, i + 1
		case c != ' ':
			start = false
		}
	}
	return cells, len(b)
}

var (
	dateLike = regexp.MustCompile(`^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b`)
	mailLike = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
)

// values reports whether a first line looks like a row of values rather than
// names: it begins with a number, has an e-mail address, or at least half of
// it are numbers and dates.
func values(names []string) bool {
	plain := 0
	for i, n := range names {
		_, err := strconv.ParseFloat(n, 64)
		number := err == nil && strings.ContainsAny(n, "0123456789")
		if mailLike.MatchString(n) || number && i == 0 && len(names) > 1 {
			return true
		}
		if number || dateLike.MatchString(n) {
			plain++
		}
	}
	return plain > 0 && 2*plain >= len(names)
}

// Lines that report writers put under a table. A short line may say any of
// these things; a line as wide as the table only counts as a total when its
// first cell says nothing else.
var (
	footerLine = regexp.MustCompile(`(?i)^((grand |sub-?)?totals?\b|confidential\b|copyright\b|\(c\) |©|generated (by|on|at)\b|report (generated|run|created|name)\b|exported (by|on|at)\b|filtered by\b|end of (report|file)\b|record count\b|\(?\d+ (rows?|records?)\b)`)
	totalCell  = regexp.MustCompile(`(?i)^(grand |sub-?)?totals?\s*:?\s*(\(.*\))?$`)
)
