// Package sql reads tables from PostgreSQL and SQLite.
//
// A database is read in one read-only transaction, through a cursor on the
// server, in blocks of a fixed number of rows in the order of each table's key:
// memory does not grow with a table, the same data give the same blocks, and a
// reading that was cut off can go on behind the last row that was delivered.
//
// Where a database is may be a secret, so it stands in the environment, and no
// error of this package repeats it, nor a value that a table holds.
package sql

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/leadcast/leadcast/datasets"
)

// blockRows is the number of rows of every block but the last.
const blockRows = 8192

// Table is a table, a view or a query, and which of its rows are to be read.
type Table struct {
	Name    string   // of its blocks; "" takes that of the table
	Schema  string   // of the table; "" where the database finds it without
	Table   string   // the table or view; "" where there is a query
	Query   string   // SELECT … or WITH …
	Columns []string // which, in this order; none: all
	Key     []string // the columns that order and tell apart the rows; none: the primary key. Rows without one of them are not read
	After   []string // the key of the last row that is not to be read again; none: from the beginning
}

// called is the table's name for messages.
func (t *Table) called() string {
	if t.Query != "" {
		return "query"
	}
	return t.full()
}

// Lost says that the connection broke while a table was read. Nothing but whole
// blocks was delivered before.
type Lost struct {
	Table string
	Rows  int      // delivered
	Key   []string // of the last of them, for Table.After; none where the table has no key
	Err   error    // why; its text may tell where the database is
}

// Error names the table and the row, and says what can be done.
func (l *Lost) Error() string {
	next := "reading it again begins at the first row, for it has no key"
	if len(l.Key) > 0 {
		next = "reading it again can go on there"
	}
	if l.Rows == 0 {
		next = "try again"
	}
	return fmt.Sprintf("table %q: the connection to the database was lost after row %d; nothing was written, and %s", l.Table, l.Rows, next)
}

// Unwrap gives the cause.
func (l *Lost) Unwrap() error { return l.Err }

// Database is a database that was opened.
type Database struct {
	Address Address
	system
}

// system is what one kind of database does in its own way.
type system interface {
	// tables lists what can be read, with its columns and key.
	tables(ctx context.Context) ([]Table, error)
	// begin starts the one transaction of a reading.
	begin(ctx context.Context) (reading, error)
	Close() error
}

// reading is a read-only transaction.
type reading interface {
	// open starts to read a table, whose key is settled.
	open(ctx context.Context, t *Table) (cursor, error)
	end()
}

// cursor reads a table on: a table of no rows at its end. The columns behind
// those of the table are its key.
type cursor interface {
	next(ctx context.Context, rows int) (*datasets.Table, error)
	close()
}

