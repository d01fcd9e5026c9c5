"""Every fold of the peers' survival models: what survival.py of the peers averages, fold by fold.

    LEADCAST_PEERS=… PEERS_WORK=… python survival_peers.py > survival_peers.json

PEERS_WORK holds the prepared tables and splits, unpacked. The models, the
encoding, the grid of times and the figures are those of survival.py, which
leaves the slowest models out on all folds but the first of large sets.
"""
import glob, json, os, sys
sys.path.insert(0, os.environ["LEADCAST_PEERS"])
import survival as peers
import numpy as np
from sksurv.metrics import concordance_index_ipcw, integrated_brier_score
from sksurv.util import Surv


def fold(frame, inside, k, model):
    x = frame.drop(columns=["row_id", "time", "event"])
    t, e = frame.time.values.astype(float), frame.event.values.astype(int)
    train, test = inside != k, inside == k
    a, b = peers.encode(x[train].reset_index(drop=True), x[test].reset_index(drop=True))
    low, high = np.quantile(t[test][e[test] == 1], [0.05, 0.9])
    high = min(high, t[train].max() * 0.999, t[test].max() * 0.999)
    low = min(low, high * 0.5)
    grid = np.unique(np.r_[np.linspace(low, high, 50), min(float(np.median(t[e == 1])), high)])
    _, _, risk, open_, _ = peers.fitpred(model, a, t[train], e[train], b, grid)
    seen = np.isfinite(risk)
    risk = np.where(seen, risk, np.nanmax(risk[seen]))
    known = Surv.from_arrays(e[train].astype(bool), t[train])
    now = Surv.from_arrays(e[test].astype(bool), t[test])
    within = t[test] < t[train].max()
    out = {}
    for name, f in (("uno", lambda: concordance_index_ipcw(known, now, risk, tau=high)[0]),
                    ("ibs", lambda: integrated_brier_score(known, now[within], open_[within], grid))):
        try:
            out[name] = round(float(f()), 7)
        except Exception:
            out[name] = None
    return out


figures = []
for path in sorted(glob.glob(os.path.join(os.environ["PEERS_WORK"], "prepared", "surv_*.csv"))):
    name = os.path.basename(path)[5:-4]
    frame, inside = peers.load(name)
    for model in peers.MODELS:
        for k in range(5):
            figures.append({"set": name, "model": model, "fold": k, **fold(frame, inside, k, model)})
            print(figures[-1], file=sys.stderr, flush=True)
print("[\n" + ",\n".join(json.dumps(f) for f in figures) + "\n]")
