"""Saves the models of models.py with what they compute: `python make.py FOLDER [names]`.

Each case gets a folder with `model.keras`, `model.weights.h5`, `model.h5`, `model.weights.json`, and `case.json`: inputs, targets, predictions, and the losses of three steps
of training that go on from the saved state.
"""

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
import keras
import numpy as np

from models import CASES

STEPS = 3


def arrays(model, rng):
    """Data for a model: rows for each step and for predictions."""
    def one(symbol, rows):
        shape = (rows, *symbol.shape[1:])
        return rng.integers(1, 20, shape).astype("int32") if "int" in symbol.dtype else rng.normal(size=shape).astype("float32")

    rows = 4 * (STEPS + 1)
    x = [one(symbol, rows) for symbol in model.inputs]
    y = rng.normal(size=(rows, *model.outputs[0].shape[1:])).astype("float32")
    # The loss of classes wants probabilities.
    classes = getattr(model.layers[-1], "activation", None) is keras.activations.softmax
    return x, np.eye(y.shape[1], dtype="float32")[y.argmax(1)] if classes else y


def steps(model, x, y, first=1):
    """Losses of the steps after the first one."""
    losses = []
    for i in range(first, first + STEPS):
        part = slice(4 * i, 4 * i + 4)
        losses.append(model.train_on_batch([a[part] for a in x] if len(x) > 1 else x[0][part], y[part], return_dict=True))
    return [{key: float(value) for key, value in logs.items()} for logs in losses]


def predict(model, x):
    return np.asarray(model.predict(x if len(x) > 1 else x[0], verbose=0), dtype="float64").tolist()


def make(name, folder):
    keras.utils.clear_session()
    keras.utils.set_random_seed(len(name))
    model = CASES[name]()
    rng = np.random.default_rng(len(name))
    x, y = arrays(model, rng)
    # Moves biases and moving statistics off 0 and 1, so that a forgotten one shows.
    model.set_weights([w + (rng.uniform(0.01, 0.1, w.shape) if w.dtype.kind == "f" or w.dtype.name == "bfloat16" else 0) for w in model.get_weights()])
    if model.compiled:
        steps(model, x, y, first=0)
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "model.keras")
    model.save_weights(folder / "model.weights.h5")
    model.save_weights(folder / "model.weights.json", max_shard_size=2e-6)
    try:
        model.save(folder / "model.h5")
        keras.saving.load_model(folder / "model.h5", compile=False)
    except Exception as error:  # Keras has kinds of models that this format does not know
        (folder / "model.h5").unlink(missing_ok=True)
        print(f"{name}: no .h5: {error}")
    case = {
        "x": [{"shape": a.shape, "dtype": a.dtype.name, "data": a.ravel().tolist()} for a in x], "y": {"shape": y.shape, "dtype": y.dtype.name, "data": y.ravel().tolist()},
        "prediction": predict(model, x), "weights": [w.path for w in model.weights],
    }  # fmt: skip
    if model.compiled:
        resumed = keras.saving.load_model(folder / "model.keras")
        case["steps"] = steps(resumed, x, y)
    (folder / "case.json").write_text(json.dumps(case))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", default=list(CASES))
    options = parser.parse_args()
    for name in options.names:
        make(name, options.folder / name)


if __name__ == "__main__":
    main()
