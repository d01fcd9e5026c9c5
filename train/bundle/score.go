package bundle

// Score is the forecast of one lead. A nil pointer means that the number is
// not available; Warnings then says why.
type Score struct {
	ID            string      // the lead's own id, "" where the bundle knows no id column
	Win           *float64    // probability of being won within the main horizon
	Lost          *float64    // probability of being lost within it
	Open          *float64    // probability of being still open at it
	WinBy         []*float64  // probability of being won, one a horizon of Manifest.Horizons
	Cycle         [3]*float64 // days from creation to won (10 %, 50 %, 90 %), given won within support and the days already open
	ExpectedValue *float64    // Win × amount
	Grade         string      // A, B, C or D by the bundle's absolute cut-offs
	Reasons       []Reason    // strongest first
	Warnings      []string    // in plain words, without personal values
	Err           error       // why this lead could not be scored; everything else is then empty
}

// Reason is the part of one column in the distance of a score from the mean.
type Reason struct {
	Column string  // as the user's table names it
	Effect float64 // in probability at the main horizon
}
