package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"
)

// today is the clock of all tests.
var today = time.Date(2017, 7, 1, 0, 0, 0, 0, time.UTC)

// answer is what a run gave.
type answer struct {
	code           int
	stdout, stderr string
}

// leadcast runs the program in this process.
func leadcast(t *testing.T, stdin string, args ...string) answer {
	t.Helper()
	return leadcastUntil(t.Context(), stdin, args...)
}

func leadcastUntil(ctx context.Context, stdin string, args ...string) answer {
	var out, errs bytes.Buffer
	p := &program{args: args, stdin: strings.NewReader(stdin), stdout: &out, stderr: &errs, now: func() time.Time { return today }}
	code := p.run(ctx)
	return answer{code, out.String(), errs.String()}
}

// must is leadcast where nothing may go wrong.
func must(t *testing.T, args ...string) answer {
	t.Helper()
	a := leadcast(t, "", args...)
	if a.code != exitOK {
		t.Fatalf("leadcast %s: exit %d: %s", strings.Join(args, " "), a.code, a.stderr)
	}
	return a
}
