//go:build postgres

package sql_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/leadcast/leadcast/datasets"
	source "github.com/leadcast/leadcast/datasets/sql"
	"github.com/leadcast/leadcast/datasets/sql/sqltest"
)

func dsn(c *sqltest.Cluster) map[string]string { return map[string]string{"LEADCAST_DSN": c.DSN()} }

// activities fills a table of some rows.
func activities(c *sqltest.Cluster, rows int) {
	c.SQL(fmt.Sprintf(`CREATE TABLE activities (id bigint PRIMARY KEY, lead_id text, kind text, happened_at timestamptz, known_at timestamptz, amount float8);
		INSERT INTO activities SELECT i, 'L' || lpad((i %% 1000000)::text, 7, '0'), CASE i %% 3 WHEN 0 THEN 'email' WHEN 1 THEN 'call' ELSE 'visit' END,
			'2024-01-01Z'::timestamptz + i * interval '1 second', '2024-01-01Z'::timestamptz + i * interval '1 second', i / 7.0 FROM generate_series(1, %d) i;`, rows))
}

func TestPostgresTypes(t *testing.T) {
	c := sqltest.Start(t)
	c.SQL(`CREATE SCHEMA hubspot; CREATE TABLE hubspot."Deal" (b text, a int, PRIMARY KEY (b, a));
		CREATE TABLE kinds (k varchar(9) PRIMARY KEY, yes bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric, d date, ts timestamp, tz timestamptz, j jsonb, u uuid, l text[]);
		INSERT INTO kinds VALUES ('é', true, -2, 4, 9007199254740993, 0.5, -1e300, 12.50, '2024-02-29', '2024-02-29 01:02:03', '1969-12-31 23:59:59.999999Z', '{"a": 1}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{x,y}'),
			('Z', false, 0, 0, 0, 'NaN', 'Infinity', 'NaN', 'infinity', NULL, 'infinity', NULL, NULL, NULL), ('a', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
		CREATE VIEW v AS SELECT k FROM kinds;`)
	d := open(t, "postgres:kinds", dsn(c))
	tables, err := d.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, x := range tables {
		names = append(names, fmt.Sprintf("%s.%s%v%d", x.Schema, x.Table, x.Key, len(x.Columns)))
	}
	if diff := cmp.Diff([]string{".kinds[k]14", ".v[]1", "hubspot.Deal[b a]2"}, names); diff != "" {
		t.Error(diff)
	}
	found, err := d.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	table, err := datasets.ReadAll(t.Context(), d.Read(found), "kinds")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{
		{"Z", "0", "0", "0", "0", "", "+Inf", "NaN", "infinity", "", "", "", "", ""},
		{"a", "", "", "", "", "", "", "", "", "", "", "", "", ""},
		{"é", "1", "-2", "4", "9007199254740993", "0.5", "-1e+300", "12.50", "2024-02-29", "2024-02-29 01:02:03", "1969-12-31T23:59:59.999999Z", `{"a": 1}`, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "{x,y}"},
	}, cells(table)); diff != "" {
		t.Error(diff)
	}
	if found, err := open(t, "postgres:hubspot.deal", dsn(c)).Find(t.Context()); err != nil || found.Table != "Deal" || found.Schema != "hubspot" {
		t.Error(found, err)
	}
}

func TestPostgresRefuses(t *testing.T) {
	c := sqltest.Start(t)
	c.SQL(`CREATE TABLE leads (id int, name text); INSERT INTO leads VALUES (1, 'secret@example.com'); CREATE ROLE stranger LOGIN; CREATE SEQUENCE s;`)
	for query, want := range map[string]string{
		"SELECT nothing FROM leads": "no such column", "SELECT * FROM nowhere": "no such table", "SELECT FROM WHERE": "not SQL that PostgreSQL reads",
		"SELECT name::int AS n FROM leads": "SQLSTATE 22P02", "WITH gone AS (DELETE FROM leads RETURNING id) SELECT * FROM gone": "SQLSTATE",
		"SELECT nextval('s')": "would write", "SELECT 1; COMMIT; DELETE FROM leads": "not SQL", "SELECT pg_sleep(9)": "statement_timeout",
	} {
		d := open(t, "postgres:"+query, map[string]string{"LEADCAST_DSN": c.DSN() + " statement_timeout=300"})
		found, err := d.Find(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = datasets.ReadAll(t.Context(), d.Read(found), "query")
		var e *datasets.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", query, err)
		}
	}
	if got := c.SQL("SELECT count(*) FROM leads"); got != "1\n" {
		t.Errorf("rows left: %s", got)
	}
	stranger := map[string]string{"LEADCAST_DSN": strings.Replace(c.DSN(), "tester", "stranger", 1)}
	if _, err := datasets.ReadAll(t.Context(), open(t, "postgres:", stranger).Read(source.Table{Table: "leads"}), "leads"); err == nil || !strings.Contains(err.Error(), "GRANT") {
		t.Error(err)
	}
	if tables, err := open(t, "postgres:", stranger).Tables(t.Context()); err != nil || len(tables) != 0 {
		t.Error(tables, err)
	}
	for dsn, want := range map[string]string{
		strings.Replace(c.DSN(), "postgres", "nowhere", 1): "no such database", strings.Replace(c.DSN(), "tester", "hidden", 1) + " password=hidden": "refuses this user",
		"host=" + c.Dir + "/hidden user=hidden password=hidden": "does not answer", "host=127.0.0.1 port=1 user=hidden password=hidden": "does not answer",
	} {
		_, err := open(t, "postgres:", map[string]string{"LEADCAST_DSN": dsn}).Tables(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden") || !strings.HasPrefix(err.Error(), "LEADCAST_DSN: ") {
			t.Errorf("%s: %v", want, err)
		}
	}
	a, _, err := source.Parse("postgres:leads", func(string) string { return "postgres://hidden:hidden@host:port/" })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := source.Open(a); err == nil || strings.Contains(err.Error(), "hidden") {
		t.Error(err)
	}
}

