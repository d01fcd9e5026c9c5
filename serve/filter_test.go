package serve

import (
	"encoding/csv"
	"fmt"
	"html"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/datasets"
)

// desk is a server whose queue has two facets: who works a lead, and its source.
func desk(t testing.TB, n int, change func(*Options)) *Server {
	return server(t, &fake{}, func(o *Options) {
		o.Leads = leads(n)
		o.Manifest.Schema.Roles.Owner = "rep"
		if change != nil {
			change(o)
		}
	})
}

// rowsOf reads the table of a queue.
func rowsOf(t rapid.TB, s *Server, query string) [][]string {
	t.Helper()
	w := ask(s, "GET", "/leads.csv"+query, "")
	rows, err := csv.NewReader(w.Body).ReadAll()
	if err != nil || w.Code != 200 {
		t.Fatalf("%s: %d %v", query, w.Code, err)
	}
	return rows
}

// Every combination of filters leaves exactly the leads that pass each of them,
// counts them, and adds up their chances.
func TestFiltersCombine(t *testing.T) {
	const n = 200
	s, raw := desk(t, n, nil), leads(n)
	cell := func(column string, i int) string { return raw.Column(column).Texts.At(i) }
	rapid.Check(t, func(t *rapid.T) {
		pick := func(name string, values ...string) string { return rapid.SampledFrom(append(values, "")).Draw(t, name) }
		grade, rep, source, q := pick("grade", "A", "B", "D"), pick("rep", "U0", "U3", "U9"), pick("source", "Partner", "Webinar"), pick("q", "l-01", "FORM", "7")
		chance, from, to := pick("chance", "25", "50.5", "50,5"), pick("from", "10", "40"), pick("to", "30", "70", "x")
		v := url.Values{"grade": {grade}, "is.rep": {rep}, "is.source": {source}, "q": {q}, "chance": {chance}, "from": {from}, "to": {to}, "sort": {pick("sort", "value", "oldest", "newest")}}
		var want []string
		wins := 0.0
		for i := range n {
			score, _ := strconv.ParseFloat(cell("score", i), 64)
			age := float64(i%40*3+1) + 0.5
			least, errL := strconv.ParseFloat(strings.Replace(chance, ",", ".", 1), 64)
			low, errF := strconv.ParseFloat(from, 64)
			high, errT := strconv.ParseFloat(to, 64)
			text := strings.ToLower(cell("lead_id", i) + "\n" + cell("source", i))
			if (grade == "" || string("DCBA"[min(int(score/100*4), 3)]) == grade) && (rep == "" || cell("rep", i) == rep) && (source == "" || cell("source", i) == source) &&
				strings.Contains(text, strings.ToLower(q)) && (errL != nil || score >= least) && (errF != nil || age >= low) && (errT != nil || age <= high) {
				want = append(want, cell("lead_id", i))
				wins += score / 100
			}
		}
		var got []string
		for _, row := range rowsOf(t, s, "?"+v.Encode())[1:] {
			got = append(got, row[0])
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("%v: %v, want %v", v, got, want)
		}
		f, _ := s.board.filter(v)
		page := ask(s, "GET", f.address("/"), "").Body.String()
		for _, x := range []float64{float64(len(want)), wins, wins * 1000} {
			// a sum that ends at one half is rounded by the order of its terms
			low, high := "<b>"+amount(x*(1-1e-12))+"</b>", "<b>"+amount(x*(1+1e-12))+"</b>"
			if !strings.Contains(page, low) && !strings.Contains(page, high) {
				t.Fatalf("%v: the page lacks %s", v, low)
			}
		}
		again, _ := s.board.filter(addressed(f.address("/")))
		if again.address("/") != f.address("/") {
			t.Fatalf("%s is read as %s", f.address("/"), again.address("/"))
		}
	})
}

// addressed is the query of an address.
func addressed(address string) url.Values {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return u.Query()
}

