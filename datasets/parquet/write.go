package parquet

import (
	"errors"
	"fmt"
	"io"
	"slices"

	pq "github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/schema"

	"github.com/leadcast/leadcast/datasets"
)

// Writer writes tables as one Parquet file: numbers as DOUBLE, booleans as
// BOOLEAN, times as TIMESTAMP in microseconds UTC, all else as STRING, and
// missing values as null. Pages are zstd frames that carry a checksum of their
// content, which readers verify as they unpack.
type Writer struct {
	w     io.Writer
	file  *file.Writer
	names []string
	kinds []datasets.Kind
}

// NewWriter returns a Writer to w. Close must be called at the end; it does
// not close w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Write appends the rows of t as a row group. All tables must have the columns
// and kinds of the first.
func (w *Writer) Write(t *datasets.Table) (err error) {
	defer recovered(&err)
	if w.file == nil {
		if err := w.start(t); err != nil {
			return err
		}
	}
	if !slices.Equal(w.names, t.Names()) || !slices.EqualFunc(w.kinds, t.Columns, func(k datasets.Kind, c *datasets.Column) bool { return k == c.Kind }) {
		return errors.New("parquet: a table has other columns than the first one written")
	}
	if t.Rows == 0 {
		return nil
	}
	group := w.file.AppendRowGroup()
	for _, c := range t.Columns {
		chunk, err := group.NextColumn()
		if err != nil {
			return fmt.Errorf("parquet: column %q: %w", c.Name, err)
		}
		if err := writeColumn(chunk, c, t.Rows); err != nil {
			return fmt.Errorf("parquet: column %q: %w", c.Name, err)
		}
		if err := chunk.Close(); err != nil {
			return fmt.Errorf("parquet: column %q: %w", c.Name, err)
		}
	}
	return group.Close()
}

// Close writes the table of contents; without a Write there is none.
func (w *Writer) Close() (err error) {
	defer recovered(&err)
	if w.file == nil {
		return errors.New("parquet: nothing was written")
	}
	return w.file.Close()
}

// recovered turns a panic of the encoder into an error.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("parquet: the encoder failed: %v", r)
	}
}

// start writes the head of the file.
func (w *Writer) start(t *datasets.Table) error {
	nodes := make(schema.FieldList, len(t.Columns))
	for i, c := range t.Columns {
		logical, physical := schema.LogicalType(schema.StringLogicalType{}), pq.Types.ByteArray
		switch c.Kind {
		case datasets.Number:
			logical, physical = schema.NoLogicalType{}, pq.Types.Double
		case datasets.Bool:
			logical, physical = schema.NoLogicalType{}, pq.Types.Boolean
		case datasets.Time:
			logical, physical = schema.NewTimestampLogicalType(true, schema.TimeUnitMicros), pq.Types.Int64
		}
		n, err := schema.NewPrimitiveNodeLogical(c.Name, pq.Repetitions.Optional, logical, physical, -1, -1)
		if err != nil {
			return fmt.Errorf("parquet: column %q: %w", c.Name, err)
		}
		nodes[i] = n
		w.names, w.kinds = append(w.names, c.Name), append(w.kinds, c.Kind)
	}
	root, err := schema.NewGroupNode("leads", pq.Repetitions.Required, nodes, -1)
	if err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	props := pq.NewWriterProperties(pq.WithCompression(compress.Codecs.Zstd), pq.WithCreatedBy("leadcast"))
	w.file = file.NewParquetWriter(struct{ io.Writer }{w.w}, root, file.WithWriterProps(props)) // the struct hides Close
	return nil
}

func writeColumn(chunk file.ColumnChunkWriter, c *datasets.Column, rows int) (err error) {
	defs := make([]int16, rows)
	for i := range defs {
		if !c.Missing(i) {
			defs[i] = 1
		}
	}
	switch w := chunk.(type) {
	case *file.Float64ColumnChunkWriter:
		_, err = w.WriteBatch(present(defs, func(i int) float64 { return c.Nums[i] }), defs, nil)
	case *file.BooleanColumnChunkWriter:
		_, err = w.WriteBatch(present(defs, func(i int) bool { return c.Nums[i] != 0 }), defs, nil)
	case *file.Int64ColumnChunkWriter:
		_, err = w.WriteBatch(present(defs, func(i int) int64 { return c.Times[i] }), defs, nil)
	case *file.ByteArrayColumnChunkWriter:
		_, err = w.WriteBatch(present(defs, func(i int) pq.ByteArray {
			return c.Texts.Bytes[c.Texts.Offsets[i]:c.Texts.Offsets[i+1]]
		}), defs, nil)
	}
	return err
}

// present lists the values that are not missing.
func present[T any](defs []int16, value func(int) T) []T {
	v := make([]T, 0, len(defs))
	for i, d := range defs {
		if d == 1 {
			v = append(v, value(i))
		}
	}
	return v
}