// A connection cut in mid-read ends in one error that names table and row, and
// the reading goes on behind the last row that came.
func TestPostgresCut(t *testing.T) {
	c := sqltest.Start(t)
	const rows = 60_000
	activities(c, rows)
	for _, key := range [][]string{nil, {"kind", "happened_at", "id"}} {
		table := source.Table{Table: "activities", Key: key}
		d := open(t, "postgres:", dsn(c))
		whole, err := datasets.ReadAll(t.Context(), d.Read(table), "activities")
		if err != nil {
			t.Fatal(err)
		}
		var got [][]string
		var lost *source.Lost
		for b, err := range d.Read(table).Blocks(t.Context()) {
			if err != nil {
				if !errors.As(err, &lost) {
					t.Fatal(err)
				}
				break
			}
			if got = append(got, cells(b.Table)...); len(got) > 20_000 {
				c.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'leadcast'")
			}
		}
		if lost == nil || lost.Table != "activities" || lost.Rows != len(got) || lost.Rows%8192 != 0 || !strings.Contains(lost.Error(), fmt.Sprintf(`table "activities": the connection to the database was lost after row %d;`, len(got))) {
			t.Fatalf("%v after %d rows", lost, len(got))
		}
		table.After = lost.Key
		rest, err := datasets.ReadAll(t.Context(), d.Read(table), "activities")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(cells(whole), append(got, cells(rest)...)); diff != "" || whole.Rows != rows {
			t.Errorf("key %v: %d rows, %.300s", key, whole.Rows, diff)
		}
	}
}

// All tables of a reading are of one moment.
func TestPostgresOneState(t *testing.T) {
	c := sqltest.Start(t)
	c.SQL("CREATE TABLE a AS SELECT 1 AS x; CREATE TABLE b AS SELECT 1 AS x;")
	rows := map[string]int{}
	for b, err := range open(t, "postgres:", dsn(c)).Read(source.Table{Table: "a"}, source.Table{Table: "b"}).Blocks(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		rows[b.Name] += b.Rows
		c.SQL("INSERT INTO b VALUES (2)")
	}
	if rows["a"] != 1 || rows["b"] != 1 {
		t.Error(rows)
	}
}

func TestPostgresTLS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	cert, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := os.MkdirTemp("", "leadcast-tls")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(files)
	if err := os.Chmod(files, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{filepath.Join(files, "crt"): {Type: "CERTIFICATE", Bytes: cert}, filepath.Join(files, "key"): {Type: "EC PRIVATE KEY", Bytes: private}, filepath.Join(dir, "ca"): {Type: "CERTIFICATE", Bytes: cert}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	settings := []string{"listen_addresses = '127.0.0.1'", fmt.Sprintf("port = %d", port), "ssl = on", "ssl_cert_file = '" + files + "/crt'", "ssl_key_file = '" + files + "/key'"}
	sqltest.Give(t, files+"/crt", files+"/key")
	sqltest.Start(t, settings...)
	for mode, want := range map[string]string{"sslmode=verify-full sslrootcert=" + dir + "/ca": "t", "sslmode=require": "t", "sslmode=disable": "f", "sslmode=verify-full": ""} {
		d := open(t, "postgres:SELECT ssl::text AS tls FROM pg_stat_ssl WHERE pid = pg_backend_pid()", map[string]string{"LEADCAST_DSN": fmt.Sprintf("host=127.0.0.1 port=%d user=tester dbname=postgres %s", port, mode)})
		found, err := d.Find(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		table, err := datasets.ReadAll(context.Background(), d.Read(found), "query")
		if want == "" {
			if err == nil {
				t.Errorf("%s: a server that nobody vouches for was trusted", mode)
			}
			continue
		}
		if err != nil || table.Columns[0].Texts.At(0)[:1] != want {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

func TestPostgresBoundedMemory(t *testing.T) {
	c := sqltest.Start(t)
	activities(c, 1_000_000)
	most := stream(t, open(t, "postgres:", dsn(c)).Read(source.Table{Table: "activities"}), 1_000_000)
	t.Logf("the heap grew by %.1f MiB", float64(most)/(1<<20))
	if most > bounded {
		t.Errorf("the heap grew by %d MiB", most>>20)
	}
}
