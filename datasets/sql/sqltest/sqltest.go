// Package sqltest starts a PostgreSQL for tests, in a folder of its own and
// without a network unless one is asked for. It needs Debian's postgresql, with
// initdb on the PATH, and fails the test where that is missing.
package sqltest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// nobody runs the server where the test is root, which PostgreSQL refuses.
const nobody = 65534

// Cluster is a running PostgreSQL whose only user is tester, without a password.
type Cluster struct {
	Dir string // holds its socket, its log and its data
	t   testing.TB
}

// Start starts a cluster that ends with the test. Settings are lines of
// postgresql.conf, such as "port = 5433".
func Start(t testing.TB, settings ...string) *Cluster {
	t.Helper()
	dir, err := os.MkdirTemp("", "leadcast") // short: a socket's path is bounded
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	Give(t, dir)
	c := &Cluster{dir, t}
	data := filepath.Join(dir, "data")
	c.Run("", "initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync")
	conf, err := os.OpenFile(filepath.Join(data, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	lines := append([]string{"listen_addresses = ''", "unix_socket_directories = '" + dir + "'", "fsync = off"}, settings...)
	if _, err := fmt.Fprintln(conf, strings.Join(lines, "\n")); err != nil {
		t.Fatal(err)
	}
	if err := conf.Close(); err != nil {
		t.Fatal(err)
	}
	c.Run("", "pg_ctl", "-D", data, "-l", filepath.Join(dir, "log"), "-w", "start")
	t.Cleanup(func() { c.Run("", "pg_ctl", "-D", data, "-m", "immediate", "stop") })
	return c
}

// Give makes files the server's own.
func Give(t testing.TB, files ...string) {
	t.Helper()
	for _, f := range files {
		if os.Geteuid() == 0 {
			if err := os.Chown(f, nobody, nobody); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// DSN is the address of its database.
func (c *Cluster) DSN() string { return "host=" + c.Dir + " user=tester dbname=postgres" }

// SQL runs a script of psql's and gives what it prints, as CSV without a header.
func (c *Cluster) SQL(script string) string {
	c.t.Helper()
	return c.Run(script, "psql", "-h", c.Dir, "-U", "tester", "-qAtX", "-F", ",", "-v", "ON_ERROR_STOP=1", "postgres")
}

// Run runs one of PostgreSQL's programs and gives what it prints.
func (c *Cluster) Run(input, name string, args ...string) string {
	c.t.Helper()
	x := exec.Command(name, args...)
	x.Stdin, x.Dir = strings.NewReader(input), c.Dir
	if os.Geteuid() == 0 && name != "psql" {
		x.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
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
