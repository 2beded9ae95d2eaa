// Gives every result memory of its own: results that are an input, a variable, a constant, a view of one, or the same value
// twice are copied.
import { copyOpOf } from '../copy.js';
import type { Graph, Node, Value } from '../graph.js';
import { makeNode, producer } from '../graph.js';
import type { Op } from '../op.js';
import type { Work } from '../work.js';

/** The value whose memory `value` shares. */
export function rootOf(value: Value): Value {
  let root = value;
  while (root.source.kind === 'node' && root.source.node.op.lower === 'alias') root = root.source.node.inputs[root.source.index]!;
  return root;
}

/** The graph with a copy for every result that could not be written in place. */
export function* materialize(graph: Graph): Work<Graph> {
  const taken = new Set<Value>();
  const nodes: Node[] = [...graph.nodes];
  const own = (value: Value): Value => {
    const root = rootOf(value);
    if (producer(root) !== null && !taken.has(root)) {
      taken.add(root);
      return value;
    }
    const node = makeNode(copyOpOf(value.spec.dtype) as unknown as Op, [value], {}, [value.spec], '');
    nodes.push(node);
    return node.outputs[0]!;
  };
  // Updates first: an update that can be written in place saves a pass over the variable at every run.
  const variables = graph.variables.map((use) => ({ ...use, update: use.update && own(use.update) }));
  return { inputs: graph.inputs, nodes, outputs: graph.outputs.map(own), variables };
}
