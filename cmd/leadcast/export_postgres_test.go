//go:build postgres

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/datasets/sql/sqltest"
)

func TestPostgreSQL(t *testing.T) {
	models := sqlModels(t)
	c := sqltest.Start(t)
	for model, leads := range models {
		text, err := os.ReadFile(leads)
		if err != nil {
			t.Fatal(err)
		}
		header, _ := cells(t, string(text))
		var columns []string
		for _, name := range header {
			kind := columnKinds[name]
			if kind == "" {
				kind = "TEXT"
			}
			columns = append(columns, `"`+strings.ReplaceAll(name, `"`, `""`)+`" `+kind)
		}
		path, err := filepath.Abs(leads)
		if err != nil {
			t.Fatal(err)
		}
		script := "DROP TABLE IF EXISTS leads;\nCREATE TABLE leads (" + strings.Join(columns, ", ") + ");\n" +
			"\\copy leads FROM '" + path + "' WITH (FORMAT csv, HEADER, NULL '')\n" + must(t, "export", model+".leadcast", "--to", "sql").stdout
		compareSQL(t, model+".leadcast", leads, c.SQL(script))
	}
}
