package parquet_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	pq "github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/schema"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/datasets/parquet"
)

// save writes tables to a file of the name given.
func save(t testing.TB, name string, tables ...*datasets.Table) string {
	var b bytes.Buffer
	w := parquet.NewWriter(&b)
	for _, x := range tables {
		if err := w.Write(x); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// load reads all blocks into one table without places.
func load(paths ...string) (*datasets.Table, error) {
	s, err := parquet.Open(paths)
	if err != nil {
		return nil, err
	}
	var all *datasets.Table
	for b, err := range s.Blocks(context.Background()) {
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = &datasets.Table{}
			for _, c := range b.Columns {
				all.Columns = append(all.Columns, &datasets.Column{Name: c.Name, Kind: c.Kind})
			}
		}
		all.Rows += b.Rows
		for i, c := range b.Columns {
			d := all.Columns[i]
			d.Nums = append(d.Nums, c.Nums...)
			d.Times = append(d.Times, c.Times...)
			for j := range c.Texts.Len() {
				d.Texts.Append(c.Texts.At(j))
			}
		}
	}
	return all, nil
}

var same = cmp.Options{cmpopts.EquateNaNs(), cmpopts.EquateEmpty(), cmpopts.IgnoreFields(datasets.Table{}, "Place")}

// some is a table with every kind and missing values.
func some(rows int) *datasets.Table {
	t := &datasets.Table{Rows: rows, Columns: []*datasets.Column{
		{Name: "lead_id"}, {Name: "score", Kind: datasets.Number}, {Name: "won", Kind: datasets.Bool}, {Name: "created_at", Kind: datasets.Time},
	}}
	for i := range rows {
		text, num, flag, at := "lead "+string(rune('a'+i%26)), float64(i)/3, float64(i%2), int64(i)*12345678901
		if i%7 == 3 {
			text, num, flag, at = "", math.NaN(), math.NaN(), datasets.NoTime
		}
		t.Columns[0].Texts.Append(text)
		t.Columns[1].Nums = append(t.Columns[1].Nums, num)
		t.Columns[2].Nums = append(t.Columns[2].Nums, flag)
		t.Columns[3].Times = append(t.Columns[3].Times, at)
	}
	return t
}

func Example() {
	t := &datasets.Table{Rows: 2, Columns: []*datasets.Column{
		{Name: "lead_id", Kind: datasets.ID, Texts: datasets.MakeStrings("a1", "a2")},
		{Name: "p_win", Kind: datasets.Number, Nums: []float64{0.25, 0.5}},
		{Name: "closed_at", Kind: datasets.Time, Times: []int64{datasets.NoTime, datasets.Micros(time.Unix(0, 0))}},
	}}
	path := filepath.Join(os.TempDir(), "leadcast-example.parquet")
	f, err := os.Create(path)
	if err != nil {
		panic(err)
	}
	defer os.Remove(path)
	w := parquet.NewWriter(f)
	_ = w.Write(t)
	_ = w.Close()
	_ = f.Close()

	s, _ := parquet.Open([]string{path})
	for b := range s.Blocks(context.Background()) {
		for _, c := range b.Columns {
			fmt.Println(c.Name, c.Kind, c.Missing(0))
		}
	}
	// Output:
	// lead_id raw false
	// p_win number false
	// closed_at time true
}

// Any table that is written and read back is the same, but that texts of all
// kinds come back as Raw.
func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.IntRange(0, 40).Draw(t, "rows")
		want := &datasets.Table{Rows: 2 * rows, Columns: []*datasets.Column{
			{Name: "id, \"x\".y"}, {Name: "é", Kind: datasets.Number}, {Name: " ", Kind: datasets.Bool}, {Name: "t", Kind: datasets.Time},
		}}
		var b bytes.Buffer
		w := parquet.NewWriter(&b)
		for range 2 {
			x := &datasets.Table{Rows: rows, Columns: []*datasets.Column{
				{Name: want.Columns[0].Name, Kind: datasets.Category, Texts: datasets.MakeStrings(rapid.SliceOfN(rapid.StringN(0, 5, -1), rows, rows).Draw(t, "texts")...)},
				{Name: want.Columns[1].Name, Kind: datasets.Number, Nums: rapid.SliceOfN(rapid.Float64(), rows, rows).Draw(t, "nums")},
				{Name: want.Columns[2].Name, Kind: datasets.Bool, Nums: rapid.SliceOfN(rapid.SampledFrom([]float64{0, 1, math.NaN()}), rows, rows).Draw(t, "flags")},
				{Name: want.Columns[3].Name, Kind: datasets.Time, Times: rapid.SliceOfN(rapid.Int64(), rows, rows).Draw(t, "times")},
			}}
			if err := w.Write(x); err != nil {
				t.Fatal(err)
			}
			for i := range rows {
				want.Columns[0].Texts.Append(x.Columns[0].Texts.At(i))
			}
			want.Columns[1].Nums = append(want.Columns[1].Nums, x.Columns[1].Nums...)
			want.Columns[2].Nums = append(want.Columns[2].Nums, x.Columns[2].Nums...)
			want.Columns[3].Times = append(want.Columns[3].Times, x.Columns[3].Times...)
		}
		path := filepath.Join(dir, "a.parquet")
		if err := errors.Join(w.Close(), os.WriteFile(path, b.Bytes(), 0o600)); err != nil {
			t.Fatal(err)
		}
		got, err := load(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, same); d != "" {
			t.Fatal(d)
		}
	})
}

