package train_test

import (
	"bytes"
	"testing"

	"github.com/leadcast/leadcast/train/bundle"
)

// openBundle opens a bundle that lies in memory.
func openBundle(t *testing.T, b []byte) *bundle.Bundle {
	t.Helper()
	opened, err := bundle.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return opened
}
