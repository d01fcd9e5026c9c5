package csv

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/datasets"
)

func Example() {
	text := "lead_id;name;amount\n1;\"Miller; Sons\";3,50\n2;Zo\xeb;\n\nTotal;;3,50\n"
	s, err := Open([]string{"-"}, Options{Stdin: strings.NewReader(text)})
	if err != nil {
		panic(err)
	}
	for b, err := range s.Blocks(context.Background()) {
		if err != nil {
			panic(err)
		}
		for row := range b.Rows {
			fmt.Printf("%s: %q\n", b.At(row), b.Column("name").Texts.At(row))
		}
	}
	for _, n := range s.Notes() {
		fmt.Println(n.Message)
	}
	// Output:
	// stdin:2: "Miller; Sons"
	// stdin:3: "Zoë"
	// stdin: the separator is a semicolon
	// stdin: read as Windows-1252, for it is not UTF-8
	// stdin: 1 line at the end, from line 5, read like a report footer and were left out
	// stdin: 1 blank line skipped
}

func ExampleWriter() {
	w := NewWriter(os.Stdout)
	_ = w.Write(&datasets.Table{Rows: 2, Columns: []*datasets.Column{
		{Name: "lead_id", Kind: datasets.ID, Texts: datasets.MakeStrings("a1", "=1+1")},
		{Name: "p_win", Kind: datasets.Number, Nums: []float64{0.1, math.NaN()}},
		{Name: "closed_at", Kind: datasets.Time, Times: []int64{datasets.NoTime, 0}},
	}})
	_ = w.Close()
	// Output:
	// lead_id,p_win,closed_at
	// a1,0.1,
	// "'=1+1",,1970-01-01T00:00:00Z
}

// read gives all cells of a text, the header first, and the notes.
func read(text []byte, o Options) (rows [][]string, notes []datasets.Note, err error) {
	o.Stdin = bytes.NewReader(text)
	s, err := Open([]string{"-"}, o)
	if err != nil {
		return nil, nil, err
	}
	for b, err := range s.Blocks(context.Background()) {
		if err != nil {
			return nil, nil, err
		}
		if rows == nil {
			rows = append(rows, b.Names())
		}
		for i := range b.Rows {
			row := make([]string, len(b.Columns))
			for j, c := range b.Columns {
				row[j] = c.Texts.At(i)
			}
			rows = append(rows, row)
		}
	}
	return rows, s.Notes(), nil
}

// FuzzRead holds the reader to encoding/csv wherever both understand a text,
// and to its limits everywhere.
func FuzzRead(f *testing.F) {
	for _, d := range dirty {
		if len(d.text) < 10_000 {
			f.Add([]byte(d.text))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, notes, err := read(text, Options{Comma: ','})
		runtime.ReadMemStats(&after)
		packed := bytes.HasPrefix(text, []byte{0x1f, 0x8b}) || bytes.HasPrefix(text, []byte{0x28, 0xb5})
		if used := after.TotalAlloc - before.TotalAlloc; !packed && used > uint64(256*len(text)+2<<20) {
			t.Fatalf("%d bytes allocated for %d bytes of text", used, len(text))
		}
		var e *datasets.Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("the error is not one of the data: %v", err)
		}
		want := byEncodingCSV(text)
		if want == nil || err != nil && !strings.Contains(err.Error(), "quote") && !strings.Contains(err.Error(), "cells") {
			return // what we refuse for reasons of our own
		}
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		for _, n := range notes {
			if strings.Contains(n.Message, "footer") {
				want = want[:min(len(got), len(want))]
			}
			if strings.Contains(n.Message, "name") {
				want[0] = got[0]
			}
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Fatalf("got  %q\nwant %q", got, want)
		}
	})
}

// byEncodingCSV gives the cells that encoding/csv finds, in the way this
// package hands them over; nil where the two differ by intent.
func byEncodingCSV(text []byte) [][]string {
	foreign := bytes.Contains(bytes.ReplaceAll(text, []byte("\r\n"), nil), []byte("\r")) || // lone carriage returns
		bytes.ContainsAny(text, "\x00\ufeff") || bytes.Contains(text, []byte("\xef\xbb\xbf")) ||
		strings.HasPrefix(strings.ToLower(strings.TrimLeft(string(text), `"`)), "sep=")
	if foreign || !bytes.Equal(text, bytes.ToValidUTF8(text, nil)) {
		return nil
	}
	all, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		return nil
	}
	var rows [][]string
	for _, r := range all {
		for j := range r {
			r[j] = strings.TrimSpace(r[j])
		}
		if len(r) == 1 && r[0] == "" {
			return nil // a line of blanks is no row here
		}
		rows = append(rows, r)
	}
	return rows
}

