package features

import (
	"net/url"
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

// The codes of the host kind.
var hosts = [...]string{"site", "search", "social", "mail"}

var (
	searchHosts = set("google bing yahoo duckduckgo baidu yandex ecosia qwant startpage")
	socialHosts = set("facebook fb linkedin lnkd twitter t x instagram youtube youtu tiktok pinterest reddit xing whatsapp snapchat quora")
	mailHosts   = set("mail outlook gmail webmail")
)

// visit is what link reads off a web address, the parameters in lower case.
type visit struct {
	host                     int32
	depth                    int
	source, medium, campaign string
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
		switch strings.ToLower(name) {
		case "utm_source":
			v.source = parameter(text)
		case "utm_medium":
			v.medium = parameter(text)
		case "utm_campaign":
			v.campaign = parameter(text)
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
		l.Source.add(a.source)
		l.Medium.add(a.medium)
		l.Campaign.add(a.campaign)
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

func (l *link) outputs() []output {
	return []output{
		{suffix: " host kind", levels: len(hosts)},
		{suffix: " path depth"},
		{suffix: " utm_source", levels: l.Source.count()},
		{suffix: " utm_medium", levels: l.Medium.count()},
		{suffix: " utm_campaign", levels: l.Campaign.count()},
	}
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
		for k, text := range [3]string{a.source, a.medium, a.campaign} {
			code := l.parameters()[k].of(text)
			if dst[2+k].Codes[i] = code; l.parameters()[k].news(code) {
				v.warn(i, rare)
			}
		}
	}
}
