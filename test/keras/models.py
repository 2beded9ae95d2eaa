"""Small models of each family of layers, compiled and trained a little, with data: what `make.py` saves and `check.py` reads.

A case is a function without arguments that returns a model and a shape, or the shapes, of its inputs.
"""

import keras
from keras import layers

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


@case
def mlp():
    model = keras.Sequential([keras.Input((6,)), layers.Dense(8, activation="relu", kernel_regularizer="l2"), layers.Dropout(0.0), layers.Dense(3)])
    model.compile("adam", "mse", metrics=["mae"])
    return model


@case
def cnn():
    model = keras.Sequential([
        keras.Input((8, 8, 3)), layers.Conv2D(4, 3, padding="same", use_bias=False), layers.BatchNormalization(), layers.ReLU(), layers.MaxPooling2D(),
        layers.SeparableConv2D(5, 3), layers.DepthwiseConv2D(2, depth_multiplier=2), layers.Conv2DTranspose(3, 3, strides=2), layers.GlobalAveragePooling2D(), layers.Dense(3, "softmax"),
    ])  # fmt: skip
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True), "categorical_crossentropy", metrics=["accuracy"])
    return model


@case
def functional():
    a, b = keras.Input((5,), name="a"), keras.Input((5,), name="b")
    shared = layers.Dense(4, "tanh", name="shared")
    x = layers.Concatenate()([shared(a), shared(b)]) * 2.0
    x = keras.ops.relu(layers.LayerNormalization()(x))
    inner = keras.Sequential([keras.Input((8,)), layers.Dense(3, name="inner_dense")], name="inner")
    y = layers.Add()([inner(x), layers.Dense(3, name="outer_dense")(x)])
    model = keras.Model([a, b], y)
    model.compile(keras.optimizers.AdamW(1e-2), "mse")
    return model


@case
def normalizations():
    x = inputs = keras.Input((6, 4))
    for layer in (layers.BatchNormalization(), layers.LayerNormalization(), layers.GroupNormalization(2), layers.UnitNormalization(), layers.RMSNormalization()):
        x = layer(x)
    x = layers.SpectralNormalization(layers.Dense(3))(x)
    model = keras.Model(inputs, layers.Flatten()(x))
    model.compile(keras.optimizers.RMSprop(1e-3), "mse")
    return model


@case
def attention():
    x = inputs = keras.Input((6,), dtype="int32")
    x = layers.Embedding(20, 8, mask_zero=True)(x)
    x = layers.MultiHeadAttention(2, 4)(x, x)
    x = layers.GroupQueryAttention(4, 2, 1)(x, x)
    x = layers.EinsumDense("abc,cd->abd", output_shape=(None, 5), bias_axes="d")(x)
    model = keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling1D()(x)))
    model.compile(keras.optimizers.Nadam(1e-3), "mse")
    return model


@case
def convolutions():
    x = inputs = keras.Input((8, 4))
    x = layers.Conv1D(4, 3, padding="causal", dilation_rate=2)(x)
    x = layers.SeparableConv1D(5, 3)(layers.PReLU()(x))
    x = layers.Conv1DTranspose(3, 2)(x)
    x = layers.Reshape((7, 3, 1))(x)
    x = layers.Conv2D(2, 2, data_format="channels_last")(x)
    model = keras.Model(inputs, layers.Dense(3)(layers.Flatten()(x)))
    model.compile(keras.optimizers.Adagrad(1e-2), keras.losses.Huber(), metrics=[keras.metrics.MeanSquaredError(name="error")])
    return model


@case
def optimizer_options():
    model = keras.Sequential([keras.Input((6,)), layers.Dense(8, "selu"), layers.Dense(3)])
    rate = keras.optimizers.schedules.CosineDecay(1e-2, 10)
    model.compile(keras.optimizers.Adam(rate, amsgrad=True, clipnorm=1.0, use_ema=True, gradient_accumulation_steps=2), "mse")
    return model


@case
def lora():
    model = keras.Sequential([keras.Input((6,)), layers.Dense(8, name="adapted"), layers.Dense(3)])
    model.get_layer("adapted").enable_lora(2)
    model.compile("adam", "mse")
    return model


@case
def float16_weights():
    model = keras.Sequential([keras.Input((6,)), layers.Dense(8, dtype="float16"), layers.Dense(3, dtype="bfloat16")])
    return model


@case
def shared_objects():
    x = inputs = keras.Input((5, 3))
    dense = layers.Dense(3, "tanh", kernel_initializer=keras.initializers.HeNormal(seed=1))
    x = layers.TimeDistributed(dense)(dense(x))  # in this order: Keras does not read the other one again
    model = keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling1D()(x)))
    model.compile("adam", "mse")
    return model


@case
def recurrent():
    x = inputs = keras.Input((7,), dtype="int32")
    x = layers.Embedding(20, 6, mask_zero=True)(x)
    x = layers.Bidirectional(layers.LSTM(5, return_sequences=True), merge_mode="ave")(x)
    x = layers.GRU(4, return_sequences=True, reset_after=False, kernel_regularizer="l2")(x)
    cells = [layers.LSTMCell(3, unit_forget_bias=False), layers.GRUCell(4, recurrent_activation="hard_sigmoid")]
    x = layers.RNN(cells, return_sequences=True, go_backwards=True)(x)
    x = layers.Bidirectional(layers.GRU(3), backward_layer=layers.SimpleRNN(3, go_backwards=True, use_bias=False))(x)
    model = keras.Model(inputs, layers.Dense(2)(x))
    model.compile("adam", "mse")
    return model


@case
def encoder_decoder():
    source, target = keras.Input((6, 3)), keras.Input((4, 2))
    _, h, c = layers.LSTM(5, return_state=True, dropout=0.0)(source)
    x, state = layers.GRU(5, return_sequences=True, return_state=True)(target, initial_state=keras.ops.tanh(h))
    x = layers.LSTM(5, return_sequences=True)(x, initial_state=[state, c])
    x = layers.TimeDistributed(layers.Dense(3, "tanh"))(x)
    model = keras.Model([source, target], layers.Dense(2)(layers.SimpleRNN(3, unroll=True)(x)))
    model.compile(keras.optimizers.RMSprop(1e-3), "mse")
    return model


@case
def convolutional_recurrent():
    x = inputs = keras.Input((3, 6, 5, 2))
    x = layers.ConvLSTM2D(3, 3, padding="same", return_sequences=True)(x)
    x = layers.Bidirectional(layers.ConvLSTM2D(2, [2, 3], strides=[1, 2], recurrent_activation="hard_sigmoid"))(x)
    model = keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))
    model.compile("adam", "mse")
    return model
