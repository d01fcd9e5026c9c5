package bundle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/models/exchange"
	"github.com/leadcast/leadcast/models/portable"
	"github.com/leadcast/leadcast/models/survival"
)

// Inputs say how the leads look that a model of another program is to score.
type Inputs struct {
	ID      string    `yaml:"id"`      // columns with a part of their own, "" where there is none
	Amount  string    `yaml:"amount"`  //
	Outcome string    `yaml:"outcome"` // what evaluate compares with
	Won     []string  `yaml:"won"`     // values of Outcome that mean won
	Lost    []string  `yaml:"lost"`    // and lost; none: every other one
	Grades  []float64 `yaml:"grades"`  // least p_win of A, B and C; none: twice, once and half the mean odds
	Columns []Input   `yaml:"columns"` // one a feature of the model, in its order; none: columns of their names
}

// Input is the column of the leads that gives one feature.
type Input struct {
	Column  string   `yaml:"column"`  // "" is the feature's own name
	Kind    string   `yaml:"kind"`    // number or category; "" is category where levels are known
	Levels  []string `yaml:"levels"`  // the values that the program numbered 0, 1, …; none: what the file says
	Missing []string `yaml:"missing"` // values that stand for nothing
}

// Import makes a bundle without times of another program's model over columns
// of numbers and categories. The error is about the model or the inputs; the
// notes are what a person should know.
func Import(f *exchange.File, in Inputs) (*Bundle, []string, error) {
	if len(in.Columns) == 0 {
		in.Columns = make([]Input, len(f.Features))
	}
	if len(in.Columns) != len(f.Features) {
		return nil, nil, &datasets.Error{Message: fmt.Sprintf("the schema has %d columns and the model %d features; it must name a column for each, in this order: %s", len(in.Columns), len(f.Features), names(f.Features))}
	}
	s := datasets.Schema{Roles: datasets.Roles{ID: in.ID, Amount: in.Amount, Outcome: in.Outcome}}
	known, categorical, inputs := make([]features.Known, len(f.Features)), make([]bool, len(f.Features)), make([]exchange.Input, len(f.Features))
	unnamed := f.Unnamed
	for j, c := range in.Columns {
		if c.Levels != nil {
			unnamed--
		}
		if c.Column == "" {
			c.Column = f.Features[j].Name
		}
		if c.Levels == nil {
			c.Levels = f.Features[j].Levels
		}
		field := datasets.Field{Name: c.Column, Kind: datasets.Number, Missing: c.Missing}
		known[j].Column, inputs[j].Column = c.Column, j
		switch {
		case c.Kind == "category" && c.Levels == nil:
			return nil, nil, &datasets.Error{Column: c.Column, Message: "is a category, and neither the schema nor the model file lists its levels: give them as `levels`, in the order in which the program numbered them"}
		case c.Kind != "" && c.Kind != "number" && c.Kind != "category":
			return nil, nil, &datasets.Error{Column: c.Column, Message: fmt.Sprintf("kind %q is neither number nor category", c.Kind)}
		case c.Kind != "number" && c.Levels != nil:
			field.Kind, categorical[j], known[j].Levels = datasets.Category, true, c.Levels
			inputs[j].Codes = codes(slices.Sorted(slices.Values(c.Levels)), c.Levels)
		}
		s.Fields = append(s.Fields, field)
	}
	if unnamed > 0 {
		return nil, nil, unnamedLevels(f)
	}
	encoder, err := features.Make(known)
	if err != nil {
		return nil, nil, err
	}
	if err := roles(&s); err != nil {
		return nil, nil, err
	}
	m := Manifest{Schema: s, Contract: datasets.Contract{Won: in.Won, Lost: in.Lost, OtherLost: len(in.Lost) == 0}}
	b, err := imported(f, m, encoder, categorical, inputs, in.Grades)
	return b, f.Notes, err
}

