package serve_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/serve"
	"github.com/leadcast/leadcast/train/bundle"
)

// coin stands for an opened bundle.
type coin struct{}

func (coin) ID() string { return "c01f" }

func (coin) Read(raw *datasets.Table, asOf int64) (features.Snapshot, error) {
	return features.Snapshot{Leads: raw}, nil
}

func (coin) Score(ctx context.Context, s features.Snapshot, reasons int) ([]bundle.Score, error) {
	scores, half := make([]bundle.Score, s.Leads.Rows), 0.5
	for i := range scores {
		scores[i] = bundle.Score{ID: s.Leads.Column("id").Texts.At(i), Win: &half, Grade: "A"}
	}
	return scores, nil
}

func (coin) Intervals(context.Context, features.Snapshot, []bundle.Score) error {
	return bundle.ErrNoSpread
}

// A server is a handler; Run serves it on a listener until a context ends.
func Example() {
	s, err := serve.New(serve.Options{
		Model:    coin{},
		Manifest: bundle.Manifest{Schema: datasets.Schema{Fields: []datasets.Field{{Name: "id", Kind: datasets.ID}}}},
		Now:      func() time.Time { return time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest("POST", "http://localhost/v1/score", strings.NewReader(`{"leads":[{"id":"L-1","colour":"red"}]}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	fmt.Println(w.Code == http.StatusOK)
	fmt.Print(w.Body)
	// Output:
	// true
	// {"model":"c01f","horizon_days":null,"scores":[{"id":"L-1","p_win":0.5,"p_lost":null,"p_open":null,"p_win_by":{},"cycle_days":{"p10":null,"p50":null,"p90":null},"expected_value":null,"grade":"A","reasons":[],"warnings":["unknown field \"colour\""]}]}
}

func ExampleCheckAddr() {
	fmt.Println(serve.CheckAddr("127.0.0.1:8080", false))
	fmt.Println(serve.CheckAddr("0.0.0.0:8080", false))
	// Output:
	// <nil>
	// serve: "0.0.0.0:8080" can be reached from other machines: give --api-key-file with the SHA-256 of at least one key, or listen on 127.0.0.1
}
