// Graphs of functions, for tests of passes by what they print.
import type { Tensor } from 'keratin';
import { printGraph, verify, type Graph } from '#lib/core/graph.js';
import type { Pass } from '#lib/core/passes/index.js';
import { finish } from '#lib/core/work.js';
import { trace } from '#lib/core/trace.js';
import { specOf } from '#lib/base/shape.js';
import type { DType } from '#lib/base/dtype.js';

/** The graph of a function of tensors of these shapes, float32 unless said. */
export function graphOf(
  shapes: readonly (readonly number[])[],
  fn: (...inputs: Tensor[]) => readonly Tensor[],
  dtype: DType = 'float32',
): Graph {
  return trace(
    shapes.map((shape) => specOf(dtype, shape)),
    fn as never,
    (outputs) => outputs as never,
  ).graph;
}

/** What a pass makes of a graph, verified. */
export function after(graph: Graph, ...passes: readonly Pass[]): Graph {
  return passes.reduce((current, pass) => {
    const next = finish(pass(current));
    verify(next);
    return next;
  }, graph);
}

/** The lines of a graph. */
export const lines = (graph: Graph): string[] => printGraph(graph).split('\n');
/** Names of the ops of a graph, in order. */
export const opsOf = ({ nodes }: Graph): string[] => nodes.map(({ op }) => op.name);
