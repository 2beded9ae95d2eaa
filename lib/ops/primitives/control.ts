// Control flow inside programs: one of several functions, a loop while something holds, a loop over slices. Their bodies are subgraphs,
// whatever they read outside is an input, and variables that they assign are carried along.
import { castTo } from '../../core/cast.js';
import { isFloat } from '../../base/dtype.js';
import type { Graph, Value } from '../../core/graph.js';
import { bind } from '../../core/bind.js';
import { defineOp, type Op } from '../../core/op.js';
import { costOf } from '../../core/plan.js';
import { input, output, type Operand } from '../../core/program.js';
import { specOf, type Spec } from '../../base/shape.js';
import { close, planKeyOfGraphs, replay, subgraph, valueOf, type Closure, type Subgraph } from '../../core/subgraph.js';
import { taping } from '../../core/tape.js';
import type { Tensor } from '../../core/tensor.js';
import { linearize, pushForward } from '../linearize.js';
import { add } from './elementwise.js';
import { zerosLike } from './shape.js';

const specsOf = (tensors: readonly { readonly spec: Spec }[]): Spec[] => tensors.map((tensor) => tensor.spec);
const all = (inputs: readonly Spec[], outputs: readonly Spec[]): Operand[] => [
  ...inputs.map((_, i) => input(i)),
  ...outputs.map((_, i) => output(i)),
];
/** The spec of one row of a tensor, the first axis away. */
const rowOf = (spec: Spec): Spec => specOf(spec.dtype, spec.shape.slice(1));
const stacked = (spec: Spec, length: number): Spec => specOf(spec.dtype, [length, ...spec.shape]);
const states = ({ variables }: Closure): Tensor[] => variables.map(valueOf);
/** Gives the variables that a closure assigns their new values, the last of `outputs`; returns the others. */
function assign({ variables }: Closure, outputs: readonly Tensor[]): Tensor[] {
  const first = outputs.length - variables.length;
  variables.forEach((variable, i) => variable.assign(outputs[first + i]!));
  return outputs.slice(0, first);
}

/** The float tensors of a list, and the way back: the list with others in their place. */
function floatsOf(tensors: readonly Tensor[]): { floats: Tensor[]; merge: (floats: readonly Tensor[]) => Tensor[] } {
  return {
    floats: tensors.filter((tensor) => isFloat(tensor.dtype)),
    merge: (floats) => {
      let next = 0;
      return tensors.map((tensor) => (isFloat(tensor.dtype) ? floats[next++]! : tensor));
    },
  };
}
/** Gradients for the float tensors of a list, null for the others. */
function spread(tensors: readonly Tensor[], gradients: readonly Tensor[]): (Tensor | null)[] {
  let next = 0;
  return tensors.map((tensor) => (isFloat(tensor.dtype) ? gradients[next++]! : null));
}
/** Gradients of `fn` at the float inputs, weighted by the seeds; zeros where there is no path. */
function pullBack(fn: (inputs: readonly Tensor[]) => readonly Tensor[], inputs: readonly Tensor[], seeds: readonly Tensor[]): Tensor[] {
  const { floats, merge } = floatsOf(inputs);
  const { pullback } = linearize((...values) => fn(merge(values)), floats, 'control flow');
  return pullback(seeds).map((gradient, i) => gradient ?? zerosLike(floats[i]!));
}

/**
 * What a graph gives, and the derivatives of its float outputs along tangents of its inputs (null: one that stands still); null for the
 * others.
 */
function pushThrough(
  graph: Graph,
  inputs: readonly Tensor[],
  tangents: readonly (Tensor | null)[],
): { outputs: readonly Tensor[]; derivatives: (Tensor | null)[] } {
  const { outputs, derivatives } = pushForward((...values) => replay(graph, values), inputs, tangents, 'control flow');
  return { outputs, derivatives: outputs.map((result, i) => (isFloat(result.dtype) ? (derivatives[i] ?? zerosLike(result)) : null)) };
}
const present = <T>(values: readonly (T | null)[]): T[] => values.filter((value) => value !== null);
/** The values of `places` in a list of `length`, null elsewhere. */
function placed<T>(places: readonly number[], values: readonly T[], length: number): (T | null)[] {
  return Array.from({ length }, (_, i) => (places.includes(i) ? values[places.indexOf(i)]! : null));
}
const indicesOf = <T>(list: readonly T[], keep: (item: T) => boolean): number[] => [...list.keys()].filter((i) => keep(list[i]!));
const floatPlaces = (tensors: readonly Tensor[]): number[] => indicesOf(tensors, ({ dtype }) => isFloat(dtype));

