// Package bundle is the file that training writes and serving opens: data
// only, hashed before it is parsed, and the one way from leads to scores.
package bundle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/survival"
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
	Junk        []string           `json:"junk,omitempty"`     // filters as datasets.Where takes them: a lead for which one holds gets no forecast
	Grades      [3]float64         `json:"grades"`             // least p_win of A, B and C
	MeanAmount  float64            `json:"mean_amount"`        // mean amount of won leads, 0 where unknown
	Judged      *Judgement         `json:"judged,omitempty"`   // how the same recipe did on the hold-out
	Withheld    []Withheld         `json:"withheld,omitempty"` // columns left out and why
	Waiting     []Wait             `json:"waiting,omitempty"`  // horizons that the data do not support for new leads
	Plan        json.RawMessage    `json:"plan,omitempty"`     // what was asked of training and stands nowhere else here, JSON of package train; nil: not trained by us
	Data        []Fingerprint      `json:"data,omitempty"`     // of what was learnt from
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

// Wait is a horizon that the data do not support yet.
type Wait struct {
	Days   int    `json:"days"`
	Reason string `json:"reason"`
	From   string `json:"from,omitempty"` // day from which a model can be expected to give it; "" where nobody knows, or not within ten years
}

// Fingerprint is a hash of the values of a column at the leads that were learnt
// from, or of "(outcome)", what became of them, or of "(split)", a given split.
type Fingerprint struct {
	Column string `json:"column"`
	Hash   string `json:"hash"` // 64 bits of SHA-256, in hexadecimal
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
	Tally    Tally             // leads of the training data that were followed to the main horizon, by their values; nil: not counted
	Center   []float64         // mean margins of the leads it was fitted on, which reasons count from; nil: those of the base rates
	Spread   []models.Additive // models nearly as likely, as differences of margins in the layout of the model's, which intervals are read off; nil: none
	Report   []byte            // what training has to say of itself, JSON of package train; nil in a judged bundle
	id       string
	reader   *datasets.Reader
	encoder  *features.Encoder
	looksAt  map[string]bool // columns of leads that a forecast depends on
	model    *survival.Stack
	rates    survival.Rates // the model where Manifest.Timed
	support  *survival.Support
	reach    Reach
	until    int64 // the training's as-of, datasets.NoTime where there are no dates
}

// New puts the parts of a bundle together. A bundle is only used after it has
// been written and opened again: what is judged is what is shipped.
func New(m Manifest, e *features.Encoder, model *survival.Stack, support *survival.Support) *Bundle {
	return &Bundle{Manifest: m, encoder: e, model: model, support: support}
}

// ID is the SHA-256 of the manifest, in hexadecimal.
func (b *Bundle) ID() string { return b.id }

// Outputs lists the columns of the matrix that the model reads.
func (b *Bundle) Outputs() []features.Output { return b.encoder.Outputs() }

// Reach is how far the training data let forecasts look; zero without times.
func (b *Bundle) Reach() Reach { return b.reach }

// Fitted lists the models of the blend with the length and the hash of their bytes.
func (b *Bundle) Fitted() []Section {
	var list []Section
	for _, m := range b.model.Components() {
		bytes, err := m.AppendBinary(nil)
		if err != nil {
			panic("bundle: a model that was read cannot be written: " + err.Error())
		}
		list = append(list, section(m.Kind(), bytes))
	}
	return list
}

// Cuts are the cut points of the age axis in days; nil without times.
func (b *Bundle) Cuts() []float64 {
	if b.rates == nil {
		return nil
	}
	return b.rates.Cuts()
}

// Write writes a bundle and returns its id, the SHA-256 of its manifest.
func Write(w io.Writer, b *Bundle) (id string, err error) {
	encoder, err := b.encoder.AppendBinary(nil)
	if err != nil {
		return "", err
	}
	model, err := b.model.AppendBinary(nil)
	if err != nil {
		return "", err
	}
	support, err := json.Marshal(b.support)
	if err != nil {
		return "", fmt.Errorf("bundle: support: %w", err)
	}
	tally, err := json.Marshal(b.Tally)
	if err != nil {
		return "", fmt.Errorf("bundle: tally: %w", err)
	}
	center, err := json.Marshal(b.Center)
	if err != nil {
		return "", fmt.Errorf("bundle: center: %w", err)
	}
	parts := []part{{"encoder", encoder}, {b.model.Kind(), model}, {"support", support}, {"tally", tally}, {"center", center}}
	if b.Spread != nil {
		spread, err := appendSpread(nil, b.Spread)
		if err != nil {
			return "", err
		}
		parts = append(parts, part{"spread", spread})
	}
	if b.Report != nil {
		parts = append(parts, part{"report", b.Report})
	}
	return writeParts(w, b.Manifest, parts)
}

