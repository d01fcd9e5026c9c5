package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// job is what a data team would write in Python, for the same result.
//
//go:embed train.py
var job string

// train runs whole processes in turn, from a CSV file of leads to a calibrated
// model in a file: ours and the job in Python.
func (o *options) train() error {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	script := filepath.Join(dir, "train.py")
	if err := os.WriteFile(script, []byte(job), 0o644); err != nil {
		return err
	}
	var missed bars
	fmt.Printf("%-8s  %-8s  %7s  %7s  %8s  %7s  %8s\n", "leads", "", "wall s", "cpu s", "peak MB", "AUC", "log loss")
	for _, rows := range strings.Split(o.rows, ",") {
		file := fmt.Sprintf("%s/synth/%s.train.csv", o.work, rows)
		var ours, theirs []figures
		for range o.times {
			mine, err := whole(rows, "leadcast", exec.Command(o.leadcast, "train", file, "--outcome", "converted", "--won", "1",
				"--id", "lead_id", "--order-by", "lead_id", "--json", "-o", filepath.Join(dir, "model.leadcast")))
			if err != nil {
				return err
			}
			peer, err := whole(rows, "python", exec.Command(filepath.Join(o.work, "venv/bin/python"), script, file, dir))
			if err != nil {
				return err
			}
			ours, theirs = append(ours, mine), append(theirs, peer)
		}
		wall := ratio(ours, theirs, wallOf)
		fmt.Printf("%-8s  ours ÷ theirs: wall %s, cpu %s, memory %s\n", rows,
			wall, ratio(ours, theirs, cpuOf), ratio(ours, theirs, func(f figures) float64 { return f.Memory }))
		missed.most("wall of the whole process at "+rows, wall, 1)
	}
	return missed.err()
}

// whole runs a process to its end and prints what it took; what the process
// prints says how the model did on the hold-out.
func whole(rows, name string, c *exec.Cmd) (f figures, err error) {
	c.Stderr = os.Stderr
	start := time.Now()
	out, err := c.Output()
	if err != nil {
		return f, fmt.Errorf("%s: %w", strings.Join(c.Args, " "), err)
	}
	f.Wall = time.Since(start).Seconds()
	f.CPU = (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds()
	if used, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		f.Memory = float64(used.Maxrss) / 1024
	}
	type judged struct {
		AUC     float64 `json:"auc"`
		LogLoss float64 `json:"log_loss"`
	}
	var said struct {
		judged
		Judged struct {
			Horizons []struct {
				AUC     struct{ Value float64 }
				LogLoss float64 `json:"log_loss"`
			}
		}
	}
	if err := json.Unmarshal(out, &said); err != nil {
		return f, fmt.Errorf("%s: %w", strings.Join(c.Args, " "), err)
	}
	for _, h := range said.Judged.Horizons {
		said.judged = judged{h.AUC.Value, h.LogLoss}
	}
	f.AUC = said.AUC
	fmt.Printf("%-8s  %-8s  %7.1f  %7.1f  %8.0f  %.4f  %.5f\n", rows, name, f.Wall, f.CPU, f.Memory, f.AUC, said.LogLoss)
	return f, nil
}
