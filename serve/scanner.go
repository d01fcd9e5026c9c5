package serve

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep objects and arrays may nest in a request.
const maxDepth = 8

// fault is one thing that is wrong with a request: where (a JSON pointer) and
// what. It never holds a value of a lead.
type fault struct {
	Pointer string `json:"pointer" doc:"JSON pointer to the field, empty for the whole body"`
	Detail  string `json:"detail" doc:"What is wrong with it, and what to do"`
}

// under puts the fault one level deeper: below the key or index given.
func (f *fault) under(segment string) *fault {
	if f != nil {
		f.Pointer = pointer(segment) + f.Pointer
	}
	return f
}

// pointer writes path segments as a JSON pointer (RFC 6901).
func pointer(segments ...string) string {
	var b []byte
	for _, s := range segments {
		b = append(b, '/')
		for i := range len(s) {
			switch s[i] {
			case '~':
				b = append(b, "~0"...)
			case '/':
				b = append(b, "~1"...)
			default:
				b = append(b, s[i])
			}
		}
	}
	return string(bytes.ToValidUTF8(b, []byte("\uFFFD")))
}

// scanner reads JSON (RFC 8259) strictly: valid UTF-8, whole surrogate pairs,
// nothing after the value, no deeper than maxDepth. It allocates nothing on
// good input; every text it returns is valid until the next call.
type scanner struct {
	data  []byte
	pos   int
	depth int
	text  []byte // where strings with escapes are decoded
}

// fault says what is wrong at the present position.
func (s *scanner) fault(detail string) *fault {
	return &fault{Detail: detail + " at byte " + strconv.Itoa(s.pos+1)}
}

// peek skips white space and gives the next byte, 0 at the end.
func (s *scanner) peek() byte {
	for ; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// end checks that nothing follows the value.
func (s *scanner) end() *fault {
	if s.peek(); s.pos < len(s.data) {
		return s.fault("there is something after the end of the JSON value")
	}
	return nil
}

// open enters an object or array; empty is true when it closes at once.
func (s *scanner) open(last byte) (empty bool, f *fault) {
	s.pos++
	if s.depth++; s.depth > maxDepth {
		return false, s.fault("objects and arrays nest deeper than " + strconv.Itoa(maxDepth) + " levels")
	}
	if s.peek() == last {
		s.pos++
		s.depth--
		return true, nil
	}
	return false, nil
}

// more steps over the comma between two members, or over the closing byte.
func (s *scanner) more(last byte) (bool, *fault) {
	switch s.peek() {
	case ',':
		s.pos++
		return true, nil
	case last:
		s.pos++
		s.depth--
		return false, nil
	}
	return false, s.fault("expected ',' or '" + string(last) + "'")
}

// object reads an object and calls each for every key; each must consume the value.
func (s *scanner) object(each func(key []byte) *fault) *fault {
	empty, f := s.open('}')
	for more := !empty; more && f == nil; {
		if s.peek() != '"' {
			return s.fault("expected a key in double quotes")
		}
		var key []byte
		if key, f = s.str(); f != nil {
			return f
		}
		if s.peek() != ':' {
			return s.fault("expected ':' after a key")
		}
		s.pos++
		if f = each(key); f == nil {
			more, f = s.more('}')
		}
	}
	return f
}

// array reads an array and calls each for every element; each must consume it.
func (s *scanner) array(each func(i int) *fault) *fault {
	empty, f := s.open(']')
	for i, more := 0, !empty; more && f == nil; i++ {
		if f = each(i); f == nil {
			more, f = s.more(']')
		}
	}
	return f
}

// scalar reads a string, number, true, false or null. kind is the first byte
// of the value, '0' for any number; text is the decoded string or the literal.
func (s *scanner) scalar() (text []byte, kind byte, f *fault) {
	switch c := s.peek(); {
	case c == '"':
		text, f = s.str()
		return text, c, f
	case c == '-' || c >= '0' && c <= '9':
		text, f = s.number()
		return text, '0', f
	case c == 't':
		text, f = s.literal("true")
		return text, c, f
	case c == 'f':
		text, f = s.literal("false")
		return text, c, f
	case c == 'n':
		text, f = s.literal("null")
		return text, c, f
	}
	if s.pos == len(s.data) {
		return nil, 0, s.fault("the JSON ends too early")
	}
	return nil, 0, s.fault("expected a JSON value")
}

// members reads an object like object does, and refuses a key that stands twice.
func (s *scanner) members(each func(key string) *fault) *fault {
	seen := map[string]bool{}
	return s.object(func(key []byte) *fault {
		k := string(key)
		if seen[k] {
			return s.twice(k)
		}
		seen[k] = true
		return each(k).under(k)
	})
}

func (s *scanner) twice(key string) *fault { return s.fault("the key stands twice").under(key) }

// skip reads any value and forgets it; it is checked all the same.
func (s *scanner) skip() *fault {
	switch s.peek() {
	case '{':
		return s.members(func(string) *fault { return s.skip() })
	case '[':
		return s.array(func(i int) *fault {
			f := s.skip()
			if f != nil {
				f.under(strconv.Itoa(i))
			}
			return f
		})
	}
	_, _, f := s.scalar()
	return f
}

func (s *scanner) literal(word string) ([]byte, *fault) {
	if !bytes.HasPrefix(s.data[s.pos:], []byte(word)) {
		return nil, s.fault("expected a JSON value (true, false and null are written small; NaN is not JSON)")
	}
	s.pos += len(word)
	return s.data[s.pos-len(word) : s.pos], nil
}

// take steps over the next byte when it is one of set.
func (s *scanner) take(set string) bool {
	if s.pos < len(s.data) && strings.IndexByte(set, s.data[s.pos]) >= 0 {
		s.pos++
		return true
	}
	return false
}

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && s.data[s.pos]-'0' <= 9 {
		s.pos++
	}
	return s.pos > start
}

