package serve

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/datasets/csv"
)

// Cells are guarded and quoted to the byte as `leadcast score` writes them.
func TestCellsAreThoseOfTheCSVWriter(t *testing.T) {
	check := func(t rapid.TB, text string) {
		var out bytes.Buffer
		w := csv.NewWriter(&out)
		if err := w.Write(&datasets.Table{Rows: 1, Columns: []*datasets.Column{{Name: "a", Kind: datasets.Text, Texts: datasets.MakeStrings(text)}, {Name: "b", Kind: datasets.Text, Texts: datasets.MakeStrings("x")}}}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		want := strings.TrimRight(strings.SplitN(out.String(), "\n", 2)[1], "\r\n")
		if got := string(appendCells(appendCell(nil, text), "x")); got != want {
			t.Fatalf("%q is written %q, want %q", text, got, want)
		}
	}
	for _, text := range append(slices.Clone(hostile), "=1+1", "+1", "-1.5e3", "-x", "@sum", "\tx", "\rx", "a;b", "a|b", " a", "a ", `a"b`, "\xff", "é", "1,5") {
		check(t, text)
	}
	rapid.Check(t, func(t *rapid.T) { check(t, rapid.String().Draw(t, "text")) })
}

func TestExportShowsWhatTheQueueShows(t *testing.T) {
	s := desk(t, 300, func(o *Options) {
		o.Leads.Columns[0].Texts = datasets.MakeStrings(append([]string{"=cmd"}, slices.Repeat([]string{"L"}, 299)...)...)
	})
	w := ask(s, "GET", "/leads.csv?sort=oldest", "")
	text := w.Body.String()
	if h := w.Header(); h.Get("Content-Type") != "text/csv; charset=utf-8" || h.Get("Content-Disposition") != `attachment; filename="leads.csv"` {
		t.Errorf("headers %v", h)
	}
	if !strings.HasPrefix(text, "lead_id,p_win,grade,expected_value,cycle_p50_days,open_days,rep,source\n") || strings.Count(text, "\n") != 301 {
		t.Errorf("%.300s", text)
	}
	if !strings.Contains(text, "\n\"'=cmd\",") || strings.Contains(text, "secret.example") {
		t.Errorf("a formula or a person is in the table")
	}
	if w := ask(server(t, &fake{}, nil), "GET", "/leads.csv", ""); w.Code != 404 {
		t.Errorf("without leads: %d", w.Code)
	}
}
