package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/datasets/parquet"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/gbm"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/metric"
	"github.com/leadcast/leadcast/models/portable"
)

// fit trains once on the peers' table and prints what it took.
func (o *options) fit(ctx context.Context) error {
	sizes, err := o.sizes()
	if err != nil {
		return err
	}
	x, y, levels, err := o.table(ctx, fmt.Sprintf("%s/synth/%d.train.parquet", o.work, sizes[0]), nil)
	if err != nil {
		return err
	}
	b := gbm.Defaults(gbm.Logistic{})
	b.Rounds = 200
	if n, err := strconv.Atoi(os.Getenv("BENCH_ROUNDS")); err == nil {
		b.Rounds = n
	}
	b.Leaves, b.LearningRate, b.Patience = 63, 0.05, 0
	b.MinLeaf, b.ColumnSample, b.RowSample, b.Seed = 20, 1, 1, 7
	runtime.GOMAXPROCS(2)
	runtime.GC()
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		return err
	}
	if f := os.Getenv("BENCH_PROFILE"); f != "" {
		w, err := os.Create(f)
		if err != nil {
			return err
		}
		defer w.Close()
		pprof.StartCPUProfile(w)
		defer pprof.StopCPUProfile()
	}
	before, cpu, start := status("VmRSS"), used(), time.Now()
	m, err := b.Fit(ctx, x, models.Target{Y: y})
	if err != nil {
		return err
	}
	f := figures{Wall: time.Since(start).Seconds(), CPU: used() - cpu, Memory: status("VmHWM") - before}
	tx, ty, _, err := o.table(ctx, o.work+"/synth/test.parquet", levels)
	if err != nil {
		return err
	}
	margins := make([]float64, tx.Rows)
	cpu = used()
	if err := m.(models.Additive).Margins(margins, tx); err != nil {
		return err
	}
	f.Predict = (used() - cpu) / float64(tx.Rows) * 1e6
	for i := range margins {
		margins[i] = portable.Sigmoid(margins[i])
	}
	f.AUC = metric.AUC(ty, margins, nil)
	return json.NewEncoder(os.Stdout).Encode(f)
}

// table reads a Parquet file of the peers as a matrix: numbers as they are,
// categories by their levels, as numbers where the encoding is codes.
func (o *options) table(ctx context.Context, file string, levels map[string][]string) (*matrix.Matrix, []float64, map[string][]string, error) {
	s, err := parquet.Open([]string{file})
	if err != nil {
		return nil, nil, nil, err
	}
	raw, err := datasets.ReadAll(ctx, s, "leads")
	if err != nil {
		return nil, nil, nil, err
	}
	if levels == nil {
		levels = map[string][]string{}
	}
	x := &matrix.Matrix{Rows: raw.Rows}
	var y []float64
	for _, c := range raw.Columns {
		switch {
		case c.Name == "lead_id":
		case c.Name == "converted":
			y = c.Nums
		case c.Nums != nil:
			x.Columns = append(x.Columns, matrix.Column{Name: c.Name, Origin: c.Name, Nums: c.Nums})
		default:
			x.Columns = append(x.Columns, o.category(c, levels))
		}
	}
	return x, y, levels, nil
}

func (o *options) category(c *datasets.Column, levels map[string][]string) matrix.Column {
	if levels[c.Name] == nil {
		seen := map[string]bool{}
		for i := range c.Len() {
			if v := c.Texts.At(i); v != "" && !seen[v] {
				seen[strings.Clone(v)] = true
			}
		}
		for v := range seen {
			levels[c.Name] = append(levels[c.Name], v)
		}
		slices.Sort(levels[c.Name])
	}
	codes := map[string]int32{}
	for k, v := range levels[c.Name] {
		codes[v] = int32(k)
	}
	m := matrix.Column{Name: c.Name, Origin: c.Name, Codes: make([]int32, c.Len()), Levels: len(levels[c.Name])}
	for i := range m.Codes {
		k, ok := codes[c.Texts.At(i)]
		if !ok {
			k = -1
		}
		m.Codes[i] = k
	}
	if o.encodings == "codes" {
		m.Nums = make([]float64, len(m.Codes))
		for i, k := range m.Codes {
			m.Nums[i] = float64(k)
			if k < 0 {
				m.Nums[i] = math.NaN()
			}
		}
		m.Codes, m.Levels = nil, 0
	}
	return m
}

// used is the processor time of this process in seconds.
func used() float64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return math.NaN()
	}
	return float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9
}

// status reads a size of /proc/self/status in MB.
func status(key string) float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return math.NaN()
	}
	for _, line := range strings.Split(string(text), "\n") {
		var kb float64
		if n, _ := fmt.Sscanf(line, key+": %f kB", &kb); n == 1 {
			return kb / 1024
		}
	}
	return math.NaN()
}
