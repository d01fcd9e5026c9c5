package gbm

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/metric"
)

// peer is what structure.py had from another program.
type peer struct {
	By    string
	L2    float64
	First []struct {
		Seed   uint64
		Yes    int
		Tree   string
		Values []float64 // of the leaves, not of every seed
	}
	Hundred []struct {
		Seed      uint64
		AUC, Loss float64
	}
}

// TestStructure compares trees with those that testdata/structure.py had from
// LightGBM 4.7.0 and scikit-learn 1.9.1.
func TestStructure(t *testing.T) {
	text, err := os.ReadFile("testdata/structure.json")
	if err != nil {
		t.Fatal(err)
	}
	compareStructure(t, text)
}

// compareStructure compares with what structure.py printed.
func compareStructure(t *testing.T, text []byte) {
	var peers []peer
	if err := json.Unmarshal(text, &peers); err != nil {
		t.Fatal(err)
	}
	for _, p := range peers {
		b := Booster{Objective: Logistic{}, LearningRate: 0.1, Leaves: 31, MinLeaf: 50, MaxDepth: 100, Bins: 255, L2: p.L2, ColumnSample: 1, RowSample: 1}
		b.Rounds = 1
		p.compareFirst(t, b)
		b.Rounds = 100
		p.compareHundred(t, b)
	}
}

// compareFirst compares first trees. They must ask the same questions: the column,
// the cut between the same values, the way of missing values where there are any.
//
// One tree in a hundred may differ: sums are right to 32 bits here and made of
// gradients of 24 bits there, so gains that are nearly equal may be told apart
// otherwise. Where they are equal as fractions the choice is free, and is counted
// by itself; it decided in 13 of 800 trees, so one in twenty is allowed.
//
// Leaves have the same values, to the seven digits that are written of numbers
// below one. With L2, finish adds one number to all of them, which others do not.
func (p *peer) compareFirst(t *testing.T, b Booster) {
	different, tied := 0, 0
	for _, c := range p.First {
		x, y := puzzle(c.Seed, 4000)
		if yes := count(y); yes != c.Yes {
			t.Fatalf("seed %d: %d rows say yes, want %d: the generators differ", c.Seed, yes, c.Yes)
		}
		tree, values := describe(mustFit(t, b, x, models.Target{Y: y}), x)
		switch {
		case tree == c.Tree:
			if c.Values != nil && !sameValues(values, c.Values, p.L2) {
				t.Errorf("%s, seed %d: leaves have\n%v, want\n%v", p.By, c.Seed, values, c.Values)
			}
		case equalGains(x, y, tree, c.Tree, int64(p.L2)):
			tied++
		default:
			different++
			t.Logf("%s, seed %d:\n%s, want\n%s", p.By, c.Seed, tree, c.Tree)
		}
	}
	t.Logf("%s, L2 %v: of %d trees %d differ, and %d by a choice between equal gains", p.By, p.L2, len(p.First), different, tied)
	if len(p.First) < 100 || 100*different > len(p.First) || 20*tied > len(p.First) {
		t.Errorf("%s: want one in a hundred at most, and one in twenty", p.By)
	}
}

// compareHundred compares a hundred trees on fresh rows. These trees are not the
// same: from the second on curvatures differ, from which LightGBM estimates the
// rows on a side bin by bin and we by side, while scikit-learn counts them, and
// after a split that is another come others. By this alone LightGBM and
// scikit-learn are up to 0.0025 of AUC and 0.4 % of log loss apart after fits to
// 20,000 of these rows, 0.0005 and 0.07 % to 50,000. With 50,000, 0.002 and 0.5 %
// are past what chance does.
func (p *peer) compareHundred(t *testing.T, b Booster) {
	const n = 50_000
	fitted, fresh := make([]int32, n), make([]int32, n)
	for i := range fitted {
		fitted[i], fresh[i] = int32(i), int32(i+n)
	}
	for _, c := range p.Hundred {
		x, y := puzzle(c.Seed, 2*n)
		forecast := predict(t, mustFit(t, b, x.Gather(fitted), models.Target{Y: y[:n]}), x.Gather(fresh))
		auc, loss := metric.AUC(y[n:], forecast, nil)-c.AUC, metric.LogLoss(y[n:], forecast, nil)/c.Loss-1
		t.Logf("%s, L2 %v, seed %d: AUC %.5f, ours %+.5f, log loss %.5f, ours %+.3f %%", p.By, p.L2, c.Seed, c.AUC, auc, c.Loss, 100*loss)
		if !(math.Abs(auc) <= 0.002 && math.Abs(loss) <= 0.005) {
			t.Errorf("%s, seed %d: AUC %+.5f, log loss %+.3f %% from theirs", p.By, c.Seed, auc, 100*loss)
		}
	}
	if len(p.Hundred) == 0 {
		t.Errorf("%s: no forecasts of a hundred trees", p.By)
	}
}

