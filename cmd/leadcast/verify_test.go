package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/train"
)

// A model is trained again from its file: identical in any order of the file,
// else exit 3 with the first difference.
func TestVerifyCommand(t *testing.T) {
	lines := history(t)
	must(t, append(onHistory, "--where", "amount>300", "-o", "m")...)
	same := must(t, "verify", "m", "leads.csv", "--where", "amount>300")
	shows(t, same.stdout, "identical: ", "promise: the same bundle on one platform")

	shuffled := slices.Clone(lines[1:])
	slices.Reverse(shuffled)
	for i, line := range shuffled { // the first column becomes the last
		first, rest, _ := strings.Cut(line, ",")
		shuffled[i] = rest + "," + first
	}
	first, rest, _ := strings.Cut(lines[0], ",")
	write(t, "shuffled.csv", rest+","+first+"\n"+strings.Join(shuffled, "\n")+"\n")
	write(t, "leadcast.yaml", "where: [amount>300]\nfiles: [shuffled.csv]\n")
	shows(t, must(t, "verify", "m").stdout, "identical: ")

	changed := slices.Clone(lines)
	changed[7] = strings.Replace(changed[7], ",ann@", ",bob@", 1)
	write(t, "changed.csv", strings.Join(changed, "\n")+"\n")
	a := leadcast(t, "", "verify", "m", "changed.csv")
	shows(t, a.stdout, "different: first in data.email", "model   ", "again   ", `data.email: the column "email" does not hold the values of training`, "promise: ")
	if a.code != exitData || !strings.Contains(a.stderr, "changed.csv: does not give m again: the leads are not those") {
		t.Errorf("exit %d: %s", a.code, a.stderr)
	}

	write(t, "leadcast.yaml", "")
	a = leadcast(t, "", "verify", "m", "leads.csv", "--json")
	var v train.Verification
	if err := json.Unmarshal([]byte(a.stdout), &v); err != nil || a.code != exitData || v.Identical || v.Bundle == v.Again || v.Differences[0].Part != "data" {
		t.Errorf("without --where: exit %d, %v: %s", a.code, err, a.stdout)
	}
	if !strings.Contains(a.stderr, "it was trained with --where") {
		t.Errorf("does not remind of --where: %s", a.stderr)
	}
	for line, want := range map[string]string{
		"verify m":                             "wants a model and the file of leads",
		"verify nix a.csv":                     `there is no file "nix"`,
		"verify m nix.csv":                     `there is no file "nix.csv"`,
		"verify m leads.csv --split leads.csv": "train or test in every row",
	} {
		if a := leadcast(t, "", strings.Fields(line)...); a.code == exitOK || a.code == exitFault || !strings.Contains(a.stderr, want) {
			t.Errorf("%s: exit %d, %s", line, a.code, a.stderr)
		}
	}
}
