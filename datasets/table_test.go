package datasets

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestKindNames(t *testing.T) {
	for k := Raw; k <= ID; k++ {
		if got, ok := ParseKind(k.String()); !ok || got != k {
			t.Errorf("%s is parsed as %s, %v", k, got, ok)
		}
	}
	if _, ok := ParseKind("integer"); ok || Kind(99).String() != "unknown" {
		t.Error("a kind that is not known is taken for one")
	}
}

func TestMoments(t *testing.T) {
	if Micros(time.Time{}) != NoTime || Micros(time.Unix(1, 2000)) != 1_000_002 {
		t.Error("Micros is wrong")
	}
	if !math.IsNaN(Days(NoTime, 0)) || !math.IsNaN(Days(0, NoTime)) || Days(MicrosPerDay, 0) != -1 {
		t.Error("Days is wrong")
	}
	if FormatTime(NoTime) != "" {
		t.Error("a missing time is written as something")
	}
}

// Gathered rows are the rows asked for, in that order, and row -1 is missing.
func TestGather(t *testing.T) {
	table := rawTable(rawColumn("a", "x", "", "yy"))
	table.Columns = append(table.Columns, &Column{Name: "n", Kind: Number, Nums: []float64{1, 2, 3}}, &Column{Name: "t", Kind: Time, Times: []int64{1, 2, 3}})
	got := table.Gather([]int{2, 0, 2})
	want := []*Column{rawColumn("a", "yy", "x", "yy"), {Name: "n", Kind: Number, Nums: []float64{3, 1, 3}}, {Name: "t", Kind: Time, Times: []int64{3, 1, 3}}}
	if diff := cmp.Diff(want, got.Columns, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if got.At(1) != "leads.csv:2" || got.Drop("n", "t").Column("n") != nil || got.Drop("n").At(0) != "leads.csv:4" {
		t.Error("places or names are lost")
	}
	for _, c := range table.Columns {
		if g := c.Gather([]int{1, -1}); g.Len() != 2 || !g.Missing(1) {
			t.Errorf("row -1 of %s is not missing", c.Name)
		}
	}
	if none := table.Gather(nil); none.Rows != 0 || none.Columns[0].Len() != 0 {
		t.Error("no rows are some")
	}
}
