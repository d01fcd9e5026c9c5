package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/exchange"
	"github.com/leadcast/leadcast/models/gbm"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/survival"
)

//go:embed predict.py
var peersPredict string

// predict trains on the peers' table, gives the same trees to the peers and
// times them all on the same rows, in turn.
func (o *options) predict(ctx context.Context) error {
	sizes, err := o.sizes()
	if err != nil {
		return err
	}
	o.encodings = "codes"
	x, y, levels, err := o.table(ctx, fmt.Sprintf("%s/synth/%d.train.parquet", o.work, sizes[0]), nil)
	if err != nil {
		return err
	}
	b := gbm.Defaults(gbm.Logistic{})
	b.Rounds, b.Leaves, b.LearningRate, b.Patience = 200, 63, 0.05, 0
	b.MinLeaf, b.ColumnSample, b.RowSample, b.Seed = 20, 1, 1, 7
	fitted, err := b.Fit(ctx, x, models.Target{Y: y})
	if err != nil {
		return err
	}
	m := fitted.(*gbm.Model)
	if x, _, _, err = o.table(ctx, o.work+"/synth/test.parquet", levels); err != nil {
		return err
	}
	margins := make([]float64, x.Rows)
	if err := m.Margins(margins, x); err != nil {
		return err
	}
	folder, err := os.MkdirTemp(o.work, "predict")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := handOver(folder, m, x, margins); err != nil {
		return err
	}
	p, err := startPeers(filepath.Join(o.work, "venv/bin/python"), folder)
	if err != nil {
		return err
	}
	defer p.stop()
	fmt.Printf("%d trees, %d rows; each side %d times in turn\n", m.Trees(), x.Rows, o.times)
	var missed bars
	if !slices.ContainsFunc(p.engines, func(e engine) bool { return e.Name == "tl2cgen" }) {
		missed = append(missed, "no compiled peer ran")
	}
	for _, threads := range []int{1, 2} {
		if err := o.compare(&missed, p, m, x, threads); err != nil {
			return err
		}
	}
	return missed.err()
}

