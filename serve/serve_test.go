package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/train/bundle"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake forecasts p_win = score / 100 from the number column "score".
type fake struct {
	raw    *datasets.Table // the last table read
	asOf   int64
	panics bool
	narrow bool          // it has no intervals
	refuse string        // Read refuses tables that hold this id
	block  chan struct{} // Score waits for it
}

func (f *fake) ID() string { return strings.Repeat("0123456789abcdef", 4) }

func (f *fake) Read(raw *datasets.Table, asOf int64) (features.Snapshot, error) {
	f.raw, f.asOf = raw, asOf
	if c := raw.Column("lead_id"); c != nil && f.refuse != "" {
		for i := range raw.Rows {
			if c.Texts.At(i) == f.refuse {
				return features.Snapshot{}, &datasets.Error{Place: raw.At(i), Column: "score", Message: "is not a number"}
			}
		}
	}
	s := features.Snapshot{Leads: &datasets.Table{Rows: raw.Rows, Columns: slices.Clone(raw.Columns)}, AsOf: slices.Repeat([]int64{asOf}, raw.Rows)}
	for j, c := range s.Leads.Columns {
		if c.Name == "created_at" {
			s.Leads.Columns[j] = times(c)
		}
	}
	return s, nil
}

// times reads a column of days.
func times(c *datasets.Column) *datasets.Column {
	t := &datasets.Column{Name: c.Name, Kind: datasets.Time}
	for i := range c.Texts.Len() {
		at, _ := time.Parse(time.DateOnly, c.Texts.At(i))
		t.Times = append(t.Times, datasets.Micros(at))
	}
	return t
}

func (f *fake) Intervals(_ context.Context, _ features.Snapshot, scores []bundle.Score) error {
	if f.narrow {
		return bundle.ErrNoSpread
	}
	for i := range scores {
		if s := &scores[i]; s.Win != nil {
			low, high := *s.Win-0.125, *s.Win+0.125
			s.WinLow, s.WinHigh = &low, &high
		}
	}
	return nil
}

func (f *fake) Score(ctx context.Context, s features.Snapshot, reasons int) ([]bundle.Score, error) {
	if f.panics {
		panic("secret of a lead")
	}
	if f.block != nil {
		<-f.block
	}
	scores := make([]bundle.Score, s.Leads.Rows)
	for i := range scores {
		p := 0.5
		if c := s.Leads.Column("score"); c != nil && !c.Missing(i) {
			v, err := strconv.ParseFloat(c.Texts.At(i), 64)
			if err != nil {
				scores[i].Err = &datasets.Error{Column: "score", Message: "is not a number"}
				continue
			}
			p = v / 100
		}
		win, lost, open, value, day := p, (1-p)/2, (1-p)/2, p*1000, 60.0
		scores[i] = bundle.Score{Win: &win, Lost: &lost, Open: &open, WinBy: []*float64{&win, nil}, Cycle: [3]*float64{nil, &day, nil},
			ExpectedValue: &value, Grade: string("DCBA"[min(int(p*4), 3)])}
		scores[i].Curve = models.Curve{Rates: [][]float64{{0.02 * p}, {0.02 * (1 - p)}}}
		if c := s.Leads.Column("lead_id"); c != nil {
			scores[i].ID = c.Texts.At(i)
		}
		if reasons == bundle.Every {
			reasons = 3
			base := p - 0.03
			scores[i].Base = &base
		}
		for r := range min(reasons, 3) {
			scores[i].Reasons = append(scores[i].Reasons, bundle.Reason{Column: []string{"source", "score", "email"}[r%3], Effect: 0.03 - float64(r)*0.02})
		}
		if c := s.Leads.Column("source"); c != nil && c.Texts.At(i) == "Carrier pigeon" {
			scores[i].Warnings = append(scores[i].Warnings, `column "source": a value not seen in training`)
		}
	}
	return scores, nil
}

