package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTableFlags(t *testing.T) {
	for _, c := range []struct {
		events  []string
		history string
		want    string
	}{
		{[]string{"data/acts.csv"}, "", "data/acts.csv acts false map[]"},
		{[]string{"acts.csv.gz:lead", "acts.csv:lead,name=more,kind=sort,known_at=entered"}, "h.parquet:lead_id",
			"acts.csv.gz acts false map[lead_id:lead]; acts.csv more false map[kind:sort known_at:entered lead_id:lead]; h.parquet h true map[lead_id:lead_id]"},
		{nil, "sqlite:past.db#history", "sqlite:past.db#history history true map[]"},
		{nil, "sqlite:past.db#history:lead_id", "sqlite:past.db#history history true map[lead_id:lead_id]"},
		{[]string{"postgres://u@h:5432/crm#acts"}, "", "postgres://u@h:5432/crm#acts acts false map[]"},
		{[]string{"acts.csv:lead,sort"}, "", `--events wants FILE[:KEY`},
		{nil, "h.csv:lead,colour=red", `--history wants FILE[:KEY`},
		{[]string{"a/acts.csv", "b/acts.csv"}, "", `two tables are called "acts"`},
	} {
		list, err := (&tables{events: c.events, history: c.history}).parse()
		var got []string
		for _, f := range list {
			got = append(got, fmt.Sprint(f.path, " ", f.name, " ", f.history, " ", f.columns))
		}
		if err != nil {
			got = []string{err.Error()}
		}
		if s := strings.Join(got, "; "); s != c.want && (err == nil || !strings.Contains(s, c.want)) {
			t.Errorf("%v %s: %s, want %s", c.events, c.history, s, c.want)
		}
	}
}

// What snapshot writes, a history reads.
func TestSnapshotsAreAHistory(t *testing.T) {
	dir := t.TempDir()
	leads, past := filepath.Join(dir, "leads.csv"), filepath.Join(dir, "past.db")
	for k, text := range []string{"lead_id,stage\nA1,new\nA2,new\n", "lead_id,stage\nA1,offer\nA2,new\n"} {
		if err := os.WriteFile(leads, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		a := must(t, "snapshot", leads, "--id", "lead_id", "--to", past, "--as-of", fmt.Sprintf("2016-03-0%d", k+1))
		if !strings.Contains(a.stdout, []string{"2 new, 0 changed; 2 rows", "0 new, 1 changed; 1 rows"}[k]) {
			t.Fatal(a.stdout)
		}
	}
	tr := &training{}
	tr.plan.Roles.ID, tr.beside.history = "lead_id", "sqlite:"+past+"#history"
	if _, err := tr.beside.find(t.Context(), &program{}, tr); err != nil {
		t.Fatal(err)
	}
	rows, _, err := tr.plan.Tables[0].Read(tr.plan.Events["history"])
	if err != nil || rows.Rows != 3 || rows.Column("new").Texts.At(2) != "offer" || rows.Column("old").Texts.At(2) != "new" {
		t.Fatal(err, rows)
	}
}
