package bundle_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train/bundle"
)

const head = 48 // magic, format, length and hash of the manifest

// file is a bundle taken apart. What is put together again has right hashes,
// so that changes get past them.
type file struct {
	manifest map[string]any
	data     [][]byte // of the sections, in order
}

func apart(t testing.TB, b []byte) file {
	t.Helper()
	n := int(binary.LittleEndian.Uint32(b[12:]))
	var m bundle.Manifest
	f := file{}
	for _, into := range []any{&m, &f.manifest} {
		if err := json.Unmarshal(b[head:head+n], into); err != nil {
			t.Fatal(err)
		}
	}
	at := head + n
	for _, s := range m.Sections {
		f.data = append(f.data, slices.Clone(b[at:at+int(s.Length)]))
		at += int(s.Length)
	}
	return f
}

func (f file) sections() []any { return f.manifest["sections"].([]any) }

// section gives the index of a section.
func (f file) section(name string) int {
	return slices.IndexFunc(f.sections(), func(s any) bool { return s.(map[string]any)["name"] == name })
}

// put replaces the bytes of a section and makes its length and hash right.
func (f file) put(name string, b []byte) {
	k := f.section(name)
	sum := sha256.Sum256(b)
	f.data[k] = b
	s := f.sections()[k].(map[string]any)
	s["length"], s["sha256"] = len(b), hex.EncodeToString(sum[:])
}

// together writes the file with the right hash of its manifest.
func (f file) together(t testing.TB) []byte {
	t.Helper()
	m, err := json.Marshal(f.manifest)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(append([][]byte{headed(m)}, f.data...)...)
}

// headed puts the head before a manifest.
func headed(manifest []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte("leadcast"), bundle.Format)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(manifest)))
	sum := sha256.Sum256(manifest)
	return slices.Concat(b, sum[:], manifest)
}

// refused opens bytes and reports what came of it; a panic is an error of its own.
func refused(b []byte) (panicked any, err error) {
	defer func() { panicked = recover() }()
	_, err = openFile(b)
	return nil, err
}

// TestEveryBitCounts flips every single bit of a bundle.
func TestEveryBitCounts(t *testing.T) {
	whole := small().file
	if bits := 8 * len(whole); bits < 50_000 {
		t.Fatalf("only %d bits to flip", bits)
	}
	workers := runtime.GOMAXPROCS(0)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			b := slices.Clone(whole)
			for bit := w; bit < 8*len(b); bit += workers {
				b[bit/8] ^= 1 << (bit % 8)
				if panicked, err := refused(b); err == nil || panicked != nil {
					t.Errorf("bit %d of byte %d flipped: error %v, panic %v", bit%8, bit/8, err, panicked)
				}
				b[bit/8] ^= 1 << (bit % 8)
			}
		})
	}
	wg.Wait()
}

// TestEveryTruncation cuts a bundle at every byte, and adds some.
func TestEveryTruncation(t *testing.T) {
	whole := small().file
	for n := range whole {
		if panicked, err := refused(whole[:n]); err == nil || panicked != nil {
			t.Fatalf("cut to %d bytes: error %v, panic %v", n, err, panicked)
		}
	}
	for _, tail := range []string{"\x00", "leadcast", string(whole)} {
		_, err := refused(append(slices.Clone(whole), tail...))
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%d bytes after the last section", len(tail))) {
			t.Errorf("%d bytes too many: %v", len(tail), err)
		}
	}
	if _, err := openFile(whole); err != nil {
		t.Errorf("the whole file: %v", err)
	}
}

// TestOtherFiles checks the sentences for files that are no bundles of ours.
func TestOtherFiles(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("x"), []byte("leadcast"), []byte(strings.Repeat("lead_id,created_at\n", 10)), bytes.Repeat([]byte{0}, 100)} {
		if _, err := openFile(b); !errors.Is(err, bundle.ErrNotBundle) {
			t.Errorf("%.10q…: %v", b, err)
		}
	}
	newer := slices.Clone(small().file)
	binary.LittleEndian.PutUint32(newer[8:], 7)
	want := "bundle: written in format 7 by a newer Leadcast; this one reads up to 1: please update it"
	if _, err := openFile(newer); err == nil || err.Error() != want {
		t.Errorf("a newer format: %v", err)
	}
}

