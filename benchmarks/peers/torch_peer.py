"""PyTorch, as its tutorials write it: `python torch_peer.py WORKLOAD` prints one measurement.

Batches are gathered by index from tensors in memory, which is faster than a DataLoader.
"""

import json
import math
import pathlib
import statistics
import sys

from timing import median_step, now, report, resident_mb, seconds_per_call


def epoch_seconds(model, loss_fn, x, y, batch_size, warm_up, epochs, score=None):
    """Median seconds of a shuffled training epoch; `score(prediction, target)` is averaged along with the loss."""
    import torch

    optimizer = torch.optim.Adam(model.parameters())
    ends = []
    for _ in range(warm_up + epochs):
        order = torch.randperm(len(x))
        total, right = torch.zeros(()), torch.zeros(())
        for start in range(0, len(x), batch_size):
            index = order[start : start + batch_size]
            inputs, targets = x[index], y[index]
            optimizer.zero_grad()
            outputs = model(inputs)
            loss = loss_fn(outputs, targets)
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(index)
            if score:
                right += score(outputs.detach(), targets)
        total.item(), right.item()
        ends.append(now())
    return median_step(ends, warm_up)


def right_ones(outputs, targets):
    return (outputs.argmax(1) == targets).sum()


def tiny_mlp():
    import torch
    from torch import nn

    model = nn.Sequential(nn.Linear(8, 10), nn.ReLU(), nn.Linear(10, 1), nn.Sigmoid())
    x, y = torch.rand(768, 8), torch.randint(0, 2, (768, 1)).float()
    return {"seconds": epoch_seconds(model, nn.BCELoss(), x, y, 10, warm_up=5, epochs=25)}


def mnist_mlp():
    import torch
    from torch import nn

    model = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 10))
    x, y = torch.rand(60000, 784), torch.randint(0, 10, (60000,))
    return {"seconds": epoch_seconds(model, nn.CrossEntropyLoss(), x, y, 128, warm_up=1, epochs=3, score=right_ones)}


