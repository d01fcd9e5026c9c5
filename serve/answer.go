package serve

import (
	"math"
	"net/http"
	"strconv"
	"unicode/utf8"

	"github.com/leadcast/leadcast/train/bundle"
)

// answer is what POST /v1/score gives back, before it is written.
type answer struct {
	scores    []bundle.Score
	bad       []*fault // why a lead could not be scored, nil where it could
	failed    int
	intervals bool // asked for
}

// faults lists why leads could not be scored.
func (a *answer) faults() []*fault {
	var faults []*fault
	for _, f := range a.bad {
		if f != nil {
			faults = append(faults, f)
		}
	}
	return faults
}

// write sends an answer. JSON is appended by hand: encoding it by reflection
// took longer than scoring.
func (s *Server) write(w *reply, a *answer) {
	buf := s.answers.Get().(*[]byte)
	b := append((*buf)[:0], s.opening...)
	for i := range a.scores {
		if i > 0 {
			b = append(b, ',')
		}
		b = s.appendScore(b, &a.scores[i], a.bad[i])
		if a.intervals {
			b = appendNumber(append(b[:len(b)-1], `,"p_win_low":`...), a.scores[i].WinLow)
			b = append(appendNumber(append(b, `,"p_win_high":`...), a.scores[i].WinHigh), '}')
		}
	}
	b = append(b, "]}\n"...)
	h := w.Header()
	h["Content-Type"] = jsonType
	h["Content-Length"] = []string{strconv.Itoa(len(b))}
	w.WriteHeader(http.StatusOK)
	w.Write(b)
	if *buf = b; cap(b) <= 1<<20 {
		s.answers.Put(buf)
	}
}

var jsonType = []string{"application/json"}

// appendOpening writes what all answers begin with.
func appendOpening(b []byte, model string, horizon int) []byte {
	b = append(b, `{"model":`...)
	b = appendString(b, model)
	b = append(b, `,"horizon_days":`...)
	if horizon > 0 {
		b = strconv.AppendInt(b, int64(horizon), 10)
	} else {
		b = append(b, "null"...)
	}
	return append(b, `,"scores":[`...)
}

// noScore is a lead that could not be scored, up to its error.
const noScore = `{"id":null,"p_win":null,"p_lost":null,"p_open":null,"p_win_by":null,"cycle_days":null,` +
	`"expected_value":null,"grade":null,"reasons":null,"warnings":null,"error":{"pointer":`

func (s *Server) appendScore(b []byte, c *bundle.Score, bad *fault) []byte {
	if bad != nil {
		b = appendString(append(b, noScore...), bad.Pointer)
		b = appendString(append(b, `,"detail":`...), bad.Detail)
		return append(b, "}}"...)
	}
	b = appendText(append(b, `{"id":`...), c.ID)
	b = appendNumber(append(b, `,"p_win":`...), c.Win)
	b = appendNumber(append(b, `,"p_lost":`...), c.Lost)
	b = appendNumber(append(b, `,"p_open":`...), c.Open)
	b = append(b, `,"p_win_by":{`...)
	for i, h := range s.manifest.Horizons {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, '"'), int64(h), 10)
		var p *float64
		if i < len(c.WinBy) {
			p = c.WinBy[i]
		}
		b = appendNumber(append(b, `d":`...), p)
	}
	b = appendNumber(append(b, `},"cycle_days":{"p10":`...), c.Cycle[0])
	b = appendNumber(append(b, `,"p50":`...), c.Cycle[1])
	b = appendNumber(append(b, `,"p90":`...), c.Cycle[2])
	b = appendNumber(append(b, `},"expected_value":`...), c.ExpectedValue)
	b = appendText(append(b, `,"grade":`...), c.Grade)
	b = append(b, `,"reasons":[`...)
	for i, r := range c.Reasons {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(append(b, `{"column":`...), r.Column)
		b = appendNumber(append(b, `,"effect":`...), &r.Effect)
		b = strconv.AppendInt(append(b, `,"like_this":`...), int64(r.Like), 10)
		b = strconv.AppendInt(append(b, `,"won":`...), int64(r.Won), 10)
		b = append(b, '}')
	}
	b = append(b, `],"warnings":[`...)
	for i, w := range c.Warnings {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, w)
	}
	return append(b, "]}"...)
}

// appendNumber writes the shortest text that reads back as the same number,
// null where there is none.
func appendNumber(b []byte, p *float64) []byte {
	if p == nil || math.IsNaN(*p) || math.IsInf(*p, 0) {
		return append(b, "null"...)
	}
	if a := math.Abs(*p); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.AppendFloat(b, *p, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, *p, 'f', -1, 64)
}

// appendText writes a string, null where it is empty.
func appendText(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	return appendString(b, s)
}

// appendString writes a JSON string that is also safe inside HTML.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			switch {
			case c == '"' || c == '\\':
				b = append(b, '\\', c)
			case c < ' ' || c == '<' || c == '>' || c == '&' || c == 0x7f:
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			default:
				b = append(b, c)
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\u2028' || r == '\u2029':
			b = append(b, '\\', 'u', '2', '0', '2', hex[r&15])
		default: // a broken byte becomes U+FFFD
			b = utf8.AppendRune(b, r)
		}
		i += n
	}
	return append(b, '"')
}
