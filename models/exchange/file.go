// Package exchange reads fitted models that other programs wrote, so that they
// can be served and explained like our own, and writes ours for other programs.
package exchange

import (
	"fmt"
	"math"

	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/portable"
	"github.com/leadcast/leadcast/models/tree"
)

// File is what a model file of another program holds. It never changes.
type File struct {
	Program   string    // LightGBM or XGBoost
	Objective string    // as that program names it; "" where the file names none
	Features  []Feature // what the model asks, in the file's order
	Trees     int
	Unnamed   int      // features whose levels the file lists without saying which they are
	Notes     []string // what may surprise, in plain words

	asks    []ask
	outputs []*tree.Ensemble // over the asks, one an output
	link    link
	scale   float64 // what a margin is multiplied by before the link
}

// Feature is one input of another program's model.
type Feature struct {
	Name     string
	Category bool     // some tree asks for its category
	Levels   []string // the names of categories 0, 1, … where the file tells them
}

// Error is a mistake in a model file, or something in it that is not supported.
type Error struct {
	Where   string // a line number, or a JSON path; "" when it is about the whole
	Message string // in plain words
}

// Error gives "exchange: where: message".
func (e *Error) Error() string {
	if e.Where == "" {
		return "exchange: " + e.Message
	}
	return "exchange: " + e.Where + ": " + e.Message
}

func wrong(where, format string, args ...any) *Error {
	return &Error{Where: where, Message: fmt.Sprintf(format, args...)}
}

// mostFeatures bounds the inputs of a model.
const mostFeatures = 1 << 16

// ask is a column of the ensembles: an input, and how it is read. One input
// may be read in several ways, by nodes of different kinds.
type ask struct {
	column  int
	reading reading
}

// reading turns an input into what a node compares.
type reading uint8

const (
	asItIs    reading = iota
	zeroGone          // zero is missing (LightGBM's zero_as_missing)
	truncated         // a number as a category: without its fraction
	readings
)

// tiny is what LightGBM takes for zero, a float32 there.
const tiny = float64(float32(1e-35))

func (r reading) of(v float64) float64 {
	switch {
	case r == zeroGone && math.Abs(v) <= tiny:
		return math.NaN()
	case r == truncated:
		return math.Trunc(v) + 0 // −0.5 is category 0 there, and +0 here
	}
	return v
}

// asks collects the columns of ensembles while trees are read.
type asks struct {
	list []ask
	at   map[ask]int
}

func (a *asks) of(column int, r reading) int {
	if a.at == nil {
		a.at = map[ask]int{}
	}
	k := ask{column, r}
	at, ok := a.at[k]
	if !ok {
		at = len(a.list)
		a.at[k] = at
		a.list = append(a.list, k)
	}
	return at
}

// view is the matrix that ensembles see: a column an ask.
func view(x *matrix.Matrix, asks []ask) *matrix.Matrix {
	v := &matrix.Matrix{Rows: x.Rows, Columns: make([]matrix.Column, len(asks))}
	for k, a := range asks {
		c := x.Columns[a.column]
		if a.reading != asItIs && !c.Categorical() {
			nums := make([]float64, len(c.Nums))
			for i, n := range c.Nums {
				nums[i] = a.reading.of(n)
			}
			c.Nums = nums
		}
		v.Columns[k] = c
	}
	return v
}

// Outputs is the number of values a row: that of classes, else 1.
func (f *File) Outputs() int { return len(f.outputs) }

// Margins writes the sums of leaves, Outputs a row, as the program gives them
// when it is asked for raw scores. x has a column a feature.
func (f *File) Margins(dst []float64, x *matrix.Matrix) error {
	if len(x.Columns) != len(f.Features) {
		return fmt.Errorf("exchange: %d columns, the model has %d features", len(x.Columns), len(f.Features))
	}
	v, one := view(x, f.asks), make([]float64, x.Rows)
	for k, e := range f.outputs {
		if err := e.Margins(one, v); err != nil {
			return fmt.Errorf("exchange: %w", err)
		}
		for i, m := range one {
			dst[i*len(f.outputs)+k] = m
		}
	}
	return nil
}

// Predict writes what the program itself predicts, Outputs values a row; of a
// model that gives the number of a class it writes the probability of each.
func (f *File) Predict(dst []float64, x *matrix.Matrix) error {
	if err := f.Margins(dst, x); err != nil {
		return err
	}
	n := len(f.outputs)
	for i := range x.Rows {
		row := dst[i*n:][:n]
		for k := range row {
			row[k] = float64(row[k] * f.scale)
		}
		f.link.apply(row)
	}
	return nil
}

// link turns scaled margins of a row into predictions.
type link struct {
	name   string
	chance bool // one margin is the log-odds of a probability
	apply  func(margins []float64)
}

func each(f func(float64) float64) func([]float64) {
	return func(margins []float64) {
		for k, m := range margins {
			margins[k] = f(m)
		}
	}
}

// The links of both programs' objectives.
var (
	identity = link{name: "identity", apply: func([]float64) {}}
	logistic = link{name: "logistic", chance: true, apply: each(portable.Sigmoid)}
	logOdds  = link{name: "log-odds", chance: true, apply: func([]float64) {}}
	oneByOne = link{name: "logistic for each class", apply: each(portable.Sigmoid)}
	logRate  = link{name: "exponential", apply: each(portable.Exp)}
	softplus = link{name: "softplus", apply: each(func(m float64) float64 {
		return max(m, 0) + portable.Log1p(portable.Exp(-math.Abs(m)))
	})}
	square = link{name: "square", apply: each(func(m float64) float64 { return float64(m * math.Abs(m)) })}
	hinge  = link{name: "hinge", apply: each(func(m float64) float64 {
		if m > 0 {
			return 1
		}
		return 0
	})}
	softmax = link{name: "softmax", apply: func(margins []float64) {
		top, sum := math.Inf(-1), 0.0
		for _, m := range margins {
			top = max(top, m)
		}
		for k, m := range margins {
			margins[k] = portable.Exp(m - top)
			sum += margins[k]
		}
		for k := range margins {
			margins[k] /= sum
		}
	}}
)

// grow lays out a tree whose nodes a file numbers in its own way: node gives
// one by its number, with the numbers of its children. More than most nodes
// mean that the tree bites its tail.
func grow(where string, root, most int, node func(k int) (n tree.Node, left, right int, err *Error)) ([]tree.Node, *Error) {
	var nodes []tree.Node
	queue := []int{root}
	for at := 0; at < len(queue); at++ {
		n, left, right, err := node(queue[at])
		if err != nil {
			return nil, err
		}
		if n.Feature >= 0 {
			if len(queue)+2 > most {
				return nil, wrong(where, "a node of this tree is the child of two others")
			}
			n.Left, n.Right = len(queue), len(queue)+1
			queue = append(queue, left, right)
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}