// puzzle is the table of a seed, as structure.py makes it: columns of few whole
// numbers, every third of them with missing values, and a yes or no.
func puzzle(seed uint64, rows int) (*matrix.Matrix, []float64) {
	levels := [...]uint64{4, 6, 8, 12, 16, 24, 32, 48}
	x, y := make([][]float64, rows), make([]float64, rows)
	for i := range x {
		draw := func(j int) uint64 { return mix(mix(seed)^uint64(16*i+j)) >> 11 }
		var v [len(levels)]int
		x[i] = make([]float64, len(levels))
		for j, n := range levels {
			d := draw(j)
			if x[i][j], v[j] = float64(d%n), int(d%n*100/n); j%3 == 1 && d/n%10 == 0 {
				x[i][j], v[j] = math.NaN(), 60
			}
		}
		chance := 4*v[0] + 5*max(v[3]-50, 50-v[3]) + v[4]*v[5]/20 - 150
		if v[1] > v[2] {
			chance += 250
		}
		if v[6] > 70 {
			chance -= 300
		}
		if draw(8)%1000 < uint64(min(max(chance, 20), 980)) {
			y[i] = 1
		}
	}
	return matrix.New(x), y
}

func count(y []float64) (yes int) {
	for _, v := range y {
		yes += int(v)
	}
	return yes
}

// question is one token of a tree in prefix notation: its column, the highest
// value that goes left and, where missing ones come by, their way. A leaf is a point.
var question = regexp.MustCompile(`\.|([a-h])([0-9]+)([<>]?)`)

// describe writes the first tree in prefix notation, and lists its leaves' values.
func describe(m *Model, x *matrix.Matrix) (text string, values []float64) {
	nodes := m.trees.Nodes(0)
	var visit func(at int, rows []int)
	visit = func(at int, rows []int) {
		n := &nodes[at]
		if n.Feature < 0 {
			text, values = text+".", append(values, n.Value)
			return
		}
		highest, way := 0.0, ""
		for _, i := range rows {
			if v := x.Columns[n.Feature].Nums[i]; v <= n.Threshold {
				highest = max(highest, v)
			} else if v != v {
				way = map[bool]string{true: "<", false: ">"}[n.MissingLeft]
			}
		}
		q := fmt.Sprintf("%c%v%s", 'a'+n.Feature, highest, way)
		text += q
		left, right := part(x, rows, q)
		visit(n.Left, left)
		visit(n.Right, right)
	}
	visit(0, everyRow(x))
	return text, values
}

func everyRow(x *matrix.Matrix) []int {
	rows := make([]int, x.Rows)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// part parts rows by a question.
func part(x *matrix.Matrix, rows []int, q string) (left, right []int) {
	parts := question.FindStringSubmatch(q)
	level, _ := strconv.ParseFloat(parts[2], 64)
	for _, i := range rows {
		if v := x.Columns[parts[1][0]-'a'].Nums[i]; v <= level || v != v && parts[3] == "<" {
			left = append(left, i)
		} else {
			right = append(right, i)
		}
	}
	return left, right
}

// equalGains reports whether two trees part by ties only: at every node that is
// reached alike in both and asks another question in each, both questions gain the
// same, as fractions. Then the leaves that are left to be asked may differ too.
// With Y of all N rows saying yes, n rows of which e say yes save
// (e−nY/N)²/(nY/N·(1−Y/N)+λ).
func equalGains(x *matrix.Matrix, y []float64, a, b string, l2 int64) bool {
	all, yes := int64(len(y)), int64(count(y))
	saved := func(side []int) *big.Rat {
		n, e := int64(len(side)), int64(0)
		for _, i := range side {
			e += int64(y[i])
		}
		g := all*e - n*yes
		return big.NewRat(g*g, n*yes*(all-yes)+l2*all*all)
	}
	gain := func(left, right []int) *big.Rat { return new(big.Rat).Add(saved(left), saved(right)) }
	ours, theirs := question.FindAllString(a, -1), question.FindAllString(b, -1)
	ties, others := 0, 0
	var walk func(rows []int)
	walk = func(rows []int) {
		p, q := ours[0], theirs[0]
		if p == "." || q == "." {
			ours, theirs = below(ours), below(theirs)
			return
		}
		left, right := part(x, rows, p)
		if p == q {
			ours, theirs = ours[1:], theirs[1:]
			walk(left)
			walk(right)
			return
		}
		if gain(left, right).Cmp(gain(part(x, rows, q))) == 0 {
			ties++
		} else {
			others++
		}
		ours, theirs = below(ours), below(theirs)
	}
	walk(everyRow(x))
	return ties > 0 && others == 0
}

// below skips a node with all that is below it.
func below(tokens []string) []string {
	for open := 1; open > 0; tokens = tokens[1:] {
		if tokens[0] == "." {
			open--
		} else {
			open++
		}
	}
	return tokens
}

// sameValues compares the values of leaves, with L2 up to one number.
func sameValues(ours, theirs []float64, l2 float64) bool {
	low, high := math.Inf(1), math.Inf(-1)
	for i, v := range theirs {
		low, high = min(low, ours[i]-v), max(high, ours[i]-v)
	}
	if l2 > 0 {
		return high-low <= 1e-6
	}
	return max(-low, high) <= 1e-6
}
