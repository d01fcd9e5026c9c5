package datasets

import (
	"slices"
	"strings"
	"unicode"
)

// headerWords splits a column name into lower-case words: "Lead Number",
// "leadNumber" and "lead_number" are all lead, number.
func headerWords(name string) []string {
	var words []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
			word = word[:0]
		}
	}
	runes := []rune(name)
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush()
			continue
		case unicode.IsUpper(r) && i > 0 && unicode.IsLower(runes[i-1]):
			flush()
		case unicode.IsUpper(r) && i+1 < len(runes) && unicode.IsLower(runes[i+1]) && i > 0 && unicode.IsUpper(runes[i-1]):
			flush()
		}
		word = append(word, r)
	}
	flush()
	return words
}

// Endings of headers that tell what integers in the column are.
var (
	idWords    = []string{"id", "ids", "uuid", "guid", "key", "number", "no", "nr", "num", "rownames", "index", "rownumber"}
	countWords = []string{"per", "count", "number", "num", "total", "avg", "mean", "sum", "of"} // a number after all
	phoneWords = []string{"phone", "telephone", "tel", "mobile", "cell", "fax", "msisdn"}
	codeWords  = []string{"id", "code", "zip", "zipcode", "postcode", "prefix", "cat", "category", "type", "agent", "company", "account", "owner", "rep"}
)

func hasWord(name string, words []string) bool {
	return slices.ContainsFunc(headerWords(name), func(w string) bool { return slices.Contains(words, w) })
}

func endsIn(name string, words []string) bool {
	w := headerWords(name)
	return len(w) > 0 && slices.Contains(words, w[len(w)-1])
}
