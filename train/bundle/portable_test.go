//go:build portable

package bundle_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/calib"
	"github.com/leadcast/leadcast/models/portable"
	"github.com/leadcast/leadcast/train"
)

// TestPortable prints digests of what predicts, bit for bit, and of bundles of
// boosted trees. The test of the same name in the root runs this binary on
// several processors and compares what they print. The folder of
// LEADCAST_PORTABLE, a new one where it is not set, holds leads, bundles and
// calibrations; the processor that finds it empty makes them.
func TestPortable(t *testing.T) {
	p := pieces{t, os.Getenv("LEADCAST_PORTABLE")}
	if p.dir == "" {
		p.dir = t.TempDir()
	}
	p.make()
	p.functions()
	p.curves()
	p.maps()
	p.encoded()
	for _, name := range champions {
		p.scored(name)
	}
	p.trained()
}

// champions are bundles whose scores are compared.
var champions = []string{"blend", "gbm", "linear", "flat-blend", "flat-gbm", "flat-scorecard", "flat-bayes", "flat-golearn-forest", "flat-golearn-tree", "flat-golearn-bayes"}

type pieces struct {
	t   *testing.T
	dir string
}

func (p pieces) check(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// say prints a digest of the bits of numbers and of all else in some values.
func (p pieces) say(name string, values ...any) {
	h := sha256.New()
	n := 0
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Float64:
			n++
			binary.Write(h, binary.LittleEndian, math.Float64bits(v.Float()))
		case reflect.Pointer, reflect.Interface:
			fmt.Fprint(h, v.IsNil())
			if !v.IsNil() {
				walk(v.Elem())
			}
		case reflect.Slice, reflect.Array:
			fmt.Fprint(h, v.Len())
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Struct:
			for f, x := range v.Fields() {
				if f.IsExported() {
					walk(x)
				}
			}
		default:
			fmt.Fprint(h, v.Interface(), ";")
		}
	}
	for _, v := range values {
		walk(reflect.ValueOf(v))
	}
	fmt.Printf("digest %s %x of %d numbers\n", name, h.Sum(nil)[:12], n)
}

func (p pieces) read(name string) []byte {
	b, err := os.ReadFile(filepath.Join(p.dir, name))
	p.check(err)
	return b
}

func (p pieces) write(name string, b []byte) {
	p.check(os.WriteFile(filepath.Join(p.dir, name), b, 0o644))
}

// table reads leads from the folder: making them takes exp and log of package
// math, which are not the same everywhere.
func (p pieces) table(name string) *datasets.Table {
	var cells [][]string
	p.check(json.Unmarshal(p.read(name), &cells))
	return raw(cells[0], cells[1:])
}

// store writes a table of texts.
func (p pieces) store(name string, t *datasets.Table) {
	cells := [][]string{t.Names()}
	for i := range t.Rows {
		var row []string
		for _, c := range t.Columns {
			row = append(row, c.Texts.At(i))
		}
		cells = append(cells, row)
	}
	b, err := json.Marshal(cells)
	p.check(err)
	p.write(name, b)
}

// plan is what a champion is trained by, and on which leads.
func (p pieces) plan(champion string) (*datasets.Table, train.Plan) {
	if model, untimed := strings.CutPrefix(champion, "flat-"); untimed {
		return p.table("flat.json"), train.Plan{Roles: datasets.Roles{ID: "lead_id", Outcome: "converted"},
			Contract: datasets.Contract{Won: []string{"yes"}, OtherLost: true}, AsOf: datasets.NoTime, Seed: 1, Model: model}
	}
	plan := crmPlan()
	plan.Model = champion
	return p.table("leads.json"), plan
}

// make fills an empty folder: leads of crm with texts of every kind, a flat
// table, a bundle a champion, and calibrations.
func (p pieces) make() {
	if _, err := os.Stat(filepath.Join(p.dir, "maps")); err == nil {
		return
	}
	r := rand.New(rand.NewPCG(5, 5))
	leads := crm(700, 9)
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	for _, c := range []struct {
		name string
		cell func(i int) string
	}{
		{"email", func(i int) string {
			return "p" + strconv.Itoa(i) + "@" + pick("gmail.com", "acme.example", "meridian.example")
		}},
		{"phone", func(i int) string { return pick("+49 555 ", "+1 202 555 ", "0555 ") + strconv.Itoa(100000+i) }},
		{"website", func(i int) string { return pick("https://www.a.example/x?utm_source=mail", "http://b.example", "") }},
		{"job_title", func(i int) string { return pick("CEO", "Head of Sales", "Student", "Senior Engineer", "") }},
		{"message", func(i int) string {
			return pick("please call me", "price?", "just looking around", "we need a quote for 200 seats", "")
		}},
		{"interests", func(i int) string { return pick("Mobile;Security", "Analytics", "Mobile;Support;Analytics", "") }},
		{"founded", func(i int) string { return strconv.Itoa(1950+r.IntN(70)) + "-0" + strconv.Itoa(1+r.IntN(9)) + "-11" }},
		{"score", func(i int) string { return strconv.FormatFloat(r.Float64()*1000-300, 'f', 3, 64) }},
	} {
		texts := datasets.Strings{Offsets: []int64{0}}
		for i := range leads.Rows {
			texts.Append(c.cell(i))
		}
		leads.Columns = append(leads.Columns, &datasets.Column{Name: c.name, Texts: texts})
	}
	p.store("leads.json", leads)
	p.store("flat.json", flat(600, 4))
	for _, name := range champions {
		table, plan := p.plan(name)
		p.write(name+".leadcast", learn(table, plan).file)
	}
	y, s := make([]float64, 400), make([]float64, 400)
	for i := range y {
		s[i] = float64(i%97+1) / 99
		if r.Float64() < s[i]*s[i] {
			y[i] = 1
		}
	}
	var all []byte
	for _, fit := range []func(p, y, w []float64) (calib.Map, error){calib.Platt, calib.Logistic, calib.Beta, calib.Isotonic, calib.Temperature, calib.Shift} {
		m, err := fit(s, y, nil)
		p.check(err)
		b, err := m.AppendBinary(nil)
		p.check(err)
		all = append(binary.AppendUvarint(all, uint64(len(b))), b...)
	}
	p.write("maps", all)
}

