package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/leadcast/leadcast/train"
)

// journal is the file in which a search writes down what its steps came to, so
// that it can go on where it was stopped.
type journal struct {
	path string
	file *os.File
}

// entry is a line of the journal.
type entry struct {
	Step  string  `json:"step"`
	Score float64 `json:"score"`
}

// search reads --budget: a time, or a number of trials.
func search(budget string) (*train.Search, error) {
	if n, ok := strings.CutPrefix(budget, "trials="); ok {
		trials, err := strconv.Atoi(n)
		if err != nil || trials < 1 || trials > 10000 {
			return nil, usagef("--budget trials=N wants a number from 1 to 10000, not %q", n)
		}
		return &train.Search{Trials: trials}, nil
	}
	limit, err := time.ParseDuration(budget)
	if err != nil || limit <= 0 {
		return nil, usagef("--budget wants a time such as 60s or 10m, or trials=N, not %q", budget)
	}
	start := time.Now()
	return &train.Search{Left: func() float64 { return 1 - time.Since(start).Seconds()/limit.Seconds() }}, nil
}

// resume reads what is known of an earlier search for the same bundle, and
// writes down what comes.
func resume(s *train.Search, out string) (*journal, error) {
	j := &journal{path: out + ".search"}
	s.Known = map[string]float64{}
	before, err := os.Open(j.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("reading the search so far: %w", err)
	default:
		for lines := bufio.NewScanner(before); lines.Scan(); {
			var e entry
			if json.Unmarshal(lines.Bytes(), &e) == nil { // the last line may have been cut off
				s.Known[e.Step] = e.Score
			}
		}
		before.Close()
	}
	if j.file, err = os.OpenFile(j.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644); err != nil {
		return nil, fmt.Errorf("writing the search so far: %w", err)
	}
	s.Record = func(step string, score float64) error {
		line, err := json.Marshal(entry{step, score})
		if err == nil {
			_, err = j.file.Write(append(line, '\n'))
		}
		if err != nil {
			return fmt.Errorf("writing %s: %w", j.path, err)
		}
		return nil
	}
	return j, nil
}