// Open reads a bundle: hashes first, then parse. It never panics on bad bytes
// and allocates no more than the declared sizes allow.
func Open(r io.ReaderAt, size int64) (*Bundle, error) {
	m, id, parts, err := readParts(r, size)
	if err != nil {
		return nil, err
	}
	b := &Bundle{Manifest: m, Report: parts["report"], id: id, until: datasets.NoTime}
	if t, err := time.Parse(time.RFC3339Nano, m.AsOf); err == nil {
		b.until = datasets.Micros(t)
	}
	if b.encoder, err = features.Decode(parts["encoder"]); err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	model, err := decode(survival.KindStack, parts[survival.KindStack])
	if err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	b.model = model.(*survival.Stack)
	if m.Timed {
		b.rates = b.model
		if err := json.Unmarshal(parts["support"], &b.support); err != nil || b.support == nil {
			return nil, errors.New("bundle: damaged: no support")
		}
		if !sound(b.support) {
			return nil, errors.New("bundle: damaged: the counts of its support do not fit together")
		}
		b.reach = NewReach(*b.support, b.model.Cuts())
	}
	if b.Spread, err = decodeSpread(parts["spread"], b.model.Outputs()); err != nil {
		return nil, err
	}
	if err := m.check(b.model, len(b.encoder.Outputs())); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(parts["tally"], &b.Tally); err != nil {
		return nil, errors.New("bundle: damaged: no counts of its leads")
	}
	if err := json.Unmarshal(parts["center"], &b.Center); err != nil || b.Center != nil && len(b.Center) != b.model.Outputs() {
		return nil, errors.New("bundle: damaged: the center of its leads does not fit the model")
	}
	if b.reader, err = m.Schema.Compile(); err != nil {
		return nil, fmt.Errorf("bundle: schema: %w", err)
	}
	roles := m.Schema.Roles
	b.looksAt = map[string]bool{roles.ID: true, roles.Created: true, roles.Amount: true, roles.Currency: true}
	for _, o := range b.encoder.Outputs() {
		b.looksAt[o.Origin] = true
	}
	_, unfiltered, err := datasets.Junk(&datasets.Table{}, m.Junk)
	if err != nil {
		return nil, fmt.Errorf("bundle: damaged: %w", err)
	}
	for _, column := range unfiltered {
		b.looksAt[column] = true
	}
	return b, b.rehearse()
}

// rehearse scores a lead of which nothing is known, so that an encoder and a
// model that do not fit together are found now, and not by the first request.
func (b *Bundle) rehearse() error {
	leads, _ := b.reader.Apply(&datasets.Table{Rows: 1})
	s := features.Snapshot{Leads: leads, AsOf: []int64{0}}
	f, err := b.forecast(s)
	if err != nil {
		return fmt.Errorf("bundle: damaged: encoder and model do not fit together: %w", err)
	}
	if b.Tally != nil {
		if err := b.Tally.check(f.x); err != nil {
			return err
		}
	}
	if _, err := b.Score(context.Background(), s, 1); err != nil {
		return fmt.Errorf("bundle: damaged: encoder and model do not fit together: %w", err)
	}
	return nil
}

// check refuses what Score would trip over.
func (m *Manifest) check(model *survival.Stack, columns int) error {
	for i, h := range m.Horizons {
		if h < 1 || i > 0 && h <= m.Horizons[i-1] {
			return errors.New("bundle: damaged: horizons are not rising days")
		}
	}
	switch {
	case m.Timed && !slices.Contains(m.Horizons, m.MainHorizon):
		return errors.New("bundle: damaged: the main horizon is not among the horizons")
	case m.Timed && model.Causes() != causes, !m.Timed && model.Outputs() != 1:
		return fmt.Errorf("bundle: damaged: a model of %d causes and %d outputs", model.Causes(), model.Outputs())
	case columns == 0:
		return errors.New("bundle: damaged: an encoder without columns")
	}
	return nil
}

// causes are won and lost, in the order of datasets.State.
const causes = 2
