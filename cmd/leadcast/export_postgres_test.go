//go:build postgres

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// cluster is a PostgreSQL of our own, without a network, in a folder.
type cluster struct {
	t   *testing.T
	dir string
}

// run runs one of PostgreSQL's programs; the server refuses to run as root.
func (c cluster) run(input, name string, args ...string) string {
	c.t.Helper()
	x := exec.Command(name, args...)
	x.Stdin, x.Dir = strings.NewReader(input), c.dir
	if os.Geteuid() == 0 && name != "psql" {
		x.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := x.Output()
	if err != nil {
		stderr := ""
		if e, ok := err.(*exec.ExitError); ok {
			stderr = string(e.Stderr)
		}
		c.t.Fatalf("%s: %v: %s%s", name, err, stderr, out)
	}
	return string(out)
}

func startCluster(t *testing.T) cluster {
	dir, err := os.MkdirTemp("", "leadcast") // short: a socket's path is bounded
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if os.Geteuid() == 0 {
		if err := os.Chown(dir, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	c := cluster{t, dir}
	data := filepath.Join(dir, "data")
	c.run("", "initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync")
	c.run("", "pg_ctl", "-D", data, "-l", filepath.Join(dir, "log"), "-o", "-k "+dir+" -c listen_addresses=''", "-w", "start")
	t.Cleanup(func() { c.run("", "pg_ctl", "-D", data, "-m", "immediate", "stop") })
	return c
}

func TestPostgreSQL(t *testing.T) {
	models := sqlModels(t)
	c := startCluster(t)
	for model, leads := range models {
		text, err := os.ReadFile(leads)
		if err != nil {
			t.Fatal(err)
		}
		header, _ := cells(t, string(text))
		var columns []string
		for _, name := range header {
			kind := columnKinds[name]
			if kind == "" {
				kind = "TEXT"
			}
			columns = append(columns, `"`+strings.ReplaceAll(name, `"`, `""`)+`" `+kind)
		}
		path, err := filepath.Abs(leads)
		if err != nil {
			t.Fatal(err)
		}
		script := "DROP TABLE IF EXISTS leads;\nCREATE TABLE leads (" + strings.Join(columns, ", ") + ");\n" +
			"\\copy leads FROM '" + path + "' WITH (FORMAT csv, HEADER, NULL '')\n" + must(t, "export", model+".leadcast", "--to", "sql").stdout
		compareSQL(t, model+".leadcast", leads, c.run(script, "psql", "-h", c.dir, "-U", "tester", "-qAtX", "-F", ",", "-v", "ON_ERROR_STOP=1", "postgres"))
	}
}
