//go:build bench

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkTrain is `leadcast train` as a whole process, from the CSV file that
// LEADCAST_BENCH names to the bundle; for a profile.
func BenchmarkTrain(b *testing.B) {
	for b.Loop() {
		var said bytes.Buffer
		p := &program{stdout: &said, stderr: &said, now: time.Now, args: []string{"train", os.Getenv("LEADCAST_BENCH"),
			"--outcome", "converted", "--won", "1", "--id", "lead_id", "--order-by", "lead_id", "-o", filepath.Join(b.TempDir(), "m.leadcast")}}
		if code := p.run(b.Context()); code != exitOK {
			b.Fatalf("exit %d: %s", code, said.String())
		}
		b.Log(said.String())
	}
}
