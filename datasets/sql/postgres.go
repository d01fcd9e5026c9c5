package sql

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/leadcast/leadcast/datasets"
)

// Limits on what a server may make us wait for; an address that sets its own
// (statement_timeout, connect_timeout) is obeyed.
const (
	connectWithin  = 15 * time.Second
	statementLimit = "600000" // milliseconds: the first block of a long table may have to wait for its sort
)

type postgres struct {
	config *pgconn.Config
	source string
}

// openPostgres reads the address. Where it does not say how TLS is used, a
// server on another machine must speak it.
func openPostgres(a Address) (*postgres, error) {
	config, err := pgconn.ParseConfig(a.place)
	if err != nil { // its text would repeat parts of the address
		return nil, fmt.Errorf("sql: what %s holds is no address of a PostgreSQL database: it wants postgres://user:password@host/database or host=… dbname=… user=…", a.source)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectWithin
	}
	for name, value := range map[string]string{"statement_timeout": statementLimit, "application_name": "leadcast", "synchronize_seqscans": "off"} {
		if _, set := config.RuntimeParams[name]; !set {
			config.RuntimeParams[name] = value
		}
	}
	config.RuntimeParams["default_transaction_read_only"] = "on"
	config.RuntimeParams["datestyle"] = "ISO"
	if !strings.Contains(a.place, "sslmode") && os.Getenv("PGSSLMODE") == "" {
		secure := config.Fallbacks[:0]
		for _, f := range config.Fallbacks {
			if f.TLSConfig != nil || local(f.Host) {
				secure = append(secure, f)
			}
		}
		config.Fallbacks = secure
	}
	return &postgres{config, a.source}, nil
}

// local: a socket or this machine.
func local(host string) bool {
	ip := net.ParseIP(host)
	return strings.HasPrefix(host, "/") || host == "localhost" || ip != nil && ip.IsLoopback()
}

func (p *postgres) Close() error { return nil }

// connect opens a connection. What goes wrong is said without the address.
func (p *postgres) connect(ctx context.Context) (*pgconn.PgConn, error) {
	conn, err := pgconn.ConnectConfig(ctx, p.config)
	if err == nil {
		return conn, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	why := "the server does not answer, or does not speak TLS (sslmode says how it is used)"
	var said *pgconn.PgError
	var name *net.DNSError
	switch {
	case errors.As(err, &said) && strings.HasPrefix(said.Code, "28"):
		why = "the server refuses this user or password"
	case errors.As(err, &said) && said.Code == "3D000":
		why = "there is no such database"
	case errors.As(err, &said):
		why = "the server says no (SQLSTATE " + said.Code + ")"
	case errors.As(err, &name):
		why = "there is no server of this name"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		why = "the server did not answer in time"
	}
	return nil, &datasets.Error{Place: p.source, Message: "cannot connect to the database: " + why}
}

const catalogue = `SELECT CASE WHEN pg_table_is_visible(c.oid) THEN '' ELSE n.nspname END, c.relname,
	(SELECT string_agg(a.attname, chr(31) ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
	(SELECT string_agg(a.attname, chr(31) ORDER BY k.place) FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(number, place)
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number WHERE i.indrelid = c.oid AND i.indisprimary)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND NOT c.relispartition AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
	AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
ORDER BY NOT pg_table_is_visible(c.oid), n.nspname::text COLLATE "C", c.relname::text COLLATE "C"`

func (p *postgres) tables(ctx context.Context) ([]Table, error) {
	conn, err := p.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	result := conn.ExecParams(ctx, catalogue, nil, nil, nil, nil).Read()
	if result.Err != nil {
		return nil, told(inOurWords(result.Err), &Lost{Table: "pg_class"})
	}
	var all []Table
	for _, row := range result.Rows {
		t := Table{Schema: string(row[0]), Table: string(row[1])}
		if len(row[2]) > 0 {
			t.Columns = strings.Split(string(row[2]), "\x1f")
		}
		if len(row[3]) > 0 {
			t.Key = strings.Split(string(row[3]), "\x1f")
		}
		all = append(all, t)
	}
	return all, nil
}

// pgReading is a transaction: one state of the database for all its tables.
type pgReading struct {
	conn    *pgconn.PgConn
	cursors int
}

func (p *postgres) begin(ctx context.Context) (reading, error) {
	conn, err := p.connect(ctx)
	if err != nil {
		return nil, err
	}
	r := &pgReading{conn: conn}
	if err := r.run(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); err != nil {
		r.end()
		return nil, told(err, &Lost{Table: "(none yet)"})
	}
	return r, nil
}

func (r *pgReading) run(ctx context.Context, command string, args ...[]byte) error {
	return inOurWords(r.conn.ExecParams(ctx, command, args, nil, nil, nil).Read().Err)
}

func (r *pgReading) end() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	r.conn.Close(ctx)
}

