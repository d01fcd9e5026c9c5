// Package portable computes exp and log with the same bits on every CPU.
//
// The functions of package math are assembly on some architectures and choose
// by CPU, and the compiler may fuse x*y+z into one rounding on others. Here
// every product is rounded by an explicit conversion, which the language
// forbids to fuse. The algorithms are those of FreeBSD's msun (e_exp.c,
// e_log.c, s_log1p via log), with errors below one unit in the last place.
package portable

import "math"

const (
	ln2Hi = 6.93147180369123816490e-01
	ln2Lo = 1.90821492927058770002e-10
	log2e = 1.44269504088896338700e+00
)

// Exp is e**x.
func Exp(x float64) float64 {
	switch {
	case x != x || x > math.MaxFloat64:
		return x
	case x < -745.13321910194122:
		return 0
	case x > 709.782712893383973096:
		return math.Inf(1)
	case -1.0/(1<<28) < x && x < 1.0/(1<<28):
		return 1 + x
	}
	half := 0.5
	if x < 0 {
		half = -0.5
	}
	k := int(float64(log2e*x) + half)
	hi := x - float64(float64(k)*ln2Hi)
	lo := float64(float64(k) * ln2Lo)
	r := hi - lo
	t := float64(r * r)
	c := 4.13813679705723846039e-08
	c = float64(t*c) - 1.65339022054652515390e-06
	c = float64(t*c) + 6.61375632143793436117e-05
	c = float64(t*c) - 2.77777777770155933842e-03
	c = float64(t*c) + 1.66666666666666019037e-01
	c = r - float64(t*c)
	y := 1 - ((lo - float64(r*c)/(2-c)) - hi)
	if k > -1022 && k < 1024 { // then 2^k is a number and the product exact
		return float64(y * math.Float64frombits(uint64(k+1023)<<52))
	}
	return math.Ldexp(y, k)
}

// Log is the natural logarithm; NaN below zero, −Inf at zero.
func Log(x float64) float64 {
	switch {
	case x != x || x > math.MaxFloat64:
		return x
	case x < 0:
		return math.NaN()
	case x == 0:
		return math.Inf(-1)
	}
	f1, ki := math.Frexp(x)
	if f1 < math.Sqrt2/2 {
		f1 *= 2
		ki--
	}
	f, k := f1-1, float64(ki)
	s := f / (2 + f)
	s2 := float64(s * s)
	s4 := float64(s2 * s2)
	t1 := float64(s4*1.479819860511658591e-01) + 1.818357216161805012e-01
	t1 = float64(s4*t1) + 2.857142874366239149e-01
	t1 = float64(s4*t1) + 6.666666666666735130e-01
	t1 = float64(s2 * t1)
	t2 := float64(s4*1.531383769920937332e-01) + 2.222219843214978396e-01
	t2 = float64(s4*t2) + 3.999999999940941908e-01
	t2 = float64(s4 * t2)
	r := t1 + t2
	hfsq := float64(float64(0.5*f) * f)
	return float64(k*ln2Hi) - ((hfsq - (float64(s*(hfsq+r)) + float64(k*ln2Lo))) - f)
}

// Log1p is log(1+x), accurate for small x (Goldberg's correction of Log).
func Log1p(x float64) float64 {
	u := 1 + x
	if u == 1 || math.IsInf(u, 1) {
		return x
	}
	return float64(Log(u)*x) / (u - 1)
}

// Expm1 is e**x − 1, accurate for small x (Kahan's correction of Exp).
func Expm1(x float64) float64 {
	u := Exp(x)
	if u == 1 {
		return x
	}
	d := u - 1
	if d == -1 || math.IsInf(u, 1) {
		return d
	}
	return float64(d*x) / Log(u)
}

// Sigmoid is 1/(1+e**−x), without overflow.
func Sigmoid(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + Exp(-x))
	}
	e := Exp(x)
	return e / (1 + e)
}

// Logit is log(p/(1−p)).
func Logit(p float64) float64 { return Log(p) - Log1p(-p) }
