//go:build peers

package gbm

import (
	"os"
	"os/exec"
	"testing"
)

// TestStructureOfPeers is TestStructure on other tables, with LightGBM and
// scikit-learn run by the Python that PEERS_PYTHON names.
func TestStructureOfPeers(t *testing.T) {
	c := exec.Command(os.Getenv("PEERS_PYTHON"), "testdata/structure.py", "100", "400")
	c.Stderr = os.Stderr
	text, err := c.Output()
	if err != nil {
		t.Fatal("PEERS_PYTHON names a Python that has lightgbm and scikit-learn: ", err)
	}
	compareStructure(t, text)
}
