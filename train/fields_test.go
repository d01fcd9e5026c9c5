package train_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/datasets/synth"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/train"
)

// TestPlantedColumns: of a generated history exactly the columns that are
// filled in at closing are withheld, with their counts; --keep keeps them.
func TestPlantedColumns(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "crm")
	if err := (synth.CRM{Leads: 1500, Seed: 21}).Write(context.Background(), dir, nil); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "truth", "asof.txt"))
	if err != nil {
		t.Fatal(err)
	}
	asOf, err := time.Parse(time.RFC3339, strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	list := table(t, filepath.Join(dir, "truth", "planted.csv"))
	var planted []string
	for i := range list.Rows {
		planted = append(planted, strings.Clone(list.Columns[0].Texts.At(i)))
	}
	if len(planted) == 0 {
		t.Fatal("nothing is planted")
	}
	leads := table(t, filepath.Join(dir, "leads.csv"))
	p := crmPlan(datasets.Micros(asOf))
	p.Model = "linear"
	r := run(t, leads, p)
	var withheld []string
	for _, w := range openBundle(t, r.Shipped).Manifest.Withheld {
		withheld = append(withheld, w.Column)
		if !strings.Contains(w.Reason, " closed leads, on ") || !strings.Contains(w.Reason, "--keep overrides") {
			t.Errorf("%s: %s", w.Column, w.Reason)
		}
	}
	slices.Sort(planted)
	slices.Sort(withheld)
	if !slices.Equal(planted, withheld) {
		t.Errorf("withheld %v, planted %v", withheld, planted)
	}
	reads := func(r *train.Result, column string) bool {
		return slices.ContainsFunc(openBundle(t, r.Shipped).Outputs(), func(o features.Output) bool { return o.Origin == column })
	}
	for _, column := range planted {
		if reads(r, column) {
			t.Errorf("the model reads %s", column)
		}
	}
	p.Keep = planted[:1]
	kept := run(t, leads, p)
	if m := openBundle(t, kept.Shipped).Manifest; len(m.Withheld) != len(planted)-1 || !reads(kept, planted[0]) || !said(kept, planted[0]+": kept as told, although it may tell the outcome: filled on ") {
		t.Errorf("kept %s: withheld %v, notes %q", planted[0], m.Withheld, kept.Report.Notes)
	}
}

// TestChangesAndExclude: columns that change or are excluded are not read.
func TestChangesAndExclude(t *testing.T) {
	p := smallPlan()
	p.Changes, p.Exclude, p.Model = []string{"visits"}, []string{"source"}, "linear"
	r := run(t, smallCompany(700, 5).table(nil, nil), p)
	b := openBundle(t, r.Shipped)
	for _, o := range b.Outputs() {
		if o.Origin == "visits" || o.Origin == "source" {
			t.Errorf("the model reads %s", o.Name)
		}
	}
	if w := b.Manifest.Withheld; len(w) != 1 || w[0].Column != "visits" || !strings.Contains(w[0].Reason, "declared as changing") {
		t.Errorf("withheld %v", w)
	}
}

