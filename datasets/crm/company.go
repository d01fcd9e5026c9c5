// Package crm brings the tables of a CRM, as they lie in a warehouse or in a
// folder of exports, into the one shape that Leadcast works with: a table of
// leads, histories of their fields, and events (docs/design.md, "A company's
// tables"). What a CRM calls its tables and columns is data, a file a CRM in
// maps/; no code knows one of them.
package crm

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/leadcast/leadcast/datasets"
)

// Table is a table as it lies there.
type Table struct {
	Name    string                                 // of the file without its endings, or of the table without its schema
	Columns []string                               // its headers
	Source  func(columns []string) datasets.Source // reads some columns; a source that gives more is read too
}

// Company is the tables of a company, found by the mapping of its CRM.
type Company struct {
	mapping *mapping
	unit    *unit
	found   map[string]*Table // by part
	notes   []datasets.Note
	ids     map[string]struct{} // of the leads, once they are read
	columns map[string]string   // plain name: column of leads
}

// Match says which table is which part of the CRM.
type Match struct{ Part, Table string }

// Find matches tables with the mapping of a CRM: "salesforce", or
// "salesforce/lead" to say which of its records is the lead. Without that it
// gives one company for each kind of record that can be a lead, the likeliest
// first. Tables that the CRM does not know are left alone. The error is a
// *datasets.Error: a CRM that is not known, or no table of leads.
func Find(name string, tables []Table) ([]*Company, error) {
	name, wanted, _ := strings.Cut(name, "/")
	m, err := load(name)
	if err != nil {
		return nil, err
	}
	found := map[string]*Table{}
	for i := range m.Parts {
		if t := m.Parts[i].match(tables); t != nil {
			found[m.Parts[i].Part] = t
		}
	}
	var all []*Company
	var units, needed []string
	for i := range m.Units {
		u := &m.Units[i]
		units = append(units, u.Unit)
		if wanted != "" && wanted != u.Unit {
			continue
		}
		needed = append(needed, fmt.Sprintf("%q (with %s)", u.Part, strings.Join(m.part(u.Part).Needs, ", ")))
		if found[u.Part] != nil {
			all = append(all, &Company{mapping: m, unit: u, found: found})
		}
	}
	switch {
	case len(needed) == 0:
		return nil, &datasets.Error{Message: fmt.Sprintf("in %s a lead is one of %s, not %q", m.Title, strings.Join(units, ", "), wanted)}
	case len(all) == 0:
		return nil, &datasets.Error{Message: fmt.Sprintf("none of the %d tables is the one of %s that leads come from: %s", len(tables), m.Title, strings.Join(needed, " or "))}
	}
	return all, nil
}

// Name is what --crm takes to find this company again.
func (c *Company) Name() string { return c.mapping.Name + "/" + c.unit.Unit }

// Title is the CRM's name as it writes it itself.
func (c *Company) Title() string { return c.mapping.Title }

// Matches lists the tables that were found, in the order of the mapping.
func (c *Company) Matches() (list []Match) {
	for _, p := range c.mapping.Parts {
		if t := c.found[p.Part]; t != nil {
			list = append(list, Match{p.Part, t.Name})
		}
	}
	return list
}

// Notes is what was worth saying about the tables that have been read so far.
func (c *Company) Notes() []datasets.Note { return c.notes }

func (c *Company) say(format string, args ...any) {
	n := datasets.Note{Row: -1, Message: fmt.Sprintf(format, args...)}
	if !slices.Contains(c.notes, n) {
		c.notes = append(c.notes, n)
	}
}

// header is the header of a part's column; "" where the table or it is not there.
func (c *Company) header(p, column string) string {
	if all := c.headers(p, column); len(all) > 0 {
		return all[0]
	}
	return ""
}

// headers are all headers of a part that its column goes by, the best first.
func (c *Company) headers(p, column string) []string {
	t := c.found[p]
	if t == nil || column == "" {
		return nil
	}
	return c.mapping.part(p).findAll(t.Columns, column)
}

// read reads columns of a part as one table, none for all; headers that are ""
// are left out.
func (c *Company) read(ctx context.Context, p string, headers ...string) (*datasets.Table, error) {
	t := c.found[p]
	headers = slices.DeleteFunc(headers, func(h string) bool { return h == "" })
	table, err := datasets.ReadAll(ctx, renamed{t.Source(headers), p}, p)
	if err != nil || len(headers) == 0 {
		return table, err
	}
	picked := &datasets.Table{Rows: table.Rows, Place: table.Place}
	for _, h := range headers {
		if col := table.Column(h); col != nil && !slices.Contains(picked.Columns, col) {
			picked.Columns = append(picked.Columns, col)
		}
	}
	return picked, nil
}

// Blocks gives the company's tables: "leads", then histories and events, as
// far as they were found. Only the leads are held in memory as a whole, and
// versions of records while they are compared.
func (c *Company) Blocks(ctx context.Context) iter.Seq2[datasets.Block, error] {
	return func(yield func(datasets.Block, error) bool) {
		leads, err := c.Leads(ctx)
		if err != nil {
			yield(datasets.Block{}, err)
			return
		}
		if !yield(datasets.Block{Name: "leads", Table: leads}, nil) {
			return
		}
		leads = nil
		for i := range c.mapping.History {
			if !c.changes(ctx, &c.mapping.History[i], yield) {
				return
			}
		}
		for i := range c.mapping.Events {
			if !c.happenings(ctx, &c.mapping.Events[i], yield) {
				return
			}
		}
	}
}

// renamed gives the blocks of one table under another name.
type renamed struct {
	datasets.Source
	name string
}

func (r renamed) Blocks(ctx context.Context) iter.Seq2[datasets.Block, error] {
	return func(yield func(datasets.Block, error) bool) {
		for b, err := range r.Source.Blocks(ctx) {
			b.Name = r.name
			if !yield(b, err) {
				return
			}
		}
	}
}
