package main

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/datasets/crm"
	"github.com/leadcast/leadcast/datasets/sql"
)

// endings are those of files that may hold a table, but for .gz and .zst.
var endings = []string{".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".parquet"}

// unpacked is a file's name without the ending of its packing.
func unpacked(file string) string {
	return strings.TrimSuffix(strings.TrimSuffix(file, ".gz"), ".zst")
}

// inFolders puts the files of folders in place of these.
func inFolders(paths []string) (files []string, err error) {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || !info.IsDir() {
			files = append(files, path)
			continue
		}
		var found []string
		err = filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && slices.Contains(endings, strings.ToLower(filepath.Ext(unpacked(file)))) {
				found = append(found, file)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, &datasets.Error{Place: path, Message: "there is no table in this folder; files that end in " + strings.Join(endings, ", ") + " (also .gz, .zst) are read"}
		}
		files = append(files, found...)
	}
	return files, nil
}

// database opens what an address names; nil for what is a file.
func database(path string) (*sql.Database, error) {
	address, is, err := sql.Parse(path, os.Getenv)
	if err != nil {
		return nil, asUsage(err)
	}
	if !is {
		return nil, nil
	}
	d, err := sql.Open(address)
	if err != nil && !address.IsFile() {
		err = asUsage(err)
	}
	return d, err
}

// tables finds the tables of files, folders and databases, for a CRM's mapping.
func (in *input) tables(ctx context.Context, p *program, paths []string) (list []crm.Table, err error) {
	files, err := inFolders(paths)
	if err != nil {
		return nil, err
	}
	for _, path := range files {
		d, err := database(path)
		if err != nil {
			return nil, err
		}
		if d != nil {
			more, err := in.stored(ctx, d)
			if err != nil {
				return nil, err
			}
			list = append(list, more...)
			continue
		}
		source, err := in.open(ctx, p, []string{path})
		if err != nil {
			return nil, err
		}
		name := filepath.Base(unpacked(path))
		t := crm.Table{Name: strings.TrimSuffix(name, filepath.Ext(name)), Source: func([]string) datasets.Source { return source }}
		for b, err := range source.Blocks(ctx) {
			if err != nil {
				return nil, err
			}
			t.Columns = b.Names()
			break
		}
		list = append(list, t)
	}
	return list, nil
}

// stored are the tables of a database: of those schemas that bear the name of
// the CRM, where there are such.
func (in *input) stored(ctx context.Context, d *sql.Database) (list []crm.Table, err error) {
	var all []sql.Table
	if d.Address.Table != "" || d.Address.Query != "" {
		t, err := d.Find(ctx)
		if err != nil {
			return nil, err
		}
		all = []sql.Table{t}
	} else if all, err = d.Tables(ctx); err != nil {
		return nil, err
	}
	name, _, _ := strings.Cut(in.crm, "/")
	named := func(t sql.Table) bool { return strings.Contains(strings.ToLower(t.Schema), name) }
	if slices.ContainsFunc(all, named) {
		all = slices.DeleteFunc(all, func(t sql.Table) bool { return !named(t) })
	}
	for _, t := range all {
		list = append(list, crm.Table{Name: t.Table, Columns: t.Columns, Source: func(columns []string) datasets.Source {
			t := t
			t.Columns = columns
			return d.Read(t)
		}})
	}
	return list, nil
}

// company finds the CRM's tables and reads the leads; of the records that can
// be a lead those count of which some were won.
func (in *input) company(ctx context.Context, p *program, paths []string) (*crm.Company, *datasets.Table, error) {
	tables, err := in.tables(ctx, p, paths)
	if err != nil {
		return nil, nil, err
	}
	all, err := crm.Find(in.crm, tables)
	if err != nil {
		return nil, nil, err
	}
	var best *crm.Company
	var leads *datasets.Table
	for _, c := range all {
		t, err := c.Leads(ctx)
		if err != nil {
			return nil, nil, err
		}
		won := false
		if status := t.Column("status"); status != nil {
			for i := range t.Rows {
				won = won || status.Texts.At(i) == "Won"
			}
		}
		if best == nil || won {
			best, leads = c, t
		}
		if won {
			break
		}
	}
	return best, leads, nil
}
