// Models that are written as ONNX, with data: every layer by its own samples, every primitive by those of its tests, and models that need
// more than one layer can show.
import * as keras from 'keratin';
import * as primitives from '../../dist/ops/primitives/index.js';

const { layers, ops, random } = keras;
const only = (items) => (items.length === 1 ? items[0] : items);
const uniform = (shape, seed, low = -2, high = 2) => random.uniform(shape, { minval: low, maxval: high, seed });
const whole = (shape, below, seed) => random.randint(shape, 0, below, { seed });

/**
 * Primitives that are written as others (their layers show them), those that ONNX has no form of (test/lib/saving tests the error), and
 * those whose samples are no data for what they mean.
 */
const NO_FORM = RegExp(
  '^(attention|averagePoolGradient|gru|lstm|cholesky|convKernel|ctc\\w+|eigh?|erfinv|gamma\\w+|gcd|i[01]|lu|nextafter|pinv|qr|' +
    'searchsorted|singularValues|slogdet|solve|s\\w*Crossentropy|svd|triangular\\w*|view\\w*)$',
);

/** A functional model of one layer; sizes of the batch are unknown. */
function* layerCases() {
  for (const [name, Class] of Object.entries(layers)) {
    if (typeof Class !== 'function' || !(Class.prototype instanceof layers.Layer)) continue;
    for (const [i, sample] of (Class.samples ?? []).entries()) {
      const { args, inputs: shapes, below } = sample;
      yield [`${name}_${i}`, () => {
        const dtype = below === undefined ? 'float32' : 'int32';
        const symbols = shapes.map((shape, k) => keras.Input(shape.slice(1), { dtype, name: `in${k}` }));
        const model = new keras.Model(symbols, new Class(...args)(only(symbols)));
        randomize(model);
        return { model, inputs: shapes.map((shape, k) => (below === undefined ? uniform(shape, k + 1) : whole(shape, below, k + 1))) };
      }];
    }
  }
}
/** Weights that are no zeros or ones, so that all of them count. */
function randomize(model) {
  model.weights.forEach((weight, i) => {
    if (!weight.dtype.startsWith('float') || weight.size === 0) return;
    const positive = /variance|stddev|scale/.test(weight.path);
    weight.assign(ops.cast(uniform(weight.shape, 100 + i, positive ? 0.5 : -0.5, positive ? 1.5 : 0.5), weight.dtype));
  });
}

const outputsOf = (value) => [value].flat();

/** Every primitive, with inputs of known sizes: the batch is one of its axes. */
function* primitiveCases() {
  for (const [name, primitive] of Object.entries(primitives)) {
    if (primitive?.samples === undefined || NO_FORM.test(name)) continue;
    for (const [i, { inputs, attrs }] of primitive.samples.entries()) {
      if (inputs.length === 0 || inputs.some(({ kind, constant }) => kind === 'complex' || constant !== undefined)) continue;
      yield [`primitive_${name}_${i}`, () => {
        const tensors = inputs.map(({ shape, low = -2, high = 2, kind = 'float' }, k) =>
          kind === 'index'
            ? whole(shape, high, k + 1)
            : kind === 'bool'
              ? ops.cast(whole(shape, 2, k + 1), 'bool')
              : uniform(shape, k + 1, low, high));
        const fn = (...given) => outputsOf(bindOf(primitive.op, given, attrs));
        const model = new (class extends keras.Model {
          call(x) {
            return fn(...[x].flat());
          }
        })();
        model.built = true;
        return { model, inputs: tensors, inputSignature: tensors.map(({ shape, dtype }) => ({ shape, dtype })) };
      }];
    }
  }
}
const { callPrimitive } = await import('../../dist/ops/primitives/primitive.js');
const bindOf = (op, inputs, attrs) => callPrimitive(op, inputs, attrs);

