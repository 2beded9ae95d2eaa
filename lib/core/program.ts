// Instructions, and elementwise programs: the steps that the fused interpreter runs over tiles that stay in the cache.
import type { DType } from '../base/dtype.js';
import { isHalf } from '../base/dtype.js';
import type { Graph, Node, Value } from './graph.js';
import type { Shape, Spec } from '../base/shape.js';
import { broadcastStrides } from '../base/shape.js';
import type { Tensor } from './tensor.js';

/** What an instruction reads or writes: an input or output of its call, or a scalar known at compile time. */
export type Operand =
  | { readonly kind: 'input' | 'output'; readonly index: number }
  | { readonly kind: 'scalar'; readonly tensor: Tensor }
  | { readonly kind: 'none' };
/** The call's i-th input. */
export const input = (index: number): Operand => ({ kind: 'input', index });
/** The call's i-th output. */
export const output = (index: number): Operand => ({ kind: 'output', index });
/** A constant: a concrete tensor of one element. */
export const scalar = (tensor: Tensor): Operand => ({ kind: 'scalar', tensor });

/** Kinds of control flow, numbered as in native/exec/control.h. */
export const CONTROL_KINDS = ['branch', 'while', 'scan', 'unwind'] as const;

/** One kernel with its operands and attributes, in the order that the kernel documents. */
export interface Instruction {
  readonly kernel: string;
  /** Element type that selects the kernel's row. */
  readonly dtype: DType;
  readonly operands: readonly Operand[];
  readonly ints: readonly number[];
  readonly floats?: readonly number[];
  /** Of the kernel `control`: its kind, and the graphs that it runs; `ints` are the other integers that native/exec/control.h names. */
  readonly control?: { readonly kind: (typeof CONTROL_KINDS)[number]; readonly graphs: readonly Graph[] };
  /** An elementwise program that a matmul applies to its product; operand numbers are those of `operands`. */
  readonly epilogue?: readonly number[];
}

/** One tile op of a program. Arguments and destination are numbers of values: inputs, then outputs, then temporaries. */
export interface Step {
  readonly tile: string;
  readonly dtype: DType;
  readonly target: number;
  readonly args: readonly number[];
}

/** Steps over all elements of a shape, on inputs that broadcast to it. */
export interface Program {
  readonly shape: Shape;
  readonly inputs: readonly Spec[];
  readonly outputs: readonly Spec[];
  readonly temps: number;
  readonly steps: readonly Step[];
}

/** Looks up the tile ops of the running instruction set. */
export type TileNumber = (name: string, dtype: DType) => number;

/** A step before values have numbers. */
interface OpenStep {
  tile: string;
  dtype: DType;
  target: object;
  args: object[];
}

const COMPUTED_AS_IS = new Set(['copy', 'select']);

/** The steps of one elementwise call; 16-bit floats are widened, computed in float32 and rounded again. */
function stepsOf(node: Node): OpenStep[] {
  const lowering = node.op.lower;
  if (typeof lowering !== 'object') throw new Error(`${node.op.name} is not elementwise`);
  const call = { inputs: node.inputs.map((v) => v.spec), outputs: node.outputs.map((v) => v.spec), attrs: node.attrs };
  const tile = typeof lowering.tile === 'string' ? lowering.tile : lowering.tile(call);
  const dtype = lowering.key?.(call) ?? call.inputs[0]!.dtype;
  const target = node.outputs[0]!;
  if (!isHalf(dtype) || COMPUTED_AS_IS.has(tile) || tile.startsWith('cast_')) return [{ tile, dtype, target, args: [...node.inputs] }];
  const steps: OpenStep[] = [];
  const args = node.inputs.map((value): object => {
    if (!isHalf(value.spec.dtype)) return value;
    const wide = {};
    steps.push({ tile: 'cast_float32', dtype: value.spec.dtype, target: wide, args: [value] });
    return wide;
  });
  if (!isHalf(target.spec.dtype)) return [...steps, { tile, dtype: 'float32', target, args }];
  const wide = {};
  return [
    ...steps,
    { tile, dtype: 'float32', target: wide, args },
    { tile: `cast_${target.spec.dtype}`, dtype: 'float32', target, args: [wide] },
  ];
}

