// The passes that rewrite a traced graph, in order. Each is checked in tests.
import { hasEffect, verify, type Graph } from '../graph.js';
import type { Work } from '../work.js';
import { eliminateCommon } from './cse.js';
import { fuse } from './fuse.js';
import { materialize } from './materialize.js';
import { schedule, verifySchedule, type Schedule } from './schedule.js';
import { simplify } from './simplify.js';

const verifying = process.env.KERATIN_VERIFY === '1';

/** A function from graph to graph with the same meaning. */
export type Pass = (graph: Graph) => Work<Graph>;

/** Throws unless the calls with effects are the same, in the same order, before and after a pass. */
function verifyEffects(before: Graph, after: Graph): void {
  const [old, now] = [before, after].map(({ nodes }) => nodes.filter(hasEffect).map(({ op }) => op));
  if (old!.length !== now!.length || old!.some((op, i) => op !== now![i]))
    throw new Error('graph: a pass dropped, merged or moved a call with an effect');
}

/** Runs a pass. With `KERATIN_VERIFY=1` what comes out is checked. */
export function* runPass(pass: Pass, graph: Graph): Work<Graph> {
  const result = yield* pass(graph);
  if (verifying) {
    verify(result);
    verifyEffects(graph, result);
  }
  return result;
}

/** The passes that need no knowledge of memory. */
export function* optimize(graph: Graph): Work<Graph> {
  if (verifying) verify(graph);
  return yield* runPass(eliminateCommon, yield* runPass(simplify, graph));
}

/** The passes after those: what runs as one, in which order, and over which memory. */
export function* arrange(graph: Graph): Work<Schedule> {
  const fusedGraph = yield* runPass(fuse, yield* runPass(materialize, graph));
  let scheduled: Schedule | undefined;
  yield* runPass(function* (before) {
    scheduled = yield* schedule(before);
    return scheduled.graph;
  }, fusedGraph);
  if (verifying) verifySchedule(scheduled!);
  return scheduled!;
}
