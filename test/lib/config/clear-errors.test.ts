// Errors for what is no argument at all: cyclic configs, functions in the place of classes, objects in the place of pairs.
import { describe, expect, it } from '@jest/globals';
import { backend, data, layers, losses, metrics, ops, quantizers, StatelessScope, tree, utils } from 'keratin';

const self = (config: Record<string, unknown>, key: string): never => {
  (config.config as Record<string, unknown>)[key] = config;
  return config as never;
};

describe('configs that contain themselves', () => {
  const message = 'received an array or object that contains itself';
  const dense = () => ({ class_name: 'Dense', config: { units: 3 } });

  it('are refused by layers.deserialize', () => {
    expect(() => layers.deserialize(self({ class_name: 'TimeDistributed', config: {} }, 'layer'))).toThrow(new TypeError(`deserializeKerasObject: ${message}`));
    expect(() => layers.deserialize(self(dense(), 'kernel_initializer'))).toThrow(message);
    expect(() => layers.deserialize(self(dense(), 'config'))).toThrow(message);
  });

  it('says what a module must be', () => {
    const form = { module: [] as never, class_name: 'Dense', config: {}, registered_name: null };
    expect(() => layers.deserialize(form)).toThrow('deserializeKerasObject: the module of Dense must be a string or null, received []');
  });
  it('are refused by the functions of utils', () => {
    const data: Record<string, unknown> = { one: 1 };
    data.more = [data];
    expect(() => utils.serializeKerasObject(data)).toThrow(new TypeError(`serializeKerasObject: ${message}`));
    expect(() => utils.deserializeKerasObject(data)).toThrow(`deserializeKerasObject: ${message}`);
  });
  it('may hold one object several times', () => {
    const shared = { depth: [1, 2] };
    expect(utils.deserializeKerasObject({ a: shared, b: [shared, shared] })).toEqual({ a: shared, b: [shared, shared] });
    expect(utils.serializeKerasObject([shared, shared])).toEqual([shared, shared]);
  });
});

describe('what is no argument', () => {
  it('of quantizers.get is named', () => {
    const wanted = 'quantizers: expected the name of a quantizer, a config, a class or an instance, received';
    expect(() => quantizers.get((() => 1) as never)).toThrow(new TypeError(`${wanted} a function`));
    expect(() => quantizers.get(class Other {} as never)).toThrow(`${wanted} the class Other`);
    expect(quantizers.get(quantizers.AbsMaxQuantizer)).toBeInstanceOf(quantizers.AbsMaxQuantizer);
    expect(quantizers.get(quantizers.Int8QuantizationConfig)).toBeInstanceOf(quantizers.Int8QuantizationConfig);
    expect(quantizers.get(quantizers.Quantizer)).toBeInstanceOf(quantizers.Quantizer);
  });
  it('of options that take functions is named', () => {
    class Other {}
    expect(() => new layers.Dense(1, { kernelInitializer: Other as never })).toThrow(/received the class Other; did you mean an instance/);
    expect(() => losses.get(Other as never)).toThrow(/received the class Other/);
    expect(losses.get(losses.Hinge)).toBeInstanceOf(losses.Hinge);
    expect(losses.get(losses.hinge)).toBe(losses.hinge);
  });
  it('a class in the place of a function is named', () => {
    expect(() => tree.mapStructure(class {} as never, [1])).toThrow('mapStructure: expected a function, received a class');
    expect(() => data.Dataset.range(3).map(class {} as never)).toThrow('Dataset.map: expected a function, received a class');
    expect(() => ops.cond(true, class {} as never, () => 1)).toThrow("'trueFn' must be a function, received a class");
  });
  it('of the wrappers of functions is named', () => {
    expect(() => new losses.LossFunctionWrapper({} as never)).toThrow(new TypeError('LossFunctionWrapper: expected a function, received {}'));
    expect(() => new losses.LossFunctionWrapper('mse' as never)).toThrow("LossFunctionWrapper: expected a function, received 'mse'");
    expect(() => new metrics.MeanMetricWrapper([1] as never)).toThrow(new TypeError('MeanMetricWrapper: expected a function, received [1]'));
  });
  it('of StatelessScope is named', () => {
    const scope = (stateMapping: unknown) => () => new StatelessScope({ stateMapping: stateMapping as never });
    expect(scope({})).toThrow(new TypeError('StatelessScope: stateMapping must be a Map or an array of pairs, received {}'));
    expect(scope('ab')).toThrow('StatelessScope: stateMapping must be a Map or an array of pairs');
    expect(scope([5])).toThrow('StatelessScope: stateMapping must hold pairs of a Variable and a value, received 5');
    expect(scope(new Map())()).toBeInstanceOf(StatelessScope);
    expect(scope(null)()).toBeInstanceOf(StatelessScope);
  });
  it('of getUid is named', () => {
    expect(() => backend.getUid(NaN as never)).toThrow(new TypeError('getUid: prefix must be a string, received NaN'));
    expect(backend.getUid('clear_errors')).toBe(1);
    expect(backend.getUid('clear_errors')).toBe(2);
  });
  it('of clipToImageSize is named', () => {
    const clip = (boxes: unknown) => () => utils.boundingBoxes.clipToImageSize(boxes as never, { height: 4, width: 4 });
    for (const boxes of [null, 5, {}]) expect(clip(boxes)).toThrow('clipToImageSize: expected boxes and labels, { boxes, labels }, received');
    expect(utils.boundingBoxes.clipToImageSize({ boxes: [[1, 1, 5, 3]] }, { height: 4, width: 4 }).boxes)
      .toHaveProperty('shape', [1, 4]);
  });
  it('is a shape that is missing among those of a merging layer', () => {
    const shapes = [[2, 3], undefined, [2, 3]];
    const holes = Object.assign([], { 0: [2, 3], 2: [2, 3] });
    for (const given of [shapes, holes])
      for (const layer of [new layers.Add(), new layers.Concatenate(), new layers.Maximum()]) {
        expect(() => layer.computeOutputShape(given as never)).toThrow('is called on an array of tensors');
        expect(() => layer.build(given as never)).toThrow('is called on an array of tensors');
      }
    const inputs = Object.assign([], { 0: ops.ones([1, 2]), 2: ops.ones([1, 2]) });
    expect(() => new layers.Add()(inputs as never)).toThrow(TypeError);
  });
});