// open declares a cursor. Texts are ordered by their bytes, whatever the
// database's language.
func (r *pgReading) open(ctx context.Context, t *Table) (cursor, error) {
	if t.Query == "" && len(t.Key) == 0 {
		key, err := r.primaryKey(ctx, t)
		if err != nil {
			return nil, err
		}
		t.Key = key
	}
	texts, err := r.textual(ctx, t)
	if err != nil {
		return nil, err
	}
	statement := t.selection(func(quoted string) (string, string) {
		if texts[quoted] {
			return quoted + ` COLLATE "C"`, quoted + "::text"
		}
		return quoted, quoted + "::text"
	}, func(i int) string { return fmt.Sprintf("$%d", i+1) })
	args := make([][]byte, len(t.After))
	for i, v := range t.After {
		args[i] = []byte(v)
	}
	r.cursors++
	c := &pgCursor{r: r, name: fmt.Sprintf("leadcast_%d", r.cursors)}
	return c, r.run(ctx, "DECLARE "+c.name+" NO SCROLL CURSOR FOR "+statement, args...)
}

// primaryKey looks a table's key up.
func (r *pgReading) primaryKey(ctx context.Context, t *Table) (key []string, err error) {
	name := quote(t.Table)
	if t.Schema != "" {
		name = quote(t.Schema) + "." + name
	}
	result := r.conn.ExecParams(ctx, `SELECT a.attname FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(number, place)
		JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number WHERE i.indrelid = $1::regclass AND i.indisprimary ORDER BY k.place`,
		[][]byte{[]byte(name)}, nil, nil, nil).Read()
	for _, row := range result.Rows {
		key = append(key, string(row[0]))
	}
	return key, inOurWords(result.Err)
}

// textual finds out which columns of the key hold text.
func (r *pgReading) textual(ctx context.Context, t *Table) (map[string]bool, error) {
	if len(t.Key) == 0 {
		return nil, nil
	}
	plain := *t
	plain.After, plain.Columns, plain.Key = nil, t.Key, nil
	said, err := r.conn.Prepare(ctx, "", plain.selection(nil, nil), nil)
	if err != nil {
		return nil, inOurWords(err)
	}
	texts := map[string]bool{}
	for i, f := range said.Fields {
		switch f.DataTypeOID {
		case 18, 19, 25, 1042, 1043: // char, name, text, bpchar, varchar
			texts[quote(t.Key[i])] = true
		}
	}
	return texts, nil
}

// pgCursor is a cursor on the server.
type pgCursor struct {
	r     *pgReading
	name  string
	fetch *pgconn.StatementDescription
	kinds []func(c *datasets.Column, cell []byte) // nil in kinds where a cell is kept as text
	forms []int16
}

func (c *pgCursor) close() {
	if !c.r.conn.IsClosed() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = c.r.run(ctx, "CLOSE "+c.name) // the transaction ends soon anyway
	}
}

