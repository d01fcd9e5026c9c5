//go:build fixtures

package leadcast_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What predicts must not be compiled to fused multiply-adds, which round once
// where other CPUs round twice: scores are the same bits everywhere.
func TestPredictIsNotFused(t *testing.T) {
	predicts := regexp.MustCompile(`leadcast/leadcast/(models\.|models/(matrix|portable|tree|gbm)\.|features\.|train/bundle\.|models/\w+\.\(\*?(Model|term|curve)\)|models/\w+\.(Model|term|curve)\.|models/survival\.\(\*?(Hazards|Stack|BaseRates|axis|Support)\)|models/survival\.(axis|Support)\.)`)
	fused := regexp.MustCompile(`\b(FMADD|FMSUB|FNMADD|FNMSUB|VFMADD|VFMSUB|VFNMADD)`)
	for _, target := range [][]string{{"GOARCH=arm64"}, {"GOARCH=amd64", "GOAMD64=v3"}} {
		binary := filepath.Join(t.TempDir(), "bundle.test")
		build := exec.Command("go", "test", "-c", "-o", binary, "./train/bundle")
		build.Env = append(append(os.Environ(), "CGO_ENABLED=0"), target...)
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", target, err, out)
		}
		listing, err := exec.Command("go", "tool", "objdump", "-s", "leadcast/leadcast/(models|features|train/bundle)", binary).Output()
		if err != nil {
			t.Fatal(err)
		}
		function, seen := "", 0
		for line := range strings.Lines(string(listing)) {
			if name, ok := strings.CutPrefix(line, "TEXT "); ok {
				function = strings.Fields(name)[0]
				if predicts.MatchString(function) {
					seen++
				}
			} else if predicts.MatchString(function) && !strings.Contains(function, "_test.") && fused.MatchString(line) {
				t.Errorf("%v: %s is fused: %s", target, function, strings.TrimSpace(line))
			}
		}
		if seen < 200 {
			t.Fatalf("%v: only %d functions of prediction found", target, seen)
		}
	}
}
