package gbm_test

import (
	"context"
	"fmt"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/gbm"
	"github.com/leadcast/leadcast/models/matrix"
)

// table is 400 rows of two columns; the outcome follows the first one.
func table() (*matrix.Matrix, models.Target) {
	var rows [][]float64
	var y models.Target
	for i := range 400 {
		rows = append(rows, []float64{float64(i % 10), float64(i * 7 % 4)})
		outcome := 0.0
		if i%10 > 6 && i%20 != 9 {
			outcome = 1
		}
		y.Y = append(y.Y, outcome)
	}
	return matrix.New(rows), y
}

// The chance of an outcome.
func Example() {
	x, y := table()
	b := gbm.Defaults(gbm.Logistic{})
	b.Rounds = 200
	m, err := b.Fit(context.Background(), x, y)
	if err != nil {
		fmt.Println(err)
		return
	}
	p := make([]float64, 2)
	err = m.Predict(p, matrix.New([][]float64{{2, 0}, {8, 0}}))
	fmt.Printf("%.2f %v\n", p, err)
	// Output: [0.00 1.00] <nil>
}

// The rate of events per unit of time, from rows watched for different times.
func Example_rate() {
	x, y := table()
	for i := range y.Y {
		y.Exposure = append(y.Exposure, float64(1+i%3))
	}
	b := gbm.Defaults(gbm.Poisson{})
	b.Rounds, b.Monotone = 200, map[string]int{"x0": 1}
	m, err := b.Fit(context.Background(), x, y)
	if err != nil {
		fmt.Println(err)
		return
	}
	rate := make([]float64, 2)
	err = m.Predict(rate, matrix.New([][]float64{{2, 0}, {8, 0}}))
	fmt.Printf("%.2f %v\n", rate, err)
	// Output: [0.01 0.46] <nil>
}

// Why a row is forecast as it is: each column's share of the log-odds.
func ExampleModel_Shares() {
	x, y := table()
	fitted, err := gbm.Defaults(gbm.Logistic{}).Fit(context.Background(), x, y)
	if err != nil {
		fmt.Println(err)
		return
	}
	m := fitted.(*gbm.Model)
	shares, one := make([]float64, 2), x.Gather([]int32{8})
	base, err := m.Shares(shares, one, []float64{1})
	margin := make([]float64, 1)
	if err == nil {
		err = m.Margins(margin, one)
	}
	fmt.Println(shares[0] > 3, shares[0] > 5*shares[1], margin[0]-base-shares[0]-shares[1] < 1e-9, err)
	// Output: true true true <nil>
}

// What a deal is worth on average, learned in two runs and moved to new rows.
func ExampleBooster_Refit() {
	x, y := table()
	for i := range y.Y {
		y.Y[i] = 1000 * float64(i%10+1)
	}
	b := gbm.Defaults(gbm.Gamma{})
	b.Rounds = 100
	m, err := b.Fit(context.Background(), x, y)
	if err == nil {
		b.From = m // 100 rounds more
		m, err = b.Fit(context.Background(), x, y)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range y.Y {
		y.Y[i] *= 2 // deals are worth twice as much now
	}
	doubled, err := b.Refit(context.Background(), m, x, y, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	before, after, one := make([]float64, 1), make([]float64, 1), x.Gather([]int32{4})
	fmt.Println(m.Predict(before, one), doubled.Predict(after, one))
	fmt.Printf("%.2f %.2f thousand\n", before[0]/1000, after[0]/1000)
	// Output:
	// <nil> <nil>
	// 5.00 10.00 thousand
}

// The probabilities of three classes.
func ExampleSoftmax() {
	x, y := table()
	for i := range y.Y {
		y.Y[i] = float64(i % 10 / 4)
	}
	b := gbm.Defaults(gbm.Softmax{Classes: 3})
	b.Rounds = 100
	m, err := b.Fit(context.Background(), x, y)
	if err != nil {
		fmt.Println(err)
		return
	}
	p := make([]float64, m.Outputs())
	err = m.Predict(p, matrix.New([][]float64{{5, 0}}))
	fmt.Printf("%.2f %v\n", p, err)
	// Output: [0.01 0.99 0.00] <nil>
}
