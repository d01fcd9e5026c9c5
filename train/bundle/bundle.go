// Package bundle is the file that training writes and serving opens: data
// only, hashed before it is parsed, and the one way from leads to scores.
package bundle

import (
	"context"
	"errors"
	"io"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
)

// Manifest describes a bundle. Its SHA-256 is the bundle's id, so it holds no
// clock and no path.
type Manifest struct {
	Format      int                `json:"format"`
	Recipe      string             `json:"recipe"`       // name of the champion, as on the leaderboard
	Timed       bool               `json:"timed"`        // false: trained without times, only Score.Win is available
	Losses      bool               `json:"losses"`       // losses are recorded, so p_lost is available
	Horizons    []int              `json:"horizons"`     // days, rising
	MainHorizon int                `json:"main_horizon"` // days; one of Horizons
	AsOf        string             `json:"as_of"`        // the training's as-of, RFC 3339, "" where untimed
	Leads       int                `json:"leads"`        // leads it was fitted on
	Wins        int                `json:"wins"`
	LostLeads   int                `json:"lost"`
	Seed        uint64             `json:"seed"`
	Schema      datasets.Schema    `json:"schema"`
	Contract    datasets.Contract  `json:"contract"`
	Grades      [3]float64         `json:"grades"`             // least p_win of A, B and C
	MeanAmount  float64            `json:"mean_amount"`        // mean amount of won leads, 0 where unknown
	Judged      *Judgement         `json:"judged,omitempty"`   // how the same recipe did on the hold-out
	Withheld    []Withheld         `json:"withheld,omitempty"` // columns left out and why
	Promise     string             `json:"promise"`            // which reproducibility promise applies
	Importance  map[string]float64 `json:"importance,omitempty"`
	Sections    []Section          `json:"sections"`
}

// Judgement is how the recipe did when it was trained until a date and scored
// on what came later.
type Judgement struct {
	Bundle  string             `json:"bundle"` // id of the judged bundle
	Split   string             `json:"split"`  // how the hold-out was cut, in words
	From    string             `json:"from,omitempty"`
	To      string             `json:"to,omitempty"`
	Leads   int                `json:"leads"`
	Wins    int                `json:"wins"`
	Metrics map[string]float64 `json:"metrics"`
}

// Withheld is a column that was left out of training.
type Withheld struct {
	Column string `json:"column"`
	Reason string `json:"reason"`
}

// Section is one part of the file after the manifest.
type Section struct {
	Name   string `json:"name"`
	Length int64  `json:"length"`
	SHA256 string `json:"sha256"`
}

// Bundle is an opened bundle. It never changes; its methods may be called concurrently.
type Bundle struct {
	Manifest Manifest
	id       string
	encoder  *features.Encoder
}

// ID is the SHA-256 of the manifest, in hexadecimal.
func (b *Bundle) ID() string { return b.id }

// Open reads a bundle: hashes first, then parse. It never panics on bad bytes
// and allocates no more than the declared sizes allow.
func Open(r io.ReaderAt, size int64) (*Bundle, error) {
	return nil, errors.New("bundle: not a bundle")
}

// Read types raw leads by the bundle's schema and sets their as-of: that of an
// as_of column where there is one, else asOf. Whatever was odd about a lead is
// a note with its row.
func (b *Bundle) Read(raw *datasets.Table, asOf int64) (features.Snapshot, error) {
	return features.Snapshot{}, nil
}

// Score forecasts every lead of the snapshot, in order, with up to reasons
// reasons each. A lead that cannot be scored has its own Err.
func (b *Bundle) Score(ctx context.Context, s features.Snapshot, reasons int) ([]Score, error) {
	return nil, nil
}
