//go:build portable

package leadcast_test

import (
	"encoding/hex"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A platform is where the bits must be the same.
type platform struct {
	name     string
	env      []string
	native   bool     // this processor may be one
	emulator []string // of Debian's qemu-user, for one that this is not
}

var platforms = []platform{
	{"amd64 v1", []string{"GOARCH=amd64", "GOAMD64=v1"}, true, []string{"qemu-x86_64"}},
	{"amd64 v3", []string{"GOARCH=amd64", "GOAMD64=v3"}, true, []string{"qemu-x86_64", "-cpu", "max"}},
	{"arm64", []string{"GOARCH=arm64"}, false, []string{"qemu-aarch64"}},
}

// TestPortable runs TestPortable of train/bundle on every platform: what
// predicts has the same bits, and a bundle of boosted trees the same id. Then
// it looks for fused multiply-adds, which round once where others round twice.
func TestPortable(t *testing.T) {
	pieces := t.TempDir()
	said, fused := map[string]string{}, map[string]map[string]int{}
	for _, p := range platforms {
		binary := filepath.Join(t.TempDir(), "bundle.test")
		build := exec.Command("go", "test", "-tags", "portable", "-c", "-o", binary, "./train/bundle")
		build.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux"), p.env...)
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", p.name, err, out)
		}
		said[p.name] = p.run(t, binary, pieces)
		t.Logf("%s:\n%s", p.name, said[p.name])
		fused[p.name] = fusedIn(t, p, binary)
	}
	want := strings.Split(said[platforms[0].name], "\n")
	if len(want) < 15 {
		t.Fatalf("only %d digests", len(want))
	}
	for _, p := range platforms[1:] {
		got := strings.Split(said[p.name], "\n")
		for i := range max(len(got), len(want)) {
			if i >= min(len(got), len(want)) || got[i] != want[i] {
				t.Errorf("%s says otherwise than %s from line %d on", p.name, platforms[0].name, i+1)
				break
			}
		}
	}
	judgeFused(t, fused)
}

// run runs the binary, on this processor where it can, and returns its digests.
func (p platform) run(t *testing.T, binary, pieces string) string {
	var prefix []string
	if able := exec.Command(binary, "-test.list", "^TestPortable$").Run(); !p.native || able != nil {
		prefix = p.emulator
	}
	args := slices.Concat(prefix, []string{binary, "-test.run", "^TestPortable$"})
	c := exec.Command(args[0], args[1:]...)
	c.Env = append(os.Environ(), "LEADCAST_PORTABLE="+pieces)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v (emulators are those of Debian's qemu-user): %v\n%s", p.name, args, err, out)
	}
	return strings.Join(regexp.MustCompile(`(?m)^digest .*`).FindAllString(string(out), -1), "\n")
}

// What may be fused: training of linear models sums through gonum anyway, in an
// order of its own on each architecture; figures of merit are kept to six
// digits; tests are no part of the program. All else predicts, or trains
// boosted trees and blends, alike on every platform; so do the fitted parts of
// linear models.
var (
	mayFuse = regexp.MustCompile(`^(models/linear|models/metric|models/metric/censored|train/bundle_test)\.`)
	predict = regexp.MustCompile(`^models/linear\.(\(\*)?(Model|term|curve)\b`)
)

// fusedIn counts the fused instructions of our functions that train or predict.
func fusedIn(t *testing.T, p platform, binary string) map[string]int {
	listing, err := exec.Command("go", "tool", "objdump", "-s", "leadcast/leadcast/(models|features|train|datasets)", binary).Output()
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`\t(FMADD|FMSUB|FNMADD|FNMSUB|VFMADD|VFMSUB|VFNMADD|VFNMSUB)`)
	counts := map[string]int{}
	function, code := "", []byte(nil)
	end := func() {
		if function != "" {
			counts[function] += vexFused(code)
		}
		code = code[:0]
	}
	for line := range strings.Lines(string(listing)) {
		fields := strings.Fields(line)
		if name, ok := strings.CutPrefix(line, "TEXT "); ok {
			end()
			function = strings.TrimSuffix(strings.TrimPrefix(strings.Fields(name)[0], module+"/"), "(SB)")
			counts[function] += 0
		} else if len(fields) > 3 {
			if named.MatchString(line) {
				counts[function]++
			}
			if machine, err := hex.DecodeString(fields[2]); err == nil && strings.Contains(p.name, "amd64") {
				code = append(code, machine...)
			}
		}
	}
	end()
	return counts
}

// vexFused counts fused multiply-adds in machine code of amd64, which the
// disassembler does not know: VEX, map 0F38, W1, prefix 66, opcodes 96–9F, A6–AF
// and B6–BF (Intel's manual, volume 2, VFMADD132SD and those that follow it).
func vexFused(code []byte) (n int) {
	for i := range max(0, len(code)-3) {
		if c := code[i:]; c[0] == 0xc4 && c[1]&0x1f == 2 && c[2]&0x83 == 0x81 && c[3] >= 0x96 && c[3] <= 0xbf && c[3]&0xf >= 6 {
			n++
		}
	}
	return n
}

// judgeFused fails on what is fused and may not be, and where the search is blind.
func judgeFused(t *testing.T, fused map[string]map[string]int) {
	for name, counts := range fused {
		seen, allowed := 0, 0
		for _, f := range slices.Sorted(maps.Keys(counts)) {
			if mayFuse.MatchString(f) && !predict.MatchString(f) {
				allowed += counts[f]
				continue
			}
			if seen++; counts[f] > 0 {
				t.Errorf("%s: %s holds %d fused multiply-adds: round each product that is added with float64()", name, f, counts[f])
			}
		}
		t.Logf("%s: %d functions without, %d fused instructions where they may be", name, seen, allowed)
		if blind := allowed < 10; seen < 1000 || blind != (name == platforms[0].name) { // v1 has no such instructions
			t.Errorf("%s: %d functions seen and %d fused instructions where they may be: the search is blind", name, seen, allowed)
		}
	}
}