// TestCanaries plants personal and rare values in the training file and looks
// for them in everything that comes out of training and scoring.
func TestCanaries(t *testing.T) {
	c := smallCompany(900, 22)
	r := rand.New(rand.NewPCG(5, 5))
	word := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "bcdfghjklmnprstvwxz"[r.IntN(19)]
			if i%2 == 1 {
				b[i] = "aeiou"[r.IntN(5)]
			}
		}
		return strings.ToUpper(string(b[:1])) + string(b[1:])
	}
	var canaries []string
	plant := func(s string) string { canaries = append(canaries, s); return s }
	sparse := func(value func() string, common ...string) func(int) string {
		return func(i int) string {
			if i%18 == 7 {
				return plant(value())
			}
			return common[r.IntN(len(common))]
		}
	}
	c.add("first_name", sparse(func() string { return word(9) }, "Anna", "James", "Maria", "Peter"))
	c.add("last_name", sparse(func() string { return word(11) }, "Smith", "Jones", "Rossi"))
	c.add("email", func(i int) string {
		if i%18 == 3 {
			return plant(strings.ToLower(word(8))) + "@" + plant(strings.ToLower(word(10))) + ".example"
		}
		return "someone" + strconv.Itoa(i) + "@gmail.com"
	})
	c.add("phone", func(i int) string {
		n := fmt.Sprintf("+49 %d %d", 100+r.IntN(900), 1_000_000+r.IntN(9_000_000))
		if i%18 == 4 {
			plant(n)
			plant(strings.ReplaceAll(n[4:], " ", ""))
		}
		return n
	})
	c.add("company", sparse(func() string { return word(12) + " Holding" }, "Acme Ltd", "Globex", "Initech", "Umbrella"))
	c.add("message", sparse(func() string { return "please call " + word(10) + " about it" }, "please call about prices", "looking for information about prices", "need a quote please"))
	c.add("city", sparse(func() string { return word(13) }, "Berlin", "Paris", "Rome"))
	c.add("employees", func(i int) string {
		if i%18 == 9 {
			return plant(strconv.FormatFloat(1e4+float64(r.IntN(1e9))/977, 'f', -1, 64))
		}
		return strconv.Itoa(10 * (1 + r.IntN(30)))
	})
	for i := range c.cells {
		if i%18 == 11 {
			c.cells[i][c.column("value")] = plant(strconv.FormatFloat(7e5+float64(r.IntN(1e9))/991, 'f', -1, 64))
		}
	}
	for _, s := range canaries { // every long word of them alone
		for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' }) {
			if len(w) >= 8 && w != s && w != "Holding" {
				plant(w)
			}
		}
	}
	if len(canaries) < 200 {
		t.Fatalf("only %d canaries", len(canaries))
	}
	result := run(t, c.table(nil, nil), smallPlan())
	report := fmt.Appendf(nil, "%+v %+v", *result.Report, *result.Report.Manifest)
	warnings, err := json.Marshal(spoken(t, result, c))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"shipped bundle": result.Shipped, "judged bundle": result.Judged, "report": report, "words of scores": warnings} {
		lower := bytes.ToLower(text)
		for _, s := range canaries {
			for _, form := range disguises(s) {
				if bytes.Contains(lower, bytes.ToLower(form)) {
					t.Errorf("%s: a canary of %d bytes is in it as %.12q…", name, len(s), form)
				}
			}
		}
	}
	// the search itself finds what is there
	for shift := range 3 {
		hidden := base64.StdEncoding.EncodeToString([]byte("xyz"[:shift] + canaries[0] + "and more"))
		if !slices.ContainsFunc(disguises(canaries[0]), func(form []byte) bool { return strings.Contains(hidden, string(form)) }) {
			t.Errorf("base64 that begins %d bytes earlier hides a canary", shift)
		}
	}
	for _, s := range []string{"source", "friend"} {
		if !bytes.Contains(result.Shipped, []byte(s)) {
			t.Errorf("%q, which forty leads share, is not in the bundle", s)
		}
	}
}

// TestUniqueNumbers looks for the bits of numbers that one lead alone has, the
// greatest and least among them.
func TestUniqueNumbers(t *testing.T) {
	c := smallCompany(900, 25)
	r := rand.New(rand.NewPCG(5, 6))
	var numbers []float64
	for _, name := range []string{"employees", "revenue", "small"} {
		c.add(name, func(i int) string {
			v := math.Exp(r.NormFloat64()*3) * map[string]float64{"employees": 1e4, "revenue": 1e7, "small": 1e-3}[name]
			numbers = append(numbers, v)
			return strconv.FormatFloat(v, 'g', -1, 64)
		})
	}
	for i, cells := range c.cells { // how long a lead was open, to the microsecond
		created, _ := time.Parse(time.RFC3339, cells[1])
		created = created.Add(time.Duration(100_003*i+7) * time.Microsecond)
		cells[1] = created.Format(time.RFC3339Nano)
		closed, err := time.Parse(time.RFC3339, cells[3])
		if err != nil || closed.Before(created) {
			closed, cells[2], cells[3] = day(600), "Open", ""
		}
		numbers = append(numbers, datasets.Days(datasets.Micros(created), datasets.Micros(closed)))
	}
	for _, model := range []string{"gbm", "linear"} {
		p := smallPlan()
		p.Model = model
		result := run(t, c.table(nil, nil), p)
		for _, v := range numbers {
			for _, form := range [][]byte{binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)), []byte(strconv.FormatFloat(v, 'g', 9, 64))} {
				if bytes.Contains(result.Shipped, form) {
					t.Fatalf("%s: a number that one lead alone has is in the bundle", model)
				}
			}
		}
	}
}

// spoken is every word that scores say, the leads' own ids apart.
func spoken(t *testing.T, r *train.Result, c *rows) []string {
	b := openBundle(t, r.Shipped)
	s, err := b.Read(c.table(nil, nil), end)
	if err != nil {
		t.Fatal(err)
	}
	all, err := b.Score(context.Background(), s, 10)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, score := range all {
		words = append(words, score.Warnings...)
		for _, reason := range score.Reasons {
			words = append(words, reason.Column)
		}
		if score.Err != nil {
			words = append(words, score.Err.Error())
		}
	}
	return words
}

// disguises are the forms in which a text may hide: plain, hexadecimal and in
// the middle of base64 at each of its three alignments.
func disguises(s string) [][]byte {
	forms := [][]byte{[]byte(s), []byte(hex.EncodeToString([]byte(s)))}
	for shift := range 3 {
		coded := base64.RawStdEncoding.EncodeToString([]byte("\x00\x00"[:min(shift, 2)] + s))
		from, to := (shift*8+5)/6, len(coded)
		if (shift+len(s))%3 != 0 {
			to--
		}
		forms = append(forms, []byte(coded[from:to]))
	}
	return forms
}

