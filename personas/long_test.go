//go:build long

package personas_test

import "testing"

// At most the nominal share of companies without any segment are told of one.
func TestNoiseLong(t *testing.T) {
	const companies = 1000
	n := noise(t, companies, 600)
	t.Logf("segments of nothing in %d of %d companies", n, companies)
	if n > 67 { // 5 % are 50; more come by chance once in 100 times
		t.Errorf("that is more than one in twenty")
	}
}
