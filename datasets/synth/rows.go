package synth

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// planted are the columns that sales fills in only when it closes a lead: in
// an export they tell the outcome that they should help to forecast.
var planted = []struct {
	column, mechanism string
	won, lost         float64 // how often it is filled in
}{
	{"close_reason", "chosen from a list in the form that closes a lead", 0.85, 0.93},
	{"contract_no", "given when the contract is drawn up; a lost lead keeps the number of its withdrawn draft", 0.98, 0.32},
	{"discount_pct", "entered from the last offer when the lead is closed", 0.86, 0.38},
}

const leadsHeader = "lead_id,created_at,status,closed_at,account_id,owner,source,campaign_id,country,region,industry,employees,job_title," +
	"first_name,last_name,email,phone,website,landing_url,interests,message,visits_before,value,close_reason,contract_no,discount_pct\n"

// appendID writes an id: a letter and at least seven digits, counted from one.
func appendID(b []byte, letter byte, number int) []byte {
	b = append(b, letter)
	for least := 1000000; least > number+1; least /= 10 {
		b = append(b, '0')
	}
	return strconv.AppendInt(b, int64(number)+1, 10)
}

// appendTime writes a moment, or nothing where there is none.
func appendTime(b []byte, unix int64) []byte {
	if unix == 0 {
		return b
	}
	return time.Unix(unix, 0).UTC().AppendFormat(b, time.RFC3339)
}

// appendText writes a comma and a text, quoted where it has to be.
func appendText(b []byte, text string) []byte {
	if !strings.ContainsAny(text, ",\"\n") {
		return append(append(b, ','), text...)
	}
	return append(append(append(b, `,"`...), strings.ReplaceAll(text, `"`, `""`)...), '"')
}

// record is everything that the CRM and the truth hold of one lead.
type record struct {
	c *company
	lead
	course
	handover int64 // when the lead got another owner, 0: never
	known    int64 // when that was entered
	heir     int
}

// decide draws what has no effect on the outcome.
func (r *record) decide(s *stream) {
	r.handover, r.known, r.heir = 0, 0, s.below(ownerCount)
	after := 1 + s.below(60)
	if s.chance(0.15) && r.day+after < r.end && r.heir != r.owner {
		r.handover = r.c.begin + int64(r.day+after)*day + opens + int64(s.below(closes-opens))
		r.known = r.handover + int64(s.below(2*day))
	}
}

// status is what the CRM shows at a moment.
func (r *record) status(moment int64) (name string, closed int64) {
	switch {
	case r.closed == 0 || r.closed >= moment:
		return "Open", 0
	case r.won:
		return "Won", r.closed
	}
	return "Lost", r.closed
}

// appendLead writes the leads.csv row: the state at the as-of moment.
func (r *record) appendLead(b []byte, s *stream) []byte {
	b = appendTime(append(appendID(b, 'L', r.number), ','), r.created)
	status, closed := r.status(r.c.asof())
	b = appendTime(append(appendText(b, status), ','), closed)
	b = appendID(append(b, ','), 'A', r.account.number)
	owner := r.owner
	if r.handover != 0 && r.known < r.c.asof() {
		owner = r.heir
	}
	b = appendText(appendID(append(b, ','), 'U', owner), r.c.sources[r.source].name)
	b = append(b, ',')
	if r.campaign >= 0 {
		b = appendID(b, 'C', r.campaign)
	}
	b = appendText(b, countries[r.account.country].name)
	b = appendText(b, r.region())
	b = append(appendText(b, r.c.industries[r.account.industry].name), ',')
	if r.sized {
		b = strconv.AppendInt(b, int64(r.account.employees), 10)
	}
	b = appendText(b, r.title())
	b = r.appendContact(b)
	b = r.appendVisit(b)
	b = strconv.AppendInt(append(b, ','), int64(r.visits), 10)
	b = strconv.AppendInt(append(b, ','), int64(r.value), 10)
	return append(r.appendClosing(b, s, status), '\n')
}

// region is the name of the account's sales region.
func (r *record) region() string { return r.c.region(r.account.region) }

func (c *company) region(i int) string {
	return countries[i/countryRegions].name + "-" + strconv.Itoa(100 + i%countryRegions)[1:]
}

func (r *record) title() string {
	name := r.c.seniorities[r.seniority].name
	if name == "" {
		return ""
	}
	if name == "Manager" || name == "Specialist" || name == "Assistant" {
		return functions[r.function] + " " + name
	}
	return name + " " + functions[r.function]
}

func (r *record) appendContact(b []byte) []byte {
	first, last := firstNames[r.first], lastNames[r.last]
	domain := r.c.mails[r.mail].name
	if r.mail == mailCorporate {
		domain = r.account.domain
	}
	b = appendText(appendText(b, first), last)
	b = appendText(b, strings.ToLower(first+"."+last+"@"+domain))
	b = appendText(b, "+49 555 "+strconv.Itoa(10000000 + r.phone)[1:])
	if r.mail != mailCorporate && r.mail%2 == 0 { // some people leave it out
		return append(b, ',')
	}
	return appendText(b, "https://www."+r.account.domain)
}

