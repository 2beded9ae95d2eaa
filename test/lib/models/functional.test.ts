// Functional models: building, sharing, cloning, configs of the user's classes, and what mistakes say.
import { beforeEach, describe, expect, it } from '@jest/globals';
import * as keras from 'keratin';
import { resetNames } from '#lib/base/names.js';

const { Input, layers, Model, ops, saving, Sequential } = keras;
const dense = (units: number, name?: string) => new layers.Dense(units, name === undefined ? {} : { name });
const ones = (...shape: number[]) => ops.ones(shape);
const values = (tensor: keras.Tensor) => tensor.tolist();

beforeEach(resetNames);

describe('a functional model', () => {
  it('is an instance of Model with the graph that it was made of', () => {
    const x = Input([4], { name: 'x' });
    const model = new Model(x, dense(2, 'y')(x));
    expect(model).toBeInstanceOf(Model);
    expect(model.constructor.name).toBe('Functional');
    expect([model.name, model.inputNames, model.outputNames, model.inputShape, model.outputShape]).toEqual([
      'functional',
      ['x'],
      ['y'],
      [null, 4],
      [null, 2],
    ]);
    expect(model.layers.map(({ name }) => name)).toEqual(['x', 'y']);
    expect(model.weights.map(({ path }) => path)).toEqual(['y/kernel', 'y/bias']);
    expect(model.input).toBe(x);
    expect(model.countParams()).toBe(10);
  });

  it('finds layers by name and by number', () => {
    const x = Input([4], { name: 'x' });
    const model = new Model(x, dense(2, 'y')(x));
    expect(model.getLayer('y')).toBe(model.getLayer({ index: 1 }));
    expect(() => model.getLayer('z')).toThrow(/functional: has no layer 'z'; its layers are 0 x, 1 y/);
    expect(() => model.getLayer({ index: 2 })).toThrow(/has no layer 2/);
    expect(() => model.getLayer({})).toThrow(/takes a name or an index, received neither/);
  });

  it('takes inputs and outputs as options too, and is a base for classes', () => {
    const x = Input([3]);
    class Mine extends Model {
      constructor() {
        super(x, dense(2)(x), { name: 'mine' });
      }
      doubled(data: keras.Tensor): keras.Tensor {
        return this(data).multiply(2);
      }
    }
    const model = new Mine();
    expect(values(model.doubled(ones(2, 3)))).toEqual(values(model(ones(2, 3)).multiply(2)));
    expect(model.layers.length).toBe(2);
    expect(new Model({ inputs: x, outputs: model.output, name: 'other' }).name).toBe('other');
  });

  it('brings data to the dtype and rank of its inputs', () => {
    const x = Input([1]);
    const model = new Model(x, x.multiply(2));
    expect(model(ops.convertToTensor([1, 2, 3])).tolist()).toEqual([[2], [4], [6]]);
    expect(model([[1], [2]]).dtype).toBe('float32');
  });

  it('shares layers between models, and computes again with other sizes where they are unknown', () => {
    const x = Input([null, 3]);
    const hidden = dense(4, 'hidden')(x);
    const model = new Model(x, dense(1)(hidden));
    const features = new Model(x, model.getLayer('hidden').output);
    expect(features.getLayer('hidden')).toBe(model.getLayer('hidden'));
    expect(features.outputShape).toEqual([null, null, 4]);
    expect(features(ones(2, 7, 3)).shape).toEqual([2, 7, 4]);
    const rest = new Model(hidden, model.output); // from the middle on
    expect(values(rest(features(ones(2, 5, 3))))).toEqual(values(model(ones(2, 5, 3))));
  });

  it('gives outputs in their structure, and may leave inputs unused', () => {
    const [a, b] = [Input([2], { name: 'a' }), Input([2], { name: 'b' })];
    const model = new Model({ a, b }, { twice: a.multiply(2), same: [a] });
    const out = model({ a: ones(1, 2), b: ones(1, 2) }) as { twice: keras.Tensor; same: keras.Tensor[] };
    expect([values(out.twice), values(out.same[0])]).toEqual([[[2, 2]], [[1, 1]]]);
    expect(model.layers.map(({ name }) => name).sort()).toEqual(['a', 'b']);
  });

  it('hands training on, and lets a call say otherwise', () => {
    const x = Input([4]);
    const inner = new Model(x, new layers.Dropout(0.5, { seed: 1 })(x));
    const outer = (options: object) => new Model(x, inner(x, options));
    expect(values(outer({})(ones(1, 4), { training: true }))).not.toEqual([[1, 1, 1, 1]]);
    expect(values(outer({ training: false })(ones(1, 4), { training: true }))).toEqual([[1, 1, 1, 1]]);
    const revived = keras.models.modelFromJson(outer({}).toJson());
    expect(values(revived(ones(1, 4), { training: true }))).not.toEqual([[1, 1, 1, 1]]);
  });

  it('sets trainable at every level', () => {
    const tower = new Sequential([Input([3]), dense(2), dense(2)]);
    const x = Input([3]);
    const model = new Model(x, dense(1)(tower(x)));
    tower.trainable = false;
    expect([model.trainableWeights.length, model.nonTrainableWeights.length]).toEqual([2, 4]);
    model.trainable = true;
    expect(model.trainableWeights.length).toBe(6);
    expect(new Model(x, model.output, { trainable: false }).trainableWeights).toEqual([]);
  });

  it('shows its output in the table of a model that holds it', () => {
    class Net extends Model {
      readonly base: keras.Model;
      constructor(base: keras.Model) {
        super();
        this.base = base;
      }
      override call(x: unknown): unknown {
        return this.base(x as keras.Tensor);
      }
    }
    const x = Input([3]);
    const net = new Net(new Model(x, dense(4)(x)));
    let text = '';
    net.summary({ printFn: (part) => (text += part) });
    expect(text).toMatch(/functional \(Functional\) +│ \(None, 4\)/);
    expect([net.layers.map(({ name }) => name), net(ones(2, 3)).shape]).toEqual([['functional'], [2, 4]]);
    expect(() => net.inputs).toThrow(/net: has no inputs: only models made of symbols/);
  });

  it('builds a Sequential, and stands in one', () => {
    const x = Input([3]);
    const bottom = new Model(x, dense(4)(x));
    const stack = new Sequential([bottom, dense(2)]);
    expect([stack.built, stack.inputShape, stack.outputShape]).toEqual([true, [null, 3], [null, 2]]);
    const again = new Model(stack.input, stack.layers[1].output);
    expect(values(again(ones(2, 3)))).toEqual(values(stack(ones(2, 3))));
  });
});

