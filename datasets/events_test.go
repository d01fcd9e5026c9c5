package datasets

import (
	"strings"
	"testing"
)

func writtenTable(header string, rows ...string) *Table {
	t := &Table{Rows: len(rows)}
	for j, name := range strings.Split(header, ",") {
		c := &Column{Name: name, Kind: Raw}
		for _, r := range rows {
			c.Texts.Append(strings.Split(r, ",")[j])
		}
		t.Columns = append(t.Columns, c)
	}
	return t
}

func TestEventTablesAreFound(t *testing.T) {
	raw := writtenTable("Lead,Activity Type,date,logged_at,value,id", "7,call,2024-03-01,2024-03-02,5,a", "7,mail,2024-03-05T10:00:00Z,,,b", ",mail,2024-03-05,,,c", "8,mail,,2024-04-01,,a", "8,mail,soon,,,")
	e, notes, err := FindEvents("acts", raw, false, nil, Hints{})
	if err != nil {
		t.Fatal(err)
	}
	if len(notes) != 1 || !strings.Contains(notes[0].Message, "Activity Type as kind") {
		t.Error(notes)
	}
	got, notes, err := e.Read(raw)
	if err != nil {
		t.Fatal(err)
	}
	if got.Rows != 3 || got.Column("happened_at").Kind != Time || got.Column("known_at").Kind != Time || got.Column("kind").Texts.At(1) != "mail" || got.Column("amount").Nums[0] != 5 {
		t.Errorf("%d rows of %v", got.Rows, got.Names())
	}
	if len(notes) != 2 || !strings.Contains(notes[1].Message, "2 of 5 rows") {
		t.Error(notes)
	}
}

func TestHistoriesAreFound(t *testing.T) {
	raw := writtenTable("lead_id,field,old,new,changed_at", "7,stage,new,won,2024-03-01", "7,stage,,new,2024-02-01")
	e, notes, err := FindEvents("h", raw, true, nil, Hints{})
	if err != nil || !e.History() || len(notes) != 2 {
		t.Fatal(err, notes)
	}
	got, _, err := e.Read(raw)
	if err != nil || got.Column("new").Texts.At(0) != "won" || got.Column("old").Kind != Raw {
		t.Fatal(err, got.Names())
	}
	for _, c := range []struct {
		header string
		named  map[string]string
		want   string
	}{
		{"lead_id,field,changed_at", nil, "which column is new?"},
		{"lead_id,field,new,changed_at", map[string]string{"happened_at": "when"}, "no such column"},
		{"lead_id,field,new,changed_at", map[string]string{"amount": "new"}, "has no amount"},
	} {
		if _, _, err := FindEvents("h", writtenTable(c.header), true, c.named, Hints{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.header, err)
		}
	}
}
