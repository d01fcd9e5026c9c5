//go:build realdata

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/train"
)

// replays are facts about two real histories that no choice of model changes:
// today, and how many wins came within the main horizon of the last origin.
var replays = map[string]struct {
	to     string
	orders int
	ahead  string // an order that ours must beat, for it works leads that are dead
}{
	"olist": {"2018-11-14", 4, "first in, first out"},
	"maven": {"2018-01-01", 4, "first in, first out"},
}

// TestBacktestOfRealData replays the history behind two lines of
// docs/real-data.sh, with `backtest` in the place of `train`.
func TestBacktestOfRealData(t *testing.T) {
	if os.Getenv("LEADCAST_DATA") == "" {
		t.Fatal("LEADCAST_DATA names the folder of the data sets")
	}
	b := build(t)
	script, err := os.ReadFile(filepath.Join("..", "..", "docs", "real-data.sh"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range replays {
		t.Run(name, func(t *testing.T) {
			line := regexp.MustCompile(`(?m)^line\[` + name + `\]='leadcast train (.*)'$`).FindSubmatch(script)
			if line == nil {
				t.Fatal("the script has no such line")
			}
			c := exec.Command("bash", "-c", b.binary+" backtest "+string(line[1])+" --json -o "+name+".html")
			c.Dir, c.Stderr = b.dir, os.Stderr
			out, err := c.Output()
			if err != nil {
				t.Fatal(err)
			}
			var r train.Backtest
			if err := json.Unmarshal(out, &r); err != nil {
				t.Fatal(err)
			}
			if r.To != want.to || len(r.Origins) != 5 || r.MainHorizon != 90 {
				t.Errorf("%d origins until %s, %d days", len(r.Origins), r.To, r.MainHorizon)
			}
			for _, o := range r.Origins {
				if o.Withheld != "" || o.Wins < 30 || o.Open < 500 {
					t.Errorf("%+v", o)
				}
			}
			orders := r.Pooled.Capacity.Orders
			if len(orders) != want.orders {
				t.Fatalf("%d orders", len(orders))
			}
			for _, o := range orders[1:] {
				if o.Order == want.ahead && !(o.Ahead.Low > 0) {
					t.Errorf("%+v ahead of %s", o.Ahead, o.Order)
				}
			}
			if page := b.read(name + ".html"); !strings.Contains(page, "</html>") || strings.Contains(page, "NaN") || strings.Contains(page, "ZgotmplZ") {
				t.Error("the page is not whole")
			}
		})
	}
}
