package features

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/leadcast/leadcast/datasets"
)

// A treatment is how a column that tells of persons is used: the kind of
// feature, "" for not at all, and the note that says so.
type treatment struct{ kind, note string }

var (
	asEmail   = &treatment{"email", "holds e-mail addresses: used only through the kind of domain, the top-level domain and the form of the part before the @"}
	asPhone   = &treatment{"phone", "holds telephone numbers: used only through the country prefix and the number of digits"}
	asName    = &treatment{"", "holds names of persons: not used"}
	asAddress = &treatment{"", "holds addresses: not used"}
	asNumber  = &treatment{"", "holds numbers that identify a person: not used"}
)

// personal gives the treatment of a column that tells of persons, nil for any
// other. Contents decide first, then the words of the header; where a few
// values make up a whole column of text they cannot be one person's each, and
// only headers like "first name" still count.
func personal(c *datasets.Column, sample []string) *treatment {
	header := headerWords(c.Name)
	has := func(words map[string]bool) bool {
		return slices.ContainsFunc(header, func(w string) bool { return words[w] })
	}
	if !isText(c) {
		if c.Kind == datasets.Number && has(phoneWords) && !has(countWords) && longNumbers(c) {
			return asPhone
		}
		return nil
	}
	switch various := variety(sample); {
	case share(sample, isAddressMail) > 0.5:
		return asEmail
	case share(sample, isNetwork) > 0.5, share(sample, isStreet) > 0.5:
		return asAddress
	case share(sample, isDialled) > 0.5:
		return asPhone
	case namesPersons(header):
		return asName
	case various < 0.2 || has(thingWords):
		return nil
	case has(mailWords):
		return asEmail
	case has(phoneWords):
		return asPhone
	case has(placeWords):
		return asAddress
	case has(numberWords):
		return asNumber
	case various > 0.5 && share(sample, startsWithGivenName) > 0.3:
		return asName
	}
	return nil
}

// Personal says what a column tells of persons, in a few words such as "e-mail
// addresses"; "" where it tells nothing of single persons.
func Personal(c *datasets.Column) string {
	p := personal(c, filled(c, sampled))
	if p == nil {
		return ""
	}
	what, _, _ := strings.Cut(strings.TrimPrefix(p.note, "holds "), ":")
	return what
}

// Words of headers.
var (
	mailWords   = set("email mail")
	phoneWords  = set("phone phones mobile telephone tel fax cell cellphone handy telefon msisdn whatsapp")
	countWords  = set("count counts calls visits duration minutes seconds") // of phones: a measure and no number to dial
	placeWords  = set("street address addr strasse straße")
	numberWords = set("ssn passport iban bic tin taxid vat licence license nino")
	thingWords  = set(`company account organisation organization business firm employer campaign product hotel school university
		brand event file page form list team group city country region state province zip postal postcode`)  // not of one person
)

// namesPersons reports whether a header, by its last words, says that a person
// is named; "name" counts where it stands alone.
func namesPersons(header []string) bool {
	last := header[max(len(header)-2, 0):]
	joined := strings.Join(last, "")
	return joined == "name" || personNames[joined] || len(last) > 0 && personNames[last[len(last)-1]]
}

var personNames = set(`firstname lastname fullname middlename surname forename givenname familyname maidenname vorname nachname
	contactname contactperson personname leadname customername clientname username employeename applicantname buyername`)

// headerWords splits a header into words of lower case: "FirstName",
// "first_name" and "First Name" are all first, name.
func headerWords(header string) []string {
	var b strings.Builder
	previous := ' '
	for _, r := range header {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			b.WriteByte(' ')
		default:
			if unicode.IsUpper(r) && unicode.IsLower(previous) {
				b.WriteByte(' ')
			}
			b.WriteRune(unicode.ToLower(r))
		}
		previous = r
	}
	return strings.Fields(strings.ReplaceAll(b.String(), "e mail", "email"))
}

// variety is the number of different values in a sample over its size.
func variety(sample []string) float64 {
	different := map[string]bool{}
	for _, s := range sample {
		different[s] = true
	}
	return float64(len(different)) / float64(max(len(sample), 1))
}

