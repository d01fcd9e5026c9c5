package train_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/leadcast/leadcast/train"
)

// TestSearch: the same number of trials finds the same, an interrupted search
// goes on where it stopped, and what is chosen is never worse in validation.
func TestSearch(t *testing.T) {
	table := smallCompany(900, 31).table(nil, nil)
	known, steps := map[string]float64{}, 0
	stopped := errors.New("stopped")
	searching := func(most int) (*train.Result, error) {
		p := smallPlan()
		steps = 0
		p.Search = &train.Search{Trials: 4, Known: known, Record: func(step string, score float64) error {
			if steps == most {
				return stopped
			}
			steps++
			known[step] = score
			return nil
		}}
		return train.Run(context.Background(), table, p, nil)
	}
	if _, err := searching(3); !errors.Is(err, stopped) {
		t.Fatal(err)
	}
	resumed, err := searching(-1)
	if err != nil {
		t.Fatal(err)
	}
	if want := 1 + 4 + 2 + 1 - 3; steps != want { // the default, the trials, the best third of them, the best
		t.Errorf("%d steps were done after the stop, want %d", steps, want)
	}
	clear(known)
	whole, err := searching(-1)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(whole.Shipped, resumed.Shipped) {
		t.Error("a search that was stopped and went on gives another bundle")
	}
	f := whole.Report.Searched
	if f == nil || f.Trials != 4 || f.Gain < 0 || f.Default != (f.Gain == 0) {
		t.Errorf("%+v", f)
	}
	plain := run(t, table, smallPlan())
	if same := bytes.Equal(plain.Judged, whole.Judged); same != f.Default {
		t.Errorf("the bundle of the default settings is the same: %v, but %+v", same, f)
	}
	p := smallPlan()
	p.Search = &train.Search{Left: func() float64 { return 0 }}
	late := run(t, table, p)
	if late.Report.Searched != nil || !bytes.Equal(late.Shipped, plain.Shipped) {
		t.Errorf("without time: %+v", late.Report.Searched)
	}
	if v, err := train.Verify(context.Background(), openBundle(t, whole.Shipped), table, nil, nil); err != nil || !v.Identical {
		t.Errorf("a bundle of a search, trained again: %+v, %v", v, err)
	}
	p.Model = "linear"
	if _, err := train.Run(context.Background(), table, p, nil); err == nil {
		t.Error("a search for a model without settings")
	}
}
