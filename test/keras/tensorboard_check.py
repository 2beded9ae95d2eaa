"""TensorBoard's own reader on logs that test/keras/tensorboard.mjs wrote: scalars, histograms, images, the model's JSON.

python tensorboard_check.py FOLDER REPORT: writes how many checks passed and failed, and exits with 1 when some failed.
"""

import json
import os
import sys

import numpy as np
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.plugins.histogram import summary_v2
from tensorboard.util import tensor_util

folder, report = sys.argv[1:]
with open(os.path.join(folder, "expected.json")) as file:
    expected = json.load(file)
counts = {"passed": 0, "failed": 0}


def check(name, right):
    counts["passed" if right else "failed"] += 1
    if not right:
        print(f"TensorBoard reads otherwise: {name}")


def events(part):
    """Tags with their plugin and their steps and arrays, as TensorBoard's backend reads them."""
    reader = event_accumulator.EventAccumulator(os.path.join(folder, part), size_guidance={event_accumulator.TENSORS: 0})
    reader.Reload()
    return {
        tag: (
            reader.SummaryMetadata(tag).plugin_data.plugin_name,
            [(event.step, tensor_util.make_ndarray(event.tensor_proto)) for event in reader.Tensors(tag)],
        )
        for tag in reader.Tags()["tensors"]
    }


train, validation = events("train"), events("validation")
for part, tag, key in [(train, "epoch_loss", "loss"), (train, "epoch_mae", "mae"), (validation, "epoch_loss", "val_loss")]:
    plugin, values = part[tag]
    check(tag, plugin == "scalars" and [step for step, _ in values] == [0, 1])
    check(f"values of {tag}", np.allclose([value for _, value in values], expected["history"][key], rtol=1e-6))
check("batches", [step for step, _ in train["batch_loss"][1]] == [2, 4, 6, 8, 10])
check("evaluations", [step for step, _ in validation["evaluation_loss_vs_iterations"][1]] == [5, 10])
check("speed", all(value > 0 for _, value in train["epoch_steps_per_second"][1] + train["batch_steps_per_second"][1]))
for path, values in expected["weights"].items():
    plugin, found = train[f"{path}/histogram"]
    wanted = summary_v2.histogram_pb("weight", np.array(values)).value[0].tensor
    check(f"histogram of {path}", plugin == "histograms" and np.allclose(found[-1][1], tensor_util.make_ndarray(wanted), rtol=1e-12))
plugin, images = train["net/dense/kernel/image"]
check("image", plugin == "images" and list(images[-1][1][:2]) == [b"48", b"2"] and images[-1][1][2].startswith(b"\x89PNG"))
plugin, graphs = train["keras"]
check("graph", plugin == "graph_keras_model" and json.loads(graphs[0][1].item()) == expected["model"])
with open(report, "w") as file:
    json.dump(counts, file)
print(f"TensorBoard: {counts['passed']} passed, {counts['failed']} failed")
sys.exit(1 if counts["failed"] else 0)
