package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models/metric"
	"github.com/leadcast/leadcast/train/bundle"
)

// Replay is how history is replayed: at each of several past days, the origins,
// a model is trained on what was known by then, forecasts the leads that were
// open then and those created within the main horizon after, each at its
// creation, and is compared with what became of them until today.
type Replay struct {
	Origins  int     // days to look from, evenly spaced; 0: 5
	Window   int     // train only on leads created in so many days before an origin; 0: on all
	Embargo  int     // days before an origin that training does not know of
	Capacity float64 // leads that sales can work a week; 0: Share of the leads open at the origin
	Share    float64 // 0: a tenth
	Build    string  // of the program: models that another one trained are trained again

	Known func(name string) []byte               // where set, asked for a model of an earlier replay; nil: there is none
	Keep  func(name string, bundle []byte) error // where set, given each model that was trained; it is called by one goroutine at a time
}

// Backtest is what a replay found.
type Backtest struct {
	From        string     `json:"from"` // first origin that was replayed
	To          string     `json:"to"`   // today of the replay: outcomes are known until here
	MainHorizon int        `json:"main_horizon"`
	Training    string     `json:"training"`  // in words: what each origin's model learned from
	Resampled   string     `json:"resampled"` // what intervals resample: accounts or leads
	Money       string     `json:"money,omitempty"`
	Origins     []Origin   `json:"origins"`
	Pooled      Pooled     `json:"pooled"`
	Promised    string     `json:"promised"` // the origin whose promises are compared with what came
	Optimism    []Judged   `json:"optimism"`
	Verdict     []Sentence `json:"verdict"`
	Notes       []string   `json:"notes"`
}

// Origin is one day that history was replayed from.
type Origin struct {
	Date      string    `json:"date"`
	Withheld  string    `json:"withheld,omitempty"` // why nothing is said about it
	Bundle    string    `json:"bundle,omitempty"`   // id of the model that was trained for it
	Recipe    string    `json:"recipe,omitempty"`
	Leads     int       `json:"leads"` // that the model was trained on
	Wins      int       `json:"wins"`  // of these, known by then
	Open      int       `json:"open"`  // leads open at the origin
	New       int       `json:"new"`   // leads created in the main horizon after it
	Forecasts Forecasts `json:"forecasts"`
}

// Forecasts is how forecasts did, of one origin or of all.
type Forecasts struct {
	Count    int              `json:"count"`
	Horizons []Figures        `json:"horizons"`
	LogLik   *metric.Estimate `json:"log_lik_gain,omitempty"` // right-censored log-likelihood of won/lost/open a forecast, over the base rates known at the origin
	Capacity *Capacity        `json:"capacity,omitempty"`
}

// Pooled is how the forecasts of all origins did together.
type Pooled struct {
	Forecasts    `json:"forecasts"`
	Open         Figures  `json:"open"`                    // leads open at an origin, at the main horizon
	New          Figures  `json:"new"`                     // leads created after it, forecast at creation
	SeenAccounts *float64 `json:"seen_accounts,omitempty"` // share of the forecasts whose account the model had seen; nil without accounts
	NewAccounts  *Figures `json:"new_accounts,omitempty"`  // the other ones; nil without any
}

// Judged is how good the same recipe looked, or was, by one way of judging it.
type Judged struct {
	By     string          `json:"by"`
	Stated string          `json:"stated"` // "promise": known at the origin; "reality": what came
	Leads  int             `json:"leads"`
	Won    int             `json:"won"`
	AUC    metric.Estimate `json:"auc"`
	OE     metric.Estimate `json:"observed_expected"`
	Gain   metric.Estimate `json:"log_loss_gain"` // over the base rates
}

// replaying is a replay at work.
type replaying struct {
	Replay
	today    *study
	plan     Plan // of every origin, but for its day
	raw      *datasets.Table
	created  []int64  // of each row of raw
	ids      []uint64 // identity of each row of raw, and of its account
	accounts []uint64
	print    string
	progress Progress
	mu       sync.Mutex
}

const (
	usualOrigins = 5
	usualShare   = 0.1
)

// Run replays the history of a raw table. Errors of type *datasets.Error are
// about the data.
func (o Replay) Run(ctx context.Context, raw *datasets.Table, p Plan, progress Progress) (*Backtest, error) {
	if progress == nil {
		progress = func(string, int, int) {}
	}
	progress("reading the leads", 0, 1)
	r := &replaying{Replay: o, raw: raw, progress: progress}
	r.Origins, r.Share = cmp.Or(o.Origins, usualOrigins), cmp.Or(o.Share, usualShare)
	if err := r.prepare(p); err != nil {
		return nil, err
	}
	origins, err := r.origins()
	if err != nil {
		return nil, err
	}
	trained, err := r.train(ctx, r.runs(origins))
	if err != nil {
		return nil, err
	}
	return r.compare(ctx, origins, trained)
}

