//go:build realdata

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// words are those of a command line as the shell has them: double quotes hold
// blanks together.
var words = regexp.MustCompile(`(?:"[^"]*"|[^\s"])+`)

// TestInitRealData gives the files of every line of docs/real-data.sh to init
// and compares what it finds with what a person wrote there.
func TestInitRealData(t *testing.T) {
	root := os.Getenv("LEADCAST_DATA")
	if root == "" {
		t.Fatal("LEADCAST_DATA names the folder of the data sets")
	}
	script, err := os.ReadFile(filepath.Join("..", "..", "docs", "real-data.sh"))
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^line\[(\w+)\]='leadcast train (.*)'$`).FindAllStringSubmatch(string(script), -1)
	if len(lines) != len(realSets) {
		t.Errorf("the script has %d lines, the test knows %d", len(lines), len(realSets))
	}
	columns, missed := 0, []string{}
	for _, l := range lines {
		t.Run(l[1], func(t *testing.T) {
			var args []string
			for _, w := range words.FindAllString(l[2], -1) {
				args = append(args, strings.ReplaceAll(strings.ReplaceAll(w, `"`, ""), "$LEADCAST_DATA", root))
			}
			byHand := trainCommandWith(t, "", args...)
			files := slices.Clone(byHand.files)
			for _, j := range byHand.joins {
				files = append(files, j[:strings.LastIndex(j, ":")])
			}
			file := filepath.Join(t.TempDir(), "leadcast.yaml")
			a := must(t, append([]string{"init", "-o", file}, files...)...)
			byInit := trainCommandWith(t, file)
			same := func(what string, hand, init []string) {
				if !slices.Equal(hand, init) {
					t.Errorf("%s: by hand %q, by init %q\n%s", what, hand, init, a.stdout)
				}
			}
			h, i := byHand.plan, byInit.plan
			same("roles", []string{h.Roles.Outcome, h.Roles.ID, h.Roles.Created, h.Roles.Closed, h.Roles.Duration}, []string{i.Roles.Outcome, i.Roles.ID, i.Roles.Created, i.Roles.Closed, i.Roles.Duration})
			same("won", h.Contract.Won, i.Contract.Won)
			same("lost", h.Contract.Lost, i.Contract.Lost)
			same("files", byHand.files, byInit.files)
			same("joins", byHand.joins, byInit.joins)
			if h.Contract.WonPresent != i.Contract.WonPresent || (h.Contract.ObservedAt != 0 && i.Contract.ObservedAt == 0) {
				t.Errorf("by hand %+v, by init %+v", h.Contract, i.Contract)
			}
			if !h.RandomSplit { // two hotels, one file behind the other: the rows are no order
				same("order", []string{h.Roles.Order}, []string{i.Roles.Order})
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, column := range h.Exclude { // each is left out, or at least doubted
				columns++
				if !strings.Contains(string(text), "- "+scalar(column)) {
					missed = append(missed, column)
				}
			}
			accepts(t, byInit)
		})
	}
	if 20*len(missed) > columns {
		t.Errorf("of %d columns that people leave out, these are not suspected: %q", columns, missed)
	}
}
