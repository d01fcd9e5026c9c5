package features

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leadcast/leadcast/datasets"
)

// tableSource is a table in blocks.
type tableSource struct {
	*datasets.Table
	block int
}

func (s tableSource) Blocks(context.Context) iter.Seq2[datasets.Block, error] {
	return func(yield func(datasets.Block, error) bool) {
		for from := 0; from < s.Rows; from += s.block {
			rows := seq(min(s.Rows, from+s.block))[from:]
			if !yield(datasets.Block{Name: "acts", Table: s.Gather(rows)}, nil) {
				return
			}
		}
	}
}

func seq(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// Pieces give the bits that the whole gives, wherever they and the blocks are cut.
func TestMergeIsTheWhole(t *testing.T) {
	l := draw(21, 50, 900)
	r := rand.New(rand.NewPCG(22, 22))
	slices.SortStableFunc(l.events, func(a, b happening) int { return strings.Compare(a.lead, b.lead) })
	s := l.snapshot(t, l.events, l.changes, l.moments(r))
	late := s
	late.AsOf = slices.Repeat([]int64{stamp("2023-01-01T00:00")}, len(l.leads))
	spec := Spec{Columns: lifeSpec().Columns[:1]}
	e := mustFit(t, spec, late)
	want, _ := mustEncode(t, e, s)
	for _, most := range []int{1, 7, 50, 1000} {
		row := 0
		for piece, err := range Merge(context.Background(), s, "key", map[string]datasets.Source{"acts": tableSource{s.Events["acts"], 13 * most}}, most) {
			if err != nil {
				t.Fatal(err)
			}
			got, _ := mustEncode(t, e, piece)
			for i := range got.Rows {
				same(t, want, row, got, i)
				row++
			}
		}
		if row != len(l.leads) {
			t.Errorf("pieces of %d: %d rows", most, row)
		}
	}
	shuffled := s.Events["acts"].Gather(r.Perm(len(l.events)))
	var data *datasets.Error
	for _, err := range Merge(context.Background(), s, "key", map[string]datasets.Source{"acts": tableSource{shuffled, 100}}, 10) {
		if err != nil && !errors.As(err, &data) {
			t.Fatal(err)
		}
	}
	if data == nil {
		t.Error("events out of order pass")
	}
}

// drawnEvents are events of leads in order, made as they are read.
type drawnEvents struct{ leads, each int }

func (d drawnEvents) Blocks(context.Context) iter.Seq2[datasets.Block, error] {
	return func(yield func(datasets.Block, error) bool) {
		const size = 1000 // leads
		for from := 0; from < d.leads; from += size {
			r := rand.New(rand.NewPCG(uint64(from), 1))
			n := min(size, d.leads-from) * d.each
			lead, kind := textColumn("lead_id", datasets.ID), textColumn("kind", datasets.Category)
			happened, known, amount := make([]int64, n), make([]int64, n), make([]float64, n)
			for k := range n {
				lead.Texts.Append(leadName(from + k/d.each))
				kind.Texts.Append([]string{"visit", "mail", "reply", "call", "meeting"}[r.IntN(5)])
				happened[k] = r.Int64N(400 * oneDay)
				known[k] = happened[k] + r.Int64N(2)*r.Int64N(3*oneDay)
				amount[k] = float64(r.IntN(100))
			}
			t := table(lead, kind, timeColumn("happened_at", happened...), timeColumn("known_at", known...), numColumn("amount", amount...))
			if !yield(datasets.Block{Name: "acts", Table: t}, nil) {
				return
			}
		}
	}
}

func leadName(i int) string { return fmt.Sprintf("L%07d", i) }

// cost is what it takes to encode leads at three moments each with their events.
type cost struct {
	wall, cpu    time.Duration
	peak         uint64 // bytes of heap beyond the leads
	rows, events int
	columns      int
}

func (c cost) String() string {
	return fmt.Sprintf("%d leads × 3 moments × %d columns over %d events: %.1f s wall, %.1f s cpu, at most %d MB beyond the leads",
		c.rows/3, c.columns, c.events, c.wall.Seconds(), c.cpu.Seconds(), c.peak>>20)
}

func mergeCost(t testing.TB, leads, each int) cost {
	t.Helper()
	ids, asOf := textColumn("key", datasets.ID), make([]int64, 0, 3*leads)
	for i := range leads {
		for m := range int64(3) {
			ids.Texts.Append(leadName(i))
			asOf = append(asOf, (100+100*m)*oneDay)
		}
	}
	s := Snapshot{Leads: table(ids), AsOf: asOf}
	spec := Spec{Columns: []ColumnSpec{{Column: "acts", Kind: "events", Key: "key"}}}
	few := Merge(t.Context(), Snapshot{Leads: s.Leads.Gather(seq(3000)), AsOf: asOf[:3000]}, "key", map[string]datasets.Source{"acts": drawnEvents{1000, each}}, 3000)
	e, err := Fit(t.Context(), spec, few)
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	c := cost{columns: len(e.Outputs()), events: leads * each}
	before, start, used := heap(), time.Now(), cpu(t)
	for piece, err := range Merge(t.Context(), s, "key", map[string]datasets.Source{"acts": drawnEvents{leads, each}}, 15_000) {
		if err != nil {
			t.Fatal(err)
		}
		m, _ := mustEncode(t, e, piece)
		c.rows += m.Rows
		c.peak = max(c.peak, heap()-min(before, heap()))
	}
	c.wall, c.cpu = time.Since(start), cpu(t)-used
	return c
}

// heap is what the program holds of memory for its values, and what it has not
// given back of it.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func cpu(t testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A fiftieth of a million leads: time grows with events, memory does not.
func TestMergeGrowsWithEvents(t *testing.T) {
	small, large := mergeCost(t, 5_000, 50), mergeCost(t, 20_000, 50)
	t.Log(small)
	t.Log(large)
	if large.columns < 30 || large.rows != 60_000 {
		t.Errorf("%d columns of %d rows", large.columns, large.rows)
	}
	if ratio := large.cpu.Seconds() / small.cpu.Seconds(); ratio > 8 {
		t.Errorf("four times the events take %.1f times the time", ratio)
	}
	if large.peak > 2*small.peak+64<<20 {
		t.Errorf("%d MB for four times the events, after %d MB", large.peak>>20, small.peak>>20)
	}
}

// oneLive is a live lead with its events of late.
func oneLive(t testing.TB, events int) (*Encoder, Snapshot) {
	l := draw(31, 60, 1200)
	r := rand.New(rand.NewPCG(32, 32))
	late := slices.Clone(l.created)
	for i := range late {
		late[i] += 150 * oneDay
	}
	e := mustFit(t, lifeSpec(), l.snapshot(t, l.events, l.changes, late))
	one := draw(33, 1, events)
	return e, one.snapshot(t, one.events, one.changes, []int64{one.created[0] + r.Int64N(200*oneDay)})
}

func TestLiveLeadTakesNoTime(t *testing.T) {
	e, s := oneLive(t, 50)
	best := time.Hour
	for range 20 {
		start := time.Now()
		mustEncode(t, e, s)
		best = min(best, time.Since(start))
	}
	if best > 5*time.Millisecond {
		t.Errorf("a live lead with 50 events takes %v", best)
	}
}

func BenchmarkLiveLead50Events(b *testing.B) {
	e, s := oneLive(b, 50)
	b.ReportAllocs()
	for b.Loop() {
		mustEncode(b, e, s)
	}
}
