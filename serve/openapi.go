package serve

import (
	"bytes"
	"embed"
	"encoding/json"
	"html/template"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train/bundle"
)

// The types below describe bodies; the score's are read and written by hand.

type scoreRequest struct {
	Leads   []map[string]any `json:"leads" minItems:"1" maxItems:"1000" doc:"The leads: a key for each raw column, as in the table the model was trained on. Values are texts, numbers, booleans, null, or arrays of these"`
	AsOf    *string          `json:"as_of,omitempty" format:"date-time" doc:"Forecast from this moment (or day) on; the present where not given. A lead may have an as_of of its own"`
	Reasons *int             `json:"reasons,omitempty" minimum:"0" maximum:"10" default:"3" doc:"How many reasons to give for each lead"`
	Ranges  *bool            `json:"intervals,omitempty" default:"false" doc:"Also give p_win_low and p_win_high"`
	Events  map[string][]any `json:"events,omitempty" doc:"Reserved for what happened to the leads"`
}

type scoreAnswer struct {
	Model   string       `json:"model" doc:"Id of the bundle that scored: the SHA-256 of its manifest"`
	Horizon *int         `json:"horizon_days" doc:"Days that p_win, p_lost and p_open look ahead"`
	Scores  []scoredLead `json:"scores" doc:"A score for each lead, in the order of the request"`
}

type scoredLead struct {
	ID       *string             `json:"id"`
	Win      *float64            `json:"p_win" doc:"Probability of being won within the horizon"`
	Lost     *float64            `json:"p_lost" doc:"Probability of being lost within it"`
	Open     *float64            `json:"p_open" doc:"Probability of being open still"`
	WinBy    map[string]*float64 `json:"p_win_by" doc:"Probability of being won by each horizon, such as 30d"`
	Cycle    *cycleDays          `json:"cycle_days" doc:"Days from creation to won, given that it is won and the days already open"`
	Value    *float64            `json:"expected_value" doc:"p_win times the amount"`
	Grade    *string             `json:"grade" enum:"A,B,C,D" doc:"By absolute cut-offs that stay with the model"`
	Reasons  []reason            `json:"reasons" doc:"The columns that moved the forecast most, strongest first"`
	Warnings []string            `json:"warnings"`
	Low      *float64            `json:"p_win_low,omitempty" nullable:"true" doc:"With intervals only: the low end of a 95 % interval of p_win, approximate for a single lead; null where the model holds none"`
	High     *float64            `json:"p_win_high,omitempty" nullable:"true" doc:"Its high end"`
	Error    *fault              `json:"error,omitempty" doc:"Why this lead could not be scored; everything else is then null"`
}

type cycleDays struct {
	P10 *float64 `json:"p10"`
	P50 *float64 `json:"p50"`
	P90 *float64 `json:"p90"`
}

type reason struct {
	Column string   `json:"column"`
	Effect *float64 `json:"effect" doc:"In probability at the horizon, against the typical lead that has been open as long"`
	Like   int      `json:"like_this" doc:"Leads of the training data with a value like this that were followed to the horizon"`
	Won    int      `json:"won" doc:"Of these, how many were won within it"`
}

type model struct {
	ID          string            `json:"id"`
	Recipe      string            `json:"recipe" doc:"What kind of model was chosen"`
	Timed       bool              `json:"timed" doc:"False: trained without times, only p_win is available"`
	Losses      bool              `json:"losses" doc:"Losses are recorded, so p_lost is available"`
	HorizonDays int               `json:"horizon_days"`
	Horizons    []int             `json:"horizons" doc:"Days"`
	AsOf        string            `json:"as_of" doc:"The moment from which training looked"`
	Leads       int               `json:"leads" doc:"Leads it was trained on"`
	Wins        int               `json:"wins"`
	Lost        int               `json:"lost"`
	Roles       datasets.Roles    `json:"roles" doc:"Columns with a part of their own"`
	Grades      [3]float64        `json:"grades" doc:"Least p_win of A, B and C"`
	Promise     string            `json:"promise" doc:"How far its training can be reproduced"`
	Judged      *bundle.Judgement `json:"judged" doc:"How the same recipe did on leads it had not seen"`
	Withheld    []bundle.Withheld `json:"withheld" doc:"Columns left out, and why"`
	Columns     []column          `json:"columns" doc:"Columns that a lead may have"`
}

type column struct {
	Name string `json:"name"`
	Kind string `json:"kind" enum:"raw,number,bool,time,category,multi,text,id"`
}

// operation is what the description says about a route; one without an id is
// left out.
type operation struct {
	id, summary string
	media       string // of the answer; "": JSON
	in, out     any
	params      []*huma.Param
	fails       []kind
	example     string
}

var scoreOperation = operation{id: "score", summary: "Score leads", in: scoreRequest{}, out: scoreAnswer{}, params: []*huma.Param{{Name: "strict", In: "query", Description: "Refuse fields that the model does not know", Schema: &huma.Schema{Type: "boolean", Default: false}}},
	fails:   []kind{malformed, unreadable, tooSlow, tooLarge, notJSON, invalid, unknownField, noneScored, overloaded},
	example: `{"leads":[{"lead_id":"L-1","created_at":"2026-03-02","source":"Webinar","employees":120}],"as_of":"2026-03-31","reasons":3}`}

// filters are the parameters of the queue.
var filters = []*huma.Param{query("q", "string", "Words in the id or in the columns shown"), query("grade", "string", "A, B, C or D"),
	query("chance", "number", "Least chance to win, in percent"), query("from", "number", "Least days open"), query("to", "number", "Most days open"),
	query("is.COLUMN", "string", "Value of a column that the queue offers to filter by"), query("sort", "string", "value, newest or oldest; the most promising first where not given")}

