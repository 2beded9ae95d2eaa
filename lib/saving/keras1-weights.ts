// Arrays as Keras 1 saved them, in the form of today's layers.
import type { Tensor } from '../core/tensor.js';
import type { Layer } from '../layers/base/layer.js';
import * as ops from '../ops/index.js';

/** Order of the gates in Keras 1's files, three arrays (of the input, of the state, bias) each, and in ours. */
const GATES: Readonly<Record<string, { saved: string; ours: string }>> = {
  LSTM: { saved: 'icfo', ours: 'ifco' },
  GRU: { saved: 'zrh', ours: 'zrh' },
};

function joinGates(values: readonly Tensor[], { saved, ours }: { saved: string; ours: string }): Tensor[] {
  return [0, 1, 2].map((kind) => ops.concatenate([...ours].map((gate) => values[3 * saved.indexOf(gate) + kind]!), { axis: -1 }));
}

/** The arrays of a layer: gates joined, kernels of convolutions with the channels last. */
export function keras1Weights(layer: Layer, values: readonly Tensor[]): readonly Tensor[] {
  const gates = GATES[layer.constructor.name];
  if (gates !== undefined && values.length === 3 * gates.saved.length) return joinGates(values, gates);
  const [kernel, ...rest] = values;
  if (kernel === undefined) return values;
  const { name } = layer.constructor;
  if (name === 'Conv1D' && kernel.ndim === 4 && kernel.shape[1] === 1)
    return [kernel.reshape([kernel.shape[0]!, kernel.shape[2]!, kernel.shape[3]!]), ...rest];
  const { dataFormat } = layer as unknown as { dataFormat?: string };
  if (name === 'Conv2D' && kernel.ndim === 4 && dataFormat === 'channels_first') return [ops.transpose(kernel, [2, 3, 1, 0]), ...rest];
  return values;
}
