package datasets

import (
	"strconv"
	"strings"
	"time"
)

// The ways in which dates are written, as Field.Layout has them. Each may be
// followed by a time of day ("15:04", "15:04:05.999", "3:04 PM") and that by a
// zone ("Z", "+02:00", "UTC"). ISO dates and months in words are read in
// every column, since they cannot be mistaken; the layout decides what 1/2/2018
// means.
const (
	layoutISO       = "2006-01-02" // also 2006/1/2
	layoutDMY       = "2/1/2006"   // also 02.01.2006, 2-1-06
	layoutMDY       = "1/2/2006"
	layoutWords     = "2 Jan 2006" // also 02-Jan-06, January 2, 2006
	layoutMonth     = "Jan 2006"   // also Jan-06, 2006-01: its first day
	layoutCompact   = "20060102"   // only by hint
	layoutUnix      = "unix"       // seconds since 1970 UTC, only by hint
	layoutUnixMilli = "unixmilli"  // milliseconds since 1970 UTC, only by hint
)

var layouts = []string{layoutISO, layoutDMY, layoutMDY, layoutWords, layoutMonth, layoutCompact, layoutUnix, layoutUnixMilli}

// shape is a date as it is written, before anybody has said what its parts mean.
type shape struct {
	layout  string // layoutISO, layoutWords, layoutMonth; layoutDMY stands for both numeric orders
	a, b, y int    // day and month as the layout has them
	rest    string // what follows the date
}

// dateShape splits the date off the front of a trimmed cell. What follows it
// must look like a time of day, or the cell is a number of an order or a
// sentence that begins with a date.
func dateShape(s string) (d shape, ok bool) {
	if len(s) < 6 || len(s) > 48 {
		return d, false
	}
	if isDigit(s[0]) {
		d, ok = digitsFirst(s)
	} else {
		d, ok = wordsFirst(s)
	}
	if after := strings.TrimLeft(d.rest, " ,Tt"); d.rest != "" {
		ok = ok && len(after) < len(d.rest) && after != "" && isDigit(after[0])
	}
	return d, ok
}

func digitsFirst(s string) (d shape, ok bool) {
	n, first, s := leadingInt(s)
	if len(s) < 3 || (first != 4 && first > 2) {
		return d, false
	}
	sep := s[0]
	if first == 4 {
		return yearFirst(n, s)
	}
	if month, rest := monthName(strings.TrimLeft(s, " -/.")); month > 0 {
		y, digits, rest := leadingInt(strings.TrimLeft(rest, " -/.,"))
		d = shape{layoutWords, n, month, century(y, digits), rest}
		return d, digits == 4 || digits == 2
	}
	if sep != '/' && sep != '.' && sep != '-' {
		return d, false
	}
	m, second, s := leadingInt(s[1:])
	if second < 1 || second > 2 || s == "" || s[0] != sep {
		return d, false
	}
	y, third, s := leadingInt(s[1:])
	if third != 4 && third != 2 || (sep == '.' && third == 2 && first+second < 4) { // 1.2.30 is a version
		return d, false
	}
	return shape{layoutDMY, n, m, century(y, third), s}, true
}

func yearFirst(y int, s string) (shape, bool) {
	sep := s[0]
	if sep != '-' && sep != '/' && sep != '.' {
		return shape{}, false
	}
	m, second, s := leadingInt(s[1:])
	if second < 1 || second > 2 {
		return shape{}, false
	}
	if s == "" {
		return shape{layoutMonth, 1, m, y, ""}, second == 2 && sep == '-' && m >= 1 && m <= 12
	}
	if s[0] != sep {
		return shape{}, false
	}
	d, third, s := leadingInt(s[1:])
	return shape{layoutISO, d, m, y, s}, third == 1 || third == 2
}

