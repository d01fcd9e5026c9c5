package gbm

// Purposes of random numbers, so that no two draws share a stream.
const (
	drawBins uint64 = iota + 1
	drawRound
	drawColumns
	drawRows
	drawOrder
	drawBag
)

// mix scrambles 64 bits (Steele, Lea, Flood 2014, the finaliser of SplitMix).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// hash is a random number that depends on its arguments only: whatever the
// order or the thread, the same row draws the same number.
func hash(seed, purpose, key uint64) uint64 { return mix(mix(seed^mix(purpose)) ^ key) }

// hashText is hash for a name (FNV-1a, scrambled).
func hashText(seed, purpose uint64, name string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	return hash(seed, purpose, h)
}

// draws reports a hash as happening with the given probability.
func draws(h uint64, probability float64) bool {
	return float64(h>>11)/(1<<53) < probability
}
