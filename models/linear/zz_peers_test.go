//go:build peers

package linear

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"sort"
	"strconv"
	"testing"
	"time"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/metric"
)

func read(t *testing.T, path string) [][]string {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, _ := gzip.NewReader(f)
	rows, err := csv.NewReader(z).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func load(t *testing.T, name string) (*matrix.Matrix, []float64, []bool, string) {
	dir := "/work/shared/peers/"
	var sc map[string]any
	raw, _ := os.ReadFile(dir + "prepared/" + name + ".schema.json")
	json.Unmarshal(raw, &sc)
	rows := read(t, dir+"prepared/"+name+".csv.gz")
	split := read(t, dir+"splits/"+name+".csv.gz")
	head := rows[0]
	rows = rows[1:]
	m := &matrix.Matrix{Rows: len(rows)}
	isNum := map[string]bool{}
	isCat := map[string]bool{}
	for c, k := range sc["columns"].(map[string]any) {
		isNum[c] = k == "num"
		isCat[c] = k != "num"
	}
	var y []float64
	for j, h := range head {
		if isNum[h] {
			c := matrix.Column{Name: h, Nums: make([]float64, len(rows))}
			for i, r := range rows {
				v, err := strconv.ParseFloat(r[j], 64)
				if err != nil {
					v = math.NaN()
				}
				c.Nums[i] = v
			}
			m.Columns = append(m.Columns, c)
		} else if isCat[h] {
			set := map[string]int32{}
			var names []string
			for _, r := range rows {
				if _, ok := set[r[j]]; !ok && r[j] != "" {
					set[r[j]] = 0
					names = append(names, r[j])
				}
			}
			sort.Strings(names)
			for k, n := range names {
				set[n] = int32(k)
			}
			c := matrix.Column{Name: h, Codes: make([]int32, len(rows)), Levels: len(names)}
			for i, r := range rows {
				c.Codes[i] = -1
				if k, ok := set[r[j]]; ok && r[j] != "" {
					c.Codes[i] = k
				}
			}
			m.Columns = append(m.Columns, c)
		} else if h == "y" || h == fmt.Sprint(sc["target"]) {
			for _, r := range rows {
				v, _ := strconv.ParseFloat(r[j], 64)
				y = append(y, v)
			}
		}
	}
	hold := make([]bool, len(rows))
	for i, r := range split[1:] {
		hold[i] = r[1] != "train"
	}
	return m, y, hold, fmt.Sprint(sc["holdout"])
}

func TestPeers(t *testing.T) {
	sets := []string{"bank_additional", "olist_won120", "leadforge_share", "hillstrom_visit", "crm_maven", "xeducation", "ibm_winloss_early", "av_insurance_leads", "hr_job_change", "telco_churn", "adult", "taiwan_credit", "bank_full", "bank_churn", "ifood_campaign", "ibm_winloss_all"}
	if s := os.Getenv("SETS"); s != "" {
		sets = []string{s}
	}
	for _, s := range sets {
		m, y, hold, kind := load(t, s)
		var fit, test []int32
		for i, h := range hold {
			if h {
				test = append(test, int32(i))
			} else {
				fit = append(fit, int32(i))
			}
		}
		valid := make([]bool, len(fit))
		for i := range valid {
			if kind == "time" {
				valid[i] = i >= len(valid)*8/10
			} else {
				valid[i] = mix(uint64(i))%5 == 0
			}
		}
		yf := make([]float64, len(fit))
		for i, k := range fit {
			yf[i] = y[k]
		}
		yt := make([]float64, len(test))
		for i, k := range test {
			yt[i] = y[k]
		}
		out := fmt.Sprintf("%-20s n=%d test=%d %s ", s, len(fit), len(test), kind)
		xf, xt := m.Gather(fit), m.Gather(test)
		start := time.Now()
		report := func(l models.Learner, yy models.Target, name string) float64 {
			mod, err := l.Fit(context.Background(), xf, yy)
			if err != nil {
				t.Fatal(s, err)
			}
			p := make([]float64, len(test))
			if err := mod.Predict(p, xt); err != nil {
				t.Fatal(err)
			}
			out += fmt.Sprintf(" | %s lam=%.3g auc %.4f ll %.4f", name, mod.(*Model).Lambda(), metric.AUC(yt, p, nil), metric.LogLoss(yt, p, nil))
			return mod.(*Model).Lambda()
		}
		report(Logistic{}, models.Target{Y: yf}, "ev")
		report(Logistic{Straight: true}, models.Target{Y: yf}, "straight")
		report(Logistic{Straight: true, Lambda: 1}, models.Target{Y: yf}, "straight1")
		if s == "leadforge_share" || s == "hr_job_change" {
			report(Logistic{Alpha: .5}, models.Target{Y: yf, Valid: valid}, "enet")
		}
		fmt.Println(out, time.Since(start).Round(time.Millisecond))
	}
}
