package synth

import (
	"time"

	"github.com/leadcast/leadcast/models/portable"
)

const (
	history  = 1096 // days from the first lead to the as-of day
	follow   = 365  // days after the as-of day that outcomes are followed
	horizon  = 180  // longest forecast
	lifetime = history + follow + 1

	countryRegions = 25
	ownerCount     = 24
	campaignCount  = 16 // four for each of the last four sources
	pilotLeads     = 4096

	day = 86400 // seconds
	// Deals are closed between these seconds of the day, evenly; engagement
	// changes in the evening, so that a day's events see that morning's state.
	opens, closes = 8 * 3600, 18 * 3600
)

// campaign is one arm: it runs for a while in one channel and multiplies the
// won rate of the leads it brings.
type campaign struct {
	name       string
	channel    int // a source
	start, end int // days, end exclusive
	cost       int
	large      bool // aimed at companies of 250 people or more
	effect     float64
}

// company is everything about the world that the seed decides once.
type company struct {
	seed   uint64
	leads  int
	begin  int64 // Unix seconds of the first day; the as-of moment is history days later
	growth float64

	sources, industries, seniorities, mails, landings, wishes field

	regions   []float64 // effect of each region, countryRegions a country
	campaigns []campaign
	won, lost [lifetime]float64 // baseline rate by age in days
	pace      [lifetime]float64 // how fast engagement changes, by age
	season    [lifetime]float64 // rate multiplier by day
}

// newCompany draws the company of a seed.
func newCompany(seed uint64, leads int) *company {
	c := &company{seed: seed, leads: leads}
	var s stream
	s.restart(seed, forCompany, 0)
	c.begin = time.Date(2014, 7, 1, 0, 0, 0, 0, time.UTC).Unix() + int64(s.below(365))*day
	c.growth = s.between(1.5, 1.9)
	for _, f := range []struct {
		to   *field
		from field
	}{
		{&c.sources, sources}, {&c.industries, industries}, {&c.seniorities, seniorities},
		{&c.mails, mails}, {&c.landings, landings}, {&c.wishes, wishes},
	} {
		*f.to = f.from.scaled(&s)
	}
	c.regions = make([]float64, countryRegions*len(countries))
	for i := range c.regions {
		c.regions[i] = float64(0.12 * s.normal())
	}
	c.drawCampaigns(&s)
	c.drawRates(&s)
	c.level()
	return c
}

// drawCampaigns lays campaigns over the channels: one always on and three
// limited in time, of which the last still runs at the as-of day.
func (c *company) drawCampaigns(s *stream) {
	effects := []float64{0.45, 0, -0.45, 0, 0, 0.35, 0, -0.3, 0, 0, 0.55, 0, 0, 0, -0.5, 0}
	shift := s.below(len(effects))
	for channel := sourceEvent; channel < len(sources); channel++ {
		for k := range 4 {
			n := len(c.campaigns)
			start, end := 0, history
			switch k {
			case 1, 2:
				start = (k-1)*400 + 100 + s.below(150)
				end = start + 150 + s.below(150)
			case 3:
				start = history - 80 - s.below(60)
			}
			c.campaigns = append(c.campaigns, campaign{
				name: sources[channel].name + " " + [...]string{"Always On", "Launch", "Autumn", "New"}[k], channel: channel, start: start, end: end,
				cost: (end - start) * (40 + s.below(160)), large: k == 2,
				effect: float64(effects[(n+shift)%len(effects)] * s.between(0.9, 1.1)),
			})
		}
	}
}

// drawRates fills the tables by age and by day. Both baselines are gamma
// shaped, x·exp(1−x), over a small constant tail.
func (c *company) drawRates(s *stream) {
	peakWon, peakLost := s.between(50, 55), s.between(28, 32)
	phase := s.uniform()
	amplitude := s.between(0.015, 0.03)
	for t := range lifetime {
		x, y := float64(t)/peakWon, float64(t)/peakLost
		c.won[t] = float64(0.0037*float64(x*portable.Exp(1-x))) + 0.00002
		c.lost[t] = float64(0.0150*float64(y*portable.Exp(1-y))) + 0.0012
		c.pace[t] = 1 / (1 + float64(t)/60)
		c.season[t] = 1 + float64(amplitude*wave(float64(t)/365.25+phase))
	}
}

// wave is a sine-like curve of period one made of two parabolas.
func wave(x float64) float64 {
	x -= float64(int(x))
	if x < 0.5 {
		return 16 * float64(x*(0.5-x))
	}
	x -= 0.5
	return -16 * float64(x*(0.5-x))
}

// level scales the baselines so that the mean rate multiplier is one whatever
// effects were drawn; otherwise some seeds would hardly win at all.
func (c *company) level() {
	var won, lost float64
	var s stream
	for i := range pilotLeads {
		l := c.draw(&s, forPilot, i, pilotLeads)
		won += l.winRate
		lost += l.lossRate
	}
	for t := range lifetime {
		c.won[t] *= pilotLeads / won
		c.lost[t] *= pilotLeads / lost
	}
}

// asof is the as-of moment in Unix seconds.
func (c *company) asof() int64 { return c.begin + history*day }
