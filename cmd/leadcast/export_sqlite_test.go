//go:build fixtures

package main

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// loader reads a CSV file into SQLite and runs a query; kinds and query come
// on standard input.
const loader = `
import csv, json, sqlite3, sys
kinds, query, path = json.load(sys.stdin)
rows = list(csv.reader(open(path, encoding="utf-8")))
db = sqlite3.connect(":memory:")
kind = [kinds.get(c, "TEXT") for c in rows[0]]
quote = lambda c: '"' + c.replace('"', '""') + '"'
db.execute("CREATE TABLE leads (" + ", ".join(quote(c) + " " + k for c, k in zip(rows[0], kind)) + ")")
def cell(v, k):
    if v == "":
        return None
    return v if k == "TEXT" else v == "yes" if k == "BOOLEAN" else float(v)
db.executemany("INSERT INTO leads VALUES (" + ",".join("?" * len(kind)) + ")", [[cell(v, k) for v, k in zip(r, kind)] for r in rows[1:]])
for id, p in db.execute(query):
    print(f"{id},{p!r}")
`

func TestSQLite(t *testing.T) {
	for model, leads := range sqlModels(t) {
		query := must(t, "export", model+".leadcast", "--to", "sql").stdout
		input, err := json.Marshal([]any{columnKinds, query, leads})
		if err != nil {
			t.Fatal(err)
		}
		c := exec.Command("python3", "-c", loader)
		c.Stdin = strings.NewReader(string(input))
		out, err := c.Output()
		if err != nil {
			t.Fatalf("%s: %v: %s", model, err, err.(*exec.ExitError).Stderr)
		}
		compareSQL(t, model+".leadcast", leads, string(out))
	}
}
