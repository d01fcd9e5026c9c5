"""Prints the first trees that LightGBM 4.7.0 and scikit-learn 1.9.1 grow on
generated tables, and how good a hundred trees are on fresh rows, for
structure_test.go to compare with:

    pip install lightgbm==4.7.0 scikit-learn==1.9.1 && python structure.py 0 100 >structure.json

The arguments are the first seed and the one after the last. Tables are made of
whole numbers by the generator that structure_test.go has too, so they need not
be kept. Columns have few values: all programs have the same bins.

LightGBM does not ask a column again below a node where none of its cuts gains
anything. Without L2 every cut gains something; with it a split may be lost that
would have been the best further down, as in 8 of the first 100 tables. So its
first tree is taken without L2, and scikit-learn's, which has no such rule, with.
"""
import json
import math
import os
import sys

os.environ["OMP_NUM_THREADS"] = "1"  # many small fits: threads would wait for each other

import lightgbm
import numpy as np
import sklearn
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss, roc_auc_score

LEVELS = [4, 6, 8, 12, 16, 24, 32, 48]
FIRST, HUNDRED = 4000, 50000  # rows that one tree and a hundred trees are fitted to


def mix(x):
    """The finaliser of SplitMix, on 64 bits."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ x >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ x >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return x ^ x >> np.uint64(31)


def table(seed, n):
    rows = np.arange(n, dtype=np.uint64)
    draw = lambda j: (mix(mix(np.full_like(rows, seed)) ^ (rows * np.uint64(16) + np.uint64(j))) >> np.uint64(11)).astype(np.int64)
    x, v = [], []
    for j, levels in enumerate(LEVELS):
        d = draw(j)
        level, missing = d % levels, (j % 3 == 1) & (d // levels % 10 == 0)
        x.append(np.where(missing, np.nan, level))
        v.append(np.where(missing, 60, level * 100 // levels))
    chance = 4 * v[0] + 5 * abs(v[3] - 50) + v[4] * v[5] // 20 + 250 * (v[1] > v[2]) - 300 * (v[6] > 70) - 150
    return np.column_stack(x), (draw(8) % 1000 < np.clip(chance, 20, 980)).astype(float)


def describe(x, root, parts):
    """The tree in prefix notation and the values of its leaves. A leaf is a point;
    a question has its column, the highest value that goes left and, where missing
    ones come by, their way."""
    values = []

    def visit(node, x):
        ask, leaf = parts(node)
        if ask is None:
            values.append(leaf)
            return "."
        column, threshold, missing_left, left, right = ask
        missing = np.isnan(x[:, column])
        goes = np.where(missing, missing_left, x[:, column] <= threshold)
        if not (goes & ~missing).any():  # missing ones alone: the same as numbers left, missing right
            left, right, goes, missing_left = right, left, ~goes, False
        way = "" if not missing.any() else "<" if missing_left else ">"
        return f"{'abcdefgh'[column]}{int(x[goes & ~missing, column].max())}{way}{visit(left, x[goes])}{visit(right, x[~goes])}"

    return visit(root, x), values


def of_lightgbm(node):
    if "leaf_value" in node:
        return None, node["leaf_value"]
    return (node["split_feature"], node["threshold"], node["default_left"], node["left_child"], node["right_child"]), None


def of_sklearn(nodes):
    def parts(k):
        n = nodes[k]
        if n["is_leaf"]:
            return None, n["value"]
        return (n["feature_idx"], n["num_threshold"], bool(n["missing_go_to_left"]), n["left"], n["right"]), None

    return parts


def with_lightgbm(x, y, rounds, l2):
    params = {
        "objective": "binary", "num_leaves": 31, "learning_rate": 0.1, "min_data_in_leaf": 50, "min_sum_hessian_in_leaf": 0, "lambda_l2": l2, "min_data_in_bin": 1,
        "max_bin": 255, "feature_pre_filter": False, "verbosity": -1, "num_threads": 1, "deterministic": True, "force_row_wise": True,
    }
    model = lightgbm.train(params, lightgbm.Dataset(x, y, params=params), rounds)
    tree, values = describe(x, model.dump_model()["tree_info"][0]["tree_structure"], of_lightgbm)
    base = math.log(y.mean() / (1 - y.mean()))
    return tree, [v - base for v in values], model.predict


def with_sklearn(x, y, rounds, l2):
    model = HistGradientBoostingClassifier(max_iter=rounds, learning_rate=0.1, max_leaf_nodes=31, min_samples_leaf=50, l2_regularization=l2, early_stopping=False)
    model.fit(x, y)
    tree, values = describe(x, 0, of_sklearn(model._predictors[0][0].nodes))
    return tree, values, lambda x: model.predict_proba(x)[:, 1]


def first(fit, l2, seed):
    x, y = table(seed, FIRST)
    tree, values, _ = fit(x, y, 1, l2)
    c = {"seed": seed, "yes": int(y.sum()), "tree": tree}
    if seed % 10 == 0:
        c["values"] = [float(f"{v:.7g}") for v in values]
    return c


def hundred(fit, l2, seed):
    x, y = table(seed, 2 * HUNDRED)
    _, _, predict = fit(x[:HUNDRED], y[:HUNDRED], 100, l2)
    y, p = y[HUNDRED:], predict(x[HUNDRED:])
    return {"seed": seed, "auc": float(f"{roc_auc_score(y, p):.9g}"), "loss": float(f"{log_loss(y, p):.9g}")}


if __name__ == "__main__":
    seeds = range(int(sys.argv[1]), int(sys.argv[2]))
    peers = [(f"LightGBM {lightgbm.__version__}", with_lightgbm, 0), (f"scikit-learn {sklearn.__version__}", with_sklearn, 1)]
    out = [
        {"by": by, "l2": l2, "first": [first(fit, l2, s) for s in seeds], "hundred": [hundred(fit, l2, s) for s in seeds[:3]]}
        for by, fit, l2 in peers
    ]
    print(json.dumps(out, separators=(",", ":")).replace('{"seed"', '\n{"seed"'))
