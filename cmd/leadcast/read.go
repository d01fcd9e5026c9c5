package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/datasets/crm"
	"github.com/leadcast/leadcast/datasets/csv"
	"github.com/leadcast/leadcast/datasets/jsonl"
	"github.com/leadcast/leadcast/datasets/parquet"
	"github.com/leadcast/leadcast/datasets/sql"
	"github.com/leadcast/leadcast/train/bundle"
)

// input is the flags that say how files are read.
type input struct {
	separator string
	maxErrors int
	crm       string // whose mapping gives the leads; "" for a table of leads
	joins     []string
	where     []string
	numbered  bool // add the row numbers that a split file refers to
}

func (in *input) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&in.separator, "separator", "", "cell separator where it is not found by itself (a character, or tab)")
	f.IntVar(&in.maxErrors, "max-errors", 0, "leave out up to this many broken rows instead of stopping")
	f.StringArrayVar(&in.joins, "join", nil, "add the columns of another file: FILE:KEY, with at most one row a key")
	f.StringVar(&in.crm, "crm", "", "the files, folder or database hold the tables of this CRM: "+strings.Join(crm.Names(), ", "))
	f.StringArrayVar(&in.where, "where", nil, "use only the rows for which COLUMN=VALUE (also != < <= > >=, ~ for contains, several values with |)")
}

// given names the flags that shape what is read, as far as they are set.
func (in *input) given() []string {
	var names []string
	for _, f := range []struct {
		name string
		set  bool
	}{{"join", in.joins != nil}, {"where", in.where != nil}, {"separator", in.separator != ""}, {"max-errors", in.maxErrors != 0}, {"crm", in.crm != ""}} {
		if f.set {
			names = append(names, f.name)
		}
	}
	return names
}

// read reads the leads of some files as one raw table, joined and filtered.
func (in *input) read(ctx context.Context, p *program, paths []string) (*datasets.Table, []datasets.Note, error) {
	for _, w := range in.where {
		if !strings.ContainsAny(w, "=<>~") {
			return nil, nil, usagef("--where wants COLUMN=VALUE (also != < <= > >= ~), not %q", w)
		}
	}
	table, notes, err := in.readLeads(ctx, p, paths)
	if err != nil {
		return nil, nil, err
	}
	if in.numbered && table.Column(rowNumbers) == nil {
		numberRows(table)
	}
	for _, j := range in.joins {
		at := strings.LastIndex(j, ":")
		if at < 1 || at == len(j)-1 {
			return nil, nil, usagef("--join wants FILE:KEY, not %q", j)
		}
		other, more, err := in.readOne(ctx, p, []string{j[:at]})
		if err != nil {
			return nil, nil, err
		}
		notes = append(notes, more...)
		if other.Column(j[at+1:]) == nil {
			return nil, nil, &datasets.Error{Place: j[:at], Column: j[at+1:], Message: "there is no such column, which --join names as the key"}
		}
		if table, more, err = datasets.Join(table, other, j[at+1:]); err != nil {
			return nil, nil, err
		}
		notes = append(notes, more...)
	}
	if table, err = datasets.Where(table, in.where); err != nil {
		return nil, nil, err
	}
	if len(in.where) > 0 && table.Rows == 0 {
		return nil, nil, &datasets.Error{Message: "no row is left by --where"}
	}
	return table, notes, nil
}

// noter is a source that has something to say once it has been read.
type noter interface{ Notes() []datasets.Note }

// readLeads reads the table of the leads, which a CRM's mapping may have to put together.
func (in *input) readLeads(ctx context.Context, p *program, paths []string) (*datasets.Table, []datasets.Note, error) {
	if in.crm == "" {
		return in.readOne(ctx, p, paths)
	}
	c, leads, err := in.company(ctx, p, paths)
	if err != nil {
		return nil, nil, err
	}
	return leads, c.Notes(), nil
}

func (in *input) readOne(ctx context.Context, p *program, paths []string) (*datasets.Table, []datasets.Note, error) {
	source, err := in.open(ctx, p, paths)
	if err != nil {
		return nil, nil, err
	}
	table, err := datasets.ReadAll(ctx, source, "leads")
	if err != nil {
		return nil, nil, err
	}
	if n, ok := source.(noter); ok {
		return table, n.Notes(), nil
	}
	return table, nil, nil
}

// openers is the table from the endings of a file's name, but for .gz and .zst,
// to what reads it; any other file is separated text, as is standard input
// unless it begins with an object. A new source is one line here.
var openers = []struct {
	endings []string
	open    func(paths []string, stdin io.Reader) (datasets.Source, error)
}{
	{[]string{".jsonl", ".ndjson"}, func(paths []string, stdin io.Reader) (datasets.Source, error) { return jsonl.Open(paths, stdin) }},
	{[]string{".parquet"}, func(paths []string, _ io.Reader) (datasets.Source, error) { return parquet.Open(paths) }},
}