func (s *scanner) number() ([]byte, *fault) {
	start := s.pos
	s.take("-")
	ok := s.take("0") || s.digits()
	if ok && s.take(".") {
		ok = s.digits()
	}
	if ok && s.take("eE") {
		s.take("+-")
		ok = s.digits()
	}
	if !ok || s.take("0123456789.eE+-") {
		return nil, s.fault("a number is not written as JSON writes numbers")
	}
	return s.data[start:s.pos], nil
}

func (s *scanner) str() ([]byte, *fault) {
	s.pos++
	start := s.pos
	for ; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; {
		case c == '"':
			text := s.data[start:s.pos]
			if !utf8.Valid(text) {
				return nil, s.fault("a string is not valid UTF-8")
			}
			s.pos++
			return text, nil
		case c == '\\':
			return s.escaped(start)
		case c < ' ':
			return nil, s.fault("a control character in a string is not escaped")
		}
	}
	return nil, s.fault("a string does not end")
}

// escaped goes on with a string from its first backslash.
func (s *scanner) escaped(start int) ([]byte, *fault) {
	s.text = append(s.text[:0], s.data[start:s.pos]...)
	for s.pos < len(s.data) {
		c := s.data[s.pos]
		switch {
		case c == '"':
			if !utf8.Valid(s.text) {
				return nil, s.fault("a string is not valid UTF-8")
			}
			s.pos++
			return s.text, nil
		case c < ' ':
			return nil, s.fault("a control character in a string is not escaped")
		case c != '\\':
			s.text = append(s.text, c)
			s.pos++
		default:
			if f := s.escape(); f != nil {
				return nil, f
			}
		}
	}
	return nil, s.fault("a string does not end")
}

// escape decodes one escape sequence into s.text.
func (s *scanner) escape() *fault {
	const plain, meaning = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if s.pos+1 < len(s.data) {
		if i := strings.IndexByte(plain, s.data[s.pos+1]); i >= 0 {
			s.text = append(s.text, meaning[i])
			s.pos += 2
			return nil
		}
	}
	r := s.unit(s.pos)
	if r < 0 {
		return s.fault("a string holds an unknown escape")
	}
	s.pos += 6
	if utf16.IsSurrogate(r) {
		if r = utf16.DecodeRune(r, s.unit(s.pos)); r == utf8.RuneError {
			return s.fault("a string holds half of a surrogate pair")
		}
		s.pos += 6
	}
	s.text = utf8.AppendRune(s.text, r)
	return nil
}

// unit is the UTF-16 unit that \uXXXX at i stands for, −1 where there is none.
func (s *scanner) unit(i int) rune {
	if i+6 > len(s.data) || s.data[i] != '\\' || s.data[i+1] != 'u' {
		return -1
	}
	var r rune
	for _, c := range s.data[i+2 : i+6] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return -1
		}
	}
	return r
}
