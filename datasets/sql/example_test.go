package sql_test

import (
	"context"
	"fmt"
	"os"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/datasets/sql"
)

// A query is read like a file of leads.
func Example() {
	path, err := os.CreateTemp("", "*.db")
	if err != nil {
		panic(err)
	}
	defer os.Remove(path.Name())
	address, _, err := sql.Parse("sqlite:"+path.Name()+"#SELECT 'L1' AS lead_id, 'Won' AS status", os.Getenv)
	if err != nil {
		panic(err)
	}
	db, err := sql.Open(address)
	if err != nil {
		panic(err)
	}
	defer db.Close()
	table, err := db.Find(context.Background())
	if err != nil {
		panic(err)
	}
	table.Name = "leads"
	leads, err := datasets.ReadAll(context.Background(), db.Read(table), "leads")
	if err != nil {
		panic(err)
	}
	fmt.Println(leads.Names(), leads.Rows)
	// Output: [lead_id status] 1
}