func (in *input) open(ctx context.Context, p *program, paths []string) (datasets.Source, error) {
	paths, err := inFolders(paths)
	if err != nil {
		return nil, err
	}
	if d, err := database(paths[0]); err != nil || d != nil {
		return in.query(ctx, d, paths, err)
	}
	name := strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(paths[0]), ".gz"), ".zst")
	stdin := p.stdin
	if name == "-" && stdin != nil {
		in := bufio.NewReader(stdin)
		if stdin = in; jsonl.Starts(in) {
			name = ".jsonl"
		}
	}
	for _, o := range openers {
		if slices.Contains(o.endings, filepath.Ext(name)) {
			return o.open(paths, stdin)
		}
	}
	o := csv.Options{MaxErrors: in.maxErrors, Stdin: stdin}
	switch s := []rune(in.separator); {
	case in.separator == "tab" || in.separator == `\t`:
		o.Comma = '\t'
	case len(s) == 1:
		o.Comma = s[0]
	case len(s) > 1:
		return nil, usagef("--separator wants one character or tab, not %q", in.separator)
	}
	return csv.Open(paths, o)
}

// query opens one table of a database.
func (in *input) query(ctx context.Context, d *sql.Database, paths []string, err error) (datasets.Source, error) {
	if err != nil {
		return nil, err
	}
	if len(paths) > 1 {
		return nil, usagef("one table of a database is read at a time: SELECT … UNION ALL … puts several together")
	}
	t, err := d.Find(ctx)
	if err != nil {
		return nil, err
	}
	t.Name = "leads"
	return d.Read(t), nil
}

// inFile adds to an error about data, where it names no place, the file.
func inFile(path string, err error) error {
	var data *datasets.Error
	if errors.As(err, &data) && data.Place == "" {
		data.Place = filepath.Base(path)
	}
	return err
}

// modelAndLeads opens a model and reads the leads that it is asked about: the first of
// some steps.
func (in *input) modelAndLeads(ctx context.Context, p *program, model string, files []string, bar *bar, steps int) (*bundle.Bundle, *datasets.Table, []datasets.Note, error) {
	b, err := openBundle(model)
	if err != nil {
		return nil, nil, nil, err
	}
	bar.say("reading "+filepath.Base(files[0]), 0, steps)
	leads, notes, err := in.read(ctx, p, files)
	return b, leads, notes, err
}

// lookFrom is the moment that --as-of names, now where it names none.
func (p *program) lookFrom(asOf string) (int64, error) {
	if asOf == "" {
		return datasets.Micros(p.now()), nil
	}
	return moment("as-of", asOf)
}

// moment reads a date or a time that a person typed.
func moment(flag, text string) (int64, error) {
	if text == "" {
		return datasets.NoTime, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return datasets.Micros(t), nil
		}
	}
	return 0, usagef("--%s wants a date such as 2018-05-31 or a time such as 2018-05-31T08:00:00Z, not %q", flag, text)
}

// days reads horizons such as 30d, 12w, 6m or a bare number of days.
func days(flag, text string) (int, error) {
	number, unit := text, 1
	for suffix, length := range map[string]int{"d": 1, "w": 7, "m": 30, "y": 365} {
		if n, ok := strings.CutSuffix(text, suffix); ok {
			number, unit = n, length
		}
	}
	n, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil || n < 1 || n > 36500 {
		return 0, usagef("--%s wants a number of days such as 90d, not %q", flag, text)
	}
	return n * unit, nil
}

// rowNumbers is the column that a split by row number refers to.
const rowNumbers = "row_id"

// split reads a split file: a column of ids (or row_id, the row's number from
// 0), and a column that says train or test.
func (in *input) split(ctx context.Context, p *program, path string) (column string, test map[string]bool, err error) {
	t, _, err := (&input{}).readOne(ctx, p, []string{path})
	if err != nil {
		return "", nil, err
	}
	id := t.Columns[0]
	for _, part := range t.Columns[1:] {
		test = make(map[string]bool, t.Rows)
		for i := range t.Rows {
			v := part.Texts.At(i)
			if v != "train" && v != "test" {
				test = nil
				break
			}
			test[strings.Clone(id.Texts.At(i))] = v == "test"
		}
		if len(test) > 0 {
			return id.Name, test, nil
		}
	}
	return "", nil, &datasets.Error{Place: path, Message: "wants two columns: an id (or row_id, the row's number from 0), and one that says train or test in every row"}
}

// numberRows adds the column that a split by row number refers to.
func numberRows(t *datasets.Table) {
	c := &datasets.Column{Name: rowNumbers, Kind: datasets.Raw}
	for i := range t.Rows {
		c.Texts.Append(strconv.Itoa(i))
	}
	t.Columns = append(t.Columns, c)
}