func isAddressMail(s string) bool {
	_, _, top := address(s)
	return top != ""
}

// isDialled recognises a telephone number written as one: 7 to 15 digits, with
// a plus, brackets or at least two separators, and nothing but these.
func isDialled(s string) bool {
	separators, plus := 0, strings.HasPrefix(s, "+") || strings.Contains(s, "(")
	for _, r := range s {
		switch {
		case strings.ContainsRune(" -./", r):
			separators++
		case !strings.ContainsRune("0123456789+()x", r):
			return false
		}
	}
	n := digits(s)
	return n >= 7 && n <= 15 && (plus || separators >= 2 && n >= 9)
}

func isNetwork(s string) bool {
	fields := strings.Split(s, ".")
	return len(fields) == 4 && !slices.ContainsFunc(fields, func(f string) bool {
		return f == "" || len(f) > 3 || digits(f) != len(f)
	})
}

// isStreet recognises "12 Main St", "Hauptstraße 7" and the like.
func isStreet(s string) bool {
	fields := strings.Fields(strings.ToLower(s))
	if digits(s) == 0 || len(fields) < 2 || len(fields) > 8 {
		return false
	}
	for _, word := range fields {
		word = strings.Trim(word, ".,")
		if streetWords[word] || strings.HasSuffix(word, "straße") || strings.HasSuffix(word, "strasse") || strings.HasSuffix(word, "str") && len(word) > 4 {
			return true
		}
	}
	return false
}

var streetWords = set("street st avenue ave road rd boulevard blvd lane ln drive dr court ct square sq way place pl terrace highway hwy parkway rue via calle avenida rua weg platz gasse allee")

// longNumbers reports whether most numbers have seven or more digits.
func longNumbers(c *datasets.Column) bool {
	long, all := 0, 0
	for _, x := range c.Nums {
		if finite(x) {
			all++
			if x >= 1e6 && x < 1e15 {
				long++
			}
		}
	}
	return 2*long > all
}

func startsWithGivenName(s string) bool {
	first, rest, _ := strings.Cut(s, " ")
	r, _ := utf8.DecodeRuneInString(rest)
	return givenNames[strings.ToLower(strings.Trim(first, ",."))] && (rest == "" || unicode.IsUpper(r) && len(strings.Fields(rest)) <= 3)
}

// givenNames are common enough that a third of any column of persons begins with one.
var givenNames = set(`james john robert michael william david richard joseph thomas charles christopher daniel matthew anthony mark donald
	steven paul andrew joshua kenneth kevin brian george edward ronald timothy jason jeffrey ryan jacob gary nicholas eric jonathan stephen
	larry justin scott brandon benjamin samuel gregory frank alexander raymond patrick jack dennis jerry tyler aaron jose adam henry nathan
	douglas peter zachary kyle walter ethan jeremy harold keith christian roger noah gerald carl terry sean austin arthur lawrence jesse
	dylan bryan joe jordan billy bruce albert willie gabriel logan alan juan wayne roy ralph randy eugene vincent russell elijah louis bobby
	philip johnny oliver liam lucas leo oscar max felix jan lars sven hans klaus jürgen wolfgang stefan andreas martin markus tobias
	pierre jean luc marco luca giovanni carlos miguel pedro luis ahmed mohammed muhammad ali omar wei li raj rahul amit sanjay hiroshi ivan
	mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty margaret sandra ashley kimberly emily donna
	michelle carol amanda dorothy melissa deborah stephanie rebecca sharon laura cynthia kathleen amy angela shirley anna brenda pamela emma
	nicole helen samantha katherine christine debra rachel carolyn janet catherine maria heather diane ruth julie olivia joyce virginia
	victoria kelly lauren christina joan evelyn judith megan andrea cheryl hannah jacqueline martha gloria teresa ann sara madison frances
	kathryn janice jean abigail alice julia judy sophia grace denise amber doris marilyn danielle beverly isabella theresa diana natalie
	brittany charlotte marie kayla alexis lori sabine petra monika claudia ursula ingrid heike anja katrin sofia lucia elena fatima aisha
	priya anita yuki mei olga irina tatiana`)
