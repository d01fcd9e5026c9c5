"""What a data team would write: a CSV file of leads to a calibrated LightGBM model.

    python train.py leads.csv out-folder

Reads and types the file, holds out the last fifth of the leads, stops early on
the last fifth of the rest, calibrates on it (Platt), judges on the hold-out,
refits on everything with the rounds that were found, and writes the model.
"""
import json
import sys

import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

file, out = sys.argv[1:]
leads = pd.read_csv(file, engine="pyarrow").sort_values("lead_id", kind="stable", ignore_index=True)
y = leads.pop("converted").to_numpy()
leads = leads.drop(columns="lead_id")
for name in leads.columns:
    if not pd.api.types.is_numeric_dtype(leads[name]):
        leads[name] = leads[name].astype("category")

n = len(leads)
held, inner = int(n * 0.8), int(n * 0.64)
settings = {"objective": "binary", "num_threads": 2, "seed": 1, "verbosity": -1}
fit = lgb.Dataset(leads.iloc[:inner], y[:inner])
valid = fit.create_valid(leads.iloc[inner:held], y[inner:held])
judged = lgb.train(settings, fit, 2000, valid_sets=[valid], callbacks=[lgb.early_stopping(50, verbose=False)])


def margin(rows):
    return judged.predict(rows, raw_score=True).reshape(-1, 1)


calibration = LogisticRegression(C=np.inf).fit(margin(leads.iloc[inner:held]), y[inner:held])
p = calibration.predict_proba(margin(leads.iloc[held:]))[:, 1]
shipped = lgb.train(settings, lgb.Dataset(leads, y), judged.best_iteration)
shipped.save_model(f"{out}/model.txt")
with open(f"{out}/calibration.json", "w") as f:
    json.dump({"slope": calibration.coef_[0, 0], "intercept": calibration.intercept_[0]}, f)
print(json.dumps({"auc": roc_auc_score(y[held:], p), "log_loss": log_loss(y[held:], p), "rounds": judged.best_iteration}))
