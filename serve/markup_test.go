package serve

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train/bundle"
)

// hostile are texts that would do something if they became markup.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `</td></tr></table><h1>x`, `<svg/onload=alert(1)>`, `javascript:alert(1)`,
	`{{.ID}}`, `<!--`, `]]>`, `<iframe src=//elsewhere.example>`, `&lt;script&gt;`, "\x00<b>", "\u2028<b>", `<a href="javascript:alert(1)">x</a>`, `<style>*{display:none}</style>`,
	`<meta http-equiv=refresh content=0>`, `<form action=//elsewhere.example>`, `<base href=//elsewhere.example>`, `${alert(1)}`, `<math><mi></p><script>`, "<scr\x00ipt>", `\"><script>`, `<object data=x>`,
	"javascript:alert(1)//", "a/../../b?c=d&e#f", "..", ".", "%2e%2e%2f", "\u202etxt.exe\u2066", "=HYPERLINK(\"//elsewhere.example\")",
}

// everyPage asks for all pages of a server whose leads, columns and manifest
// hold a text wherever a text can stand.
func everyPage(t *testing.T, text string) string {
	t.Helper()
	s := server(t, &fake{}, func(o *Options) {
		o.Leads = table(map[string][]string{"lead_id": {text, "other"}, text: {text, "b"}, "source": {text, "c"}}, "lead_id", text, "source")
		o.Manifest.Recipe, o.Manifest.Importance, o.Manifest.Promise = text, map[string]float64{text: 1}, text
		o.Manifest.Schema.Fields = append(o.Manifest.Schema.Fields, datasets.Field{Name: text, Kind: datasets.Category})
		o.Manifest.Withheld = []bundle.Withheld{{Column: text + "2", Reason: text}}
		o.Report = []byte(`{"split":` + string(appendString(nil, text)) + `,"leaderboard":[{"model":` + string(appendString(nil, text)) + `}]}`)
	})
	board := ask(s, "GET", "/?q="+url.QueryEscape(text)+"&is.source="+url.QueryEscape(text)+"&"+url.QueryEscape("is."+text)+"="+url.QueryEscape(text), "")
	links := found(leadPattern, board.Body.String())
	if board.Code != 200 || len(links) != 1 {
		t.Fatalf("%q: %d, %d rows", text, board.Code, len(links))
	}
	lead := ask(s, "GET", html.UnescapeString(links[0]), "")
	if lead.Code != 200 || !strings.Contains(lead.Body.String(), `<h1 class="id">`+html.EscapeString(visible(text))+"</h1>") && !strings.Contains(text, "&") && !strings.ContainsAny(text, `"'`) {
		t.Errorf("%q: its page is %d", text, lead.Code)
	}
	none := ask(s, "GET", "/leads/"+url.PathEscape("no"+text), "")
	if none.Code != 404 {
		t.Errorf("no%q: %d", text, none.Code)
	}
	plain := server(t, &fake{}, func(o *Options) {
		o.Manifest.Schema.Fields = []datasets.Field{{Name: text, Kind: datasets.Category}}
	})
	return board.Body.String() + lead.Body.String() + none.Body.String() + ask(s, "GET", "/model", "").Body.String() + ask(plain, "GET", "/", "").Body.String()
}

var leadPattern = regexp.MustCompile(`<a class="open" id="r\d+" href="([^"]*)"`)

// Texts of a CRM, in ids, values and names of columns, add no tag to a page:
// it has as many '<' and quotes as with harmless texts. Every address on it is
// one of ours, and no character is left that turns the text around it.
func TestTextsNeverBecomeMarkup(t *testing.T) {
	plain := everyPage(t, "harmless")
	for _, text := range hostile {
		got := everyPage(t, text)
		for _, mark := range []string{"<", ">", `"`, "<script", "onerror=alert(1)>"} {
			if a, b := strings.Count(got, mark), strings.Count(plain, mark); a != b {
				t.Errorf("%q: %d × %s, want %d", text, a, mark, b)
			}
		}
		for _, address := range regexp.MustCompile(`(?:href|src|action)="([^"]*)"`).FindAllStringSubmatch(got, -1) {
			if address[1] != "#main" && !strings.HasPrefix(address[1], "/") || strings.HasPrefix(address[1], "//") {
				t.Errorf("%q: an address %q", text, address[1])
			}
		}
		shown := regexp.MustCompile(`(?:name|value)="[^"]*"`).ReplaceAllString(got, "") // what forms send back
		if at := strings.IndexFunc(shown, func(r rune) bool { return r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }); at >= 0 {
			t.Errorf("%q: a character that cannot be seen is on the page: …%q", text, shown[max(0, at-60):at+3])
		}
	}
}
