package lift

import "math"

// Misreading is the arm that a naive reading shows most wrongly beside the
// other ripe arms, and by how much of its standing: −0.5 is half as good as it
// is. The zero value: no arm is shown wrongly.
type Misreading struct {
	Arm string
	By  float64
}

// Misreadings finds what won ÷ all leads and won ÷ closed leads distort most:
// the ratio of the reading to PWin, over that of all ripe arms together. Only
// arms with 10 wins and open leads that are young are looked at: elsewhere the
// readings differ by late wins.
func (r *Result) Misreadings() (ofAll, ofClosed Misreading) {
	if r.Horizon == nil {
		return // both are about known outcomes, as PWin is
	}
	var won, leads, closed, expected float64
	for _, a := range r.Arms {
		if a.Ripe {
			won, leads, closed = won+float64(a.Won), leads+float64(a.Leads), closed+float64(a.Won+a.Lost)
			expected += *a.PWin * float64(a.Leads)
		}
	}
	for _, a := range r.Arms {
		if !a.Ripe || a.Won < 10 || a.Followed > 0.9 || *a.PWin == 0 {
			continue
		}
		standing := *a.PWin / (expected / leads)
		ofAll.worse(a.Name, a.WonOfAll/(won/leads)/standing-1)
		if a.WonOfDone != nil {
			ofClosed.worse(a.Name, *a.WonOfDone/(won/closed)/standing-1)
		}
	}
	return ofAll, ofClosed
}

func (m *Misreading) worse(arm string, by float64) {
	if math.Abs(by) > math.Abs(m.By) {
		*m = Misreading{arm, by}
	}
}