// functions are exp, log and their kin at numbers of every size.
func (p pieces) functions() {
	r := rand.New(rand.NewPCG(1, 1))
	var out []float64
	for range 200_000 {
		x := math.Float64frombits(r.Uint64())
		if x != x {
			continue // which NaN comes out of one is the processor's own
		}
		small := (r.Float64() - 0.5) * 100
		q := r.Float64()
		out = append(out, portable.Exp(x), portable.Exp(small), portable.Log(math.Abs(x)), portable.Log(q), portable.Log1p(math.Abs(x)), portable.Log1p(-q),
			portable.Expm1(x), portable.Expm1(small), portable.Sigmoid(small), portable.Logit(q))
	}
	for i, v := range out {
		if v != v {
			out[i] = math.NaN()
		}
	}
	p.say("portable", out)
}

// curves are forecasts of made-up rates.
func (p pieces) curves() {
	r := rand.New(rand.NewPCG(2, 2))
	var out []float64
	var at [2]float64
	for range 2000 {
		c := models.Curve{Cuts: []float64{7, 30, 90.5, 400}, From: 100 * r.Float64(), Rates: make([][]float64, 2)}
		for k := range c.Rates {
			for range 5 {
				c.Rates[k] = append(c.Rates[k], portable.Exp(-4-4*r.Float64()))
			}
		}
		for _, t := range []float64{0.5, 30, 90, 1000} {
			open := c.At(at[:], t)
			days, _ := c.Quantile(0, at[0]*r.Float64(), t)
			out = append(out, open, at[0], at[1], c.Open(t), days)
		}
	}
	p.say("curve", out)
}

// maps are calibrations as they are read from their bytes.
func (p pieces) maps() {
	var out []float64
	for b := p.read("maps"); len(b) > 0; {
		n, k := binary.Uvarint(b)
		m, err := calib.Decode(b[k : k+int(n)])
		p.check(err)
		for i := range 1001 {
			out = append(out, m.At(float64(i)/1000))
		}
		b = b[k+int(n):]
	}
	p.say("calib", out)
}

// encoded is the matrix of leads with texts of every kind.
func (p pieces) encoded() {
	leads, plan := p.plan("gbm")
	schema, _, err := datasets.Infer(leads, datasets.Hints{Roles: plan.Roles})
	p.check(err)
	typed, _, err := schema.Apply(leads)
	p.check(err)
	spec, _ := features.Infer(typed, schema, nil)
	s := features.Snapshot{Leads: typed, AsOf: typed.Column("created_at").Times}
	encoder, err := features.Fit(context.Background(), spec, func(yield func(features.Snapshot, error) bool) { yield(s, nil) })
	p.check(err)
	x, _, err := encoder.Encode(s)
	p.check(err)
	if len(x.Columns) < 15 {
		p.t.Fatalf("only %d columns are encoded", len(x.Columns))
	}
	b, err := encoder.AppendBinary(nil)
	p.check(err)
	p.say("encoder", b, x)
}

// scored is what a bundle that another processor may have trained says.
func (p pieces) scored(name string) {
	b, err := openFile(p.read(name + ".leadcast"))
	p.check(err)
	leads, _ := p.plan(name)
	c := company{leads: leads, b: b}
	scores := c.score(p.t, leads.Gather(first(leads.Rows/2)), 4)
	p.say("scores of "+name, scores)
	for _, s := range scores {
		p.check(s.Err)
	}
}

func first(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// trained is the bundles of boosted trees, trained here.
func (p pieces) trained() {
	for _, name := range []string{"gbm", "flat-gbm"} {
		leads, plan := p.plan(name)
		p.say("bundle of "+name, learn(leads, plan).b.ID())
	}
}