describe('Function and Operation', () => {
  class Scale extends keras.Operation {
    readonly factor: number;
    constructor({ factor = 3, name = null }: { factor?: number; name?: string | null } = {}) {
      super({ name });
      this.factor = factor;
    }
    call(x: keras.Tensor): keras.Tensor {
      return ops.multiply(x, this.factor);
    }
    override getConfig() {
      return { ...super.getConfig(), factor: this.factor };
    }
  }

  it('compute on tensors and on symbols', () => {
    const x = new keras.KerasTensor([null, 2], { dtype: 'float32' });
    const scale = new Scale({ factor: 5 });
    const fn = new keras.Function(x, { out: scale(x).add(1) });
    expect(values((fn(ones(1, 2)) as { out: keras.Tensor }).out)).toEqual([[6, 6]]);
    expect((fn(new keras.KerasTensor([7, 2])) as { out: keras.KerasTensor }).out.shape).toEqual([7, 2]);
    expect(fn.operations.map(({ name }) => name)).toEqual(['scale', 'add']);
    expect(fn.computeOutputShape([3, 2])).toEqual({ out: [3, 2] });
    expect([scale.input, scale.name]).toEqual([x, 'scale']);
    expect(() => fn(ones(1, 3))).toThrow(/function: the input '.*' must have the shape \(None, 2\), received \(1, 3\)/);
    expect(() => new Scale().output).toThrow(/scale_1: has no output yet/);
  });

  it('are saved in the config of a model', () => {
    const x = Input([2]);
    const model = new Model(x, new Scale({ factor: 4 })(x));
    const revive = () => keras.models.modelFromJson(model.toJson(), { customObjects: { Scale } });
    expect(values(revive()(ones(1, 2)))).toEqual([[4, 4]]);
    expect(() => keras.models.modelFromJson(model.toJson())).toThrow(/unknown layer 'Scale'/);
  });
});

