//go:build fixtures

package scorecard_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/leadcast/leadcast/models/scorecard"
)

// leads reads two columns of an input as text.
func leads(t *testing.T, input, column, target string) (values []string, outcomes []float64) {
	t.Helper()
	f, err := os.Open(filepath.Join(os.Getenv("LEADCAST_FIXTURES"), "data", input))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at, of := slices.Index(rows[0], column), slices.Index(rows[0], target)
	for _, r := range rows[1:] {
		y, err := strconv.ParseFloat(r[of], 64)
		if err != nil {
			t.Fatal(err)
		}
		values, outcomes = append(values, r[at]), append(outcomes, y)
	}
	return values, outcomes
}

// evidence counts rows by bin and gives each bin's WoE and IV.
func evidence(bins int, bin []int, y []float64) (woe, iv []float64) {
	cells, all := make([]scorecard.Cell, bins), scorecard.Cell{}
	for i, k := range bin {
		cells[k].Leads++
		cells[k].Won += y[i]
		all.Leads++
		all.Won += y[i]
	}
	for _, c := range cells {
		c.WoE = scorecard.WoE(c, all, 0)
		woe, iv = append(woe, c.WoE), append(iv, scorecard.IV(c, all))
	}
	return woe, iv
}

// Weights of evidence and information values are those of the reference: ln
// (event / non-event), of which optbinning gives the opposite.
func TestReferenceEvidence(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(os.Getenv("LEADCAST_FIXTURES"), "expected", "encoders.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Meta  struct{ Tolerance string }
		Cases struct {
			Categorical []struct {
				Name, Input, Column, Target string
				Categories                  []string
				Plain                       *struct {
					WoE   []float64 `json:"woe_ln_event_over_nonevent"`
					IV    []float64 `json:"iv_by_category"`
					Total float64   `json:"iv"`
				} `json:"woe_iv_plain"`
			}
			Binning []struct {
				Input, Column, Target string
				Splits                []float64
				WoE                   []float64 `json:"woe_optbinning"`
				IV                    []float64
				Total                 float64 `json:"iv_total"`
			}
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	compared, tolerance := 0, 0.0
	if _, err := fmt.Sscanf(file.Meta.Tolerance, "%g", &tolerance); err != nil {
		t.Fatal(err)
	}
	same := func(what string, got, want []float64) {
		t.Helper()
		if len(got) != len(want) {
			t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
		}
		for k := range got {
			if compared++; !(math.Abs(got[k]-want[k]) <= tolerance*(1+math.Abs(want[k]))) {
				t.Errorf("%s: bin %d: %v, want %v", what, k, got[k], want[k])
			}
		}
	}
	sum := func(x []float64) []float64 {
		total := 0.0
		for _, v := range x {
			total += v
		}
		return []float64{total}
	}
	for _, c := range file.Cases.Categorical {
		if c.Plain == nil {
			continue
		}
		values, y := leads(t, c.Input, c.Column, c.Target)
		bin := make([]int, len(values))
		for i, v := range values {
			bin[i] = slices.Index(c.Categories, v)
		}
		woe, iv := evidence(len(c.Categories), bin, y)
		same(c.Name+" WoE", woe, c.Plain.WoE)
		same(c.Name+" IV", iv, c.Plain.IV)
		same(c.Name+" total", sum(iv), []float64{c.Plain.Total})
	}
	for _, c := range file.Cases.Binning {
		values, y := leads(t, c.Input, c.Column, c.Target)
		bin := make([]int, len(values))
		for i, text := range values {
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatal(err)
			}
			for bin[i] < len(c.Splits) && v >= c.Splits[bin[i]] {
				bin[i]++
			}
		}
		woe, iv := evidence(len(c.Splits)+1, bin, y)
		for k := range woe {
			woe[k] = -woe[k]
		}
		same(c.Column+" WoE", woe, c.WoE)
		same(c.Column+" IV", iv, c.IV)
		same(c.Column+" total", sum(iv), []float64{c.Total})
	}
	if compared == 0 {
		t.Error("nothing was compared")
	}
}
