package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// hubspot writes a generated company as HubSpot's tables, in SQL that
// PostgreSQL and SQLite both read, from tables that hold the generator's files.
const hubspot = `
CREATE TABLE deal AS SELECT lead_id AS deal_id, false AS is_deleted, created_at AS property_createdate, closed_at AS property_closedate,
	CASE status WHEN 'Won' THEN 'closedwon' WHEN 'Lost' THEN '901' ELSE '902' END AS deal_pipeline_stage_id, owner AS owner_id, source AS property_source, country AS property_country,
	industry AS property_industry, employees AS property_employees, visits_before AS property_visits_before, value AS property_amount, lead_id || ' deal' AS property_dealname FROM leads;
CREATE TABLE deal_pipeline_stage AS SELECT 'closedwon' AS stage_id, 'Closed won' AS label, true AS closed_won, true AS is_closed UNION ALL SELECT '901', 'No budget', false, true UNION ALL SELECT '902', 'Offer', false, false;
CREATE TABLE deal_company AS SELECT lead_id AS deal_id, account_id AS company_id FROM leads;
CREATE TABLE company AS SELECT account_id AS id, name AS property_name, region AS property_region FROM accounts;
CREATE TABLE deal_property_history AS SELECT lead_id AS deal_id, field AS name, new AS value, happened_at AS "timestamp" FROM history;
CREATE TABLE engagement_deal AS SELECT 'e' || happened_at || lead_id AS engagement_id, lead_id AS deal_id FROM activities;
CREATE TABLE engagement_call AS SELECT 'e' || happened_at || lead_id AS engagement_id, happened_at AS property_hs_timestamp, known_at AS property_hs_createdate FROM activities WHERE kind = 'call';
`

// generatedTables are the files of a generated company that hubspot reads.
var generatedTables = []string{"leads", "accounts", "history", "activities"}

// load fills a SQLite file with the tables of CSV files.
func load(t *testing.T, file, dir, script string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range generatedTables {
		text, err := os.ReadFile(filepath.Join(dir, name+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		header, rows := cells(t, string(text))
		if _, err := tx.Exec("CREATE TABLE " + name + " (" + strings.Join(header, " TEXT, ") + " TEXT)"); err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			values := make([]any, len(header))
			for i, h := range header {
				if v := row[h]; v != "" {
					values[i] = v
				}
			}
			if _, err := tx.Exec("INSERT INTO "+name+" VALUES (?"+strings.Repeat(", ?", len(header)-1)+")", values...); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := tx.Exec(script); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

// What init writes of a CRM's tables is what train accepts, and the leads are those of the CRM.
func TestInitCRM(t *testing.T) {
	dir := t.TempDir()
	must(t, "datasets", "generate", "crm", "--leads", "800", "--seed", "7", "-o", dir)
	load(t, filepath.Join(dir, "crm.db"), dir, hubspot)
	t.Chdir(dir)
	out := must(t, "init", "sqlite:crm.db", "--crm", "hubspot").stdout
	plain := must(t, "init", "leads.csv", "-o", "-").stdout
	line, _, _ := strings.Cut(plain[strings.Index(plain, "# 800 leads:"):], ";")
	if !strings.Contains(out, strings.TrimPrefix(line, "# ")) {
		t.Errorf("want %q in\n%s", line, out)
	}
	text, err := os.ReadFile("leadcast.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"crm: hubspot/deal", "files: ['sqlite:crm.db']", "outcome: status", "won: [Won]", "lost: [Lost]", "account: account_id", "amount: amount", "- deal_pipeline_stage_id ", "- pipeline_is_won "} {
		if !strings.Contains(string(text), want) {
			t.Errorf("leadcast.yaml lacks %q:\n%s", want, text)
		}
	}
	accepts(t, trainCommandWith(t, "leadcast.yaml"))
}

// A table of a database and a folder are read as a file is.
func TestAddresses(t *testing.T) {
	dir := t.TempDir()
	must(t, "datasets", "generate", "crm", "--leads", "300", "--seed", "7", "-o", dir)
	load(t, filepath.Join(dir, "crm.db"), dir, "")
	t.Chdir(dir)
	if err := os.Mkdir("parts", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename("leads.csv", "parts/leads.csv"); err != nil {
		t.Fatal(err)
	}
	flags := []string{"--outcome", "status", "--won", "Won", "--lost", "Lost", "--created", "created_at", "--closed", "closed_at"}
	for _, args := range [][]string{{"sqlite:crm.db#leads"}, {"sqlite:crm.db#SELECT * FROM leads"}, {"parts"}} {
		tr := trainCommandWith(t, "", append(flags, args...)...)
		accepts(t, tr)
		table, _, err := tr.read(t.Context(), &program{}, tr.files)
		if err != nil || table.Rows != 300 || table.Column("lead_id").Texts.At(0) != "L0000001" {
			t.Errorf("%v: %v", args, err)
		}
	}
	for line, want := range map[string]answer{
		"init sqlite:crm.db":                      {code: exitData, stderr: "say which table: sqlite:crm.db#TABLE; there is accounts, activities, history, leads"},
		"init sqlite:crm.db#lead":                 {code: exitData, stderr: `there is no table "lead"`},
		"init sqlite:none.db":                     {code: exitUsage, stderr: `there is no file "none.db"`},
		"init postgres:leads":                     {code: exitUsage, stderr: "LEADCAST_DSN is not set"},
		"init postgres://u:hidden@h/d#leads":      {code: exitUsage, stderr: "must not hold a password"},
		"init sqlite:crm.db#leads --crm siebel":   {code: exitData, stderr: `there is no CRM "siebel"`},
		"init parts --crm hubspot":                {code: exitData, stderr: "none of the 1 tables is the one of HubSpot"},
		"init parts --crm salesforce/opportunity": {code: exitData, stderr: "Salesforce"},
	} {
		a := leadcast(t, "", append(strings.Fields(line), "-o", "-")...)
		if a.code != want.code || !strings.Contains(a.stderr, want.stderr) || strings.Contains(a.stderr, "hidden") {
			t.Errorf("%s: exit %d: %s", line, a.code, a.stderr)
		}
	}
	t.Setenv("LEADCAST_DSN", "postgres://u:hidden@host:port/")
	if a := leadcast(t, "", "init", "postgres:leads", "-o", "-"); a.code != exitUsage || strings.Contains(a.stderr, "hidden") {
		t.Errorf("exit %d: %s", a.code, a.stderr)
	}
}
