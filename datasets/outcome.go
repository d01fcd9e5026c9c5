package datasets

// State is what has become of a lead.
type State uint8

// The states of a lead.
const (
	Open State = iota
	Won
	Lost
)

// String is "open", "won" or "lost".
func (s State) String() string { return [...]string{"open", "won", "lost"}[min(s, 2)] }

// Contract is the outcome contract: which values mean won, which lost, and
// after how long silence counts as lost.
type Contract struct {
	Won         []string `json:"won,omitempty"`           // values of the outcome column that mean won
	Lost        []string `json:"lost,omitempty"`          // values that mean lost; none: losses are not recorded
	OtherLost   bool     `json:"other_lost,omitempty"`    // every other value means lost (a flat yes/no table)
	WonPresent  bool     `json:"won_present,omitempty"`   // won where the outcome column is filled at all
	SilentAfter float64  `json:"silent_after,omitempty"`  // days open after which a lead counts as lost on that day; 0: never
	ObservedAt  int64    `json:"observed_from,omitempty"` // outcomes are recorded only from here (microseconds, 0: from the start): leads created earlier enter late
}

// Outcomes is what the contract makes of a table, one entry a row.
type Outcomes struct {
	State   []State
	Created []int64   // NoTime where the table has no creation times
	Closed  []int64   // NoTime while open, or where the table has no closing times
	Days    []float64 // days from creation to Closed, or to the end of the data while open; NaN without any times
	Entry   []float64 // days after creation from which the outcome could be seen at all (delayed entry), 0 as a rule
	End     int64     // the latest creation or closing time seen: the data's end
}