const symbol = (shape, options) => keras.Input(shape, options);
/** Models by name: `() => ({ model, inputs })`. */
const MODELS = {
  mlp: () => {
    const hidden = [new layers.Dense(16, { activation: 'gelu' }), new layers.Dropout(0.5)];
    const model = new keras.Sequential([symbol([8]), ...hidden, new layers.Dense(3, { activation: 'softmax' })]);
    return { model, inputs: [uniform([5, 8], 1)] };
  },
  cnn: () => {
    const model = new keras.Sequential([
      symbol([29, 30, 3]), new layers.Conv2D(8, 3, { strides: 2, padding: 'same', activation: 'relu' }), new layers.BatchNormalization(),
      new layers.MaxPooling2D(3, { strides: 2, padding: 'same' }), new layers.DepthwiseConv2D(3, { padding: 'same' }),
      new layers.LayerNormalization(),
      new layers.Conv2DTranspose(4, 3, { strides: 2, padding: 'same' }), new layers.GlobalAveragePooling2D(), new layers.Dense(4),
    ]);
    return { model, inputs: [uniform([2, 29, 30, 3], 1)] };
  },
  any_size: () => {
    const x = symbol([null, null, 3], { name: 'image' });
    let y = new layers.Conv2D(4, 3, { strides: 2, padding: 'same', activation: 'swish' })(x);
    y = new layers.Conv2D(4, 3, { padding: 'same' })(y);
    y = new layers.Add()([y, new layers.SeparableConv2D(4, 3, { padding: 'same' })(y)]);
    y = new layers.UpSampling2D(2)(new layers.MaxPooling2D(2)(y));
    return { model: new keras.Model(x, [y, new layers.GlobalMaxPooling2D()(y)]), inputs: [uniform([2, 37, 50, 3], 1)] };
  },
  transformer: () => {
    const x = symbol([null], { dtype: 'int32', name: 'tokens' });
    const embedded = new layers.Embedding(20, 8, { maskZero: true })(x);
    const attended = new layers.MultiHeadAttention(2, 4)(embedded, embedded, { useCausalMask: true });
    const y = new layers.LayerNormalization()(new layers.Add()([embedded, attended]));
    const pooled = new layers.GlobalAveragePooling1D()(new layers.Dense(8, { activation: 'gelu' })(y));
    return { model: new keras.Model(x, new layers.Dense(3)(pooled)), inputs: [whole([3, 9], 20, 1)] };
  },
  shared_and_nested: () => {
    const inner = new keras.Sequential([symbol([4]), new layers.Dense(4, { activation: 'tanh' })], { name: 'inner' });
    const [a, b] = [symbol([4], { name: 'a' }), symbol([4], { name: 'b' })];
    const joined = new layers.Concatenate()([inner(a), inner(b)]);
    const model = new keras.Model({ a, b }, { sum: joined.sum({ axis: -1 }), joined });
    return { model, inputs: [uniform([2, 4], 1), uniform([2, 4], 2)] };
  },
  own_layer: () => {
    class Gate extends keras.Layer {
      build([, , features]) {
        this.gate = this.addWeight({ shape: [features], name: 'gate' });
      }
      call(x) {
        const steps = ops.arange(x.shape[1], { dtype: 'float32' });
        return x.multiply(ops.sigmoid(this.gate)).add(ops.expandDims(steps, -1)).divide(x.shape[1]);
      }
    }
    const x = symbol([null, 3]);
    return { model: new keras.Model(x, new Gate()(x)), inputs: [uniform([2, 6, 3], 1)] };
  },
  loops: () => {
    class Loops extends keras.Layer {
      build([, , features]) {
        this.weight = this.addWeight({ shape: [features, features], name: 'weight' });
      }
      call(x) {
        const rows = ops.transpose(x, [1, 0, 2]);
        const [last, all] = ops.scan((state, row) => {
          const next = ops.tanh(ops.add(ops.matmul(state, this.weight), row));
          return [next, next];
        }, ops.zeros([x.shape[0], x.shape[2]]), rows);
        const halved = ops.whileLoop((y) => ops.greater(ops.max(ops.abs(y)), 0.1), (y) => [ops.multiply(y, 0.5)], [last]);
        const chosen = ops.cond(ops.greater(ops.sum(x), 0), () => ops.add(last, 1), () => ops.subtract(last, 1));
        return [ops.transpose(all, [1, 0, 2]), halved[0] ?? halved, chosen];
      }
    }
    const x = symbol([null, 3]);
    return { model: new keras.Model(x, new Loops()(x)), inputs: [uniform([2, 5, 3], 1)] };
  },
  masks: () => {
    class Masks extends keras.Layer {
      call(x) {
        const n = x.shape[1];
        const triangle = ops.cast(ops.greaterEqual(ops.expandDims(ops.arange(n), 1), ops.arange(n)), "float32");
        return [triangle, ops.cast(ops.less(ops.arange(n), ops.flip(ops.arange(n))), 'float32').add(x),
          ops.reshape(x, [-1]).sum().divide(n), ops.concatenate([x, ops.zeros([x.shape[0], 2])], { axis: 1 }),
          ops.repeat(x, 2, { axis: 0 })];
      }
    }
    const x = symbol([null]);
    return { model: new keras.Model(x, new Masks()(x)), inputs: [uniform([3, 6], 1)] };
  },
  fourier: () => {
    class Fourier extends keras.Layer {
      call(x) {
        const [re, im] = ops.rfft(x);
        return [re, im, ops.irfft([re, im]), ...ops.fft([x, ops.multiply(x, 2)]), ops.istft(ops.stft(x, 8, 4, 8), 8, 4, 8)];
      }
    }
    const x = symbol([24]);
    return { model: new keras.Model(x, new Fourier()(x)), inputs: [uniform([3, 24], 1)] };
  },
  mixed_float16: () => {
    const conv = new layers.Conv2D(4, 3, { dtype: 'mixed_float16' });
    const model = new keras.Sequential([symbol([12, 12, 3]), conv, new layers.Flatten(), new layers.Dense(3)]);
    return { model, inputs: [uniform([2, 12, 12, 3], 1)], tolerance: 2e-2 };
  },
  float64: () => {
    const dense = new layers.Dense(3, { dtype: 'float64', activation: 'sigmoid' });
    const model = new keras.Sequential([keras.Input([6], { dtype: 'float64' }), dense]);
    return { model, inputs: [ops.cast(uniform([2, 6], 1), 'float64')] };
  },
};

/** All cases: a name and what makes the model and its inputs. */
export function* cases() {
  for (const [name, make] of Object.entries(MODELS)) {
    yield [name, () => {
      const made = make();
      randomize(made.model);
      return made;
    }];
  }
  yield* layerCases();
  yield* primitiveCases();
}