// TestEvaluate judges a bundle on what came after it.
func TestEvaluate(t *testing.T) {
	c := smallCompany(1500, 23)
	p := smallPlan()
	p.AsOf = datasets.Micros(day(380))
	b := openBundle(t, run(t, c.table(nil, nil), p).Shipped)
	e, err := train.Evaluate(context.Background(), b, c.table(nil, nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	if e.Bundle != b.ID() || e.From != day(380).Format(time.DateOnly) || len(e.Horizons) == 0 {
		t.Fatalf("%+v", e)
	}
	alive := 0
	for _, cells := range c.cells {
		if closed, err := time.Parse(time.RFC3339, cells[3]); err != nil || !closed.Before(day(380)) {
			alive++
		}
	}
	if e.Leads != alive {
		t.Errorf("%d leads evaluated of %d that were open or came", e.Leads, alive)
	}
	for _, h := range e.Horizons {
		if !(h.AUC.Value > 0.55 && h.AUC.Value < 0.9 && h.AUC.Low < h.AUC.Value && h.AUC.Value < h.AUC.High) {
			t.Errorf("%d days: AUC %+v", h.Days, h.AUC)
		}
		if !(h.OE.Low < 1.15 && h.OE.High > 0.85) || !(h.LogLoss > 0 && h.LogLoss < 1) || !(h.Brier > 0 && h.Brier < 0.25) || !(h.ECE >= 0 && h.ECE < 0.15) {
			t.Errorf("%d days: %+v", h.Days, h)
		}
		if got := h.BaseLoss - h.LogLoss; math.Abs(got-h.Gain.Value) > 1e-9 || h.Gain.Value < 0 {
			t.Errorf("%d days: gain %v, of losses %v", h.Days, h.Gain, got)
		}
		if h.Won < 1 || h.Leads <= h.Won || !(h.AP > float64(h.Won)/float64(h.Leads)) || !(h.Top > 0.1) {
			t.Errorf("%d days: %+v", h.Days, h)
		}
	}
	if e.LogLik == nil || !(e.LogLik.Value > 0) {
		t.Errorf("log-likelihood %+v", e.LogLik)
	}
}

// TestEvaluateRefuses what cannot be judged.
func TestEvaluateRefuses(t *testing.T) {
	b := openBundle(t, run(t, smallCompany(700, 5).table(nil, nil), smallPlan()).Shipped)
	before := smallCompany(300, 24)
	before.cells = slices.DeleteFunc(before.cells, func(cells []string) bool { return cells[3] == "" })
	empty := smallCompany(1, 1)
	empty.cells = nil
	strange := smallCompany(40, 1)
	strange.set("status", func(int, string) string { return "Elsewhere" })
	for name, k := range map[string]struct {
		table *datasets.Table
		says  string
	}{
		"no rows":          {empty.table(nil, nil), ""},
		"all over before":  {before.table(nil, nil), "no lead is left to evaluate"},
		"no outcome":       {smallCompany(40, 1).table(nil, nil).Drop("status"), ""},
		"other outcomes":   {strange.table(nil, nil), ""},
		"no creation time": {smallCompany(40, 1).table(nil, nil).Drop("created_at"), ""},
	} {
		e, err := train.Evaluate(context.Background(), b, k.table, nil)
		var data *datasets.Error
		if err == nil || !errors.As(err, &data) || !strings.Contains(err.Error(), k.says) {
			t.Errorf("%s: %v, %+v", name, err, e)
		}
	}
}

// TestNothingToLearn gives the fields to other leads: what was judged may then
// not be worse than the base rates beyond noise.
func TestNothingToLearn(t *testing.T) {
	const seeds = 6
	sum := 0.0
	for seed := range uint64(seeds) {
		c := smallCompany(700, 30+seed)
		r := rand.New(rand.NewPCG(seed, 3))
		to := r.Perm(len(c.cells))
		fields := make([][3]string, len(c.cells))
		for i, cells := range c.cells {
			fields[to[i]] = [3]string(cells[4:7])
		}
		for i := range c.cells {
			copy(c.cells[i][4:7], fields[i][:])
		}
		report := run(t, c.table(nil, nil), smallPlan()).Report
		g := report.Judged.LogLik
		if sum += g.Value / seeds; g.Value < -0.02 {
			t.Errorf("seed %d: %s gains %+v a lead on the base rates", seed, report.Manifest.Recipe, g)
		}
		for _, e := range report.Leaderboard {
			if e.Champion && e.GainHigh < 0 {
				t.Errorf("seed %d: the champion %+v is worse than the base rates in validation", seed, e)
			}
		}
	}
	if sum < -0.005 {
		t.Errorf("on average the champion gains %+.4f a lead on the base rates", sum)
	}
}