func manifest() bundle.Manifest {
	return bundle.Manifest{Recipe: "gbm", Timed: true, Losses: true, Horizons: []int{30, 90}, MainHorizon: 90, AsOf: "2026-03-31T00:00:00Z", Leads: 20000, Wins: 1800,
		Schema: datasets.Schema{Fields: []datasets.Field{
			{Name: "lead_id", Kind: datasets.ID}, {Name: "created_at", Kind: datasets.Time}, {Name: "status", Kind: datasets.Category},
			{Name: "source", Kind: datasets.Category}, {Name: "score", Kind: datasets.Number}, {Name: "employees", Kind: datasets.Number, Decimal: ","},
			{Name: "opted_in", Kind: datasets.Bool, True: []string{"yes"}, False: []string{"no"}}, {Name: "interests", Kind: datasets.Multi}, {Name: "email", Kind: datasets.Text},
		}, Roles: datasets.Roles{ID: "lead_id", Created: "created_at", Outcome: "status"}},
		Withheld: []bundle.Withheld{{Column: "close_reason", Reason: "filled in only at closing"}},
		Judged:   &bundle.Judgement{Leads: 4000, Wins: 350, From: "2025-10-01", To: "2026-03-31", Metrics: map[string]float64{"auc_90d": 0.81}}}
}

var today = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)