interface BranchAttrs {
  readonly [key: string]: readonly Subgraph[];
  readonly branches: readonly Subgraph[];
}
/** Inputs: index, then those of the branches. */
const branchOp: Op<BranchAttrs> = defineOp<BranchAttrs>('switch', {
  complex: true,
  infer: (_, { branches }) => specsOf(branches[0]!.graph.outputs),
  vjp: (grads, { inputs: [index, ...inputs], outputs, attrs: { branches } }) => {
    const kept = [...outputs.keys()].filter((i) => grads[i] !== null);
    const seeds = kept.map((i) => grads[i]!);
    const rules = branches.map(({ graph }) => (...values: Tensor[]) => {
      const outputsOf = (xs: readonly Tensor[]) => {
        const all = replay(graph, xs);
        return kept.map((i) => all[i]!);
      };
      return pullBack(outputsOf, values.slice(0, inputs.length), values.slice(inputs.length));
    });
    return [null, ...spread(inputs, branch(index!, rules, [...inputs, ...seeds]))];
  },
  jvp: ([, ...tangents], { inputs: [index, ...inputs], outputs, attrs: { branches } }) => {
    const moving = indicesOf(tangents, (tangent) => tangent !== null);
    const rules = branches.map(
      ({ graph }) =>
        (...values: Tensor[]) =>
          present(
            pushThrough(graph, values.slice(0, inputs.length), placed(moving, values.slice(inputs.length), inputs.length)).derivatives,
          ),
    );
    return placed(floatPlaces(outputs), branch(index!, rules, [...inputs, ...present(tangents)]), outputs.length);
  },
  lower: ({ inputs, outputs, attrs: { branches } }) => [
    {
      kernel: 'control',
      dtype: 'int32',
      operands: all(inputs, outputs),
      ints: [],
      control: { kind: 'branch', graphs: branches.map(({ graph }) => graph) },
    },
  ],
  cost: ({ attrs: { branches } }) => Math.max(...branches.map(({ graph }) => costOf(graph))),
  planKey: planKeyOfGraphs,
});

/** Runs the function that an int32 scalar names, clamped to those there are, on `operands`. All must give tensors of the same specs. */
export function branch(
  index: Tensor,
  functions: readonly ((...operands: Tensor[]) => readonly Tensor[])[],
  operands: readonly Tensor[],
): Tensor[] {
  const closure = close(functions.map((fn) => ({ specs: specsOf(operands), fn })));
  const branches = closure.bodies.map((body) =>
    subgraph(body.nodes, [...body.parameters, ...body.states, ...body.reads], [...body.outputs, ...body.updates]),
  );
  return assign(closure, bind(branchOp, [castTo(index, 'int32'), ...operands, ...states(closure), ...closure.reads], { branches }));
}

interface WhileAttrs {
  readonly [key: string]: Subgraph | number | null;
  readonly condition: Subgraph;
  readonly body: Subgraph;
  /** Inputs that the loop does not change; the others are carried. */
  readonly constants: number;
  /** Steps at most. */
  readonly most: number | null;
}
const whileOp: Op<WhileAttrs> = defineOp<WhileAttrs>('while_loop', {
  complex: true,
  infer: (_, { body }) => specsOf(body.graph.outputs),
  vjp: (grads, { inputs, attrs }) => whileGradients(grads, inputs, attrs),
  // The loop over the carries and their tangents.
  jvp: (tangents, { inputs, outputs, attrs: { condition, body, constants, most } }) => {
    const [fixed, initial] = [inputs.slice(0, constants), inputs.slice(constants)];
    const floats = floatPlaces(initial);
    const start = floats.map((i) => tangents[constants + i] ?? zerosLike(initial[i]!));
    const holds = (...carried: Tensor[]) => replay(condition.graph, [...fixed, ...carried.slice(0, initial.length)])[0]!;
    const step = (...carried: Tensor[]) => {
      const moving = placed(floats, carried.slice(initial.length), initial.length);
      const next = pushThrough(body.graph, [...fixed, ...carried.slice(0, initial.length)], [...tangents.slice(0, constants), ...moving]);
      return [...next.outputs, ...present(next.derivatives)];
    };
    return placed(floats, whileLoop(holds, step, [...initial, ...start], most).slice(initial.length), outputs.length);
  },
  lower: ({ inputs, outputs, attrs: { condition, body, constants, most } }) => [{
    kernel: 'control', dtype: 'bool', operands: all(inputs, outputs), ints: [constants, outputs.length, most ?? -1],
    control: { kind: 'while', graphs: [condition.graph, body.graph] },
  }],
  planKey: planKeyOfGraphs,
});

