package parquet

import (
	"encoding/hex"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	pq "github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/metadata"
	"github.com/apache/arrow/go/v17/parquet/schema"

	"github.com/leadcast/leadcast/datasets"
)

// field is one column of a file and how its values are read.
type field struct {
	name  string
	index int // in the file
	kind  datasets.Kind
	null  bool // values may be missing
	read  func(o *opened, r file.ColumnChunkReader, rows int) (*datasets.Column, error)
}

// exact is the largest integer up to which float64 holds every one.
const exact = 1 << 53

// plan decides for each column what it becomes.
func (o *opened) plan() ([]*field, error) {
	s := o.reader.MetaData().Schema
	fields := make([]*field, s.NumColumns())
	seen := make(map[string]bool, len(fields))
	for i := range fields {
		c := s.Column(i)
		f := &field{name: c.Name(), index: i, null: c.MaxDefinitionLevel() > 0}
		if seen[f.name] {
			return nil, o.fail(f.name, "occurs twice: rename one")
		}
		seen[f.name] = true
		if what := f.choose(o, c); what != "" {
			return nil, o.fail(f.name, "holds %s, which Leadcast does not read: write it as text or a number, or leave it out", what)
		}
		fields[i] = f
	}
	return fields, nil
}

// choose sets kind and read by the logical type, else by the physical one; it
// says what the column holds where neither can be read.
func (f *field) choose(o *opened, c *schema.Column) string {
	switch l := c.LogicalType().(type) {
	case schema.StringLogicalType, schema.EnumLogicalType, schema.JSONLogicalType:
		f.texts()
	case schema.UUIDLogicalType:
		f.read = reading(f, datasets.Raw, func(d *datasets.Column, v pq.FixedLenByteArray) bool {
			h := hex.EncodeToString(v)
			d.Texts.Append(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:])
			return true
		})
	case schema.DateLogicalType:
		times(f, func(v int32) int64 { return int64(v) * datasets.MicrosPerDay })
	case *schema.TimestampLogicalType:
		f.stamps(l.TimeUnit())
	case *schema.DecimalLogicalType:
		f.decimals(c.PhysicalType(), int(l.Scale()))
	case *schema.IntLogicalType:
		f.integers(o, c.PhysicalType(), l.IsSigned())
	case *schema.TimeLogicalType:
		return "times of day"
	case schema.IntervalLogicalType, schema.BSONLogicalType, schema.Float16LogicalType:
		return l.String() + " values"
	default:
		return f.physical(o, c.PhysicalType())
	}
	return ""
}

// physical is choose for a column without a logical type.
func (f *field) physical(o *opened, t pq.Type) string {
	switch t {
	case pq.Types.Boolean:
		numbers(f, func(v bool) float64 {
			if v {
				return 1
			}
			return 0
		})
		f.kind = datasets.Bool
	case pq.Types.Int32, pq.Types.Int64:
		f.integers(o, t, true)
	case pq.Types.Float:
		numbers(f, func(v float32) float64 { return float64(v) })
	case pq.Types.Double:
		numbers(f, func(v float64) float64 { return v })
	case pq.Types.Int96:
		times(f, func(v pq.Int96) int64 { return v.ToTime().UnixMicro() })
	case pq.Types.ByteArray:
		f.texts()
	default:
		return "binary values"
	}
	return ""
}

func numbers[T any](f *field, number func(T) float64) {
	f.read = reading(f, datasets.Number, func(d *datasets.Column, v T) bool {
		d.Nums = append(d.Nums, number(v))
		return true
	})
}

func times[T any](f *field, micros func(T) int64) {
	f.read = reading(f, datasets.Time, func(d *datasets.Column, v T) bool {
		d.Times = append(d.Times, micros(v))
		return d.Times[len(d.Times)-1] != outOfRange
	})
}

// outOfRange stands for a time that Time columns cannot hold.
const outOfRange = math.MinInt64 + 1

func (f *field) texts() {
	f.read = reading(f, datasets.Raw, func(d *datasets.Column, v pq.ByteArray) bool {
		d.Texts.Bytes = append(d.Texts.Bytes, v...)
		d.Texts.Offsets = append(d.Texts.Offsets, int64(len(d.Texts.Bytes)))
		return utf8.Valid(v)
	})
}

func (f *field) stamps(unit schema.TimeUnitType) {
	times(f, func(v int64) int64 {
		switch {
		case unit == schema.TimeUnitMillis && (v > math.MaxInt64/1000 || v < math.MinInt64/1000):
			return outOfRange
		case unit == schema.TimeUnitMillis:
			return v * 1000
		case unit == schema.TimeUnitNanos && v%1000 < 0:
			return v/1000 - 1
		case unit == schema.TimeUnitNanos:
			return v / 1000
		}
		return v
	})
}

