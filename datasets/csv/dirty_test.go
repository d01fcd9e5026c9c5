package csv

import (
	"bytes"
	"compress/gzip"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// told says all that comes of reading files: each row as "place cell|cell",
// the notes behind "#", an error behind "!".
func told(s *Source, err error) string {
	var b strings.Builder
	if err == nil {
		head := false
		for block, e := range s.Blocks(context.Background()) {
			if err = e; e != nil {
				break
			}
			if !head {
				b.WriteString(strings.Join(block.Names(), "|") + "\n")
				head = true
			}
			for i := range block.Rows {
				b.WriteString(block.At(i) + " ")
				for j, c := range block.Columns {
					if j > 0 {
						b.WriteByte('|')
					}
					b.WriteString(c.Texts.At(i))
				}
				b.WriteByte('\n')
			}
		}
		for _, n := range s.Notes() {
			b.WriteString("# " + n.Message + "\n")
		}
	}
	if err != nil {
		b.WriteString("! " + err.Error() + "\n")
	}
	return b.String()
}

func latin(s string) string {
	b, _ := charmap.Windows1252.NewEncoder().String(s)
	return b
}

func wide(s string, order unicode.Endianness, bom unicode.BOMPolicy) string {
	b, _ := unicode.UTF16(order, bom).NewEncoder().String(s)
	return b
}

func gz(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.String()
}

func zst(s string) string {
	w, _ := zstd.NewWriter(nil)
	return string(w.EncodeAll([]byte(s), nil))
}

// many repeats a line, with a number in it, n times.
func many(n int, line string) string { return strings.Repeat(line, n) }

// dirty holds files as they come, and what is made of each. A file is f.csv
// unless the text has several, each behind a line "== name".
var dirty = []struct {
	name    string
	options Options
	text    string
	want    string
}{
	{"plain", Options{}, "id,name\n1,Ann\n2,Bob\n",
		`id|name
f.csv:2 1|Ann
f.csv:3 2|Bob
`},
	{"no line end at the end", Options{}, "id,name\n1,Ann",
		`id|name
f.csv:2 1|Ann
`},
	{"carriage returns and line feeds", Options{}, "id,name\r\n1,Ann\r\n",
		`id|name
f.csv:2 1|Ann
`},
	{"mixed line ends", Options{}, "id,name\r\n1,Ann\n2,Bob\r\n",
		`id|name
f.csv:2 1|Ann
f.csv:3 2|Bob
`},
	{"carriage returns alone", Options{}, "id,name\r1,Ann\r2,\"Bo\rb\"\r",
		"id|name\nf.csv:2 1|Ann\nf.csv:3 2|Bo\rb\n# f.csv: its lines end in CR alone\n"},
	{"UTF-8 mark", Options{}, "\ufeffid,name\n1,Zoë\n",
		`id|name
f.csv:2 1|Zoë
`},
	{"UTF-8 mark before a quote", Options{}, "\ufeff\"id\",\"name\"\n1,Zoë\n",
		`id|name
f.csv:2 1|Zoë
`},
	{"Windows-1252", Options{}, latin("id,name\n1,Zoë €5\n2,Ann\n"),
		`id|name
f.csv:2 1|Zoë €5
f.csv:3 2|Ann
# f.csv: read as Windows-1252, for it is not UTF-8
`},
	{"Windows-1252 late in the file", Options{}, "id,name\n" + many(5, "1,Ann\n") + latin("2,Zoë\n"),
		`id|name
f.csv:2 1|Ann
f.csv:3 1|Ann
f.csv:4 1|Ann
f.csv:5 1|Ann
f.csv:6 1|Ann
f.csv:7 2|Zoë
# f.csv: read as Windows-1252, for it is not UTF-8
`},
	{"UTF-8 with one foreign byte", Options{}, "id,name\n1,Zoë\n2,Löwe\n3,Zo\xeb\n",
		`! f.csv:4: bytes that are not UTF-8 in a file that is otherwise UTF-8: save it again as UTF-8
`},
	{"UTF-8 with one foreign byte, skipped", Options{MaxErrors: 1}, "id,name\n1,Zoë\n2,Löwe\n3,Zo\xeb\n4,x\n",
		`id|name
f.csv:2 1|Zoë
f.csv:3 2|Löwe
f.csv:5 4|x
# f.csv: line 4, skipped: bytes that are not UTF-8 in a file that is otherwise UTF-8: save it again as UTF-8
`},
	{"neither UTF-8 nor Windows-1252", Options{}, "id,name\n1,\x83\x81\x83\x5c\n",
		`! f.csv:2: bytes that are neither UTF-8 nor Windows-1252: save the file as UTF-8
`},
	{"UTF-16 little endian", Options{}, wide("id,name\n1,Zoë\n", unicode.LittleEndian, unicode.UseBOM),
		`id|name
f.csv:2 1|Zoë
# f.csv: read as UTF-16
`},
	{"UTF-16 big endian, tabs", Options{}, wide("id\tname\r\n1\tZoë\r\n", unicode.BigEndian, unicode.UseBOM),
		`id|name
f.csv:2 1|Zoë
# f.csv: read as UTF-16
# f.csv: the separator is a tab
`},
	{"UTF-16 without a mark", Options{}, wide("id,name\n1,Zoë\n", unicode.LittleEndian, unicode.IgnoreBOM),
		`id|name
f.csv:2 1|Zoë
# f.csv: read as UTF-16
`},
	{"semicolons and decimal commas", Options{}, "id;amount\n1;3,5\n2;4,5\n",
		`id|amount
f.csv:2 1|3,5
f.csv:3 2|4,5
# f.csv: the separator is a semicolon
`},
	{"tabs", Options{}, "id\tname\n1\tAnn, B\n",
		`id|name
f.csv:2 1|Ann, B
# f.csv: the separator is a tab
`},
	{"tabs and empty cells", Options{}, "id\tname\ta\tb\n1\t\t\t\n\t\t\t2\n",
		`id|name|a|b
f.csv:2 1|||
f.csv:3 |||2
# f.csv: the separator is a tab
`},
	{"bars", Options{}, "id|name\n1|Ann, B\n",
		`id|name
f.csv:2 1|Ann, B
# f.csv: the separator is a bar
`},
	{"separator said by a spreadsheet", Options{}, "sep=;\nid;a,b\n1;2\n",
		`id|a,b
f.csv:3 1|2
# f.csv: the separator is a semicolon
`},
	{"separator given", Options{Comma: ';'}, "id,x;name,y\n1;2\n",
		`id,x|name,y
f.csv:2 1|2
`},
	{"commas inside quotes do not count", Options{}, "\"a, b, c\";d\n\"x, y, z\";2\n",
		`a, b, c|d
f.csv:2 x, y, z|2
# f.csv: the separator is a semicolon
`},
	{"one column", Options{}, "email\nann@example.com\n\"\"\nbob@example.com\n",
		`email
f.csv:2 ann@example.com
f.csv:3 
f.csv:4 bob@example.com
`},
	{"blanks around cells", Options{}, " id , name \n 1 ,  <=50K \n2 , \"a \"  \n",
		`id|name
f.csv:2 1|<=50K
f.csv:3 2|a
`},
	{"quotes doubled, line ends inside", Options{}, "id,note\n1,\"said \"\"no\"\"\nthen left\"\n2,x\n",
		`id|note
f.csv:2 1|said "no"
then left
f.csv:4 2|x
`},
	{"doubled quotes around separators", Options{}, "id;note\n1;\"said \"\"a; b; c\"\", left\"\n2;\"\"\"a; b; c\"\"\"\n3;x\n", `id|note
f.csv:2 1|said "a; b; c", left
f.csv:3 2|"a; b; c"
f.csv:4 3|x
# f.csv: the separator is a semicolon
`},
	{"quote in the middle of a cell", Options{}, "id,size\n1,5\" pipe\n2,x\n",
		`id|size
f.csv:2 1|5" pipe
f.csv:3 2|x
`},
	{"quote not doubled", Options{}, "id,note\n1,\"said \"no\" again\"\n2,x\n",
		`! f.csv:2: a quote inside a quoted cell is not doubled, or a quote before it is not closed: write "" for a quote inside a cell
`},
	{"quote not doubled, skipped", Options{MaxErrors: 1}, "id,note\n1,\"said \"no\" again\"\n2,x\n",
		`id|note
f.csv:3 2|x
# f.csv: line 2, skipped: a quote inside a quoted cell is not doubled, or a quote before it is not closed: write "" for a quote inside a cell
`},
	{"quote never closed", Options{}, "id,note\n1,a\n2,\"open\n3,x\n" + many(50, "4,y\n"),
		`! f.csv:3: a quote that opens here is never closed: double the quotes inside cells, or remove it
`},
	{"quote never closed in a quoted file", Options{}, "id,note\n\"1\",\"a\"\n\"2\",\"open\n\"3\",\"x\"\n",
		`! f.csv:3: a quote inside a quoted cell is not doubled, or a quote before it is not closed: write "" for a quote inside a cell
`},
	{"quote never closed in a long file", Options{}, "id,note\n2,\"open\n" + many(300_000, "4,yyyy\n") + "\"\n",
		`! f.csv:2: a quote that opens here is never closed: double the quotes inside cells, or remove it
`},
	{"cell longer than the limit", Options{}, "id,note\n1,a\n2," + many(1<<20, "ab") + "\n",
		`! f.csv:3: a cell is longer than 1 MiB: is a quote before it never closed?
`},
	{"quoted cell longer than the limit", Options{}, "id,note\n1,a\n2,\"" + many(1<<20, "a") + "b\"\n",
		`! f.csv:3: a cell is longer than 1 MiB: is a quote before it never closed?
`},
	{"row too short", Options{}, "id,name,city\n1,Ann,Rome\n2,Bob\n3,Cy,Oslo\n",
		`! f.csv:3: 2 cells where the header has 3 columns: complete the row, or skip such rows with --max-errors
`},
	{"row too long", Options{}, "id,name\n1,Ann\n2,Bob, Inc\n",
		`! f.csv:3: 3 cells where the header has 2 columns: put cells that hold the separator in quotes, or skip such rows with --max-errors
`},
	{"rows skipped", Options{MaxErrors: 2}, "id,name,city\n1,Ann\n2,Bob,Rome\n3,Cy,Oslo,x\n4,Di,Bonn\n",
		`id|name|city
f.csv:3 2|Bob|Rome
f.csv:5 4|Di|Bonn
# f.csv: line 2, skipped: 2 cells where the header has 3 columns: complete the row, or skip such rows with --max-errors
# f.csv: line 4, skipped: 4 cells where the header has 3 columns: put cells that hold the separator in quotes, or skip such rows with --max-errors
`},
	{"more bad rows than may be skipped", Options{MaxErrors: 1}, "id,name,city\n1,Ann\n2,Bob,Rome\n3,Cy,Oslo,x\n4,Di,Bonn\n",
		`# f.csv: line 2, skipped: 2 cells where the header has 3 columns: complete the row, or skip such rows with --max-errors
! f.csv:4: 4 cells where the header has 3 columns: put cells that hold the separator in quotes, or skip such rows with --max-errors (1 row skipped before it)
`},
	{"empty cells beyond the header", Options{}, "id,name\n1,Ann,,\n2,Bob,\n",
		`id|name
f.csv:2 1|Ann
f.csv:3 2|Bob
# f.csv: 2 rows with empty cells beyond the header, which were dropped
`},
	{"title above the header", Options{}, "Lead report 2024\nid,name,city\n1,Ann,Rome\n",
		`! f.csv:2: 3 cells where the header has 1 column: if the first line is a title, delete it
`},
	{"title padded to the width of the table", Options{}, "Lead report 2024,,\nid,name,city\n1,Ann,Rome\n",
		`! f.csv:1: 1 name for 3 columns: if the first line is a title, delete it
`},
	{"quote never closed, its line skipped", Options{MaxErrors: 1}, "id,note\n\"1\",\"a\"\n\"2\",\"open\n\"3\",\"x\"\n",
		`id|note
f.csv:2 1|a
f.csv:4 3|x
# f.csv: line 3, skipped: a quote inside a quoted cell is not doubled, or a quote before it is not closed: write "" for a quote inside a cell
`},
	{"NUL bytes", Options{}, "id,name\n1,A\x00n\n" + many(20, "2,b\n"),
		`! f.csv:2: a NUL byte: the file is damaged, or no text
`},
	{"binary", Options{}, "\x01\x02\x03\x04\x05\x06\x00\x01\x02,\x03\x04\n",
		`! f.csv: is no text but a binary file: export the table as CSV
`},
	{"empty file", Options{}, "",
		`! f.csv: is empty: expected a line of column names and one line a lead
`},
	{"blank lines only", Options{}, "\n\n  \n",
		`! f.csv: has only blank lines: expected a line of column names and one line a lead
`},
	{"header only", Options{}, "id,name\n",
		`id|name
# f.csv: has column names but no rows
`},
	{"no header", Options{}, "1,Ann,2024-01-02\n2,Bob,2024-01-03\n",
		`! f.csv:1: the first line looks like a row of values, not of column names: add a line of names above it
`},
	{"no header but an address", Options{}, "Ann,ann@example.com,Rome\nBob,bob@example.com,Oslo\n",
		`! f.csv:1: the first line looks like a row of values, not of column names: add a line of names above it
`},
	{"names doubled and empty", Options{}, "id,name,,name,name_2\n1,a,b,c,d\n",
		`id|name|column_3|name_3|name_2
f.csv:2 1|a|b|c|d
# f.csv: column 3 has no name and is called "column_3"
# f.csv: column 4 has the name "name" again and is called "name_3"
`},
	{"blank lines between rows", Options{}, "id,name\n\n1,Ann\n\n\n2,Bob\n",
		`id|name
f.csv:3 1|Ann
f.csv:6 2|Bob
# f.csv: 3 blank lines skipped
`},
	{"empty row in the middle", Options{}, "id,name\n1,Ann\n,\n2,Bob\n",
		`id|name
f.csv:2 1|Ann
f.csv:3 |
f.csv:4 2|Bob
`},
	{"empty rows at the end", Options{}, "id,name,x\n1,Ann,2\n,,\n,,\n",
		`id|name|x
f.csv:2 1|Ann|2
# f.csv: 2 lines at the end, from line 3, read like a report footer and were left out
`},
	{"Salesforce report footer", Options{}, "\"Lead Owner\",\"Email\",\"Status\"\n\"Ann\",\"a@example.com\",\"Open\"\n\n\n\"Leads by owner\"\n\"Copyright (c) 2000-2024 salesforce.com, inc. All rights reserved.\"\n\"Confidential Information - Do Not Distribute\"\n\"Generated By:  Ann  1/2/2024 3:04 PM\"\n\"Example Company\"\n",
		`Lead Owner|Email|Status
f.csv:2 Ann|a@example.com|Open
# f.csv: 5 lines at the end, from line 5, read like a report footer and were left out
# f.csv: 2 blank lines skipped
`},
	{"grand totals", Options{}, "id,name,amount\n1,Ann,5\n2,Bob,6\nGrand Totals (2 records),,11\n",
		`id|name|amount
f.csv:2 1|Ann|5
f.csv:3 2|Bob|6
# f.csv: 1 line at the end, from line 4, read like a report footer and were left out
`},
	{"total of a narrow table", Options{}, "id,amount\n1,5\n2,6\nTotal,11\n",
		`id|amount
f.csv:2 1|5
f.csv:3 2|6
# f.csv: 1 line at the end, from line 4, read like a report footer and were left out
`},
	{"row count of a database", Options{}, "id,name\n1,Ann\n\n(1 rows affected)\n",
		`id|name
f.csv:2 1|Ann
# f.csv: 1 line at the end, from line 4, read like a report footer and were left out
# f.csv: 1 blank line skipped
`},
	{"a total in the middle is a row", Options{}, "id,name,amount\nTotal,,5\n2,Bob,6\n",
		`id|name|amount
f.csv:2 Total||5
f.csv:3 2|Bob|6
`},
	{"a company called Total", Options{}, "company,city,country,status\nAcme,Rome,Italy,Won\nTotal,Paris,France,Open\n",
		`company|city|country|status
f.csv:2 Acme|Rome|Italy|Won
f.csv:3 Total|Paris|France|Open
`},
	{"a short row in the middle after a blank line", Options{}, "id,name,x\n1,Ann,2\n\nBob\n3,Cy,4\n",
		`! f.csv:4: 1 cell where the header has 3 columns: complete the row, or skip such rows with --max-errors
`},
	{"too many short lines for a footer", Options{}, "id,name\n1,Ann\n" + many(21, "\nBob\n"), `! f.csv:4: 1 cell where the header has 2 columns: complete the row, or skip such rows with --max-errors
`},
	{"cut off in the last row", Options{}, "id,name,city,x\n1,Ann,Rome,2\n2,Bo",
		`! f.csv:3: 2 cells where the header has 4 columns: complete the row, or skip such rows with --max-errors
`},
	{"workbook", Options{}, "PK\x03\x04\x14\x00",
		`! f.csv: is a zip archive or an Excel workbook (.xlsx): unpack it, or save the sheet as CSV (UTF-8)
`},
	{"old workbook", Options{}, "\xd0\xcf\x11\xe0\xa1\xb1",
		`! f.csv: is an old Excel workbook (.xls): save the sheet as CSV (UTF-8)
`},
	{"PDF", Options{}, "%PDF-1.7\n",
		`! f.csv: is a PDF document: export the table as CSV
`},
	{"Parquet", Options{}, "PAR1\x15\x04",
		`! f.csv: is a Parquet file: give it the ending .parquet
`},
	{"database", Options{}, "SQLite format 3\x00",
		`! f.csv: is an SQLite database: export the table as CSV
`},
	{"JSON", Options{}, "[{\"id\": 1}]",
		`! f.csv: is JSON: save the table as CSV
`},
	{"login page", Options{}, "\n<!DOCTYPE html><html><body>Log in, please</body></html>",
		`! f.csv: is a web page, perhaps of a login that had run out: download the table again
`},
	{"too many columns", Options{}, many(10_001, "a,") + "b\n",
		`! f.csv:1: more than 10,000 columns: is this a table with one lead a line?
`},
	{"gzip", Options{}, gz("id,name\n1,Ann\n"),
		`id|name
f.csv:2 1|Ann
# f.csv: unpacked from gzip
`},
	{"gzip cut off", Options{}, gz("id,name\n" + many(20000, "1,Ann\n") + "x")[:60],
		`# f.csv: unpacked from gzip
! f.csv: the compressed data are damaged or end too early: copy or download the file again
`},
	{"gzip twice", Options{}, gz(gz("id,name\n1,Ann\n")),
		`! f.csv: is compressed twice: unpack it once
`},
	{"zstd", Options{}, zst("id;name\n1;Ann\n"),
		`id|name
f.csv:2 1|Ann
# f.csv: unpacked from zstd
# f.csv: the separator is a semicolon
`},
	{"zstd damaged", Options{}, zst("id,name\n1,Ann\n")[:12] + "xxxx",
		`! f.csv: the compressed data are damaged or end too early: copy or download the file again
`},
	{"empty gzip", Options{}, gz(""),
		`! f.csv: is empty: expected a line of column names and one line a lead
`},
	{"two files, columns in another order", Options{}, "== a.csv\nid,name\n1,Ann\n== b.csv\nname;id\nBob;2\n",
		`id|name
a.csv:2 1|Ann
b.csv:2 2|Bob
# b.csv: the separator is a semicolon
`},
	{"two files, a column missing", Options{}, "== a.csv\nid,name\n1,Ann\n== b.csv\nid\n2\n",
		`id|name
a.csv:2 1|Ann
! b.csv:1: column "name": is missing but is in a.csv: files that are read together must have the same columns
`},
	{"two files, a column too many", Options{}, "== a.csv\nid,name\n1,Ann\n== b.csv\nid,name,phone\n2,Bob,3\n",
		`id|name
a.csv:2 1|Ann
! b.csv:1: column "phone": is not in a.csv: files that are read together must have the same columns
`},
	{"same file name in two folders", Options{}, "== a/x.csv\nid,name\n1,Ann\n== b/x.csv\nid,name\n2\n",
		`id|name
a/x.csv:2 1|Ann
! b/x.csv:2: 1 cell where the header has 2 columns: complete the row, or skip such rows with --max-errors
`},
}

func TestDirty(t *testing.T) {
	for _, d := range dirty {
		t.Run(d.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			parts := []string{"f.csv\n" + d.text}
			if rest, several := strings.CutPrefix(d.text, "== "); several {
				parts = strings.Split(rest, "== ")
			}
			var paths []string
			for _, p := range parts {
				name, text, _ := strings.Cut(p, "\n")
				if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				paths = append(paths, name)
			}
			got := told(Open(paths, d.options))
			if got != d.want {
				t.Errorf("got\n%s\nwant\n%s", got, d.want)
			}
		})
	}
}
