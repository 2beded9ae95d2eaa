// Algebraic simplification: rules that replace a call by something cheaper with exactly the same values.
import type { Emit, Graph, Node, Value } from '../graph.js';
import { hasEffect, producer, rewrite } from '../graph.js';
import type { Work } from '../work.js';
import { sameShape } from '../../base/shape.js';

/** A rule for one op: the value that stands for its output, or null to keep the call. */
type Rule = (node: Node, inputs: readonly Value[], emit: Emit) => Value | null;

function scalarOf(value: Value): number | null {
  const { source } = value;
  return source.kind === 'constant' && source.tensor.size === 1 ? Number(source.tensor.item()) : null;
}

/** The other operand, when one is the neutral scalar and dropping it changes neither shape nor dtype. */
const neutral = (scalar: number, sides: readonly (0 | 1)[]): Rule => (node, inputs) => {
  for (const side of sides) {
    const other = inputs[1 - side]!;
    if (Object.is(scalarOf(inputs[side]!), scalar) && other.spec === node.outputs[0]!.spec) return other;
  }
  return null;
};

/** An elementwise call broadcasts by itself, so inputs that were broadcast for it are read before that. */
function unbroadcast(value: Value): Value {
  const made = producer(value);
  return made !== null && made.op.name === 'broadcast_to' ? made.inputs[0]! : value;
}

const RULES: Record<string, Rule> = {
  // x + 0 is not x for x = -0, but equal to it; subtracting 0 and multiplying or dividing by 1 are exact.
  subtract: neutral(0, [1]),
  multiply: neutral(1, [0, 1]),
  divide: neutral(1, [1]),
  copy: (_, [x]) => x!,
  reshape: (node, [x], emit) => {
    const target = node.outputs[0]!.spec;
    if (x!.spec === target) return x!;
    const made = producer(x!);
    return made?.op.name === 'reshape' ? emit(node.op, [made.inputs[0]!], node.attrs, [target], node.scope)[0]! : null;
  },
  broadcast_to: (node, [x]) => (x!.spec === node.outputs[0]!.spec ? x! : null),
  transpose: (node, [x]) => {
    const made = producer(x!);
    if (made?.op.name !== 'transpose') return null;
    const [outer, inner] = [node, made].map((n) => n.attrs.perm as readonly number[]);
    return outer!.every((axis, i) => inner![axis] === i) ? made.inputs[0]! : null;
  },
  matmul: (node, inputs, emit) => {
    const transposed = inputs.map(swappedInput);
    if (transposed.every((value) => value === null)) return null;
    const attrs = {
      ...node.attrs,
      transposeA: (node.attrs.transposeA === true) !== (transposed[0] !== null),
      transposeB: (node.attrs.transposeB === true) !== (transposed[1] !== null),
    };
    return emit(node.op, inputs.map((value, i) => transposed[i] ?? value), attrs, [node.outputs[0]!.spec], node.scope)[0]!;
  },
};

/** What a value is the transpose of, when only its last two axes are swapped. */
function swappedInput(value: Value): Value | null {
  const made = producer(value);
  if (made?.op.name !== 'transpose') return null;
  const perm = made.attrs.perm as readonly number[];
  const rank = perm.length;
  const swapped = perm.map((_, i) => (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i));
  return sameShape(perm, swapped) ? made.inputs[0]! : null;
}

/** Applies the rules once over the graph, in order, so that a rule sees already simplified inputs. */
export const simplify = (graph: Graph): Work<Graph> =>
  rewrite(graph, (node, inputs, emit) => {
    if (hasEffect(node)) return null;
    const rule = RULES[node.op.name];
    const replaced = rule?.(node, inputs, emit) ?? null;
    if (replaced !== null) return [replaced];
    if (typeof node.op.lower !== 'object') return null;
    const direct = inputs.map(unbroadcast);
    if (direct.every((value, i) => value === inputs[i])) return null;
    const specs = node.op.infer(direct.map((value) => value.spec), node.attrs);
    return specs[0] === node.outputs[0]!.spec ? emit(node.op, direct, node.attrs, specs, node.scope) : null;
  });
