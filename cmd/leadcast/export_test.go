package main

import (
	"os"
	"strings"
	"testing"
)

// TestExported writes a model in every format; what LightGBM would read is
// imported again and is the same model.
func TestExported(t *testing.T) {
	file := others(t, "categories.txt")
	t.Chdir(t.TempDir())
	write(t, "schema.yaml", importSchema)
	must(t, "import", "lightgbm", file, "--schema", "schema.yaml", "-o", "m.leadcast")
	for _, to := range exportFormats {
		must(t, "export", "m.leadcast", "--to", to, "-o", "file."+to, "--table", "crm.leads")
		if text, err := os.ReadFile("file." + to); err != nil || len(text) < 1000 {
			t.Errorf("%s: %d bytes (%v)", to, len(text), err)
		}
	}
	if sql := must(t, "export", "m.leadcast", "--to", "sql", "--table", "crm.leads").stdout; !strings.Contains(sql, "FROM crm.leads)") || !strings.Contains(sql, `"lead_id"`) {
		t.Errorf("the query is\n%s", sql)
	}
	write(t, "plain.yaml", strings.Replace(importSchema, "grades: [0.6, 0.4, 0.2]\n", "", 1))
	must(t, "import", "lightgbm", file, "--schema", "plain.yaml", "-o", "plain.leadcast")
	must(t, "import", "lightgbm", "file.lightgbm", "--like", "m.leadcast", "-o", "again.leadcast")
	plain, err1 := os.ReadFile("plain.leadcast")
	again, err2 := os.ReadFile("again.leadcast")
	if err1 != nil || err2 != nil || string(plain) != string(again) {
		t.Error("exported and imported again it is another model")
	}
}

func TestExportRefuses(t *testing.T) {
	workFolder(t)
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"", exitUsage, "leadcast export wants one model; `leadcast export --help` shows examples"},
		{"model.leadcast", exitUsage, `--to wants sql, onnx, lightgbm, not ""`},
		{"model.leadcast --to pmml", exitUsage, `--to wants sql, onnx, lightgbm, not "pmml"`},
		{"model.leadcast --to sql", exitData, "this model forecasts won and lost over time; only models without times"},
		{"model.leadcast --to onnx -o model.leadcast", exitUsage, "--out model.leadcast would write over what is read"},
		{"nix.leadcast --to sql", exitUsage, `there is no file "nix.leadcast"`},
	} {
		a := leadcast(t, "", append([]string{"export"}, strings.Fields(c.args)...)...)
		if a.code != c.code || !strings.Contains(a.stderr, c.says) {
			t.Errorf("export %s: exit %d and %q, want %d and %q", c.args, a.code, a.stderr, c.code, c.says)
		}
	}
}