def cifar_cnn():
    import torch
    from torch import nn

    stages = [nn.Conv2d(3, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(64, 64, 3), nn.ReLU()]
    model = nn.Sequential(*stages, nn.Flatten(), nn.Linear(1024, 64), nn.ReLU(), nn.Linear(64, 10))
    x, y = torch.rand(5000, 3, 32, 32), torch.randint(0, 10, (5000,))
    return {"seconds": epoch_seconds(model, nn.CrossEntropyLoss(), x, y, 64, warm_up=1, epochs=3, score=right_ones)}


def texts_seconds(samples, length, body):
    """Seconds of an epoch of a classifier of texts; `body` takes embedded tokens to a vector a text."""
    import torch
    from torch import nn

    class Classifier(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.body, self.output = nn.Embedding(20000, 128), body, nn.Linear(128, 1)

        def forward(self, tokens):
            return torch.sigmoid(self.output(self.body(self.embedding(tokens))))

    def score(outputs, targets):
        return ((outputs > 0.5) == (targets > 0.5)).sum()

    x, y = torch.randint(0, 20000, (samples, length)), torch.randint(0, 2, (samples, 1)).float()
    return {"seconds": epoch_seconds(Classifier(), nn.BCELoss(), x, y, 32, warm_up=1, epochs=3, score=score)}


def recurrent(name):
    from torch import nn

    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = getattr(nn, name)(128, 128, batch_first=True)

        def forward(self, x):
            return self.layer(x)[0][:, -1]

    return texts_seconds(1024, 80, Last())


def transformer():
    from torch import nn

    class Encoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = nn.Sequential(*[nn.TransformerEncoderLayer(128, 4, 512, dropout=0.0, batch_first=True) for _ in range(2)])

        def forward(self, x):
            return self.blocks(x).mean(1)

    return texts_seconds(512, 128, Encoder())


def eager(shape, op):
    """Seconds of `op(a, b)` on two tensors of this shape."""
    import torch

    a, b = torch.rand(shape), torch.rand(shape)
    function = getattr(torch, op)

    def loop(calls):
        for _ in range(calls):
            function(a, b)

    return {"seconds": seconds_per_call(loop)}


def gemm():
    return eager((1024, 1024), "matmul")


def brief_seconds_per_call(call):
    """As in benchmarks/timing.ts: 50 ms of warm-up, then the median over 7 batches of at least 20 ms."""
    start, calls = now(), 0
    while calls < 3 or now() - start < 0.05:
        call()
        calls += 1
    per_batch = max(1, math.ceil(0.02 * calls / (now() - start)))
    batches = []
    for _ in range(7):
        begin = now()
        for _ in range(per_batch):
            call()
        batches.append((now() - begin) / per_batch)
    return statistics.median(batches)


def kernels():
    """The shapes of kernels.json. Convolutions are measured in both memory formats, and the faster one counts."""
    import torch
    import torch.nn.functional as F

    shapes = json.loads((pathlib.Path(__file__).parent.parent / "kernels.json").read_text())
    parts = []

    def measure(name, work, *calls):
        parts.append({"name": name, "flops": 2 * work, "seconds": min(brief_seconds_per_call(call) for call in calls)})

    def convolution(shape, depthwise):
        cin, kernel, stride = shape["cin"], shape["kernel"], shape.get("stride", 1)
        cout, groups = (cin, cin) if depthwise else (shape["cout"], 1)
        padding = 0 if shape.get("padding") == "valid" else (kernel - 1) // 2
        calls = [[], [], []]
        for memory_format in [torch.contiguous_format, torch.channels_last]:
            x = torch.rand(shape["batch"], cin, shape["size"], shape["size"]).to(memory_format=memory_format)
            w = torch.rand(cout, cin // groups, kernel, kernel).to(memory_format=memory_format)
            dy = torch.rand_like(F.conv2d(x, w, stride=stride, padding=padding, groups=groups))

            def backward(mask, x=x, w=w, dy=dy):
                settings = [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], groups, mask
                torch.ops.aten.convolution_backward(dy, x, w, None, *settings)

            calls[0].append(lambda x=x, w=w: F.conv2d(x, w, stride=stride, padding=padding, groups=groups))
            calls[1].append(lambda backward=backward: backward([True, False, False]))
            calls[2].append(lambda backward=backward: backward([False, True, False]))
        work = dy.numel() * kernel * kernel * cin // groups
        for suffix, each in zip(["", ", input gradient", ", kernel gradient"], calls):
            measure(shape["name"] + suffix, work, *each)

    for shape in shapes["matmul"]:
        a, b = torch.rand(shape["a"]), torch.rand(shape["b"])
        measure(shape["name"], a.numel() * shape["b"][-1], lambda: torch.matmul(a, b))
    for shape in shapes["conv"]:
        convolution(shape, depthwise=False)
    for shape in shapes["depthwise"]:
        convolution(shape, depthwise=True)
    for shape in shapes["max_pool"]:
        kernel = shape["kernel"]
        x = torch.rand(shape["batch"], shape["cin"], shape["size"], shape["size"])
        last = x.to(memory_format=torch.channels_last)
        work = F.max_pool2d(x, kernel, shape["stride"]).numel() * kernel * kernel // 2
        measure(shape["name"], work, *[lambda x=x: F.max_pool2d(x, kernel, shape["stride"]) for x in (x, last)])
    for shape in shapes["einsum"]:
        a, b = torch.rand(shape["a"]), torch.rand(shape["b"])
        measure(shape["name"], shape["work"], lambda: torch.einsum(shape["equation"], a, b))
    return {"seconds": sum(part["seconds"] for part in parts), "parts": parts}


def eager_add():
    return eager((8, 8), "add")


def import_():
    start = now()
    import torch  # noqa: F401

    return {"seconds": now() - start, "rssMb": resident_mb()}


WORKLOADS = {
    "tiny_mlp": tiny_mlp,
    "mnist_mlp": mnist_mlp,
    "cifar_cnn": cifar_cnn,
    "lstm": lambda: recurrent("LSTM"),
    "gru": lambda: recurrent("GRU"),
    "transformer": transformer,
    "gemm": gemm,
    "kernels": kernels,
    "eager_add": eager_add,
    "import": import_,
}

if __name__ == "__main__":
    report(packages=["torch"], **WORKLOADS[sys.argv[1]]())
