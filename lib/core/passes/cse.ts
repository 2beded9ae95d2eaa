// Common subexpressions: equal ops on equal inputs are computed once.
import { identityText, keyText } from '../../base/keys.js';
import { hasEffect, rewrite, type Graph, type Value } from '../graph.js';
import type { Work } from '../work.js';

/**
 * The graph with each distinct call made once. Ops are functions of their inputs (random ones of their seed), so equal calls are equal;
 * those with an effect are left alone.
 */
export function eliminateCommon(graph: Graph): Work<Graph> {
  const numbers = new Map<Value, number>();
  const number = (value: Value): number => {
    let n = numbers.get(value);
    if (n === undefined) numbers.set(value, (n = numbers.size));
    return n;
  };
  const known = new Map<string, readonly Value[]>();
  return rewrite(graph, (node, inputs, emit) => {
    if (hasEffect(node)) return null;
    const key = `${identityText(node.op)}(${inputs.map(number).join()})${keyText(node.attrs)}`;
    const same = known.get(key);
    if (same !== undefined) return same;
    const changed = inputs.some((input, i) => input !== node.inputs[i]);
    const outputs = changed ? emit(node.op, inputs, node.attrs, node.outputs.map((o) => o.spec), node.scope) : node.outputs;
    known.set(key, outputs);
    return changed ? outputs : null;
  });
}