interface UnwindAttrs extends WhileAttrs {
  /** From constants, the carries before a step and the states after it to the states before it. */
  readonly backward: Subgraph;
  readonly carries: number;
}
/**
 * A while loop backwards: the loop runs once more and keeps its carries, then the states go from the last step to the first. They are the
 * cotangents of the float carries, and the sums of those of the last float constants. Inputs: constants, initial carries, states.
 */
const unwindOp: Op<UnwindAttrs> = defineOp<UnwindAttrs>('unwind', {
  infer: (_, { backward }) => specsOf(backward.graph.outputs),
  // The states are the transposed derivative of the loop, so their own gradient is its derivative, and what that has for a gradient.
  vjp: (grads, { inputs, attrs: { condition, body, constants, carries, most } }) => {
    const point = inputs.slice(0, constants + carries);
    const moved = floatPlaces(point);
    const floats = floatPlaces(point.slice(constants));
    const [cotangents, sums] = [grads.slice(0, floats.length), grads.slice(floats.length)];
    const along = placed(moved.slice(moved.length - grads.length), [...sums, ...cotangents], point.length);
    const derivative = (values: readonly Tensor[]) => {
      const { outputs, derivatives } = pushForward(
        (...at) => bind(whileOp, at, { condition, body, constants, most }),
        values,
        along,
        'control flow',
      );
      return floats.map((i) => derivatives[i] ?? zerosLike(outputs[i]!));
    };
    const seeds = inputs.slice(point.length, point.length + floats.length);
    return [...spread(point, pullBack(derivative, point, seeds)), ...derivative(point), ...sums];
  },
  lower: ({ inputs, outputs, attrs: { condition, body, backward, constants, carries, most } }) => [{
    kernel: 'control', dtype: 'bool', operands: all(inputs, outputs), ints: [constants, carries, most ?? -1, outputs.length],
    control: { kind: 'unwind', graphs: [condition.graph, body.graph, backward.graph] },
  }],
  planKey: planKeyOfGraphs,
});

/** Gradients of a while loop. */
function whileGradients(
  grads: readonly (Tensor | null)[],
  inputs: readonly Tensor[],
  { condition, body, constants, most }: WhileAttrs,
): (Tensor | null)[] {
  const [fixed, initial] = [inputs.slice(0, constants), inputs.slice(constants)];
  const floats = floatPlaces(initial);
  const start = [...floats.map((i) => grads[i] ?? zerosLike(initial[i]!)), ...floatsOf(fixed).floats.map(zerosLike)];
  const step = (...values: Tensor[]) => {
    const [point, states] = [values.slice(0, inputs.length), values.slice(inputs.length)];
    const run = (at: readonly Tensor[]) => {
      const results = replay(body.graph, at);
      return floats.map((i) => results[i]!);
    };
    const gradients = pullBack(run, point, states.slice(0, floats.length));
    const sums = states.slice(floats.length);
    return [...gradients.slice(sums.length), ...sums.map((sum, i) => add(sum, gradients[i]!))];
  };
  const closure = close([{ specs: specsOf([...inputs, ...start]), fn: step }]);
  const [back] = closure.bodies as [Closure['bodies'][number]];
  // What the step reads besides are constants of the loop too, which does not look at them.
  const besides = ({ graph }: Subgraph) =>
    subgraph(
      graph.nodes,
      [...closure.reads.map(({ spec }): Value => ({ spec, source: { kind: 'input' } })), ...graph.inputs],
      graph.outputs,
    );
  const attrs = {
    condition: besides(condition),
    body: besides(body),
    backward: subgraph(back.nodes, [...back.reads, ...back.parameters], back.outputs),
    constants: closure.reads.length + constants,
    carries: initial.length,
    most,
  };
  const states = bind(unwindOp, [...closure.reads, ...inputs, ...start], attrs);
  return [...spread(fixed, states.slice(floats.length)), ...spread(initial, states.slice(0, floats.length))];
}

