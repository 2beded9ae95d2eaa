// How a layer that was made in a `RematScope` is called: with `remat`, which computes again for the gradient what it did not keep.
import { computeOutputSpec, KerasTensor } from '../../symbolic/keras-tensor.js';
import { Tensor } from '../../core/tensor.js';
import { flatten, mapStructure } from '../../base/tree.js';
import { remat } from '../../ops/control.js';
import type { CallOptions } from './call.js';
import type { Layer } from './layer.js';
import type { RematScope } from './remat-scope.js';

/** Calls the layer, by the mode of its scope. */
export function callInScope(layer: Layer, scope: RematScope | null, inputs: readonly unknown[], options: CallOptions): unknown {
  const call = () => layer.callInMode(inputs, options);
  if (scope === null || scope.mode === null) return call();
  if (scope.mode === 'activations') return withActivationAgain(layer, call);
  const isMeant =
    scope.mode === 'full' ||
    (scope.mode === 'list_of_layers'
      ? scope.layerNames.includes(layer.name)
      : countOutputs(layer, inputs, options) > scope.outputSizeThreshold);
  return isMeant ? callAgain(layer, call) : call();
}

/** The call with an activation that is computed again. */
function withActivationAgain(layer: Layer, call: () => unknown): unknown {
  const { config } = layer as { config?: { activation?: unknown } };
  if (typeof config?.activation !== 'function') return call();
  try {
    Object.assign(layer, { config: { ...config, activation: remat(config.activation as (x: Tensor) => Tensor) } });
    return call();
  } finally {
    Object.assign(layer, { config });
  }
}

/** The call in `remat`, through which losses go as further outputs. */
function callAgain(layer: Layer, call: () => unknown): unknown {
  let added: ReturnType<Layer['takeLosses']> = [];
  const [outputs, losses] = remat(() => {
    let result: unknown;
    added = layer.takeLosses(() => (result = call()));
    return [result, added.map((item) => [...item.losses])] as const;
  })();
  added.forEach(({ layer: owner }, i) => losses[i]!.forEach((loss) => owner.addLoss(loss)));
  return outputs;
}

/** Elements of the outputs of a call. */
function countOutputs(layer: Layer, inputs: readonly unknown[], options: CallOptions): number {
  const symbols = mapStructure((leaf) => (leaf instanceof Tensor ? new KerasTensor(leaf.shape, leaf.dtype) : leaf), inputs);
  let outputs: unknown;
  layer.takeLosses(() => (outputs = computeOutputSpec((actual) => layer.callInMode(actual, options), symbols as unknown[])));
  return flatten<KerasTensor>(outputs).leaves.reduce((total, { shape }) => total + shape.reduce<number>((a, b) => a * (b ?? 1), 1), 0);
}
