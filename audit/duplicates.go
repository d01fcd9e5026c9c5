package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
)

// Duplicates are leads that seem to be further records of the same person.
type Duplicates struct {
	By        []Key    `json:"by"`        // what was compared; none: nothing can tell
	Leads     int      `json:"leads"`     // that have another record
	Groups    int      `json:"groups"`    // persons of several records
	Extra     int      `json:"extra"`     // records beyond the first of each
	Largest   int      `json:"largest"`   // records of one person
	Differing int      `json:"differing"` // groups of which one record was won and another lost
	Places    []string `json:"places"`    // the first groups, at most five
}

// Key is what two records have in common.
type Key struct {
	Name  string `json:"name"`
	Leads int    `json:"leads"` // that share it with another lead
}

// mostShared is how many leads may share a key that names one person: a
// switchboard's number or info@ names none.
const mostShared = 20

// duplicates compares leads by normalised e-mail, telephone and name with company.
func (a *auditor) duplicates() {
	a.Duplicates = Duplicates{By: []Key{}, Places: []string{}}
	d := &a.Duplicates
	parent := make([]int, a.leads.Rows)
	for i := range parent {
		parent[i] = i
	}
	root := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	keys := a.keys()
	of := make([][]string, len(keys))
	for k, key := range keys {
		of[k] = make([]string, a.leads.Rows)
		for i := range of[k] {
			of[k][i] = key.of(i)
		}
	}
	for k, key := range keys {
		rows := map[string][]int{}
		for i, text := range of[k] {
			if text != "" {
				rows[text] = append(rows[text], i)
			}
		}
		shared := map[int]bool{}
		for _, same := range rows {
			for n, i := range same {
				for _, j := range same[n+1:] {
					if len(same) > mostShared || !agree(of, i, j) {
						continue
					}
					shared[i], shared[j] = true, true
					x, y := root(i), root(j)
					parent[max(x, y)] = min(x, y)
				}
			}
		}
		d.By = append(d.By, Key{key.name, len(shared)})
	}
	groups := map[int][]int{}
	for i := range parent {
		r := root(i)
		groups[r] = append(groups[r], i)
	}
	var several [][]int
	for _, g := range groups {
		if len(g) > 1 {
			several = append(several, g)
		}
	}
	slices.SortFunc(several, func(x, y []int) int { return cmp.Compare(x[0], y[0]) })
	for _, g := range several {
		d.Leads += len(g)
		d.Groups++
		d.Extra += len(g) - 1
		d.Largest = max(d.Largest, len(g))
		if a.out != nil {
			if c := a.count(g); c.Won > 0 && c.Lost > 0 {
				d.Differing++
			}
		}
		if len(d.Places) < 5 {
			d.Places = append(d.Places, a.leads.At(g[0])+" and "+a.leads.At(g[1]))
		}
	}
}

// agree reports whether more keys of two leads are the same than are different.
func agree(of [][]string, i, j int) bool {
	balance := 0
	for _, texts := range of {
		switch {
		case texts[i] == "" || texts[j] == "":
		case texts[i] == texts[j]:
			balance++
		default:
			balance--
		}
	}
	return balance > 0
}

// key gives each lead a text that only records of the same person share.
type key struct {
	name string
	of   func(row int) string
}

// keys finds the columns by which persons can be told.
func (a *auditor) keys() []key {
	var list []key
	var names, companies []*datasets.Column
	for _, c := range a.leads.Columns {
		if c.Times != nil || c.Nums != nil && features.Personal(c) == "" {
			continue
		}
		switch what := features.Personal(c); what {
		case "e-mail addresses":
			list = append(list, key{fmt.Sprintf("the same e-mail address (%s)", c.Name), func(i int) string { return mail(text(c, i)) }})
		case "telephone numbers":
			list = append(list, key{fmt.Sprintf("the same telephone number (%s)", c.Name), func(i int) string { return dialled(text(c, i)) }})
		case "names of persons":
			names = append(names, c)
		default:
			if lower := strings.ToLower(c.Name); c.Nums == nil && (c.Name == a.roles().Account || strings.Contains(lower, "company") || strings.Contains(lower, "organi") || strings.Contains(lower, "account")) {
				companies = append(companies, c)
			}
		}
	}
	if len(names) > 0 && len(companies) > 0 {
		company := companies[0]
		list = append(list, key{fmt.Sprintf("the same name and company (%s, %s)", columnNames(names), company.Name), func(i int) string {
			firm := letters(text(company, i))
			who := ""
			for _, c := range names {
				who += letters(text(c, i))
			}
			if firm == "" || len(who) < 5 {
				return ""
			}
			return who + "\x00" + firm
		}})
	}
	return list
}

func columnNames(columns []*datasets.Column) string {
	var names []string
	for _, c := range columns {
		names = append(names, c.Name)
	}
	return strings.Join(names, " + ")
}

func text(c *datasets.Column, i int) string {
	switch {
	case c.Missing(i):
		return ""
	case c.Nums != nil:
		return fmt.Sprintf("%.0f", c.Nums[i])
	}
	return c.Texts.At(i)
}

// mail is an address in lower case without a +tag.
func mail(s string) string {
	local, host, ok := strings.Cut(strings.ToLower(strings.TrimSpace(s)), "@")
	if local, _, _ = strings.Cut(local, "+"); !ok || local == "" || !strings.Contains(host, ".") {
		return ""
	}
	return local + "@" + host
}

// dialled is the last nine digits of a number, which do not differ by how the
// country is written.
func dialled(s string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
	if len(digits) < 7 || strings.Count(digits, digits[:1]) == len(digits) {
		return ""
	}
	return digits[max(0, len(digits)-9):]
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}
