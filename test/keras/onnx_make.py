"""Writes ONNX files as the exporters of PyTorch and Keras write them, with inputs and what onnxruntime predicts: `python onnx_make.py FOLDER`."""

import json
import os
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(1)


def weights(**arrays):
    return [numpy_helper.from_array(value, name.replace("__", ".")) for name, value in arrays.items()]


def normal(*shape, scale=0.5):
    return rng.normal(0, scale, shape).astype("float32")


def ints(*values):
    return np.array(values, "int64")


node = helper.make_node


def cnn():
    """Convolutions as torchvision has them, with the batch unknown."""
    nodes = [
        node("Conv", ["x", "conv1.weight", "conv1.bias"], ["c1"], kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2], dilations=[1, 1], group=1),
        node("BatchNormalization", ["c1", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var"], ["b1"], epsilon=1e-5, momentum=0.9),
        node("Relu", ["b1"], ["r1"]),
        node("MaxPool", ["r1"], ["m1"], kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 0, 0], ceil_mode=1),
        node("Conv", ["m1", "conv2.weight"], ["c2"], kernel_shape=[3, 3], pads=[1, 1, 1, 1], group=4),
        node("Constant", [], ["low"], value=helper.make_tensor("low", TensorProto.FLOAT, [], [0.0])),
        node("Constant", [], ["high"], value=helper.make_tensor("high", TensorProto.FLOAT, [], [6.0])),
        node("Clip", ["c2", "low", "high"], ["r2"]),
        node("AveragePool", ["r2"], ["a2"], kernel_shape=[2, 2], strides=[1, 1], pads=[1, 1, 0, 0], count_include_pad=1),
        node("Add", ["a2", "a2"], ["s2"]),
        node("GlobalAveragePool", ["s2"], ["g2"]),
        node("Flatten", ["g2"], ["f2"], axis=1),
        node("Gemm", ["f2", "fc.weight", "fc.bias"], ["logits"], alpha=1.0, beta=1.0, transB=1),
    ]
    initializers = weights(
        conv1__weight=normal(4, 3, 3, 3), conv1__bias=normal(4), bn1__weight=normal(4), bn1__bias=normal(4), bn1__running_mean=normal(4),
        bn1__running_var=np.abs(normal(4)) + 0.5, conv2__weight=normal(8, 1, 3, 3), fc__weight=normal(5, 8), fc__bias=normal(5),
    )
    return nodes, initializers, {"x": (["batch", 3, 12, 13], normal(2, 3, 12, 13))}, {"logits": ["batch", 5]}


def flatten_by_shape():
    """`x.view(x.size(0), -1)` of the older exporter, and shapes that are kept."""
    nodes = [
        node("Shape", ["x"], ["shape"]),
        node("Gather", ["shape", "zero"], ["batch_size"], axis=0),
        node("Unsqueeze", ["batch_size", "axes"], ["rows"]),
        node("Concat", ["rows", "rest"], ["target"], axis=0),
        node("Reshape", ["x", "target"], ["flat"]),
        node("MatMul", ["flat", "weight"], ["product"]),
        node("Add", ["bias", "product"], ["sum"]),
        node("LeakyRelu", ["sum"], ["y"], alpha=0.1),
    ]
    constants = weights(zero=np.array(0, "int64"), axes=ints(0), rest=ints(-1), weight=normal(24, 3), bias=normal(3))
    return nodes, constants, {"x": (["batch", 2, 3, 4], normal(3, 2, 3, 4))}, {"y": ["batch", 3]}


