package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file is read by what its name ends in.
func TestOpeners(t *testing.T) {
	const lines = "{\"lead_id\":\"a1\",\"size\":12}\n{\"lead_id\":\"a2\",\"size\":7,\"late\":true}\n"
	for name, file := range map[string]struct{ text, kind string }{
		"leads.jsonl":    {lines, "*jsonl.Source"},
		"LEADS.NDJSON":   {lines, "*jsonl.Source"},
		"leads.ndjson":   {lines, "*jsonl.Source"},
		"leads.csv":      {"lead_id,size,late\na1,12,\na2,7,true\n", "*csv.Source"},
		"leads.jsonl.gz": {"", "*jsonl.Source"},
		"leads.parquet":  {"", "*parquet.Source"},
		"leads.csv.gz":   {"", "*csv.Source"},
		"leads":          {"", "*csv.Source"},
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(file.text), 0o600); err != nil {
			t.Fatal(err)
		}
		in, p := &input{}, &program{stdin: strings.NewReader("")}
		source, err := in.open(t.Context(), p, []string{path})
		if got := fmt.Sprintf("%T", source); err != nil || got != file.kind {
			t.Errorf("%s is opened as %s, %v; want %s", name, got, err, file.kind)
		}
		if file.text == "" {
			continue
		}
		table, _, err := in.read(t.Context(), p, []string{path})
		if err != nil || table.Rows != 2 || table.Column("size").Texts.At(1) != "7" || table.Column("late").Texts.At(1) != "true" {
			t.Errorf("%s: %v, %v", name, table, err)
		}
	}
}
