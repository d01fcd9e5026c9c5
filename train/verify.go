package train

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train/bundle"
)

// The promises that a manifest makes of training. What sums through gonum does
// so in an order of its own on each architecture; what golearn fits is drawn
// from the seed too, and read without golearn.
const (
	everywhere  = "the same bundle and the same predictions on every platform"
	onePlatform = "the same bundle on one platform; the same predictions everywhere"
	withGolearn = onePlatform + "; what golearn fitted is drawn from the seed too, and read without golearn"
	randomBins  = "not reproducible: golearn's ChiMerge adds up in a random order; the same predictions everywhere"
	outOfTime   = "not reproducible: golearn was not done in time on this machine; the same predictions everywhere"
)

// promised is what is promised of the bundle.
func (t *trainer) promised(v *validation) string {
	switch {
	case t.plan.ScorecardBins == golearnBins && !t.exact():
		return randomBins
	case t.late:
		return outOfTime
	}
	alone := len(v.names) > 0
	for j, c := range v.names {
		if strings.HasPrefix(c.name, "golearn-") && !v.unused(j) {
			return withGolearn
		}
		alone = alone && c.exact
	}
	if alone {
		return everywhere
	}
	return onePlatform
}

// Verification is what came of training a bundle again.
type Verification struct {
	Bundle      string       `json:"bundle"` // id of the bundle
	Again       string       `json:"again"`  // id of what its plan makes of the leads
	Identical   bool         `json:"identical"`
	Differences []Difference `json:"differences"` // in the order of the work: the first is where to look
	Promise     string       `json:"promise"`     // which promise of reproducibility applies
	Reading     []string     `json:"reading,omitempty"`
}

// Difference is a part in which two bundles differ.
type Difference struct {
	Part  string `json:"part"`  // a field or section of the bundle: data.COLUMN, roles, encoder, cuts, recipe, model.NAME …
	Words string `json:"words"` // for the reader
}

// Verify trains by the plan of a bundle on a raw table and compares what comes
// out with it, byte for byte. split is the given split, where the plan has one.
// Errors are those of Run and PlanOf.
func Verify(ctx context.Context, b *bundle.Bundle, raw *datasets.Table, split map[string]bool, progress Progress) (*Verification, error) {
	p, err := PlanOf(b)
	if err != nil {
		return nil, err
	}
	switch {
	case p.SplitColumn == "" && split != nil:
		return nil, &datasets.Error{Message: "the model was trained without a given split: leave --split out"}
	case p.SplitColumn != "" && split == nil:
		return nil, &datasets.Error{Column: p.SplitColumn, Message: "the model was trained with a given split, which it does not keep: give it again with --split"}
	}
	p.Split = split
	result, err := Run(ctx, raw, p, progress)
	if err != nil {
		return nil, err
	}
	file := result.Shipped
	if b.Manifest.Judged == nil { // a judged bundle, shipped as it was
		file = result.Judged
	}
	again, err := openBytes(file)
	if err != nil {
		return nil, err
	}
	v := &Verification{Bundle: b.ID(), Again: again.ID(), Identical: b.ID() == again.ID(), Promise: b.Manifest.Promise, Reading: p.Reading, Differences: []Difference{}}
	if !v.Identical {
		v.Differences = differences(b, again)
	}
	return v, nil
}

// Cause says in words what the first difference points to; "" where there is none.
func (v *Verification) Cause() string {
	data := func(d Difference) bool { return d.Part == "as_of" || strings.HasPrefix(d.Part, "data") }
	switch {
	case v.Identical:
		return ""
	case slices.ContainsFunc(v.Differences, data) && len(v.Reading) > 0:
		return "the leads are not those that the model was trained on, or were read otherwise: it was trained with --" + strings.Join(v.Reading, ", --")
	case slices.ContainsFunc(v.Differences, data):
		return "the leads are not those that the model was trained on"
	case strings.HasPrefix(v.Promise, "not reproducible"):
		return "leads, options and seed are the same, and the promise of the model says why it cannot be had again"
	case v.Promise == everywhere:
		return "leads, options and seed are the same: another version of Leadcast trained the model"
	}
	return "leads, options and seed are the same: another version of Leadcast trained the model, or the same on another platform"
}