// Any table that is written and read back is the same table, cell by cell.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.IntRange(1, 8).Draw(t, "rows")
		word := rapid.StringOfN(rapid.SampledFrom([]rune("aé'\",;|\t\r\n =+-@漢 .5")), 0, 6, -1).Filter(func(s string) bool {
			return s == strings.TrimSpace(s) && (s == "" || !strings.ContainsRune("=+-@", rune(s[0])))
		})
		ids := &datasets.Column{Name: "id", Kind: datasets.ID}
		texts := &datasets.Column{Name: "a, \"b\"", Kind: datasets.Text}
		for i := range rows {
			ids.Texts.Append("L" + strconv.Itoa(i))
			texts.Texts.Append(word.Draw(t, "text"))
		}
		nums := &datasets.Column{Name: "n", Kind: datasets.Number, Nums: rapid.SliceOfN(rapid.Float64(), rows, rows).Draw(t, "nums")}
		times := &datasets.Column{Name: "t", Kind: datasets.Time, Times: rapid.SliceOfN(rapid.Int64Range(-6e16, 2e17), rows, rows).Draw(t, "times")}
		table := &datasets.Table{Rows: rows, Columns: []*datasets.Column{ids, texts, nums, times}}
		var b bytes.Buffer
		w := NewWriter(&b)
		if err := errors.Join(w.Write(table), w.Write(table), w.Close()); err != nil {
			t.Fatal(err)
		}
		got, _, err := read(b.Bytes(), Options{})
		if err != nil {
			t.Fatalf("%v in %q", err, b.String())
		}
		if len(got) != 2*rows+1 || got[0][1] != `a, "b"` {
			t.Fatalf("%d rows came back as %q", 2*rows, got)
		}
		for i, r := range got[1:] {
			i %= rows
			if r[0] != ids.Texts.At(i) || r[1] != texts.Texts.At(i) {
				t.Fatalf("row %d came back as %q", i, r)
			}
			x, err := strconv.ParseFloat(r[2], 64)
			if want := nums.Nums[i]; math.Float64bits(x) != math.Float64bits(want) || err != nil {
				t.Fatalf("%v came back as %q", want, r[2])
			}
			at, err := time.Parse(time.RFC3339, r[3])
			if at.UnixMicro() != times.Times[i] || err != nil {
				t.Fatalf("%v came back as %q", times.Times[i], r[3])
			}
		}
	})
}

// No text that a spreadsheet would take for a formula is written as it is, in
// cells or in the header; numbers are.
func TestFormulaGuard(t *testing.T) {
	var payloads []string
	for _, start := range []string{"=", "+", "-", "@", "\t", "\r", "\x00", "\n"} {
		for _, body := range []string{"1+1", "cmd|' /C calc'!A0", "HYPERLINK(\"http://example.com\",\"x\")", "SUM(A1:A9)", "", "A1", "=1", "-1", "+1-1", "@SUM(1)", "\"1\"", ",1", " 1+1", "é", "IMPORTXML(A1)"} {
			payloads = append(payloads, start+body)
		}
	}
	if len(payloads) < 100 {
		t.Fatal(len(payloads))
	}
	for _, p := range payloads {
		if plainNumber.MatchString(p) {
			t.Fatalf("%q is a number", p)
		}
		var b bytes.Buffer
		w := NewWriter(&b)
		table := &datasets.Table{Rows: 1, Columns: []*datasets.Column{{Name: p, Texts: datasets.MakeStrings(p)}, {Name: "x", Kind: datasets.Category, Texts: datasets.MakeStrings(p)}}}
		if err := errors.Join(w.Write(table), w.Close()); err != nil {
			t.Fatal(err)
		}
		r := csv.NewReader(bytes.NewReader(b.Bytes()))
		for line := range 2 {
			cells, err := r.Read()
			if err != nil {
				t.Fatal(err)
			}
			if cells[0] != "'"+p || line == 1 && cells[1] != "'"+p {
				t.Errorf("%q was written as %q", p, cells)
			}
		}
	}
	var b bytes.Buffer
	w := NewWriter(&b)
	texts := []string{"-5", "+49", "-1.5e-7", "-.5"}
	_ = w.Write(&datasets.Table{Rows: 4, Columns: []*datasets.Column{
		{Name: "n", Kind: datasets.Number, Nums: []float64{-5, -0.125, math.Inf(-1), -1e300}},
		{Name: "s", Texts: datasets.MakeStrings(texts...)},
	}})
	_ = w.Close()
	if want := "n,s\n-5,-5\n-0.125,+49\n-Inf,-1.5e-7\n-1e+300,-.5\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestNumbers(t *testing.T) {
	for x, want := range map[float64]string{
		0.1: "0.1", 1: "1", 1e6: "1000000", 123456789012345: "123456789012345", 1e15: "1e+15",
		1e-6: "0.000001", 1e-7: "1e-07", 1.0 / 3: "0.3333333333333333", math.Copysign(0, -1): "-0",
	} {
		if got := string(appendNumber(nil, x)); got != want && x != 0 {
			t.Errorf("%v was written as %s, not %s", x, got, want)
		}
	}
}

