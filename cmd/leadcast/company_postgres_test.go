//go:build postgres

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/datasets/sql/sqltest"
)

// A company in PostgreSQL goes from its tables to a bundle, which does not know
// where they lie; a reading that is cut off leaves the bundle that was there.
func TestPostgresToBundle(t *testing.T) {
	dir := t.TempDir()
	must(t, "datasets", "generate", "crm", "--leads", "1500", "--seed", "7", "-o", dir)
	c := sqltest.Start(t)
	var script strings.Builder
	for _, name := range generatedTables {
		text, err := os.ReadFile(filepath.Join(dir, name+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		header, _ := cells(t, string(text))
		for i, h := range header {
			kind := " text"
			if strings.HasSuffix(h, "_at") {
				kind = " timestamptz"
			}
			header[i] += kind
		}
		script.WriteString("CREATE TABLE " + name + " (" + strings.Join(header, ", ") + ");\n\\copy " + name + " FROM '" + filepath.Join(dir, name+".csv") + "' WITH (FORMAT csv, HEADER, NULL '')\n")
	}
	c.SQL(script.String() + "CREATE SCHEMA hubspot; SET search_path = hubspot, public;" + hubspot)
	t.Chdir(dir)
	t.Setenv("CRM_DSN", c.DSN()+" password=hidden")
	must(t, "init", "postgres:env:CRM_DSN", "--crm", "hubspot")
	must(t, "train", "--model", "linear", "-o", "crm.leadcast")
	bytes, err := os.ReadFile("crm.leadcast")
	if err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(defaultConfig)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(bytes), string(config)} {
		if strings.Contains(text, "hidden") || strings.Contains(text, c.Dir) {
			t.Error("where the database is was written down")
		}
	}
	if scores := must(t, "score", "crm.leadcast", "postgres:env:CRM_DSN", "--crm", "hubspot/deal", "-o", "-"); strings.Count(scores.stdout, "\n") != 1501 {
		t.Errorf("%d lines of scores", strings.Count(scores.stdout, "\n"))
	}
	if err := os.Remove(defaultConfig); err != nil {
		t.Fatal(err)
	}
	cut := "postgres:env:CRM_DSN#SELECT l.*, CASE WHEN n = 20 AND lead_id = 'L0000009' THEN pg_terminate_backend(pg_backend_pid()) END FROM leads l, generate_series(1, 30) n ORDER BY n"
	a := leadcast(t, "", "train", cut, "--outcome", "status", "--won", "Won", "-o", "crm.leadcast")
	if a.code != exitFault || !strings.Contains(a.stderr, `table "query": the connection to the database was lost after row 24576; nothing was written`) {
		t.Errorf("exit %d: %s", a.code, a.stderr)
	}
	if after, err := os.ReadFile("crm.leadcast"); err != nil || string(after) != string(bytes) {
		t.Errorf("the bundle that was there has changed: %v", err)
	}
}