// Open opens the database of an address; the connection is made when it is
// needed. The error says which part of the address is wrong.
func Open(a Address) (*Database, error) {
	d := &Database{Address: a}
	var err error
	if a.sqlite {
		d.system, err = openSQLite(a)
	} else {
		d.system, err = openPostgres(a)
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// Tables lists the tables and views that can be read, each with its columns and
// its primary key: those that need no schema first, then by name. Errors are as
// those of Source.Blocks.
func (d *Database) Tables(ctx context.Context) ([]Table, error) { return d.tables(ctx) }

// Find gives the table, view or query that an address names; where it names
// none and there is only one table, that. A table that is not there, or that is
// not told, is a *datasets.Error which lists what there is.
func (d *Database) Find(ctx context.Context) (Table, error) {
	if d.Address.Query != "" {
		return Table{Query: d.Address.Query}, nil
	}
	all, err := d.tables(ctx)
	if err != nil {
		return Table{}, err
	}
	wanted := d.Address.Table
	var names []string
	for _, fits := range []func(t Table) bool{
		func(t Table) bool { return wanted == t.full() || wanted == "" && len(all) == 1 },
		func(t Table) bool { return wanted == t.Table },
		func(t Table) bool { return strings.EqualFold(wanted, t.full()) || strings.EqualFold(wanted, t.Table) },
	} {
		if i := slices.IndexFunc(all, fits); i >= 0 {
			return all[i], nil
		}
	}
	for _, t := range all {
		names = append(names, t.full())
	}
	e := &datasets.Error{Place: d.Address.String(), Message: fmt.Sprintf("there is no table %q", wanted)}
	if wanted == "" {
		e.Message = fmt.Sprintf("say which table: %s#TABLE", strings.TrimSuffix(d.Address.String(), ":"))
	}
	if len(names) > 12 {
		names = append(names[:12], fmt.Sprintf("%d more", len(names)-12))
	}
	if e.Message += "; there is none that may be read"; len(names) > 0 {
		e.Message = strings.TrimSuffix(e.Message, "none that may be read") + strings.Join(names, ", ")
	}
	return Table{}, e
}

// full is the table's name with the schema that it needs.
func (t *Table) full() string {
	if t.Schema == "" {
		return t.Table
	}
	return t.Schema + "." + t.Table
}

// Read gives the tables as a source, whose blocks come table by table.
func (d *Database) Read(tables ...Table) *Source { return &Source{d.system, tables} }

// Source is a datasets.Source over tables of one database.
type Source struct {
	system system
	tables []Table
}

// Blocks reads the tables in one transaction: what others write meanwhile is
// not seen. Texts and numbers without a fixed size come out Raw, as from a CSV
// file, as do dates and stamps without a zone; other numbers, booleans and
// stamps come out typed. A table without rows gives one empty block. The
// sequence ends after the first error: a *datasets.Error where a table or a
// right is missing, *Lost where the connection broke.
func (s *Source) Blocks(ctx context.Context) iter.Seq2[datasets.Block, error] {
	return func(yield func(datasets.Block, error) bool) {
		r, err := s.system.begin(ctx)
		if err != nil {
			yield(datasets.Block{}, err)
			return
		}
		defer r.end()
		for _, t := range s.tables {
			t := t
			if on, err := readTable(ctx, r, &t, yield); err != nil {
				yield(datasets.Block{}, err)
				return
			} else if !on {
				return
			}
		}
	}
}

// readTable yields the blocks of one table; on is false where no more are wanted.
func readTable(ctx context.Context, r reading, t *Table, yield func(datasets.Block, error) bool) (on bool, err error) {
	lost := &Lost{Table: t.called(), Key: t.After}
	c, err := r.open(ctx, t)
	if err != nil {
		return false, told(err, lost)
	}
	defer c.close()
	for {
		b, err := c.next(ctx, blockRows)
		if err != nil {
			return false, told(err, lost)
		}
		if b.Rows == 0 && lost.Rows > 0 {
			return true, nil
		}
		var keys []*datasets.Column
		if len(t.Key) > 0 {
			keys = b.Columns[len(b.Columns)-len(t.Key):]
			b.Columns = b.Columns[:len(b.Columns)-len(t.Key)]
		}
		from, place := lost.Rows, lost.Table
		b.Place = func(row int) string { return fmt.Sprintf("table %s, row %d", place, from+row+1) }
		if !yield(datasets.Block{Name: cmp.Or(t.Name, lost.Table), Table: b}, nil) {
			return false, nil
		}
		if b.Rows < blockRows {
			return true, nil
		}
		lost.Rows += b.Rows
		lost.Key = lost.Key[:0:0]
		for _, k := range keys {
			lost.Key = append(lost.Key, strings.Clone(k.Texts.At(b.Rows-1)))
		}
	}
}

// told adds the place to an error: one of the data passes, what is left is a
// lost connection.
func told(err error, at *Lost) error {
	switch e := err.(type) {
	case *refused:
		place := at.Table
		if at.Rows > 0 {
			place = fmt.Sprintf("%s, after row %d", place, at.Rows)
		}
		return &datasets.Error{Place: "table " + place, Message: e.message}
	case *Lost, *datasets.Error:
		return err
	}
	at.Err = err
	return at
}

// refused is what the database itself says no to, in our words.
type refused struct{ message string }

func (r *refused) Error() string { return r.message }

// selection writes what is read of a table in SQL that both databases know:
// columns, then the key as text. Bound are the places of After.
func (t *Table) selection(key func(quoted string) (ordered, text string), bound func(i int) string) string {
	from := quote(t.Table)
	if t.Schema != "" {
		from = quote(t.Schema) + "." + from
	}
	if t.Query != "" {
		from = "(" + strings.TrimRight(strings.TrimSpace(t.Query), "; \n\t") + "\n) AS q"
	}
	columns := []string{"*"}
	if len(t.Columns) > 0 {
		columns = nil
	}
	for _, c := range t.Columns {
		columns = append(columns, quote(c))
	}
	var order, present, binds []string
	for i, k := range t.Key {
		ordered, text := key(quote(k))
		columns = append(columns, fmt.Sprintf("%s AS leadcast_key_%d", text, i+1))
		order = append(order, ordered)
		present = append(present, quote(k)+" IS NOT NULL")
		if len(t.After) > 0 {
			binds = append(binds, bound(i))
		}
	}
	s := "SELECT " + strings.Join(columns, ", ") + " FROM " + from
	if len(binds) > 0 {
		present = append(present, "("+strings.Join(order, ", ")+") > ("+strings.Join(binds, ", ")+")")
	}
	if len(present) > 0 {
		s += " WHERE " + strings.Join(present, " AND ") + " ORDER BY " + strings.Join(order, ", ")
	}
	return s
}

// quote writes an identifier.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