// next fetches the rows that follow.
func (c *pgCursor) next(ctx context.Context, rows int) (*datasets.Table, error) {
	if c.fetch == nil {
		var err error
		if c.fetch, err = c.r.conn.Prepare(ctx, c.name, fmt.Sprintf("FETCH FORWARD %d FROM %s", rows, c.name), nil); err != nil {
			return nil, inOurWords(err)
		}
		c.kinds, c.forms = make([]func(*datasets.Column, []byte), len(c.fetch.Fields)), make([]int16, len(c.fetch.Fields))
		for i, f := range c.fetch.Fields {
			if d, ok := binaryKinds[f.DataTypeOID]; ok {
				c.kinds[i], c.forms[i] = d.read, 1
			}
		}
	}
	t := &datasets.Table{Columns: make([]*datasets.Column, len(c.fetch.Fields))}
	for i, f := range c.fetch.Fields {
		t.Columns[i] = &datasets.Column{Name: f.Name, Kind: binaryKinds[f.DataTypeOID].kind}
		if c.kinds[i] == nil {
			t.Columns[i].Texts.Offsets = make([]int64, 1, rows+1)
		}
	}
	result := c.r.conn.ExecPrepared(ctx, c.name, nil, nil, c.forms)
	for ; result.NextRow(); t.Rows++ {
		for i, cell := range result.Values() {
			if read := c.kinds[i]; read != nil {
				read(t.Columns[i], cell)
			} else {
				texts := &t.Columns[i].Texts
				texts.Bytes = append(texts.Bytes, cell...)
				texts.Offsets = append(texts.Offsets, int64(len(texts.Bytes)))
			}
		}
	}
	_, err := result.Close()
	return t, inOurWords(err)
}

// pgKind says how the bytes of one of PostgreSQL's types are read.
type pgKind struct {
	kind datasets.Kind
	read func(c *datasets.Column, cell []byte)
}

func numbers(of func(cell []byte) float64) pgKind {
	return pgKind{datasets.Number, func(c *datasets.Column, cell []byte) {
		v := math.NaN()
		if cell != nil {
			v = of(cell)
		}
		c.Nums = append(c.Nums, v)
	}}
}

// since2000 is where PostgreSQL counts microseconds from, in ours.
const since2000 = 946_684_800_000_000

// binaryKinds are the types, by number, that are read as they are; all others
// come as text. int8 and numeric do too: they may be ids longer than a float64.
var binaryKinds = map[uint32]pgKind{
	16:  {datasets.Bool, numbers(func(b []byte) float64 { return float64(b[0]) }).read},
	21:  numbers(func(b []byte) float64 { return float64(int16(binary.BigEndian.Uint16(b))) }),
	23:  numbers(func(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) }),
	700: numbers(func(b []byte) float64 { return float64(math.Float32frombits(binary.BigEndian.Uint32(b))) }),
	701: numbers(func(b []byte) float64 { return math.Float64frombits(binary.BigEndian.Uint64(b)) }),
	1184: {datasets.Time, func(c *datasets.Column, b []byte) {
		v := int64(datasets.NoTime)
		if b != nil {
			if at := int64(binary.BigEndian.Uint64(b)); at != math.MaxInt64 && at != math.MinInt64 { // infinity
				v = at + since2000
			}
		}
		c.Times = append(c.Times, v)
	}},
}

// inOurWords turns what the server said into a message without values of rows;
// what it did not say passes, as a broken connection.
func inOurWords(err error) error {
	var said *pgconn.PgError
	if !errors.As(err, &said) || strings.HasPrefix(said.Code, "57P") || strings.HasPrefix(said.Code, "08") {
		return err
	}
	switch said.Code {
	case "42P01", "3F000":
		return &refused{"there is no such table"}
	case "42703":
		return &refused{"there is no such column"}
	case "42501":
		return &refused{"this user may not read it: GRANT SELECT"}
	case "42601":
		return &refused{fmt.Sprintf("the query is not SQL that PostgreSQL reads, near character %d", said.Position)}
	case "25006":
		return &refused{"the query would write; only reading is allowed"}
	case "57014":
		return &refused{"it took longer than statement_timeout allows; set a longer one in the address (options=-c statement_timeout=…)"}
	case "53100", "53200", "53300":
		return &refused{"the server lacks disk, memory or connections (SQLSTATE " + said.Code + ")"}
	}
	return &refused{"the server refuses it (SQLSTATE " + said.Code + ")"}
}