// TestMemoryIsBounded declares sizes that are not there.
func TestMemoryIsBounded(t *testing.T) {
	b := slices.Clone(small().file)
	binary.LittleEndian.PutUint32(b[12:], math.MaxUint32)
	f := apart(t, small().file)
	f.sections()[1].(map[string]any)["length"] = 1 << 40
	g := apart(t, small().file)
	g.sections()[0].(map[string]any)["length"] = 1 << 30
	for i, b := range [][]byte{b, f.together(t), g.together(t)} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := openFile(b)
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%d: accepted", i)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(len(b))+1<<20 {
			t.Errorf("%d: %d bytes allocated for a file of %d", i, used, len(b))
		}
	}
}

// crafted are changes of a bundle whose hashes are right nevertheless.
var crafted = []struct {
	name   string
	change func(f *file)
}{
	{"no sections", func(f *file) { f.manifest["sections"], f.data = nil, nil }},
	{"no encoder", func(f *file) { f.drop("encoder") }},
	{"no model", func(f *file) { f.drop("stack") }},
	{"no support", func(f *file) { f.drop("support") }},
	{"support null", func(f *file) { f.put("support", []byte("null")) }},
	{"support broken", func(f *file) { f.put("support", []byte(`{"age":[`)) }},
	{"support of uneven lists", func(f *file) { f.put("support", []byte(`{"age":[1,2,300],"at_risk":[90,60],"wins":[1,2,3]}`)) }},
	{"support without wins", func(f *file) {
		f.put("support", []byte(`{"age":[50,100,150,300],"at_risk":[90,60,60,60],"wins":[]}`))
	}},
	{"support that falls", func(f *file) {
		f.put("support", []byte(`{"age":[300,200,100],"at_risk":[90,60,60],"wins":[30,20,10]}`))
	}},
	{"encoder twice", func(f *file) {
		f.manifest["sections"] = append(f.sections(), f.sections()[f.section("encoder")])
		f.data = append(f.data, f.data[f.section("encoder")])
	}},
	{"encoder empty", func(f *file) { f.put("encoder", nil) }},
	{"encoder without columns", func(f *file) { f.put("encoder", []byte(`{"format":1,"columns":[]}`)) }},
	{"encoder of one column", func(f *file) {
		f.put("encoder", []byte(`{"format":1,"columns":[{"column":"visits","kind":"number","learned":{}}]}`))
	}},
	{"encoder and model change places", func(f *file) {
		e, m := f.data[f.section("encoder")], f.data[f.section("stack")]
		f.put("encoder", m)
		f.put("stack", e)
	}},
	{"model empty", func(f *file) { f.put("stack", nil) }},
	{"model of another kind", func(f *file) { f.sections()[f.section("stack")].(map[string]any)["name"] = "gbm" }},
	{"model of an unknown kind", func(f *file) { f.sections()[f.section("stack")].(map[string]any)["name"] = "neural" }},
	{"model is base rates only", func(f *file) { b := f.data[f.section("stack")]; b[0] = 2 }},
	{"model ends early", func(f *file) { f.put("stack", f.data[f.section("stack")][:40]) }},
	{"model has a tail", func(f *file) { f.put("stack", append(f.data[f.section("stack")], 0)) }},
	{"length too long", func(f *file) { f.sections()[2].(map[string]any)["length"] = len(f.data[2]) + 1 }},
	{"length too short", func(f *file) { f.sections()[2].(map[string]any)["length"] = len(f.data[2]) - 1 }},
	{"length negative", func(f *file) { f.sections()[1].(map[string]any)["length"] = -1 }},
	{"length of another type", func(f *file) { f.sections()[1].(map[string]any)["length"] = "12" }},
	{"hash missing", func(f *file) { delete(f.sections()[1].(map[string]any), "sha256") }},
	{"main horizon not among the horizons", func(f *file) { f.manifest["main_horizon"] = 91 }},
	{"no horizons", func(f *file) { f.manifest["horizons"] = []int{} }},
	{"horizons negative", func(f *file) { f.manifest["horizons"], f.manifest["main_horizon"] = []int{-30, 90}, 90 }},
	{"horizons falling", func(f *file) { f.manifest["horizons"], f.manifest["main_horizon"] = []int{90, 30}, 90 }},
	{"horizons twice", func(f *file) { f.manifest["horizons"], f.manifest["main_horizon"] = []int{90, 90}, 90 }},
	{"said to be untimed", func(f *file) { f.manifest["timed"] = false }},
	{"schema without fields", func(f *file) { f.schema()["fields"] = nil }},
	{"schema with a kind that is none", func(f *file) { f.field("visits")["kind"] = 99 }},
	{"schema with a layout that is none", func(f *file) { f.field("created_at")["layout"] = "1/1/1" }},
	{"schema with a field twice", func(f *file) {
		fields := f.schema()["fields"].([]any)
		f.schema()["fields"] = append(fields, fields[0])
	}},
	{"schema with an unknown zone", func(f *file) { f.schema()["zone"] = "Moon/Sea" }},
	{"schema that reads creation as a number", func(f *file) { f.field("created_at")["kind"] = 1; f.field("created_at")["layout"] = "" }},
	{"schema that lacks the column of creation", func(f *file) { f.roles()["created"] = "elsewhere" }},
	{"schema that reads amounts as text", func(f *file) { f.field("value")["kind"] = 6 }},
	{"junk filter that is none", func(f *file) { f.manifest["junk"] = []string{"email"} }},
	{"junk filter on a column that is not there", func(f *file) { f.manifest["junk"] = []string{"email~x"} }},
	{"rate of nothing", func(f *file) { f.schema()["rates"] = []any{map[string]any{"currency": "EUR", "value": 0}} }},
	{"rates without a house currency", func(f *file) { f.schema()["rates"] = []any{map[string]any{"currency": "EUR", "value": 2}} }},
	{"rates from no day", func(f *file) {
		f.schema()["rates"] = []any{map[string]any{"currency": "EUR", "value": 1, "from": "soon"}}
	}},
	{"currency that is the amount", func(f *file) {
		f.roles()["currency"], f.schema()["rates"] = "value", []any{map[string]any{"currency": "EUR", "value": 1}}
	}},
	{"grades rising", func(f *file) { f.manifest["grades"] = []float64{0.1, 0.2, 0.3} }},
}

