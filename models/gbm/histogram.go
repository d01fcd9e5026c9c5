package gbm

// A histogram holds, for each bin of each column, the sum of the quantised
// gradients in the high half of an int64 and of the curvatures in the low
// half. Sums of integers are exact and associative: they do not depend on the
// order of the rows or the number of threads, and a sibling's histogram is the
// parent's minus the other child's without any error. quantise sees to it that
// the low half never carries into the high one.
type histogram []histogramBlock

// histogramBlock serves the eight columns of one word of bins. It is 16 KiB,
// so it stays in the first-level cache while the rows stream by.
type histogramBlock [lanes][slots]int64

func pack(g, h int64) int64 { return g<<32 + h }

func unpack(sum int64) (g, h int64) { return sum >> 32, int64(uint32(sum)) }

// add sums the gradients of some rows of a block with the given number of columns.
func (b *histogramBlock) add(from block, rows []int32, gradients []int64, columns int) {
	if columns == lanes {
		b.addFull(from.words, from.stride, rows, gradients)
		return
	}
	gradients = gradients[:len(rows)]
	for i, r := range rows {
		w, g := from.words[int(r)*from.stride], gradients[i]
		for k := range columns {
			b[k&(lanes-1)][uint8(w)] += g
			w >>= 8
		}
	}
}

func (b *histogramBlock) addFull(words []uint64, stride int, rows []int32, gradients []int64) {
	gradients = gradients[:len(rows)]
	for i, r := range rows {
		w, g := words[int(r)*stride], gradients[i]
		b[0][uint8(w)] += g
		b[1][uint8(w>>8)] += g
		b[2][uint8(w>>16)] += g
		b[3][uint8(w>>24)] += g
		b[4][uint8(w>>32)] += g
		b[5][uint8(w>>40)] += g
		b[6][uint8(w>>48)] += g
		b[7][uint8(w>>56)] += g
	}
}

// touch loads the words of some rows, so that they are in the cache when they
// are summed up: a loop of nothing but loads has many of them under way at once,
// while one that also adds waits for memory row by row.
//
//go:noinline
func touch(blocks []block, rows []int32) (all uint64) {
	if len(blocks) == 0 {
		return 0
	}
	first, last := blocks[0], blocks[len(blocks)-1]
	for _, r := range rows {
		all ^= first.words[int(r)*first.stride] ^ last.words[int(r)*last.stride]
	}
	return all
}

// merge adds another block to b; subtract takes one away.
func (b *histogramBlock) merge(other *histogramBlock, features []feature) {
	for k := range features {
		to, from := b[k][:features[k].bins], other[k][:features[k].bins]
		for i, v := range from {
			to[i] += v
		}
	}
}

func (b *histogramBlock) subtract(other *histogramBlock, features []feature) {
	for k := range features {
		to, from := b[k][:features[k].bins], other[k][:features[k].bins]
		for i, v := range from {
			to[i] -= v
		}
	}
}

func (b *histogramBlock) clear(features []feature) {
	for k := range features {
		clear(b[k][:features[k].bins])
	}
}
