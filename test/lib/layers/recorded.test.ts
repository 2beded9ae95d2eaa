// Every recorded call of a layer: the files layers_* of test/fixtures/recorded.
import { describe, expect, it } from '@jest/globals';
import { ops, layers, vjp, type Tensor } from 'keratin';
import { Tensor as AnyTensor } from '#lib/core/tensor.js';
import { flatten } from '#lib/base/tree.js';
import { fixtureNames, readFixture, type RecordedArray, type Spec } from '../../helpers/fixtures.js';
import { argumentOf, callRecorded, camelKeys, expectClose, expectResult, make, tensorOf } from '../../helpers/recorded.js';

interface LayerCase {
  name: string;
  spec: Spec;
  inputs: RecordedArray[];
  spread?: boolean;
  options?: Record<string, unknown>;
  training: boolean | null;
  prepare?: [path: string, args: unknown[], options: Record<string, unknown>][];
  weights: { path: string; value: RecordedArray; trainable: boolean }[];
  outputs: unknown[];
  nonTrainable: RecordedArray[];
  cotangents?: RecordedArray[];
  inputGradients: (RecordedArray | null)[];
  weightGradients: (RecordedArray | null)[];
}
type AnyLayer = layers.Layer & ((inputs: Tensor | Tensor[], options?: object) => unknown);
const GRADIENT = { relative: 2e-4, absolute: 2e-5 };

describe.each(fixtureNames('layers_'))('%s', (fixture) => {
  describe.each(readFixture<LayerCase>(fixture).map((recorded) => [recorded.name, recorded] as const))('%s', (_, recorded) => {
    const inputs = recorded.inputs.map(tensorOf);
    const given = camelKeys(argumentOf(recorded.options ?? {}) as Record<string, unknown>);
    const options = recorded.training === null ? given : { ...given, training: recorded.training };
    const argumentsOf = (xs: readonly Tensor[]): Tensor[] | [Tensor | Tensor[]] =>
      recorded.spread === true ? [...xs] : [xs.length === 1 ? xs[0] : [...xs]];
    const call = (layer: AnyLayer, xs: readonly Tensor[]) => (layer as (...args: unknown[]) => unknown)(...argumentsOf(xs), options);
    const prepared = (): AnyLayer => {
      const layer = make<AnyLayer>(layers, recorded.spec);
      call(layer, inputs);
      // What Keras keeps private, as the projections of GroupQueryAttention, is public here.
      for (const [path, args, named] of recorded.prepare ?? []) callRecorded(layer, path.replace(/^_/, ''), args, named);
      return layer;
    };
    const built = (): AnyLayer => {
      const layer = prepared();
      layer.setWeights(recorded.weights.map(({ value }) => tensorOf(value)));
      return layer;
    };

    it('has the weights of Keras', () => {
      const layer = prepared();
      const seen = layer.weights.map(({ path, shape, trainable }) => ({
        path: path.split('/').slice(1).join('/'),
        shape: [...shape],
        trainable,
      }));
      expect(seen).toEqual(recorded.weights.map(({ path, value, trainable }) => ({ path, shape: value.shape, trainable })));
    });

    it('gives the values of Keras, and leaves its state', () => {
      const layer = built();
      const results = flatten(call(layer, inputs)).leaves;
      expect(results.length).toBe(recorded.outputs.length);
      results.forEach((result, i) => expectResult(result, recorded.outputs[i]));
      layer.nonTrainableWeights.forEach((variable, i) => expectClose(variable.value, recorded.nonTrainable[i]));
    });

    if (recorded.cotangents === undefined) return;
    it('has the gradients of Keras', () => {
      const layer = built();
      const isFloat = (x: Tensor) => x.dtype.startsWith('float');
      const floats = inputs.filter(isFloat);
      const state = layer.nonTrainableVariables.map((v) => v.value);
      const trainable = layer.trainableVariables.map((v) => v.value);
      const [, pullback] = vjp((...xs: Tensor[]) => {
        let next = 0;
        const values = inputs.map((x) => (isFloat(x) ? xs[next++] : x));
        const [outputs] = layer.statelessCall(xs.slice(floats.length), state, ...argumentsOf(values), options);
        return flatten(outputs).leaves.filter((y): y is Tensor => y instanceof AnyTensor && isFloat(y));
      }, ...floats, ...trainable);
      const gradients = [pullback(recorded.cotangents!.map(tensorOf)) as Tensor | Tensor[]].flat();
      [...recorded.inputGradients, ...recorded.weightGradients].forEach((expected, i) => {
        const zeros = () => ops.zerosLike(i < floats.length ? floats[i] : trainable[i - floats.length]);
        if (expected !== null) expectClose(gradients[i] ?? zeros(), expected, GRADIENT);
      });
    });
  });
});