func wordsFirst(s string) (shape, bool) {
	if i := strings.IndexAny(s, ", "); i >= 3 && i < len(s)-1 && strings.Contains("mon tue wed thu fri sat sun ", strings.ToLower(s[:3])+" ") && monthOf(s[:i]) == 0 {
		return dateShape(strings.TrimLeft(s[i:], ", "))
	}
	m, rest := monthName(s)
	if m == 0 || rest == "" {
		return shape{}, false
	}
	dash := rest[0] == '-'
	n, digits, rest := leadingInt(strings.TrimLeft(rest, " -/.,"))
	if digits == 4 || digits == 2 && dash && rest == "" {
		return shape{layoutMonth, 1, m, century(n, digits), ""}, rest == ""
	}
	y, four, rest := leadingInt(strings.TrimLeft(rest, " -/,"))
	return shape{layoutWords, n, m, y, rest}, (digits == 1 || digits == 2) && four == 4
}

// leadingInt reads the digits that s begins with, at most eight.
func leadingInt(s string) (n, digits int, rest string) {
	for digits < len(s) && digits < 8 && isDigit(s[digits]) {
		n = n*10 + int(s[digits]-'0')
		digits++
	}
	return n, digits, s[digits:]
}

// century completes a year of two digits as POSIX does: 69 to 99 are 19xx.
func century(y, digits int) int {
	switch {
	case digits != 2:
		return y
	case y >= 69:
		return 1900 + y
	}
	return 2000 + y
}

func monthName(s string) (month int, rest string) {
	i := 0
	for i < len(s) && (s[i]|0x20) >= 'a' && (s[i]|0x20) <= 'z' {
		i++
	}
	return monthOf(s[:i]), s[i:]
}

// monthOf knows the English names, whole, of three letters, or "sept".
func monthOf(s string) int {
	if len(s) < 3 || len(s) > 9 {
		return 0
	}
	i := strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", strings.ToLower(s[:3]))
	if i < 0 || i%3 != 0 {
		return 0
	}
	m := time.Month(i/3 + 1)
	if len(s) == 3 || strings.EqualFold(s, m.String()) || strings.EqualFold(s, "sept") {
		return int(m)
	}
	return 0
}

// plausible tells whether there can be such a month and day, in either order.
func (d shape) plausible() bool {
	fits := func(day, month int) bool { return day >= 1 && day <= 31 && month >= 1 && month <= 12 }
	return d.y >= 1000 && (fits(d.a, d.b) || d.layout == layoutDMY && fits(d.b, d.a))
}

// micros is the moment d stands for in a zone. A local time that a change of
// clocks skips or repeats is read with the offset in force before the change.
func (d shape) micros(layout string, zone *time.Location) (int64, bool) {
	day, month := d.a, d.b
	if d.layout == layoutDMY {
		switch layout {
		case layoutMDY:
			day, month = d.b, d.a
		case layoutDMY:
		default:
			return NoTime, false
		}
	}
	if d.y < 1000 || month < 1 || month > 12 || day < 1 || day > daysIn(d.y, month) {
		return NoTime, false
	}
	clock, offset, zoned, ok := timeOfDay(d.rest)
	if !ok {
		return NoTime, false
	}
	wall := time.Date(d.y, time.Month(month), day, 0, 0, 0, 0, time.UTC).UnixMicro() + clock
	if zoned {
		return wall - offset, true
	}
	return local(wall, zone), true
}

func daysIn(year, month int) int {
	if month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		return 29
	}
	return [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
}

// local turns a wall clock (microseconds as if it were UTC) into the moment at
// which the clocks of zone show it.
func local(wall int64, zone *time.Location) int64 {
	if zone == time.UTC {
		return wall
	}
	offset := func(at int64) int64 {
		_, seconds := time.UnixMicro(at).In(zone).Zone()
		return int64(seconds) * 1_000_000
	}
	before := offset(wall - MicrosPerDay)
	first := wall - before
	after := offset(first)
	if after == before || offset(wall-after) != after {
		return first
	}
	return wall - after
}

