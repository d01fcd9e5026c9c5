package csv

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
)

// export makes a table of rows leads by 40 columns, as CRMs export them.
func export(rows int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	words := []string{"Web", "Phone Inquiry", "Partner", "Won", "Open", "", "Select", "Berlin"}
	var b bytes.Buffer
	for j := range 40 {
		fmt.Fprintf(&b, "column %d,", j)
	}
	b.Bytes()[b.Len()-1] = '\n'
	for i := range rows {
		fmt.Fprintf(&b, "lead-%d,2024-0%d-1%d", i, 1+r.IntN(9), r.IntN(10))
		for range 36 {
			if b.WriteByte(','); r.IntN(2) == 0 {
				b.WriteString(words[r.IntN(len(words))])
			} else {
				fmt.Fprintf(&b, "%d", r.IntN(100000))
			}
		}
		if i%10 == 0 {
			b.WriteString(`,"Miller, Sons & Co","said ""no"""` + "\n")
		} else {
			b.WriteString(",Miller,x\n")
		}
	}
	return b.Bytes()
}

func BenchmarkRead(b *testing.B) {
	text := export(100_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		s, _ := Open([]string{"-"}, Options{Stdin: bytes.NewReader(text)})
		rows := 0
		for block, err := range s.Blocks(context.Background()) {
			if err != nil {
				b.Fatal(err)
			}
			rows += block.Rows
		}
		if rows != 100_000 {
			b.Fatal(rows)
		}
	}
}

// The same cells by encoding/csv, without putting them into columns.
func BenchmarkEncodingCSV(b *testing.B) {
	text := export(100_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		r := csv.NewReader(bytes.NewReader(text))
		r.ReuseRecord = true
		for {
			if _, err := r.Read(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}