func (f file) schema() map[string]any { return f.manifest["schema"].(map[string]any) }
func (f file) roles() map[string]any  { return f.schema()["roles"].(map[string]any) }

func (f file) field(name string) map[string]any {
	for _, x := range f.schema()["fields"].([]any) {
		if x.(map[string]any)["name"] == name {
			return x.(map[string]any)
		}
	}
	panic("no field " + name)
}

func (f *file) drop(name string) {
	k := f.section(name)
	f.manifest["sections"] = slices.Delete(slices.Clone(f.sections()), k, k+1)
	f.data = slices.Delete(f.data, k, k+1)
}

// rehash makes every length and hash right after bytes were changed in place.
func (f file) rehash() {
	for k, s := range f.sections() {
		sum := sha256.Sum256(f.data[k])
		s.(map[string]any)["sha256"] = hex.EncodeToString(sum[:])
	}
}

// usable are crafted bundles that may be opened, as long as they score without panic.
var usable = []string{"schema without fields", "schema that reads amounts as text", "schema that lacks the column of creation", "schema that reads creation as a number", "grades rising", "junk filter on a column that is not there", "currency that is the amount"}

func TestCraftedBundles(t *testing.T) {
	for _, c := range crafted {
		t.Run(c.name, func(t *testing.T) {
			f := apart(t, small().file)
			c.change(&f)
			if c.name == "model is base rates only" {
				f.rehash()
			}
			b := f.together(t)
			if panicked, err := refused(b); panicked != nil {
				t.Fatalf("panic: %v", panicked)
			} else if err == nil && !slices.Contains(usable, c.name) {
				t.Error("accepted")
			} else if err != nil {
				t.Log(err)
			}
			if _, p := use(b); p != nil {
				t.Errorf("opens, then panics when it scores: %v", p)
			}
		})
	}
	// The crafting itself must not be what is refused.
	f := apart(t, small().file)
	f.rehash()
	if _, err := openFile(f.together(t)); err != nil {
		t.Errorf("taken apart and put together: %v", err)
	}
}