// compare times everybody with so many threads.
func (o *options) compare(missed *bars, p *peers, m *gbm.Model, x *matrix.Matrix, threads int) error {
	runtime.GOMAXPROCS(threads)
	defer runtime.GOMAXPROCS(2)
	ours, theirs := make([]figures, o.times), make([][]figures, len(p.engines))
	apart := make([]float64, len(p.engines))
	for i := range o.times {
		f, err := margins(m, x, threads)
		if err != nil {
			return err
		}
		ours[i] = f
		for k, e := range p.engines {
			f, far, err := p.predict(e.Name, threads)
			if err != nil {
				return err
			}
			theirs[k], apart[k] = append(theirs[k], f), max(apart[k], far)
		}
	}
	micros := func(of []figures, what func(figures) float64) float64 {
		var all []float64
		for _, f := range of {
			all = append(all, what(f)/float64(x.Rows)*1e6)
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	fmt.Printf("\n%-12s %d threads  %7s  %7s  %23s  %23s  %s\n", "µs a row", threads, "wall", "cpu", "wall ÷ ours", "cpu ÷ ours", "margins apart")
	fmt.Printf("%-22s  %7.2f  %7.2f\n", "leadcast", micros(ours, wallOf), micros(ours, cpuOf))
	for k, e := range p.engines {
		fmt.Printf("%-22s  %7.2f  %7.2f  %s  %s  %.1g  (%s)\n", e.Name, micros(theirs[k], wallOf), micros(theirs[k], cpuOf),
			ratio(theirs[k], ours, wallOf), ratio(theirs[k], ours, cpuOf), apart[k], e.Version)
		bar, near := 1.0, 1e-9
		switch e.Name {
		case "lightgbm":
			bar = 5
		case "onnxruntime":
			near = 1e-3 // log-odds of a probability in float32
		}
		missed.most("margins apart from "+e.Name, exactly(apart[k]), near)
		missed.least(fmt.Sprintf("wall of %s ÷ ours on %d threads", e.Name, threads), ratio(theirs[k], ours, wallOf), bar)
	}
	return nil
}

// margins predicts all rows once, a part a thread.
func margins(m *gbm.Model, x *matrix.Matrix, threads int) (figures, error) {
	dst, errs := make([]float64, x.Rows), make([]error, threads)
	cpu, start := used(), time.Now()
	var group sync.WaitGroup
	for k := range threads {
		group.Go(func() {
			from, to := k*x.Rows/threads, (k+1)*x.Rows/threads
			part := &matrix.Matrix{Rows: to - from, Columns: slices.Clone(x.Columns)}
			for j := range part.Columns {
				part.Columns[j].Nums = part.Columns[j].Nums[from:to]
			}
			errs[k] = m.Margins(dst[from:to], part)
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return figures{}, err
		}
	}
	return figures{Wall: time.Since(start).Seconds(), CPU: used() - cpu}, nil
}

// handOver writes the trees and the rows for the peers.
func handOver(folder string, m *gbm.Model, x *matrix.Matrix, margins []float64) error {
	s, err := survival.NewStack(survival.Chance(len(x.Columns), 0), survival.Blend{Offset: []float64{0}, Weight: [][]float64{{1}}}, m)
	if err != nil {
		return err
	}
	columns := make([]exchange.Column, len(x.Columns))
	for j := range columns {
		columns[j] = exchange.Column{Name: fmt.Sprintf("c%d", j), Kind: "number"}
	}
	var text, onnx bytes.Buffer
	if _, err := exchange.LightGBMText(&text, s, columns); err != nil {
		return err
	}
	if err := exchange.ONNX(&onnx, s, columns); err != nil {
		return err
	}
	rows := make([]float64, 0, x.Rows*len(x.Columns))
	for i := range x.Rows {
		for j := range x.Columns {
			rows = append(rows, x.Columns[j].Num(i))
		}
	}
	for name, b := range map[string][]byte{"model.txt": text.Bytes(), "model.onnx": onnx.Bytes(), "predict.py": []byte(peersPredict),
		"rows.npy":    numpy(rows, fmt.Sprintf("(%d, %d)", x.Rows, len(x.Columns))),
		"margins.npy": numpy(margins, fmt.Sprintf("(%d,)", x.Rows))} {
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// numpy is an array as a file of NumPy, version 1.0.
func numpy(v []float64, shape string) []byte {
	header := fmt.Sprintf("{'descr': '<f8', 'fortran_order': False, 'shape': %s, }", shape)
	header += fmt.Sprintf("%*s\n", 63-(10+len(header))%64, "")
	b := binary.LittleEndian.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(header)))
	b = append(b, header...)
	for _, f := range v {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
	}
	return b
}

// peers is the Python process in which they run.
type peers struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers *bufio.Scanner
	engines []engine
}

type engine struct{ Name, Version string }

func startPeers(python, folder string) (*peers, error) {
	p := &peers{cmd: exec.Command(python, filepath.Join(folder, "predict.py"), folder)}
	p.cmd.Stderr = os.Stderr
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.in, p.answers = in, bufio.NewScanner(out)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	return p, p.read(&p.engines)
}

func (p *peers) read(v any) error {
	if !p.answers.Scan() {
		return fmt.Errorf("the peers ended early: %w", p.cmd.Wait())
	}
	return json.Unmarshal(p.answers.Bytes(), v)
}

// predict gives what one prediction took, and how far its margins are from ours.
func (p *peers) predict(engine string, threads int) (f figures, apart float64, err error) {
	if _, err := fmt.Fprintln(p.in, engine, threads); err != nil {
		return f, 0, err
	}
	var answer struct {
		figures
		Apart float64
	}
	err = p.read(&answer)
	return answer.figures, answer.Apart, err
}

func (p *peers) stop() {
	p.in.Close()
	p.cmd.Wait()
}
