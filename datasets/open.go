package datasets

// OpenRows lists the rows of a typed table that are neither won nor lost by
// the contract, without looking at times; all of them where the table says
// nothing of outcomes.
func (c Contract) OpenRows(t *Table, r Roles) []int {
	outcome := t.Column(r.Outcome)
	var rows []int
	for i := range t.Rows {
		if outcome == nil || outcome.Missing(i) || c.state(outcome.Kind, trim(outcome.word(i))) == Open && !c.OtherLost {
			rows = append(rows, i)
		}
	}
	return rows
}
