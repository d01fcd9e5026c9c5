package features

// Levels names the codes of a matrix column that holds the values of a
// category of the table, "other" last; nil for all other columns.
func (e *Encoder) Levels(column int) []string {
	for _, f := range e.columns {
		if c, ok := f.feature.(*category); ok && f.from == column {
			return append(append([]string(nil), c.Kept...), "other")
		}
	}
	return nil
}