describe('masks', () => {
  /** Shows the mask that a layer is given. */
  class Spy extends layers.Layer {
    static seen: unknown[] = [];
    override supportsMasking = true;
    override call(x: keras.Tensor, { mask = null }: { mask?: keras.Tensor | null } = {}): keras.Tensor {
      if (mask === null || mask.shape[0] === 2) Spy.seen.push(mask?.tolist() ?? null);
      return x;
    }
  }
  class Halve extends layers.Layer {
    override call(x: keras.Tensor): keras.Tensor {
      return ops.getItem(x, [{}, { step: 2 }]);
    }
    override computeMask(_inputs: unknown, mask: keras.Tensor | null): keras.Tensor | null {
      return mask === null ? null : ops.getItem(mask, [{}, { step: 2 }]);
    }
  }
  const data = ops.convertToTensor([[[1], [0], [3], [0]], [[0], [0], [0], [4]]], { dtype: 'float32' });

  it('travel with tensors, in immediate calls and in models', () => {
    const x = Input([4, 1]);
    const through = (input: never): never => new Spy()(new Halve()(new layers.Dense(1)(new layers.Masking()(input)))) as never;
    const model = new Model(x, through(x as never));
    for (const run of [() => through(data as never), () => model(data)]) {
      Spy.seen = [];
      run();
      expect(Spy.seen).toEqual([[[true, true], [false, false]]]);
    }
  });

  it('are computed in the graph for layers of Keras that take them, as in its configs', () => {
    class LSTM extends layers.Layer {
  static readonly callDefaults = { training: false, mask: null };
      static readonly className = 'LSTM';
      override call(x: keras.Tensor, { mask = null }: { mask?: keras.Tensor | null } = {}): keras.Tensor {
        return mask === null ? x : ops.where(ops.expandDims(mask, -1), x, 7);
      }
    }
    const x = Input([4, 1]);
    const model = new Model(x, new LSTM()(new layers.Masking()(x)));
    expect(model.operations.map(({ name }) => name)).toEqual(['input_layer', 'not_equal', 'masking', 'any', 'lstm']);
    const config = model.getConfig() as { layers: { inbound_nodes: { kwargs: Record<string, unknown> }[] }[] };
    expect(config.layers.at(-1)!.inbound_nodes[0].kwargs).toEqual({
      training: false, mask: { class_name: '__keras_tensor__', config: { shape: [null, 4], dtype: 'bool', keras_history: ['any', 0, 0] } },
    });
    expect(values(model(data))).toEqual([[[1], [7], [3], [7]], [[7], [7], [7], [4]]]);
    const revived = keras.models.modelFromJson(model.toJson(), { customObjects: { LSTM } });
    expect([values(revived(data)), revived.toJson()]).toEqual([values(model(data)), model.toJson()]);
  });

  it('that are given take the place of those that are carried', () => {
    Spy.seen = [];
    new Spy()(new layers.Masking()(data), { mask: ops.ones([2, 4], { dtype: 'bool' }) });
    expect(Spy.seen).toEqual([[[true, true, true, true], [true, true, true, true]]]);
  });

  it('of a functional model come with its inputs', () => {
    Spy.seen = [];
    const x = Input([4, 1]);
    new Model(x, new Spy()(x))(data, { mask: ops.ones([2, 4], { dtype: 'bool' }) });
    expect(Spy.seen.filter((mask) => mask !== null)).toEqual([[[true, true, true, true], [true, true, true, true]]]);
  });
});

