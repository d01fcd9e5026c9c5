package features

import (
	"slices"
	"strings"

	"github.com/leadcast/leadcast/datasets"
)

// Infer proposes a spec for a typed table: one entry a column that can be
// used. Left out, each with a note, are ids and columns of one value; without
// one, empty columns, those in exclude and those whose role is id, account,
// outcome, closed, duration or order. Columns that tell of persons are used
// through derived features only, or not at all, which a note says too.
func Infer(t *datasets.Table, s *datasets.Schema, exclude []string) (Spec, []datasets.Note) {
	r := s.Roles
	never := append([]string{r.ID, r.Account, r.Outcome, r.Closed, r.Duration, r.Order}, exclude...)
	var spec Spec
	var notes []datasets.Note
	for _, c := range t.Columns {
		if slices.Contains(never, c.Name) {
			continue
		}
		kind, note := "", ""
		switch {
		case constant(c) != "":
			note = constant(c)
		case c.Name == r.Created:
			kind = "created"
		case c.Name == r.Owner || c.Name == r.Campaign: // our own people and doings, not the lead's
			kind = plain(c, true)
		default:
			kind, note = use(c)
		}
		if kind != "" {
			spec.Columns = append(spec.Columns, ColumnSpec{Column: c.Name, Kind: kind})
		}
		if note != "" && note != empty {
			notes = append(notes, datasets.Note{Column: c.Name, Row: -1, Message: note})
		}
	}
	return spec, notes
}

// use gives the feature kind of an ordinary column, "" when it is left out,
// and what is worth saying about that.
func use(c *datasets.Column) (kind, note string) {
	sample := filled(c, sampled)
	if p := personal(c, sample); p != nil {
		return p.use(c)
	}
	switch {
	case !isText(c):
		return plain(c, false), ""
	case share(sample, isLink) > 0.8:
		return "url", ""
	case c.Kind == datasets.ID:
		return "", "names single things (an id): not used"
	case c.Kind != datasets.Multi && isTitle(c.Name):
		return "title", ""
	case c.Kind == datasets.Category && wordy(sample):
		return "text", ""
	}
	return plain(c, false), ""
}

// plain is the feature kind that goes with the kind of column; few says that a
// text is one of few values whatever it looks like.
func plain(c *datasets.Column, few bool) string {
	switch c.Kind {
	case datasets.Number, datasets.Bool:
		return "number"
	case datasets.Time:
		return "date"
	case datasets.Multi:
		return "multi"
	case datasets.Text:
		if !few {
			return "text"
		}
	}
	return "category"
}

// constant says that a column tells nothing; "" when it does.
func constant(c *datasets.Column) string {
	n := c.Len()
	for i := 1; i < n; i++ {
		if c.Missing(i) != c.Missing(0) || !c.Missing(0) && !equal(c, i, 0) {
			return ""
		}
	}
	switch {
	case n == 0 || c.Missing(0):
		return empty
	case n > 1:
		return "holds one value only: not used"
	}
	return ""
}

const empty = "is empty"

func equal(c *datasets.Column, i, j int) bool {
	switch c.Kind {
	case datasets.Number, datasets.Bool:
		return c.Nums[i] == c.Nums[j]
	case datasets.Time:
		return c.Times[i] == c.Times[j]
	}
	return c.Texts.At(i) == c.Texts.At(j)
}

// sampled is how many values of a column are looked at to recognise it.
const sampled = 2000

// filled gives up to most values of a column of text, evenly spaced among the
// filled ones; nil for other columns.
func filled(c *datasets.Column, most int) []string {
	if !isText(c) {
		return nil
	}
	n := 0
	for i := range c.Len() {
		if !c.Missing(i) {
			n++
		}
	}
	step := max((n+most-1)/most, 1)
	sample, k := make([]string, 0, min(n, most)), 0
	for i := range c.Len() {
		if !c.Missing(i) {
			if k%step == 0 {
				sample = append(sample, strings.TrimSpace(c.Texts.At(i)))
			}
			k++
		}
	}
	return sample
}

// share is the part of a sample for which is holds; 0 of an empty one.
func share(sample []string, is func(string) bool) float64 {
	n := 0
	for _, s := range sample {
		if is(s) {
			n++
		}
	}
	return float64(n) / float64(max(len(sample), 1))
}

func isLink(s string) bool {
	s = strings.ToLower(s)
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "www.")
}

// wordy recognises sentences put together from the same parts: many different
// ones, of four words or more on average.
func wordy(sample []string) bool {
	n := 0
	for _, s := range sample {
		n += strings.Count(s, " ") + 1
	}
	return variety(sample)*float64(len(sample)) >= 100 && n >= 4*len(sample)
}

func isTitle(header string) bool {
	h := headerWords(header)
	return slices.Contains(h, "title") || slices.Contains(h, "position") || slices.Contains(h, "job")
}
