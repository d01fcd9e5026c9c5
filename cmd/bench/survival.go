package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/survival/cox"
)

// faster is how many times as fast as a peer Cox's regression is at least, by rows.
var faster = map[string]map[string]float64{
	"lifelines": {"100000": 3, "1000000": 3},
	"R_coxph":   {"1000000": 8},
}

// writeCox writes the peers' table for Cox's regression: times, events and 20
// columns, one after the other.
const writeCox = `import sys; sys.path.insert(0, sys.argv[1])
import numpy as np, survival
x, t, e = survival.coxdata(int(sys.argv[2]))
np.ascontiguousarray(np.c_[t, e, x].T).tofile(sys.argv[3])`

// survival times Cox's regression beside the peers on tables with times in
// whole days, in turn: each run is the median of three fits of a process of
// its own. It ends with an error where a bar is missed.
func (o *options) survival() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	python := filepath.Join(o.work, "venv/bin/python")
	peers := strings.Split(o.against, ",")
	if _, err := exec.LookPath("Rscript"); err != nil && slices.Contains(peers, "R_coxph") {
		fmt.Fprintln(os.Stderr, "R is not here, so it is not compared (on Debian: apt-get install r-base-core r-cran-survival)")
		peers = slices.DeleteFunc(peers, func(p string) bool { return p == "R_coxph" })
	}
	var missed bars
	fmt.Printf("%-8s  %-10s  %8s  %8s  %23s  %23s\n", "rows", "", "wall s", "cpu s", "wall, theirs ÷ ours", "cpu")
	for _, rows := range strings.Split(o.rows, ",") {
		file := filepath.Join(o.work, "cox."+rows+".f64")
		if _, err := os.Stat(file); err != nil {
			write := exec.Command(python, "-c", writeCox, o.peers, rows, file)
			if out, err := write.CombinedOutput(); err != nil {
				return fmt.Errorf("writing %s: %w: %s", file, err, out)
			}
		}
		var ours []figures
		theirs := make([][]figures, len(peers))
		for range o.times {
			mine, err := measure(exec.Command(self, "cox", "--work", o.work, "--rows", rows))
			if err != nil {
				return err
			}
			ours = append(ours, mine)
			for k, peer := range peers {
				c := exec.Command(python, filepath.Join(o.peers, "survival.py"), "cox", rows, peer)
				c.Env = append(os.Environ(), "PEERS_WORK="+o.work, "BENCH_THREADS=2")
				f, err := measure(c)
				if err != nil {
					return err
				}
				if f.LogLik != 0 && !(math.Abs(f.LogLik/mine.LogLik-1) < 1e-5) {
					return fmt.Errorf("%s came to a log-likelihood of %v, ours to %v", peer, f.LogLik, mine.LogLik)
				}
				theirs[k] = append(theirs[k], f)
				fmt.Fprintf(os.Stderr, "%s: %.2f s wall, %.2f s cpu; %s %.2f s, %.2f s\n", rows, mine.Wall, mine.CPU, peer, f.Wall, f.CPU)
			}
		}
		fmt.Printf("%-8s  %-10s  %8.2f  %8.2f\n", rows, "ours", median(ours, wallOf), median(ours, cpuOf))
		for k, peer := range peers {
			speed := ratio(theirs[k], ours, wallOf)
			fmt.Printf("%-8s  %-10s  %8.2f  %8.2f  %s  %s\n", rows, peer, median(theirs[k], wallOf), median(theirs[k], cpuOf), speed, ratio(theirs[k], ours, cpuOf))
			if bar, ok := faster[peer][rows]; ok {
				missed.least("wall of "+peer+" ÷ ours at "+rows, speed, bar)
			}
		}
	}
	return missed.err()
}

// median is the middle of a figure of some runs.
func median(of []figures, what func(figures) float64) float64 {
	var all []float64
	for _, f := range of {
		all = append(all, what(f))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// cox fits the regression to the peers' table three times and prints the median.
func (o *options) cox(ctx context.Context) error {
	x, y, err := readCox(filepath.Join(o.work, "cox."+o.rows+".f64"))
	if err != nil {
		return err
	}
	runtime.GOMAXPROCS(2)
	var runs []figures
	for range 3 {
		runtime.GC()
		debug.FreeOSMemory()
		if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
			return err
		}
		before, busy, start := status("VmRSS"), used(), time.Now()
		fit, err := cox.Regression{}.Fit(ctx, x, y)
		if err != nil {
			return err
		}
		runs = append(runs, figures{Wall: time.Since(start).Seconds(), CPU: used() - busy, Memory: status("VmHWM") - before, LogLik: fit.LogLik})
	}
	f := runs[0]
	f.Wall, f.CPU = median(runs, wallOf), median(runs, cpuOf)
	return json.NewEncoder(os.Stdout).Encode(f)
}

// readCox reads what writeCox wrote.
func readCox(file string) (*matrix.Matrix, models.Target, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, models.Target{}, err
	}
	const columns = 22
	n := len(b) / 8 / columns
	column := func(k int) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*(k*n+i):]))
		}
		return v
	}
	y := models.Target{Exit: column(0), Cause: make([]uint8, n)}
	for i, e := range column(1) {
		y.Cause[i] = uint8(e)
	}
	x := &matrix.Matrix{Rows: n}
	for k := 2; k < columns; k++ {
		x.Columns = append(x.Columns, matrix.Column{Name: fmt.Sprint("x", k-2), Nums: column(k)})
	}
	return x, y, nil
}
