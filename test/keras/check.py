"""Reads what Keratin saved beside the files of make.py: `python check.py FOLDER REPORT`. Predictions and the losses of further training have to agree."""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
import keras
import numpy as np

from make import predict, steps
from models import CASES

FILES = ["keratin.keras", "keratin.h5", "keratin.weights.h5", "keratin.weights.json", "from_h5.keras"]


def close(actual, expected, tolerance=2e-5):
    return np.allclose(np.asarray(actual), np.asarray(expected), rtol=tolerance, atol=tolerance)


def load(folder, file):
    if ".weights." not in file:
        # Keras does not compile again what legacy files call "mse", those of its own neither.
        return keras.saving.load_model(folder / file, compile=not file.endswith(".h5"))
    keras.utils.clear_session()
    model = CASES[folder.name]()
    model.load_weights(folder / file)
    return model


def check(folder):
    """Yields (file, problem or None) for each file."""
    case = json.loads((folder / "case.json").read_text())
    result = json.loads((folder / "keratin.json").read_text())
    x = [np.array(a["data"], dtype=a["dtype"]).reshape(a["shape"]) for a in case["x"]]
    y = np.array(case["y"]["data"], dtype="float32").reshape(case["y"]["shape"])
    tolerance = 2e-2 if folder.name == "float16_weights" else 2e-5
    for file in [*FILES, "resumed.keras"]:
        if not (folder / file).exists():
            continue
        try:
            model = load(folder, file)
            expected = result["resumed"] if file == "resumed.keras" else case["prediction"]
            if not close(predict(model, x), expected, tolerance):
                yield file, "predictions differ"
            elif file == "keratin.keras" and model.compiled and not all(close(list(a.values()), [b[key] for key in a]) for a, b in zip(steps(model, x, y), case["steps"])):
                yield file, "losses of further training differ"
            else:
                yield file, None
        except Exception as error:
            yield file, f"{type(error).__name__}: {error}"


def main():
    passed = failed = 0
    for folder in sorted(path for path in Path(sys.argv[1]).iterdir() if path.is_dir()):
        for file, problem in check(folder):
            passed, failed = passed + (problem is None), failed + (problem is not None)
            if problem:
                print(f"FAIL {folder.name} {file}: {problem}")
    Path(sys.argv[2]).write_text(json.dumps({"passed": passed, "failed": failed}))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
