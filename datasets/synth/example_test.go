package synth_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/leadcast/leadcast/datasets/synth"
)

func ExampleCRM_Write() {
	dir, err := os.MkdirTemp("", "crm")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := (synth.CRM{Leads: 100, Seed: 7}).Write(context.Background(), dir, nil); err != nil {
		fmt.Println(err)
		return
	}
	asof, err := os.ReadFile(filepath.Join(dir, "truth", "asof.txt"))
	fmt.Print(string(asof), err)
	// Output:
	// 2017-07-10T00:00:00Z
	// <nil>
}
