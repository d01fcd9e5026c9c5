package synth

import "math/rand/v2"

// stream is one source of chance. Each lead, account and company has its own,
// so that what a lead is does not depend on which leads were drawn before it.
//
// The ziggurat methods of math/rand are not used: they call package math,
// whose last bits differ between architectures.
type stream struct{ pcg rand.PCG }

// The purposes that streams are kept apart by.
const (
	forCompany = iota + 1
	forPilot
	forAccount
	forPerson
	forLead
	forDuplicate
)

// restart makes s the stream of the n-th thing of a purpose under a seed.
func (s *stream) restart(seed uint64, purpose, n int) {
	s.pcg.Seed(mix(mix(seed)+uint64(purpose)), mix(uint64(n)))
}

// mix is the finaliser of SplitMix64 (Steele, Lea and Flood 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// uniform is in [0, 1).
func (s *stream) uniform() float64 { return float64(s.pcg.Uint64()>>11) / (1 << 53) }

// between is uniform in [lo, hi).
func (s *stream) between(lo, hi float64) float64 { return lo + float64((hi-lo)*s.uniform()) }

// below is an integer in [0, n).
func (s *stream) below(n int) int { return int(s.uniform() * float64(n)) }

// chance is true with probability p.
func (s *stream) chance(p float64) bool { return s.uniform() < p }

// normal is approximately standard normal: twelve uniforms less six.
func (s *stream) normal() float64 {
	z := -6.0
	for range 12 {
		z += s.uniform()
	}
	return z
}
