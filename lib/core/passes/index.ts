// The passes that rewrite a traced graph before memory is considered, in order.
import type { Graph } from '../graph.js';
import { verify } from '../graph.js';
import { eliminateCommon } from './cse.js';
import { simplify } from './simplify.js';

const verifying = process.env.KERATIN_VERIFY === '1';

/** A function from graph to graph with the same meaning. */
export type Pass = (graph: Graph) => Graph;

/** All passes, in order. */
export const PASSES: readonly Pass[] = [simplify, eliminateCommon];

/** Applies all passes. With `KERATIN_VERIFY=1` the graph is checked before the first and after each. */
export function optimize(graph: Graph): Graph {
  if (verifying) verify(graph);
  let current = graph;
  for (const pass of PASSES) {
    current = pass(current);
    if (verifying) verify(current);
  }
  return current;
}
