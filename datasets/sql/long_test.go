//go:build postgres && long

package sql_test

import (
	"testing"

	source "github.com/leadcast/leadcast/datasets/sql"
	"github.com/leadcast/leadcast/datasets/sql/sqltest"
)

// Ten million rows need no more memory than one million.
func TestPostgresTenMillionRowsLong(t *testing.T) {
	c := sqltest.Start(t)
	activities(c, 10_000_000)
	most := stream(t, open(t, "postgres:", dsn(c)).Read(source.Table{Table: "activities"}), 10_000_000)
	t.Logf("the heap grew by %.1f MiB", float64(most)/(1<<20))
	if most > bounded {
		t.Errorf("the heap grew by %d MiB", most>>20)
	}
}
