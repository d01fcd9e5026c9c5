//go:build long

package personas_test

import "testing"

// At most the nominal share of companies without any segment are told of one.
func TestNoiseLong(t *testing.T) {
	const companies = 400
	n := noise(t, companies, 400)
	t.Logf("segments of nothing in %d of %d companies", n, companies)
	if n > 31 { // 5 % are 20; more come by chance once in 100 times
		t.Errorf("that is more than one in twenty")
	}
}