// use opens a bundle and scores some leads: whether it opens, and what panicked.
func use(file []byte) (opens bool, panicked any) {
	defer func() { panicked = recover() }()
	b, err := openFile(file)
	if err != nil {
		return false, nil
	}
	s, err := b.Read(few(), asOf)
	if err != nil {
		return true, nil
	}
	if scores, err := b.Score(context.Background(), s, 3); err == nil {
		b.Intervals(context.Background(), s, scores)
		b.Table(scores)
	}
	return true, nil
}

var few = sync.OnceValue(func() *datasets.Table { return crm(6, 9) })

// TestWrongModels puts models of another bundle under an encoder.
func TestWrongModels(t *testing.T) {
	other := apart(t, timed().file)
	f := apart(t, small().file)
	f.put("stack", other.data[other.section("stack")])
	if p, err := refused(f.together(t)); err == nil || p != nil {
		t.Errorf("a model of more columns than its encoder gives: error %v, panic %v", err, p)
	}
	f = apart(t, small().file)
	f.put("encoder", other.data[other.section("encoder")])
	if p, err := refused(f.together(t)); err == nil || p != nil {
		t.Errorf("an encoder of more columns than its model reads: error %v, panic %v", err, p)
	}
	flat := apart(t, untimed().file)
	f = apart(t, small().file)
	f.put("stack", flat.data[flat.section("stack")])
	if p, err := refused(f.together(t)); err == nil || p != nil {
		t.Errorf("a model without times in a bundle with times: error %v, panic %v", err, p)
	}
	// one cause and one cut make two outputs, as two causes without a cut do
	one := []byte{3, 1, 1}
	one = append(one, floats(30)...)
	one = append(one, byte(len(small().b.Outputs())), 0, 2)
	one = append(one, floats(-5, -5)...)
	one = append(one, 2)
	one = append(one, floats(0, 0)...)
	one = append(one, 0, 0)
	f = apart(t, small().file)
	f.put("stack", one)
	if p, err := refused(f.together(t)); err == nil || p != nil {
		t.Errorf("a model of one cause in a bundle of won and lost: error %v, panic %v", err, p)
	}
}

func floats(v ...float64) (b []byte) {
	for _, x := range v {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	}
	return b
}

// TestDeepNesting hides a model in a model in a model …
func TestDeepNesting(t *testing.T) {
	stack := apart(t, small().file)
	inner := stack.data[stack.section("stack")]
	f := apart(t, small().file)
	deep := inner
	for range 50 {
		deep = nest(deep)
	}
	f.put("stack", deep)
	if p, err := refused(f.together(t)); err == nil || p != nil {
		t.Errorf("stacks inside stacks: error %v, panic %v", err, p)
	}
	nested := strings.Repeat(`{"a":`, 200_000)
	f = apart(t, small().file)
	f.put("encoder", []byte(nested))
	if p, err := refused(f.together(t)); err == nil || p != nil {
		t.Errorf("deep JSON: error %v, panic %v", err, p)
	}
	m := []byte(nested)
	if p, err := refused(headed(m)); err == nil || p != nil {
		t.Errorf("a deep manifest: error %v, panic %v", err, p)
	}
}

// nest puts a stack into a stack of two rates.
func nest(inner []byte) []byte {
	b := []byte{3, 2, 0, 2, 0, 2}
	b = append(b, floats(-5, -5)...)
	b = append(b, 2)
	b = append(b, floats(0, 0)...)
	b = append(b, 1, 1)
	b = append(b, floats(1)...)
	b = append(b, 1)
	b = append(b, floats(1)...)
	b = append(binary.AppendUvarint(b, 5), "stack"...)
	return append(binary.AppendUvarint(b, uint64(len(inner))), inner...)
}

