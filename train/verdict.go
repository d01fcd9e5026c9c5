package train

import (
	"fmt"
	"math"
	"strings"

	"github.com/leadcast/leadcast/models/metric"
)

// Sentence answers a question that people ask of a back-test.
type Sentence struct {
	Question string `json:"question"`
	Answer   string `json:"answer"`
}

// verdict reads the answers off the figures.
func (b *Backtest) verdict() []Sentence {
	list := []Sentence{{"Can I trust the numbers?", b.trusted()}, {"Can I trust the order?", b.ordered()}, {"How far ahead?", b.ahead()}, {"What if we had used it?", b.used()}}
	if said := b.promised(); said != "" {
		list = append(list, Sentence{"Did it look better than it was?", said})
	}
	return list
}

// at is the pooled figures at the main horizon.
func (b *Backtest) at() *Figures {
	for i := range b.Pooled.Horizons {
		if f := &b.Pooled.Horizons[i]; f.Days == b.MainHorizon {
			return f
		}
	}
	return &Figures{Withheld: "nothing was followed for the main horizon"}
}

// came says how many wins came for a hundred that were forecast.
func came(e metric.Estimate) string {
	return fmt.Sprintf("for every 100 wins forecast, %.0f came (95 %% interval %.0f to %.0f)", 100*e.Value, 100*e.Low, 100*e.High)
}

func (b *Backtest) trusted() string {
	f := b.at()
	if f.Withheld != "" {
		return "That cannot be told: " + f.Withheld + "."
	}
	said := fmt.Sprintf("Within %d days, %s", b.MainHorizon, came(f.OE))
	switch {
	case f.OE.Low > 1:
		said += "; fewer were forecast than came, beyond chance."
	case f.OE.High < 1:
		said += "; more were forecast than came, beyond chance."
	case f.OE.High-f.OE.Low > 0.5:
		said += "; that is no sign of an error, but the interval is wide."
	default:
		said += "; in sum that is as it should be."
	}
	var off []string
	judged := 0
	for _, o := range b.Origins {
		for _, h := range o.Forecasts.Horizons {
			if h.Days != b.MainHorizon || h.Withheld != "" {
				continue
			}
			if judged++; h.OE.Low > 1 || h.OE.High < 1 {
				off = append(off, fmt.Sprintf("%s (%.0f for 100)", o.Date, 100*h.OE.Value))
			}
		}
	}
	switch {
	case judged < 2:
	case len(off) == 0:
		said += fmt.Sprintf(" None of the %d origins by itself was off beyond chance.", judged)
	default:
		said += fmt.Sprintf(" Origins that were off beyond chance by themselves, %d of %d: %s.", len(off), judged, strings.Join(off, ", "))
		if 3*len(off) > judged {
			said += " So a single forecast of the sum may be well off; the intervals here do not cover such swings."
		}
	}
	return said
}

func (b *Backtest) ordered() string {
	f := b.at()
	if f.Withheld != "" {
		return "That cannot be told: " + f.Withheld + "."
	}
	if f.AUC.Low <= 0.5 {
		return fmt.Sprintf("No: the order was no better than chance beyond noise (AUC %.2f, %.2f to %.2f). Do not choose leads by it.", f.AUC.Value, f.AUC.Low, f.AUC.High)
	}
	said := fmt.Sprintf("Of 100 wins, %.0f (%.0f to %.0f) were among the tenth of the leads ranked first; in no order it would be 10. A won lead stood above one that was not in %.0f of 100 pairs.",
		100*f.Top.Value, 100*f.Top.Low, 100*f.Top.High, 100*f.AUC.Value)
	if n := b.Pooled.New; n.Withheld == "" && b.Pooled.Open.Withheld == "" {
		said += fmt.Sprintf(" Among new leads alone it was %.0f of 100, among leads already open %.0f.", 100*n.AUC.Value, 100*b.Pooled.Open.AUC.Value)
	}
	return said
}

func (b *Backtest) ahead() string {
	var good, other []string
	for _, f := range b.Pooled.Horizons {
		name := fmt.Sprintf("%d days", f.Days)
		switch {
		case f.Withheld != "":
			other = append(other, name+" cannot be judged ("+f.Withheld+")")
		case f.Gain.High < 0:
			other = append(other, fmt.Sprintf("at %s the forecasts were worse than the average rate of leads of that age", name))
		case f.Gain.Low <= 0:
			other = append(other, fmt.Sprintf("at %s they cannot be told from the average rate of leads of that age", name))
		case f.OE.Low > 1.1 || f.OE.High < 0.9:
			other = append(other, fmt.Sprintf("at %s the order helps, but the sums were off: %s", name, came(f.OE)))
		default:
			good = append(good, name)
		}
	}
	said := "At no horizon were the forecasts both better than the average rate and right in sum."
	if len(good) > 0 {
		said = "They were better than the average rate, beyond noise, and right in sum at " + strings.Join(good, ", ") + "."
	}
	if len(other) > 0 {
		words := strings.Join(other, "; ")
		said += " " + strings.ToUpper(words[:1]) + words[1:] + "."
	}
	return said
}

func (b *Backtest) used() string {
	c := b.Pooled.Capacity
	if c.Withheld != "" {
		return "That cannot be told: " + c.Withheld + "."
	}
	said := fmt.Sprintf("Working %s leads a week (%.0f %% of those open) in this order for %d days, %.0f of 100 wins would have been on the desk before they were won",
		plainNumber(c.Week), 100*c.Share, b.MainHorizon, 100*c.Orders[0].Reached.Value)
	for _, o := range c.Orders[1:] {
		said += fmt.Sprintf("; %s: %.0f", o.Order, 100*o.Reached.Value)
		switch {
		case o.Ahead.Low > 0:
		case o.Ahead.High < 0:
			said += " (better than this order)"
		default:
			said += " (no difference beyond chance)"
		}
	}
	return said + ". These are wins that history had: it does not say that more would have been won."
}

func (b *Backtest) promised() string {
	if len(b.Optimism) < 2 || b.Optimism[0].By != atRandom || b.Optimism[1].Stated != "reality" {
		return ""
	}
	p, r := &b.Optimism[0], &b.Optimism[1]
	gap := p.AUC.Value - r.AUC.Value
	half := 1.96 * math.Hypot(p.AUC.SE, r.AUC.SE)
	words := "which is within chance"
	if gap-half > 0 {
		words = "so a random split flatters"
	} else if gap+half < 0 {
		words = "so here a random split did not flatter"
	}
	return fmt.Sprintf("On %s a hold-out drawn at random promised an AUC of %.3f and %.0f wins for 100 forecast; the leads that really came after had %.3f and %.0f. The difference in AUC is %+.3f (%+.3f to %+.3f), %s.",
		b.Promised, p.AUC.Value, 100*p.OE.Value, r.AUC.Value, 100*r.OE.Value, gap, gap-half, gap+half, words)
}

// plainNumber writes a number of leads.
func plainNumber(v float64) string {
	if v < 10 && v != math.Trunc(v) {
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}
