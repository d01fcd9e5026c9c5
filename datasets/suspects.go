package datasets

import (
	"slices"
	"strings"
)

// suspicion is why a column may tell the outcome, by the words of its header.
type suspicion struct {
	why  string
	sure bool
}

// phrases are runs of header words of columns that a CRM fills in at closing
// (sure) or changes while a lead is worked, with what is known about them.
var phrases = []struct {
	words []string
	suspicion
}{
	{[]string{"close value", "closed value", "closed amount", "won amount", "closed won", "closed lost", "is closed", "is won", "won reason", "win reason", "lost reason", "loss reason", "lost at", "lost date",
		"reason lost", "reason for loss", "reason won", "churn reason", "churn date", "cancel reason", "cancellation reason", "cancellation date", "disqualification reason", "disqualified reason",
		"converted account", "converted contact", "converted opportunity", "converted date", "days to close", "time to close", "became a customer", "verlustgrund", "absagegrund", "abschlussgrund"},
		suspicion{"its name says that it is filled in at closing", true}},
	{[]string{"probability", "forecast category", "forecast", "expected revenue", "weighted amount", "wahrscheinlichkeit"}, suspicion{"its name says that it follows the stage, so it is 0 or 100 % at closing", true}},
	{[]string{"stage change", "days in sales stage", "days in stage", "stage duration", "last stage"}, suspicion{"its name says that it counts what happened until closing", true}},
	{[]string{"last modified", "modified date", "modified at", "updated at", "last update", "system modstamp", "last stage change"}, suspicion{"its name says that it is written when a lead is closed, and after", true}},
	{[]string{"next step", "last activity", "last contacted", "last contact", "last touch", "last notable", "activity", "activities", "tags", "tag", "quality", "rating", "score", "lead profile", "profile index",
		"changes", "assigned", "waiting list", "lifecycle stage", "lifecyclestage", "stage", "status"}, suspicion{"its name says that it changes while a lead is worked", false}},
}

// ofPersons are words of a status or score that a person has without the CRM.
var ofPersons = []string{"marital", "civil", "family", "employment", "credit"}

// Suspect judges a column by its header: why it may tell the outcome, "" where
// nothing speaks for it, and whether that is sure. A length in days says what the
// duration says, where there is one; the length of a call is known after it.
func Suspect(name string, r Roles) (why string, sure bool) {
	words := headerWords(name)
	if slices.ContainsFunc(words, func(w string) bool { return slices.Contains(ofPersons, w) }) {
		return "", false
	}
	header := " " + strings.Join(words, " ") + " "
	for _, p := range phrases {
		for _, phrase := range p.words {
			if strings.Contains(header, " "+phrase+" ") {
				return p.why, p.sure
			}
		}
	}
	switch {
	case r.Duration != "" && slices.Contains(words, "days"):
		return "its name says that it counts days of the lead's whole life, as the duration does", true
	case r.Duration != name && (slices.Equal(words, []string{"duration"}) || strings.Contains(header, " call duration ")):
		return "its name says that it is the length of a contact, which is known only when it is over", true
	}
	return "", false
}
