package train

import (
	"github.com/leadcast/leadcast/datasets"
)

// Leads is a table of leads as training reads it, before anything is learnt.
type Leads struct {
	Table    *datasets.Table    // typed
	Outcomes *datasets.Outcomes // of rows of Table
	Roles    datasets.Roles     // with those that were guessed
	Contract datasets.Contract  // with the values that were taken to mean lost
	Notes    []datasets.Note
}

// Read reads a raw table by the roles, the contract and the as-of of a plan.
// What the plan leaves open is inferred as in Run.
func Read(raw *datasets.Table, p Plan) (*Leads, error) {
	s := &study{plan: p}
	_, typed, err := s.read(raw)
	if err != nil {
		return nil, err
	}
	return &Leads{typed, s.out, s.plan.Roles, s.plan.Contract, s.notes}, nil
}

// read finds roles, kinds and outcomes. The tables it gives back have one row
// a lead that exists at the as-of; s.out is about them.
func (s *study) read(raw *datasets.Table) (existing, typed *datasets.Table, err error) {
	if raw.Rows == 0 {
		return nil, nil, &datasets.Error{Message: "the file has a header but no rows"}
	}
	if err := s.plan.Check(); err != nil {
		return nil, nil, err
	}
	if err := s.roles(raw); err != nil {
		return nil, nil, err
	}
	if raw, err = s.withoutJunk(raw); err != nil {
		return nil, nil, err
	}
	if raw, err = s.existing(raw); err != nil {
		return nil, nil, err
	}
	if err := s.currency(raw); err != nil {
		return nil, nil, err
	}
	p := s.plan
	schema, notes, err := datasets.Infer(raw, datasets.Hints{Kinds: p.Kinds, Dates: p.Dates, Zone: p.Zone, Roles: p.Roles, Missing: p.Missing})
	if err != nil {
		return nil, nil, err
	}
	schema.Rates = p.Rates
	s.schema = *schema
	s.note(notes...)
	if typed, notes, err = schema.Apply(raw); err != nil {
		return nil, nil, err
	}
	s.note(notes...)
	s.unconverted(notes)
	s.contract(typed)
	if s.out, notes, err = s.plan.Contract.Read(typed, p.Roles, p.AsOf); err != nil {
		return nil, nil, err
	}
	s.note(notes...)
	s.out = s.recounted(typed, s.out, s.plan.reopened)
	if len(s.out.Rows) == 0 {
		return nil, nil, s.nobody(raw.Rows)
	}
	return raw, typed, nil
}
