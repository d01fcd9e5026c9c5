"""Runs an exported model on a file of leads and compares it with scores:

    pip install onnxruntime==1.31.1 lightgbm==4.7.0 numpy==2.4.6
    leadcast export m.leadcast --to onnx -o m.onnx
    leadcast score m.leadcast leads.csv --reasons 0 -o scores.csv
    python check.py m.onnx leads.csv scores.csv [YES_NO_COLUMN…]

A column whose input is "NAME is given" is filled by whether NAME is empty."""
import csv
import sys
import numpy
import onnxruntime

model, leads, scores, *answers = sys.argv[1:]
rows = list(csv.DictReader(open(leads, encoding="utf-8")))
want = numpy.array([float(r["p_win"]) for r in csv.DictReader(open(scores, encoding="utf-8"))])
session = onnxruntime.InferenceSession(model)


def number(name, value):
    if value == "":
        return numpy.nan
    return float(value == "yes") if name in answers else float(value)


feed = {}
for i in session.get_inputs():
    if i.type == "tensor(string)":
        column = numpy.array([r[i.name] for r in rows], dtype=object)
    elif i.name.endswith(" is given"):
        column = numpy.array([float(r[i.name.removesuffix(" is given")] != "") for r in rows])
    else:
        column = numpy.array([number(i.name, r[i.name]) for r in rows])
    feed[i.name] = column.reshape(-1, 1)
got = session.run(["p_win"], feed)[0].ravel()
print(f"{model}: {len(want)} leads, at most {abs(got - want).max():.1e} apart")
