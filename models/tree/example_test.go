package tree_test

import (
	"fmt"

	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/tree"
)

// A tree of one question, what it says, and why.
func Example() {
	e := tree.New(2, -1)
	err := e.Add([]tree.Node{
		{Feature: 0, Threshold: 10, Left: 1, Right: 2, Cover: 100},
		{Feature: -1, Value: -0.5, Cover: 75},
		{Feature: -1, Value: 1.5, Cover: 25},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	x := matrix.New([][]float64{{3, 0}, {20, 0}})
	margins := make([]float64, 2)
	if err := e.Margins(margins, x); err != nil {
		fmt.Println(err)
		return
	}
	shares := make([]float64, 2)
	base, err := e.Shares(shares, x.Gather([]int32{1}), []float64{1})
	fmt.Println(margins, base, shares, err)
	// Output: [-1.5 0.5] -1 [1.5 0] <nil>
}
