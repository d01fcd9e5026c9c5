package jsonl_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/datasets/jsonl"
)

func Example() {
	w := jsonl.NewWriter(os.Stdout)
	_ = w.Write(&datasets.Table{Rows: 2, Columns: []*datasets.Column{
		{Name: "lead_id", Kind: datasets.ID, Texts: datasets.MakeStrings("a1", "a2")},
		{Name: "p_win", Kind: datasets.Number, Nums: []float64{0.25, math.NaN()}},
		{Name: "closed_at", Kind: datasets.Time, Times: []int64{datasets.NoTime, datasets.Micros(time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC))}},
	}})
	_ = w.Close()
	// Output:
	// {"lead_id":"a1","p_win":0.25,"closed_at":null}
	// {"lead_id":"a2","p_win":null,"closed_at":"2024-02-29T12:00:00Z"}
}

// Any table reads back, by encoding/json, as what was written.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.IntRange(0, 5).Draw(t, "rows")
		name := rapid.StringN(1, 8, -1).Draw(t, "name")
		nums := rapid.SliceOfN(rapid.Float64(), rows, rows).Draw(t, "nums")
		words := rapid.SliceOfN(rapid.String(), rows, rows).Draw(t, "words")
		flags := make([]float64, rows)
		for i := range flags {
			flags[i] = float64(i % 2)
		}
		var b bytes.Buffer
		w := jsonl.NewWriter(&b)
		err := w.Write(&datasets.Table{Rows: rows, Columns: []*datasets.Column{
			{Name: name + "1", Kind: datasets.Number, Nums: nums},
			{Name: name + "2", Kind: datasets.Text, Texts: datasets.MakeStrings(words...)},
			{Name: name + "3", Kind: datasets.Bool, Nums: flags},
		}})
		if err != nil || w.Close() != nil {
			t.Fatal(err)
		}
		lines := bytes.Split(bytes.TrimSuffix(b.Bytes(), []byte("\n")), []byte("\n"))
		if rows > 0 && len(lines) != rows {
			t.Fatalf("%d lines for %d rows", len(lines), rows)
		}
		for i := range rows {
			var got map[string]any
			if err := json.Unmarshal(lines[i], &got); err != nil {
				t.Fatalf("line %q: %v", lines[i], err)
			}
			want := any(nums[i])
			if math.IsNaN(nums[i]) || math.IsInf(nums[i], 0) {
				want = nil
			}
			if got[name+"1"] != want {
				t.Fatalf("number %v came back as %v", want, got[name+"1"])
			}
			if want = words[i]; words[i] == "" {
				want = nil
			}
			if got[name+"2"] != want {
				t.Fatalf("text %q came back as %q", want, got[name+"2"])
			}
			if got[name+"3"] != (i%2 == 1) {
				t.Fatalf("flag %d came back as %v", i, got[name+"3"])
			}
		}
	})
}

// A full disk is reported.
func TestWriteError(t *testing.T) {
	w := jsonl.NewWriter(full{})
	err := w.Write(&datasets.Table{Rows: 1, Columns: []*datasets.Column{{Name: "a", Texts: datasets.MakeStrings("x")}}})
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		t.Fatal("no error from a full disk")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, os.ErrClosed }
