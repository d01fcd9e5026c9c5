package features

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/leadcast/leadcast/models/matrix"
)

// text is free text: how many words and letters it has, and indicators for the
// commonest words. Words are kept only as the numbers of buckets that they
// hash to, many words to a bucket.
type text struct {
	Buckets []uint16 `json:"buckets"` // rising

	leads int
	count []int // leads by bucket
	last  []int // the last lead counted in a bucket
}

// mostWords bounds the indicators of one column.
const mostWords = 32

// words calls visit with the hash of every word (two or more letters or
// digits, lower case) of a text.
func words(s string, visit func(hash uint64)) {
	hash, length := uint64(offset64), 0
	for _, r := range s {
		if r < utf8.RuneSelf {
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
			if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
				hash = (hash ^ uint64(r)) * prime64
				length++
				continue
			}
		} else if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) {
			hash = (hash ^ uint64(unicode.ToLower(r))) * prime64
			length++
			continue
		}
		if length > 1 {
			visit(mix(hash))
		}
		hash, length = offset64, 0
	}
	if length > 1 {
		visit(mix(hash))
	}
}

// The hash is FNV-1a over code points (Fowler, Noll, Vo 1991) with the
// finalizer of MurmurHash3 (Appleby 2011), which spreads it over all bits.
const (
	offset64 = 14695981039346656037
	prime64  = 1099511628211
)

func mix(h uint64) uint64 {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

func bucket(hash uint64) uint16 { return uint16(hash >> 48) }

func (t *text) learn(v *view) {
	if t.count == nil {
		t.count, t.last = make([]int, 1<<16), make([]int, 1<<16)
	}
	for i := range v.Leads.Rows {
		t.leads++
		words(v.text(i), func(hash uint64) {
			if b := bucket(hash); t.last[b] != t.leads {
				t.last[b] = t.leads
				t.count[b]++
			}
		})
	}
}

// settle keeps the buckets that tell leads apart best: those nearest to being
// found on half of them.
func (t *text) settle() {
	telling := func(b uint16) int { return min(t.count[b], t.leads-t.count[b]) }
	for b := range t.count {
		if telling(uint16(b)) >= fewest {
			t.Buckets = append(t.Buckets, uint16(b))
		}
	}
	slices.SortFunc(t.Buckets, func(a, b uint16) int { return cmp.Or(telling(b)-telling(a), int(a)-int(b)) })
	t.Buckets = t.Buckets[:min(mostWords, len(t.Buckets))]
	slices.Sort(t.Buckets)
	t.count, t.last = nil, nil
}

func (t *text) ready() error {
	if len(t.Buckets) > mostWords || !slices.IsSorted(t.Buckets) || len(slices.Compact(slices.Clone(t.Buckets))) != len(t.Buckets) {
		return errors.New("buckets must be rising and few")
	}
	return nil
}

func (t *text) outputs() []output {
	out := []output{{suffix: " words"}, {suffix: " letters"}}
	for _, b := range t.Buckets {
		out = append(out, output{suffix: fmt.Sprintf(" word %04x", b)})
	}
	return out
}

func (t *text) encode(dst []matrix.Column, v *view) {
	for i := range v.Leads.Rows {
		s := v.text(i)
		if s == "" {
			blankRow(dst, i)
			continue
		}
		n := 0
		words(s, func(hash uint64) {
			n++
			if j, ok := slices.BinarySearch(t.Buckets, bucket(hash)); ok {
				dst[2+j].Nums[i] = 1
			}
		})
		dst[0].Nums[i] = float64(n)
		dst[1].Nums[i] = float64(utf8.RuneCountInString(s))
	}
}
