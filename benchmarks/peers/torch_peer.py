"""PyTorch, as its tutorials write it: `python torch_peer.py WORKLOAD` prints one measurement.

Batches are gathered by index from tensors in memory, which is faster than a DataLoader.
"""

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

    def score(outputs, targets):
        return (outputs.argmax(1) == targets).sum()

    return {"seconds": epoch_seconds(model, nn.CrossEntropyLoss(), x, y, 128, warm_up=1, epochs=3, score=score)}


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


def eager_add():
    return eager((8, 8), "add")


def import_():
    start = now()
    import torch  # noqa: F401

    return {"seconds": now() - start, "rssMb": resident_mb()}


WORKLOADS = {
    "tiny_mlp": tiny_mlp,
    "mnist_mlp": mnist_mlp,
    "gemm": gemm,
    "eager_add": eager_add,
    "import": import_,
}

if __name__ == "__main__":
    report(packages=["torch"], **WORKLOADS[sys.argv[1]]())
