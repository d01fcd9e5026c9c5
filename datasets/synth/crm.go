// Package synth generates the history of a company's CRM of which the truth
// is known: for every lead the exact probability of a win and of a loss.
//
// Three years of leads are worked day by day. A lead that is open in the
// morning is won that day with probability (r_w/r)·(1−exp(−r)) and lost with
// (r_l/r)·(1−exp(−r)), r = r_w + r_l. Each rate is a product of a baseline by
// age in days, a multiplier by the lead's fields (thresholds, humps,
// interactions, words), one by its engagement and one by season (at most 3 %).
// Engagement is a Markov chain with four states whose changes history.csv
// shows to the day, so the forecast of a lead is a matrix recursion from what
// the files show.
//
// All fields of a lead are fixed at creation, except status, closed_at, owner
// and the planted columns. Owners, countries, job functions, interests,
// activities and the campaigns in members.csv that are not the lead's own have
// no effect on the outcome.
package synth

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
)

// CRM is a company: the same value writes the same bytes on every machine.
//
// leads.csv is the state at the as-of moment (truth/asof.txt), and the other
// tables hold what was known before it: accounts.csv, owners.csv,
// campaigns.csv, members.csv, activities.csv and history.csv, the last two
// with both clocks, happened_at and known_at. Under truth/ lie
//
//	forecast.csv    leads open then: probabilities 30, 90 and 180 days on; cycle_p50_days is
//	                days from creation to won, given a win within 180 days of the as-of moment
//	creation.csv    every lead: probabilities 90 days on, seen from its creation
//	outcomes.csv    leads open then: what had become of them 365 days later
//	campaigns.csv   each campaign's effect on its own leads: difference in the probability of a
//	                win within 90 days of creation, and won hazard ratio
//	planted.csv     columns of leads.csv that are filled in only at closing
//	duplicates.csv  leads that are a second record of the same person
type CRM struct {
	Leads int    // how many leads, at least 1
	Seed  uint64 // which company
}

// Files, in the order in which they are made ready: asof.txt is last and says that all are there.
const (
	fileLeads = iota
	fileMembers
	fileActivities
	fileHistory
	fileForecast
	fileCreation
	fileOutcomes
	fileDuplicates
	leadFiles // the files above grow with every lead
)

var files = []struct{ name, header string }{
	{"leads.csv", leadsHeader},
	{"members.csv", "campaign_id,lead_id,responded_at\n"},
	{"activities.csv", "lead_id,kind,happened_at,known_at\n"},
	{"history.csv", "lead_id,field,old,new,happened_at,known_at\n"},
	{"truth/forecast.csv", "lead_id,p_win_30d,p_win_90d,p_win_180d,p_lost_180d,cycle_p50_days,p_lost_30d,p_lost_90d\n"},
	{"truth/creation.csv", "lead_id,p_win_90d,p_lost_90d\n"},
	{"truth/outcomes.csv", "lead_id,status,closed_at\n"},
	{"truth/duplicates.csv", "lead_id,duplicate_of\n"},
	{"accounts.csv", "account_id,name,country,region,industry,employees,website\n"},
	{"owners.csv", "owner_id,name,team\n"},
	{"campaigns.csv", "campaign_id,name,channel,cost,start,end\n"},
	{"truth/campaigns.csv", "campaign_id,leads,p_win_90d_difference,hazard_ratio\n"},
	{"truth/planted.csv", "column,mechanism,filled_won,filled_lost,filled_open\n"},
	{"truth/asof.txt", ""},
}

// Write makes the files in dir, which is created if need be. A directory that
// holds anything must be the product of an earlier Write; files that Write
// does not make are left in it. Everything is written beside dir first and
// moved when complete. progress may be nil; it is told how many leads are done.
func (c CRM) Write(ctx context.Context, dir string, progress func(done, total int)) error {
	if err := writable(dir); err != nil {
		return err
	}
	parent, base := filepath.Split(filepath.Clean(dir))
	if parent == "" {
		parent = "."
	}
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return fmt.Errorf("synth: %w", err)
	}
	tmp, err := os.MkdirTemp(parent, base+".tmp-*")
	if err != nil {
		return fmt.Errorf("synth: %w", err)
	}
	defer os.RemoveAll(tmp)
	if err := c.writeFiles(ctx, tmp, progress); err != nil {
		return fmt.Errorf("synth: %w", err)
	}
	if err := move(tmp, dir); err != nil {
		return fmt.Errorf("synth: %w", err)
	}
	return nil
}

// writable refuses a directory with anything in it that Write did not make.
func writable(dir string) error {
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("synth: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, files[len(files)-1].name)); len(entries) > 0 && err != nil {
		return fmt.Errorf("synth: %s is not empty and was not generated; name a new directory", dir)
	}
	return nil
}

// move brings the files into dir; the one that marks it as complete goes first
// of the old and comes last of the new.
func move(tmp, dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "truth"), 0o777); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(dir, files[len(files)-1].name)); err != nil && !os.IsNotExist(err) {
		return err
	}
	for _, f := range files {
		if err := os.Rename(filepath.Join(tmp, f.name), filepath.Join(dir, f.name)); err != nil {
			return err
		}
	}
	return nil
}

