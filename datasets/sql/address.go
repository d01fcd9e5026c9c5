package sql

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// Address says which database and, if it is told, which table of it. Parse
// reads one; it prints as it was given, without what the environment says.
type Address struct {
	Table string // "" for the whole database
	Query string // instead of a table

	sqlite bool
	shown  string // without table and query
	place  string // the file, or the address of the database, which may hold a password
	source string // what the address was taken from, for messages
}

// variable holds the address of the database where none is named.
const variable = "LEADCAST_DSN"

// Parse reads an address. ok is false for what is no address but a file:
//
//	sqlite:FILE               the database of a file
//	postgres:                 the database that LEADCAST_DSN names
//	postgres:env:NAME         the database that the variable NAME names
//	postgres://USER@HOST/DB   this one; its password is that of PGPASSWORD or ~/.pgpass
//
// each with #TABLE, #SCHEMA.TABLE or #SELECT … behind it, where postgres:TABLE
// is short for postgres:#TABLE. A variable holds what psql takes: a URL or
// "host=… dbname=…". An error is about how it is written, or a variable that
// is not set.
func Parse(text string, environment func(name string) string) (a Address, ok bool, err error) {
	system, rest, _ := strings.Cut(text, ":")
	where, what, hash := strings.Cut(rest, "#")
	switch {
	case system == "sqlite":
		if a.sqlite, a.place, a.shown = true, where, "sqlite:"+where; where == "" {
			return a, true, fmt.Errorf("sql: sqlite: wants a file: sqlite:FILE#TABLE")
		}
		a.source = filepath.Base(where)
	case system != "postgres" && system != "postgresql":
		return a, false, nil
	case strings.HasPrefix(rest, "//"):
		u, err := url.Parse(system + ":" + where)
		if err != nil {
			return a, true, fmt.Errorf("sql: the address of the database cannot be read: it wants postgres://USER@HOST/DATABASE#TABLE")
		}
		if _, secret := u.User.Password(); secret || u.Query().Has("password") || u.Query().Has("sslpassword") {
			return a, true, fmt.Errorf("sql: an address must not hold a password, which others could read: put the whole address into %s and write postgres:TABLE, or the password into PGPASSWORD", variable)
		}
		a.shown, a.place, a.source = system+":"+where, system+":"+where, "the address"
	default:
		name := variable
		if n, named := strings.CutPrefix(where, "env:"); named {
			name = n
		} else if where != "" {
			where, what, hash = "", rest, true
		}
		a.shown, a.place, a.source = "postgres:"+where, environment(name), name
		if a.place == "" {
			return a, true, fmt.Errorf("sql: %s is not set: it is to hold the address of the database, such as postgres://user:password@host/database", name)
		}
	}
	if hash && strings.TrimSpace(what) == "" && a.shown != "postgres:" {
		return a, true, fmt.Errorf("sql: behind # stands a table or SELECT …")
	}
	if first, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(what))+" ", " "); first == "SELECT" || first == "WITH" {
		a.Query = what
	} else {
		a.Table = what
	}
	return a, true, nil
}

// String is the address as it was given.
func (a Address) String() string {
	what := a.Table + a.Query
	switch {
	case what == "":
		return a.shown
	case a.shown == "postgres:":
		return a.shown + what
	}
	return a.shown + "#" + what
}

// IsFile reports whether it is a file, rather than a server.
func (a Address) IsFile() bool { return a.sqlite }
