package synth

import (
	"strconv"

	"github.com/leadcast/leadcast/models/portable"
)

// truth is the exact forecast of one lead.
type truth struct{ won, lost [horizon]float64 }

// median is the number of days from creation to won that half of those that
// win within the horizon need, looked at on date; closings are spread evenly
// over the open hours of a day.
func (t *truth) median(c *company, l *lead, date int) float64 {
	half := float64(t.won[horizon-1] / 2)
	k, before := 0, 0.0
	for t.won[k] < half {
		before = t.won[k]
		k++
	}
	within := (half - before) / (t.won[k] - before)
	start := float64(c.begin + int64(date+k)*day + opens - l.created)
	return (start + float64((closes-opens)*within)) / day
}

// appendForecast writes the truth/forecast.csv row of a lead open at the as-of moment.
func (t *truth) appendForecast(b []byte, c *company, l *lead, k *course) []byte {
	c.future(t.won[:], t.lost[:], in(k.state(history)), l, history)
	b = appendID(b, 'L', l.number)
	for _, p := range []float64{t.won[29], t.won[89], t.won[179], t.lost[179], t.median(c, l, history), t.lost[29], t.lost[89]} {
		b = strconv.AppendFloat(append(b, ','), p, 'g', -1, 64)
	}
	return append(b, '\n')
}

// appendCreation writes the truth/creation.csv row of any lead, and returns its
// probability of a win in 90 days.
func (t *truth) appendCreation(b []byte, c *company, l *lead, k *course) ([]byte, float64) {
	c.future(t.won[:90], t.lost[:90], in(k.stays[0].state), l, l.day+1)
	won, lost := at(t.won[:], 90, l.created), at(t.lost[:], 90, l.created)
	b = appendID(b, 'L', l.number)
	b = strconv.AppendFloat(append(b, ','), won, 'g', -1, 64)
	b = strconv.AppendFloat(append(b, ','), lost, 'g', -1, 64)
	return append(b, '\n'), won
}

// without is the probability of a win in 90 days, had the lead come without its campaign.
func (t *truth) without(c *company, l lead, k *course) float64 {
	l.campaign = -1
	c.effects(&l)
	c.future(t.won[:90], t.lost[:90], in(k.stays[0].state), &l, l.day+1)
	return at(t.won[:], 90, l.created)
}

// appendArm writes a row of truth/campaigns.csv; the difference is empty for a
// campaign without leads.
func appendArm(b []byte, number, leads int, gain, effect float64) []byte {
	b = append(strconv.AppendInt(append(appendID(b, 'C', number), ','), int64(leads), 10), ',')
	if leads > 0 {
		b = strconv.AppendFloat(b, gain/float64(leads), 'g', -1, 64)
	}
	b = strconv.AppendFloat(append(b, ','), portable.Exp(effect), 'g', -1, 64)
	return append(b, '\n')
}