// prepare reads the leads as of today and settles the plan of every origin.
func (r *replaying) prepare(p Plan) (err error) {
	search := p.Search != nil
	p.Split, p.RandomSplit, p.NoRefit, p.Search, p.alone = nil, false, false, nil, true
	if r.today, err = prepare(r.raw, p); err != nil {
		return err
	}
	s := r.today
	if !s.dated {
		return &datasets.Error{Message: "a back-test replays history day by day, and this table has no dates of creation and closing: name their columns with --created and --closed"}
	}
	r.plan = s.plan
	for _, w := range s.withheld { // what is filled in at closing is filled in for all leads that have closed since
		if !slices.Contains(r.plan.Exclude, w.Column) && !slices.Contains(r.plan.Changes, w.Column) {
			r.plan.Exclude = append(slices.Clone(r.plan.Exclude), w.Column)
		}
	}
	if search {
		s.notef("", "the search for settings (--budget) is left out of a back-test")
	}
	if r.created, err = r.plan.creations(r.raw); err != nil {
		return err
	}
	r.ids, r.accounts = identities(r.raw, r.plan.Roles.ID), nil
	if a := r.raw.Column(r.plan.Roles.Account); a != nil {
		r.accounts = identities(r.raw, a.Name)
	}
	h := fnv.New64a()
	rows := identities(&datasets.Table{Rows: r.raw.Rows, Columns: r.raw.Columns}, "")
	fmt.Fprintf(h, "%q %d %q %v %+v %d %d", r.Build, bundle.Format, r.raw.Names(), rows, r.plan, r.Window, r.Embargo)
	r.print = fmt.Sprintf("%016x", h.Sum64())
	return nil
}

// known says which leads training at an origin may look at, and until when.
func (r *replaying) known(origin int64) (from, until float64) {
	until = float64(origin) - float64(r.Embargo)*datasets.MicrosPerDay
	if r.Window == 0 {
		return math.Inf(-1), until
	}
	return until - float64(r.Window)*datasets.MicrosPerDay, until
}

// origins are the days to look from: evenly between the first by which enough
// was known and the last that the main horizon fits after.
func (r *replaying) origins() ([]int64, error) {
	s, horizon := r.today, float64(r.plan.MainHorizon)*datasets.MicrosPerDay
	begin, last := s.position[0]+horizon, float64(s.out.End)-horizon
	const steps = 48
	first, wins := math.Inf(1), 0
	for k := range steps + 1 {
		at := begin + (last-begin)*float64(k)/steps
		from, until := r.known(int64(at))
		then := s.at(int64(until))
		w := then.window(math.Inf(-1), math.Inf(1), func(row int) bool { return s.position[row] >= from })
		wins = w.wins()
		if t := (&trainer{study: then}); wins < 3*leastWins || !w.losing() || t.support(&w).Horizon(0) < float64(r.plan.MainHorizon) {
			continue
		}
		if _, err := then.split(); err == nil {
			first = at
			break
		}
	}
	if math.IsInf(first, 1) || last < begin {
		return nil, &datasets.Error{Message: fmt.Sprintf("there is no past day to replay from: it must lie %d days before the end of the data (%s), and by then %s known, too few or too young to forecast %d days; choose a shorter --main-horizon, or wait",
			r.plan.MainHorizon, day(s.out.End), were(wins, "win"), r.plan.MainHorizon)}
	}
	var list []int64
	midnight := func(at float64) int64 {
		const length = int64(datasets.MicrosPerDay)
		return int64(math.Floor(at/datasets.MicrosPerDay)) * length
	}
	for k := range r.Origins {
		at := last
		if r.Origins > 1 {
			at = first + (last-first)*float64(k)/float64(r.Origins-1)
		}
		list = append(list, midnight(at))
	}
	return slices.Compact(list), nil
}

// at is the study as it was at a moment: the leads created before it, which are
// the first, with their outcomes as known then.
func (s *study) at(moment int64) *study {
	n, _ := slices.BinarySearch(s.position, float64(moment))
	then := *s
	then.position, then.keys, then.groups, then.notes = s.position[:n], s.keys[:n], s.groups[:n], nil
	o := &datasets.Outcomes{State: slices.Clone(s.out.State[:n]), Created: s.out.Created[:n], Closed: s.out.Closed[:n], Days: s.out.Days[:n], Entry: s.out.Entry[:n], End: moment}
	for i, closed := range o.Closed {
		if closed >= moment {
			o.State[i] = datasets.Open
		}
	}
	then.out = o
	return &then
}

func were(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " was"
	}
	return fmt.Sprintf("%d %ss were", n, noun)
}

// purpose says what a model of an origin is for.
type purpose string

const (
	forecasting purpose = "forecast"     // the model that is tested
	openIsLost  purpose = "open-is-lost" // a plain classifier of won so far, yes or no
	randomly    purpose = "random-split" // the model that is tested, judged on a hold-out drawn at random
)

// one is a training run of a replay.
type one struct {
	origin int64
	of     purpose
}

