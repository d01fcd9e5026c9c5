package train

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"

	"github.com/leadcast/leadcast/train/bundle"
)

// prints hashes what the subjects are learnt from, column by column: their
// values at creation and what became of them. It tells two files apart and
// nothing of either.
func (s *study) prints(w *subjects) (prints []bundle.Fingerprint) {
	add := func(column string, value func(b []byte, i, row int) []byte) {
		prints = append(prints, bundle.Fingerprint{Column: column, Hash: fingerprint(w.rows, value)})
	}
	r := s.plan.Roles
	for _, c := range s.leads.Columns {
		used := slices.Contains([]string{r.ID, r.Account, r.Created, r.Order, r.Amount, r.Currency}, c.Name)
		for _, f := range s.spec.Columns {
			used = used || f.Column == c.Name
		}
		if used {
			add(c.Name, func(b []byte, _, row int) []byte {
				switch {
				case c.Times != nil:
					return binary.LittleEndian.AppendUint64(b, uint64(c.Times[row]))
				case c.Nums != nil:
					return binary.LittleEndian.AppendUint64(b, math.Float64bits(c.Nums[row]))
				}
				text := c.Texts.At(row)
				return append(binary.LittleEndian.AppendUint64(b, uint64(len(text))), text...)
			})
		}
	}
	add("(outcome)", func(b []byte, i, _ int) []byte {
		if w.y.Cause == nil {
			return binary.LittleEndian.AppendUint64(b, math.Float64bits(w.y.Y[i]))
		}
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(w.y.Entry[i]))
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(w.y.Exit[i]))
		return append(b, w.y.Cause[i])
	})
	if s.test != nil {
		add("(split)", func(b []byte, _, row int) []byte { return append(b, byte(s.test[row])) })
	}
	return prints
}

func fingerprint(rows []int, value func(b []byte, i, row int) []byte) string {
	h, b := sha256.New(), make([]byte, 0, 1<<16)
	for i, row := range rows {
		if b = value(b, i, row); len(b) > 1<<15 {
			h.Write(b)
			b = b[:0]
		}
	}
	h.Write(b)
	return hex.EncodeToString(h.Sum(nil)[:8])
}