// integers become numbers, except 64-bit ones with values that float64 cannot
// hold, which are names of things and become text.
func (f *field) integers(o *opened, t pq.Type, signed bool) {
	switch {
	case t == pq.Types.Int32 && signed:
		numbers(f, func(v int32) float64 { return float64(v) })
	case t == pq.Types.Int32:
		numbers(f, func(v int32) float64 { return float64(uint32(v)) })
	case o.beyond(f.index) && signed:
		f.read = reading(f, datasets.Raw, func(d *datasets.Column, v int64) bool {
			d.Texts.Append(strconv.FormatInt(v, 10))
			return true
		})
	case o.beyond(f.index):
		f.read = reading(f, datasets.Raw, func(d *datasets.Column, v int64) bool {
			d.Texts.Append(strconv.FormatUint(uint64(v), 10))
			return true
		})
	default:
		f.read = reading(f, datasets.Number, func(d *datasets.Column, v int64) bool {
			d.Nums = append(d.Nums, float64(v))
			return v <= exact && v >= -exact
		})
	}
}

// beyond reports whether the statistics of a column of 64-bit integers know
// values that float64 cannot hold exactly.
func (o *opened) beyond(index int) bool {
	for g := range o.reader.NumRowGroups() {
		chunk, err := o.reader.MetaData().RowGroup(g).ColumnChunk(index)
		if err != nil {
			continue
		}
		if set, err := chunk.StatsSet(); !set || err != nil {
			continue
		}
		stats, err := chunk.Statistics()
		if s, ok := stats.(*metadata.Int64Statistics); ok && err == nil && s.HasMinMax() && (s.Max() > exact || s.Min() < -exact) {
			return true
		}
	}
	return false
}

// decimals become the float64 nearest to the decimal number.
func (f *field) decimals(t pq.Type, scale int) {
	decimal := func(v string) float64 {
		x, _ := strconv.ParseFloat(v+"e"+strconv.Itoa(-scale), 64) // always well formed
		return x
	}
	whole := func(v int64) float64 {
		if scale < 0 || scale > 22 || v > exact || v < -exact {
			return decimal(strconv.FormatInt(v, 10))
		}
		return float64(v) / math.Pow10(scale) // both exact, so the quotient is the nearest
	}
	twos := func(b []byte) float64 { // big-endian two's complement
		v := new(big.Int).SetBytes(b)
		if len(b) > 0 && b[0]&0x80 != 0 {
			v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
		return decimal(v.String())
	}
	switch t {
	case pq.Types.Int32:
		numbers(f, func(v int32) float64 { return whole(int64(v)) })
	case pq.Types.Int64:
		numbers(f, whole)
	case pq.Types.FixedLenByteArray:
		numbers(f, func(v pq.FixedLenByteArray) float64 { return twos(v[:min(len(v), 64)]) })
	default:
		numbers(f, func(v pq.ByteArray) float64 { return twos(v[:min(len(v), 64)]) })
	}
}

// reading gives the reader of a column of physical type T and sets its kind:
// put appends one value and says whether it could be held.
func reading[T any](f *field, kind datasets.Kind, put func(d *datasets.Column, v T) bool) func(*opened, file.ColumnChunkReader, int) (*datasets.Column, error) {
	type batches interface {
		ReadBatch(n int64, values []T, defs, reps []int16) (int64, int, error)
	}
	f.kind = kind
	return func(o *opened, r file.ColumnChunkReader, rows int) (*datasets.Column, error) {
		b, ok := r.(batches)
		if !ok {
			return nil, o.fail(f.name, damaged)
		}
		values := make([]T, rows)
		var defs []int16
		if f.null {
			defs = make([]int16, rows)
		}
		total, got, err := b.ReadBatch(int64(rows), values, defs, nil)
		if err != nil || total != int64(rows) {
			return nil, o.fail(f.name, damaged)
		}
		d := &datasets.Column{Name: f.name, Kind: f.kind}
		if f.kind == datasets.Raw {
			d.Texts.Offsets = append(make([]int64, 0, rows+1), 0)
		}
		used := 0
		for i := range rows {
			if f.null && defs[i] == 0 {
				missing(d)
				continue
			}
			if used >= got {
				return nil, o.fail(f.name, damaged)
			}
			if !put(d, values[used]) {
				return nil, &datasets.Error{Place: o.place(o.rows)(i), Column: f.name, Message: cannotHold(f.kind)}
			}
			used++
		}
		return d, nil
	}
}

func missing(d *datasets.Column) {
	switch d.Kind {
	case datasets.Number, datasets.Bool:
		d.Nums = append(d.Nums, math.NaN())
	case datasets.Time:
		d.Times = append(d.Times, datasets.NoTime)
	default:
		d.Texts.Append("")
	}
}

func cannotHold(k datasets.Kind) string {
	switch k {
	case datasets.Raw:
		return "the text is not UTF-8: write the column as UTF-8 text, or leave it out"
	case datasets.Time:
		return "the time is out of range"
	}
	return "the number cannot be held exactly: write the column as text"
}
