package main

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/leadcast/leadcast/datasets"
)

// tables is the flags that name what lies beside the leads: tables of events,
// and one with the history of fields.
type tables struct {
	events  []string
	history string
}

func (b *tables) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringArrayVar(&b.events, "events", nil, "file of what happened to the leads: FILE[:KEY[,happened_at=COLUMN,known_at=…,kind=…,amount=…,id=…,name=…]]")
	f.StringVar(&b.history, "history", "", "file of how fields changed: FILE[:KEY[,field=COLUMN,old=…,new=…,happened_at=…,known_at=…]]")
}

// given names the flags that are set.
func (b *tables) given() (names []string) {
	if b.events != nil {
		names = append(names, "events")
	}
	if b.history != "" {
		names = append(names, "history")
	}
	return names
}

// tableFile is a file of events or of a history, and the columns that a person named.
type tableFile struct {
	path, name string
	history    bool
	columns    map[string]string
}

// tableColumns are what a flag may name columns of.
var tableColumns = map[string]bool{"lead_id": true, "happened_at": true, "known_at": true, "kind": true, "amount": true, "id": true, "field": true, "old": true, "new": true}

// parse reads FILE[:KEY[,WHAT=COLUMN…]]. The name is that of the file, but for
// its endings.
func (b *tables) parse() (list []tableFile, err error) {
	all := b.events
	if b.history != "" {
		all = append(append([]string(nil), all...), b.history)
	}
	for i, text := range all {
		f := tableFile{path: text, history: i >= len(b.events), columns: map[string]string{}}
		flag := map[bool]string{false: "events", true: "history"}[f.history]
		if at := strings.LastIndex(text, ":"); at > 0 && !strings.ContainsAny(text[at:], "/\\#") && !isSystem(text[:at]) {
			f.path = text[:at]
			for k, part := range strings.Split(text[at+1:], ",") {
				what, column, named := strings.Cut(part, "=")
				switch {
				case !named && k == 0:
					what, column = "lead_id", part
				case what == "name" && column != "":
					f.name = column
					continue
				}
				if column == "" || !tableColumns[what] {
					return nil, usagef("--%s wants FILE[:KEY[,happened_at=COLUMN,known_at=COLUMN …]], not %q", flag, text)
				}
				f.columns[what] = column
			}
		}
		if f.name == "" {
			if _, table, ok := strings.Cut(f.path, "#"); ok {
				f.name = table
			} else {
				f.name, _, _ = strings.Cut(filepath.Base(f.path), ".")
			}
		}
		for _, other := range list {
			if other.name == f.name {
				return nil, usagef("--%s: two tables are called %q; give one another name with name=…", flag, f.name)
			}
		}
		list = append(list, f)
	}
	return list, nil
}

// isSystem reports whether what stands before a colon begins an address.
func isSystem(before string) bool {
	return before == "sqlite" || before == "postgres" || before == "postgresql"
}

// read reads the tables as they are, by name.
func (b *tables) read(ctx context.Context, p *program, in *input) (map[string]*datasets.Table, []tableFile, error) {
	list, err := b.parse()
	if err != nil || list == nil {
		return nil, nil, err
	}
	read := make(map[string]*datasets.Table, len(list))
	for _, f := range list {
		t, _, err := (&input{separator: in.separator, maxErrors: in.maxErrors}).readOne(ctx, p, []string{f.path})
		if err != nil {
			return nil, nil, err
		}
		read[f.name] = t
	}
	return read, list, nil
}

// find reads the tables and finds out how they are to be read; the leads' own
// key is looked for where none is named.
func (b *tables) find(ctx context.Context, p *program, t *training) ([]datasets.Note, error) {
	found, list, err := b.read(ctx, p, &t.input)
	if err != nil {
		return nil, err
	}
	var notes []datasets.Note
	for _, f := range list {
		raw := found[f.name]
		if id := t.plan.Roles.ID; f.columns["lead_id"] == "" && id != "" && raw.Column(id) != nil {
			f.columns["lead_id"] = id
		}
		e, more, err := datasets.FindEvents(f.name, raw, f.history, f.columns, datasets.Hints{Dates: t.plan.Dates, Zone: t.plan.Zone, Missing: t.plan.Missing})
		if err != nil {
			return nil, inFile(f.path, err)
		}
		notes = append(notes, more...)
		t.plan.Tables = append(t.plan.Tables, *e)
	}
	t.plan.Events = found
	return notes, nil
}
