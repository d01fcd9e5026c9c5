package main

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/exchange"
	"github.com/leadcast/leadcast/models/gbm"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/survival"
)

// contributions is the peer's side: the same trees, the same rows.
const contributions = `
import sys, json, time, numpy as np, lightgbm as lgb
folder, rows, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
x = np.fromfile(folder + "/rows").reshape(rows, -1)
m = lgb.Booster(model_file=folder + "/model.txt")
cpu, start = time.process_time(), time.perf_counter()
c = m.predict(x, pred_contrib=True, num_threads=threads)
wall, cpu = time.perf_counter() - start, time.process_time() - cpu
c.tofile(folder + "/shares")
print(json.dumps(dict(wall_s=wall, cpu_s=cpu)))
`

// shap explains the same rows by the same trees on both sides in turn, on one
// thread and on two, and prints how many times faster ours are.
func (o *options) shap(ctx context.Context) error {
	o.encodings = "codes"
	m, x, err := o.explained(ctx)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "shap")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := hand(folder, m, x); err != nil {
		return err
	}
	fmt.Printf("%d trees, %d rows, %d columns\n%-7s  %23s  %23s  %12s  %12s  %s\n", m.Trees(), x.Rows, len(x.Columns),
		"threads", "wall, LightGBM ÷ ours", "cpu", "ours, ms/row", "theirs, cpu", "largest difference")
	var missed bars
	for _, threads := range []int{1, 2} {
		var ours, theirs []figures
		apart := 0.0
		for range o.times {
			mine, shares, err := explain(m, x, threads)
			if err != nil {
				return err
			}
			peer, err := measure(exec.Command(filepath.Join(o.work, "venv/bin/python"), "-c", contributions, folder, fmt.Sprint(x.Rows), fmt.Sprint(threads)))
			if err != nil {
				return err
			}
			ours, theirs = append(ours, mine), append(theirs, peer)
			if apart, err = compare(filepath.Join(folder, "shares"), shares, len(x.Columns)); err != nil {
				return err
			}
			fmt.Fprintf(os.Stderr, "%d threads: %.3f s wall, %.3f s cpu; lightgbm %.3f s, %.3f s\n", threads, mine.Wall, mine.CPU, peer.Wall, peer.CPU)
		}
		each := func(f []figures) float64 { // the median
			slices.SortFunc(f, func(a, b figures) int { return cmp.Compare(a.CPU, b.CPU) })
			return f[len(f)/2].CPU / float64(x.Rows) * 1e3
		}
		wall, cpu := ratio(theirs, ours, wallOf), ratio(theirs, ours, cpuOf)
		fmt.Printf("%-7d  %s  %s  %12.4f  %12.4f  %.1e\n", threads, wall, cpu, each(ours), each(theirs), apart)
		missed.least(fmt.Sprintf("wall of LightGBM ÷ ours on %d threads", threads), wall, 3)
		missed.most("largest difference of a share", exactly(apart), 1e-6)
	}
	return missed.err()
}

// explained is a booster of ours on the peers' table, and rows to explain.
func (o *options) explained(ctx context.Context) (*gbm.Model, *matrix.Matrix, error) {
	sizes, err := o.sizes()
	if err != nil {
		return nil, nil, err
	}
	x, y, levels, err := o.table(ctx, fmt.Sprintf("%s/synth/%d.train.parquet", o.work, sizes[0]), nil)
	if err != nil {
		return nil, nil, err
	}
	b := gbm.Defaults(gbm.Logistic{})
	b.Rounds, b.Leaves, b.LearningRate, b.Patience = 200, 63, 0.05, 0
	b.MinLeaf, b.ColumnSample, b.RowSample, b.Seed = 20, 1, 1, 7
	m, err := b.Fit(ctx, x, models.Target{Y: y})
	if err != nil {
		return nil, nil, err
	}
	if x, _, _, err = o.table(ctx, o.work+"/synth/test.parquet", levels); err != nil {
		return nil, nil, err
	}
	some := make([]int32, min(o.explain, x.Rows))
	for i := range some {
		some[i] = int32(i)
	}
	return m.(*gbm.Model), x.Gather(some), nil
}

// hand writes trees and rows for the peer.
func hand(folder string, m *gbm.Model, x *matrix.Matrix) error {
	alone, err := survival.NewStack(survival.Chance(len(x.Columns), 0.5), survival.Blend{Offset: []float64{0}, Weight: [][]float64{{1}}}, m)
	if err != nil {
		return err
	}
	columns := make([]exchange.Column, len(x.Columns))
	rows := make([]byte, 0, 8*x.Rows*len(x.Columns))
	for j := range columns {
		columns[j] = exchange.Column{Name: x.Columns[j].Name, Origin: x.Columns[j].Name, Kind: "number"}
	}
	for i := range x.Rows {
		for j := range columns {
			rows = binary.LittleEndian.AppendUint64(rows, math.Float64bits(x.Columns[j].Value(i)))
		}
	}
	var text strings.Builder
	if _, err := exchange.LightGBMText(&text, alone, columns); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "model.txt"), []byte(text.String()), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "rows"), rows, 0o600)
}

// explain times our side, what it prepares included.
func explain(m *gbm.Model, x *matrix.Matrix, threads int) (figures, []float64, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
	shares := make([]float64, x.Rows*len(x.Columns))
	runtime.GC()
	cpu, start := used(), time.Now()
	e, err := m.Explainer(nil)
	if err != nil {
		return figures{}, nil, err
	}
	if err := e.Shares(shares, x); err != nil {
		return figures{}, nil, err
	}
	return figures{Wall: time.Since(start).Seconds(), CPU: used() - cpu}, shares, nil
}

// compare is the largest difference between our shares and those of a file,
// which has one number more a row.
func compare(file string, shares []float64, columns int) (apart float64, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	for i, v := range shares {
		at := 8 * (i/columns*(columns+1) + i%columns)
		apart = max(apart, math.Abs(v-math.Float64frombits(binary.LittleEndian.Uint64(b[at:]))))
	}
	return apart, nil
}
