package features

import (
	"strings"

	"github.com/leadcast/leadcast/models/matrix"
)

// email keeps of an e-mail address what sort of domain it has, its top-level
// domain where enough leads share it, and whether the part before the @ looks
// like a role, a name, a number or a plain word.
type email struct {
	Top levels `json:"top"`
}

// The codes of the domain kind and of the local part; the last one of
// domains is for texts that are no e-mail address.
var (
	domains = [...]string{"business", "free", "education", "government", "disposable", "invalid"}
	locals  = [...]string{"word", "role", "name", "number"}
)

var freeDomains = set(`gmail.com googlemail.com yahoo.com ymail.com rocketmail.com hotmail.com outlook.com live.com msn.com aol.com
	icloud.com me.com mac.com gmx.de gmx.net gmx.at gmx.com web.de t-online.de freenet.de mail.com mail.ru yandex.ru yandex.com bk.ru
	inbox.ru list.ru qq.com 163.com 126.com sina.com proton.me protonmail.com pm.me tutanota.com zoho.com fastmail.com hey.com
	orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it uol.com.br bol.com.br terra.com.br rediffmail.com
	comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net btinternet.com sky.com ntlworld.com bigpond.com
	naver.com hanmail.net daum.net seznam.cz wp.pl o2.pl onet.pl interia.pl abv.bg rambler.ru ukr.net`)

var freeBrands = set("yahoo hotmail outlook live gmx") // under any top-level domain

var disposableDomains = set(`mailinator.com guerrillamail.com 10minutemail.com tempmail.com temp-mail.org trashmail.com yopmail.com
	sharklasers.com getnada.com dispostable.com maildrop.cc mintemail.com throwawaymail.com fakeinbox.com mailnesia.com moakt.com`)

var roleNames = set(`info sales contact admin administrator support office hello marketing hr jobs careers billing accounts accounting
	team mail service services help enquiries inquiries webmaster postmaster noreply no-reply press media reception it purchasing
	orders finance legal kontakt vertrieb einkauf buchhaltung`)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

// address is what email reads off a value; top is "" where it is none.
func address(value string) (domain, local int32, top string) {
	value = strings.ToLower(value)
	at := strings.LastIndexByte(value, '@')
	dot := strings.LastIndexByte(value, '.')
	if at < 1 || dot < at+2 || dot == len(value)-1 || strings.ContainsAny(value, " \t,;<>") {
		return int32(len(domains) - 1), -1, ""
	}
	host := value[at+1:]
	return domainKind(host), localKind(value[:at]), value[dot+1:]
}

func domainKind(host string) int32 {
	brand, _, _ := strings.Cut(host, ".")
	dot := strings.LastIndexByte(host, '.')
	rest, last := host[:dot], host[dot+1:]
	second := "" // of three labels or more, the one before the last: ac.uk, edu.au, gob.mx
	if dot = strings.LastIndexByte(rest, '.'); dot >= 0 {
		second = rest[dot+1:]
	}
	switch {
	case disposableDomains[host]:
		return 4
	case freeDomains[host] || freeBrands[brand] && (brand == rest || len(second) <= 3 && brand+"."+second == rest):
		return 1
	case last == "edu" || second == "ac" || second == "edu":
		return 2
	case last == "gov" || last == "mil" || second == "gov" || second == "gob" || second == "gouv":
		return 3
	}
	return 0
}

func localKind(local string) int32 {
	switch {
	case roleNames[local]:
		return 1
	case strings.ContainsAny(local, "0123456789"):
		return 3
	case strings.ContainsAny(local, "._-"):
		return 2
	}
	return 0
}

func (e *email) learn(v *view) {
	for i := range v.Leads.Rows {
		_, _, top := address(v.text(i))
		e.Top.add(top)
	}
}

func (e *email) settle() { e.Top.settle(mostParts) }

func (e *email) ready() error { return e.Top.ready(mostParts) }

func (e *email) outputs() []output {
	return []output{
		{suffix: " domain kind", levels: len(domains)},
		{suffix: " top-level domain", levels: e.Top.count()},
		{suffix: " local part", levels: len(locals)},
	}
}

// A rare top-level domain is no news, and telling would say something of the
// address: there is no note.
func (e *email) encode(dst []matrix.Column, v *view) {
	for i := range v.Leads.Rows {
		value := v.text(i)
		if value == "" {
			blankRow(dst, i)
			continue
		}
		domain, local, top := address(value)
		dst[0].Codes[i], dst[2].Codes[i] = domain, local
		dst[1].Codes[i] = e.Top.of(top)
	}
}
