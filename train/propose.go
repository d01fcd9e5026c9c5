package train

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/leadcast/leadcast/datasets"
)

// Proposal is a proposal of datasets with what a first look at the leads adds:
// columns that tell the outcome, a late start of recording, and horizons that
// the data support.
type Proposal struct {
	*datasets.Proposal
	Plan    Plan           // that the proposal makes
	Leads   map[string]int // leads, won, lost, open
	Today   string         // the day that training takes for today, "" without dates
	Notes   []string       // what training will say of the file
	Kinds   []string       // the columns by kind, a line each
	Problem string         // why training would refuse the file as it is, "" where it would not
}

// Propose guesses a plan for a raw table. outcome is the column of the outcome
// where a person has named it. Errors are of type *datasets.Error: nothing in
// the table says what became of a lead.
func Propose(raw *datasets.Table, outcome string) (*Proposal, error) {
	found, err := datasets.Propose(raw, outcome)
	if err != nil {
		return nil, err
	}
	p := &Proposal{Proposal: found}
	s, err := p.look(raw)
	if err != nil {
		p.Problem = err.Error()
		return p, nil
	}
	if p.lateStart(s) {
		if s, err = p.look(raw); err != nil {
			p.Problem = err.Error()
			return p, nil
		}
	}
	p.telling(s)
	p.horizons(s)
	p.tell(s)
	return p, nil
}

// plan is what the proposal settles so far.
func (p *Proposal) plan() Plan {
	plan := Plan{Roles: p.Roles, Contract: p.Contract, Dates: p.Dates, AsOf: datasets.NoTime, Seed: 1}
	if p.Asked {
		plan.Dates = p.Likelier // only to look further
	}
	for _, g := range p.Settings {
		if g.Key == "exclude" && g.Taken {
			plan.Exclude = append(plan.Exclude, g.Values...)
		}
	}
	return plan
}

// look prepares the leads as training will.
func (p *Proposal) look(raw *datasets.Table) (*study, error) {
	p.Plan = p.plan()
	return prepare(raw, p.Plan)
}

// lateStart finds delayed entry: the first outcome was recorded long after the
// first lead was created, although by the pace of the later leads many were due
// before. At least 20 are expected, so chance is no explanation.
func (p *Proposal) lateStart(s *study) bool {
	const due = 20
	if !s.dated {
		return false
	}
	first := int64(math.MaxInt64)
	var cycles []float64
	for i, state := range s.out.State {
		if state != datasets.Open {
			first = min(first, s.out.Closed[i])
			cycles = append(cycles, s.out.Days[i])
		}
	}
	if len(cycles) == 0 {
		return false
	}
	slices.Sort(cycles)
	median := cycles[len(cycles)/2]
	early, later, quick := 0, 0, 0
	for i, created := range s.out.Created {
		switch {
		case created < first && datasets.Days(created, first) > median:
			early++
		case created >= first && datasets.Days(created, s.out.End) > median:
			later++
			if s.out.State[i] != datasets.Open && s.out.Days[i] <= median {
				quick++
			}
		}
	}
	expected := float64(early) * float64(quick) / float64(max(later, 1))
	if expected < due {
		return false
	}
	from := time.UnixMicro(first).UTC().Truncate(24 * time.Hour)
	p.Contract.ObservedAt = datasets.Micros(from)
	p.Add("observed-from", false, true, fmt.Sprintf("the first outcome in the file; %d leads are older, and by the pace of the later ones about %.0f of them should have closed before: outcomes were recorded only from here on",
		early, expected), from.Format(time.DateOnly))
	return true
}

// ladder is the horizons that people think in; the main one has at least
// shortest days where the data support that.
var ladder = []int{7, 14, 30, 60, 90, 180, 365}

const shortest = 30

// horizons proposes a main horizon by which most of the won leads are won, one
// below and one above it, as far as the data support them.
func (p *Proposal) horizons(s *study) {
	if !s.timed {
		return
	}
	everything := s.window(math.Inf(-1), math.Inf(1), nil)
	t := &trainer{study: s}
	longest := t.support(&everything).Horizon(0)
	if s.dated {
		first, last := slices.Min(s.out.Created), s.out.End
		longest = min(longest, datasets.Days(first, last)/3) // something must be left to learn from before the hold-out
	}
	var won []float64
	for i, st := range s.out.State {
		if st == datasets.Won {
			won = append(won, s.out.Days[i])
		}
	}
	slices.Sort(won)
	var able []int
	for _, h := range ladder {
		if float64(h) <= longest {
			able = append(able, h)
		}
	}
	if len(able) == 0 {
		if longest < 2 || len(won) == 0 {
			p.Problem = cmp.Or(p.Problem, fmt.Sprintf("too little was followed for any forecast of when: %d leads were won, and at least 50 leads must still be at risk at a horizon and 10 be won in its second half", len(won)))
			return
		}
		able = []int{int(longest)}
	}
	typical, most := won[len(won)/2], won[len(won)*4/5]
	k := 0
	for k+1 < len(able) && (float64(able[k]) < most || able[k] < shortest) {
		k++
	}
	chosen := able[k : k+1]
	if k+1 < len(able) {
		chosen = able[k : k+2]
	}
	if below := max(k-2, 0); below < k {
		chosen = append([]int{able[below]}, chosen...)
	}
	p.Plan.Horizons, p.Plan.MainHorizon = slices.Clone(chosen), able[k]
	texts := make([]string, len(chosen))
	for i, h := range chosen {
		texts[i] = fmt.Sprintf("%dd", h)
	}
	p.Add("horizons", true, true, fmt.Sprintf("days ahead; the data support up to %.0f", math.Floor(longest)), texts...)
	p.Add("main-horizon", true, true, fmt.Sprintf("half of the won leads were won within %s days, four of five within %s", number(typical), number(most)), fmt.Sprintf("%dd", able[k]))
}

func number(x float64) string {
	if x < 10 && x != math.Trunc(x) {
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}

// tell counts the leads and keeps what training would say of the file.
func (p *Proposal) tell(s *study) {
	p.Leads = map[string]int{"leads": s.leads.Rows, "won": 0, "lost": 0, "open": 0}
	for _, st := range s.out.State {
		p.Leads[st.String()]++
	}
	if s.dated && !p.Asked {
		p.Today = day(s.out.End)
	}
	if _, err := s.split(); err != nil && p.Problem == "" {
		p.Problem = err.Error()
	}
	for _, n := range s.notes {
		if !strings.HasPrefix(n.Message, "neither won nor lost") && !strings.HasPrefix(n.Message, "hold-out") && !strings.HasPrefix(n.Message, mayTell) {
			p.Notes = append(p.Notes, noteText(n))
		}
	}
	for kind := datasets.Number; kind <= datasets.ID; kind++ {
		var names []string
		for _, f := range s.schema.Fields {
			if f.Kind == kind {
				names = append(names, strconv.Quote(f.Name))
			}
		}
		if len(names) > 0 {
			slices.Sort(names)
			p.Kinds = append(p.Kinds, kind.String()+": "+strings.Join(names, ", "))
		}
	}
}
