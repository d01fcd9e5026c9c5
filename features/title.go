package features

import (
	"math"
	"strings"

	"github.com/leadcast/leadcast/models/matrix"
)

// title is a job title: its rank, its department, and the text features.
type title struct{ text }

// ranks lists words by rank, from 1. The highest word of a title counts, but
// a vice president is no president.
var ranks = [...]string{
	"intern student trainee apprentice praktikant volunteer",
	"assistant clerk associate analyst specialist engineer developer representative rep coordinator consultant officer agent executive administrator technician designer advisor buyer nurse teacher",
	"senior sr lead principal staff expert architect supervisor",
	"manager mgr leiter",
	"head director dean",
	"vp vice svp evp avp",
	"ceo cfo cto coo cmo cio ciso cro chief president owner founder cofounder partner proprietor chairman chairwoman geschäftsführer managing",
}

// departments lists words by department; the first word found counts, one of
// the last line, general management, only where there is no other.
var departments = [...]string{
	"sales account revenue business",
	"marketing brand communications content growth digital advertising cmo",
	"engineering engineer software developer development data it information technology technical systems security cto cio ciso devops architect",
	"finance financial accounting accountant controller treasurer cfo audit",
	"hr human people talent recruiting recruiter recruitment training",
	"operations operation logistics supply production manufacturing plant coo facilities",
	"purchasing procurement buyer sourcing",
	"legal counsel attorney lawyer compliance",
	"support service customer success helpdesk",
	"product",
	"research science scientist laboratory lab",
	"ceo president owner founder cofounder managing chairman general geschäftsführer",
}

var rankOf, departmentOf = dictionary(ranks[:]), dictionary(departments[:])

// dictionary maps the hash of each word to the number of its line.
func dictionary(lines []string) map[uint64]int32 {
	d := map[uint64]int32{}
	for i, line := range lines {
		for word := range strings.FieldsSeq(line) {
			words(word, func(hash uint64) { d[hash] = int32(i) })
		}
	}
	return d
}

const (
	viceRank = 5                           // place of the vice presidents in ranks
	general  = int32(len(departments) - 1) // place of general management in departments
)

func (t *title) outputs() []output {
	return append([]output{{suffix: " rank"}, {suffix: " department", levels: len(departments)}}, t.text.outputs()...)
}

func (t *title) encode(dst []matrix.Column, v *view) {
	t.text.encode(dst[2:], v)
	for i := range v.Leads.Rows {
		rank, department, vice := int32(-1), int32(-1), false
		words(v.text(i), func(hash uint64) {
			if r, ok := rankOf[hash]; ok {
				rank, vice = max(rank, r), vice || r == viceRank
			}
			if d, ok := departmentOf[hash]; ok && (department < 0 || department == general) {
				department = d
			}
		})
		if vice {
			rank = viceRank
		}
		dst[0].Nums[i] = math.NaN()
		if rank >= 0 {
			dst[0].Nums[i] = float64(rank + 1)
		}
		dst[1].Codes[i] = department
	}
}