// Each chip takes away its own part of the filter and nothing else.
func TestChipsRemove(t *testing.T) {
	s := desk(t, 60, nil)
	all := "/?chance=10&from=2&grade=D&is.rep=U1&is.source=Partner&q=l&sort=oldest&to=90"
	page := ask(s, "GET", all, "").Body.String()
	chips := regexp.MustCompile(`<a class="chip filter" href="([^"]*)"`).FindAllStringSubmatch(page, -1)
	if len(chips) != 7 {
		t.Fatalf("%d chips", len(chips))
	}
	full := addressed(all)
	for _, c := range chips {
		left := addressed(html.UnescapeString(c[1]))
		if len(left) != len(full)-1 {
			t.Errorf("%s leaves %v", c[1], left)
		}
		for name, value := range left {
			if !slices.Equal(value, full[name]) {
				t.Errorf("%s changes %s to %v", c[1], name, value)
			}
		}
	}
	if w := ask(s, "GET", "/?q=&grade=A&is.rep=&sort=&is.source=Partner&from=", ""); w.Code != 303 || w.Header().Get("Location") != "/?grade=A&is.source=Partner" {
		t.Errorf("a form's address: %d %q", w.Code, w.Header().Get("Location"))
	}
	if page := ask(s, "GET", "/?is.source=Nowhere", "").Body.String(); !strings.Contains(page, "Source: Nowhere") || len(found(idPattern, page)) != 0 {
		t.Errorf("a level that does not exist asks for nothing")
	}
}

func TestOrdersOfTheQueue(t *testing.T) {
	s := desk(t, 120, nil)
	for sort, column := range map[string]int{"": 1, "value": 3, "oldest": 5, "newest": 5} {
		var figures []float64
		for _, row := range rowsOf(t, s, "?sort="+sort)[1:] {
			v, err := strconv.ParseFloat(row[column], 64)
			if err != nil {
				t.Fatal(err)
			}
			if sort != "newest" {
				v = -v
			}
			figures = append(figures, v)
		}
		if len(figures) != 120 || !slices.IsSorted(figures) {
			t.Errorf("%q: %v", sort, figures)
		}
	}
}

// A column is offered where it has few values, and nobody's name but that of
// who works the lead.
func TestFacets(t *testing.T) {
	s := desk(t, 100, func(o *Options) {
		var many, long []string
		for i := range 100 {
			many, long = append(many, fmt.Sprint("v", i)), append(long, strings.Repeat("x", 40+i%20))
		}
		for name, values := range map[string][]string{"many": many, "long": long, "customer_name": slices.Repeat([]string{"Ann", "Bob"}, 50), "one": slices.Repeat([]string{"x"}, 100),
			"tier": slices.Repeat([]string{"gold", ""}, 50)} {
			o.Leads.Columns = append(o.Leads.Columns, table(map[string][]string{name: values}, name).Columns[0])
			o.Manifest.Schema.Fields = append(o.Manifest.Schema.Fields, datasets.Field{Name: name, Kind: datasets.Category})
		}
	})
	var names []string
	for _, f := range s.board.facets {
		names = append(names, f.column)
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"rep", "source", "tier"}) {
		t.Errorf("offered: %v", names)
	}
	if got := len(rowsOf(t, s, "?is.tier="+url.QueryEscape(noLevel))) - 1; got != 50 {
		t.Errorf("%d leads without a tier", got)
	}
}

func TestMeasure(t *testing.T) {
	for text, want := range map[string]float64{"5": 5, " 12,5 ": 12.5, "30%": 30, "0": 0} {
		if got := measure(text); got != want {
			t.Errorf("%q is %v", text, got)
		}
	}
	for _, text := range []string{"", "-1", "NaN", "Inf", "1e9", "x", "1,2,3"} {
		if got := measure(text); !math.IsNaN(got) {
			t.Errorf("%q is %v", text, got)
		}
	}
}

// Whatever stands in an address is answered, and adds no tag to the page.
func FuzzPages(f *testing.F) {
	s := desk(f, 30, nil)
	for _, text := range hostile {
		f.Add("q="+url.QueryEscape(text)+"&is.source="+url.QueryEscape(text), url.PathEscape(text))
	}
	f.Add("page=-9&nth=1&from=1e3&to=,&grade=A&sort=newest", "L-0001")
	count := func(path string) (code, tags int) {
		w := ask(s, "GET", path, "")
		return w.Code, strings.Count(w.Body.String(), "<")
	}
	_, missing := count("/leads/nobody")
	f.Fuzz(func(t *testing.T, query, id string) {
		q, err := url.ParseQuery(query)
		if err != nil || id == "" {
			return
		}
		again, _ := s.board.filter(q)
		if code, _ := count(again.address("/")); code != 200 {
			t.Fatalf("%q: %d", query, code)
		}
		rows := s.board.find(&again).rows
		if code, _ := count(again.address("/leads.csv")); code != 200 {
			t.Fatalf("%q: the table is %d", query, code)
		}
		code, tags := count(again.address("/leads/" + url.PathEscape(id)))
		if known := s.board.byID[id] != nil; known != (code == 200) || !known && tags != missing {
			t.Fatalf("%q of %d rows: %d, %d tags", id, len(rows), code, tags)
		}
	})
}
