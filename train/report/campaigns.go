package report

import (
	"errors"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/lift"
)

// campaigns compares the segments as arms. Values of few leads stand together,
// and what cannot be compared is left out with the reason.
func (c *company) campaigns(r *Report) error {
	if c.segment == "" || c.out.End == datasets.NoTime {
		return nil
	}
	d := lift.Data{Arm: make([]string, len(c.all)), Created: c.out.Created, Entry: c.out.Entry, Exit: c.out.Days, State: c.out.State, End: c.out.End}
	for i := range d.Arm {
		d.Arm[i] = lift.NoArm
	}
	for _, g := range c.groups {
		for _, row := range g.rows {
			d.Arm[row] = g.value
		}
	}
	if account := c.leads.Column(c.m.Schema.Roles.Account); account != nil && account.Nums == nil && account.Times == nil && account.Name != c.segment {
		for i := range d.Arm {
			d.Account = append(d.Account, account.Texts.At(i))
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
