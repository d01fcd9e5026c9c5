package sql

import (
	"context"
	database "database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/leadcast/leadcast/datasets"
)

type sqlite struct {
	db   *database.DB
	name string
}

// openSQLite opens a file for reading only.
func openSQLite(a Address) (*sqlite, error) {
	if _, err := os.Stat(a.place); err != nil {
		return nil, err
	}
	path, err := filepath.Abs(a.place)
	if err != nil {
		return nil, err
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: "mode=ro&_pragma=query_only(1)"}
	db, err := database.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return &sqlite{db, filepath.Base(a.place)}, nil
}

func (s *sqlite) Close() error { return s.db.Close() }

// sqliteError says what SQLite says no to.
func sqliteError(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	why := "SQLite cannot read it: the file is damaged or no SQLite database, or the query is wrong"
	switch text := err.Error(); {
	case strings.Contains(text, "no such table"):
		why = "there is no such table"
	case strings.Contains(text, "no such column"):
		why = "there is no such column"
	case strings.Contains(text, "not a database"):
		why = "the file is no SQLite database"
	case strings.Contains(text, "syntax error"), strings.Contains(text, "incomplete input"):
		why = "the query is not SQL that SQLite reads"
	case strings.Contains(text, "readonly"):
		why = "the query would write; only reading is allowed"
	case strings.Contains(text, "locked"), strings.Contains(text, "busy"):
		why = "another program is writing to the file; try again when it is done"
	}
	return &refused{why}
}

// rows collects what a query says, a text a cell.
func (s *sqlite) rows(ctx context.Context, query string, args ...any) (list [][]string, err error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, &datasets.Error{Place: s.name, Message: sqliteError(ctx, err).Error()}
	}
	defer rows.Close()
	for rows.Next() {
		var a, b string
		if err := rows.Scan(&a, &b); err != nil {
			return nil, err
		}
		list = append(list, []string{a, b})
	}
	return list, rows.Err()
}

func (s *sqlite) tables(ctx context.Context) ([]Table, error) {
	names, err := s.rows(ctx, `SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name`)
	if err != nil {
		return nil, err
	}
	var all []Table
	for _, n := range names {
		t := Table{Table: n[0]}
		if t.Columns, t.Key, err = s.columns(ctx, n[0]); err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// columns lists the columns of a table and those of its primary key.
func (s *sqlite) columns(ctx context.Context, table string) (names, key []string, err error) {
	rows, err := s.rows(ctx, `SELECT name, pk FROM pragma_table_info(?) ORDER BY cid`, table)
	if err != nil {
		return nil, nil, err
	}
	keys := make([]string, len(rows))
	for _, r := range rows {
		names = append(names, r[0])
		if n, _ := strconv.Atoi(r[1]); n > 0 {
			keys[n-1] = r[0]
		}
	}
	for _, k := range keys {
		if k != "" {
			key = append(key, k)
		}
	}
	return names, key, nil
}

// liteReading is a transaction.
type liteReading struct {
	s  *sqlite
	tx *database.Tx
}

func (s *sqlite) begin(ctx context.Context) (reading, error) {
	tx, err := s.db.BeginTx(ctx, &database.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, &datasets.Error{Place: s.name, Message: sqliteError(ctx, err).Error()}
	}
	return &liteReading{s, tx}, nil
}

func (r *liteReading) end() { _ = r.tx.Rollback() }

func (r *liteReading) open(ctx context.Context, t *Table) (cursor, error) {
	if t.Query == "" && len(t.Key) == 0 {
		rows, err := r.tx.QueryContext(ctx, `SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk`, t.Table)
		if err != nil {
			return nil, sqliteError(ctx, err)
		}
		for rows.Next() {
			var k string
			if err := rows.Scan(&k); err != nil {
				return nil, err
			}
			t.Key = append(t.Key, k)
		}
		if err := rows.Close(); err != nil {
			return nil, err
		}
	}
	args := make([]any, len(t.After))
	for i, v := range t.After {
		args[i] = v
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			args[i] = n
		}
	}
	statement := t.selection(func(quoted string) (string, string) { return quoted, quoted }, func(int) string { return "?" })
	rows, err := r.tx.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, sqliteError(ctx, err)
	}
	names, err := rows.Columns()
	return &liteCursor{rows, names}, err
}

// liteCursor steps through a query.
type liteCursor struct {
	rows  *database.Rows
	names []string
}

func (c *liteCursor) close() { _ = c.rows.Close() }

// next reads the rows that follow. SQLite's cells have kinds of their own, so
// all columns are texts, as those of a CSV file are.
func (c *liteCursor) next(ctx context.Context, rows int) (*datasets.Table, error) {
	t := &datasets.Table{Columns: make([]*datasets.Column, len(c.names))}
	cells, places := make([]any, len(c.names)), make([]any, len(c.names))
	for i, n := range c.names {
		t.Columns[i] = &datasets.Column{Name: n}
		places[i] = &cells[i]
	}
	for ; t.Rows < rows && c.rows.Next(); t.Rows++ {
		if err := c.rows.Scan(places...); err != nil {
			return nil, err
		}
		for i, v := range cells {
			t.Columns[i].Texts.Append(asText(v))
		}
	}
	if err := c.rows.Err(); err != nil {
		return nil, sqliteError(ctx, err)
	}
	return t, nil
}

// asText is a cell as text, "" for NULL.
func asText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []byte:
		return string(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	}
	return fmt.Sprint(v)
}