func (r *replaying) runs(origins []int64) []one {
	var list []one
	for _, at := range origins {
		list = append(list, one{at, forecasting}, one{at, openIsLost})
	}
	return append(list, one{r.promising(origins), randomly})
}

// model is a bundle that was trained for an origin, or why there is none.
type model struct {
	*bundle.Bundle
	why string
}

// train does the training runs, several at once where memory allows.
func (r *replaying) train(ctx context.Context, runs []one) (map[one]model, error) {
	const roomy = 8_000_000 // cells of all tables that are read at once
	at := max(1, min(runtime.GOMAXPROCS(0), len(runs), roomy/max(1, r.raw.Rows*len(r.raw.Columns))))
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	trained, queue := map[one]model{}, make(chan int)
	parts := make([]int, len(runs)) // thousandths that are done
	var crew sync.WaitGroup
	for range at {
		crew.Go(func() {
			for i := range queue {
				tell := func(stage string, done, total int) {
					r.mu.Lock()
					defer r.mu.Unlock()
					parts[i] = 1000 * done / max(1, total)
					sum := 0
					for _, part := range parts {
						sum += part
					}
					r.progress(fmt.Sprintf("%s, %s: %s", day(runs[i].origin), runs[i].of, stage), sum, 1000*len(runs))
				}
				m, err := r.model(ctx, runs[i], tell)
				if err != nil {
					cancel(err)
					continue
				}
				tell("done", 1, 1)
				r.mu.Lock()
				trained[runs[i]] = m
				r.mu.Unlock()
			}
		})
	}
	for i := range runs {
		queue <- i
	}
	close(queue)
	crew.Wait()
	return trained, context.Cause(ctx)
}

// model trains for an origin, or takes what an earlier replay has trained.
func (r *replaying) model(ctx context.Context, run one, progress Progress) (model, error) {
	if err := ctx.Err(); err != nil {
		return model{}, err
	}
	name := fmt.Sprintf("%s-%s-%s.leadcast", day(run.origin), run.of, r.print)
	if r.Known != nil {
		if b, err := openBytes(r.Known(name)); err == nil {
			return model{Bundle: b}, nil
		}
	}
	table, p, err := r.learned(run)
	var result *Result
	if err == nil {
		result, err = Run(ctx, table, p, progress)
	}
	var data *datasets.Error
	if errors.As(err, &data) {
		return model{why: data.Error()}, nil
	}
	if err != nil {
		return model{}, fmt.Errorf("%s, %s: %w", day(run.origin), run.of, err)
	}
	if r.Keep != nil {
		r.mu.Lock()
		err = r.Keep(name, result.Shipped)
		r.mu.Unlock()
		if err != nil {
			return model{}, err
		}
	}
	b, err := openBytes(result.Shipped)
	return model{Bundle: b}, err
}

// learned is the table and the plan of a training run.
func (r *replaying) learned(run one) (*datasets.Table, Plan, error) {
	p, table := r.plan, r.raw
	from, until := r.known(run.origin)
	p.AsOf = int64(until)
	if r.Window > 0 {
		var rows []int
		for i, at := range r.created {
			if float64(at) >= from || at == datasets.NoTime {
				rows = append(rows, i)
			}
		}
		table = table.Gather(rows)
	}
	switch run.of {
	case randomly:
		p.RandomSplit = true
	case openIsLost:
		return wonYet(table, p)
	}
	return table, p, nil
}

// wonYet is the table and the plan of those who take open leads for lost: every
// lead so far, with whether it has been won by now.
func wonYet(raw *datasets.Table, p Plan) (*datasets.Table, Plan, error) {
	s := &study{plan: p}
	raw, _, err := s.read(raw)
	if err != nil {
		return nil, p, err
	}
	answer := &datasets.Column{Name: "won by " + day(p.AsOf), Texts: datasets.Strings{Offsets: []int64{0}}}
	for _, state := range s.out.State {
		answer.Texts.Append(map[bool]string{true: "yes", false: "no"}[state == datasets.Won])
	}
	gone := []string{p.Roles.Outcome, p.Roles.Closed}
	flat := raw.Gather(s.out.Rows).Drop(gone...)
	flat.Columns = append(flat.Columns, answer)
	kinds := map[string]datasets.Kind{}
	for name, k := range p.Kinds {
		if !slices.Contains(gone, name) {
			kinds[name] = k
		}
	}
	still := func(list []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(c string) bool { return slices.Contains(gone, c) })
	}
	p.Kinds, p.Exclude, p.Changes, p.Keep = kinds, still(p.Exclude), still(p.Changes), still(p.Keep)
	p.Roles.Order, p.Roles.Created, p.Roles.Closed, p.Roles.Outcome = p.Roles.Created, "", "", answer.Name
	p.Contract, p.AsOf, p.Junk, p.RandomSplit = datasets.Contract{Won: []string{"yes"}, Lost: []string{"no"}}, datasets.NoTime, nil, true
	p.Tables, p.Events = nil, nil // which need times
	return flat, p, nil
}