// timeOfDay reads what follows a date: the microseconds since midnight and,
// where there is a zone, its offset from UTC.
func timeOfDay(s string) (clock, offset int64, zoned, ok bool) {
	if s == "" {
		return 0, 0, false, true
	}
	if strings.IndexByte(" ,Tt", s[0]) < 0 {
		return 0, 0, false, false
	}
	h, hd, s := leadingInt(strings.TrimLeft(s, " ,Tt"))
	if hd < 1 || hd > 2 || len(s) < 3 || s[0] != ':' {
		return 0, 0, false, false
	}
	m, md, s := leadingInt(s[1:])
	sec, sd := 0, 2
	if s != "" && s[0] == ':' {
		sec, sd, s = leadingInt(s[1:])
	}
	if md != 2 || sd != 2 || m > 59 || sec > 59 {
		return 0, 0, false, false
	}
	fraction, s := fractionMicros(s)
	s = strings.TrimLeft(s, " ")
	if half, rest := cutHalf(s); half >= 0 {
		if h < 1 || h > 12 {
			return 0, 0, false, false
		}
		h, s = h%12+half, rest
	}
	if h > 23 {
		return 0, 0, false, false
	}
	clock = int64(h*3600+m*60+sec)*1_000_000 + fraction
	offset, zoned, ok = zoneOffset(strings.TrimLeft(s, " "))
	return clock, offset, zoned, ok
}

// fractionMicros reads ".123456789", cut to microseconds.
func fractionMicros(s string) (micros int64, rest string) {
	if len(s) < 2 || (s[0] != '.' && s[0] != ',') || !isDigit(s[1]) {
		return 0, s
	}
	unit := int64(100_000)
	i := 1
	for ; i < len(s) && isDigit(s[i]); i++ {
		micros += unit * int64(s[i]-'0')
		unit /= 10
	}
	return micros, s[i:]
}

// cutHalf cuts AM or PM off the front: 0 or 12 hours to add, −1 for neither.
func cutHalf(s string) (hours int, rest string) {
	if len(s) < 2 || s[1]|0x20 != 'm' {
		return -1, s
	}
	switch s[0] | 0x20 {
	case 'a':
		return 0, s[2:]
	case 'p':
		return 12, s[2:]
	}
	return -1, s
}

// zoneOffset knows Z, UTC, GMT and numeric offsets; letters such as EST mean
// different things in different places and are refused.
func zoneOffset(s string) (micros int64, zoned, ok bool) {
	switch s {
	case "":
		return 0, false, true
	case "Z", "z", "UTC", "GMT":
		return 0, true, true
	}
	if len(s) < 3 || (s[0] != '+' && s[0] != '-') {
		return 0, false, false
	}
	h, hd, rest := leadingInt(s[1:])
	m := 0
	switch {
	case hd == 4 && rest == "":
		h, m = h/100, h%100
	case hd == 2 && len(rest) == 3 && rest[0] == ':':
		var md int
		if m, md, rest = leadingInt(rest[1:]); md != 2 {
			return 0, false, false
		}
	case hd != 2:
		return 0, false, false
	}
	if rest != "" || h > 14 || m > 59 {
		return 0, false, false
	}
	micros = int64(h*3600+m*60) * 1_000_000
	if s[0] == '-' {
		micros = -micros
	}
	return micros, true, true
}

// zoneLetters is the abbreviation of a time zone at the end of a time of day
// that can be read without it; "" where there is none.
func zoneLetters(s string) string {
	clock := strings.TrimRight(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	letters := s[len(clock):]
	if len(letters) < 2 || len(letters) > 5 {
		return ""
	}
	if _, _, _, ok := timeOfDay(strings.TrimRight(clock, " ")); !ok {
		return ""
	}
	return letters
}

// parseTime reads a trimmed cell of a Time column.
func parseTime(s, layout string, zone *time.Location) (int64, bool) {
	if d, ok := dateShape(s); ok {
		return d.micros(layout, zone)
	}
	switch layout {
	case layoutCompact:
		if n, digits, rest := leadingInt(s); digits == 8 && rest == "" {
			return shape{layoutISO, n % 100, n / 100 % 100, n / 10000, ""}.micros(layout, zone)
		}
	case layoutUnix, layoutUnixMilli:
		v, err := strconv.ParseFloat(s, 64)
		if layout == layoutUnix {
			v *= 1e6
		} else {
			v *= 1e3
		}
		if err == nil && v > -1e15 && v < 253402300800e6 { // years 1938 to 9999
			return int64(v), true
		}
	}
	return NoTime, false
}
