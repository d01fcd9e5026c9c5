//go:build peers

package gbm

import (
	"cmp"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
)

func readCSV(t *testing.T, name string) [][]string {
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(z).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func peerSet(t *testing.T, name string) (x *matrix.Matrix, y []float64, test []bool) {
	dir := "/work/shared/peers/"
	prep := dir + "prepared/"
	if _, err := os.Stat(prep + name + ".csv.gz"); err != nil {
		prep = "/tmp/gbmwork/"
	}
	rows := readCSV(t, prep+name+".csv.gz")
	splits := readCSV(t, dir+"splits/"+name+".csv.gz")
	b, _ := os.ReadFile(dir + "prepared/" + name + ".schema.json")
	var schema struct{ Columns map[string]string }
	json.Unmarshal(b, &schema)
	head, rows, splits := rows[0], rows[1:], splits[1:]
	for i := range rows {
		test = append(test, splits[i][1] == "test")
	}
	x = &matrix.Matrix{Rows: len(rows)}
	for j, h := range head {
		if h == "y" {
			for _, r := range rows {
				v, _ := strconv.ParseFloat(r[j], 64)
				y = append(y, v)
			}
		}
		switch schema.Columns[h] {
		case "num":
			c := matrix.Column{Name: h, Nums: make([]float64, len(rows))}
			for i, r := range rows {
				c.Nums[i] = math.NaN()
				if v, err := strconv.ParseFloat(r[j], 64); err == nil {
					c.Nums[i] = v
				}
			}
			x.Columns = append(x.Columns, c)
		case "cat":
			c := matrix.Column{Name: h, Codes: make([]int32, len(rows))}
			count := map[string]int{}
			for i, r := range rows {
				if !test[i] && r[j] != "" {
					count[r[j]]++
				}
			}
			var levels []string
			for k := range count {
				levels = append(levels, k)
			}
			slices.Sort(levels)
			code := map[string]int32{}
			for k, l := range levels {
				code[l] = int32(k)
			}
			for i, r := range rows {
				k, ok := code[r[j]]
				if !ok {
					k = -1
				}
				c.Codes[i] = k
			}
			c.Levels = len(levels)
			x.Columns = append(x.Columns, c)
		}
	}
	return x, y, test
}

func auc(p, y []float64) float64 {
	idx := make([]int, len(p))
	for i := range idx {
		idx[i] = i
	}
	slices.SortFunc(idx, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	var s, np, nn float64
	for i := 0; i < len(idx); {
		j := i
		pos := 0.0
		for j < len(idx) && p[idx[j]] == p[idx[i]] {
			pos += y[idx[j]]
			j++
		}
		neg := float64(j-i) - pos
		s += pos*nn + pos*neg/2
		np += pos
		nn += neg
		i = j
	}
	return s / np / nn
}

func TestPeers(t *testing.T) {
	names := strings.Split(os.Getenv("SETS"), ",")
	var variants []string
	if v := os.Getenv("VARIANTS"); v != "" {
		variants = strings.Split(v, ";")
	} else {
		variants = []string{"{}"}
	}
	sumA, sumL := make([]float64, len(variants)), make([]float64, len(variants))
	for _, name := range names {
		x, y, test := peerSet(t, name)
		var tr, te []int32
		for i := range test {
			if test[i] {
				te = append(te, int32(i))
			} else {
				tr = append(tr, int32(i))
			}
		}
		pick := func(rows []int32) []float64 {
			o := make([]float64, len(rows))
			for i, r := range rows {
				o[i] = y[r]
			}
			return o
		}
		xt, yt, xe, ye := x.Gather(tr), pick(tr), x.Gather(te), pick(te)
		xt = flat(xt)
		for vi, v := range variants {
			b := Defaults(Logistic{})
			o := struct {
				*Booster
				Fixed, Last bool
			}{Booster: &b}
			if err := json.Unmarshal([]byte(v), &o); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			target := models.Target{Y: yt, Valid: make([]bool, len(yt))}
			for i := range yt {
				target.Valid[i] = !o.Fixed && hash(5, 99, uint64(i))%5 == 0
				if o.Last {
					target.Valid[i] = i > len(yt)*4/5
				}
			}
			mm, err := b.Fit(context.Background(), xt, target)
			if err != nil {
				t.Fatal(err)
			}
			m := mm.(*Model)
			took := time.Since(start)
			p := make([]float64, len(te))
			if err := m.Predict(p, xe); err != nil {
				t.Fatal(err)
			}
			a, l := auc(p, ye), logLoss(p, ye)
			sumA[vi] += a
			sumL[vi] += l
			t.Logf("%-20s %-60s trees %4d auc %.4f logloss %.4f  %.2fs", name, v, m.Trees(), a, l, took.Seconds())
		}
	}
	for vi, v := range variants {
		t.Logf("MEAN %-60s %.4f %.4f", v, sumA[vi]/float64(len(names)), sumL[vi]/float64(len(names)))
	}
}

func flat(x *matrix.Matrix) *matrix.Matrix {
	for j := range x.Columns {
		c := &x.Columns[j]
		if c.Nums != nil {
			n := make([]float64, x.Rows)
			for i := range n {
				n[i] = c.Num(i)
			}
			c.Nums = n
		} else {
			n := make([]int32, x.Rows)
			for i := range n {
				n[i] = c.Code(i)
			}
			c.Codes = n
		}
		c.Index = nil
	}
	return x
}
