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

// chunk is a number of rows whose words and gradients fit the first-level
// cache together with a block.
const chunk = 512

// chunkOf holds some rows of a node: up to four words of bins of each, and
// their gradients. Rows of a node are far apart in memory. A loop of nothing
// but loads and stores has many of them under way at once, while one that
// also adds would wait for each.
type chunkOf struct {
	words     [4][chunk]uint64
	gradients [chunk]int64
}

// takeGradients copies the gradients of the rows.
func (c *chunkOf) takeGradients(all []int64, rows []int32) {
	to := c.gradients[:len(rows)]
	for i, r := range rows {
		to[i] = all[r]
	}
}

// take copies n words of the rows, from the k-th of the panel.
func (c *chunkOf) take(from panel, k, n int, rows []int32) {
	words, width := from.words[k:], from.width
	if n == 4 {
		for i, r := range rows {
			w := words[int(r)*width:][:4:4]
			i &= chunk - 1
			c.words[0][i], c.words[1][i], c.words[2][i], c.words[3][i] = w[0], w[1], w[2], w[3]
		}
		return
	}
	for m := range n {
		to := c.words[m][:len(rows)]
		for i, r := range rows {
			to[i] = words[int(r)*width+m]
		}
	}
}

// add sums up gradients of rows by the bins in their words. It adds all lanes,
// also where a block has fewer columns: no one looks at the others.
func (b *histogramBlock) add(words []uint64, gradients []int64) {
	gradients = gradients[:len(words)]
	for i, w := range words {
		g := gradients[i]
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

// add sums up the gradients of some rows, at most chunk, by all their bins.
func (h histogram) add(panels []panel, rows []int32, gradients []int64, c *chunkOf) {
	c.takeGradients(gradients, rows)
	for _, p := range panels {
		for k := 0; k < p.width; k += 4 {
			n := min(4, p.width-k)
			c.take(p, k, n, rows)
			for m := range n {
				h[k+m].add(c.words[m][:len(rows)], c.gradients[:])
			}
		}
		h = h[p.width:]
	}
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