// A row group longer than a block comes in several, with the rows numbered on.
func TestBlocks(t *testing.T) {
	path := save(t, "a.parquet", some(100_000), some(10))
	s, err := parquet.Open([]string{path})
	if err != nil {
		t.Fatal(err)
	}
	var sizes []int
	var last string
	for b, err := range s.Blocks(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		sizes, last = append(sizes, b.Rows), b.At(b.Rows-1)
	}
	if !slices.Equal(sizes, []int{65536, 100_000 - 65536, 10}) || last != "a.parquet row 100010" {
		t.Errorf("blocks of %d rows, the last of them %s", sizes, last)
	}
}

// part is a column for the files that other programs write.
type part struct {
	name     string
	logical  schema.LogicalType
	physical pq.Type
	length   int
	values   any
}

// foreign writes columns of two values each with Arrow's own writer.
func foreign(t *testing.T, repeated bool, codec compress.Compression, parts ...part) string {
	var nodes schema.FieldList
	for _, p := range parts {
		rep := pq.Repetitions.Required
		if repeated {
			rep = pq.Repetitions.Repeated
		}
		n, err := schema.NewPrimitiveNodeLogical(p.name, rep, p.logical, p.physical, p.length, -1)
		if err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, n)
	}
	root, err := schema.NewGroupNode("schema", pq.Repetitions.Required, nodes, -1)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := file.NewParquetWriter(&b, root, file.WithWriterProps(pq.NewWriterProperties(pq.WithCompression(codec))))
	group := w.AppendRowGroup()
	for _, p := range parts {
		c, err := group.NextColumn()
		if err != nil {
			t.Fatal(err)
		}
		var defs, reps []int16
		if repeated {
			defs, reps = []int16{1, 1}, []int16{0, 0}
		}
		switch v := p.values.(type) {
		case []int32:
			_, err = c.(*file.Int32ColumnChunkWriter).WriteBatch(v, defs, reps)
		case []int64:
			_, err = c.(*file.Int64ColumnChunkWriter).WriteBatch(v, defs, reps)
		case []float32:
			_, err = c.(*file.Float32ColumnChunkWriter).WriteBatch(v, defs, reps)
		case []pq.Int96:
			_, err = c.(*file.Int96ColumnChunkWriter).WriteBatch(v, defs, reps)
		case []pq.ByteArray:
			_, err = c.(*file.ByteArrayColumnChunkWriter).WriteBatch(v, defs, reps)
		case []pq.FixedLenByteArray:
			_, err = c.(*file.FixedLenByteArrayColumnChunkWriter).WriteBatch(v, defs, reps)
		}
		if err := errors.Join(err, c.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(group.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.parquet")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The types that other programs write become what they mean.
func TestForeignTypes(t *testing.T) {
	none := schema.NoLogicalType{}
	parts := []part{
		{"int32", none, pq.Types.Int32, -1, []int32{-7, 8}},
		{"uint32", schema.NewIntLogicalType(32, false), pq.Types.Int32, -1, []int32{-1, 8}},
		{"int64", none, pq.Types.Int64, -1, []int64{-7, 1 << 53}},
		{"big", none, pq.Types.Int64, -1, []int64{-7, 1<<53 + 1}},
		{"biguint", schema.NewIntLogicalType(64, false), pq.Types.Int64, -1, []int64{5, 1 << 62}},
		{"float", none, pq.Types.Float, -1, []float32{0.5, float32(math.NaN())}},
		{"date", schema.DateLogicalType{}, pq.Types.Int32, -1, []int32{1, -1}},
		{"ms", schema.NewTimestampLogicalType(true, schema.TimeUnitMillis), pq.Types.Int64, -1, []int64{1500, -1}},
		{"ns", schema.NewTimestampLogicalType(true, schema.TimeUnitNanos), pq.Types.Int64, -1, []int64{1999, -1}},
		{"int96", none, pq.Types.Int96, -1, []pq.Int96{arrowTime(time.Unix(1, 2000)), arrowTime(time.Unix(86400, 0))}},
		{"dec32", schema.NewDecimalLogicalType(5, 2), pq.Types.Int32, -1, []int32{12345, -1}},
		{"dec64", schema.NewDecimalLogicalType(18, 3), pq.Types.Int64, -1, []int64{1, 123456789012345678}},
		{"decfixed", schema.NewDecimalLogicalType(9, 1), pq.Types.FixedLenByteArray, 4, []pq.FixedLenByteArray{{0xff, 0xff, 0xff, 0xff}, {0, 0, 1, 0}}},
		{"decbytes", schema.NewDecimalLogicalType(9, 1), pq.Types.ByteArray, -1, []pq.ByteArray{{0xff}, {1, 0}}},
		{"uuid", schema.UUIDLogicalType{}, pq.Types.FixedLenByteArray, 16, []pq.FixedLenByteArray{bytes.Repeat([]byte{0xab}, 16), bytes.Repeat([]byte{0}, 16)}},
		{"enum", schema.EnumLogicalType{}, pq.Types.ByteArray, -1, []pq.ByteArray{[]byte("won"), nil}},
		{"bare", none, pq.Types.ByteArray, -1, []pq.ByteArray{[]byte("Zoë"), []byte("x")}},
	}
	number := func(name string, v ...float64) *datasets.Column {
		return &datasets.Column{Name: name, Kind: datasets.Number, Nums: v}
	}
	at := func(name string, v ...int64) *datasets.Column {
		return &datasets.Column{Name: name, Kind: datasets.Time, Times: v}
	}
	text := func(name string, v ...string) *datasets.Column {
		return &datasets.Column{Name: name, Texts: datasets.MakeStrings(v...)}
	}
	day := int64(datasets.MicrosPerDay)
	want := &datasets.Table{Rows: 2, Columns: []*datasets.Column{
		number("int32", -7, 8), number("uint32", 1<<32-1, 8), number("int64", -7, 1<<53), text("big", "-7", "9007199254740993"),
		text("biguint", "5", "4611686018427387904"), number("float", 0.5, math.NaN()), at("date", day, -day), at("ms", 1_500_000, -1000),
		at("ns", 1, -1), at("int96", 1_000_002, day), number("dec32", 123.45, -0.01), number("dec64", 0.001, 123456789012345.678),
		number("decfixed", -0.1, 25.6), number("decbytes", -0.1, 25.6),
		text("uuid", "abababab-abab-abab-abab-abababababab", "00000000-0000-0000-0000-000000000000"), text("enum", "won", ""), text("bare", "Zoë", "x"),
	}}
	for _, codec := range []compress.Compression{compress.Codecs.Uncompressed, compress.Codecs.Snappy, compress.Codecs.Gzip, compress.Codecs.Zstd} {
		got, err := load(foreign(t, false, codec, parts...))
		if err != nil {
			t.Fatalf("%v: %v", codec, err)
		}
		if d := cmp.Diff(want, got, same); d != "" {
			t.Errorf("%v: %s", codec, d)
		}
	}
}

// arrowTime is the old time stamp of 96 bits: nanoseconds of the day, Julian day.
func arrowTime(t time.Time) (v pq.Int96) {
	binary.LittleEndian.PutUint64(v[:8], uint64(t.Unix()%86400*1e9)+uint64(t.Nanosecond()))
	binary.LittleEndian.PutUint32(v[8:], uint32(t.Unix()/86400+2440588))
	return v
}

// Each file that cannot be read says why, and what to do.
func TestRefused(t *testing.T) {
	none := schema.NoLogicalType{}
	good, err := os.ReadFile(save(t, "good.parquet", some(3)))
	if err != nil {
		t.Fatal(err)
	}
	raw := func(b []byte) string {
		path := filepath.Join(t.TempDir(), "x.parquet")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	change := func(at int, c string) string {
		b := bytes.Clone(good)
		copy(b[(at+len(b))%len(b):], c)
		return raw(b)
	}
	un := compress.Codecs.Uncompressed
	for _, c := range []struct{ name, path, want string }{
		{"empty", raw(nil), "x.parquet: is too short for a Parquet file"},
		{"csv", raw([]byte("lead_id,name\n1,Ann\n")), "x.parquet: is not a Parquet file"},
		{"cut off", raw(good[:len(good)-20]), "x.parquet: is cut off: a Parquet file ends with its table of contents; copy or write it again"},
		{"encrypted", change(-4, "PARE"), "x.parquet: is encrypted: write it without encryption"},
		{"footer too long", change(-8, "\xff\xff\xff\x0f"), "x.parquet: the file is damaged: copy or write it again"},
		{"page overwritten", change(60, "xxxx"), "x.parquet: column \"lead_id\": the file is damaged: copy or write it again"},
		{"lists", foreign(t, true, un, part{"tags", none, pq.Types.Int32, -1, []int32{1, 2}}), "x.parquet: column \"tags\": holds lists or structures: write one plain value a row, or leave the column out"},
		{"time of day", foreign(t, false, un, part{"at", schema.NewTimeLogicalType(true, schema.TimeUnitMillis), pq.Types.Int32, -1, []int32{1, 2}}), "x.parquet: column \"at\": holds times of day, which Leadcast does not read: write it as text or a number, or leave it out"},
		{"binary", foreign(t, false, un, part{"hash", none, pq.Types.FixedLenByteArray, 2, []pq.FixedLenByteArray{{1, 2}, {3, 4}}}), "x.parquet: column \"hash\": holds binary values, which Leadcast does not read: write it as text or a number, or leave it out"},
		{"not UTF-8", foreign(t, false, un, part{"name", none, pq.Types.ByteArray, -1, []pq.ByteArray{[]byte("x"), {0xff}}}), "x.parquet row 2: column \"name\": the text is not UTF-8: write the column as UTF-8 text, or leave it out"},
		{"time out of range", foreign(t, false, un, part{"at", schema.NewTimestampLogicalType(true, schema.TimeUnitMillis), pq.Types.Int64, -1, []int64{math.MaxInt64, 2}}), "x.parquet row 1: column \"at\": the time is out of range"},
		{"brotli", foreign(t, false, compress.Codecs.Brotli, part{"n", none, pq.Types.Int32, -1, []int32{1, 2}}), "x.parquet: column \"n\": is packed with BROTLI: write it with zstd, snappy or gzip"},
		{"same name twice", foreign(t, false, un, part{"n", none, pq.Types.Int32, -1, []int32{1, 2}}, part{"n", none, pq.Types.Int32, -1, []int32{1, 2}}), "x.parquet: column \"n\": occurs twice: rename one"},
	} {
		if _, err := load(c.path); err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
}

// Files that are read together have the same columns, in any order.
func TestSeveralFiles(t *testing.T) {
	a := &datasets.Table{Rows: 1, Columns: []*datasets.Column{{Name: "id", Texts: datasets.MakeStrings("1")}, {Name: "n", Kind: datasets.Number, Nums: []float64{1}}}}
	b := &datasets.Table{Rows: 1, Columns: []*datasets.Column{a.Columns[1], a.Columns[0]}}
	got, err := load(save(t, "a.parquet", a), save(t, "b.parquet", b))
	if err != nil || got.Rows != 2 || got.Columns[0].Texts.At(1) != "1" {
		t.Errorf("%v %v", got, err)
	}
	for _, c := range []struct {
		second *datasets.Table
		want   string
	}{
		{a.Drop("n"), `b.parquet: column "n": is missing but is in a.parquet: files that are read together must have the same columns`},
		{&datasets.Table{Rows: 1, Columns: append(slices.Clone(a.Columns), &datasets.Column{Name: "x", Texts: datasets.MakeStrings("1")})}, `b.parquet: column "x": is not in a.parquet: files that are read together must have the same columns`},
		{&datasets.Table{Rows: 1, Columns: []*datasets.Column{a.Columns[0], {Name: "n", Texts: datasets.MakeStrings("1")}}}, `b.parquet: column "n": holds raw values but in a.parquet number values`},
	} {
		if _, err := load(save(t, "a.parquet", a), save(t, "b.parquet", c.second)); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

// flipped reads a damaged copy of a file, and reports what came out and how
// much memory it took.
func flipped(t testing.TB, path string, b []byte) (x *datasets.Table, took uint64, err error) {
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	x, err = load(path)
	runtime.ReadMemStats(&after)
	return x, after.TotalAlloc - before.TotalAlloc, err
}

// No flip of a bit in the pages goes unnoticed, and none anywhere makes the
// reader panic or ask for much memory.
func TestBitFlips(t *testing.T) {
	want := some(12).Drop("won", "created_at")
	good, err := os.ReadFile(save(t, "good.parquet", want))
	if err != nil {
		t.Fatal(err)
	}
	footer := len(good) - 8 - int(binary.LittleEndian.Uint32(good[len(good)-8:]))
	path := filepath.Join(t.TempDir(), "x.parquet")
	silent := 0
	for bit := range 8 * len(good) {
		if bit/8 >= footer && bit%11 != 0 {
			continue // the footer is long, and only looked at for panics and memory
		}
		b := bytes.Clone(good)
		b[bit/8] ^= 1 << (bit % 8)
		got, used, err := flipped(t, path, b)
		if used > 48<<20 {
			t.Errorf("bit %d: %d bytes allocated", bit, used)
		}
		if err == nil && bit/8 < footer && !cmp.Equal(want, got, same) {
			silent++
			t.Logf("bit %d of byte %d changed the table", bit%8, bit/8)
		}
	}
	if silent > 0 {
		t.Errorf("%d flips before the footer at byte %d were read as other values", silent, footer)
	}
}

func FuzzRead(f *testing.F) {
	for _, rows := range []int{0, 1, 20} {
		b, err := os.ReadFile(save(f, "seed.parquet", some(rows)))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	path := filepath.Join(f.TempDir(), "x.parquet")
	f.Fuzz(func(t *testing.T, b []byte) {
		_, used, err := flipped(t, path, b)
		var e *datasets.Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("the error is not one of the data: %v", err)
		}
		if used > uint64(256*len(b)+48<<20) {
			t.Fatalf("%d bytes allocated for %d", used, len(b))
		}
	})
}

func TestWriteErrors(t *testing.T) {
	if parquet.NewWriter(io.Discard).Close() == nil {
		t.Error("a file without columns was closed without an error")
	}
	w := parquet.NewWriter(io.Discard)
	if err := w.Write(some(2)); err != nil {
		t.Fatal(err)
	}
	if w.Write(some(2).Drop("won")) == nil {
		t.Error("columns changed without an error")
	}
	w = parquet.NewWriter(full{})
	if errors.Join(w.Write(some(100_000)), w.Close()) == nil {
		t.Error("no error from a full disk")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestOpenErrors(t *testing.T) {
	for path, want := range map[string]string{
		"-":            "parquet: standard input cannot be read as Parquet: save it to a file first",
		"none.parquet": "none.parquet: no such file",
		"none*":        "none*: no such file",
	} {
		if _, err := parquet.Open([]string{path}); err == nil || err.Error() != want {
			t.Errorf("%s: %v, not %s", path, err, want)
		}
	}
	if _, err := parquet.Open(nil); err == nil {
		t.Error("no file, no error")
	}
}
