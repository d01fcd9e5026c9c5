"""The peers of `bench predict`: loads a model and rows once, then answers each
line "engine threads" with the seconds of one prediction of all rows."""
import hashlib, json, os, shutil, sys, time

import lightgbm
import numpy as np
import onnxruntime

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what libraries print is no answer
folder = sys.argv[1]
rows = np.load(folder + "/rows.npy")
ours = np.load(folder + "/margins.npy")
booster = lightgbm.Booster(model_file=folder + "/model.txt")
library = "%s/../synth/%s.so" % (folder, hashlib.sha256(open(folder + "/model.txt", "rb").read()).hexdigest()[:16])
columns = {"c%d" % j: np.ascontiguousarray(rows[:, j:j + 1]) for j in range(rows.shape[1])}


def lightgbm_with(threads):
    return lambda: booster.predict(rows, raw_score=True, num_threads=threads)


def onnx_with(threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(folder + "/model.onnx", options, providers=["CPUExecutionProvider"])
    wanted = {i.name: columns[i.name] for i in session.get_inputs()}

    def margins():
        p = session.run(None, wanted)[0].ravel().astype("float64")
        return np.log(p / (1 - p))
    return margins


def compiled_with(threads):
    import tl2cgen
    predictor = tl2cgen.Predictor(library, nthread=threads, verbose=False)
    matrix = tl2cgen.DMatrix(rows)
    return lambda: predictor.predict(matrix, pred_margin=True).ravel()


def compile_trees():
    """tl2cgen's C, where the package and a compiler are there."""
    if not shutil.which("gcc"):
        return "no gcc"
    try:
        import tl2cgen, treelite
    except ImportError as e:
        return str(e)
    if not os.path.exists(library):
        model = treelite.frontend.load_lightgbm_model(folder + "/model.txt")
        tl2cgen.export_lib(model, toolchain="gcc", libpath=library, params={"parallel_comp": 8}, nthread=2)
    return tl2cgen.__version__


engines = {"lightgbm": (lightgbm_with, lightgbm.__version__), "onnxruntime": (onnx_with, onnxruntime.__version__)}
note = compile_trees()
if os.path.exists(library):
    engines["tl2cgen"] = (compiled_with, note)
else:
    print("tl2cgen left out:", note, file=sys.stderr)
ready = {}
print(json.dumps([{"name": k, "version": v[1]} for k, v in engines.items()]), file=answers, flush=True)
for line in sys.stdin:
    name, threads = line.split()
    key = name, int(threads)
    if key not in ready:
        ready[key] = engines[name][0](int(threads))
        ready[key]()
    wall, cpu = time.perf_counter(), time.process_time()
    margins = ready[key]()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({"wall_s": wall, "cpu_s": cpu, "apart": float(np.abs(margins - ours).max())}), file=answers, flush=True)