// differences lists what differs, in the order in which training makes it.
func differences(was, is *bundle.Bundle) []Difference {
	var list []Difference
	differ := func(part string, a, b any, words string) {
		if !reflect.DeepEqual(a, b) {
			list = append(list, Difference{part, words})
		}
	}
	a, b := &was.Manifest, &is.Manifest
	differ("data", [3]int{a.Leads, a.Wins, a.LostLeads}, [3]int{b.Leads, b.Wins, b.LostLeads},
		fmt.Sprintf("%d leads, %d won, %d lost; in training %d leads, %d won, %d lost", b.Leads, b.Wins, b.LostLeads, a.Leads, a.Wins, a.LostLeads))
	differ("as_of", a.AsOf, b.AsOf, fmt.Sprintf("known by %s; in training by %s", cmp.Or(b.AsOf, "no date"), cmp.Or(a.AsOf, "no date")))
	if len(list) == 0 { // of other leads all columns differ
		list = otherData(a.Data, b.Data)
	}
	differ("roles", a.Schema.Roles, b.Schema.Roles, "other columns have the roles")
	differ("schema", a.Schema, b.Schema, "columns are read in another way")
	differ("contract", a.Contract, b.Contract, "other values mean won or lost")
	differ("horizons", a.Horizons, b.Horizons, "the horizons are others")
	differ("withheld", a.Withheld, b.Withheld, "other columns are withheld")
	differ("encoder", hashOf(a, "encoder"), hashOf(b, "encoder"), "columns become other features")
	differ("cuts", was.Cuts(), is.Cuts(), "the ages are cut elsewhere")
	differ("recipe", a.Recipe, b.Recipe, fmt.Sprintf("validation chose %s; in training %s", b.Recipe, a.Recipe))
	list = append(list, fittedApart(was, is)...)
	for _, part := range []struct{ name, words string }{{"support", "how far the data reach"}, {"tally", "the counts beside reasons"}, {"center", "the typical lead"}} {
		differ(part.name, hashOf(a, part.name), hashOf(b, part.name), part.words)
	}
	differ("grades", a.Grades, b.Grades, "the cut-offs of the grades")
	differ("mean_amount", a.MeanAmount, b.MeanAmount, "the mean amount of won leads")
	differ("judged", a.Judged, b.Judged, "how the recipe did on the hold-out")
	differ("report", hashOf(a, "report"), hashOf(b, "report"), "what training says of itself")
	differ("promise", a.Promise, b.Promise, "which promise is made")
	if len(list) == 0 {
		list = append(list, Difference{"manifest", "how the manifest is written"})
	}
	return list
}

// otherData compares what was learnt from, column by column.
func otherData(was, is []bundle.Fingerprint) (list []Difference) {
	a, b := map[string]string{}, map[string]string{}
	for _, f := range was {
		a[f.Column] = f.Hash
	}
	for _, f := range is {
		b[f.Column] = f.Hash
	}
	for _, c := range union(slices.Collect(maps.Keys(a)), slices.Collect(maps.Keys(b))) {
		words := fmt.Sprintf("the column %q does not hold the values of training", c)
		switch {
		case a[c] == b[c]:
			continue
		case a[c] == "":
			words = fmt.Sprintf("the column %q was not used in training", c)
		case b[c] == "":
			words = fmt.Sprintf("the column %q was used in training and is not now", c)
		case c == "(outcome)":
			words = "what became of the leads, or when, is not what it was in training"
		case c == "(split)":
			words = "the split is not that of training"
		}
		list = append(list, Difference{"data." + c, words})
	}
	return list
}

// fittedApart compares the models that are blended, and then the blend.
func fittedApart(was, is *bundle.Bundle) (list []Difference) {
	a, b := was.Fitted(), is.Fitted()
	if hashOf(&was.Manifest, "stack") == hashOf(&is.Manifest, "stack") {
		return nil
	}
	for j, name := range strings.Split(was.Manifest.Recipe, " + ") {
		name, _, _ = strings.Cut(name, " ")
		if len(a) == len(b) && j < len(a) && a[j] != b[j] {
			list = append(list, Difference{"model." + name, fmt.Sprintf("%s was fitted otherwise", name)})
		}
	}
	if list == nil {
		list = append(list, Difference{"model.blend", "the models are blended otherwise, over other base rates"})
	}
	return list
}

// hashOf is the hash of a section; "" where there is none.
func hashOf(m *bundle.Manifest, name string) string {
	for _, s := range m.Sections {
		if s.Name == name {
			return s.SHA256
		}
	}
	return ""
}
