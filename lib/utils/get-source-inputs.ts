// The inputs that a symbol comes from.
import { show } from '../base/errors.js';
import { KerasTensor, type OperationCall } from '../symbolic/keras-tensor.js';

/**
 * The symbols of the `Input`s that a symbol is computed from, in the order in which they are met from it; a symbol that no call made is its
 * own.
 *
 * ```ts
 * keras.utils.getSourceInputs(dense(keras.layers.add([a, b]))); // [a, b]
 * ```
 * @throws a TypeError for what is no symbol.
 */
export function getSourceInputs(tensor: KerasTensor): KerasTensor[] {
  if (!(tensor instanceof KerasTensor)) throw new TypeError(`getSourceInputs: expected a KerasTensor, received ${show(tensor)}`);
  const sources = new Set<KerasTensor>();
  const visited = new Set<OperationCall>();
  // A stack of its own: graphs may be deeper than the engine's stack.
  const stack = [tensor];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const call = at.history?.call;
    if (call === undefined) sources.add(at);
    else if (!visited.has(call)) {
      visited.add(call);
      if (call.inputs.length === 0) call.outputs.forEach((output) => sources.add(output));
      else stack.push(...call.inputs.toReversed());
    }
  }
  return [...sources];
}
