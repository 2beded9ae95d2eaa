// The ops that passes put in the place of several: a fused elementwise group, and a product with a group as its epilogue.
// They appear after differentiation, so they have no gradient.
import { dtypeIndex } from '../base/dtype.js';
import type { Node, Value } from './graph.js';
import { tileNumber } from './kernels.js';
import { defineOp, type Attrs, type LowerCall, type Op } from './op.js';
import type { Instruction, Operand } from './program.js';
import { buildProgram, encodeProgram, input, output } from './program.js';
import type { Shape } from '../base/shape.js';

/** Elementwise nodes that run as one program. */
export interface Group {
  readonly nodes: readonly Node[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly shape: Shape;
}

function encode(group: Group, operands: readonly number[], over: LowerCall<Attrs>['over']): number[] {
  const aliased = new Map([...(over ?? [])].map(([out, into]) => [group.outputs[out]!, group.inputs[into]!]));
  const program = buildProgram(group.nodes, group.inputs, group.outputs, group.shape, aliased);
  return encodeProgram(program, operands, tileNumber, dtypeIndex);
}

/** A group of elementwise nodes. */
export const fused: Op<{ group: Group }> = defineOp('fused', {
  infer: (_, { group }) => group.outputs.map((value) => value.spec),
  vjp: null,
  lower: ({ attrs: { group }, over }) => {
    const operands: Operand[] = [...group.inputs.map((_, i) => input(i)), ...group.outputs.map((_, i) => output(i))];
    return [{ kernel: 'fused', dtype: 'float32', operands, ints: encode(group, operands.map((_, i) => i), over) }];
  },
});

/** Attributes of `epilogue`: the op that makes the product, and the group that consumes it. */
export interface EpilogueAttrs {
  readonly op: Op;
  readonly attrs: Attrs;
  /** The value of the product, which is an input of the group. */
  readonly product: Value;
  readonly group: Group;
}

/**
 * A product whose elements go through an elementwise group before they reach memory. Inputs: those of the product, then
 * those of the group without the product.
 */
export const epilogue = defineOp('epilogue', {
  infer: (_, { group }: EpilogueAttrs & Attrs) => group.outputs.map((value) => value.spec),
  vjp: null,
  lower: ({ inputs, attrs: { op, attrs, product, group }, over }): Instruction[] => {
    if (typeof op.lower !== 'function') throw new Error(`${op.name} takes no epilogue`);
    const own = inputs.length - (group.inputs.length - 1);
    const [instruction] = op.lower({ inputs: inputs.slice(0, own), outputs: [product.spec], attrs });
    const others = group.inputs.filter((value) => value !== product);
    const operands: Operand[] = [...Array.from({ length: own }, (_, i) => input(i)), { kind: 'none' }];
    const first = operands.length;
    operands.push(...others.map((_, i) => input(own + i)), ...group.outputs.map((_, i) => output(i)));
    let next = first;
    const numbers = [...group.inputs.map((value) => (value === product ? -1 : next++)), ...group.outputs.map(() => next++)];
    // `over` counts this op's inputs; the group's inputs are numbered with the product among them.
    const inGroup = over && new Map([...over].map(([out, into]) => [out, group.inputs.indexOf(others[into - own]!)]));
    return [{ ...instruction!, operands, epilogue: encode(group, numbers, inGroup) }];
  },
});
