package crm

import (
	"cmp"
	"embed"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml"

	"github.com/leadcast/leadcast/datasets"
)

// mapping is what is declared of one CRM: a file of its own, and nothing else.
type mapping struct {
	Name    string    `yaml:"-"` // of the file
	Title   string    `yaml:"title"`
	Parts   []part    `yaml:"parts"`
	Units   []unit    `yaml:"units"`
	History []history `yaml:"history"`
	Events  []event   `yaml:"events"`
}

// part is a table that the CRM has, and the names that it and its columns go by.
type part struct {
	Part    string              `yaml:"part"`
	Names   []string            `yaml:"names"`   // besides that of the part
	Needs   []string            `yaml:"needs"`   // columns without which it is another table; "a or b" needs one of them
	Columns map[string][]string `yaml:"columns"` // other headers of a column, the best first
}

// unit is a kind of record that can be a lead.
type unit struct {
	Unit   string            `yaml:"unit"`
	Part   string            `yaml:"part"`
	First  string            `yaml:"first"`  // a time: of several rows of one id the earliest is the record; none: rows are records
	Roles  map[string]string `yaml:"roles"`  // column of leads: column of the part, or of a join
	Joins  []join            `yaml:"joins"`  // in this order
	Status []rule            `yaml:"status"` // the first that applies
	Closed []string          `yaml:"closed"` // fields whose last change in the history closed a record that has no closing time
	After  []string          `yaml:"after"`  // columns that follow the outcome, or change on the way there
}

// join puts the columns of another part beside the record.
type join struct {
	Part   string   `yaml:"part"`
	On     string   `yaml:"on"`     // column of the record, or one that a join before gave
	Key    string   `yaml:"key"`    // column of the part; of several rows the first counts
	Take   []string `yaml:"take"`   // its columns; none: all
	Prefix string   `yaml:"prefix"` // before their names
}

// rule says what a value means.
type rule struct {
	Column string   `yaml:"column"`
	Values []string `yaml:"values"` // compared as words in small letters
	Filled bool     `yaml:"filled"` // any value
	Means  string   `yaml:"means"`  // Won, Lost or Open
}

// history is a part whose rows are changes of a field, or versions of a record.
type history struct {
	Part     string              `yaml:"part"`
	Of       map[string][]string `yaml:"of"`    // unit: where the record's id stands, see link
	Field    string              `yaml:"field"` // a column, or "= name" where all rows are of one
	Old      string              `yaml:"old"`
	New      string              `yaml:"new"`
	At       string              `yaml:"at"`
	Known    string              `yaml:"known"`
	Versions bool                `yaml:"versions"` // a row is the whole record from At on
}

// event is a part whose rows are things that happened.
type event struct {
	Part  string              `yaml:"part"`
	Of    map[string][]string `yaml:"of"`
	Kind  string              `yaml:"kind"` // a column, or "= name"
	At    string              `yaml:"at"`
	Known string              `yaml:"known"`
	Keep  []string            `yaml:"keep"`
}

//go:embed maps/*.yaml
var files embed.FS

// Names lists the CRMs that are known, as --crm takes them.
func Names() (names []string) {
	entries, err := files.ReadDir("maps")
	if err != nil {
		panic(err) // embedded
	}
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// load reads the mapping of a CRM.
func load(name string) (*mapping, error) {
	text, err := files.ReadFile("maps/" + name + ".yaml")
	if err != nil {
		return nil, &datasets.Error{Message: fmt.Sprintf("there is no CRM %q; there is %s", name, strings.Join(Names(), ", "))}
	}
	m := &mapping{Name: name}
	if err := yaml.UnmarshalWithOptions(text, m, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("crm: %s: %w", name, err)
	}
	return m, nil
}

// part finds a part by its name.
func (m *mapping) part(name string) *part {
	i := slices.IndexFunc(m.Parts, func(p part) bool { return p.Part == name })
	if i < 0 {
		return nil
	}
	return &m.Parts[i]
}

// plain is a header without what replicas and exports do to it: StageName,
// stage_name, "Stage Name" and property_stagename are one.
func plain(header string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(header) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// prefixes are put before a CRM's own names by replicas.
var prefixes = []string{"property_", "properties_"}

// own is a column's name as the CRM has it.
func own(header string) string {
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(header, p); ok && rest != "" {
			return strings.Trim(rest, `"`)
		}
	}
	return strings.Trim(header, "`\"")
}

// findAll gives the headers among some that a column of the part goes by, the best first.
func (p *part) findAll(headers []string, column string) (found []string) {
	for _, name := range append([]string{column}, p.Columns[column]...) {
		for _, exact := range []func(h string) bool{
			func(h string) bool { return plain(h) == plain(name) },
			func(h string) bool { return plain(own(h)) == plain(name) },
		} {
			if i := slices.IndexFunc(headers, exact); i >= 0 && !slices.Contains(found, headers[i]) {
				found = append(found, headers[i])
			}
		}
	}
	return found
}

// noise are words in the name of a table that say where it came from.
var noise = []string{"data", "export", "extract", "report", "raw", "stg", "staging", "src", "source", "all", "base", "table", "tbl", "crm", "the", "csv",
	"sf", "sfdc", "salesforce", "hubspot", "hs", "dynamics", "dynamics365", "d365", "crm365", "marketo", "mkto", "pardot", "fivetran", "airbyte", "stitch", "public", "dbo",
	"postgres", "snowflake", "bigquery", "redshift", "databricks"}

// tableWords splits the name of a table into words in the singular.
func tableWords(name string) (words []string) {
	var b strings.Builder
	last := rune(' ')
	for _, r := range name {
		if unicode.IsUpper(r) && unicode.IsLower(last) {
			b.WriteByte(' ')
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			r = ' '
		}
		b.WriteRune(unicode.ToLower(r))
		last = r
	}
	for _, w := range strings.Fields(b.String()) {
		switch {
		case strings.Trim(w, "0123456789") == "" && len(w) > 1:
			continue // a date, a part
		case strings.HasSuffix(w, "ies"):
			w = strings.TrimSuffix(w, "ies") + "y"
		case strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && !strings.HasSuffix(w, "us"):
			w = strings.TrimSuffix(w, "s")
		}
		words = append(words, w)
	}
	return words
}

// named says how well a table's name fits: the number of words that only say
// where it came from; −1 where it is another's.
func (p *part) named(table string) int {
	words := tableWords(table)
	kept := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return slices.Contains(noise, w) })
	for _, name := range append([]string{p.Part}, p.Names...) {
		wanted := strings.Join(tableWords(name), "")
		if strings.Join(words, "") == wanted {
			return 0
		}
		if strings.Join(kept, "") == wanted {
			return len(words) - len(kept)
		}
	}
	return -1
}

// match finds the table that is a part: its name fits, and it has the columns
// that the part needs. Of several the one with the plainest name counts.
func (p *part) match(tables []Table) *Table {
	type candidate struct {
		*Table
		noise int
	}
	var fits []candidate
	for i := range tables {
		t := &tables[i]
		n := p.named(t.Name)
		lacks := func(need string) bool {
			return !slices.ContainsFunc(strings.Split(need, " or "), func(c string) bool { return len(p.findAll(t.Columns, c)) > 0 })
		}
		if n < 0 || slices.ContainsFunc(p.Needs, lacks) {
			continue
		}
		fits = append(fits, candidate{t, n})
	}
	if len(fits) == 0 {
		return nil
	}
	return slices.MinFunc(fits, func(a, b candidate) int { return cmp.Or(a.noise-b.noise, strings.Compare(a.Name, b.Name)) }).Table
}