def transformer():
    """A block of a language model: a causal mask from shapes, attention of two heads, tied embeddings."""
    nodes = [
        node("Gather", ["embed.weight", "tokens"], ["embedded"]),
        node("LayerNormalization", ["embedded", "ln.weight", "ln.bias"], ["normed"], axis=-1, epsilon=1e-5),
        node("MatMul", ["normed", "qkv.weight"], ["qkv_product"]),
        node("Add", ["qkv_product", "qkv.bias"], ["qkv"]),
        node("Split", ["qkv", "thirds"], ["q", "k", "v"], axis=2),
    ]
    for name in "qkv":
        nodes += [
            node("Reshape", [name, "heads"], [name + "_heads"]),
            node("Transpose", [name + "_heads"], [name + "_t"], perm=[0, 2, 1, 3] if name != "k" else [0, 2, 3, 1]),
        ]
    nodes += [
        node("MatMul", ["q_t", "k_t"], ["scores"]),
        node("Constant", [], ["scale"], value=helper.make_tensor("scale", TensorProto.FLOAT, [], [2.0])),
        node("Div", ["scores", "scale"], ["scaled"]),
        node("Shape", ["tokens"], ["length"], start=1, end=2),
        node("Concat", ["length", "length"], ["square"], axis=0),
        node("ConstantOfShape", ["square"], ["full"], value=helper.make_tensor("value", TensorProto.FLOAT, [1], [-1e9])),
        node("Trilu", ["full", "one"], ["mask"], upper=1),
        node("Add", ["scaled", "mask"], ["masked"]),
        node("Softmax", ["masked"], ["probabilities"], axis=-1),
        node("MatMul", ["probabilities", "v_t"], ["attended"]),
        node("Transpose", ["attended"], ["attended_t"], perm=[0, 2, 1, 3]),
        node("Reshape", ["attended_t", "joined"], ["together"]),
        node("Add", ["embedded", "together"], ["residual"]),
        node("Div", ["residual", "root2"], ["erf_in"]),
        node("Erf", ["erf_in"], ["erf"]),
        node("Add", ["erf", "unit"], ["erf_1"]),
        node("Mul", ["residual", "erf_1"], ["gelu_2"]),
        node("Mul", ["gelu_2", "half"], ["gelu"]),
        node("Transpose", ["embed.weight"], ["head"], perm=[1, 0]),
        node("MatMul", ["gelu", "head"], ["logits"]),
        node("ReduceMax", ["logits", "last"], ["best"], keepdims=0),
    ]
    constants = weights(
        embed__weight=normal(11, 8), ln__weight=normal(8), ln__bias=normal(8), qkv__weight=normal(8, 24), qkv__bias=normal(24), thirds=ints(8, 8, 8),
        heads=ints(0, 0, 2, 4), joined=ints(0, 0, 8), one=np.array(1, "int64"), root2=np.array(np.sqrt(2), "float32"),
        unit=np.array(1, "float32"), half=np.array(0.5, "float32"), last=ints(-1),
    )
    tokens = rng.integers(0, 11, (2, 5)).astype("int64")
    return nodes, constants, {"tokens": (["batch", "time"], tokens)}, {"logits": ["batch", "time", 11], "best": ["batch", "time"]}


def recurrent():
    """A bidirectional LSTM, a GRU as PyTorch has it, and a simple network, on batches with the time first."""
    nodes = [
        node("Transpose", ["x"], ["seq"], perm=[1, 0, 2]),
        node("LSTM", ["seq", "lstm.W", "lstm.R", "lstm.B"], ["lstm_y", "lstm_h", "lstm_c"], hidden_size=4, direction="bidirectional"),
        node("Transpose", ["lstm_y"], ["lstm_t"], perm=[0, 2, 1, 3]),
        node("Reshape", ["lstm_t", "joined"], ["both"]),
        node("GRU", ["both", "gru.W", "gru.R", "gru.B"], ["gru_y", "gru_h"], hidden_size=3, linear_before_reset=1),
        node("Squeeze", ["gru_y", "one"], ["gru_s"]),
        node("RNN", ["gru_s", "rnn.W", "rnn.R", "rnn.B"], ["", "rnn_h"], hidden_size=2, direction="reverse"),
        node("Squeeze", ["rnn_h", "zero"], ["y"]),
    ]
    constants = weights(
        lstm__W=normal(2, 16, 3), lstm__R=normal(2, 16, 4), lstm__B=normal(2, 32), gru__W=normal(1, 9, 8), gru__R=normal(1, 9, 3), gru__B=normal(1, 18),
        rnn__W=normal(1, 2, 3), rnn__R=normal(1, 2, 2), rnn__B=normal(1, 4), joined=ints(0, 0, -1), one=ints(1), zero=ints(0),
    )
    return nodes, constants, {"x": (["batch", "time", 3], normal(2, 6, 3))}, {"y": ["batch", 2]}


