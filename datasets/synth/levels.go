package synth

// level is one value of a categorical field: how often it is drawn and what
// it adds to the log rates of winning and of losing.
type level struct {
	name             string
	share, won, lost float64
}

// field is a categorical field: its levels in the order in which they are drawn.
type field []level

// pick draws a level in proportion to the shares.
func (f field) pick(s *stream) int {
	var total float64
	for i := range f {
		total += f[i].share
	}
	u := float64(s.uniform() * total)
	for i := range f {
		if u -= f[i].share; u < 0 {
			return i
		}
	}
	return len(f) - 1
}

// scaled is the field with each effect drawn anew, within an eighth of what is
// written here: every company is its own.
func (f field) scaled(s *stream) field {
	out := make(field, len(f))
	for i, l := range f {
		l.won *= s.between(0.875, 1.125)
		l.lost *= s.between(0.875, 1.125)
		out[i] = l
	}
	return out
}

// Positions in the tables below that the rest of the world refers to.
const (
	sourceEvent       = 4 // first of the sources that are campaign channels
	industryLogistics = 1 // the last of the heavy industries
	mailCorporate     = 0
)

var sources = field{
	{"Referral", 0.10, 0.8, 0}, {"Partner", 0.10, 0.8, 0}, {"Website", 0.18, 0, 0}, {"Organic Search", 0.12, 0, 0},
	{"Event", 0.10, -0.7, -0.8}, {"Paid Search", 0.16, 0, 0}, {"Social", 0.12, -0.6, 0.6}, {"Email List", 0.12, -0.6, 0.6},
}

// countries have no effect, their regions have.
var countries = field{
	{name: "DE", share: 0.22}, {name: "FR", share: 0.12}, {name: "GB", share: 0.12}, {name: "US", share: 0.14}, {name: "NL", share: 0.07}, {name: "PL", share: 0.06},
	{name: "IT", share: 0.06}, {name: "ES", share: 0.06}, {name: "SE", share: 0.05}, {name: "AT", share: 0.04}, {name: "CH", share: 0.04}, {name: "BR", share: 0.02},
}

var industries = field{
	{"Manufacturing", 0.18, 0, 0}, {"Logistics", 0.10, 0, 0}, {"Software", 0.14, 0, 0}, {"Retail", 0.12, 0, 0}, {"Healthcare", 0.09, -0.7, -1},
	{"Finance", 0.10, 0, 0}, {"Education", 0.08, 0, 0}, {"Public Sector", 0.06, -0.7, -1}, {"Media", 0.06, 0, 0}, {"Energy", 0.07, 0, 0},
}

var seniorities = field{
	{"Chief of", 0.08, 0.6, 0}, {"VP", 0.07, 0.6, 0}, {"Director of", 0.13, 0.6, 0}, {"Head of", 0.12, 0.6, 0}, {"Manager", 0.22, 0, 0},
	{"Specialist", 0.15, 0, 0}, {"Assistant", 0.08, 0, 0}, {"Student", 0.08, -1.6, 0.9}, {"", 0.07, 0, 0},
}

// mails are the kinds of address; a corporate one is at the account's domain.
var mails = field{
	{"", 0.65, 0, 0}, {"gmail.com", 0.18, -0.5, 0}, {"yahoo.com", 0.06, -0.5, 0}, {"outlook.com", 0.06, -0.5, 0}, {"campus-north.edu", 0.05, -0.5, 0},
}

var landings = field{
	{"/", 0.32, 0, 0}, {"/pricing", 0.18, 0.6, 0}, {"/demo", 0.14, 0.6, 0}, {"/blog/ten-tips", 0.20, 0, 0}, {"/webinar", 0.16, 0, 0},
}

// wishes are what the message asks for; the last one is no message at all.
var wishes = field{
	{"a quote for our team", 0.13, 0.8, 0}, {"pricing for next year", 0.13, 0.8, 0}, {"a demo of the product", 0.13, 0.8, 0},
	{"a free trial", 0.13, 0, 0}, {"general information", 0.16, 0, 0}, {"the newsletter", 0.08, -0.5, 1},
	{"material for my thesis", 0.06, -1.5, 1.2}, {"an open job", 0.06, -1.5, 1.2}, {"", 0.12, 0, 0},
}

var letters = []string{
	"Hello, we would like %.", "I am interested in %, please call me.", "Hi there, looking for %", "Good morning, could you send me %?", "We talked about % last week, what is next?",
}

// urgency is a sentence that some messages end with.
var urgency = level{" It has to be in place this quarter.", 0.15, 0.5, 0}

var (
	firstNames = []string{"Anna", "Ben", "Clara", "David", "Elif", "Felix", "Grace", "Hugo", "Ines", "Jonas", "Katja", "Luca", "Mira", "Noah", "Olga", "Paul", "Rosa", "Sven", "Tara", "Viktor"}
	lastNames  = []string{"Adler", "Berg", "Costa", "Dubois", "Eriksen", "Fischer", "Garcia", "Huber", "Ivanov", "Jansen", "Keller", "Lopez", "Moreau", "Novak", "Olsen", "Petit", "Rossi", "Silva", "Thomas", "Weber"}
	brandHeads = []string{"Alto", "Bright", "Cedar", "Delta", "Ever", "Fjord", "Granit", "Harbor", "Iris", "Juno", "Kestrel", "Lumen", "Meridian", "Nova", "Orchid", "Pine"}
	brandTails = []string{"works", "line", "soft", "group", "labs", "trade", "systems", "parts"}
	lostWhy    = []string{"Price", "No budget", "Competitor", "No response", "Bad timing", "Not a fit"}
	wonWhy     = []string{"Signed", "Renewed trial", "Best offer"}
	functions  = []string{"Operations", "IT", "Finance", "Marketing", "Procurement", "Research", "Human Resources"}
	interests  = []string{"Analytics", "Integration", "Mobile", "Security", "Support", "Training"}
	activities = []string{"web_visit", "email_open", "email_reply", "call", "meeting"}
	states     = [stateCount]string{"cold", "warm", "hot", "dormant"}
)