/** Runs `body` on the carried tensors as long as `condition` holds for them, `most` times at most. */
export function whileLoop(
  condition: (...carries: Tensor[]) => Tensor,
  body: (...carries: Tensor[]) => readonly Tensor[],
  initial: readonly Tensor[],
  most: number | null,
): Tensor[] {
  const specs = specsOf(initial);
  const closure = close([
    { specs, fn: (...carries) => [condition(...carries)] },
    { specs, fn: body },
  ]);
  const [test, step] = closure.bodies as [Closure['bodies'][number], Closure['bodies'][number]];
  const inputsOf = (of: Closure['bodies'][number]) => [...of.reads, ...of.parameters, ...of.states];
  const attrs = {
    condition: subgraph(test.nodes, inputsOf(test), test.outputs),
    body: subgraph(step.nodes, inputsOf(step), [...step.outputs, ...step.updates]),
    constants: closure.reads.length,
    most,
  };
  return assign(closure, bind(whileOp, [...closure.reads, ...initial, ...states(closure)], attrs));
}

interface ScanAttrs {
  readonly [key: string]: Subgraph | number | boolean;
  /** From constants, carries and a row of each of the slices to the next carries and a row of each output. */
  readonly body: Subgraph;
  readonly constants: number;
  readonly carries: number;
  readonly length: number;
  readonly reverse: boolean;
  /** True when the last outputs are the carries before each step, which the gradient needs. */
  readonly saves: boolean;
}
const scanOp: Op<ScanAttrs> = defineOp<ScanAttrs>('scan', {
  complex: true,
  infer: (_, { body: { graph }, carries, length }) => graph.outputs.map(({ spec }, i) => (i < carries ? spec : stacked(spec, length))),
  vjp: (grads, { inputs, outputs, attrs }) => {
    if (attrs.saves) return scanGradients(grads, inputs, outputs, attrs);
    const attrsThatSave = saving(attrs);
    const again = bind(scanOp, inputs, attrsThatSave);
    return scanGradients([...grads, ...again.slice(outputs.length).map(() => null)], inputs, again, attrsThatSave);
  },
  // The scan over the carries and their tangents.
  jvp: (tangents, { inputs, outputs, attrs: { body, constants, carries, length, reverse } }) => {
    const [fixed, initial, slices] = [
      inputs.slice(0, constants),
      inputs.slice(constants, constants + carries),
      inputs.slice(constants + carries),
    ];
    const floats = floatPlaces(initial);
    const start = floats.map((i) => tangents[constants + i] ?? zerosLike(initial[i]!));
    const ofSlices = tangents.slice(constants + carries);
    const moving = indicesOf(ofSlices, (tangent) => tangent !== null);
    const step = (carried: readonly Tensor[], row: readonly Tensor[]) => {
      const point = [...fixed, ...carried.slice(0, carries), ...row.slice(0, slices.length)];
      const along = [
        ...tangents.slice(0, constants),
        ...placed(floats, carried.slice(carries), carries),
        ...placed(moving, row.slice(slices.length), slices.length),
      ];
      const next = pushThrough(body.graph, point, along);
      return {
        carries: [...next.outputs.slice(0, carries), ...present(next.derivatives.slice(0, carries))],
        rows: present(next.derivatives.slice(carries)),
      };
    };
    const result = scan(step, [...initial, ...start], [...slices, ...present(ofSlices)], length, reverse);
    const rows = floatPlaces(outputs).filter((i) => i >= carries);
    return placed([...floats, ...rows], [...result.carries.slice(carries), ...result.rows], outputs.length);
  },
  lower: ({ inputs, outputs, attrs: { body, constants, carries, length, reverse } }) => [{
    kernel: 'control', dtype: 'int32', operands: all(inputs, outputs),
    ints: [constants, carries, inputs.length - constants - carries, outputs.length - carries, length, Number(reverse)],
    control: { kind: 'scan', graphs: [body.graph] },
  }],
  cost: ({ attrs: { body, length } }) => length * costOf(body.graph),
  planKey: planKeyOfGraphs,
});

