// Package survival forecasts which of several competing causes ends a
// subject's time at risk, and when, from data in which many are still at risk.
//
// The estimators of textbooks (Kaplan–Meier, Aalen–Johansen, log-rank, Gray's
// test; the regressions in packages cox, finegray, aft and discrete) stand beside
// the model that everything else is read off: Piecewise, hazards that are
// constant within intervals of age and fitted by any Poisson learner (Holford
// 1980, Biometrics 36:299; Friedman 1982, Annals of Statistics 10:101). Stacking
// blends several such models and shrinks them to the base rates, which also
// calibrates them.
//
// Models of rates have one output a cause and interval, laid out
// [cause][interval], causes counted from 1 in data and from 0 in outputs.
package survival
