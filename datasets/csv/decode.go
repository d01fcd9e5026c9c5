package csv

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/unicode"

	"github.com/leadcast/leadcast/datasets"
)

// text is the decoded content of a file, and what must be closed after it.
type text struct {
	io.Reader
	close func()
}

func (t *text) Close() { t.close() }

// decode undoes compression and UTF-16 and drops a byte order mark; found says
// what it met. Content that is no text is an error that says what it is.
func decode(r io.Reader, name string) (t *text, found []string, err error) {
	t = &text{close: func() {}}
	b := bufio.NewReaderSize(r, 64<<10)
	head, err := peek(b, name)
	if err != nil {
		return nil, nil, err
	}
	var unpacked io.Reader
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, nil, &datasets.Error{Place: name, Message: "starts like a gzip file but cannot be unpacked: copy or download it again"}
		}
		unpacked, t.close, found = z, func() { _ = z.Close() }, append(found, "unpacked from gzip")
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(128<<20))
		if err != nil {
			return nil, nil, &datasets.Error{Place: name, Message: "starts like a zstd file but cannot be unpacked: copy or download it again"}
		}
		unpacked, t.close, found = z, z.Close, append(found, "unpacked from zstd")
	}
	if unpacked != nil {
		b = bufio.NewReaderSize(&packed{unpacked, name}, 64<<10)
		if head, err = peek(b, name); err != nil {
			t.Close()
			return nil, nil, err
		}
	}
	if what := foreign(head); what != "" {
		t.Close()
		return nil, nil, &datasets.Error{Place: name, Message: what}
	}
	t.Reader = b
	if bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}) {
		_, _ = b.Discard(3)
	} else if order, ok := utf16(head); ok {
		t.Reader = unicode.UTF16(order, unicode.UseBOM).NewDecoder().Reader(b)
		found = append(found, "read as UTF-16")
	}
	return t, found, nil
}

// peek looks at the start of b; an empty file is an error.
func peek(b *bufio.Reader, name string) ([]byte, error) {
	head, err := b.Peek(4096)
	if len(head) == 0 && err == io.EOF {
		return nil, &datasets.Error{Place: name, Message: "is empty: expected a line of column names and one line a lead"}
	}
	if len(head) == 0 {
		return nil, err
	}
	return head, nil
}

// packed turns whatever goes wrong while unpacking into one sentence.
type packed struct {
	io.Reader
	name string
}

func (p *packed) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if err != nil && err != io.EOF {
		err = &datasets.Error{Place: p.name, Message: "the compressed data are damaged or end too early: copy or download the file again"}
	}
	return n, err
}

// utf16 tells the byte order of text in UTF-16: by its mark, or by the zero
// bytes that text in Latin letters has in every other place.
func utf16(head []byte) (unicode.Endianness, bool) {
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		return unicode.LittleEndian, true
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return unicode.BigEndian, true
	}
	var zeros [2]int
	for i, c := range head {
		if c == 0 {
			zeros[i%2]++
		}
	}
	const share = 5 // at least 2 in 5 characters of a header are plain letters
	switch least := len(head) / share; {
	case least > 0 && zeros[0] == 0 && zeros[1] > least:
		return unicode.LittleEndian, true
	case least > 0 && zeros[1] == 0 && zeros[0] > least:
		return unicode.BigEndian, true
	}
	return unicode.LittleEndian, false
}

// foreigners are formats that people hand over under the name of a table.
var foreigners = []struct{ magic, what string }{
	{"PK\x03\x04", "is a zip archive or an Excel workbook (.xlsx): unpack it, or save the sheet as CSV (UTF-8)"},
	{"\xd0\xcf\x11\xe0", "is an old Excel workbook (.xls): save the sheet as CSV (UTF-8)"},
	{"PAR1\x15", "is a Parquet file: give it the ending .parquet"},
	{"ARROW1\x00", "is an Arrow or Feather file: save it as Parquet or CSV"},
	{"%PDF", "is a PDF document: export the table as CSV"},
	{"SQLite format 3", "is an SQLite database: export the table as CSV"},
	{"BZh91AY", "is compressed with bzip2: unpack it first"},
	{"\xfd7zXZ", "is compressed with xz: unpack it first"},
	{"7z\xbc\xaf", "is a 7z archive: unpack it first"},
	{"\x1f\x8b", "is compressed twice: unpack it once"},
	{"\x28\xb5\x2f\xfd", "is compressed twice: unpack it once"},
	{"{\\rtf", "is a rich text document: save the table as CSV"},
}

// foreign says what the content is when it is no table of text, and what to
// do; "" when it may be one.
func foreign(head []byte) string {
	for _, f := range foreigners {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return f.what
		}
	}
	start := strings.ToLower(string(bytes.TrimSpace(head[:min(len(head), 256)])))
	start = strings.TrimPrefix(start, "\ufeff")
	switch {
	case strings.HasPrefix(start, "<!doctype html"), strings.HasPrefix(start, "<html"):
		return "is a web page, perhaps of a login that had run out: download the table again"
	case strings.HasPrefix(start, "<?xml"):
		return "is an XML document: export the table as CSV"
	case strings.HasPrefix(start, "{\""), strings.HasPrefix(start, "[{"), strings.HasPrefix(start, "[\n"):
		return "is JSON: save the table as CSV"
	}
	if _, ok := utf16(head); ok {
		return ""
	}
	control := 0
	for _, c := range head {
		if c < ' ' && !slices.Contains([]byte("\t\n\v\f\r"), c) {
			control++
		}
	}
	if 20*control > len(head) {
		return "is no text but a binary file: export the table as CSV"
	}
	return ""
}
