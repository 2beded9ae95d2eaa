// Functional models that begin in the middle of another: the calls from there on are repeated on new inputs.
import { SymbolicFunction, symbolsOf, type Symbols } from '../symbolic/function.js';
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import { isInputSymbol } from '../symbolic/operation-graph.js';
import { flatten } from '../base/tree.js';
import { Input, InputLayer } from '../layers/core/input-layer.js';

/**
 * Inputs and outputs of which every input is that of an `Input`: symbols from the middle of a graph are replaced by new inputs, and the
 * operations after them are called again.
 */
export function throughOwnInputs(label: string, inputs: Symbols, outputs: Symbols): [Symbols, Symbols] {
  const where = `Model "${label}"`;
  const symbols = symbolsOf(where, 'inputs', inputs);
  symbolsOf(where, 'outputs', outputs);
  if (symbols.every(isInputSymbol)) return [inputs, outputs];
  const fn = new SymbolicFunction(inputs, outputs, { name: `${label}_source`, label: where });
  const own = symbols.map((symbol: KerasTensor) => {
    if (isInputSymbol(symbol)) return symbol;
    const layer = symbol.history?.call.operation;
    return Input({
      batchShape: symbol.shape,
      dtype: symbol.dtype,
      name: `${symbol.name}CLONE`,
      optional: layer instanceof InputLayer && layer.optional,
    });
  });
  return [flatten(inputs).pack(own) as Symbols, fn.run(own) as Symbols];
}
