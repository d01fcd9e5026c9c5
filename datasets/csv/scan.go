package csv

import (
	"bytes"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// scanner cuts text into records. It differs from encoding/csv in what real
// exports need: true line numbers under any line ending, a quote that is never
// closed does not swallow the file, blanks around cells are dropped, one bad
// row does not end the reading, and the encoding is watched row by row.
type scanner struct {
	r        io.Reader
	buf      []byte // buf[pos:end] has been read but not yet cut
	pos, end int
	err      error // what r said last

	sep, eol byte
	line     int // of the next record
	encoding encoding
	cells    [][]byte
	scratch  []byte // cells whose doubled quotes were undone
}

type encoding uint8

const (
	ascii  encoding = iota // nothing but ASCII so far
	utf8ed                 // letters beyond ASCII are UTF-8
	cp1252                 // letters beyond ASCII are Windows-1252
)

// record is one row of cells, valid until the next call.
type record struct {
	cells [][]byte
	line  int    // where it begins
	blank bool   // an empty line
	fault string // why the row cannot be taken; "" if it can
}

// unreadable is a fault of the text after which rows cannot be told apart.
type unreadable struct {
	line int
	what string
}

func (u *unreadable) Error() string { return u.what }

const (
	tooLong  = "a cell is longer than 1 MiB: is a quote before it never closed?"
	unclosed = "a quote that opens here is never closed: double the quotes inside cells, or remove it"
	inside   = `a quote inside a quoted cell is not doubled, or a quote before it is not closed: write "" for a quote inside a cell`
	nul      = "a NUL byte: the file is damaged, or no text"
	notUTF8  = "bytes that are not UTF-8 in a file that is otherwise UTF-8: save it again as UTF-8"
	unknown  = "bytes that are neither UTF-8 nor Windows-1252: save the file as UTF-8"
)

func newScanner(r io.Reader) *scanner {
	return &scanner{r: r, buf: make([]byte, 64<<10), sep: ',', eol: '\n', line: 1}
}

// fill reads more text behind what is there, until the buffer is full.
func (s *scanner) fill() {
	s.end = copy(s.buf, s.buf[s.pos:s.end])
	s.pos = 0
	if s.end == len(s.buf) {
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	n, err := io.ReadFull(s.r, s.buf[s.end:])
	s.end += n
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	s.err = err
}

// head gives the first 64 KiB, or the whole text where it is shorter.
func (s *scanner) head() []byte {
	s.fill()
	return s.buf[:min(s.end, 64<<10)]
}

// next cuts the next record; io.EOF after the last. An *unreadable ends the file.
func (s *scanner) next() (record, error) {
	for from := 0; ; s.fill() { // from: how far no line end was found
		b := s.buf[s.pos:s.end]
		line, consumed := b, len(b)
		i := bytes.IndexByte(b[from:], s.eol)
		if i >= 0 {
			line, consumed = b[:from+i], from+i+1
		}
		if i >= 0 || s.err == io.EOF {
			if len(b) == 0 {
				return record{}, io.EOF
			}
			if bytes.IndexByte(line, '"') < 0 {
				return s.plain(line, consumed)
			}
			if rec, done, err := s.quoted(b, s.err == io.EOF); done || err != nil {
				return rec, err
			}
		}
		if s.err != nil {
			return record{}, s.err
		}
		if len(b) > maxRecord {
			return record{}, &unreadable{s.line, "a row is longer than 16 MiB: is this a table with one lead a line?"}
		}
		from = len(line)
	}
}

// plain cuts a line without quotes.
func (s *scanner) plain(line []byte, consumed int) (record, error) {
	cells := s.cells[:0]
	long := len(line) > maxCell
	for rest := line; ; {
		i := bytes.IndexByte(rest, s.sep)
		cell := rest
		if i >= 0 {
			cell = rest[:i]
		}
		if long && len(cell) > maxCell {
			return record{}, &unreadable{s.line, tooLong}
		}
		if len(cells) <= maxColumns {
			cells = append(cells, trim(cell))
		}
		if i < 0 {
			break
		}
		rest = rest[i+1:]
	}
	rec := s.finish(record{cells: cells}, line, consumed, 1)
	rec.blank = len(rec.cells) == 1 && len(rec.cells[0]) == 0
	return rec, nil
}

// quoted cuts a record that has quotes in it. done is false where the text in
// b ends before the record does; whole says that there is no more text.
func (s *scanner) quoted(b []byte, whole bool) (rec record, done bool, err error) {
	s.scratch = s.scratch[:0]
	cells, at, lines := s.cells[:0], 0, 0
	for {
		for at < len(b) && (b[at] == ' ' || b[at] == '\t') && b[at] != s.sep {
			at++
		}
		var cell []byte
		if at < len(b) && b[at] == '"' {
			var n, turns int
			cell, n, turns, done = s.unquote(b[at:], whole)
			if !done || n < 0 {
				if len(b)-at > maxCell || n < 0 {
					return rec, false, &unreadable{s.line + lines, unclosed}
				}
				return rec, false, nil
			}
			at += n
			lines += turns
		} else {
			n := cut(b[at:], s.sep, s.eol)
			if at+n == len(b) && !whole {
				return rec, false, nil
			}
			cell = trim(b[at : at+n])
			at += n
		}
		if len(cell) > maxCell {
			return rec, false, &unreadable{s.line + lines, tooLong}
		}
		if len(cells) <= maxColumns {
			cells = append(cells, trim(cell))
		}
		switch {
		case at < len(b) && b[at] == s.sep:
			at++
		case at < len(b) && b[at] != s.eol: // text after the closing quote
			return s.malformed(b, whole)
		default:
			rec.cells = cells
			return s.finish(rec, b[:at], min(at+1, len(b)), lines+1), true, nil
		}
	}
}

// malformed gives up the line at the start of b, and no more: where a quote
// went wrong, the lines below it may well be good rows.
func (s *scanner) malformed(b []byte, whole bool) (rec record, done bool, err error) {
	n := bytes.IndexByte(b, s.eol)
	if n < 0 && !whole {
		return rec, false, nil
	} else if n < 0 {
		n = len(b)
	}
	rec = s.finish(record{cells: s.cells[:0]}, b[:n], min(n+1, len(b)), 1)
	rec.fault = inside
	return rec, true, nil
}

// unquote reads a quoted cell at the start of b up to what follows it: n is
// the bytes it takes with blanks after it, −1 where it is never closed; lines
// the line ends within. done is false when more text is needed to tell.
func (s *scanner) unquote(b []byte, whole bool) (cell []byte, n, lines int, done bool) {
	at, begin := 1, len(s.scratch)
	for {
		i := bytes.IndexByte(b[at:], '"')
		switch {
		case i < 0 && whole:
			return nil, -1, 0, true
		case i < 0 || at+i+1 == len(b) && !whole:
			return nil, 0, 0, false
		}
		if end := at + i; end+1 < len(b) && b[end+1] == '"' {
			s.scratch = append(s.scratch, b[at:end+1]...)
			at = end + 2
			continue
		} else if begin == len(s.scratch) {
			cell = b[at:end]
		} else {
			s.scratch = append(s.scratch, b[at:end]...)
			cell = s.scratch[begin:]
		}
		at += i + 1
		lines = bytes.Count(b[:at], []byte{s.eol})
		for at < len(b) && b[at] != s.sep && b[at] != s.eol && (b[at] == ' ' || b[at] == '\t' || b[at] == '\r') {
			at++
		}
		return cell, at, lines, at < len(b) || whole
	}
}

// finish takes the record off the text, counts its lines and looks at its bytes.
func (s *scanner) finish(rec record, raw []byte, consumed, lines int) record {
	rec.line = s.line
	s.cells = rec.cells
	if bytes.IndexByte(raw, 0) >= 0 {
		rec.fault = nul
	}
	if s.encoding != utf8ed || !utf8.Valid(raw) {
		if bad := s.convert(rec.cells, raw); bad != "" {
			rec.fault = bad
		}
	}
	s.pos += consumed
	s.line += lines
	return rec
}

// convert settles the encoding at the first byte beyond ASCII and turns cells
// in Windows-1252 into UTF-8; it says what cannot be read.
func (s *scanner) convert(cells [][]byte, raw []byte) string {
	if plainASCII(raw) {
		return ""
	}
	if s.encoding == ascii {
		s.encoding = guess(s.buf[s.pos:s.end])
	}
	if s.encoding == utf8ed {
		if utf8.Valid(raw) {
			return ""
		}
		return notUTF8
	}
	for i, cell := range cells {
		if plainASCII(cell) {
			continue
		}
		u, err := charmap.Windows1252.NewDecoder().Bytes(cell)
		if err != nil || bytes.ContainsRune(u, utf8.RuneError) { // five bytes have no letter
			return unknown
		}
		cells[i] = bytes.TrimSpace(u)
	}
	return ""
}

// guess tells UTF-8 from Windows-1252: what is valid UTF-8 hardly ever comes
// about by chance, so the more frequent of the two wins.
func guess(b []byte) encoding {
	valid, invalid := 0, 0
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case r != utf8.RuneError || n > 1:
			valid++
		case !utf8.FullRune(b[i:]): // cut off by the end of the buffer
		default:
			invalid++
		}
		i += n
	}
	if invalid > valid {
		return cp1252
	}
	return utf8ed
}

func plainASCII(b []byte) bool {
	for len(b) >= 8 {
		if (b[0]|b[1]|b[2]|b[3]|b[4]|b[5]|b[6]|b[7])&0x80 != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// cut gives the length of an unquoted cell.
func cut(b []byte, sep, eol byte) int {
	for i, c := range b {
		if c == sep || c == eol {
			return i
		}
	}
	return len(b)
}

// trim drops blanks on both sides; most cells have none.
func trim(b []byte) []byte {
	if len(b) == 0 || plainByte(b[0]) && plainByte(b[len(b)-1]) {
		return b
	}
	return bytes.TrimSpace(b)
}

func plainByte(c byte) bool { return c > ' ' && c < utf8.RuneSelf }
