package serve

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

var plainNumber = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$`)

// appendCells appends texts to a line of CSV. A text that a spreadsheet would
// take for a formula gets an apostrophe in front (OWASP, CSV injection), as in
// the tables that `leadcast score` writes.
func appendCells(line []byte, texts ...string) []byte {
	for _, t := range texts {
		if len(line) > 0 && line[len(line)-1] != '\n' {
			line = append(line, ',')
		}
		line = appendCell(line, t)
	}
	return line
}

func appendCell(line []byte, t string) []byte {
	if t == "" {
		return line
	}
	guard := strings.IndexByte("=+-@\t\r\n\x00", t[0]) >= 0 && !plainNumber.MatchString(t)
	if !guard && !strings.ContainsAny(t, "\",;|\t\r\n") && utf8.ValidString(t) && t[0] != ' ' && t[len(t)-1] != ' ' {
		return append(line, t...)
	}
	if guard {
		t = "'" + t
	}
	return append(append(append(line, '"'), strings.ReplaceAll(strings.ToValidUTF8(t, "\ufffd"), `"`, `""`)...), '"')
}
