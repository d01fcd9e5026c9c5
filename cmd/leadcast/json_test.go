package main

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"

	"github.com/leadcast/leadcast/models/metric"
	"github.com/leadcast/leadcast/train"
)

// JSON knows no NaN and no infinity: they are null, and nothing else changes.
func TestPrintJSON(t *testing.T) {
	auc := metric.Estimate{Value: 0.5, SE: math.NaN(), Low: math.Inf(-1), High: math.Inf(1), P: 1}
	e := train.Evaluation{Bundle: "a <b> & \u2028", Leads: 3, LogLik: &auc}
	var out bytes.Buffer
	if err := (&program{stdout: &out}).printJSON(map[string]any{"evaluation": e, "none": []string(nil), "by": map[string]float64{"x": math.NaN()}}); err != nil {
		t.Fatal(err)
	}
	const want = `{
  "by": {
    "x": null
  },
  "evaluation": {
    "bundle": "a <b> & \u2028",
    "leads": 3,
    "horizons": [],
    "log_lik_gain": {
      "value": 0.5,
      "se": null,
      "low": null,
      "high": null,
      "p": 1
    }
  },
  "none": []
}
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

// The keys of every report are words in lower case, with or without NaN.
func TestKeysOfReports(t *testing.T) {
	workFolder(t)
	for _, args := range [][]string{
		{"train", "leads.csv", "--outcome", "status", "--won", "Won", "--lost", "Lost", "--horizons", "30d", "--json"},
		{"inspect", "model.leadcast", "--json"},
		{"score", "model.leadcast", "leads.csv", "-o", "scores.csv", "--json"},
		{"datasets", "generate", "crm", "--leads", "100", "--json"},
		{"flags", "--json"},
	} {
		var v any
		if err := json.Unmarshal([]byte(must(t, args...).stdout), &v); err != nil {
			t.Errorf("%v: %v", args, err)
		}
		lowerKeys(t, v)
	}
}

func lowerKeys(t *testing.T, v any) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			lowerKeys(t, x)
		}
	case map[string]any:
		for k, x := range v {
			for _, r := range k {
				if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' {
					t.Errorf("key %q", k)
					break
				}
			}
			lowerKeys(t, x)
		}
	}
}
