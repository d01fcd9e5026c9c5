"""Writes categorical_nb.json: log-odds of scikit-learn's CategoricalNB.

python categorical_nb.py > categorical_nb.json   (scikit-learn 1.9.1)
"""
import json
import numpy as np
import sklearn
from sklearn.naive_bayes import CategoricalNB

rng = np.random.default_rng(7)
n = 120
number = rng.choice([0.5, 1.0, 2.0, 8.0, np.nan], n)
code = rng.integers(-1, 3, n)
y = (rng.random(n) < 1 / (1 + np.exp(0.5 - np.nan_to_num(number) / 8 - (code == 2)))).astype(int)
cells = np.column_stack([np.where(np.isnan(number), 4, np.searchsorted([0.5, 1.0, 2.0, 8.0], number)), np.where(code < 0, 3, code)])


def case(name, alpha, weight):
    m = CategoricalNB(alpha=alpha, min_categories=[5, 4], force_alpha=True).fit(cells, y, sample_weight=weight)
    p = m.predict_joint_log_proba(cells)
    return {"name": name, "prior": 2 * alpha, "weight": weight.tolist(), "logodds": (p[:, 1] - p[:, 0]).tolist()}


ones = np.ones(n)
whole = rng.integers(1, 4, n).astype(float)
equal = np.where(y == 1, 1 / y.sum(), 1 / (n - y.sum())) * n / 2  # smoothing is the same only where the classes weigh the same
print(json.dumps({
    "program": "models/bayes/testdata/categorical_nb.py, scikit-learn " + sklearn.__version__,
    "number": [None if np.isnan(v) else v for v in number.tolist()], "code": code.tolist(), "y": y.tolist(),
    "cases": [case("smoothed, classes of equal weight", 1.0, equal), case("hardly smoothed", 1e-10, ones), case("hardly smoothed, weighted", 1e-10, whole)],
}))
