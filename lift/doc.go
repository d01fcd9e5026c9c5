// Package lift compares arms (campaigns, sources, sellers) by the probability
// that their leads are won within a horizon, without taking open leads for
// lost and without comparing what is not ripe.
//
// For one arm it is Aalen and Johansen's cumulative incidence at the horizon,
// counted from creation, with delayed entry. An arm is ripe when at least 30
// of its leads, and a tenth of them, have been watched to the horizon;
// otherwise the result says on which day to ask again, and nothing else.
//
// Two arms are compared side by side: at every age u, each month of creation m
// has the weight
//
//	w(m, u) = Y₁·Y₀ / (Y₁ + Y₀)
//
// where Y₁ and Y₀ are the leads of the month at risk at that age, and the
// rates of being won and of being lost are averaged over the months with the
// same weights for both sides. These are Mantel and Haenszel's weights
// (JNCI 1959, 22:719), also called overlap weights (Li, Morgan, Zaslavsky
// 2018, JASA 113:390): months in which only one side ran count nothing, and
// young months help at the ages that they have reached. The product integral
// of the averaged rates gives each side's probability. With one month it is
// the plain difference of two Aalen–Johansen estimates.
//
// Without dates there are no months: all leads are one. A lead that was won or
// lost then counts as watched on with the probability of those at risk with
// it. Without any times an arm's probability is the share of won among known
// outcomes, everything happens at age 0, and intervals allow for whatever
// becomes of open leads.
//
// What that assumes: within a month of creation the two sides were watched
// alike, and leads that are censored would have gone on like the others of
// their side, month and age. If within months nothing differs then nothing
// differs here, whatever season and trend do; where the effect of an arm
// changes from month to month, the difference is its average over the months
// in which both ran.
//
// Uncertainty is that of counting processes. The variance is the predictable
// variation under the hypothesis tested (a score test; its inversion is the
// interval, as Wilson's is for a share), with the third moment taken into
// account (Wilson and Hilferty's cube root), because arms are small and wins
// are rare. Where accounts have several leads it grows by the design effect of
// the sums of martingale residuals by account. All comparisons are judged
// together: the critical value and the adjusted p-values are those of the
// largest of jointly normal statistics (Hothorn, Bretz, Westfall 2008,
// Biometrical Journal 50:346) with the correlation of their residuals, drawn
// from a seed.
//
// Differences are observational. They are caused by the arms only if leads
// were assigned to them at random.
package lift
