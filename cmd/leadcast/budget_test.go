package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestBudget(t *testing.T) {
	for _, wrong := range []string{"trials=0", "trials=x", "10", "-3s", "soon"} {
		if _, err := search(wrong); err == nil || !strings.Contains(err.Error(), "--budget") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	if s, err := search("trials=12"); err != nil || s.Trials != 12 || s.Left != nil {
		t.Errorf("%+v, %v", s, err)
	}
	s, err := search("1ms")
	if err != nil || s.Trials != 0 {
		t.Fatalf("%+v, %v", s, err)
	}
	time.Sleep(2 * time.Millisecond)
	if left := s.Left(); left > 0 {
		t.Errorf("%g of the time is left", left)
	}
}

// TestResume: what was written down is known again, but for a line that was cut off.
func TestResume(t *testing.T) {
	out := filepath.Join(t.TempDir(), "m.leadcast")
	s, _ := search("trials=2")
	j, err := resume(s, out)
	if err != nil || len(s.Known) != 0 {
		t.Fatal(s.Known, err)
	}
	for step, score := range map[string]float64{"a/0/0": -1.25, "a/1/0": -1.5} {
		if err := s.Record(step, score); err != nil {
			t.Fatal(err)
		}
	}
	j.file.WriteString(`{"step":"a/0/1","sco`)
	j.file.Close()
	for range 2 { // the second time behind what the first wrote
		s, _ = search("trials=2")
		if j, err = resume(s, out); err != nil {
			t.Fatal(err)
		}
		if s.Known["a/0/0"] != -1.25 || s.Known["a/1/0"] != -1.5 || s.Known["a/0/1"] != 0 && s.Known["a/0/1"] != -2 {
			t.Errorf("known: %v", s.Known)
		}
		if err := s.Record("a/0/1", -2); err != nil {
			t.Fatal(err)
		}
		j.file.Close()
	}
	s, _ = search("trials=2")
	if j, err = resume(s, out); err != nil || s.Known["a/0/1"] != -2 {
		t.Errorf("behind a line that was cut off: %v, %v", s.Known, err)
	}
	j.file.Close()
	if _, err := resume(s, filepath.Join(t.TempDir(), "none", "m.leadcast")); !os.IsNotExist(err) && err == nil {
		t.Error("a journal in a folder that is not there")
	}
}
