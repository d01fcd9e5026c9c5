package datasets_test

import (
	"fmt"

	"github.com/leadcast/leadcast/datasets"
)

func column(name string, cells ...string) *datasets.Column {
	return &datasets.Column{Name: name, Texts: datasets.MakeStrings(cells...)}
}

// A file is read by what the whole of it tells.
func ExampleInfer() {
	t := &datasets.Table{Rows: 3, Columns: []*datasets.Column{
		column("created", "31/1/2018", "1/2/2018", "3/2/2018"),
		column("value", "€1.200,50", "-", "€80,00"),
		column("newsletter", "yes", "no", "yes"),
	}}
	s, notes, err := datasets.Infer(t, datasets.Hints{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range s.Fields {
		fmt.Println(f.Name, "is", f.Kind)
	}
	for _, n := range notes {
		fmt.Printf("%s: %s\n", n.Column, n.Message)
	}
	leads, _, err := s.Apply(t)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(leads.Column("value").Nums)
	// Output:
	// created is time
	// newsletter is bool
	// value is number
	// value: read as missing: "-" (1)
	// [1200.5 NaN 80]
}

// A lead is read alone by the rules of the file that the schema came from.
func ExampleReader_Apply() {
	s := &datasets.Schema{Zone: "Europe/Berlin", Fields: []datasets.Field{
		{Name: "created", Kind: datasets.Time, Layout: "2/1/2006"},
		{Name: "employees", Kind: datasets.Number},
	}}
	reader, err := s.Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	lead, notes := reader.Apply(&datasets.Table{Rows: 1, Columns: []*datasets.Column{
		column("created", "1/7/2018 09:30"),
		column("employees", "a few"),
	}})
	fmt.Println(datasets.FormatTime(lead.Column("created").Times[0]))
	fmt.Println(notes[0].Column, notes[0].Message)
	// Output:
	// 2018-07-01T07:30:00Z
	// employees cannot be read as number; taken as missing
}

// What is not yet decided is open, and what was decided later was open then.
func ExampleContract_Read() {
	day := func(n int64) int64 { return n * datasets.MicrosPerDay }
	t := &datasets.Table{Rows: 3, Columns: []*datasets.Column{
		{Name: "created", Kind: datasets.Time, Times: []int64{day(0), day(10), day(20)}},
		{Name: "stage", Kind: datasets.Category, Texts: datasets.MakeStrings("Won", "Lost", "Negotiation")},
		{Name: "closed", Kind: datasets.Time, Times: []int64{day(40), day(15), datasets.NoTime}},
	}}
	contract := datasets.Contract{Won: []string{"Won"}, Lost: []string{"Lost"}}
	roles := datasets.Roles{Created: "created", Outcome: "stage", Closed: "closed"}
	o, notes, err := contract.Read(t, roles, datasets.NoTime)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(notes[0].Message)
	fmt.Println(o.State)
	then := o.At(day(20))
	fmt.Println(then.State, then.Days)
	// Output:
	// neither won nor lost, so open: "Negotiation" (1)
	// [won lost open]
	// [open lost] [20 5]
}

func ExamplePropose() {
	table := &datasets.Table{Rows: 4, Columns: []*datasets.Column{
		{Name: "lead_id", Texts: datasets.MakeStrings("1", "2", "3", "4")},
		{Name: "created_at", Texts: datasets.MakeStrings("2018-01-01", "2018-01-02", "2018-01-05", "2018-01-09")},
		{Name: "closed_at", Texts: datasets.MakeStrings("2018-02-01", "2018-01-07", "", "2018-02-03")},
		{Name: "status", Texts: datasets.MakeStrings("Won", "Lost", "Open", "Won")},
		{Name: "lost_reason", Texts: datasets.MakeStrings("", "Price", "", "")},
	}}
	p, err := datasets.Propose(table, "")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, g := range p.Settings {
		if g.Taken {
			fmt.Println(g.Key, g.Values)
		}
	}
	// Output:
	// outcome [status]
	// won [Won]
	// created [created_at]
	// closed [closed_at]
	// lost [Lost]
	// id [lead_id]
	// exclude [lost_reason]
}
