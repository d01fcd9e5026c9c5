package datasets

// Field says how one column is to be read: its kind and what was found out
// about how its values are written.
type Field struct {
	Name    string   `json:"name"`
	Kind    Kind     `json:"kind"`
	Layout  string   `json:"layout,omitempty"`  // Time: the way dates are written, "2006-01-02", "2/1/2006", "1/2/2006", "2 Jan 2006", "Jan 2006", "20060102", "unix" or "unixmilli"; the time of day and its zone are optional
	Decimal string   `json:"decimal,omitempty"` // Number: "," where a comma is the decimal sign; "" means "."
	Unit    string   `json:"unit,omitempty"`    // Number: the sign that values carry, "%" or a currency; values without it are read too
	Bounds  bool     `json:"bounds,omitempty"`  // Number: "20+", ">20" and "<20" are read as 20
	True    []string `json:"true,omitempty"`    // Bool: the values that mean yes (lower case); none: yes, true, y, t, 1
	False   []string `json:"false,omitempty"`   // Bool: the values that mean no (lower case); none: no, false, n, f, 0
	Missing []string `json:"missing,omitempty"` // texts that stand for "nothing" in this column, beside the empty cell
}

// Roles names the columns that have a part of their own; "" where there is none.
type Roles struct {
	ID       string `json:"id,omitempty"`
	Account  string `json:"account,omitempty"`
	Created  string `json:"created,omitempty"`
	Outcome  string `json:"outcome,omitempty"`
	Closed   string `json:"closed,omitempty"`
	Duration string `json:"duration,omitempty"` // days from creation to Closed or to the last look, where there are no dates
	Order    string `json:"order,omitempty"`    // a column that only says what came first; "rows" means the order of the file
	Amount   string `json:"amount,omitempty"`
	Currency string `json:"currency,omitempty"` // of the amount
	Campaign string `json:"campaign,omitempty"`
	Owner    string `json:"owner,omitempty"`
}

// Schema is how a table is to be read. It is found once (Infer), can be
// overridden, and is kept in the bundle: a file to be scored later and a lead
// sent as JSON are read by the very same rules as the training file.
type Schema struct {
	Fields []Field `json:"fields"` // by name; the order has no meaning
	Roles  Roles   `json:"roles"`
	Zone   string  `json:"zone,omitempty"`  // time zone of stamps that carry none; "" is UTC
	Rates  []Rate  `json:"rates,omitempty"` // what amounts are converted with, by currency and day; none: they are taken as they are
}

// Field finds a field by name; nil when there is none.
func (s *Schema) Field(name string) *Field {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return &s.Fields[i]
		}
	}
	return nil
}
