package features

import (
	"net/url"
	"slices"
	"strings"

	"github.com/leadcast/leadcast/models/matrix"
)

// link is a web address: what sort of host, how deep the path, and the
// campaign parameters (utm_source, utm_medium, utm_campaign) as categories.
type link struct {
	Source   levels `json:"utm_source"`
	Medium   levels `json:"utm_medium"`
	Campaign levels `json:"utm_campaign"`
}

// The campaign parameters, as they end the names of columns.
var parameters = [...]string{" utm_source", " utm_medium", " utm_campaign"}

// The codes of the host kind.
var hosts = [...]string{"site", "search", "social", "mail"}

var (
	searchHosts = set("google bing yahoo duckduckgo baidu yandex ecosia qwant startpage")
	socialHosts = set("facebook fb linkedin lnkd twitter t x instagram youtube youtu tiktok pinterest reddit xing whatsapp snapchat quora")
	mailHosts   = set("mail outlook gmail webmail")
)

// visit is what link reads off a web address, the parameters in lower case.
type visit struct {
	host     int32
	depth    int
	campaign [3]string // by parameters
}

// follow takes a web address apart; anything is one, with or without a scheme.
func follow(value string) visit {
	if i := strings.Index(value, "://"); i >= 0 {
		value = value[i+3:]
	}
	value, _, _ = strings.Cut(value, "#")
	value, query, _ := strings.Cut(value, "?")
	host, path, _ := strings.Cut(value, "/")
	v := visit{host: hostKind(strings.ToLower(host))}
	for segment := range strings.SplitSeq(path, "/") {
		if segment != "" {
			v.depth++
		}
	}
	for pair := range strings.SplitSeq(query, "&") {
		name, text, _ := strings.Cut(pair, "=")
		if k := slices.Index(parameters[:], " "+strings.ToLower(name)); k >= 0 {
			v.campaign[k] = parameter(text)
		}
	}
	return v
}

func parameter(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		text = plain
	}
	return strings.ToLower(strings.TrimSpace(text))
}

func hostKind(host string) int32 {
	host = strings.TrimPrefix(host, "www.")
	for label := range strings.SplitSeq(host[:max(strings.LastIndexByte(host, '.'), 0)], ".") {
		switch {
		case mailHosts[label]:
			return 3
		case searchHosts[label]:
			return 1
		case socialHosts[label]:
			return 2
		}
	}
	return 0
}

func (l *link) learn(v *view) {
	for i := range v.Leads.Rows {
		a := follow(v.text(i))
		for k, p := range l.parameters() {
			p.add(a.campaign[k])
		}
	}
}

func (l *link) parameters() [3]*levels { return [3]*levels{&l.Source, &l.Medium, &l.Campaign} }

func (l *link) settle() {
	for _, p := range l.parameters() {
		p.settle(mostLevels)
	}
}

func (l *link) ready() error {
	for _, p := range l.parameters() {
		if err := p.ready(mostLevels); err != nil {
			return err
		}
	}
	return nil
}

// outputs leaves out parameters of which no value was kept.
func (l *link) outputs() []output {
	out := []output{{suffix: " host kind", levels: len(hosts)}, {suffix: " path depth"}}
	for k, p := range l.parameters() {
		if len(p.Kept) > 0 {
			out = append(out, output{suffix: parameters[k], levels: p.count()})
		}
	}
	return out
}

func (l *link) encode(dst []matrix.Column, v *view) {
	for i := range v.Leads.Rows {
		value := v.text(i)
		if value == "" {
			blankRow(dst, i)
			continue
		}
		a := follow(value)
		dst[0].Codes[i], dst[1].Nums[i] = a.host, float64(a.depth)
		rest := dst[2:]
		for k, p := range l.parameters() {
			if len(p.Kept) == 0 {
				continue
			}
			code := p.of(a.campaign[k])
			if rest[0].Codes[i] = code; p.news(code) {
				v.warn(i, rare)
			}
			rest = rest[1:]
		}
	}
}
