package forest

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/sjwhitworth/golearn/base"
	"github.com/sjwhitworth/golearn/trees"

	"github.com/leadcast/leadcast/models/tree"
)

func init() { base.SetLoggerOut(io.Discard) } // golearn's own logger writes to standard output

// Late is the error of a learner that was given up because it was not done in
// time.
type Late struct{ Limit time.Duration }

// Error says how long was waited.
func (l Late) Error() string { return fmt.Sprintf("not done within %g s", l.Limit.Seconds()) }

// limited bounds how long a learner may take: limit, or 60 seconds for 0.
func limited(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	limit = cmp.Or(limit, time.Minute)
	return context.WithTimeoutCause(ctx, limit, Late{limit})
}

// guarded runs golearn, whose panics become errors. Golearn cannot be stopped:
// what is not back when ctx ends is left behind, so run must not write to what
// is read after an error.
func guarded[T any](ctx context.Context, what string, run func() (T, error)) (value T, err error) {
	if ctx.Err() != nil {
		return value, context.Cause(ctx)
	}
	type result struct {
		value T
		err   error
	}
	back := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if p := recover(); p != nil {
				r.err = fmt.Errorf("forest: golearn's %s failed: %v", what, p)
			}
			back <- r
		}()
		r.value, r.err = run()
	}()
	select {
	case r := <-back:
		if r.err != nil && ctx.Err() != nil {
			r.err = context.Cause(ctx)
		}
		return r.value, r.err
	case <-ctx.Done():
		return value, context.Cause(ctx)
	}
}

// tree grows one tree on some rows and gives its nodes.
func (g Grow) tree(ctx context.Context, s *sample, list []question, rows []row, features int, seed uint64) (nodes []tree.Node, err error) {
	return guarded(ctx, "tree", func() ([]tree.Node, error) {
		grower := newGrower(ctx, g, s, list, rows, features, seed)
		root, err := grower.root()
		if err != nil {
			return nil, err
		}
		return grower.compile(root, s.share), nil
	})
}

// grower is the rule by which golearn's ID3 splits: it draws questions, and
// golearn's information gain chooses among them.
type grower struct {
	Grow
	ctx       context.Context
	questions []question
	features  int
	seed      uint64
	rows      []row
	answers   [][]bool // [question][row]
	asked     []*base.FloatAttribute
	at        *base.FloatAttribute // the number of the row, which is never split on
	class     *base.CategoricalAttribute
	gain      trees.InformationGainRuleGenerator
}

func newGrower(ctx context.Context, g Grow, s *sample, list []question, rows []row, features int, seed uint64) *grower {
	w := &grower{Grow: g, ctx: ctx, questions: list, features: features, seed: seed, rows: rows,
		at: base.NewFloatAttribute("row"), class: classAttribute()}
	for q := range list {
		answers := make([]bool, len(rows))
		for i, r := range rows {
			answers[i] = list[q].yes(s.x, r.at)
		}
		w.answers = append(w.answers, answers)
		w.asked = append(w.asked, base.NewFloatAttribute(fmt.Sprint("q", q)))
	}
	return w
}

// classAttribute is the outcome, 0 or 1, as golearn takes it.
func classAttribute() *base.CategoricalAttribute {
	a := base.NewCategoricalAttribute()
	a.SetName("won")
	a.GetSysValFromString("0") // golearn numbers values as they come
	a.GetSysValFromString("1")
	return a
}

// grid hands golearn some rows with their answers to some questions.
func (w *grower) grid(rows, questions []int) (*base.DenseInstances, error) {
	d := base.NewDenseInstances()
	class := d.AddAttribute(w.class)
	if err := d.AddClassAttribute(w.class); err != nil {
		return nil, err
	}
	at := d.AddAttribute(w.at)
	specs := make([]base.AttributeSpec, len(questions))
	for k, q := range questions {
		specs[k] = d.AddAttribute(w.asked[q])
	}
	if err := d.Extend(len(rows)); err != nil {
		return nil, err
	}
	no, yes := base.PackFloatToBytes(0), base.PackFloatToBytes(1)
	for i, r := range rows {
		d.Set(class, i, base.PackU64ToBytes(uint64(w.rows[r].y)))
		d.Set(at, i, base.PackFloatToBytes(float64(r)))
		for k, q := range questions {
			if w.answers[q][r] {
				d.Set(specs[k], i, yes)
			} else {
				d.Set(specs[k], i, no)
			}
		}
	}
	return d, nil
}

