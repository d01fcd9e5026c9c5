package serve

import (
	"cmp"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/leadcast/leadcast/datasets"
)

// export answers GET /leads.csv: the filtered queue as a table.
func (s *Server) export(w *reply, r *http.Request) error {
	if s.board == nil {
		return notFound.problem("the server was started without --leads")
	}
	b := s.board
	f, _ := b.filter(r.URL.Query())
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="leads.csv"`)
	id := cmp.Or(s.manifest.Schema.Roles.ID, "lead")
	line := appendCells(appendCell(nil, id), "p_win", "grade", "expected_value", "cycle_p50_days", "open_days")
	columns := b.exported()
	for _, c := range columns {
		line = appendCells(line, c.Name)
	}
	for _, row := range b.find(&f).rows {
		line = appendCell(append(line, '\n'), row.id)
		line = appendFigures(line, row.Win)
		line = appendCells(line, row.Grade)
		line = appendFigures(line, row.Value, row.Cycle, row.Age)
		for _, c := range columns {
			text := c.Texts.At(row.Row)
			if len(text) > longestValue { // nor does the queue show it
				text = ""
			}
			line = appendCells(line, text)
		}
		if len(line) > 1<<16 {
			if _, err := w.Write(line); err != nil {
				return nil // nobody is there any more
			}
			line = line[:0]
		}
	}
	w.Write(append(line, '\n'))
	return nil
}

// exported are the columns of the table: those that the queue shows or can be
// filtered by.
func (b *board) exported() []*datasets.Column {
	var list []*datasets.Column
	for _, f := range b.facets {
		list = append(list, b.leads.Column(f.column))
	}
	for _, name := range b.show {
		if c := b.leads.Column(name); !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	return list
}

// appendCells appends further texts to a line of CSV.
func appendCells(line []byte, texts ...string) []byte {
	for _, t := range texts {
		line = appendCell(append(line, ','), t)
	}
	return line
}

// appendCell appends a text of CSV. One that a spreadsheet would take for a
// formula gets an apostrophe in front (OWASP, CSV injection), as in the tables
// that `leadcast score` writes.
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

// appendFigures appends cells of numbers, empty where unknown.
func appendFigures(line []byte, figures ...float64) []byte {
	for _, x := range figures {
		if line = append(line, ','); !math.IsNaN(x) {
			line = appendNumber(line, &x)
		}
	}
	return line
}

// plainNumber is what may begin with a sign.
var plainNumber = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$`)
