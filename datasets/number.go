package datasets

import (
	"strconv"
	"strings"
)

// number is what one cell says when it is read as a number.
type number struct {
	value float64
	unit  string // "%" or a currency sign, "" for none
	bound bool   // "20+", ">20", "<=20": value is the bound
	code  bool   // a leading zero or more digits than a float64 keeps: a name rather than a number
}

// currencies are the signs a number may carry before or after it, the longer
// ones first where one begins another.
var currencies = []string{"US$", "R$", "A$", "C$", "$", "€", "£", "¥", "₹", "CHF", "USD", "EUR", "GBP", "JPY", "INR", "BRL", "CAD", "AUD", "SEK", "NOK", "DKK", "PLN", "CZK", "kr"}

// parseNumber reads a trimmed cell whose decimal sign is decimal ('.' or ',').
// It knows thousands separators (the other sign, blank, apostrophe; groups of
// three, or of two before the last as in India), a percent or currency sign,
// negative amounts in parentheses and open bounds. Infinities, NaN, hexadecimal
// and out-of-range numbers are not numbers.
func parseNumber(s string, decimal byte) (n number, ok bool) {
	if s == "" || len(s) > 64 {
		return n, false
	}
	if c := s[0]; c >= 'A' && c < 0x80 && !strings.ContainsRune("ABCDEGIJNPRSUk", rune(c)) {
		return n, false // no sign, digit or currency begins so: most words end here
	}
	negative := false
	if s[0] == '(' && s[len(s)-1] == ')' {
		negative, s = true, strings.TrimSpace(s[1:len(s)-1])
	}
	s, n.bound = cutBound(s)
	s, minus, signed := cutSign(s)
	s, n.unit = cutUnit(s)
	if n.unit != "" && !signed {
		s, minus, signed = cutSign(s)
	}
	if signed && negative {
		return n, false
	}
	var buf [72]byte
	digits, code, ok := plainDigits(buf[:0], s, decimal, signed && !minus)
	if !ok {
		return n, false
	}
	v, err := strconv.ParseFloat(string(digits), 64)
	if err != nil {
		return n, false
	}
	if minus || negative {
		v = -v
	}
	n.value, n.code = v, code
	return n, true
}

func cutBound(s string) (string, bool) {
	if t, ok := strings.CutSuffix(s, "+"); ok {
		return strings.TrimSpace(t), true
	}
	if s != "" && isDigit(s[0]) {
		return s, false
	}
	for _, p := range []string{">=", "<=", ">", "<", "≥", "≤"} {
		if t, ok := strings.CutPrefix(s, p); ok {
			return strings.TrimSpace(t), true
		}
	}
	return s, false
}

func cutSign(s string) (rest string, minus, signed bool) {
	if t, ok := strings.CutPrefix(s, "-"); ok {
		return t, true, true
	}
	if t, ok := strings.CutPrefix(s, "−"); ok {
		return t, true, true
	}
	t, ok := strings.CutPrefix(s, "+")
	return t, false, ok
}

func cutUnit(s string) (rest, unit string) {
	if t, ok := strings.CutSuffix(s, "%"); ok {
		return strings.TrimSpace(t), "%"
	}
	if s == "" || (isDigit(s[0]) && isDigit(s[len(s)-1])) {
		return s, ""
	}
	for _, c := range currencies {
		if t, ok := strings.CutPrefix(s, c); ok {
			return strings.TrimSpace(t), c
		}
		if t, ok := strings.CutSuffix(s, c); ok {
			return strings.TrimSpace(t), c
		}
	}
	return s, ""
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// plainDigits appends s as strconv reads it: digits, at most one point, at
// most one exponent. Blanks do not group after a plus sign, so that telephone
// numbers stay what they are.
func plainDigits(dst []byte, s string, decimal byte, plus bool) (digits []byte, code, ok bool) {
	group, size, groups, whole := "", 0, 0, 0
	i := 0
	for ; i < len(s); i++ {
		if isDigit(s[i]) {
			dst = append(dst, s[i])
			size, whole = size+1, whole+1
			continue
		}
		sep := separator(s[i:], decimal)
		if sep == "" {
			break
		}
		if group == "" {
			group = sep
		}
		// The first group has 1 to 3 digits and no leading zero, the inner ones 2 or 3.
		first := groups == 0 && size >= 1 && size <= 3 && s[0] != '0'
		inner := groups > 0 && (size == 2 || size == 3)
		if sep != group || !(first || inner) || (plus && sep != "," && sep != ".") {
			return dst, false, false
		}
		size, groups = 0, groups+1
		i += len(sep) - 1
	}
	if groups > 0 && size != 3 {
		return dst, false, false
	}
	code = groups == 0 && whole > 1 && s[0] == '0' || whole > 15
	parts := 0
	if i < len(s) && s[i] == decimal {
		code = code && whole > 15
		dst = append(dst, '.')
		for i++; i < len(s) && isDigit(s[i]); i++ {
			dst = append(dst, s[i])
			parts++
		}
	}
	if whole+parts == 0 {
		return dst, false, false
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') && groups == 0 {
		return exponent(dst, s[i:])
	}
	return dst, code, i == len(s)
}

// exponent appends "e+12"; with an exponent a number is never a code.
func exponent(dst []byte, s string) (digits []byte, code, ok bool) {
	dst = append(dst, 'e')
	i := 1
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		dst = append(dst, s[i])
		i++
	}
	start := i
	for ; i < len(s) && isDigit(s[i]); i++ {
		dst = append(dst, s[i])
	}
	return dst, false, i > start && i == len(s)
}

// separator is the thousands separator that s begins with, "" for none.
func separator(s string, decimal byte) string {
	switch c := s[0]; {
	case (c == ',' || c == '.') && c != decimal, c == ' ', c == '\'':
		return s[:1]
	}
	for _, sep := range []string{"\u00a0", "\u202f", "\u2009", "’"} {
		if strings.HasPrefix(s, sep) {
			return sep
		}
	}
	return ""
}
