package synth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// generated is what a company writes, one text a file.
func generated(t *testing.T, c CRM) [][]byte {
	t.Helper()
	out, text := make([]io.Writer, len(files)), make([]*bytes.Buffer, len(files))
	for i := range out {
		text[i] = new(bytes.Buffer)
		out[i] = text[i]
	}
	if err := c.generate(context.Background(), out, nil); err != nil {
		t.Fatal(err)
	}
	all := make([][]byte, len(files))
	for i, b := range text {
		all[i] = b.Bytes()
	}
	return all
}

// rows reads a generated file, without its header, as maps from column to cell.
func rows(t *testing.T, text []byte) []map[string]string {
	t.Helper()
	cells, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := make([]map[string]string, 0, len(cells)-1)
	for _, row := range cells[1:] {
		m := map[string]string{}
		for i, name := range cells[0] {
			m[name] = row[i]
		}
		out = append(out, m)
	}
	return out
}

var rewrite = flag.Bool("golden", false, "write the golden hashes anew")

// TestBytes compares the files with the hashes in testdata, which this program
// wrote (go test -run TestBytes -args -golden): the world may only change on
// purpose, and not with the number of processors.
func TestBytes(t *testing.T) {
	var sums [2]string
	for i := range sums {
		old := runtime.GOMAXPROCS(i + 1)
		for f, text := range generated(t, CRM{Leads: 1500, Seed: 7}) {
			sums[i] += fmt.Sprintf("%x  %s\n", sha256.Sum256(text), files[f].name)
		}
		runtime.GOMAXPROCS(old)
	}
	if sums[0] != sums[1] {
		t.Fatal("two processors write other bytes than one")
	}
	golden := filepath.Join("testdata", "leads1500-seed7.sha256")
	if *rewrite {
		if err := os.WriteFile(golden, []byte(sums[0]), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if sums[0] != string(want) {
		t.Errorf("the files are\n%swant\n%s", sums[0], want)
	}
}

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	last := 0
	c := CRM{Leads: 700, Seed: 1}
	if err := c.Write(context.Background(), dir, func(done, total int) { last = done * 10000 / total }); err != nil {
		t.Fatal(err)
	}
	if last != 10000 {
		t.Errorf("progress ended at %d of 10000", last)
	}
	for i, want := range generated(t, c) {
		got, err := os.ReadFile(filepath.Join(dir, files[i].name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: other bytes than generated (%v)", files[i].name, err)
		}
	}
	kept := filepath.Join(dir, "model.leadcast")
	if err := os.WriteFile(kept, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := (CRM{Leads: 10, Seed: 2}).Write(context.Background(), dir, nil); err != nil {
		t.Fatalf("over a generated directory: %v", err)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Error("a foreign file was not left in place")
	}
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "leads.csv"), []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := c.Write(context.Background(), foreign, nil); err == nil || !strings.Contains(err.Error(), "not generated") {
		t.Errorf("a foreign directory: %v", err)
	}
	stopped, stop := context.WithCancel(context.Background())
	stop()
	never := filepath.Join(t.TempDir(), "never")
	if err := c.Write(stopped, never, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if left, _ := os.ReadDir(filepath.Dir(never)); len(left) != 0 {
		t.Errorf("a cancelled run leaves %d entries", len(left))
	}
	if err := (CRM{}).Write(context.Background(), never, nil); err == nil {
		t.Error("no leads, no error")
	}
}

// TestFiles checks what the files promise each other.
func TestFiles(t *testing.T) {
	const n = 6000
	text := generated(t, CRM{Leads: n, Seed: 3})
	leads, asof := rows(t, text[fileLeads]), strings.TrimSpace(string(text[len(text)-1]))
	if len(leads) != n || len(rows(t, text[fileCreation])) != n {
		t.Fatalf("%d leads, %d rows in creation.csv, want %d", len(leads), len(rows(t, text[fileCreation])), n)
	}
	status := map[string]string{}
	filled := map[string]map[string]float64{}
	count := map[string]float64{}
	before := ""
	for _, r := range leads {
		status[r["lead_id"]] = r["status"]
		count[r["status"]]++
		if (r["status"] == "Open") != (r["closed_at"] == "") || r["closed_at"] >= asof || r["created_at"] >= asof {
			t.Fatalf("%s: status %s, created %s, closed %q, as of %s", r["lead_id"], r["status"], r["created_at"], r["closed_at"], asof)
		}
		if r["closed_at"] != "" && r["closed_at"] <= r["created_at"] || r["created_at"] < before {
			t.Fatalf("%s: closed before created, or out of order", r["lead_id"])
		}
		before = r["created_at"]
		for _, p := range planted {
			if filled[p.column] == nil {
				filled[p.column] = map[string]float64{}
			}
			if r[p.column] != "" {
				filled[p.column][r["status"]]++
			}
		}
	}
	for _, p := range planted {
		f := filled[p.column]
		if f["Open"] != 0 || math.Abs(f["Won"]/count["Won"]-p.won) > 0.05 || math.Abs(f["Lost"]/count["Lost"]-p.lost) > 0.05 {
			t.Errorf("%s is filled in %v times of %v", p.column, f, count)
		}
	}
	for _, f := range []int{fileForecast, fileOutcomes} {
		open := rows(t, text[f])
		if len(open) != int(count["Open"]) {
			t.Errorf("%s has %d rows, %v leads are open", files[f].name, len(open), count["Open"])
		}
		for _, r := range open {
			if status[r["lead_id"]] != "Open" || r["closed_at"] != "" && r["closed_at"] < asof {
				t.Fatalf("%s: %v", files[f].name, r)
			}
		}
	}
	for _, f := range []int{fileHistory, fileActivities} {
		for _, r := range rows(t, text[f]) {
			if r["known_at"] >= asof || r["known_at"] < r["happened_at"] || status[r["lead_id"]] == "" {
				t.Fatalf("%s: %v", files[f].name, r)
			}
		}
	}
	if d := len(rows(t, text[fileDuplicates])); d != n/100 {
		t.Errorf("%d duplicates, want %d", d, n/100)
	}
}

// TestEngagementVisible rebuilds the state at the as-of moment from
// history.csv and with it the forecast.
func TestEngagementVisible(t *testing.T) {
	const n = 2000
	text := generated(t, CRM{Leads: n, Seed: 5})
	state := map[string]string{}
	for _, r := range rows(t, text[fileHistory]) {
		if r["field"] == "engagement" {
			state[r["lead_id"]] = r["new"]
		}
	}
	w := newWorld(5, n)
	var tr truth
	var want []byte
	for i := range w.leads {
		if w.openAtAsof(i) {
			seen := slices.Index(states[:], state[string(appendID(nil, 'L', i))])
			want = tr.appendForecast(want, w.company, &w.leads[i], &course{stays: []stay{{state: seen}}})
		}
	}
	if !bytes.Equal(text[fileForecast][len(files[fileForecast].header):], want) {
		t.Error("the forecast does not follow from the fields and history.csv")
	}
}

// TestMonteCarlo lives some leads many times over; the truth must be within
// four standard errors.
func TestMonteCarlo(t *testing.T) {
	const n, times = 3000, 20000
	c := newCompany(11, n)
	var s stream
	for _, i := range []int{1, 1500, 2900} {
		l := c.draw(&s, forLead, i, n)
		var won [5]float64 // in 90 days of creation, for each first state
		var lost, lived [5]float64
		s.restart(11, 99, i)
		var k course
		for range times {
			c.live(&s, &l, &k)
			g := k.stays[0].state
			lived[g]++
			if k.closed > 0 && k.closed < l.created+90*day {
				if k.won {
					won[g]++
				} else {
					lost[g]++
				}
			}
		}
		var tr truth
		for g := range dormant {
			c.future(tr.won[:], tr.lost[:], in(g), &l, l.day+1)
			for _, m := range []struct{ got, want float64 }{{won[g], at(tr.won[:], 90, l.created)}, {lost[g], at(tr.lost[:], 90, l.created)}} {
				se := math.Sqrt(m.want * (1 - m.want) / lived[g])
				if d := m.got/lived[g] - m.want; math.Abs(d) > 4*se {
					t.Errorf("lead %d from %s: lived %.4f, truth %.4f, standard error %.4f", i, states[g], m.got/lived[g], m.want, se)
				}
			}
		}
	}
}

// TestSum: won, lost and open, state by state, are one.
func TestSum(t *testing.T) {
	c := newCompany(4, 100)
	var s stream
	for i := range 100 {
		l := c.draw(&s, forLead, i, 100)
		p, won, lost := law(begins), 0.0, 0.0
		for date := l.day + 1; date < history+follow; date++ {
			var w, q float64
			w, q, p = c.next(p, &l, date-l.day, date)
			won, lost = won+w, lost+q
			open := p[cold] + p[warm] + p[hot] + p[dormant]
			if math.Abs(won+lost+open-1) > 1e-12 || w < 0 || q < 0 || min(p[0], p[1], p[2], p[3]) < 0 {
				t.Fatalf("lead %d on day %d: won %v + lost %v + open %v", i, date, won, lost, open)
			}
		}
	}
}

// TestMedian: half of the wins within the horizon come before cycle_p50_days.
func TestMedian(t *testing.T) {
	c := newCompany(4, 100)
	var s stream
	var tr truth
	for i := range 100 {
		l := c.draw(&s, forLead, i, 100)
		c.future(tr.won[:], tr.lost[:], in(warm), &l, l.day+1)
		moment := float64(l.created) + day*tr.median(c, &l, l.day+1)
		if date := int(math.Floor((moment-float64(c.begin))/day)) - l.day - 1; tr.won[date] < tr.won[horizon-1]/2 || date > 0 && tr.won[date-1] > tr.won[horizon-1]/2 {
			t.Fatalf("lead %d: median on day %d of %v", i, date, tr.won)
		}
	}
}

// TestSeason keeps the promise about the amplitude.
func TestSeason(t *testing.T) {
	for seed := range uint64(5) {
		c := newCompany(seed, 10)
		if lo, hi := slices.Min(c.season[:]), slices.Max(c.season[:]); lo < 0.97-1e-9 || hi > 1.03+1e-9 || hi-lo < 0.025 {
			t.Errorf("seed %d: season from %v to %v", seed, lo, hi)
		}
	}
}
