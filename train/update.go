package train

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/gbm"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/survival"
	"github.com/leadcast/leadcast/train/bundle"
)

// Update gives the bytes of a bundle like b whose boosters have gone on learning,
// from a raw table of leads read as b reads it and followed until asOf (NoTime:
// until the end of the table). next says how each goes on: a gbm.Booster From it
// adds trees, gbm.Leaves with it gives its leaves new values. Encoder, base rates
// and blend stay, so only what tells leads apart is learnt. The new bundle is not
// judged: compare it with the old one on leads that came later. Errors are those of
// the table, of the learners, and a bundle without boosters.
func Update(ctx context.Context, b *bundle.Bundle, raw *datasets.Table, asOf int64, next func(*gbm.Model) models.Learner) ([]byte, error) {
	l, err := readLater(b, raw, asOf)
	if err != nil {
		return nil, err
	}
	l.rows = slices.DeleteFunc(l.rows, func(r int) bool { return l.silent(r, b.Manifest.Timed) })
	if len(l.rows) == 0 {
		return nil, &datasets.Error{Message: "no lead of the file can be learnt from"}
	}
	s := features.Snapshot{Leads: l.leads.Gather(l.rows), AsOf: make([]int64, len(l.rows))}
	for i, r := range l.rows {
		s.AsOf[i] = l.out.Created[r]
	}
	u := updating{next: next, y: l.target(b.Manifest.Timed), seed: b.Manifest.Seed}
	u.y.Keys = identities(s.Leads, b.Manifest.Schema.Roles.ID)
	n, err := b.Relearn(s, func(m models.Additive, x *matrix.Matrix) (models.Additive, error) { return u.goOn(ctx, m, x) })
	if err != nil {
		return nil, err
	}
	if u.boosters == 0 {
		return nil, errors.New("train: the bundle holds no booster that could go on learning")
	}
	n.Manifest.Leads, n.Manifest.Promise = len(l.rows), onePlatform
	if l.out.End != datasets.NoTime { // later leads only can judge it
		n.Manifest.AsOf = datasets.FormatTime(max(l.out.End, dataEnd(b)))
	}
	n.Manifest.Wins, n.Manifest.LostLeads = 0, 0
	for _, r := range l.rows {
		switch l.out.State[r] {
		case datasets.Won:
			n.Manifest.Wins++
		case datasets.Lost:
			n.Manifest.LostLeads++
		}
	}
	var file bytes.Buffer
	_, err = bundle.Write(&file, n)
	return file.Bytes(), err
}

// silent reports whether nothing can be learnt from a lead: it was not seen for
// any time, or without times is open.
func (l *later) silent(r int, timed bool) bool {
	open := l.out.State[r] == datasets.Open
	if !timed {
		return open
	}
	return l.out.Days[r] < l.out.Entry[r] || open && l.out.Days[r] == l.out.Entry[r]
}

// target is what became of the leads, as learners take it.
func (l *later) target(timed bool) models.Target {
	var s subjects
	for _, r := range l.rows {
		if timed {
			s.y.Entry, s.y.Exit, s.y.Cause = append(s.y.Entry, l.out.Entry[r]), append(s.y.Exit, l.out.Days[r]), append(s.y.Cause, uint8(l.out.State[r]))
			continue
		}
		y := 0.0
		if l.out.State[r] == datasets.Won {
			y = 1
		}
		s.y.Y = append(s.y.Y, y)
	}
	return s.y
}

// updating is an update under way.
type updating struct {
	next     func(*gbm.Model) models.Learner
	y        models.Target
	seed     uint64
	boosters int // that went on
}

// goOn is a model of the blend after it went on; one without boosters stays as it is.
func (u *updating) goOn(ctx context.Context, m models.Additive, x *matrix.Matrix) (models.Additive, error) {
	switch m := m.(type) {
	case *gbm.Model:
		u.boosters++
		after, err := u.next(m).Fit(ctx, x, u.y)
		if err != nil {
			return nil, err
		}
		return after.(models.Additive), nil
	case *survival.Hazards:
		for cause := 1; cause <= causes; cause++ {
			if _, ok := m.Models()[cause-1].(*gbm.Model); m.Models()[cause-1] != nil && !ok {
				return m, nil
			}
		}
		u.boosters++
		learner := func(cause int) models.Learner {
			g, ok := m.Models()[cause-1].(*gbm.Model)
			if !ok { // nothing had happened until now
				return none{}
			}
			return u.next(g)
		}
		after, err := survival.Piecewise{Cuts: m.Cuts(), Causes: causes, Learner: learner, Column: ageColumn, Limit: rowsPerLead * x.Rows, Seed: u.seed, From: m}.Fit(ctx, x, u.y)
		if err != nil {
			return nil, err
		}
		return after.(models.Additive), nil
	}
	return m, nil
}

// none refuses to learn a cause that the bundle knows nothing of.
type none struct{}

// Fit implements models.Learner.
func (none) Fit(context.Context, *matrix.Matrix, models.Target) (models.Model, error) {
	return nil, &datasets.Error{Message: "the leads have an outcome that never happened to those that the model was trained on: train it anew"}
}