// lines makes a long table without holding it.
type lines struct{ at, end int }

func (l *lines) Read(b []byte) (int, error) {
	n := 0
	for l.at < l.end && len(b)-n > 64 {
		l.at++
		n += copy(b[n:], fmt.Sprintf("%d,Miller & Sons,2024-01-02,Open\n", l.at))
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// A table is read block by block: memory does not grow with its length.
func TestStreaming(t *testing.T) {
	const rows = 1_000_000 // about 36 MB
	in := io.MultiReader(strings.NewReader("id,name,created,status\n"), &lines{0, rows})
	s, err := Open([]string{"-"}, Options{Stdin: in, BlockRows: 20_000})
	if err != nil {
		t.Fatal(err)
	}
	seen, most := 0, uint64(0)
	for b, err := range s.Blocks(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		if b.Rows != 20_000 || b.Name != "leads" {
			t.Fatalf("block %q of %d rows", b.Name, b.Rows)
		}
		if want := "stdin:" + strconv.Itoa(seen+2); b.At(0) != want {
			t.Fatalf("%s, not %s", b.At(0), want)
		}
		if seen += b.Rows; seen%200_000 == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
	if seen != rows || most > 32<<20 {
		t.Errorf("%d rows, %d MiB in use", seen, most>>20)
	}
}

func TestStopping(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s, _ := Open([]string{"-"}, Options{Stdin: strings.NewReader("a,b\n" + strings.Repeat("x,y\n", 100)), BlockRows: 10})
	blocks := 0
	for _, err := range s.Blocks(ctx) {
		if blocks++; blocks == 3 {
			cancel()
		}
		if err != nil {
			if blocks != 4 || !errors.Is(err, context.Canceled) {
				t.Fatalf("block %d: %v", blocks, err)
			}
			return
		}
	}
	t.Error("the reading went on after it was cancelled")
}

// A source over files can be read again with the same result; one over
// standard input says that it cannot.
func TestAgain(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"b.csv", "a.csv"} {
		if err := os.WriteFile(name, []byte("id;name\n1;"+name+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open([]string{"*.csv", "a.csv", "./b.csv"}, Options{})
	first := told(s, err)
	if again := told(s, nil); first != again || !strings.HasPrefix(first, "id|name\na.csv:2 1|a.csv\nb.csv:2 1|b.csv\n#") {
		t.Errorf("first %s then %s", first, again)
	}
	s, _ = Open([]string{"-"}, Options{Stdin: strings.NewReader("a,b\n1,2\n")})
	if told(s, nil); !strings.Contains(told(s, nil), "! csv: standard input is not there") {
		t.Error("standard input was read twice")
	}
}

func TestOpenErrors(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("export", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path string
		o    Options
		want string
	}{
		{"export", Options{}, "export: is a folder: name its files, for example " + filepath.Join("export", "*.csv")},
		{"*.csv", Options{}, "*.csv: no file matches this pattern"},
		{"leads.csv", Options{}, "csv: stat leads.csv: no such file or directory"},
		{"leads.csv", Options{Comma: 'é'}, "csv: 'é' cannot be a separator: give one ASCII character"},
		{"", Options{}, "csv: stat : no such file or directory"},
	} {
		if _, err := Open([]string{c.path}, c.o); err == nil || err.Error() != c.want {
			t.Errorf("%q: %v, not %s", c.path, err, c.want)
		}
	}
	if _, err := Open(nil, Options{}); err == nil {
		t.Error("no file, no error")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestWriteErrors(t *testing.T) {
	one := &datasets.Table{Rows: 1, Columns: []*datasets.Column{{Name: "a", Texts: datasets.MakeStrings("x")}}}
	w := NewWriter(full{})
	if err := errors.Join(w.Write(one), w.Close()); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a full disk gave %v", err)
	}
	w = NewWriter(io.Discard)
	other := &datasets.Table{Rows: 1, Columns: []*datasets.Column{{Name: "b", Texts: datasets.MakeStrings("x")}}}
	if err := w.Write(one); err != nil {
		t.Fatal(err)
	}
	if w.Write(other) == nil {
		t.Error("columns changed without an error")
	}
}
