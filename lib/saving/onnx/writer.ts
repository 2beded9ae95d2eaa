// Writes traced graphs: what is known now as constants, all else by the rules of its primitives.
import type { Op } from '../../core/op.js';
import { bind } from '../../core/bind.js';
import { DependsOnSizes, type Builder } from './builder.js';
import { control } from './rules/control.js';
import { elementwise } from './rules/elementwise.js';
import { movement } from './rules/movement.js';
import { products } from './rules/products.js';
import { reductions } from './rules/reduction.js';
import { Call, NoForm, type Rule } from './rules/rule.js';
import { DifferentGraphs, isFixed, type SymbolicCall, type SymbolicGraph } from './symbolic-graph.js';

const RULES: Readonly<Record<string, Rule>> = {
  ...elementwise, ...movement, ...reductions, ...products, ...control((to, graph) => writeCalls(to, graph)),
};
/** Names of the primitives that have a form in ONNX. */
export const writtenPrimitives = (): string[] => Object.keys(RULES);

/** Constants that follow from others are computed now up to so many bytes, or where they are no larger than what they are made of. */
const LARGEST_FOLDED = 2 ** 16;

const isRandom = (op: Op): boolean => op.name.startsWith('random_') || op.name === 'permutation';

/** Computes what follows from constants alone. */
function fold(to: Builder, { node, attrs, inputs, outputs }: SymbolicCall): boolean {
  const { op } = node;
  if (isRandom(op) || op.effect !== undefined || op.planKey !== undefined) return false;
  if (!outputs.every(({ shape }) => shape.every(isFixed))) return false;
  if (attrs.some((own) => JSON.stringify(own) !== JSON.stringify(attrs[0]))) return false;
  const tensors = inputs.map((value) => to.known(value));
  if (tensors.some((tensor) => tensor === null)) return false;
  const bytes = node.outputs.reduce((sum, { spec }) => sum + spec.bytes, 0);
  if (bytes > Math.max(LARGEST_FOLDED, ...tensors.map((tensor) => tensor!.spec.bytes))) return false;
  const results = bind(op, tensors as never, node.attrs);
  outputs.forEach((value, i) => to.fold(value, results[i]!));
  return true;
}

/** What could not be written, in the user's terms. */
function explain(error: unknown, call: SymbolicCall): unknown {
  const { scope, op } = call.node;
  const where = `export: ${scope === '' ? 'the model' : `the layer "${scope}"`} computes ${op.name}`;
  if (error instanceof NoForm) return new Error(`${where}, ${error.message}`, { cause: error });
  if (error instanceof DependsOnSizes || error instanceof DifferentGraphs)
    return new Error(
      `${where} in a way that depends on sizes that are not known; give an inputSignature with known sizes, or inputs with fixed shapes`,
      { cause: error },
    );
  return error;
}

function write(to: Builder, symbolic: SymbolicCall): void {
  const { op } = symbolic.node;
  const rule = Object.hasOwn(RULES, op.name) ? RULES[op.name]! : null;
  if (rule === null)
    throw new NoForm(isRandom(op) ? 'random numbers, which ONNX cannot draw as Keras does' : 'for which ONNX has no operator');
  const written = rule(new Call(symbolic, to));
  const outputs = Array.isArray(written) ? (written as readonly string[]) : [written as string];
  symbolic.outputs.forEach((value, i) => to.set(value, outputs[i]!));
}

/** Writes the calls of a graph, in order. @throws for those that ONNX has no form of, naming the layer. */
export function writeCalls(to: Builder, graph: SymbolicGraph): void {
  const outer = to.scope;
  for (const call of graph.calls) {
    to.scope = call.node.scope;
    try {
      if (!fold(to, call)) write(to, call);
    } catch (error) {
      throw explain(error, call);
    }
  }
  to.scope = outer;
}
