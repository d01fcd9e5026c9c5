package parquet_test

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

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
			println(c.Name, c.Kind.String())
		}
	}
	// Output:
}