// writeFiles makes the files in an empty directory.
func (c CRM) writeFiles(ctx context.Context, dir string, progress func(done, total int)) (err error) {
	if err := os.Mkdir(filepath.Join(dir, "truth"), 0o777); err != nil {
		return err
	}
	out := make([]io.Writer, len(files))
	for i, f := range files {
		file, e := os.Create(filepath.Join(dir, f.name))
		if e != nil {
			return e
		}
		defer func() {
			if e := file.Close(); err == nil {
				err = e
			}
		}()
		out[i] = file
	}
	return c.generate(ctx, out, progress)
}

// generate writes every file to its writer, one call after the other.
func (c CRM) generate(ctx context.Context, out []io.Writer, progress func(done, total int)) error {
	if c.Leads < 1 {
		return fmt.Errorf("%d leads asked for, want at least 1", c.Leads)
	}
	w := newCompany(c.Seed, c.Leads)
	for i, f := range files {
		if _, err := io.WriteString(out[i], f.header); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var arms tally
	done := 0
	for made := range w.chunks(ctx) {
		b := <-made
		for i, text := range b.text {
			if _, err := out[i].Write(text); err != nil {
				return err
			}
		}
		arms.add(b.arms)
		done += b.leads
		if progress != nil {
			progress(done, c.Leads)
		}
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	for i, text := range w.tables(arms) {
		if _, err := out[leadFiles+i].Write(text); err != nil {
			return err
		}
	}
	return nil
}

// chunk is the text of some consecutive leads.
type chunk struct {
	text  [leadFiles][]byte
	leads int
	arms  tally
}

const chunkLeads = 512

// chunks makes all leads on as many processors as there are, in order, a few
// chunks ahead of the reader. It ends early when ctx does.
func (c *company) chunks(ctx context.Context) <-chan chan *chunk {
	queue := make(chan chan *chunk, 2*runtime.GOMAXPROCS(0))
	go func() {
		defer close(queue)
		for from := 0; from < c.leads; from += chunkLeads {
			made := make(chan *chunk, 1)
			select {
			case <-ctx.Done():
				return
			case queue <- made:
			}
			go func() { made <- c.chunk(from, min(from+chunkLeads, c.leads)) }()
		}
	}()
	return queue
}

// chunk makes the leads [from, to).
func (c *company) chunk(from, to int) *chunk {
	b := &chunk{leads: to - from}
	var s stream
	var t truth
	r := record{c: c}
	for n := from; n < to; n++ {
		r.lead = c.draw(&s, forLead, n, c.leads)
		c.live(&s, &r.lead, &r.course)
		r.decide(&s)
		x := &b.text
		x[fileLeads] = r.appendLead(x[fileLeads], &s)
		x[fileMembers] = r.appendMember(x[fileMembers], &s)
		x[fileActivities] = r.appendActivities(x[fileActivities], &s)
		x[fileHistory] = r.appendHistory(x[fileHistory], &s)
		if r.original >= 0 {
			d := append(appendID(x[fileDuplicates], 'L', n), ',')
			x[fileDuplicates] = append(appendID(d, 'L', r.original), '\n')
		}
		var won float64
		x[fileCreation], won = t.appendCreation(x[fileCreation], c, &r.lead, &r.course)
		if r.campaign >= 0 {
			b.arms[r.campaign].leads++
			b.arms[r.campaign].gain += won - t.without(c, r.lead, &r.course)
		}
		if _, closed := r.status(c.asof()); closed == 0 {
			x[fileForecast] = t.appendForecast(x[fileForecast], c, &r.lead, &r.course)
			x[fileOutcomes] = r.appendOutcome(x[fileOutcomes])
		}
	}
	return b
}

// tally sums the true effect over each campaign's leads.
type tally [campaignCount]struct {
	leads int
	gain  float64
}

func (t *tally) add(more tally) {
	for i := range t {
		t[i].leads += more[i].leads
		t[i].gain += more[i].gain
	}
}

// tables are the files that do not grow with the leads, and the accounts.
func (c *company) tables(arms tally) [][]byte {
	text := make([][]byte, len(files)-leadFiles)
	var s stream
	for n := range c.accounts() {
		a := c.drawAccount(&s, n)
		b := appendText(appendID(text[0], 'A', n), a.name)
		b = appendText(appendText(appendText(b, countries[a.country].name), c.region(a.region)), c.industries[a.industry].name)
		b = strconv.AppendInt(append(b, ','), int64(a.employees), 10)
		text[0] = append(appendText(b, "https://www."+a.domain), '\n')
	}
	for n := range ownerCount {
		name := firstNames[n%len(firstNames)] + " " + lastNames[n*7%len(lastNames)]
		b := appendText(appendText(appendID(text[1], 'U', n), name), [...]string{"North", "South", "Inside Sales"}[n%3])
		text[1] = append(b, '\n')
	}
	for n, p := range c.campaigns {
		b := appendText(appendText(appendID(text[2], 'C', n), p.name), c.sources[p.channel].name)
		b = append(strconv.AppendInt(append(b, ','), int64(p.cost), 10), ',')
		b = append(appendTime(b, c.begin+int64(p.start)*day), ',')
		if p.end < history {
			b = appendTime(b, c.begin+int64(p.end)*day)
		}
		text[2] = append(b, '\n')
		text[3] = appendArm(text[3], n, arms[n].leads, arms[n].gain, p.effect)
	}
	for _, p := range planted {
		b := appendText(append(text[4], p.column...), p.mechanism)
		for _, share := range []float64{p.won, p.lost, 0} {
			b = strconv.AppendFloat(append(b, ','), share, 'g', -1, 64)
		}
		text[4] = append(b, '\n')
	}
	text[5] = append(appendTime(text[5], c.asof()), '\n')
	return text
}
