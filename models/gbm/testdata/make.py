"""Writes lightgbm.json: what LightGBM 4.7.0 forecasts after 20 rounds, one case
an objective, for golden_test.go to compare with.

    pip install lightgbm==4.7.0 && python make.py

Columns have few values, so that every leaf has many rows: LightGBM rounds their
number bin by bin. Labels and weights are exact in 32 bits, and there is no
regularisation that the two programs do otherwise. Quantiles are without weights:
its weighted ones are not those of repeated rows (of 0, 1, 4, 9, 16 with a weight
of 0.5 each it says that the median is 1), ours are.
"""
import json
import pathlib

import lightgbm
import numpy as np

rng = np.random.default_rng(5)
n = 600
x = np.column_stack([rng.integers(0, 12, n), rng.integers(0, 9, n), rng.integers(0, 16, n), rng.integers(0, 6, n)]).astype(float)
x[rng.random(n) < 0.1, 1] = np.nan
signal = np.sin(x[:, 0] / 2) + np.where(np.isnan(x[:, 1]), 0.5, x[:, 1] / 9) - (x[:, 2] > 8) * x[:, 3] / 6
exact = lambda v: np.round(v * 1024) / 1024
weight = exact(rng.uniform(0.2, 0.9, n))
number = exact(3 * signal + rng.standard_t(3, n))
amount = exact(np.exp(signal / 2 + 0.5 * rng.normal(size=n)) + 0.01)
often_zero = np.where(rng.random(n) < 0.4, 0, amount)
chance = 1 / (1 + np.exp(-2 * signal))
yes = (rng.random(n) < chance).astype(float)
classes = np.clip(np.floor(signal + rng.normal(size=n) + 1), 0, 2)

cases = {
    "logistic": (yes, {"objective": "binary"}),
    "soft labels": (exact(chance), {"objective": "cross_entropy"}),
    "poisson": (rng.poisson(np.exp(signal)).astype(float), {"objective": "poisson", "poisson_max_delta_step": 1e-12}),
    "squared": (number, {"objective": "regression"}),
    "huber": (number, {"objective": "huber", "alpha": 1.25}),
    "median": (number, {"objective": "regression_l1"}),
    "quantile": (number, {"objective": "quantile", "alpha": 0.8}),
    "gamma": (amount, {"objective": "gamma"}),
    "tweedie": (often_zero, {"objective": "tweedie", "tweedie_variance_power": 1.25}),
    "softmax": (classes, {"objective": "multiclass", "num_class": 3}),
    "interactions": (number, {"objective": "regression", "interaction_constraints": [[0, 1], [1, 2], [3]]}),
    "monotone": (number, {"objective": "regression", "monotone_constraints": [0, 1, -1, 0]}),
}
common = {
    "num_leaves": 6, "learning_rate": 0.1, "min_data_in_leaf": 0, "min_sum_hessian_in_leaf": 0, "min_data_in_bin": 1, "max_bin": 255,
    "verbosity": -1, "num_threads": 1, "deterministic": True, "force_row_wise": True, "feature_pre_filter": False,
}
out = []
for name, (y, params) in cases.items():
    weighted = name not in ("median", "quantile")
    data = lightgbm.Dataset(x, y, weight=weight if weighted else None, params=common, free_raw_data=False)
    model = lightgbm.train({**common, **params}, data, 20)
    out.append({"name": name, "weighted": weighted, "y": y.tolist(), "forecast": [float(f"{v:.12g}") for v in model.predict(x).ravel()]})
file = {
    "by": f"LightGBM {lightgbm.__version__}",
    "x": [[None if np.isnan(v) else v for v in row] for row in x],
    "weight": weight.tolist(),
    "cases": out,
}
text = json.dumps(file, separators=(",", ":")).replace('{"name"', '\n{"name"')
pathlib.Path(__file__).with_name("lightgbm.json").write_text(text + "\n")
