"""Arrays of all types in files of NumPy and safetensors: `python tensors.py make FOLDER` writes them, `python tensors.py check FOLDER REPORT` reads what Keratin made of them."""

import json
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

INTEGERS = ["uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"]


def arrays():
    """By name: arrays of each type, with extreme values, no elements, and no axes."""
    made = {name: np.array([[np.iinfo(name).min, 0, 1], [7, 100, np.iinfo(name).max]], name) for name in INTEGERS}
    for name in ["float16", "bfloat16", "float32", "float64"]:
        dtype = np.dtype(name) if name != "bfloat16" else ml_dtypes.bfloat16
        made[name] = np.array([[0.0, -1.5, 2.0**-14], [np.inf, -np.inf, 3.140625]], dtype)
    return {**made, "bool": np.array([True, False, True]), "scalar": np.array(-2.5, "float32"), "empty": np.zeros((2, 0, 3), "float32")}


def make(folder):
    folder.mkdir(parents=True, exist_ok=True)
    all_arrays = arrays()
    save_file(all_arrays, folder / "arrays.safetensors", metadata={"format": "np", "note": "größer ✓"})
    all_arrays["complex64"] = np.array([1 + 2j, -0.5j], "complex64")
    all_arrays["complex128"] = np.array([1 + 2j, -0.5j], "complex128")
    np.savez(folder / "arrays.npz", **all_arrays)
    np.savez_compressed(folder / "packed.npz", **all_arrays)
    kinds = {"big_endian": lambda a: a.astype(a.dtype.newbyteorder(">")), "fortran": lambda a: np.array(a, order="F")}
    for kind, change in kinds.items():
        np.savez(folder / f"{kind}.npz", **{name: change(array) for name, array in all_arrays.items() if name != "bfloat16"})
    for version in [(1, 0), (2, 0), (3, 0)]:
        with open(folder / f"version{version[0]}.npy", "wb") as file:
            np.lib.format.write_array(file, all_arrays["float32"], version=version)
    np.save(folder / "objects.npy", np.array([{"a": 1}], dtype=object))
    np.save(folder / "structured.npy", np.zeros(2, [("x", "<f4"), ("y", "<i4")]))
    np.save(folder / "texts.npy", np.array(["a", "b"]))
    np.save(folder / "dates.npy", np.array(["2026-12-01"], "datetime64[D]"))


def same(actual, expected):
    if actual.dtype.str.endswith("V2"):
        actual = actual.view(ml_dtypes.bfloat16)
    return actual.dtype == expected.dtype and actual.shape == expected.shape and actual.tobytes() == expected.tobytes()


def check(folder):
    """Yields (file, problem or None) for each array that came back."""
    expected = arrays()
    loaded = load_file(folder / "keratin.safetensors")
    for name, array in expected.items():
        yield f"keratin.safetensors {name}", None if same(loaded[name], array) else f"{loaded[name]!r} is not {array!r}"
    with safe_open(folder / "keratin.safetensors", "np") as file:
        yield "keratin.safetensors metadata", None if file.metadata() == {"format": "np", "note": "größer ✓"} else f"{file.metadata()}"
    with np.load(folder / "keratin.npz") as file:
        for name, array in np.load(folder / "arrays.npz").items():
            yield f"keratin.npz {name}", None if same(file[name], array) or same(file[name], expected.get(name)) else f"{file[name]!r} is not {array!r}"
    for name, array in expected.items():
        yield f"keratin_{name}.npy", None if same(np.load(folder / f"keratin_{name}.npy"), array) else "differs"


def main():
    folder = Path(sys.argv[2])
    if sys.argv[1] == "make":
        return make(folder)
    passed = failed = 0
    for file, problem in check(folder):
        passed, failed = passed + (problem is None), failed + (problem is not None)
        if problem:
            print(f"FAIL {file}: {problem}")
    Path(sys.argv[3]).write_text(json.dumps({"passed": passed, "failed": failed}))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
