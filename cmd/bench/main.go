// Command bench measures the engine beside its peers: the same file, the same
// two threads, in turn. It is for those who develop Leadcast.
//
//	bench engine  --work DIR --rows 100000 --encoding codes --times 5
//	bench predict --work DIR --rows 100000 --times 5
//	bench shap    --work DIR --rows 100000 --explain 5000 --times 5
//	bench train   --work DIR --rows 100000 --leadcast bin/leadcast --times 3
//	bench survival --work DIR --rows 100000,1000000 --against lifelines,R_coxph --times 3
//
// engine trains, predict predicts with the same trees on one thread and
// on two, shap explains by them, train runs whole processes, survival fits Cox's
// regression. DIR holds venv (with lightgbm and catboost; onnxruntime, treelite and
// tl2cgen for predictions; lifelines) and synth (see the peers' speed.py gen). Each
// ends with status 1 where a bar is missed.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 || !slices.Contains([]string{"engine", "fit", "predict", "shap", "train", "survival", "cox"}, args[0]) {
		return fmt.Errorf("say engine, fit, predict, shap, train, survival or cox")
	}
	f := flag.NewFlagSet(args[0], flag.ContinueOnError)
	o := options{peers: os.Getenv("LEADCAST_PEERS")}
	f.StringVar(&o.work, "work", "", "folder with venv and synth")
	f.StringVar(&o.rows, "rows", "100000", "rows of the training tables, separated by commas")
	f.StringVar(&o.encodings, "encoding", "codes,native", "encodings of the categories")
	f.IntVar(&o.times, "times", 5, "runs of each side")
	f.StringVar(&o.peer, "peer", "lightgbm", "model of speed.py")
	f.StringVar(&o.leadcast, "leadcast", "bin/leadcast", "the program that is measured as a whole")
	f.StringVar(&o.against, "against", "lifelines,R_coxph", "peers of survival.py (also sksurv, statsmodels), separated by commas")
	f.IntVar(&o.explain, "explain", 5000, "rows to explain")
	if err := f.Parse(args[1:]); err != nil {
		return err
	}
	switch args[0] {
	case "fit":
		return o.fit(context.Background())
	case "predict":
		return o.predict(context.Background())
	case "shap":
		return o.shap(context.Background())
	case "train":
		return o.train()
	case "survival":
		return o.survival()
	case "cox":
		return o.cox(context.Background())
	}
	return o.engine()
}

type options struct {
	work, rows, encodings, peer, peers, leadcast, against string
	times, explain                                        int
}

// figures are what one run of one side measured.
type figures struct {
	Wall    float64 `json:"wall_s"`
	CPU     float64 `json:"cpu_s"`
	Memory  float64 `json:"extra_rss_mb"`
	AUC     float64 `json:"auc"`
	Predict float64 `json:"predict_us"`
	LogLik  float64 `json:"loglik"`
}

// engine runs both sides in turn and prints the ratios of each pair of runs.
func (o *options) engine() error {
	var missed bars
	fmt.Printf("%-8s %-7s  %23s  %23s  %23s  %15s\n", "rows", "encoded", "wall, ours ÷ "+o.peer, "cpu", "memory", "AUC, ours/peer")
	for _, rows := range strings.Split(o.rows, ",") {
		for _, encoding := range strings.Split(o.encodings, ",") {
			if err := o.pairs(&missed, rows, encoding); err != nil {
				return err
			}
		}
	}
	return missed.err()
}

// pairs is engine for one table and encoding. Where categories are given as they
// are, CatBoost runs once as well, for its AUC.
func (o *options) pairs(missed *bars, rows, encoding string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var ours, theirs []figures
	for range o.times {
		mine, err := measure(exec.Command(self, "fit", "--work", o.work, "--rows", rows, "--encoding", encoding))
		if err != nil {
			return err
		}
		peer, err := measure(o.python(rows, o.peer, encoding))
		if err != nil {
			return err
		}
		ours, theirs = append(ours, mine), append(theirs, peer)
		fmt.Fprintf(os.Stderr, "%s %s: %.2f s wall, %.2f s cpu, %.0f MB; %s %.2f s, %.2f s, %.0f MB\n", rows, encoding, mine.Wall, mine.CPU, mine.Memory, o.peer, peer.Wall, peer.CPU, peer.Memory)
	}
	wall, cpu, memory := ratio(ours, theirs, wallOf), ratio(ours, theirs, cpuOf), ratio(ours, theirs, func(f figures) float64 { return f.Memory })
	fmt.Printf("%-8s %-7s  %s  %s  %s  %.4f / %.4f\n", rows, encoding, wall, cpu, memory, ours[0].AUC, theirs[0].AUC)
	where := " at " + rows + " " + encoding
	missed.most("wall"+where, wall, 0.8)
	missed.most("memory"+where, memory, 1)
	missed.least("AUC less "+o.peer+"'s"+where, exactly(ours[0].AUC-theirs[0].AUC), -0.001)
	if encoding != "native" {
		return nil
	}
	cat, err := measure(o.python(rows, "catboost", encoding))
	if err != nil {
		return err
	}
	fmt.Printf("%-8s %-7s  CatBoost once: %.1f s wall, %.1f s cpu, AUC %.4f\n", rows, encoding, cat.Wall, cat.CPU, cat.AUC)
	missed.least("AUC less CatBoost's"+where, exactly(ours[0].AUC-cat.AUC), 0)
	return nil
}

// python is a run of the peers' speed.py, each fit once.
func (o *options) python(rows, model, encoding string) *exec.Cmd {
	c := exec.Command(filepath.Join(o.work, "venv/bin/python"), filepath.Join(o.peers, "speed.py"), "train", rows, model, encoding)
	c.Env = append(os.Environ(), "PEERS_WORK="+o.work, "BENCH_BUDGET=0.001", "BENCH_THREADS=2")
	return c
}

// measure reads the figures that a process prints on its last line.
func measure(c *exec.Cmd) (figures, error) {
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return figures{}, fmt.Errorf("%s: %w", strings.Join(c.Args, " "), err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	var f struct {
		figures
		Train struct{ Med, CPU float64 } `json:"train_s"`
		Fit   struct{ Med, CPU float64 } `json:"fit_s"`
		Error any
		Tail  string
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &f); err != nil || f.Error != nil {
		return figures{}, fmt.Errorf("%s: %s", strings.Join(c.Args, " "), lines[len(lines)-1])
	}
	if f.Wall == 0 {
		f.Wall, f.CPU = f.Train.Med+f.Fit.Med, f.Train.CPU+f.Fit.CPU
	}
	return f.figures, nil
}

func (o *options) sizes() ([]int, error) {
	var sizes []int
	for _, s := range strings.Split(o.rows, ",") {
		n, err := strconv.Atoi(s)
		if err != nil {
			return nil, err
		}
		sizes = append(sizes, n)
	}
	slices.Sort(sizes)
	return sizes, nil
}
