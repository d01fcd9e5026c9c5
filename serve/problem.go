package serve

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// kind is a row of the error table: everything that can go wrong in a request.
type kind struct {
	Name   string // the fragment of the problem's type
	Status int
	Title  string
}

// The error table. Its names are part of the API.
var (
	malformed    = kind{"malformed-json", http.StatusBadRequest, "The body is not valid JSON"}
	unreadable   = kind{"unreadable-body", http.StatusBadRequest, "The body could not be read"}
	unauthorized = kind{"unauthorized", http.StatusUnauthorized, "A valid API key is needed"}
	crossOrigin  = kind{"cross-origin", http.StatusForbidden, "Another site's page may not send this"}
	notFound     = kind{"not-found", http.StatusNotFound, "There is nothing at this address"}
	notAllowed   = kind{"method-not-allowed", http.StatusMethodNotAllowed, "This address does not answer this method"}
	tooSlow      = kind{"request-timeout", http.StatusRequestTimeout, "The body came too slowly"}
	tooLarge     = kind{"too-large", http.StatusRequestEntityTooLarge, "The request is too large"}
	notJSON      = kind{"unsupported-media-type", http.StatusUnsupportedMediaType, "The body must be plain application/json"}
	misdirected  = kind{"misdirected", http.StatusMisdirectedRequest, "This server answers to this machine only"}
	invalid      = kind{"invalid-request", http.StatusUnprocessableEntity, "The request does not have the right shape"}
	unknownField = kind{"unknown-fields", http.StatusUnprocessableEntity, "Leads have fields that the model does not know"}
	noneScored   = kind{"no-lead-scored", http.StatusUnprocessableEntity, "None of the leads could be scored"}
	internal     = kind{"internal", http.StatusInternalServerError, "Something went wrong on our side"}
	overloaded   = kind{"overloaded", http.StatusServiceUnavailable, "Too many requests at once"}
	draining     = kind{"shutting-down", http.StatusServiceUnavailable, "The server is shutting down"}

	kinds = []kind{malformed, unreadable, unauthorized, crossOrigin, notFound, notAllowed, tooSlow, tooLarge,
		notJSON, misdirected, invalid, unknownField, noneScored, internal, overloaded, draining}
)

// problem is the answer to a request that failed (RFC 9457).
type problem struct {
	Type      string   `json:"type" doc:"Which problem: an address in /docs"`
	Title     string   `json:"title"`
	Status    int      `json:"status"`
	Detail    string   `json:"detail,omitempty"`
	RequestID string   `json:"request_id" doc:"Names this request in the server's log"`
	Errors    []*fault `json:"errors,omitempty" doc:"The fields that are wrong"`
}

// maxFaults bounds how many fields one problem names.
const maxFaults = 50

// problem makes the answer for one row of the table.
func (k kind) problem(detail string, faults ...*fault) *problem {
	if detail == "" && len(faults) == 1 {
		detail = faults[0].Detail
		if p := faults[0].Pointer; p != "" {
			detail = p + ": " + detail
		}
	}
	if len(faults) > maxFaults {
		detail += " (the first " + strconv.Itoa(maxFaults) + " are listed)"
		faults = faults[:maxFaults]
	}
	return &problem{Type: "/docs#" + k.Name, Title: k.Title, Status: k.Status, Detail: detail, Errors: faults}
}

func (p *problem) Error() string { return p.Title + ": " + p.Detail }

// refuse answers with a problem.
func (p *problem) refuse(w *reply) {
	q := *p
	q.RequestID = w.id
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	switch q.Status {
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "1")
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer, Basic realm="leadcast"`)
	}
	body, err := json.Marshal(&q)
	if err != nil {
		panic(err) // plain strings and numbers always marshal
	}
	w.WriteHeader(q.Status)
	w.Write(body)
}
