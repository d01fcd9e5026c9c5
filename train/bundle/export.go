package bundle

import (
	"errors"
	"fmt"
	"io"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models/exchange"
)

// Export writes the model for another program. The note is what a person should
// know of it, "" where it is the whole model; the error is a *datasets.Error
// that names what cannot be exported.
func (b *Bundle) Export(w io.Writer, to ExportFormat) (note string, err error) {
	columns := b.columns()
	for _, c := range columns {
		if c.Levels != nil && c.Codes > len(c.Levels)+1 {
			return "", &datasets.Error{Column: c.Origin, Message: "has values that are known by their fingerprints only, which other programs cannot read: train without the column (--exclude)"}
		}
	}
	if b.Manifest.Timed {
		return "", &datasets.Error{Message: "this model forecasts won and lost over time; only models without times, of a yes/no table, can be exported"}
	}
	switch to.Name {
	case "sql":
		err = exchange.SQL(w, b.model, columns, to.Table, b.shown(columns))
	case "lightgbm":
		alone := false
		if alone, err = exchange.LightGBMText(w, b.model, columns); !alone {
			note = "the file holds the boosted trees alone, not the blend that p_win comes from (" + b.Manifest.Recipe + ")"
		}
	case "onnx":
		err = exchange.ONNX(w, b.model, columns)
	default:
		return "", fmt.Errorf("bundle: no such format: %q", to.Name)
	}
	var e *exchange.Error
	if errors.As(err, &e) {
		return "", &datasets.Error{Message: e.Message}
	}
	return note, err
}

// ExportFormat is what Export writes.
type ExportFormat struct {
	Name  string // sql, onnx or lightgbm
	Table string // sql: the table of leads, as a query names it
}

// columns describes the model's matrix to other programs.
func (b *Bundle) columns() []exchange.Column {
	var columns []exchange.Column
	for j, o := range b.Outputs() {
		if o.Kind == "codes" { // those of which all values are readable are nothing else
			o.Kind = "category"
		}
		c := exchange.Column{Name: o.Name, Origin: o.Origin, Kind: o.Kind, Codes: o.Levels, Levels: b.encoder.Levels(j)}
		if f := b.Manifest.Schema.Field(o.Origin); f != nil {
			c.Missing = f.Missing
			if o.Kind == "number" && f.Kind == datasets.Bool {
				c.Kind = "yes or no"
			}
		}
		columns = append(columns, c)
	}
	return columns
}

// shown are the columns that tell leads apart: their id or, where there is
// none, whatever the model reads.
func (b *Bundle) shown(columns []exchange.Column) []string {
	if id := b.Manifest.Schema.Roles.ID; id != "" {
		return []string{id}
	}
	var names []string
	seen := map[string]bool{}
	for _, c := range columns {
		if !seen[c.Origin] {
			names = append(names, c.Origin)
		}
		seen[c.Origin] = true
	}
	return names
}
