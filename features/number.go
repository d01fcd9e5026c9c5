package features

import (
	"errors"
	"math"
	"slices"
	"strconv"

	"github.com/leadcast/leadcast/models/matrix"
)

// number is a column of numbers or of yes and no, taken as it is.
type number struct {
	// Range is where the values lie but for the `fewest` smallest and largest
	// ones, to two digits; empty where there were too few.
	Range []float64 `json:"range,omitempty"`

	low, high least
}

// least keeps the `fewest` smallest of the numbers added, rising.
type least []float64

func (l *least) add(x float64) {
	s := *l
	if len(s) == fewest {
		if x >= s[fewest-1] {
			return
		}
		s = s[:fewest-1]
	}
	at, _ := slices.BinarySearch(s, x)
	*l = slices.Insert(s, at, x)
}

func (n *number) learn(v *view) {
	for _, x := range v.column.Nums {
		if finite(x) {
			n.low.add(x)
			n.high.add(-x)
		}
	}
}

func finite(x float64) bool { return x-x == 0 }

func (n *number) settle() {
	if len(n.low) < fewest {
		return
	}
	a, b := twoDigits(n.low[fewest-1]), twoDigits(-n.high[fewest-1])
	n.Range = []float64{min(a, b), max(a, b)}
}

// twoDigits rounds, so that no lead's own number is kept.
func twoDigits(x float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(x, 'e', 1, 64), 64)
	if err != nil { // rounded beyond the largest number
		r = x
	}
	return r + 0 // never −0, which would depend on the order of leads
}

func (n *number) ready() error {
	if len(n.Range) == 0 || len(n.Range) == 2 && n.Range[0] <= n.Range[1] {
		return nil
	}
	return errors.New("a range must be two rising numbers")
}

func (n *number) outputs() []output { return []output{{}} }

func (n *number) encode(dst []matrix.Column, v *view) {
	low, high := n.far()
	for i, x := range v.column.Nums {
		if !finite(x) {
			x = math.NaN()
		} else if x < low || x > high {
			v.warn(i, "a number far outside those seen in training")
		}
		dst[0].Nums[i] = x
	}
}

// far gives the bounds beyond which a number is worth a note: three times the
// width of the usual range to either side.
func (n *number) far() (low, high float64) {
	if len(n.Range) == 0 {
		return math.Inf(-1), math.Inf(1)
	}
	low, high = n.Range[0], n.Range[1]
	width := high - low
	if width == 0 {
		width = max(math.Abs(high), 1)
	}
	return low - float64(3*width), high + float64(3*width)
}
