package datasets

import (
	"context"
	"errors"
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// blocks is a source that yields what it is given, then an error if there is one.
type blocks struct {
	all []Block
	err error
}

func (b blocks) Blocks(context.Context) iter.Seq2[Block, error] {
	return func(yield func(Block, error) bool) {
		for _, block := range b.all {
			if !yield(block, nil) {
				return
			}
		}
		if b.err != nil {
			yield(Block{}, b.err)
		}
	}
}

func TestReadAll(t *testing.T) {
	number := func(xs ...float64) *Column { return &Column{Name: "n", Kind: Number, Nums: xs} }
	when := func(xs ...int64) *Column { return &Column{Name: "t", Kind: Time, Times: xs} }
	first := rawTable(rawColumn("a", "x", "", "yy"), number(1, 2, 3), when(1, 2, 3))
	empty := rawTable(rawColumn("a"), number(), when())
	window := rawTable(rawColumn("a", "cut off", "z", "é"), number(3, 4, 5), when(3, 4, 5))
	// A reader's buffers need not begin at zero.
	texts := window.Columns[0].Texts
	last := &Table{Rows: 2, Columns: []*Column{{Name: "a", Texts: Strings{Offsets: texts.Offsets[1:], Bytes: texts.Bytes}}, number(4, 5), when(4, 5)}}
	src := blocks{all: []Block{{"leads", first}, {"other", rawTable(rawColumn("b", "1"))}, {"leads", empty}, {"leads", last}}}
	got, err := ReadAll(t.Context(), src, "leads")
	if err != nil {
		t.Fatal(err)
	}
	want := []*Column{rawColumn("a", "x", "", "yy", "z", "é"), number(1, 2, 3, 4, 5), when(1, 2, 3, 4, 5)}
	if diff := cmp.Diff(want, got.Columns, cmpopts.EquateEmpty()); diff != "" || got.Rows != 5 {
		t.Error(got.Rows, diff)
	}
	for row, place := range []string{"leads.csv:2", "leads.csv:3", "leads.csv:4", "row 1", "row 2"} {
		if got.At(row) != place {
			t.Errorf("row %d stands at %s, want %s", row, got.At(row), place)
		}
	}
}

func TestReadAllErrors(t *testing.T) {
	broken := errors.New("broken")
	a, b := rawTable(rawColumn("a", "1")), rawTable(rawColumn("b", "1"))
	tests := []struct {
		src  Source
		want string
	}{
		{blocks{}, `there is no table "leads"`},
		{blocks{all: []Block{{"deals", a}, {"visits", b}, {"deals", a}}}, `there is no table "leads"; there is deals, visits`},
		{blocks{all: []Block{{"leads", a}}, err: broken}, "broken"},
		{blocks{all: []Block{{"leads", a}, {"leads", b}}}, `leads.csv:2: column "b": is raw here, but column 1 was "a", raw, before`},
		{blocks{all: []Block{{"leads", a}, {"leads", rawTable(rawColumn("a", "1"), rawColumn("b", "1"))}}}, `leads.csv:2: 2 columns begin here, but there were 1 before`},
	}
	for _, tt := range tests {
		if _, err := ReadAll(t.Context(), tt.src, "leads"); err == nil || err.Error() != tt.want {
			t.Errorf("%v, want %s", err, tt.want)
		}
	}
}

func TestJoin(t *testing.T) {
	left := rawTable(rawColumn("id", "a", "b ", "c", "", "a"), rawColumn("name", "1", "2", "3", "4", "5"))
	right := rawTable(rawColumn("name", "B", "A", "", "D"), rawColumn("id", "b", "a", "", "d"))
	right.Columns = append(right.Columns, &Column{Name: "n", Kind: Number, Nums: []float64{2, 1, 0, 4}}, &Column{Name: "t", Kind: Time, Times: []int64{2, 1, 0, 4}})
	got, notes, err := Join(left, right, "id")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"id", "name", "name_2", "n", "t"}, got.Names()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"A", "B", "", "", "A"}, texts(got.Column("name_2"))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"1", "2", "", "", "1"}, read(got.Column("n"))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int64{1, 2, NoTime, NoTime, 1}, got.Column("t").Times); diff != "" {
		t.Error(diff)
	}
	if want := `3 of 5 rows found a match, 2 of the 4 joined rows were used; is in both tables; the joined one is called "name_2"`; said(notes) != want {
		t.Errorf("notes %s, want %s", said(notes), want)
	}
	if got.At(4) != "leads.csv:6" || len(left.Columns) != 2 {
		t.Error("the left table gives the places, and stays as it is")
	}
}

func TestJoinErrors(t *testing.T) {
	left := rawTable(rawColumn("id", "a"))
	_, _, err := Join(left, rawTable(rawColumn("id", "a", "b", "a")), "id")
	if want := `leads.csv:4: column "id": this key stands at leads.csv:2 already; a joined table has at most one row a key`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	_, _, err = Join(left, rawTable(rawColumn("ID", "a")), "id")
	if want := `column "id": there is no such column; did you mean "ID"?`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
