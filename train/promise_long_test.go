//go:build long

package train_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/datasets/synth"
	"github.com/leadcast/leadcast/train"
)

// TestSameBundleLong trains a generated company, and a table without times,
// twenty times each: at 1, 2, 8 and 16 threads, in ever another order of rows
// and columns.
func TestSameBundleLong(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "crm")
	if err := (synth.CRM{Leads: 3000, Seed: 7}).Write(context.Background(), dir, nil); err != nil {
		t.Fatal(err)
	}
	p := crmPlan(datasets.NoTime)
	for name, of := range map[string]struct {
		leads *datasets.Table
		plan  train.Plan
	}{"company": {table(t, filepath.Join(dir, "leads.csv")), p}, "flat": {flatCompany(2000, 3).table(nil, nil), flatPlan()}} {
		r := rand.New(rand.NewPCG(1, 20))
		want := run(t, of.leads, of.plan)
		for i := range 20 {
			threads := []int{1, 2, 8, 16}[i%4]
			was := runtime.GOMAXPROCS(threads)
			leads := of.leads.Gather(r.Perm(of.leads.Rows))
			r.Shuffle(len(leads.Columns), func(i, j int) { leads.Columns[i], leads.Columns[j] = leads.Columns[j], leads.Columns[i] })
			got := run(t, leads, of.plan)
			runtime.GOMAXPROCS(was)
			if !bytes.Equal(got.Shipped, want.Shipped) || !bytes.Equal(got.Judged, want.Judged) {
				t.Errorf("%s, %d threads, order %d: bundle %s, else %s", name, threads, i, got.Report.Bundle, want.Report.Bundle)
			}
		}
		t.Logf("%s: bundle %s", name, want.Report.Bundle)
	}
}
