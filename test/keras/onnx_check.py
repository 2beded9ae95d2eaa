"""Runs what onnx-export.mjs wrote with onnxruntime and compares the predictions: `python onnx_check.py FOLDER REPORT`."""

import json
import os
import sys

import numpy as np
import onnx
import onnxruntime

DTYPES = {"bfloat16": "float32"}


def array(saved):
    data = [float(v) if isinstance(v, str) else v for v in saved["data"]]
    return np.array(data, DTYPES.get(saved["dtype"], saved["dtype"])).reshape(saved["shape"])


def difference(actual, expected, tolerance):
    if actual.shape != expected.shape:
        return f"has the shape {actual.shape} instead of {expected.shape}"
    if actual.dtype != expected.dtype:
        return f"has the dtype {actual.dtype} instead of {expected.dtype}"
    if expected.size == 0:
        return None
    a, b = actual.astype("float64"), expected.astype("float64")
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(all="ignore"):
        worst = np.max(np.where(same, 0, np.abs(a - b) / (1 + np.abs(b))))
    return None if worst <= tolerance else f"differs by {worst}"


def check(path, case):
    if "error" in case:
        return case["error"]
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    inputs = {value.name: array(saved) for value, saved in zip(session.get_inputs(), case["inputs"])}
    expected = [array(saved) for saved in case["outputs"]]
    actual = session.run(None, inputs)
    if len(actual) != len(expected):
        return f"has {len(actual)} outputs instead of {len(expected)}"
    problems = [difference(a, b, case["tolerance"] or 1e-5) for a, b in zip(actual, expected)]
    return next((f"output {i} {problem}" for i, problem in enumerate(problems) if problem), None)


folder, report = sys.argv[1:3]
passed = failed = 0
for name in sorted(file[:-5] for file in os.listdir(folder) if file.endswith(".json")):
    with open(os.path.join(folder, f"{name}.json")) as file:
        saved = json.load(file)
    try:
        problem = check(os.path.join(folder, f"{name}.onnx"), saved)
    except Exception as error:  # noqa: BLE001 -- whatever it is, the case failed
        problem = str(error)
    if problem is None:
        passed += 1
    else:
        failed += 1
        print(f"FAIL {name}: {problem[:600]}")
with open(report, "w") as file:
    json.dump({"passed": passed, "failed": failed}, file)
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
