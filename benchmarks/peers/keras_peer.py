"""Keras on the backend of $KERAS_BACKEND: `python keras_peer.py WORKLOAD` prints one measurement."""

import os
import sys

from timing import median_step, now, peak_mb, report, resident_mb, seconds_per_call


def tiny_model(keras):
    return keras.Sequential(
        [keras.Input((8,)), keras.layers.Dense(10, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
    )


def epoch_seconds(keras, model, x, y, batch_size, warm_up, epochs):
    """Median seconds of an epoch of `fit`."""
    ends = []
    timer = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: ends.append(now()))
    model.fit(x, y, batch_size=batch_size, epochs=warm_up + epochs, verbose=0, callbacks=[timer])
    return median_step(ends, warm_up)


def tiny_mlp():
    import keras
    import numpy as np

    rng = np.random.default_rng(0)
    model = tiny_model(keras)
    model.compile(optimizer="adam", loss="binary_crossentropy")
    x = rng.random((768, 8), dtype="float32")
    y = rng.integers(0, 2, (768, 1)).astype("float32")
    return {"seconds": epoch_seconds(keras, model, x, y, 10, warm_up=5, epochs=25)}


def mnist_mlp():
    import keras
    import numpy as np

    rng = np.random.default_rng(0)
    model = keras.Sequential(
        [keras.Input((784,)), keras.layers.Dense(512, activation="relu"), keras.layers.Dense(10, activation="softmax")]
    )
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    x = rng.random((60000, 784), dtype="float32")
    y = keras.utils.to_categorical(rng.integers(0, 10, 60000), 10)
    return {"seconds": epoch_seconds(keras, model, x, y, 128, warm_up=1, epochs=3)}


def predict1():
    import keras
    import numpy as np

    model = tiny_model(keras)
    x = np.random.default_rng(0).random((1, 8), dtype="float32")

    def loop(calls):
        for _ in range(calls):
            model.predict(x, verbose=0)

    return {"seconds": seconds_per_call(loop)}


def cifar_cnn():
    import keras
    import numpy as np

    rng = np.random.default_rng(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    x = rng.random((5000, 32, 32, 3), dtype="float32")
    y = rng.integers(0, 10, (5000, 1)).astype("int32")
    return {"seconds": epoch_seconds(keras, model, x, y, 64, warm_up=1, epochs=3)}


def texts_seconds(keras, samples, length, layers):
    """Median seconds of an epoch of a classifier of texts with these layers between the embedding and the output."""
    import numpy as np

    rng = np.random.default_rng(0)
    inputs = keras.Input((length,), dtype="int32")
    x = keras.layers.Embedding(20000, 128)(inputs)
    for layer in layers:
        x = layer(x)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(x))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    x = rng.integers(0, 20000, (samples, length)).astype("int32")
    y = rng.integers(0, 2, (samples, 1)).astype("float32")
    return {"seconds": epoch_seconds(keras, model, x, y, 32, warm_up=1, epochs=3)}


def lstm():
    import keras

    return texts_seconds(keras, 1024, 80, [keras.layers.LSTM(128)])


def gru():
    import keras

    return texts_seconds(keras, 1024, 80, [keras.layers.GRU(128)])


def encoder_block(keras):
    layers = keras.layers
    attention, first, second = layers.MultiHeadAttention(4, 32), layers.LayerNormalization(), layers.LayerNormalization()
    hidden, back = layers.Dense(512, activation="relu"), layers.Dense(128)

    def block(x):
        x = first(x + attention(x, x))
        return second(x + back(hidden(x)))

    return block


def transformer():
    import keras

    blocks = [encoder_block(keras), encoder_block(keras), keras.layers.GlobalAveragePooling1D()]
    return texts_seconds(keras, 512, 128, blocks)


def resnet50(batch_size):
    import keras
    import numpy as np

    model = keras.applications.ResNet50(weights=None)
    x = np.random.default_rng(0).random((batch_size, 224, 224, 3), dtype="float32")

    def loop(calls):
        for _ in range(calls):
            model.predict(x, verbose=0)

    return {"seconds": seconds_per_call(loop)}


def eager(shape, op):
    """Seconds of `op(a, b)` on two tensors of this shape; the last result is waited for."""
    import keras

    a, b = keras.random.uniform(shape, seed=0), keras.random.uniform(shape, seed=1)
    function = getattr(keras.ops, op)

    def loop(calls):
        for _ in range(calls):
            result = function(a, b)
        if hasattr(result, "block_until_ready"):
            result.block_until_ready()

    return {"seconds": seconds_per_call(loop)}


def gemm():
    return eager((1024, 1024), "matmul")


def eager_add():
    return eager((8, 8), "add")


def resnet50_file(name):
    """A file beside the compiled benchmarks; Keratin's come first and make it."""
    return os.path.join(os.path.dirname(__file__), "..", "..", "build", "benchmarks", name)


def load():
    import keras

    path = resnet50_file("resnet50.keras")
    if not os.path.exists(path):
        keras.applications.ResNet50(weights=None).save(path)
    with open(path, "rb") as file:  # into the page cache
        while file.read(2**20):
            pass
    start = now()
    keras.saving.load_model(path)
    return {"seconds": now() - start, "rssMb": peak_mb()}


def save():
    import keras

    model = keras.applications.ResNet50(weights=None)
    start = now()
    model.save(resnet50_file("saved_by_peer.keras"))
    return {"seconds": now() - start, "rssMb": peak_mb()}


def import_():
    start = now()
    import keras  # noqa: F401

    return {"seconds": now() - start, "rssMb": resident_mb()}


WORKLOADS = {
    "tiny_mlp": tiny_mlp,
    "mnist_mlp": mnist_mlp,
    "predict1": predict1,
    "cifar_cnn": cifar_cnn,
    "lstm": lstm,
    "gru": gru,
    "transformer": transformer,
    "resnet50_1": lambda: resnet50(1),
    "resnet50_8": lambda: resnet50(8),
    "gemm": gemm,
    "eager_add": eager_add,
    "load": load,
    "save": save,
    "import": import_,
}

if __name__ == "__main__":
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    packages = ["keras", "numpy"] + (["jax"] if backend == "jax" else ["tensorflow", "tensorflow-cpu"])
    report(packages=packages, **WORKLOADS[sys.argv[1]]())
