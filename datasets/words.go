package datasets

import "strings"

// words decides what a column of words is: an id, several values a cell, text
// written by people, or a category.
func (p *profile) words() Kind {
	var spaced, mails, links, phones, digits, marks, words int // cells
	for _, l := range p.levels {
		n := strings.Count(l.text, " ")
		words += l.count * (n + 1)
		if n > 0 {
			spaced += l.count
		}
		switch {
		case isMail(l.text):
			mails += l.count
		case strings.HasPrefix(l.text, "http://") || strings.HasPrefix(l.text, "https://") || strings.HasPrefix(l.text, "www."):
			links += l.count
		case isPhone(l.text):
			phones += l.count
		case isMark(l.text):
			marks += l.count
		}
		if strings.ContainsAny(l.text, "0123456789") {
			digits += l.count
		}
	}
	n := max(p.filled, 1)
	most := func(count int) bool { return 10*count >= 9*n }
	distinct := 100*len(p.levels) >= 95*n
	switch {
	case most(mails), most(links), most(phones):
		return Text
	case distinct && n > 1 && (most(marks) || most(n-spaced) && (endsIn(p.name, idWords) || n >= 10 && most(digits) && !endsIn(p.name, []string{"name"}))):
		return ID
	case p.multi(";") || p.multi(","):
		return Multi
	case 5*len(p.levels) > n && words >= 4*n && len(p.levels) > 10,
		2*len(p.levels) > n && n >= 20 && !most(marks) && !endsIn(p.name, codeWords):
		return Text
	}
	return Category
}

func isMail(s string) bool {
	at := strings.IndexByte(s, '@')
	return at > 0 && strings.IndexByte(s[at:], '.') > 0 && strings.IndexByte(s, ' ') < 0
}

// isPhone recognises 7 to 15 digits among blanks and ( ) + - . / with at
// least one of these.
func isPhone(s string) bool {
	digits, others := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case isDigit(c):
			digits++
		case strings.IndexByte(" ()+-./", c) >= 0:
			others++
		default:
			return false
		}
	}
	return digits >= 7 && digits <= 15 && others > 0
}

// isMark recognises what only machines write: UUIDs, hashes of 32 or more
// hexadecimal digits, and CRM record ids of 15 or 18 letters and digits.
func isMark(s string) bool {
	hex, letters, digits, dashes := 0, 0, 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case isDigit(c):
			hex, digits = hex+1, digits+1
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			hex, letters = hex+1, letters+1
		case 'a' <= c|0x20 && c|0x20 <= 'z':
			letters++
		case c == '-':
			dashes++
		default:
			return false
		}
	}
	switch {
	case dashes == 4:
		return len(s) == 36 && hex == 32
	case dashes > 0 || digits == 0:
		return false
	}
	return (len(s) == 15 || len(s) == 18) && letters > 0 && digits >= 3 && (s[0] == '0' || s[0] == 'a') || len(s) >= 32 && hex == len(s)
}

// multi tells whether cells hold several values of a short list: the parts
// are fewer than the combinations, and most of them occur in several of them.
func (p *profile) multi(sep string) bool {
	together := 0
	for _, l := range p.levels {
		if strings.Contains(l.text, sep) {
			together += l.count
		}
	}
	if 20*together < p.filled || together < 2 {
		return false
	}
	parts := map[string]int{}
	for _, l := range p.levels {
		for part := range strings.SplitSeq(l.text, sep) {
			if part = trim(part); part != "" && len(part) <= 40 {
				parts[part]++
			} else if part != "" {
				return false
			}
		}
		if len(parts) > 100 {
			return false
		}
	}
	again := 0
	for _, k := range parts {
		if k > 1 {
			again++
		}
	}
	return len(parts) < len(p.levels) && 2*again >= len(parts)
}
