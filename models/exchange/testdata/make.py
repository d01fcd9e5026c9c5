"""Writes the models of other programs that the tests read, and what those
programs predict. Run in a folder of its own:

    pip install lightgbm==4.7.0 xgboost==3.2.0 numpy==2.4.6 pandas==3.1.1
    python make.py

leads.csv holds raw leads with the chances that the models of categories.* give
them; cases.json holds inputs (categories by number) and predictions."""
import json
import lightgbm
import numpy
import pandas
import xgboost

random = numpy.random.RandomState(5)
n = 400
leads = pandas.DataFrame({
    "visits": random.poisson(3, n).astype(float),
    "budget": numpy.round(random.lognormal(8, 1, n), 2),
    "source": pandas.Categorical(random.choice(["Web", "Fair", "Call", "Smith, Co"], n)),
    "days since contact": numpy.round(random.exponential(20, n), 1),
})
leads.loc[random.rand(n) < 0.15, "budget"] = numpy.nan
leads.loc[random.rand(n) < 0.1, "source"] = None
leads.loc[random.rand(n) < 0.3, "visits"] = 0
margin = -1 + 0.4 * leads.visits + 2.5 * (leads.source == "Fair") - 2 * (leads.source == "Web") - 0.03 * leads["days since contact"] - leads.budget.isna()
won = (random.rand(n) < 1 / (1 + numpy.exp(-margin))).astype(int)
classes = numpy.clip((margin + random.normal(0, 1, n)).round() + 1, 0, 2).astype(int)
few = leads.tail(60)


def lgb(name, data, label, **params):
    params = {"num_leaves": 6, "verbose": -1, "min_data_per_group": 5, "cat_smooth": 2, "num_threads": 1} | params
    model = lightgbm.train(params, lightgbm.Dataset(data, label), 6)
    model.save_model(name)
    return name, model.predict(few[data.columns])


def xgb(names, data, label, **params):
    params = {"max_depth": 3, "nthread": 1} | params
    model = xgboost.train(params, xgboost.DMatrix(data, label, enable_categorical=True), 6)
    for name in names:
        model.save_model(name)
    return names[0], model.predict(xgboost.DMatrix(few[data.columns], enable_categorical=True))


numbers = leads.drop(columns="source")
cases = [
    lgb("categories.txt", leads, won, objective="binary", sigmoid=0.8, max_cat_to_onehot=1),
    lgb("forest.txt", numbers, won, objective="binary", boosting="rf", bagging_freq=1, bagging_fraction=0.7, zero_as_missing=True),
    lgb("classes.txt", leads, classes, objective="multiclass", num_class=3),
    lgb("dart.txt", numbers, leads.visits + 0.5, objective="gamma", boosting="dart", use_missing=False),
    xgb(["categories.json", "categories.ubj"], leads, won, objective="binary:logistic", max_cat_to_onehot=1),
    xgb(["classes.json"], numbers, classes, objective="multi:softprob", num_class=3, booster="dart", rate_drop=0.3),
    xgb(["counts.json"], numbers, leads.visits, objective="count:poisson"),
]
codes = few.assign(source=few.source.cat.codes.replace(-1, numpy.nan))
out = []
for name, prediction in cases:
    data = codes if "categories" in name or name == "classes.txt" else codes.drop(columns="source")
    out.append({"model": name, "features": list(data.columns),
                "x": [[None if pandas.isna(v) else float(v) for v in row] for row in data.values],
                "prediction": numpy.ravel(prediction).astype(float).tolist()})
with open("cases.json", "w") as f:
    f.write(",\n".join(json.dumps(c) for c in out).join(["[", "]\n"]))
raw = few.assign(lightgbm=cases[0][1], xgboost=cases[4][1].astype(float))
raw["status"] = numpy.where(won[-60:] == 1, "Won", "Lost")
raw.insert(0, "lead_id", [f"L{i}" for i in range(len(raw))])
raw.to_csv("leads.csv", index=False)