// TestWriteIsOpen writes what was opened: same bytes, same id, same scores.
func TestWriteIsOpen(t *testing.T) {
	for _, c := range []company{timed(), small(), unlost(), untimed()} {
		var again bytes.Buffer
		written, err := bundle.Open(bytes.NewReader(c.file), int64(len(c.file)))
		if err != nil {
			t.Fatal(err)
		}
		id, err := bundle.Write(&again, written)
		if err != nil {
			t.Fatal(err)
		}
		if id != c.b.ID() || !bytes.Equal(again.Bytes(), c.file) {
			t.Errorf("%s: written again it is %s", c.b.ID(), id)
		}
		sum := sha256.Sum256(c.file[head : head+int(binary.LittleEndian.Uint32(c.file[12:]))])
		if hex.EncodeToString(sum[:]) != id {
			t.Errorf("the id %s is not the hash of the manifest", id)
		}
		b, err := openFile(again.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		other := company{c.leads, again.Bytes(), b}
		rows := c.leads.Gather(seq(40))
		if !reflect.DeepEqual(c.score(t, rows, 5), other.score(t, rows, 5)) {
			t.Errorf("%s: scores differ after writing and opening", id)
		}
	}
}

// TestHashedDamage damages sections a byte at a time and makes the hashes
// right again: what then opens must still score without a panic.
func TestHashedDamage(t *testing.T) {
	for name, c := range map[string]company{"small": small(), "timed": timed(), "untimed": untimed()} {
		f, opened := apart(t, c.file), 0
		for k, s := range f.sections() {
			section := s.(map[string]any)["name"].(string)
			for at := 0; at < len(f.data[k]); at += 1 + len(f.data[k])/150 {
				was := f.data[k][at]
				for _, to := range []byte{0xff, was ^ 1, was ^ 0x80} {
					f.data[k][at] = to
					f.rehash()
					works, panicked := use(f.together(t))
					if panicked != nil {
						t.Fatalf("%s: byte %d of the %s is %#x: panic %v", name, at, section, to, panicked)
					}
					if works {
						opened++
					}
				}
				f.data[k][at] = was
			}
			f.rehash()
		}
		if opened == 0 {
			t.Errorf("%s: nothing opened, so the hashes were not right", name)
		}
	}
}

// TestWriterFails lets the disk be full at every byte.
func TestWriterFails(t *testing.T) {
	c := small()
	for n := 0; n < len(c.file); n += 97 {
		if _, err := bundle.Write(&short{n}, c.b); !errors.Is(err, errFull) {
			t.Fatalf("full after %d bytes: %v", n, err)
		}
	}
}

var errFull = errors.New("full")

// short is a disk with room for left bytes.
type short struct{ left int }

func (s *short) Write(b []byte) (int, error) {
	if len(b) > s.left {
		return s.left, errFull
	}
	s.left -= len(b)
	return len(b), nil
}

func seq(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// FuzzOpen opens anything: as it is, and as a section or manifest with the
// right hashes around it. Whatever opens must score.
func FuzzOpen(f *testing.F) {
	c := small()
	whole := apart(f, c.file)
	for k, s := range whole.sections() {
		f.Add(byte(k+1), whole.data[k])
		_ = s
	}
	n := int(binary.LittleEndian.Uint32(c.file[12:]))
	f.Add(byte(0), c.file)
	f.Add(byte(4), c.file[head:head+n])
	tree := apart(f, timed().file)
	f.Add(byte(2), tree.data[tree.section("stack")])
	names := []string{"encoder", "stack", "support"}
	f.Fuzz(func(t *testing.T, where byte, b []byte) {
		switch k := int(where % 5); k {
		case 0:
		case 4:
			b = slices.Concat(append([][]byte{headed(b)}, whole.data...)...)
		default:
			g := apart(t, c.file)
			g.put(names[k-1], b)
			b = g.together(t)
		}
		if p, err := refused(b); p != nil {
			t.Fatalf("panic: %v (%v)", p, err)
		}
		if _, p := use(b); p != nil {
			t.Fatalf("panic when it scores: %v", p)
		}
	})
}