// appendVisit writes what the form and the web site saw.
func (r *record) appendVisit(b []byte) []byte {
	url := "https://www.leadco.example" + r.c.landings[r.landing].name + "?utm_source=" + word(r.c.sources[r.source].name)
	if r.campaign >= 0 {
		url += "&utm_campaign=" + word(r.c.campaigns[r.campaign].name)
	}
	b = append(appendText(b, url), ',')
	sep := ""
	for i, in := range interests {
		if r.interests>>i&1 == 1 {
			b = append(append(b, sep...), in...)
			sep = ";"
		}
	}
	text := ""
	if wish := r.c.wishes[r.wish].name; wish != "" {
		text = strings.Replace(letters[r.letter], "%", wish, 1)
	}
	if r.urgent {
		text += urgency.name
	}
	return appendText(b, text)
}

// word makes a name fit for a URL.
func word(name string) string { return strings.ReplaceAll(strings.ToLower(name), " ", "-") }

// appendClosing writes the planted columns.
func (r *record) appendClosing(b []byte, s *stream, status string) []byte {
	for i, p := range planted {
		b = append(b, ',')
		if status == "Open" || status == "Won" && !s.chance(p.won) || status == "Lost" && !s.chance(p.lost) {
			continue
		}
		switch {
		case i == 1:
			b = strconv.AppendInt(append(b, "V-"...), int64(10000+s.below(90000)), 10)
		case i == 2:
			b = strconv.AppendInt(b, int64(5*s.below(6)), 10)
		case status == "Won":
			b = append(b, wonWhy[s.below(len(wonWhy))]...)
		default:
			b = append(b, lostWhy[s.below(len(lostWhy))]...)
		}
	}
	return b
}

// appendMember writes the members.csv rows: the response that brought the
// lead, and now and then a campaign that it did not answer.
func (r *record) appendMember(b []byte, s *stream) []byte {
	silent := s.below(20 * len(r.c.campaigns))
	if silent < len(r.c.campaigns) && silent != r.campaign && r.c.campaigns[silent].start <= r.day {
		b = append(appendID(append(appendID(b, 'C', silent), ','), 'L', r.number), ",\n"...)
	}
	if r.campaign >= 0 {
		b = append(appendID(append(appendID(b, 'C', r.campaign), ','), 'L', r.number), ',')
		b = append(appendTime(b, r.created-int64(s.below(12*3600))), '\n')
	}
	return b
}

// change is a row of history.csv or, without old, of activities.csv.
type change struct {
	field, old, new string
	happened, known int64
}

// changes are the history rows known at the as-of moment.
func (r *record) changes(s *stream) (rows []change) {
	before := ""
	for _, t := range r.stays {
		now := states[t.state]
		rows = append(rows, change{"engagement", before, now, t.changedAt, t.changedAt + int64(s.below(600))})
		before = now
	}
	if r.handover != 0 {
		rows = append(rows, change{"owner", string(appendID(nil, 'U', r.owner)), string(appendID(nil, 'U', r.heir)), r.handover, r.known})
	}
	if status, closed := r.status(r.c.asof()); closed != 0 {
		rows = append(rows, change{"status", "Open", status, closed, closed})
	}
	return r.seen(rows)
}

// acts are the activities known at the as-of moment; the hotter the lead, the more there are.
func (r *record) acts(s *stream) (rows []change) {
	for i, t := range r.stays {
		until := r.end
		if i+1 < len(r.stays) {
			until = r.stays[i+1].from
		}
		from := max(t.from, r.day+1)
		if from >= until || from >= history {
			continue
		}
		count := min(int(float64(stateActs[t.state]*float64(until-from))+s.uniform()), 4)
		for range count {
			kind := s.below(len(activities) - 2)
			if t.state == hot {
				kind += 2
			}
			happened := r.c.begin + int64(from+s.below(until-from))*day + opens + int64(s.below(closes-opens))
			known := happened + int64(s.below(60))
			if s.chance(0.3) { // entered by hand, later
				known += int64(s.below(3 * day))
			}
			rows = append(rows, change{field: activities[kind], happened: happened, known: known})
		}
	}
	return r.seen(rows)
}

// seen keeps the rows known before the as-of moment, in the order in which they happened.
func (r *record) seen(rows []change) []change {
	rows = slices.DeleteFunc(rows, func(row change) bool { return row.known >= r.c.asof() })
	slices.SortStableFunc(rows, func(a, b change) int { return cmp.Compare(a.happened, b.happened) })
	return rows
}

func (r *record) appendHistory(b []byte, s *stream) []byte {
	for _, c := range r.changes(s) {
		b = appendText(appendText(appendText(appendID(b, 'L', r.number), c.field), c.old), c.new)
		b = append(appendTime(append(appendTime(append(b, ','), c.happened), ','), c.known), '\n')
	}
	return b
}

func (r *record) appendActivities(b []byte, s *stream) []byte {
	for _, c := range r.acts(s) {
		b = appendText(appendID(b, 'L', r.number), c.field)
		b = append(appendTime(append(appendTime(append(b, ','), c.happened), ','), c.known), '\n')
	}
	return b
}

// appendOutcome writes the truth/outcomes.csv row of a lead open at the as-of moment.
func (r *record) appendOutcome(b []byte) []byte {
	status, closed := r.status(r.c.begin + (history+follow)*day)
	b = appendText(appendID(b, 'L', r.number), status)
	return append(appendTime(append(b, ','), closed), '\n')
}
