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
	sourceEvent = 4 // first of the sources that are campaign channels

	industryManufacturing = 0
	industryLogistics     = 1
	industrySoftware      = 2

	mailCorporate = 0
	mailFree      = 1

	interestAnalytics = 0
	interestSecurity  = 3
)

var sources = field{
	{"Referral", 0.10, 0.9, 0}, {"Partner", 0.10, 0.9, 0}, {"Website", 0.18, 0, 0}, {"Organic Search", 0.12, 0, 0},
	{"Event", 0.10, -0.7, -0.9}, {"Paid Search", 0.16, 0, 0}, {"Social", 0.12, -0.6, 0.6}, {"Email List", 0.12, -0.6, 0.6},
}

var countries = field{
	{"DE", 0.22, 0, 0}, {"FR", 0.12, 0, 0}, {"GB", 0.12, 0, 0}, {"US", 0.14, 0, 0}, {"NL", 0.07, 0, 0}, {"PL", 0.06, 0, 0},
	{"IT", 0.06, 0, 0}, {"ES", 0.06, 0, 0}, {"SE", 0.05, 0, 0}, {"AT", 0.04, 0, 0}, {"CH", 0.04, 0, 0}, {"BR", 0.02, 0, 0},
}

var industries = field{
	{"Manufacturing", 0.18, 0, 0}, {"Logistics", 0.10, 0, 0}, {"Software", 0.14, 0, 0}, {"Retail", 0.12, 0, 0}, {"Healthcare", 0.09, -0.7, -1},
	{"Finance", 0.10, 0, 0}, {"Education", 0.08, 0, 0}, {"Public Sector", 0.06, -0.7, -1}, {"Media", 0.06, 0, 0}, {"Energy", 0.07, 0, 0},
}

var seniorities = field{
	{"Chief of", 0.08, 0.6, 0}, {"VP", 0.07, 0.6, 0}, {"Director of", 0.13, 0.6, 0}, {"Head of", 0.12, 0.6, 0}, {"Manager", 0.22, 0, 0},
	{"Specialist", 0.15, 0, 0}, {"Assistant", 0.08, 0, 0}, {"Student", 0.08, -1.6, 0.9}, {"", 0.07, 0, 0},
}

var functions = field{
	{"Operations", 0.2, 0, 0}, {"IT", 0.2, 0, 0}, {"Finance", 0.13, 0, 0}, {"Marketing", 0.15, 0, 0},
	{"Procurement", 0.12, 0, 0}, {"Research", 0.1, 0, 0}, {"Human Resources", 0.1, 0, 0},
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
	{"a quote for our team", 0.13, 0.9, 0}, {"pricing for next year", 0.13, 0.9, 0}, {"a demo of the product", 0.13, 0.9, 0},
	{"a free trial", 0.13, 0, 0}, {"general information", 0.16, 0, 0}, {"the newsletter", 0.08, -0.5, 1},
	{"material for my thesis", 0.06, -1.5, 1.2}, {"an open job", 0.06, -1.5, 1.2}, {"", 0.12, 0, 0},
}

var letters = []string{
	"Hello, we would like %.", "I am interested in %, please call me.", "Hi there, looking for %", "Good morning, could you send me %?", "We talked about % last week, what is next?",
}

// urgency is a sentence that some messages end with.
var urgency = level{" It has to be in place this quarter.", 0.15, 0.5, 0}

var interests = field{
	{"Analytics", 0.4, 0, 0}, {"Integration", 0.35, 0, 0}, {"Mobile", 0.25, 0, 0}, {"Security", 0.3, 0, 0}, {"Support", 0.25, 0, 0}, {"Training", 0.2, 0, 0},
}

var (
	firstNames = []string{"Anna", "Ben", "Clara", "David", "Elif", "Felix", "Grace", "Hugo", "Ines", "Jonas", "Katja", "Luca", "Mira", "Noah", "Olga", "Paul", "Rosa", "Sven", "Tara", "Viktor"}
	lastNames  = []string{"Adler", "Berg", "Costa", "Dubois", "Eriksen", "Fischer", "Garcia", "Huber", "Ivanov", "Jansen", "Keller", "Lopez", "Moreau", "Novak", "Olsen", "Petit", "Rossi", "Silva", "Thomas", "Weber"}
	brandHeads = []string{"Alto", "Bright", "Cedar", "Delta", "Ever", "Fjord", "Granit", "Harbor", "Iris", "Juno", "Kestrel", "Lumen", "Meridian", "Nova", "Orchid", "Pine"}
	brandTails = []string{"works", "line", "soft", "group", "labs", "trade", "systems", "parts"}
	lostWhy    = []string{"Price", "No budget", "Competitor", "No response", "Bad timing", "Not a fit"}
	wonWhy     = []string{"Signed", "Renewed trial", "Best offer"}
	activities = []string{"web_visit", "email_open", "email_reply", "call", "meeting"}
	states     = [stateCount]string{"cold", "warm", "hot", "dormant"}
)