// root grows the tree.
func (w *grower) root() (*trees.DecisionTreeNode, error) {
	if len(w.rows) == 0 {
		return nil, fmt.Errorf("no row was drawn")
	}
	all := make([]int, len(w.questions))
	for q := range all {
		all[q] = q
	}
	rows := make([]int, len(w.rows))
	for i := range rows {
		rows[i] = i
	}
	d, err := w.grid(rows, all)
	if err != nil {
		return nil, err
	}
	t := trees.NewID3DecisionTreeFromRule(0, w)
	if err := t.Fit(d); err != nil {
		return nil, err
	}
	return t.Root, nil
}

// GenerateSplitRule implements trees.RuleGenerator. What it draws depends on
// the rows at the node and not on the order in which golearn comes by.
func (w *grower) GenerateSplitRule(f base.FixedDataGrid) *trees.DecisionTreeRule {
	if err := w.ctx.Err(); err != nil {
		panic(err)
	}
	left, n := f.Size()
	if len(w.questions)+2-left >= w.Depth || n < 2*w.Least { // golearn takes a question away once it was asked
		return nil
	}
	at, err := f.GetAttribute(w.at)
	if err != nil {
		panic(err)
	}
	rows, seed := make([]int, n), w.seed
	for i := range rows {
		rows[i] = int(base.UnpackBytesToFloat(f.Get(at, i)))
	}
	slices.Sort(rows)
	for _, r := range rows {
		seed = mix(seed ^ uint64(r))
	}
	drawn := w.draw(rows, seed)
	if len(drawn) == 0 {
		return nil
	}
	d, err := w.grid(rows, drawn)
	if err != nil {
		panic(err)
	}
	asked := make([]base.Attribute, len(drawn))
	for k, q := range drawn {
		asked[k] = w.asked[q]
	}
	return w.gain.GetSplitRuleFromSelection(asked, d)
}

// draw gives questions, in order, of which both answers are common enough
// among the rows.
func (w *grower) draw(rows []int, seed uint64) []int {
	var open []int
	for q, answers := range w.answers {
		yes := 0
		for _, r := range rows {
			if answers[r] {
				yes++
			}
		}
		if yes >= w.Least && len(rows)-yes >= w.Least {
			open = append(open, q)
		}
	}
	drawn := choose(len(open), w.features, seed)
	for k := range drawn {
		drawn[k] = open[drawn[k]]
	}
	return drawn
}

// compile turns golearn's tree into ours. A leaf's probability is that of its
// rows and of two more that are like all (Laplace's rule, drawn to the share
// of all instead of to a half).
func (w *grower) compile(root *trees.DecisionTreeNode, share float64) []tree.Node {
	var nodes []tree.Node
	var add func(n *trees.DecisionTreeNode)
	add = func(n *trees.DecisionTreeNode) {
		won, lost := float64(n.ClassDist["1"]), float64(n.ClassDist["0"])
		at := len(nodes)
		nodes = append(nodes, tree.Node{Feature: -1, Value: (won + float64(2*share)) / (won + lost + 2), Cover: won + lost})
		if n.Children == nil {
			return
		}
		q := slices.IndexFunc(w.asked, func(a *base.FloatAttribute) bool { return a.Equals(n.SplitRule.SplitAttr) })
		add(n.Children["1"])
		right := len(nodes)
		add(n.Children["0"])
		inner := w.questions[q].node(at+1, right)
		inner.Cover = won + lost
		nodes[at] = inner
	}
	add(root)
	return nodes
}