/**
 * The program of elementwise nodes, given in an order in which they can run. `outputs` are the values to write to memory;
 * an output that is itself an input is copied. `aliased` tells which outputs are written over the memory of which inputs:
 * these are written last, when that input has been read for the last time.
 */
export function buildProgram(
  nodes: readonly Node[],
  inputs: readonly Value[],
  outputs: readonly Value[],
  shape: Shape,
  aliased: ReadonlyMap<Value, Value>,
): Program {
  const steps = nodes.flatMap(stepsOf);
  const lastRead = new Map<object, number>();
  steps.forEach((step, i) => step.args.forEach((arg) => lastRead.set(arg, i)));
  const deferred: OpenStep[] = [];
  const direct = new Map<object, number>();
  outputs.forEach((value, i) => {
    const made = steps.findIndex((step) => step.target === value);
    const over = aliased.get(value);
    if (made >= 0 && (over === undefined || made >= (lastRead.get(over) ?? -1))) direct.set(value, inputs.length + i);
    else deferred.push({ tile: 'copy', dtype: value.spec.dtype, target: { output: i }, args: [value] });
  });
  deferred.forEach((step, i) => step.args.forEach((arg) => lastRead.set(arg, steps.length + i)));
  return allocateTemps([...steps, ...deferred], inputs, outputs, direct, lastRead, shape);
}

function allocateTemps(
  steps: readonly OpenStep[], inputs: readonly Value[], outputs: readonly Value[], direct: ReadonlyMap<object, number>,
  lastRead: ReadonlyMap<object, number>, shape: Shape,
): Program {
  const numbers = new Map<object, number>([...inputs.map((value, i) => [value, i] as const), ...direct]);
  const firstTemp = inputs.length + outputs.length;
  const free: number[] = [];
  let temps = 0;
  const done = steps.map((step, i): Step => {
    const args = step.args.map((arg) => numbers.get(arg)!);
    const wanted = 'output' in step.target ? inputs.length + (step.target.output as number) : numbers.get(step.target);
    const target = wanted ?? free.pop() ?? firstTemp + temps++;
    numbers.set(step.target, target);
    // Freed after the target is chosen: a step may change the element size, so it does not write over its arguments.
    for (const arg of new Set(step.args)) {
      const number = numbers.get(arg)!;
      if (number >= firstTemp && lastRead.get(arg) === i) free.push(number);
    }
    return { tile: step.tile, dtype: step.dtype, target, args };
  });
  return { shape, inputs: inputs.map((v) => v.spec), outputs: outputs.map((v) => v.spec), temps, steps: done };
}

/**
 * The integers by which the native interpreter knows a program. `operands[i]` is the operand number of its i-th value
 * (inputs, then outputs); -1 is the product of the matmul that it is an epilogue of.
 */
export function encodeProgram(
  program: Program,
  operands: readonly number[],
  number: TileNumber,
  dtypeNumber: (dtype: DType) => number,
): number[] {
  const { shape, inputs, outputs, steps } = program;
  const dims = shape.length === 0 ? [1] : shape;
  const words = [dims.length, ...dims, inputs.length, outputs.length, program.temps, steps.length];
  inputs.forEach((spec, i) =>
    words.push(operands[i]!, dtypeNumber(spec.dtype), ...(shape.length === 0 ? [0] : broadcastStrides(spec.shape, shape))),
  );
  outputs.forEach((spec, i) => words.push(operands[inputs.length + i]!, dtypeNumber(spec.dtype)));
  for (const step of steps) {
    const [a = -1, b = -1, c = -1] = step.args;
    words.push(number(step.tile, step.dtype), step.target, a, b, c);
  }
  return words;
}
