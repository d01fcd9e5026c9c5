package snapshot_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/datasets/snapshot"
)

func leads(rows ...string) *datasets.Table {
	t := &datasets.Table{Rows: len(rows)}
	for j, name := range []string{"id", "stage", "value"} {
		c := &datasets.Column{Name: name, Kind: datasets.Raw}
		for _, r := range rows {
			c.Texts.Append(strings.Split(r, ",")[j])
		}
		t.Columns = append(t.Columns, c)
	}
	return t
}

const day = datasets.MicrosPerDay

func history(t *testing.T, path string) (rows []string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	found, err := db.Query("SELECT lead_id || ' ' || field || ' ' || coalesce(old, '-') || ' ' || coalesce(new, '-') || ' ' || substr(known_at, 1, 10) FROM history ORDER BY rowid")
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var s string
		if err := found.Scan(&s); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, s)
	}
	return rows
}

func TestOnlyChangesAreAppended(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	for k, c := range []struct {
		leads *datasets.Table
		want  snapshot.Taken
	}{
		{leads("1,new,10", "2,new,"), snapshot.Taken{Leads: 2, New: 2, Rows: 3}},
		{leads("1,new,10", "2,new,"), snapshot.Taken{Leads: 2}},
		{leads("2,offer,", "1,new,", "3,,"), snapshot.Taken{Leads: 3, New: 1, Changed: 2, Rows: 2}},
		{leads("3,new,1").Drop("value"), snapshot.Taken{Leads: 1, Changed: 1, Rows: 1}}, // a column less is no change
	} {
		got, err := snapshot.Take(context.Background(), path, c.leads, "id", int64(k)*day)
		if err != nil || got != c.want {
			t.Errorf("snapshot %d: %+v, %v; want %+v", k, got, err, c.want)
		}
	}
	want := []string{"1 stage - new 1970-01-01", "1 value - 10 1970-01-01", "2 stage - new 1970-01-01", "2 stage new offer 1970-01-03", "1 value 10 - 1970-01-03", "3 stage - new 1970-01-04"}
	if got := history(t, path); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestSnapshotsOfNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	take := func(l *datasets.Table, key string, at int64) error {
		_, err := snapshot.Take(context.Background(), path, l, key, at)
		return err
	}
	if err := take(leads("1,new,10"), "id", 5*day); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		leads *datasets.Table
		key   string
		at    int64
		want  string
	}{
		{leads("1,x,"), "lead", 6 * day, "no such column"},
		{leads("1,x,", "1,y,"), "id", 6 * day, "has one row"},
		{leads("7,x,", ",y,"), "id", 6 * day, "is missing"},
		{leads("1,x,"), "id", 4 * day, "cannot be older"},
	} {
		var data *datasets.Error
		if err := take(c.leads, c.key, c.at); !errors.As(err, &data) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	if got := history(t, path); len(got) != 2 {
		t.Errorf("a snapshot that failed left %q", got)
	}
}

func Example() {
	dir, err := os.MkdirTemp("", "snapshot")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "history.db")
	for k, stage := range []string{"new", "new", "offer"} {
		taken, err := snapshot.Take(context.Background(), path, leads("1,"+stage+",10"), "id", int64(k)*day)
		if err != nil {
			panic(err)
		}
		fmt.Println(taken.Rows, "rows")
	}
	// Output:
	// 2 rows
	// 0 rows
	// 1 rows
}