// ImportLike is Import over the columns of a bundle of ours: the features are
// found among those that it reads by their names, in which blanks may be
// underscores; categories without names are numbered as it numbers them.
func ImportLike(f *exchange.File, like *Bundle) (*Bundle, []string, error) {
	if f.Unnamed > 0 {
		return nil, nil, unnamedLevels(f)
	}
	outputs := like.Outputs()
	categorical, inputs := make([]bool, len(outputs)), make([]exchange.Input, len(f.Features))
	for k, o := range outputs {
		categorical[k] = o.Levels > 0
	}
	for j, feature := range f.Features {
		k := slices.IndexFunc(outputs, func(o features.Output) bool {
			return o.Name == feature.Name || strings.Join(strings.Fields(o.Name), "_") == feature.Name
		})
		if k < 0 {
			return nil, nil, &datasets.Error{Column: feature.Name, Message: "is a feature of the model, and none of the columns that the other model reads (`leadcast inspect` lists them)"}
		}
		inputs[j].Column = k
		if levels := like.encoder.Levels(k); levels != nil && feature.Levels != nil {
			inputs[j].Codes = codes(levels, feature.Levels)
			for len(inputs[j].Codes) < outputs[k].Levels { // known by their fingerprints
				inputs[j].Codes = append(inputs[j].Codes, -1)
			}
		} else if feature.Levels != nil {
			return nil, nil, &datasets.Error{Column: feature.Name, Message: "is a category of the model, and not of the other model"}
		}
	}
	m := Manifest{Schema: like.Manifest.Schema, Contract: like.Manifest.Contract, MeanAmount: like.Manifest.MeanAmount}
	b, err := imported(f, m, like.encoder, categorical, inputs, nil)
	return b, f.Notes, err
}

// unnamedLevels is the error on levels of which nobody knows the column.
func unnamedLevels(f *exchange.File) error {
	return &datasets.Error{Message: fmt.Sprintf("the model was trained on %d columns of categories of pandas, and the file does not say which they are: give each of them its `levels` in a schema, also those whose order counts", f.Unnamed)}
}

// codes are the program's numbers of our levels; every other value has none.
func codes(ours, theirs []string) []int32 {
	out := make([]int32, len(ours)+1)
	for k, level := range ours {
		out[k] = int32(slices.Index(theirs, level))
	}
	out[len(ours)] = -1
	return out
}

// roles adds the fields of the roles that no feature reads.
func roles(s *datasets.Schema) error {
	for _, r := range []struct {
		name string
		kind datasets.Kind
	}{{s.Roles.ID, datasets.ID}, {s.Roles.Amount, datasets.Number}, {s.Roles.Outcome, datasets.Category}} {
		field := s.Field(r.name)
		switch {
		case r.name == "" || field != nil && field.Kind == r.kind:
		case field != nil:
			return &datasets.Error{Column: r.name, Message: "is a feature of the model, and of another kind in the schema's roles"}
		default:
			s.Fields = append(s.Fields, datasets.Field{Name: r.name, Kind: r.kind})
		}
	}
	return nil
}

func names(features []exchange.Feature) string {
	var list []string
	for _, f := range features {
		list = append(list, f.Name)
	}
	return strings.Join(list, ", ")
}

// imported puts the bundle together: one component of weight one over its own
// mean, so that reasons count from the mean of the data it was trained on.
func imported(f *exchange.File, m Manifest, e *features.Encoder, categorical []bool, inputs []exchange.Input, grades []float64) (*Bundle, error) {
	model, err := f.Bind(categorical, inputs)
	if err != nil {
		return nil, err
	}
	mean := model.Mean()
	base := survival.Chance(len(categorical), mean)
	stack, err := survival.NewStack(base, survival.Blend{Offset: []float64{0}, Weight: [][]float64{{1}}}, model)
	if err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	m.Recipe = fmt.Sprintf("%s (%s), imported: %d trees", f.Program, f.Objective, f.Trees)
	m.Horizons = []int{}
	m.Promise = "the same bundle from the same file; the same predictions everywhere"
	log2 := portable.Log(2)
	for k, shift := range [3]float64{log2, 0, -log2} {
		m.Grades[k] = portable.Sigmoid(mean + shift)
	}
	if grades != nil {
		if len(grades) != 3 || !(grades[0] >= grades[1] && grades[1] >= grades[2] && grades[2] >= 0 && grades[0] <= 1) {
			return nil, &datasets.Error{Message: "grades wants three falling probabilities: the least of A, B and C"}
		}
		m.Grades = [3]float64(grades)
	}
	return New(m, e, stack, nil), nil
}
