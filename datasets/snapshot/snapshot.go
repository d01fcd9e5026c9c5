// Package snapshot keeps the history of leads of a CRM that keeps none: it is
// shown their table again and again, and writes down what has changed.
package snapshot

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/leadcast/leadcast/datasets"
)

// Taken is what a snapshot came to.
type Taken struct {
	Leads   int `json:"leads"`
	New     int `json:"new"`     // leads that were not seen before
	Changed int `json:"changed"` // leads seen before of which something has changed
	Rows    int `json:"rows"`    // rows added to the history
}

// The table history has the columns of a history of fields (see
// datasets.EventTable). A field that a lead begins with is a row without an old
// value; one that is emptied, a row without a new one. The table today has
// every lead's row of last time, to compare with.
const tables = `
CREATE TABLE IF NOT EXISTS history (lead_id TEXT NOT NULL, field TEXT NOT NULL, old TEXT, new TEXT, happened_at TEXT NOT NULL, known_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS today (lead_id TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (lead_id, field)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS leads (lead_id TEXT PRIMARY KEY, hash BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS taken (at TEXT NOT NULL);`

// Take compares a raw table of leads with what the SQLite file at path has of
// them, and appends what has changed as seen at a moment (microseconds): all of
// it, or nothing where it fails. The file is made where there is none. Leads
// that the table does not have, and fields without a column, stay as they are.
// Errors about the table, and a moment before that of the last snapshot, are
// *datasets.Error.
func Take(ctx context.Context, path string, leads *datasets.Table, key string, at int64) (t Taken, err error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return t, err
	}
	u := url.URL{Scheme: "file", Path: full, RawQuery: "_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)&_txlock=immediate"}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return t, fmt.Errorf("snapshot: %s: %w", filepath.Base(path), err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, tables); err != nil {
		return t, fmt.Errorf("snapshot: %s: %w", filepath.Base(path), err)
	}
	s := store{tx: tx, seen: datasets.FormatTime(at)}
	if t, err = s.take(ctx, leads, key); err != nil {
		return Taken{}, err
	}
	return t, tx.Commit()
}

// store is an open file.
type store struct {
	tx   *sql.Tx
	seen string
}

func (s *store) take(ctx context.Context, leads *datasets.Table, key string) (t Taken, err error) {
	id := leads.Column(key)
	if id == nil {
		return t, &datasets.Error{Column: key, Message: "there is no such column; it is to hold the lead's own id"}
	}
	var last sql.NullString
	if err := s.tx.QueryRowContext(ctx, "SELECT max(at) FROM taken").Scan(&last); err != nil {
		return t, err
	}
	if last.String > s.seen {
		return t, &datasets.Error{Message: fmt.Sprintf("the last snapshot was taken on %s, which is later: what is seen now cannot be older", last.String)}
	}
	columns := slices.DeleteFunc(slices.Clone(leads.Columns), func(c *datasets.Column) bool { return c == id })
	slices.SortFunc(columns, func(a, b *datasets.Column) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	known := map[string]int{}
	for i := range leads.Rows {
		lead := text(id, i)
		if lead == "" {
			return t, &datasets.Error{Place: leads.At(i), Column: key, Message: "is missing"}
		}
		if first, twice := known[lead]; twice {
			return t, &datasets.Error{Place: leads.At(i), Column: key, Message: "stands at " + leads.At(first) + " already; a lead has one row"}
		}
		known[lead] = i
		n, isNew, err := s.lead(ctx, lead, columns, i)
		if err != nil {
			return t, err
		}
		t.Leads++
		t.Rows += n
		switch {
		case isNew:
			t.New++
		case n > 0:
			t.Changed++
		}
	}
	_, err = s.tx.ExecContext(ctx, "INSERT INTO taken VALUES (?)", s.seen)
	return t, err
}

// lead writes down what has changed of one lead: n rows.
func (s *store) lead(ctx context.Context, lead string, columns []*datasets.Column, i int) (n int, isNew bool, err error) {
	h := sha256.New()
	for _, c := range columns {
		fmt.Fprintf(h, "%q=%q;", c.Name, text(c, i))
	}
	now := h.Sum(nil)[:16]
	var was []byte
	err = s.tx.QueryRowContext(ctx, "SELECT hash FROM leads WHERE lead_id = ?", lead).Scan(&was)
	if isNew = errors.Is(err, sql.ErrNoRows); err != nil && !isNew || slices.Equal(was, now) {
		return 0, isNew, err
	}
	values, err := s.values(ctx, lead)
	if err != nil {
		return 0, isNew, err
	}
	for _, c := range columns {
		value, old := text(c, i), values[c.Name]
		if value == old {
			continue
		}
		n++
		if _, err := s.tx.ExecContext(ctx, "INSERT INTO history VALUES (?, ?, nullif(?, ''), nullif(?, ''), ?, ?)", lead, c.Name, old, value, s.seen, s.seen); err != nil {
			return n, isNew, err
		}
		if _, err := s.tx.ExecContext(ctx, "INSERT INTO today VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", lead, c.Name, value); err != nil {
			return n, isNew, err
		}
	}
	_, err = s.tx.ExecContext(ctx, "INSERT INTO leads VALUES (?, ?) ON CONFLICT DO UPDATE SET hash = excluded.hash", lead, now)
	return n, isNew, err
}

// values are those that a lead's fields had last time.
func (s *store) values(ctx context.Context, lead string) (map[string]string, error) {
	rows, err := s.tx.QueryContext(ctx, "SELECT field, value FROM today WHERE lead_id = ?", lead)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	values := map[string]string{}
	for rows.Next() {
		var field, value string
		if err := rows.Scan(&field, &value); err != nil {
			return nil, err
		}
		values[field] = value
	}
	return values, rows.Err()
}

// text is a cell as it was read, "" for nothing.
func text(c *datasets.Column, i int) string {
	switch {
	case c.Missing(i):
		return ""
	case c.Times != nil:
		return datasets.FormatTime(c.Times[i])
	case c.Nums != nil:
		return fmt.Sprint(c.Nums[i])
	}
	return c.Texts.At(i)
}