def decoder():
    """Transposed convolutions, resizing and the norms of generators."""
    nodes = [
        node("ConvTranspose", ["x", "up.weight", "up.bias"], ["u"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1]),
        node("InstanceNormalization", ["u", "norm.weight", "norm.bias"], ["n"], epsilon=1e-5),
        node("PRelu", ["n", "slope"], ["p"]),
        node("Resize", ["p", "", "scales"], ["r"], mode="linear", coordinate_transformation_mode="half_pixel"),
        node("Pad", ["r", "pads"], ["padded"], mode="reflect"),
        node("Conv", ["padded", "out.weight"], ["c"], auto_pad="SAME_UPPER", strides=[2, 2], kernel_shape=[3, 3]),
        node("HardSwish", ["c"], ["h"]),
        node("DepthToSpace", ["h"], ["d"], blocksize=2, mode="CRD"),
        node("Slice", ["d", "starts", "ends", "axes", "steps"], ["cut"]),
        node("Tanh", ["cut"], ["y"]),
    ]
    constants = weights(
        up__weight=normal(3, 4, 3, 3), up__bias=normal(4), norm__weight=normal(4), norm__bias=normal(4), slope=normal(4, 1, 1),
        scales=np.array([1, 1, 1.5, 2], "float32"), pads=ints(0, 0, 1, 1, 0, 0, 1, 0), out__weight=normal(8, 4, 3, 3), starts=ints(-1, 1),
        ends=ints(-(2**62), 2**62), axes=ints(2, 3), steps=ints(-2, 1),
    )
    return nodes, constants, {"x": (["batch", 3, 4, 5], normal(2, 3, 4, 5))}, {"y": ["batch", 2, "h", "w"]}


def several():
    """Several inputs and outputs, weights that two nodes share, and outputs that are constants or sizes."""
    nodes = [
        node("MatMul", ["a", "shared"], ["a1"]),
        node("MatMul", ["b", "shared"], ["b1"]),
        node("Concat", ["a1", "b1"], ["joined"], axis=1),
        node("TopK", ["joined", "two"], ["values", "places"], axis=1),
        node("Shape", ["a"], ["sizes"]),
        node("Einsum", ["a1", "b1"], ["products"], equation="bi,bj->bij"),
        node("Where", ["flag", "a1", "b1"], ["chosen"]),
    ]
    constants = weights(shared=normal(3, 3), two=ints(2))
    inputs = {"a": (["n", 3], normal(2, 3)), "b": (["n", 3], normal(2, 3)), "flag": (["n", 3], rng.integers(0, 2, (2, 3)).astype(bool))}
    return nodes, constants, inputs, {"values": ["n", 2], "places": ["n", 2], "sizes": [2], "products": ["n", 3, 3], "chosen": ["n", 3]}


MODELS = [cnn, flatten_by_shape, transformer, recurrent, decoder, several]
TYPES = {"places": TensorProto.INT64, "sizes": TensorProto.INT64}


def array(value):
    return {"dtype": str(value.dtype), "shape": list(value.shape), "data": value.ravel().tolist()}


folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
for make in MODELS:
    nodes, initializers, inputs, outputs = make()
    for i, one in enumerate(nodes):
        one.name = f"/net/{one.op_type}_{i}"
    graph = helper.make_graph(
        nodes,
        make.__name__,
        [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), shape) for name, (shape, value) in inputs.items()],
        [helper.make_tensor_value_info(name, TYPES.get(name, TensorProto.FLOAT), shape) for name, shape in outputs.items()],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8, producer_name="pytorch")
    onnx.checker.check_model(model, full_check=True)
    path = os.path.join(folder, f"{make.__name__}.onnx")
    onnx.save(model, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    values = {name: value for name, (_, value) in inputs.items()}
    result = session.run(None, values)
    with open(os.path.join(folder, f"{make.__name__}.json"), "w") as file:
        json.dump({"inputs": [array(value) for value in values.values()], "outputs": [array(value) for value in result]}, file)
