package train_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train/bundle"
)

// TestIntervals: in one company the 95 % intervals of segments mostly hold the truth.
func TestIntervals(t *testing.T) {
	var c coverage
	c.of(learn(t, 1500, 500))
	t.Log(c)
	if c.share() < 0.75 {
		t.Errorf("intervals of segments hold the truth in %.3f", c.share())
	}
}

// coverage counts how often an interval holds the known truth.
type coverage struct {
	segments, leads [2]int  // inside, all
	width, square   float64 // sums over segments: half-widths and squared errors in log-odds
}

func (c coverage) share() float64 { return float64(c.segments[0]) / float64(c.segments[1]) }

func (c coverage) String() string {
	n := float64(c.segments[1])
	return fmt.Sprintf("segments %.3f of %.0f, single leads %.3f; mean half-width %.3f, rms error %.3f (log-odds)", c.share(), n, float64(c.leads[0])/float64(c.leads[1]), c.width/n, math.Sqrt(c.square/n))
}

// segmentColumns make the segments: what tells of winning, and what does not.
var segmentColumns = []string{"source", "industry", "country", "campaign_id", "owner"}

// of compares the forecasts of all leads as of their creation with the truth.
func (c *coverage) of(co *company) {
	truth := co.truth("creation.csv")
	raw := &datasets.Table{Rows: co.leads.Rows, Columns: append([]*datasets.Column(nil), co.leads.Columns...)}
	raw.Columns = append(raw.Columns, &datasets.Column{Name: "as_of", Kind: datasets.Raw, Texts: raw.Column("created_at").Texts})
	s, scores := co.score(raw, co.asOf)
	likely, err := co.b.Likely(context.Background(), s, scores)
	if err != nil {
		co.t.Fatal(err)
	}
	for i, score := range scores {
		low, high := bundle.Interval(*score.Win, likely[i])
		p := truth[score.ID]["p_win_90d"]
		c.leads[1]++
		if p >= low && p <= high {
			c.leads[0]++
		}
	}
	for _, name := range segmentColumns {
		col := co.leads.Column(name)
		groups := map[string][]int{}
		for i := range scores {
			groups[col.Texts.At(i)] = append(groups[col.Texts.At(i)], i)
		}
		for _, rows := range groups {
			if len(rows) < 50 {
				continue
			}
			mean, real, draws := 0.0, 0.0, make([]float64, len(likely[0]))
			for _, i := range rows {
				mean += *scores[i].Win / float64(len(rows))
				real += truth[scores[i].ID]["p_win_90d"] / float64(len(rows))
				for k, v := range likely[i] {
					draws[k] += v / float64(len(rows))
				}
			}
			low, high := bundle.Interval(mean, draws)
			c.segments[1]++
			if real >= low && real <= high {
				c.segments[0]++
			}
			lo := func(p float64) float64 { return math.Log(p / (1 - p)) }
			c.width += (lo(high) - lo(low)) / 2
			c.square += (lo(mean) - lo(real)) * (lo(mean) - lo(real))
		}
	}
}