/** The same scan with the carries before each step as further outputs. */
function saving(attrs: ScanAttrs): ScanAttrs {
  const { body: { graph }, constants, carries } = attrs;
  const before: readonly Value[] = graph.inputs.slice(constants, constants + carries);
  return { ...attrs, body: subgraph(graph.nodes, graph.inputs, [...graph.outputs, ...before]), saves: true };
}

/** Gradients of a scan: a scan the other way round, whose carries are the cotangents of the carries and the sums for the constants. */
function scanGradients(
  grads: readonly (Tensor | null)[],
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  attrs: ScanAttrs,
): (Tensor | null)[] {
  const {
    body: { graph },
    constants,
    carries,
    length,
    reverse,
  } = attrs;
  const fixed = inputs.slice(0, constants);
  const initial = inputs.slice(constants, constants + carries);
  const slices = inputs.slice(constants + carries);
  const before = outputs.slice(outputs.length - carries);
  const rows = [...outputs.keys()].slice(carries).filter((i) => grads[i] !== null);
  const floatCarries = [...initial.keys()].filter((i) => isFloat(initial[i]!.dtype));
  const { floats: floatFixed, merge: mergeFixed } = floatsOf(fixed);
  const seeds = floatCarries.map((i) => grads[i] ?? zerosLike(outputs[i]!));
  const step = (carried: readonly Tensor[], given: readonly Tensor[]) => {
    const [carry, slice, rowSeeds] = [
      given.slice(0, carries),
      given.slice(carries, carries + slices.length),
      given.slice(carries + slices.length),
    ];
    const sums = carried.slice(seeds.length);
    const run = (values: readonly Tensor[]) => {
      const results = replay(graph, values);
      return [...floatCarries, ...rows].map((i) => results[i]!);
    };
    const point = [...mergeFixed(floatFixed), ...carry, ...slice];
    const gradients = pullBack(run, point, [...carried.slice(0, seeds.length), ...rowSeeds]);
    const ofFixed = gradients.slice(0, floatFixed.length);
    const ofCarries = gradients.slice(floatFixed.length, floatFixed.length + seeds.length);
    return {
      carries: [...ofCarries, ...sums.map((sum, i) => add(sum, ofFixed[i]!))],
      rows: gradients.slice(floatFixed.length + seeds.length),
    };
  };
  const start = [...seeds, ...floatFixed.map(zerosLike)];
  const result = scan(step, start, [...before, ...slices, ...rows.map((i) => grads[i]!)], length, !reverse);
  return [
    ...spread(fixed, result.carries.slice(seeds.length)),
    ...spread(initial, result.carries.slice(0, seeds.length)),
    ...spread(slices, result.rows),
  ];
}

/**
 * Runs `body` once for each row of `slices` (tensors of one length), with tensors carried from step to step; `reverse` begins with the last
 * row.
 */
export function scan(
  body: (carries: Tensor[], row: Tensor[]) => { readonly carries: readonly Tensor[]; readonly rows: readonly Tensor[] },
  initial: readonly Tensor[], slices: readonly Tensor[], length: number, reverse: boolean,
): { carries: Tensor[]; rows: Tensor[] } {
  const count = initial.length;
  const fn = (...values: Tensor[]) => {
    const { carries, rows } = body(values.slice(0, count), values.slice(count));
    return [...carries, ...rows];
  };
  const closure = close([{ specs: [...specsOf(initial), ...slices.map((slice) => rowOf(slice.spec))], fn }]);
  const [one] = closure.bodies as [Closure['bodies'][number]];
  const order = [...one.reads, ...one.parameters.slice(0, count), ...one.states, ...one.parameters.slice(count)];
  const results = [...one.outputs.slice(0, count), ...one.updates, ...one.outputs.slice(count)];
  const variables = closure.variables.length;
  const plain = {
    body: subgraph(one.nodes, order, results),
    constants: closure.reads.length,
    carries: count + variables,
    length,
    reverse,
    saves: false,
  };
  const outputs = bind(scanOp, [...closure.reads, ...initial, ...states(closure), ...slices], taping() ? saving(plain) : plain);
  assign(closure, outputs.slice(count, count + variables));
  const rows = one.outputs.length - count;
  return { carries: outputs.slice(0, count), rows: outputs.slice(count + variables, count + variables + rows) };
}