func query(name, kind, description string) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: description, Schema: &huma.Schema{Type: kind}}
}

var queueOperation = operation{id: "leads", summary: "The open leads, most promising first", media: "text/html",
	params: append(filters[:len(filters):len(filters)], query("page", "integer", "Which screen, from 1"))}

var exportOperation = operation{id: "table", summary: "The open leads as a table", media: "text/csv", params: filters, fails: []kind{notFound}}

var leadOperation = operation{id: "lead", summary: "One open lead: its chances over time, its reasons and its fields", media: "text/html",
	params: append([]*huma.Param{{Name: "id", In: "path", Required: true, Description: "The lead's id", Schema: &huma.Schema{Type: "string"}}}, filters...)}

var modelOperation = operation{id: "model", summary: "What the model is, what it expects and how it was judged", out: model{}}

// describeRoutes makes the OpenAPI document of the routes.
func describeRoutes(routes []*route, l *Limits) *huma.OpenAPI {
	schemas := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	schemaOf := func(v any) *huma.Schema { return schemas.Schema(reflect.TypeOf(v), true, "") }
	api := &huma.OpenAPI{OpenAPI: "3.1.0",
		Info: &huma.Info{Title: "Leadcast", Version: "1", Description: "Forecasts for leads: how likely each becomes a customer, and when. A request may hold " +
			strconv.Itoa(l.Leads) + " leads and take " + strconv.Itoa(l.BodyBytes>>20) + " MiB."},
		Components: &huma.Components{Schemas: schemas, SecuritySchemes: map[string]*huma.SecurityScheme{
			"key": {Type: "http", Scheme: "bearer", Description: "An API key; not asked for where the server was started without keys"}}}}
	for _, r := range routes {
		o := r.about
		if o.id == "" {
			continue
		}
		op := &huma.Operation{OperationID: o.id, Method: r.method, Path: r.path, Summary: o.summary, Responses: map[string]*huma.Response{}}
		ok := &huma.Response{Description: "OK"}
		switch {
		case o.media != "":
			ok.Content = map[string]*huma.MediaType{o.media: {Schema: &huma.Schema{Type: "string"}}}
		case o.out != nil:
			ok.Content = map[string]*huma.MediaType{"application/json": {Schema: schemaOf(o.out)}}
		default:
			ok.Content = map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: "object"}}}
		}
		op.Responses["200"] = ok
		if o.in != nil {
			op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
				"application/json": {Schema: schemaOf(o.in), Example: json.RawMessage(o.example)}}}
		}
		op.Parameters = o.params
		if r.path == "/" {
			op.Responses["303"] = &huma.Response{Description: "A form was sent: the same filter is at a shorter address"}
		}
		if strings.HasSuffix(r.path, "{id}") {
			op.Responses["404"] = &huma.Response{Description: "There is no such open lead", Content: ok.Content}
		}
		fails := append(o.fails[:len(o.fails):len(o.fails)], internal)
		if r.path == "/readyz" {
			fails = append(fails, draining)
		}
		if !r.open {
			op.Security = []map[string][]string{{"key": {}}}
			fails = append(fails, unauthorized, crossOrigin, misdirected)
		}
		for _, k := range fails {
			code := strconv.Itoa(k.Status)
			if before := op.Responses[code]; before != nil {
				before.Description += "; " + k.Title
				continue
			}
			op.Responses[code] = &huma.Response{Description: k.Title, Content: map[string]*huma.MediaType{"application/problem+json": {Schema: schemaOf(problem{})}}}
		}
		api.AddOperation(op)
	}
	return api
}

//go:embed pages/*.html
var pages embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"percent": percent, "amount": amount, "days": daysText, "points": points,
	"amountOf":  func(n int) string { return amount(float64(n)) },
	"plus":      func(a, b int) int { return a + b },
	"known":     func(f float64) bool { return !math.IsNaN(f) },
	"day":       day,
	"typeName":  typeName,
	"body":      func(content map[string]*huma.MediaType) *huma.MediaType { return content["application/json"] },
	"short":     func(id string) string { return id[:min(12, len(id))] },
	"visible":   visible,
	"name":      plainName,
	"sentence":  func(text string) string { return upper(visible(text)) },
	"amount64":  func(n int64) string { return amount(float64(n)) },
	"percentOf": func(share float64) string { return amount(share * 100) },
	"list":      func(texts []string) string { return strings.Join(texts, ", ") },
}).ParseFS(pages, "pages/*.html"))

// docsPage renders the description as a page that needs nothing from elsewhere.
func docsPage(api *huma.OpenAPI) ([]byte, error) {
	var operations []*huma.Operation
	for _, path := range slices.Backward(slices.Sorted(maps.Keys(api.Paths))) { // /v1 first
		for _, op := range []*huma.Operation{api.Paths[path].Post, api.Paths[path].Get} {
			if op != nil {
				operations = append(operations, op)
			}
		}
	}
	var page bytes.Buffer
	err := templates.ExecuteTemplate(&page, "docs.html", map[string]any{
		"API": api, "Operations": operations, "Shapes": api.Components.Schemas.Map(), "Kinds": kinds})
	return page.Bytes(), err
}

// typeName says a schema in a few words.
func typeName(s *huma.Schema) string {
	switch {
	case s == nil:
		return "anything"
	case s.Ref != "":
		return s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
	case s.Type == "array":
		return "array of " + typeName(s.Items)
	case s.Type == "object":
		if v, ok := s.AdditionalProperties.(*huma.Schema); ok {
			return "object of " + typeName(v)
		}
	}
	name := s.Type
	if s.Nullable {
		name += " or null"
	}
	return name
}
