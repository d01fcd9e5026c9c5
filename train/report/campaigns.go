package report

import (
	"errors"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/lift"
)

// campaigns compares the segments as arms. Values of few leads stand together,
// and what cannot be compared is left out with the reason.
func (c *company) campaigns(r *Report) error {
	if r.Segment == "" {
		return nil
	}
	o := *c.out
	o.Rows = c.all // the table holds the leads only
	d, err := lift.FromTable(c.leads, &o, c.m.Schema.Roles, c.m.Contract, r.Segment)
	if err != nil {
		return err
	}
	for i := range d.Arm {
		d.Arm[i] = lift.NoArm
	}
	for _, g := range c.groups {
		for _, row := range g.rows {
			d.Arm[row] = g.value
		}
	}
	result, err := lift.Compare(d, lift.Options{Horizon: r.HorizonDays})
	var data *datasets.Error
	if errors.As(err, &data) {
		r.missing["campaigns"] = data.Message
		return nil
	}
	r.Campaigns = result
	return err
}
