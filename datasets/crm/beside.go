package crm

import (
	"context"
	"iter"

	"github.com/leadcast/leadcast/datasets"
)

// historyName is the name of the table in which Beside puts all histories.
const historyName = "history"

// Beside reads what lies beside the leads into memory: the tables of events by
// their names, and as "history" the changes that all histories tell, without the
// values before, which not every one knows. Tables without a row are left out.
func (c *Company) Beside(ctx context.Context) (map[string]*datasets.Table, error) {
	var kept blocks
	for b, err := range c.Blocks(ctx) {
		if err != nil {
			return nil, err
		}
		if b.Name == "leads" || b.Rows == 0 {
			continue
		}
		if b.Column("field") != nil {
			b.Name, b.Table = historyName, b.Drop("old")
		}
		kept = append(kept, b)
	}
	tables := map[string]*datasets.Table{}
	for _, b := range kept {
		if tables[b.Name] == nil {
			t, err := datasets.ReadAll(ctx, kept, b.Name)
			if err != nil {
				return nil, err
			}
			tables[b.Name] = t
		}
	}
	return tables, nil
}

// blocks is a source of blocks in memory.
type blocks []datasets.Block

func (s blocks) Blocks(context.Context) iter.Seq2[datasets.Block, error] {
	return func(yield func(datasets.Block, error) bool) {
		for _, b := range s {
			if !yield(b, nil) {
				return
			}
		}
	}
}