func server(t testing.TB, f Forecaster, change func(*Options)) *Server {
	t.Helper()
	o := Options{Model: f, Manifest: manifest(), Now: func() time.Time { return today }}
	if change != nil {
		change(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ask sends one request to the handler.
func ask(s *Server, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

func TestScoreAnswersEveryKeyInOrder(t *testing.T) {
	f := &fake{}
	s := server(t, f, nil)
	w := ask(s, "POST", "/v1/score", `{"leads":[
		{"lead_id":"L-2","score":20,"source":"Webinar"},
		{"lead_id":"L-1","score":{"a":1}},
		{"lead_id":17,"score":90.5,"surce":"x","events":{"calls":[{"at":"2026-01-01"}]}}],"as_of":"2026-03-31","reasons":1}`)
	want := `{"model":"` + f.ID() + `","horizon_days":90,"scores":[` +
		`{"id":"L-2","p_win":0.2,"p_lost":0.4,"p_open":0.4,"p_win_by":{"30d":0.2,"90d":null},"cycle_days":{"p10":null,"p50":60,"p90":null},"expected_value":200,"grade":"D","reasons":[{"column":"source","effect":0.03,"like_this":0,"won":0}],"warnings":["not given, taken as missing: employees, opted_in, interests, email"]},` +
		`{"id":null,"p_win":null,"p_lost":null,"p_open":null,"p_win_by":null,"cycle_days":null,"expected_value":null,"grade":null,"reasons":null,"warnings":null,"error":{"pointer":"/leads/1/score","detail":"an object cannot be the value of a column"}},` +
		`{"id":"17","p_win":0.905,"p_lost":0.04749999999999999,"p_open":0.04749999999999999,"p_win_by":{"30d":0.905,"90d":null},"cycle_days":{"p10":null,"p50":60,"p90":null},"expected_value":905,"grade":"A","reasons":[{"column":"source","effect":0.03,"like_this":0,"won":0}],"warnings":["events are not used by this model","unknown field \"surce\"","not given, taken as missing: employees, opted_in, interests, email"]}]}` + "\n"
	if w.Code != 200 || w.Body.String() != want {
		t.Errorf("status %d\n got %s\nwant %s", w.Code, w.Body, want)
	}
	if f.asOf != datasets.Micros(time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("as_of was read as %d", f.asOf)
	}
}

func TestIntervalsAreGivenWhenAskedFor(t *testing.T) {
	body := func(intervals string) string {
		return `{"leads":[{"lead_id":"L-1","score":50},{"lead_id":"L-2","score":"x"}],"reasons":0,"intervals":` + intervals + `}`
	}
	for name, c := range map[string]struct {
		f          *fake
		ask        string
		want, none string
	}{
		"asked":     {&fake{}, "true", `,"p_win_low":0.375,"p_win_high":0.625},{"id":null`, ""},
		"of faults": {&fake{}, "true", `,"p_win_low":null,"p_win_high":null}]}`, ""},
		"no spread": {&fake{narrow: true}, "true", `,"p_win_low":null,"p_win_high":null},{"id":null`, "0.375"},
		"not asked": {&fake{}, "false", `"p_win":0.5`, "p_win_low"},
	} {
		w := ask(server(t, c.f, nil), "POST", "/v1/score", body(c.ask))
		if got := w.Body.String(); w.Code != 200 || !strings.Contains(got, c.want) || c.none != "" && strings.Contains(got, c.none) || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: status %d: %s", name, w.Code, got)
		}
	}
	if w := ask(server(t, &fake{}, nil), "POST", "/v1/score", body(`1`)); w.Code != 422 || !strings.Contains(w.Body.String(), "must be true or false") {
		t.Errorf("intervals: 1 gave %d %s", w.Code, w.Body)
	}
}

func TestScoreAsOfDefaultsToTheClock(t *testing.T) {
	f := &fake{}
	if w := ask(server(t, f, nil), "POST", "/v1/score", `{"leads":[{}],"as_of":null,"reasons":null}`); w.Code != 200 || f.asOf != datasets.Micros(today) {
		t.Errorf("status %d, as-of %d", w.Code, f.asOf)
	}
}

// What JSON values become in the raw table.
func TestValuesBecomeText(t *testing.T) {
	f := &fake{}
	s := server(t, f, nil)
	ask(s, "POST", "/v1/score", `{"leads":[
		{"score":1.50E1,"employees":1234.5,"opted_in":true,"interests":["a",null,"b",3],"source":null,"email":"\u00e9\ud83d\ude00\n"},
		{"lead_id":"x","opted_in":false,"interests":[],"source":true,"as_of":"2026-01-01","close_reason":"price"},
		{"score":[[1]]},
		{"score":-0,"Lead_ID":"y","interests":[null,"c"]}]}`)
	want := map[string][]string{
		"lead_id": {"", "x", ""}, "score": {"1.50E1", "", "-0"}, "employees": {"1234,5", "", ""}, "opted_in": {"yes", "no", ""},
		"interests": {"a;b;3", "", "c"}, "source": {"", "true", ""}, "email": {"é😀\n", "", ""}, "as_of": {"", "2026-01-01", ""},
	}
	if f.raw.Rows != 3 || len(f.raw.Columns) != len(want) {
		t.Fatalf("%d rows, columns %q", f.raw.Rows, f.raw.Names())
	}
	for name, texts := range want {
		for i, text := range texts {
			if got := f.raw.Column(name).Texts.At(i); got != text {
				t.Errorf("%s, row %d: %q, want %q", name, i, got, text)
			}
		}
	}
	if at := f.raw.At(2); at != "/leads/3" {
		t.Errorf("the third good lead is at %s", at)
	}
}

// A table that the model refuses for one lead is scored lead by lead.
func TestOneRefusedLeadDoesNotSpoilTheOthers(t *testing.T) {
	w := ask(server(t, &fake{refuse: "bad"}, nil), "POST", "/v1/score", `{"leads":[{"lead_id":"a"},{"lead_id":"bad"},{"lead_id":"c"},{"score":"many"}],"reasons":0}`)
	var got scoreAnswer
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got.Scores) != 4 {
		t.Fatalf("%v: %s", err, w.Body)
	}
	for i, want := range []string{"", "/leads/1/score", "", "/leads/3/score"} {
		if f := got.Scores[i].Error; (f == nil) != (want == "") || f != nil && f.Pointer != want {
			t.Errorf("lead %d: error %+v, want %q", i, f, want)
		}
	}
}

func TestUnknownFieldsAreNamed(t *testing.T) {
	s := server(t, &fake{}, nil)
	w := ask(s, "POST", "/v1/score", `{"leads":[{"Source":"x"}]}`)
	if want := `"warnings":["unknown field \"Source\", did you mean \"source\"?","not given`; !strings.Contains(w.Body.String(), want) {
		t.Errorf("no %s in %s", want, w.Body)
	}
	var many []string
	for i := range 30 {
		many = append(many, fmt.Sprintf(`"u%d":%d`, i, i))
	}
	w = ask(s, "POST", "/v1/score", `{"leads":[{`+strings.Join(many, ",")+`}]}`)
	if !strings.Contains(w.Body.String(), `"and 20 more unknown fields"`) {
		t.Errorf("the list is not bounded: %s", w.Body)
	}
	w = ask(s, "POST", "/v1/score?strict=true", `{"leads":[{"source":"x"},{"sou/rce":"x","events":{}}]}`)
	p := problemOf(t, w)
	if w.Code != 422 || p.Type != "/docs#unknown-fields" || len(p.Errors) != 1 || p.Errors[0].Pointer != "/leads/1/sou~1rce" {
		t.Errorf("%d %+v", w.Code, p)
	}
	for i := range 1200 {
		many = append(many, fmt.Sprintf(`"v%d":%d`, i, i))
	}
	w = ask(s, "POST", "/v1/score?strict=true", `{"leads":[{"u1":1},{`+strings.Join(many[:900], ",")+`}]}`)
	if p = problemOf(t, w); w.Code != 422 || len(p.Errors) != maxFaults || !strings.Contains(p.Detail, "first 50") {
		t.Errorf("%d, %d errors: %s", w.Code, len(p.Errors), p.Detail)
	}
	w = ask(s, "POST", "/v1/score", `{"leads":[{"source":"x"},{`+strings.Join(many, ",")+`}]}`)
	if !strings.Contains(w.Body.String(), `"error":{"pointer":"/leads/1","detail":"has more than 1000 unknown fields"}`) {
		t.Errorf("%s", w.Body)
	}
	if w = ask(s, "POST", "/v1/score?strict=true", `{"leads":[{"source":"x"}]}`); w.Code != 200 {
		t.Errorf("strict without unknown fields: %d", w.Code)
	}
}

func problemOf(t testing.TB, w *httptest.ResponseRecorder) problem {
	t.Helper()
	var p problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	if w.Header().Get("Content-Type") != "application/problem+json" || p.Status != w.Code || p.Title == "" || p.RequestID == "" || p.RequestID != w.Header().Get("X-Request-Id") {
		t.Errorf("not a whole problem: %s", w.Body)
	}
	return p
}

func TestBadRequests(t *testing.T) {
	one := func(value string) string { return `{"leads":[{"score":` + value + `}]}` }
	deep := strings.Repeat("[", 100_000)
	for _, c := range []struct {
		body, name, pointer string
		status              int
	}{
		{``, "malformed-json", "", 400},
		{` `, "malformed-json", "", 400},
		{`{`, "malformed-json", "", 400},
		{`nope`, "malformed-json", "", 400},
		{`{"leads":[{}]`, "malformed-json", "", 400},
		{`{"leads":[{}]}x`, "malformed-json", "", 400},
		{`{"leads":[{}]}{"leads":[{}]}`, "malformed-json", "", 400},
		{`{"leads":[{}],}`, "malformed-json", "", 400},
		{`{"leads":[{},]}`, "malformed-json", "/leads/1", 400},
		{`{"leads":[{}}`, "malformed-json", "/leads", 400},
		{`{leads:[{}]}`, "malformed-json", "", 400},
		{`{'leads':[{}]}`, "malformed-json", "", 400},
		{`{"leads" [{}]}`, "malformed-json", "", 400},
		{"\xef\xbb\xbf" + `{"leads":[{}]}`, "malformed-json", "", 400},
		{"{\"leads\":[{}]}\x00", "malformed-json", "", 400},
		{one(`NaN`), "malformed-json", "/leads/0/score", 400},
		{one(`nan`), "malformed-json", "/leads/0/score", 400},
		{one(`Infinity`), "malformed-json", "/leads/0/score", 400},
		{one(`-Infinity`), "malformed-json", "/leads/0/score", 400},
		{one(`+1`), "malformed-json", "/leads/0/score", 400},
		{one(`01`), "malformed-json", "/leads/0/score", 400},
		{one(`1.`), "malformed-json", "/leads/0/score", 400},
		{one(`.5`), "malformed-json", "/leads/0/score", 400},
		{one(`1e`), "malformed-json", "/leads/0/score", 400},
		{one(`0x1F`), "malformed-json", "/leads/0", 400},
		{one(`1_000`), "malformed-json", "/leads/0", 400},
		{one(`--1`), "malformed-json", "/leads/0/score", 400},
		{one(`True`), "malformed-json", "/leads/0/score", 400},
		{one(`tru`), "malformed-json", "/leads/0/score", 400},
		{one(`undefined`), "malformed-json", "/leads/0/score", 400},
		{one(`"a`), "malformed-json", "/leads/0/score", 400},
		{one("\"a\nb\""), "malformed-json", "/leads/0/score", 400},
		{one("\"a\\n\tb\""), "malformed-json", "/leads/0/score", 400},
		{one("\"\xff\""), "malformed-json", "/leads/0/score", 400},
		{one("\"\xed\xa0\x80\""), "malformed-json", "/leads/0/score", 400},
		{one(`"\ud800"`), "malformed-json", "/leads/0/score", 400},
		{one(`"\udc00"`), "malformed-json", "/leads/0/score", 400},
		{one(`"\ud800\ud800"`), "malformed-json", "/leads/0/score", 400},
		{one(`"\ud800A"`), "malformed-json", "/leads/0/score", 400},
		{one(`"\x41"`), "malformed-json", "/leads/0/score", 400},
		{one(`"\u12g4"`), "malformed-json", "/leads/0/score", 400},
		{one(`"\u12`), "malformed-json", "/leads/0/score", 400},
		{one(`/* no */ 1`), "malformed-json", "/leads/0/score", 400},
		{`{"leads":[{"score":1,"score":2}]}`, "malformed-json", "/leads/0/score", 400},
		{`{"leads":[{"score":1,"\u0073core":2}]}`, "malformed-json", "/leads/0/score", 400},
		{`{"leads":[{"new":1,"new":2}]}`, "malformed-json", "/leads/0/new", 400},
		{`{"leads":[{"new":{"a":1,"a":2}}]}`, "malformed-json", "/leads/0/new/a", 400},
		{`{"leads":[{"events":{},"events":{}}]}`, "malformed-json", "/leads/0/events", 400},
		{`{"leads":[{"events":{"a":[],"a":[]}}]}`, "malformed-json", "/leads/0/events/a", 400},
		{`{"leads":[{}],"leads":[{}]}`, "malformed-json", "/leads", 400},
		{deep, "malformed-json", "/0/0/0/0/0/0/0/0", 400},
		{`{"leads":` + deep, "malformed-json", "/leads/0/0/0/0/0/0/0", 400},
		{`{"leads":[{"score":` + deep, "malformed-json", "/leads/0/score/0/0/0/0", 400},
		{strings.Repeat(`{"a":`, 9) + "1" + strings.Repeat("}", 9), "malformed-json", strings.Repeat("/a", 8), 400},
		{`[]`, "invalid-request", "", 422},
		{`null`, "invalid-request", "", 422},
		{`"leads"`, "invalid-request", "", 422},
		{`{}`, "invalid-request", "/leads", 422},
		{`{"leads":null}`, "invalid-request", "/leads", 422},
		{`{"leads":{}}`, "invalid-request", "/leads", 422},
		{`{"leads":"x"}`, "invalid-request", "/leads", 422},
		{`{"leads":[]}`, "invalid-request", "/leads", 422},
		{`{"Leads":[{}]}`, "invalid-request", "/Leads", 422},
		{`{"leads":[{}],"lead/s~":1}`, "invalid-request", "/lead~1s~0", 422},
		{`{"leads":[{}],"as_of":5}`, "invalid-request", "/as_of", 422},
		{`{"leads":[{}],"as_of":""}`, "invalid-request", "/as_of", 422},
		{`{"leads":[{}],"as_of":"31.03.2026"}`, "invalid-request", "/as_of", 422},
		{`{"leads":[{}],"as_of":"2026-02-30"}`, "invalid-request", "/as_of", 422},
		{`{"leads":[{}],"as_of":["2026-03-31"]}`, "invalid-request", "/as_of", 422},
		{`{"leads":[{}],"reasons":11}`, "invalid-request", "/reasons", 422},
		{`{"leads":[{}],"reasons":-1}`, "invalid-request", "/reasons", 422},
		{`{"leads":[{}],"reasons":1.5}`, "invalid-request", "/reasons", 422},
		{`{"leads":[{}],"reasons":"3"}`, "invalid-request", "/reasons", 422},
		{`{"leads":[{}],"reasons":{}}`, "invalid-request", "/reasons", 422},
		{`{"leads":[{}],"reasons":99999999999999999999}`, "invalid-request", "/reasons", 422},
		{`{"leads":[{}],"events":[]}`, "invalid-request", "/events", 422},
		{`{"leads":[{}],"events":{"calls":1}}`, "invalid-request", "/events", 422},
		{`{"leads":[5]}`, "no-lead-scored", "/leads/0", 422},
		{`{"leads":[null]}`, "no-lead-scored", "/leads/0", 422},
		{`{"leads":[[]]}`, "no-lead-scored", "/leads/0", 422},
		{one(`1e999`), "no-lead-scored", "/leads/0/score", 422},
		{one(`-1e999`), "no-lead-scored", "/leads/0/score", 422},
		{one(`1` + strings.Repeat("0", 400)), "no-lead-scored", "/leads/0/score", 422},
		{one(`{}`), "no-lead-scored", "/leads/0/score", 422},
		{one(`[{}]`), "no-lead-scored", "/leads/0/score", 422},
		{one(`[1e999]`), "no-lead-scored", "/leads/0/score", 422},
		{one(`"many"`), "no-lead-scored", "/leads/0/score", 422},
		{`{"leads":[{"events":7}]}`, "no-lead-scored", "/leads/0/events", 422},
		{`{"leads":[` + strings.Repeat("{},", 1000) + `{}]}`, "too-large", "/leads", 413},
		{one(`"` + strings.Repeat("x", 1<<20) + `"`), "too-large", "", 413},
		{`{"leads":[{},{"score":"` + strings.Repeat("x", 16<<20) + `"}]}`, "too-large", "", 413},
	} {
		t.Run(c.body[:min(len(c.body), 40)], func(t *testing.T) {
			w := ask(server(t, &fake{}, nil), "POST", "/v1/score", c.body, "Content-Type", "application/json")
			p := problemOf(t, w)
			at := ""
			if len(p.Errors) > 0 {
				at = p.Errors[0].Pointer
			}
			if w.Code != c.status || p.Type != "/docs#"+c.name || at != c.pointer {
				t.Errorf("%d %s at %q (%s), want %d %s at %q", w.Code, p.Type, at, p.Detail, c.status, c.name, c.pointer)
			}
		})
	}
}

func TestBadEnvelopes(t *testing.T) {
	s := server(t, &fake{}, nil)
	good := `{"leads":[{}]}`
	for _, c := range []struct {
		method, path, body string
		header             []string
		status             int
		name               string
	}{
		{"POST", "/v1/score", good, []string{"Content-Type", "text/plain"}, 415, "unsupported-media-type"},
		{"POST", "/v1/score", good, []string{"Content-Type", ""}, 415, "unsupported-media-type"},
		{"POST", "/v1/score", good, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "unsupported-media-type"},
		{"POST", "/v1/score", good, []string{"Content-Encoding", "gzip"}, 415, "unsupported-media-type"},
		{"POST", "/v1/score?strict=yes", good, nil, 422, "invalid-request"},
		{"POST", "/v1/score", good, []string{"Sec-Fetch-Site", "cross-site"}, 403, "cross-origin"},
		{"POST", "/v1/score", good, []string{"Origin", "https://elsewhere.example"}, 403, "cross-origin"},
		{"GET", "/v1/score", "", nil, 405, "method-not-allowed"},
		{"PUT", "/v1/score", good, nil, 405, "method-not-allowed"},
		{"DELETE", "/", "", nil, 405, "method-not-allowed"},
		{"GET", "/v1/score/", "", nil, 404, "not-found"},
		{"GET", "/v1", "", nil, 404, "not-found"},
		{"GET", "//", "", nil, 404, "not-found"},
		{"GET", "/../etc/passwd", "", nil, 404, "not-found"},
		{"GET", "/pages/board.html", "", nil, 404, "not-found"},
	} {
		w := ask(s, c.method, c.path, c.body, c.header...)
		if p := problemOf(t, w); w.Code != c.status || p.Type != "/docs#"+c.name {
			t.Errorf("%s %s %v: %d %s, want %d %s", c.method, c.path, c.header, w.Code, p.Type, c.status, c.name)
		}
	}
	if w := ask(s, "POST", "/v1/score?strict=false", good, "Content-Type", "application/json; charset=utf-8"); w.Code != 200 {
		t.Errorf("a charset is refused: %d", w.Code)
	}
	if allow := ask(s, "GET", "/v1/score", "").Header()["Allow"]; len(allow) != 1 || allow[0] != "POST" {
		t.Errorf("Allow is %q", allow)
	}
	r := httptest.NewRequest("GET", "http://rebound.example/", nil)
	w := httptest.NewRecorder()
	if s.Handler().ServeHTTP(w, r); w.Code != 421 {
		t.Errorf("another host name: %d", w.Code)
	}
}

func TestPanicIsAnsweredCountedAndOver(t *testing.T) {
	f := &fake{panics: true}
	var log bytes.Buffer
	s := server(t, f, func(o *Options) { o.Log = slog.New(slog.NewJSONHandler(&log, nil)) })
	w := ask(s, "POST", "/v1/score", `{"leads":[{"lead_id":"L-77"}]}`, "X-Request-Id", "mine-1")
	if p := problemOf(t, w); w.Code != 500 || p.RequestID != "mine-1" || p.Detail != "" {
		t.Errorf("%d %+v", w.Code, p)
	}
	if strings.Contains(log.String()+w.Body.String(), "secret") || !strings.Contains(log.String(), `"msg":"panic"`) {
		t.Errorf("log: %s", &log)
	}
	f.panics = false
	if w = ask(s, "POST", "/v1/score", `{"leads":[{}]}`); w.Code != 200 {
		t.Errorf("the next request: %d %s", w.Code, w.Body)
	}
	for _, want := range []string{"leadcast_panics_total 1", `leadcast_http_requests_total{code="500",route="/v1/score"} 1`, `leadcast_http_requests_total{code="200",route="/v1/score"} 1`} {
		if m := ask(s, "GET", "/metrics", "").Body.String(); !strings.Contains(m, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
}

func TestLogsAndMetricsHoldNothingOfLeads(t *testing.T) {
	var log bytes.Buffer
	s := server(t, &fake{}, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	ask(s, "POST", "/v1/score", `{"leads":[{"lead_id":"CANARY1","email":"CANARY2","CANARY3":1,"source":"Carrier pigeon"},{"score":"CANARY4"}]}`)
	ask(s, "GET", "/CANARY5?q=CANARY6", "")
	ask(s, "GET", "/?q=CANARY7", "", "X-Request-Id", "CANARY\n8")
	m := ask(s, "GET", "/metrics", "").Body.String()
	if strings.Contains(log.String()+m, "CANARY") {
		t.Errorf("a value leaked:\n%s\n%s", &log, m)
	}
	for _, want := range []string{"leadcast_leads_scored_total 1", "leadcast_lead_errors_total 1", `leadcast_lead_warnings_total{kind="unknown_field"} 1`,
		`leadcast_lead_warnings_total{kind="unseen_category"} 1`, `leadcast_model_info{as_of="2026-03-31T00:00:00Z",id="0123`, `route="other"`} {
		if !strings.Contains(m, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if lines := strings.Count(log.String(), "\n"); lines != 4 || strings.Count(log.String(), "leads=2 lead_errors=1") != 1 {
		t.Errorf("%d lines of log:\n%s", lines, &log)
	}
}

func TestFullQueueSendsAway(t *testing.T) {
	f := &fake{block: make(chan struct{})}
	s := server(t, f, func(o *Options) { o.Limits = Limits{Scoring: 1, Waiting: 1} })
	codes := make(chan int, 2)
	for range 2 {
		go func() { codes <- ask(s, "POST", "/v1/score", `{"leads":[{}]}`).Code }()
	}
	for s.gate.waiting.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	w := ask(s, "POST", "/v1/score", `{"leads":[{}]}`)
	if p := problemOf(t, w); w.Code != 503 || p.Type != "/docs#overloaded" || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %+v", w.Code, p)
	}
	close(f.block)
	if a, b := <-codes, <-codes; a != 200 || b != 200 {
		t.Errorf("those before it: %d, %d", a, b)
	}
}

func TestHeldBytesAreBoundedAndGivenBack(t *testing.T) {
	s := server(t, &fake{}, func(o *Options) { o.Limits = Limits{HeldBytes: 64 << 10} })
	big := `{"leads":[{"email":"` + strings.Repeat("x", 100<<10) + `"}]}`
	if w := ask(s, "POST", "/v1/score", big); w.Code != 503 {
		t.Errorf("beyond the budget: %d", w.Code)
	}
	for range 100 {
		if w := ask(s, "POST", "/v1/score", `{"leads":[{"email":"`+strings.Repeat("x", 20<<10)+`"}]}`); w.Code != 200 {
			t.Fatalf("within the budget: %d", w.Code)
		}
	}
	if s.bodyBytes.used != 0 {
		t.Errorf("%d bytes were not given back", s.bodyBytes.used)
	}
}

func TestNumbersAndTextsAreWrittenAsJSON(t *testing.T) {
	for _, f := range []float64{0, 1, -1, 0.1, 1.0 / 3, 1e-7, 1e21, 123456789012, math.MaxFloat64, math.SmallestNonzeroFloat64, math.Copysign(0, -1)} {
		want, _ := json.Marshal(f)
		var back float64
		got := appendNumber(nil, &f)
		if err := json.Unmarshal(got, &back); err != nil || back != f || len(got) > len(want)+1 {
			t.Errorf("%v is written %s", f, got)
		}
	}
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if got := appendNumber(nil, &f); string(got) != "null" {
			t.Errorf("%v is written %s", f, got)
		}
	}
	for _, s := range []string{"", "plain", `"\/`, "\x00\x1f\x7f\n", "é😀\u2028\u2029", "</script><!--", "\xff\xc3"} {
		var back string
		got := appendString(nil, s)
		if err := json.Unmarshal(got, &back); err != nil || back != strings.ToValidUTF8(s, "\uFFFD") && s != "\xff\xc3" || bytes.ContainsAny(got, "<>&\x00\n\u2028") {
			t.Errorf("%q is written %s", s, got)
		}
	}
}

func TestOpenAPIListsEveryRoute(t *testing.T) {
	s := server(t, &fake{}, nil)
	var d struct {
		OpenAPI    string
		Paths      map[string]map[string]any
		Components struct {
			Schemas map[string]struct{ Properties map[string]any }
		}
	}
	w := ask(s, "GET", "/openapi.json", "")
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil || !strings.HasPrefix(d.OpenAPI, "3.1.") {
		t.Fatalf("version %q: %v", d.OpenAPI, err)
	}
	docs := ask(s, "GET", "/docs", "").Body.String()
	for _, r := range s.routes {
		if r.about.id == "" {
			continue
		}
		if d.Paths[r.path][strings.ToLower(r.method)] == nil || !strings.Contains(docs, "<code>"+r.path+"</code>") {
			t.Errorf("%s %s is not described", r.method, r.path)
		}
	}
	for _, k := range kinds {
		if !strings.Contains(docs, `id="`+k.Name+`"`) {
			t.Errorf("the docs lack the problem %s", k.Name)
		}
	}
	// What is answered by hand is what the document says.
	var got struct{ Scores []map[string]any }
	if err := json.Unmarshal(ask(s, "POST", "/v1/score", `{"leads":[{},5],"intervals":true}`).Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for name := range d.Components.Schemas["ScoredLead"].Properties {
		if _, ok := got.Scores[1][name]; !ok {
			t.Errorf("the answer lacks %s", name)
		}
	}
	if len(got.Scores[1]) != len(d.Components.Schemas["ScoredLead"].Properties) {
		t.Errorf("answer %v, document %v", got.Scores[1], d.Components.Schemas["ScoredLead"])
	}
}

func TestModelIsDescribed(t *testing.T) {
	var m map[string]any
	if err := json.Unmarshal(ask(server(t, &fake{}, nil), "GET", "/v1/model", "").Body.Bytes(), &m); err != nil {
		t.Fatal(err)
	}
	if m["id"] != (&fake{}).ID() || len(m["columns"].([]any)) != 9 || m["judged"].(map[string]any)["metrics"].(map[string]any)["auc_90d"] != 0.81 {
		t.Errorf("%v", m)
	}
}

func FuzzRequest(f *testing.F) {
	for _, s := range []string{`{"leads":[{"score":1,"email":"\ud83d\ude00"}],"as_of":"2026-03-31","reasons":2}`, `{"leads":[{"interests":["a",[1]]},5,{"events":{"a":[]}}]}`, `[[[[[[[[[`, `{"leads":[{"a":1e999}]}`} {
		f.Add([]byte(s))
	}
	s, err := New(Options{Model: &fake{}, Manifest: manifest(), Now: func() time.Time { return today }})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		q := s.requests.New().(*request)
		bad := q.read(body)
		if bad != nil && bad.(*problem).Type == "/docs#malformed-json" {
			return
		}
		if !json.Valid(body) { // what we take for JSON is JSON to others too
			t.Fatalf("read as JSON: %q", body)
		}
		if bad != nil {
			return
		}
		var plain struct{ Leads []any }
		if err := json.Unmarshal(body, &plain); err == nil && len(plain.Leads) != len(q.leads) {
			t.Fatalf("%d leads, want %d", len(q.leads), len(plain.Leads))
		}
		table := q.table()
		for _, c := range table.Columns {
			if c.Len() != table.Rows {
				t.Fatalf("column %s has %d values, want %d", c.Name, c.Len(), table.Rows)
			}
		}
		for i, l := range q.leads {
			fields, _ := plain.Leads[i].(map[string]any)
			text, isText := fields["email"].(string)
			if l.bad == nil && isText && table.Column("email").Texts.At(l.row) != text {
				t.Fatalf("lead %d: email %q, want %q", i, table.Column("email").Texts.At(l.row), text)
			}
		}
		r := httptest.NewRequest("POST", "http://localhost/v1/score", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if out, _ := io.ReadAll(w.Body); !json.Valid(out) || w.Code == http.StatusInternalServerError {
			t.Fatalf("%d: %s", w.Code, out)
		}
	})
}
