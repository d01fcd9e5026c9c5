package exchange

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// isUBJSON tells the binary form from text: a key's length begins with a
// letter, where text has a quote.
func isUBJSON(b []byte) bool {
	return len(b) > 1 && (b[1] == '#' || b[1] == '$' || b[1] == 'N' || wholeSize(b[1]) > 0)
}

// ubjson rewrites Universal Binary JSON (draft 12, which XGBoost writes as
// .ubj) as JSON text.
func ubjson(b []byte) ([]byte, *Error) {
	r := &ubjsonReader{b: b, out: make([]byte, 0, 3*len(b))}
	r.value(r.byte(), 0)
	if r.err == nil && r.at < len(b) {
		r.fail("bytes after its end")
	}
	return r.out, r.err
}

// deepest is how far values may be nested.
const deepest = 32

// ubjsonReader appends to out what it reads of b; after a failure it reads nothing.
type ubjsonReader struct {
	b, out []byte
	at     int
	err    *Error
}

func (r *ubjsonReader) fail(why string) {
	if r.err == nil {
		r.err = wrong(fmt.Sprintf("byte %d", r.at), "is not UBJSON: %s", why)
	}
	r.at = len(r.b)
}

func (r *ubjsonReader) take(n int) []byte {
	if n < 0 || n > len(r.b)-r.at {
		r.fail("it ends too early")
		return nil
	}
	r.at += n
	return r.b[r.at-n : r.at]
}

func (r *ubjsonReader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

// peek is the next marker that is no padding.
func (r *ubjsonReader) peek() byte {
	for r.at < len(r.b) && r.b[r.at] == 'N' {
		r.at++
	}
	if r.at >= len(r.b) {
		r.fail("it ends too early")
		return 0
	}
	return r.b[r.at]
}

// wholeSize is the number of bytes of a kind of whole number, 0 for other kinds.
func wholeSize(kind byte) int {
	switch kind {
	case 'i', 'U':
		return 1
	case 'I':
		return 2
	case 'l':
		return 4
	case 'L':
		return 8
	}
	return 0
}

func (r *ubjsonReader) whole(kind byte) int64 {
	b := r.take(wholeSize(kind))
	switch {
	case len(b) == 0:
		r.fail("a length or a whole number is missing")
		return 0
	case kind == 'U':
		return int64(b[0])
	case kind == 'i':
		return int64(int8(b[0]))
	case kind == 'I':
		return int64(int16(binary.BigEndian.Uint16(b)))
	case kind == 'l':
		return int64(int32(binary.BigEndian.Uint32(b)))
	}
	return int64(binary.BigEndian.Uint64(b))
}

// length reads a length of things of at least one byte each.
func (r *ubjsonReader) length() int {
	n := r.whole(r.byte())
	if n < 0 || n > int64(len(r.b)-r.at) {
		r.fail("a length is longer than the file")
		return 0
	}
	return int(n)
}

func (r *ubjsonReader) text() {
	quoted, err := json.Marshal(string(r.take(r.length())))
	if err != nil {
		r.fail("a text cannot be read")
	}
	r.out = append(r.out, quoted...)
}

func (r *ubjsonReader) value(kind byte, depth int) {
	if depth > deepest {
		r.fail("it is nested too deeply")
	}
	if r.err != nil {
		return
	}
	switch kind {
	case 'Z':
		r.out = append(r.out, "null"...)
	case 'T':
		r.out = append(r.out, "true"...)
	case 'F':
		r.out = append(r.out, "false"...)
	case 'S':
		r.text()
	case 'd':
		if b := r.take(4); b != nil {
			r.number(float64(math.Float32frombits(binary.BigEndian.Uint32(b))), 32)
		}
	case 'D':
		if b := r.take(8); b != nil {
			r.number(math.Float64frombits(binary.BigEndian.Uint64(b)), 64)
		}
	case '[', '{':
		r.container(kind, depth)
	default:
		r.out = strconv.AppendInt(r.out, r.whole(kind), 10)
	}
}

// number writes a number; in place of what JSON has no number for, one that no
// float32 can hold.
func (r *ubjsonReader) number(v float64, bits int) {
	if v-v != 0 {
		r.out = append(r.out, notANumber...)
		return
	}
	r.out = strconv.AppendFloat(r.out, v, 'g', -1, bits)
}

// notANumber stands for NaN and infinities, which old versions of XGBoost write
// where a node has no threshold. Whatever is read as a float32 refuses it.
const notANumber = "1e300"

// plainJSON replaces the words NaN and Infinity, which are no JSON.
func plainJSON(b []byte) []byte {
	if !bytes.Contains(b, []byte("NaN")) && !bytes.Contains(b, []byte("Infinity")) {
		return b
	}
	out := make([]byte, 0, len(b)+len(b)/8)
	for quoted := false; len(b) > 0; {
		size := 0
		for _, word := range []string{"NaN", "-NaN", "Infinity", "-Infinity"} {
			if !quoted && bytes.HasPrefix(b, []byte(word)) {
				out, size = append(out, notANumber...), len(word)
			}
		}
		if size == 0 {
			size = 1
			if quoted && b[0] == '\\' && len(b) > 1 {
				size = 2
			} else if b[0] == '"' {
				quoted = !quoted
			}
			out = append(out, b[:size]...)
		}
		b = b[size:]
	}
	return out
}

// container reads an array or object: up to its closing mark, or by a count,
// and then perhaps all of one kind.
func (r *ubjsonReader) container(open byte, depth int) {
	end := open + 2 // ']' and '}' in ASCII
	kind, count := byte(0), -1
	if r.peek() == '$' {
		r.at++
		if kind = r.byte(); kind != 'd' && kind != 'D' && kind != 'S' && wholeSize(kind) == 0 {
			r.fail("a list of values of a kind that takes no bytes")
		}
		if r.peek() != '#' {
			r.fail("a list of one kind without its length")
		}
	}
	if r.peek() == '#' {
		r.at++
		count = r.length()
	}
	r.out = append(r.out, open)
	for k := 0; r.err == nil && k != count; k++ {
		if count < 0 && r.peek() == end {
			r.at++
			break
		}
		if k > 0 {
			r.out = append(r.out, ',')
		}
		if open == '{' {
			r.text()
			r.out = append(r.out, ':')
		}
		if kind != 0 {
			r.value(kind, depth+1)
		} else if r.peek(); r.err == nil {
			r.value(r.byte(), depth+1)
		}
	}
	r.out = append(r.out, end)
}
