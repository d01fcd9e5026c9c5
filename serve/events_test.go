package serve

import (
	"strings"
	"testing"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
)

// listener is a model that looks at events and remembers those it was given.
type listener struct {
	fake
	events map[string]*datasets.Table
}

func (l *listener) Attach(_ *features.Snapshot, raw map[string]*datasets.Table) error {
	l.events = raw
	return nil
}

func looking(o *Options) {
	o.Manifest.Tables = []datasets.EventTable{{Name: "calls", Columns: map[string]string{"lead_id": "lead", "happened_at": "at", "amount": "minutes"}}}
}

// said writes a table, a row a word.
func said(t *datasets.Table) string {
	if t == nil {
		return "nothing"
	}
	var rows []string
	for i := range t.Rows {
		var cells []string
		for _, c := range t.Columns {
			cells = append(cells, c.Name+"="+c.Texts.At(i))
		}
		rows = append(rows, strings.Join(cells, ","))
	}
	return strings.Join(rows, " ")
}

func TestEventsOfRequests(t *testing.T) {
	l := &listener{}
	s := server(t, l, looking)
	for _, c := range []struct {
		body, want string
		code       int
	}{
		{`{"leads":[{"lead_id":"17"}],"events":{"calls":[{"lead":"17","at":"2026-01-01","minutes":4.5},{"lead":17,"at":null,"mood":"x"}]}}`, "at=2026-01-01,lead=17,minutes=4.5 at=,lead=17,minutes=", 200},
		{`{"leads":[{"events":{"calls":[{"at":"2026-01-02"}]},"lead_id":"17"},{"lead_id":"18","events":{"calls":[{"at":"2026-01-03"}]}}]}`, "at=2026-01-02,lead=17,minutes= at=2026-01-03,lead=18,minutes=", 200},
		{`{"leads":[{"lead_id":{},"events":{"calls":[{"at":"2026-01-02"}]}},{"lead_id":"18","events":{"calls":[{"at":"2026-01-03"}]}}]}`, "at=2026-01-03,lead=18,minutes=", 200}, // a bad lead's events go with it
		{`{"leads":[{"events":{"calls":[{"at":"2026-01-02"}]}}]}`, "", 200}, // nobody's
		{`{"leads":[{"lead_id":"1"}],"events":null}`, "nothing", 200},
		{`{"leads":[{"lead_id":"1"}],"events":{"mails":[]}}`, "it knows calls", 422},
		{`{"leads":[{"lead_id":"1"}],"events":{"calls":[7]}}`, "a row is an object", 422},
		{`{"leads":[{"lead_id":"1"}],"events":{"calls":[{"at":[1]}]}}`, "a text, a number or null", 422},
		{`{"leads":[{"lead_id":"1","events":{"calls":{}}}]}`, "object of arrays", 422},
		{`{"leads":[{"lead_id":"1"}],"events":{"calls":[{"at":1,"at":2}]}}`, "twice", 400},
	} {
		l.events = nil
		w := ask(s, "POST", "/v1/score", c.body)
		got := said(l.events["calls"])
		if w.Code != 200 {
			got = w.Body.String()
		}
		if w.Code != c.code || !strings.Contains(got, c.want) || w.Code == 200 && got != c.want {
			t.Errorf("%s: %d %s, want %s", c.body, w.Code, got, c.want)
		}
		if strings.Contains(w.Body.String(), "events are not used") {
			t.Errorf("%s: %s", c.body, w.Body)
		}
	}
}