describe('cloneModel', () => {
  const model = () => {
    const x = Input([4], { name: 'x' });
    const tower = new Sequential([Input([4]), dense(3, 'a')], { name: 'tower' });
    return new Model(x, dense(1, 'out')(tower(x)).add(1), { name: 'net' });
  };

  it('makes new layers of the same names', () => {
    const original = model();
    original.compile({ optimizer: 'adam', loss: 'mse' });
    const clone = keras.models.cloneModel(original);
    expect(clone.toJson()).toBe(original.toJson());
    expect(clone.getLayer('out')).not.toBe(original.getLayer('out'));
    clone.setWeights(original.getWeights());
    expect(values(clone(ones(2, 4)))).toEqual(values(original(ones(2, 4))));
  });

  it('calls and makes layers as it is told', () => {
    const made: string[] = [];
    const cloneFunction = (layer: keras.Layer) => {
      made.push(layer.name);
      return layer;
    };
    const callFunction = (layer: keras.Layer, ...args: unknown[]) => {
      const out = layer(...(args as [keras.KerasTensor]));
      return layer.name === 'out' ? new layers.Activation('relu', { name: 'added' })(out) : out;
    };
    const clone = keras.models.cloneModel(model(), { cloneFunction, callFunction });
    expect(made).toEqual(['tower', 'out']);
    expect(clone.layers.map(({ name }) => name)).toEqual(['x', 'tower', 'out', 'added']);
    made.length = 0;
    keras.models.cloneModel(model(), { cloneFunction, recursive: true });
    expect(made).toEqual(['a', 'out']);
  });

  it('builds on given symbols', () => {
    const own = Input([4], { name: 'own' });
    expect(keras.models.cloneModel(model(), { inputTensors: own }).inputNames).toEqual(['own']);
    expect(() => keras.models.cloneModel(model(), { inputTensors: [own, own] })).toThrow(/structure of the model's inputs/);
    expect(() => keras.models.cloneModel(new Sequential([dense(1)]), { callFunction: (layer) => layer })).toThrow(
      /callFunction is for functional models/,
    );
  });
});

describe('configs of objects', () => {
  it('name the classes and functions of the user', () => {
    class Shift extends layers.Layer {
      override call(x: keras.Tensor): keras.Tensor {
        return x.add(1);
      }
    }
    const x = Input([2]);
    const json = new Model(x, new Shift()(x)).toJson();
    expect(() => keras.models.modelFromJson(json)).toThrow(/unknown layer 'Shift'; .*registerKerasSerializable/);
    const revived = saving.customObjectScope({ Shift }).run(() => keras.models.modelFromJson(json));
    expect(values(revived(ones(1, 2)))).toEqual([[2, 2]]);
    saving.registerKerasSerializable({ package: 'test' })(Shift);
    expect(saving.getCustomObjects()['test>Shift']).toBe(Shift);
    expect(saving.getRegisteredName(Shift)).toBe('test>Shift');
    expect(keras.models.modelFromJson(new Model(x, new Shift()(x)).toJson()).layers[1]).toBeInstanceOf(Shift);
    expect(() => saving.registerKerasSerializable()(class Bare {})).toThrow(/Bare must have a method getConfig/);
  });

  it('are plain data for anything that Keras saves', () => {
    const form = saving.serializeKerasObject({
      loss: new keras.losses.MeanSquaredError(),
      relu: keras.activations.relu,
      n: [1, null],
      t: ops.ones([2]),
    }) as Record<string, { class_name: string }>;
    expect([form.loss.class_name, form.relu, form.n]).toEqual([
      'MeanSquaredError',
      { module: 'builtins', class_name: 'function', config: 'relu', registered_name: 'function' },
      [1, null],
    ]);
    const back = saving.deserializeKerasObject(form) as { loss: unknown; relu: unknown; t: keras.Tensor };
    expect(back.loss).toBeInstanceOf(keras.losses.MeanSquaredError);
    expect(back.relu).toBe(saving.deserializeKerasObject(form.relu));
    expect(values(back.t)).toEqual([1, 1]);
    expect(() => saving.deserializeKerasObject({ module: 'keras.layers', class_name: 'Dens', config: {}, registered_name: null })).toThrow(
      /unknown layer 'Dens'; did you mean 'Dense'\?/,
    );
    expect(() => saving.serializeKerasObject(new Map())).toThrow(/a Map cannot be saved/);
  });

  it('tell functions of keras.ops from activations of the same name', () => {
    const x = Input([3]);
    for (const [fn, approximate] of [[keras.activations.gelu, false], [ops.gelu, true]] as const) {
      const config = new Model(x, fn(x)).getConfig() as { layers: { class_name: string; config: object }[] };
      expect(config.layers[1]).toMatchObject({ class_name: 'Gelu', config: { approximate } });
    }
    const unnamed = new Model(x, keras.activations.relu(x, { maxValue: 3 }));
    expect(() => unnamed.toJson()).toThrow(/Relu: Keras's config has no place for the options maxValue/);
  });

  it('hold functions only out of safe mode, or by name', () => {
    const lambda = new layers.Lambda((x: keras.Tensor) => x.multiply(3));
    expect(() => layers.Lambda.fromConfig(lambda.getConfig())).toThrow(/safeMode: false/);
    const revived = saving.deserializeKerasObject(saving.serializeKerasObject(lambda), { safeMode: false }) as typeof lambda;
    expect(values(revived(ones(2)))).toEqual([3, 3]);
    function triple(x: keras.Tensor): keras.Tensor {
      return x.multiply(3);
    }
    const named = layers.deserialize(layers.serialize(new layers.Lambda(triple)), { customObjects: { triple } });
    expect(values(named(ones(2)))).toEqual([3, 3]);
    const options = new layers.Lambda(
      (x: keras.Tensor, { scale, training }: { scale: number; training?: boolean }) => (training === true ? x : x.multiply(scale)),
      { arguments: { scale: 2 }, outputShape: [2] },
    );
    expect([values(options(ones(1, 2))), values(options(ones(1, 2), { training: true }))]).toEqual([[[2, 2]], [[1, 1]]]);
    expect(options(Input([2])).shape).toEqual([null, 2]);
  });

  it('keep the layer of a wrapper', () => {
    class Twice extends layers.Wrapper {
      override call(x: keras.Tensor): unknown {
        return this.layer(this.layer(x));
      }
    }
    const twice = new Twice(new layers.Activation('relu'));
    const again = saving.deserializeKerasObject(saving.serializeKerasObject(twice), { customObjects: { Twice } }) as Twice;
    expect(again.layer).toBeInstanceOf(layers.Activation);
    expect(again.getConfig()).toEqual(twice.getConfig());
    expect(() => new Twice(3 as never)).toThrow(/Twice: layer must be a layer, received 3/);
  });
});

describe('training', () => {
  it('adds the losses of layers, and runs steps of the user', async () => {
    class Penalty extends layers.Layer {
      override call(x: keras.Tensor): keras.Tensor {
        this.addLoss(ops.mean(x));
        return x;
      }
    }
    const x = Input([2]);
    const model = new Model(x, new Penalty()(dense(1)(x)));
    model.compile({ optimizer: 'sgd' });
    const { history } = await model.fit(ones(4, 2), null, { epochs: 3, verbose: 0 });
    expect(history.loss[2]).toBeLessThan(history.loss[0]);
    expect(() => model.addMetric()).toThrow(/addMetric does not exist in Keras 3/);
  });

  it('logs the metrics that a model holds, in trainStep of its own', async () => {
    const x = Input([2]);
    class Own extends Model {
      readonly own = new keras.metrics.Mean({ name: 'own' });
      override trainStep([data]: readonly unknown[]): Record<string, unknown> {
        const tape = new keras.GradientTape();
        const loss = tape.record(() => ops.mean(ops.square(this(data as keras.Tensor, { training: true }))));
        this.optimizer.apply(tape.gradient(loss, this.trainableWeights), { trainableVariables: this.trainableWeights });
        this.own.updateState(loss);
        return { own: this.own.result() };
      }
    }
    const model = new Own(x, dense(1)(x));
    model.compile({ optimizer: 'sgd' });
    expect(model.metricsNames).toEqual(['loss', 'own']);
    const { history } = await model.fit(ones(8, 2), null, { epochs: 4, batchSize: 4, verbose: 0 });
    expect(Object.keys(history)).toEqual(['own']);
    expect(history.own[3]).toBeLessThan(history.own[0]);
  });

  it('op by op gives what the compiled step gives, with objects of data and in batches of a stream', async () => {
    const build = () => {
      const [a, b] = [Input([2], { name: 'a' }), Input([2], { name: 'b' })];
      const initial = { kernelInitializer: 'ones' } as const;
      return new Model({ a, b }, { u: new layers.Dense(1, initial)(a), v: new layers.Dense(1, initial)(layers.add([a, b])) });
    };
    const x = { a: ones(4, 2), b: ops.full([4, 2], 0.5) };
    const y = { v: ones(4, 1), u: ops.zeros([4, 1]) };
    const histories = [];
    for (const options of [{}, { runEagerly: true }, { stepsPerExecution: 2 }]) {
      const model = build();
      model.compile({ optimizer: 'sgd', loss: { u: 'mse', v: 'mae' }, metrics: { v: ['mse'] }, ...options });
      histories.push((await model.fit(x, y, { batchSize: 2, shuffle: false, epochs: 2, verbose: 0 })).history);
    }
    expect(Object.keys(histories[0])).toEqual(['loss', 'u_loss', 'v_loss', 'v_mse']);
    for (const other of histories.slice(1))
      for (const [name, list] of Object.entries(histories[0])) list.forEach((value, i) => expect(other[name][i]).toBeCloseTo(value, 5));
    const model = build();
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    await model.fit({ *[Symbol.iterator]() { yield [x, y] as never; } }, { verbose: 0 });
    const predicted = await model.predict(x, { batchSize: 2, verbose: 0 }) as unknown as Record<string, keras.Tensor>;
    expect(Object.entries(predicted).map(([name, { shape }]) => [name, shape])).toEqual([['u', [4, 1]], ['v', [4, 1]]]);
  });
});

describe('a mistake is explained', () => {
  const [a, b] = [Input([4], { name: 'a' }), Input([5], { name: 'b' })];
  const two = () => new Model([a, b], layers.concatenate([a, b]), { name: 'two' });
  class Wrong extends layers.Layer {
    override call(x: keras.Tensor): keras.Tensor {
      return ops.matmul(x, ops.ones([3, 2]));
    }
  }
  const mistakes: readonly (readonly [string, () => unknown, RegExp])[] = [
    [
      'shapes that do not fit in the middle of a graph',
      () => layers.add([a, b]),
      /Add "add.*": the shapes of the inputs do not fit together, received \[\(None, 4\), \(None, 5\)\]/,
    ],
    ['shapes that do not fit in an op', () => a.add(b), /add: shapes \(None, 4\) and \(None, 5\) do not broadcast together/],
    [
      'shapes that do not fit in a layer of the user',
      () => new Wrong({ name: 'wrong' })(a),
      /matmul: .*\(None, 4\).*\(3, 2\)[^]*in Wrong "wrong", called on inputs of shape \(None, 4\)/,
    ],
    [
      'a layer that was built for another size',
      () => {
        const layer = dense(2, 'built');
        layer(a);
        return layer(b);
      },
      /Input 0 of layer "built" is incompatible.*axis -1 of input shape to have value 4, but received input with shape \(None, 5\)/,
    ],
    ['a raw array of the wrong rank', () => dense(2, 'flat')([1, 2, 3]), /layer "flat".*expected min_ndim=2, found ndim=1.*\(3,\)/],
    [
      'too few inputs',
      () => two()([ones(1, 4)]),
      /Layer "two" expects 2 input\(s\), but it received 1 input tensors \(shapes \(1, 4\); expected a \(None, 4\), b \(None, 5\)\)/,
    ],
    [
      'inputs in the wrong order',
      () => two()([ones(1, 5), ones(1, 4)]),
      /Input 0 of layer "two".*expected shape=\(None, 4\), found shape=\(1, 5\)/,
    ],
    [
      'inputs by wrong names',
      () => two()({ a: ones(1, 4), c: ones(1, 5) }),
      /two: there are no data for the input 'b'; .*'a', 'c', expected 'a', 'b'/,
    ],
    ['null for an input', () => two()([ones(1, 4), null]), /two: the input 'b' is not optional, but null was given/],
    [
      'a graph that is not connected',
      () => new Model(a, layers.concatenate([a, b]), { name: 'loose' }),
      /Model "loose": the graph is disconnected: operation "concatenate.*" needs the symbol "b"\[0\]\[0\] of shape \(None, 5\)/,
    ],
    [
      'an output that is not connected',
      () => new Model(a, b),
      /the symbol "b"\[0\]\[0\] of shape \(None, 5\), is not connected to the inputs/,
    ],
    ['inputs that are no symbols', () => new Model(ones(2, 3) as never, b), /inputs must be KerasTensors .* received a Tensor/],
    ['outputs that are no symbols', () => new Model(a, [] as never), /outputs must not be empty/],
    ['a name that is used twice', () => new Model(a, [dense(1, 'same')(a), dense(2, 'same')(a)]), /the name "same" is used 2 times/],
    [
      'weights of another shape',
      () => new Model(a, dense(2, 'w')(a)).setWeights([ones(4, 3), ones(2)]),
      /weight w\/kernel has shape \(4, 2\), received a value of shape \(4, 3\)/,
    ],
    [
      'a merging layer on one tensor',
      () => new layers.Add()(a),
      /Add "add.*": is called on an array of tensors, received one of shape \(None, 4\)/,
    ],
    [
      'batches of different size',
      () => layers.add([Input({ batchShape: [2, 3] }), Input({ batchShape: [4, 3] })]),
      /batches of different sizes, received \[\(2, 3\), \(4, 3\)\]/,
    ],
    [
      'axes of different size',
      () => layers.dot([a, b], { axes: 1 }),
      /Dot "dot.*": the axes to sum over have different sizes, 4 \(axis 1\) and 5 \(axis 1\)/,
    ],
    [
      'a loss for an output that is none',
      async () => {
        const model = new Model(a, [dense(1, 'p')(a), dense(1, 'q')(a)]);
        model.compile({ loss: { p: 'mse', r: 'mse' } });
        await model.fit(ones(2, 4), [ones(2, 1), ones(2, 1)], { verbose: 0 });
      },
      /compile: loss names an output 'r' that the model does not have.*outputs: p, q/,
    ],
    [
      'a loss that is missing',
      async () => {
        const model = new Model(a, [dense(1, 'p')(a), dense(1, 'q')(a)]);
        model.compile({ loss: { p: 'mse' } });
        await model.fit(ones(2, 4), [ones(2, 1), ones(2, 1)], { verbose: 0 });
      },
      /compile: loss has no entry for 'q'; null stands for an output without a loss/,
    ],
    [
      'targets that are missing',
      async () => {
        const model = new Model(a, [dense(1, 'p')(a), dense(1, 'q')(a)]);
        model.compile({ loss: 'mse' });
        await model.fit(ones(2, 4), { p: ones(2, 1) }, { verbose: 0 });
      },
      /y has no targets for the output q, which has a loss/,
    ],
    [
      'too few losses',
      async () => {
        const model = new Model(a, [dense(1, 'p')(a), dense(1, 'q')(a)]);
        model.compile({ loss: ['mse', 'mse', 'mse'] });
        await model.fit(ones(2, 4), [ones(2, 1), ones(2, 1)], { verbose: 0 });
      },
      /compile: loss has 3 entries, expected one for each of 2 outputs \(p, q\)/,
    ],
    ['a model without a call', () => new (class Empty extends Model {})()(ones(1, 2)), /empty: the model Empty has no method call/],
    [
      'summary of what is not there',
      () => two().summary({ layerRange: ['x', 'y'], printFn: () => undefined }),
      /layerRange.*matches no layers; they are a, b/,
    ],
  ];
  it.each(mistakes)('%s', async (_, act, message) => {
    await expect((async () => act())()).rejects.toThrow(message);
  });
});
