package synth

import (
	"strconv"
	"strings"

	"github.com/leadcast/leadcast/models/portable"
)

// account is a company that leads work for. It is drawn anew wherever it is
// needed: its stream depends on nothing but the seed and its number.
type account struct {
	number                    int
	country, region, industry int
	employees                 int
	name, domain              string
}

// accounts is how many accounts there are: three leads share one on average.
func (c *company) accounts() int { return c.leads/3 + 1 }

func (c *company) drawAccount(s *stream, number int) account {
	s.restart(c.seed, forAccount, number)
	a := account{number: number}
	a.country = countries.pick(s)
	u := s.uniform()
	a.region = a.country*countryRegions + int(countryRegions*float64(u*u))
	a.industry = c.industries.pick(s)
	a.employees = 1 + int(portable.Exp(4.4+float64(1.7*s.normal())))
	brand := brandHeads[s.below(len(brandHeads))] + brandTails[s.below(len(brandTails))]
	a.name = brand + " " + strconv.Itoa(number+1)
	a.domain = strings.ToLower(brand) + strconv.Itoa(number+1) + ".example"
	return a
}

// lead is what is known of a lead at its creation, and how that changes its rates.
type lead struct {
	number    int
	original  int   // the lead that this one is a second record of, −1 as a rule
	created   int64 // Unix seconds
	day       int   // day of creation, counted from the first
	account   account
	first     int
	last      int
	seniority int
	function  int
	mail      int
	sized     bool // the number of employees is filled in
	phone     int
	source    int
	campaign  int // −1: none
	owner     int
	landing   int
	wish      int
	letter    int
	urgent    bool
	interests uint // bit i: interests[i]
	visits    int
	value     int
	winRate   float64 // multiplies the baseline
	lossRate  float64
}

// draw makes lead number of total; leads are numbered in order of creation.
func (c *company) draw(s *stream, purpose, number, total int) lead {
	l := lead{number: number, original: -1, campaign: -1}
	who := number
	if purpose == forLead {
		l.original = c.firstRecord(s, number)
		if l.original >= 0 {
			who = l.original
		}
	}
	c.person(s, &l, who)
	s.restart(c.seed, purpose, number)
	// Inverse of the cumulative intake, which grows exponentially.
	u := (float64(number) + s.uniform()) / float64(total)
	at := portable.Log(1+float64(u*(portable.Exp(c.growth)-1))) / c.growth
	l.day = min(int(at*history), history-1)
	// Within a day, in order of number too.
	frac := min(max(float64(at*history)-float64(l.day), 0), 0.999999)
	l.created = c.begin + int64(l.day)*day + 6*3600 + int64(frac*(16*3600))
	l.source = c.sources.pick(s)
	l.owner = s.below(ownerCount)
	l.landing = c.landings.pick(s)
	l.wish = c.wishes.pick(s)
	l.letter = s.below(len(letters))
	l.urgent = c.wishes[l.wish].name != "" && s.chance(urgency.share)
	for i := range interests {
		if s.chance(0.3) {
			l.interests |= 1 << i
		}
	}
	l.visits = int(portable.Exp(0.9+float64(1.1*s.normal()))) - 1
	l.value = 10 * (20 + int(portable.Exp(float64(0.25*portable.Log(float64(l.account.employees)))+5.3+float64(0.9*s.normal()))))
	l.campaign = c.target(s, &l)
	c.effects(&l)
	return l
}

// firstRecord says whether a lead is a second record of an earlier person: one
// in every hundred leads is, and never of another second record.
func (c *company) firstRecord(s *stream, number int) int {
	block := number / 100
	s.restart(c.seed, forDuplicate, block)
	second := 40 + s.below(60)
	first := second - 1 - s.below(40)
	if number != block*100+second {
		return -1
	}
	return block*100 + first
}

// person draws what stays the same when somebody is entered twice.
func (c *company) person(s *stream, l *lead, who int) {
	s.restart(c.seed, forPerson, who)
	number := s.below(c.accounts())
	l.first, l.last = s.below(len(firstNames)), s.below(len(lastNames))
	l.seniority, l.function = c.seniorities.pick(s), s.below(len(functions))
	l.mail = c.mails.pick(s)
	l.sized = s.chance(0.85)
	l.phone = s.below(1e7)
	l.account = c.drawAccount(s, number)
}

// target chooses among the campaigns that run in the lead's channel on its
// day; some aim at large companies, so arms differ in more than their effect.
func (c *company) target(s *stream, l *lead) int {
	offset := s.below(len(c.campaigns))
	for i := range c.campaigns {
		k := (i + offset) % len(c.campaigns)
		p := &c.campaigns[k]
		if p.channel != l.source || l.day < p.start || l.day >= p.end {
			continue
		}
		accept := 0.6
		if p.large {
			accept = 0.25
			if l.account.employees >= 250 {
				accept = 0.9
			}
		}
		if s.chance(accept) {
			return k
		}
	}
	return -1
}

// effects sets the rate multipliers from the fields: levels, thresholds,
// humps and interactions.
func (c *company) effects(l *lead) {
	var won, lost float64
	add := func(f level) { won += f.won; lost += f.lost }
	add(c.sources[l.source])
	add(c.industries[l.account.industry])
	add(c.seniorities[l.seniority])
	add(c.mails[l.mail])
	add(c.landings[l.landing])
	add(c.wishes[l.wish])
	if l.urgent {
		add(urgency)
	}
	w, q := shape(l)
	won += c.regions[l.account.region] + w
	lost += q
	if l.campaign >= 0 {
		won += c.campaigns[l.campaign].effect
	}
	l.winRate, l.lossRate = portable.Exp(won), portable.Exp(lost)
}

// shape is what numbers and pairs of fields add to the effects.
func shape(l *lead) (won, lost float64) {
	big := l.sized && l.account.employees >= 250
	switch e := l.account.employees; { // a hump: mid-sized companies buy
	case !l.sized:
		lost += 0.7
	case e < 20:
		won -= 0.7
	case e < 250:
		won += 0.5
	case e >= 2000:
		won -= 0.5
	}
	switch v := l.visits; { // too many visits are a robot or a competitor
	case v == 0:
		won -= 0.6
	case v >= 3 && v < 12:
		won += 0.5
	case v >= 12:
		lost += 0.6
	}
	switch { // small deals are decided fast, large ones slowly
	case l.value < 3500:
		won += 0.5
		lost += 0.6
	case l.value > 10000:
		won -= 0.6
		lost -= 0.8
	}
	if big && l.account.industry <= industryLogistics {
		won += 0.8
	}
	return won, lost
}
