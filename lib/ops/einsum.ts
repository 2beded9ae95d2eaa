// `keras.ops.einsum`: sums of products named by letters, as products of matrices.
import type { TensorLike } from '../core/convert.js';
import { toTensor } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import type { DType } from '../base/dtype.js';
import { isHalf, resultType } from '../base/dtype.js';
import { show } from '../base/errors.js';
import { showShape, sizeOf } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import { reduceAxes } from './axes.js';
import * as p from './primitives/index.js';
import { diagonalPart } from './primitives/matrices.js';
import { publicOp } from './public.js';

/** A tensor with a label for each axis: a letter, or for an axis that `...` stands for its number from the end. */
interface Term {
  readonly tensor: Tensor;
  readonly labels: readonly string[];
}
/** What the subscripts say: the labels of the operands and those of the result. */
interface Equation {
  readonly inputs: readonly (readonly string[])[];
  readonly output: readonly string[];
}

const fail = (equation: string, problem: string): never => {
  throw new RangeError(`einsum: ${problem}, in ${show(equation)}`);
};
/** The labels of one term; `covered` is the number of axes that its `...` stands for. */
function labelsOf(equation: string, term: string, covered: number): string[] {
  const parts = term.split('...');
  if (parts.length > 2) fail(equation, "a term may have '...' once");
  const bad = /[^A-Za-z]/.exec(parts.join(''));
  if (bad !== null) fail(equation, `subscripts are letters, received ${show(bad[0])}`);
  const ellipsis = parts.length === 1 ? [] : Array.from({ length: covered }, (_, i) => String(covered - 1 - i));
  return [...parts[0]!, ...ellipsis, ...(parts[1] ?? '')];
}
/** The labels of a result that is not written down: the axes of `...`, then the letters that occur once, in order. */
function impliedOutput(inputs: readonly (readonly string[])[], covered: number): string[] {
  const all = inputs.flat();
  const once = all.filter((label) => /[A-Za-z]/.test(label) && all.indexOf(label) === all.lastIndexOf(label));
  return [...Array.from({ length: covered }, (_, i) => String(covered - 1 - i)), ...once.sort()];
}
function parse(equation: string, operands: readonly Tensor[]): Equation {
  const [left, right, more] = equation.replaceAll(' ', '').split('->');
  if (more !== undefined) fail(equation, "'->' may occur once");
  const terms = left!.split(',');
  if (terms.length !== operands.length) fail(equation, `${terms.length} terms do not fit ${operands.length} operands`);
  const covered = terms.map((term, i) => operands[i]!.ndim - term.replace('...', '').length);
  const inputs = terms.map((term, i) => {
    const count = covered[i]!;
    if (term.includes('...') ? count < 0 : count !== 0)
      fail(equation, `term ${show(term)} does not fit operand ${i} of shape ${showShape(operands[i]!.shape)}`);
    return labelsOf(equation, term, count);
  });
  const widest = Math.max(0, ...covered.filter((_, i) => terms[i]!.includes('...')));
  if (right === undefined) return { inputs, output: impliedOutput(inputs, widest) };
  const output = labelsOf(equation, right, widest);
  output.forEach((label, i) => {
    if (output.indexOf(label) !== i) fail(equation, `the result has ${show(label)} twice`);
    if (!inputs.some((labels) => labels.includes(label))) fail(equation, `no operand has the result's ${show(label)}`);
  });
  return { inputs, output };
}

/** The sizes of all labels. Size 1 stretches to any other. */
function sizesOf(equation: string, terms: readonly Term[]): Map<string, number> {
  const sizes = new Map<string, number>();
  terms.forEach(({ tensor, labels }, operand) => {
    labels.forEach((label, axis) => {
      const size = tensor.shape[axis]!;
      const known = sizes.get(label) ?? 1;
      if (known !== 1 && size !== 1 && known !== size)
        fail(equation, `${/\d/.test(label) ? "an axis of '...'" : show(label)} has size ${size} in operand ${operand} and ${known} before`);
      sizes.set(label, known === 1 ? size : known);
    });
  });
  return sizes;
}

const order = ({ tensor, labels }: Term, wanted: readonly string[]): Term => ({
  tensor: p.transpose(
    tensor,
    wanted.map((label) => labels.indexOf(label)),
  ),
  labels: wanted,
});

/** Takes the diagonal of axes with one label. */
function withoutRepeats(term: Term): Term {
  const label = term.labels.find((candidate, i) => term.labels.indexOf(candidate) !== i);
  if (label === undefined) return term;
  const axes = term.labels.flatMap((candidate, i) => (candidate === label ? [i] : [])).slice(0, 2);
  const others = term.labels.flatMap((_, i) => (axes.includes(i) ? [] : [i]));
  const diagonal = diagonalPart(p.transpose(term.tensor, [...others, ...axes]));
  return withoutRepeats({ tensor: diagonal, labels: [...others.map((i) => term.labels[i]!), label] });
}
/** Drops axes of size 1 whose label has another size elsewhere: they stretch. */
function withoutStretched({ tensor, labels }: Term, sizes: ReadonlyMap<string, number>): Term {
  const kept = labels.flatMap((label, i) => (tensor.shape[i] === 1 && sizes.get(label) !== 1 ? [] : [i]));
  return { tensor: p.reshape(tensor, kept.map((i) => tensor.shape[i]!)), labels: kept.map((i) => labels[i]!) };
}
/** Sums over the labels that nothing else needs. */
function withoutUnneeded({ tensor, labels }: Term, needed: ReadonlySet<string>): Term {
  const gone = labels.flatMap((label, i) => (needed.has(label) ? [] : [i]));
  return gone.length === 0
    ? { tensor, labels }
    : { tensor: reduceAxes(p.sum, tensor, gone), labels: labels.filter((label) => needed.has(label)) };
}

/** Labels of an operand in the order of its axes, in runs that one axis can stand for in both operands. */
function runsOf(labels: readonly string[], a: Term, b: Term | null): string[][] {
  const follows = (term: Term, first: string, second: string) => term.labels.indexOf(second) === term.labels.indexOf(first) + 1;
  return labels.reduce<string[][]>((runs, label) => {
    const last = runs.at(-1)?.at(-1);
    if (last !== undefined && follows(a, last, label) && (b === null || follows(b, last, label))) runs.at(-1)!.push(label);
    else runs.push([label]);
    return runs;
  }, []);
}
/**
 * The runs of one operand's axes as axes, the single order of `groups` in which a product reads them, and new axes of size 1 for empty
 * groups.
 */
function folded(term: Term, groups: readonly (readonly string[])[]): { tensor: Tensor; perm: number[] } {
  const sizeOfRun = (run: readonly string[]) => sizeOf(run.map((label) => term.tensor.shape[term.labels.indexOf(label)]!));
  const place = (run: readonly string[]) => (run.length === 0 ? Infinity : term.labels.indexOf(run[0]!));
  const inOrder = [...groups.keys()].sort((i, j) => place(groups[i]!) - place(groups[j]!) || i - j);
  return { tensor: p.reshape(term.tensor, inOrder.map((i) => sizeOfRun(groups[i]!))), perm: groups.map((_, i) => inOrder.indexOf(i)) };
}

/**
 * The product of two terms, summed over the labels that only they have: one batched product of matrices that reads both where they are.
 * Rows that no single stride reaches become a part of the batch; of the inner labels and the columns only those that lie together are read
 * in place.
 */
function contract(a: Term, b: Term, needed: ReadonlySet<string>, wanted: readonly string[]): Term {
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const inner = shared.filter((label) => !needed.has(label));
  const byResult = (labels: readonly string[]) => labels.toSorted((x, y) => wanted.indexOf(x) - wanted.indexOf(y));
  const batch = byResult(shared.filter((label) => needed.has(label)));
  const [rows, columns] = [a, b].map(({ labels }) => byResult(labels.filter((label) => !shared.includes(label)))) as [string[], string[]];
  if (inner.length === 0) return multiplied(a, b, [...batch, ...rows, ...columns]);
  // The result's last axis should be a column, so that nothing has to be moved afterwards.
  const end = wanted.at(-1);
  if (end !== undefined && rows.includes(end)) return contract(b, a, needed, wanted);
  const together = (labels: readonly string[], term: Term) => runsOf(labels, term, null).length <= 1;
  const left = together(inner, a) ? a : order(a, [...batch, ...rows, ...inner]);
  const right = together(inner, b) && together(columns, b) ? b : order(b, [...batch, ...inner, ...columns]);
  const batches = runsOf(batch, left, right);
  const rowRuns = runsOf(rows, left, null);
  const outer = rowRuns.slice(0, -1);
  const x = folded(left, [...batches, ...outer, rowRuns.at(-1) ?? [], inner]);
  const y = folded(right, [...batches, ...outer.map(() => []), inner, columns]);
  const product = p.matmulPermuted(x.tensor, x.perm, y.tensor, y.perm);
  const labels = [...batch, ...rows, ...columns];
  const size = (label: string) =>
    a.labels.includes(label) ? a.tensor.shape[a.labels.indexOf(label)]! : b.tensor.shape[b.labels.indexOf(label)]!;
  return { tensor: p.reshape(product, labels.map(size)), labels };
}
/** The product of two terms that have nothing to sum. */
function multiplied(a: Term, b: Term, labels: readonly string[]): Term {
  const spread = (term: Term): Tensor => {
    const own = labels.filter((label) => term.labels.includes(label));
    const { tensor } = order(term, own);
    return p.reshape(tensor, labels.map((label) => (own.includes(label) ? tensor.shape[own.indexOf(label)]! : 1)));
  };
  return { tensor: p.multiply(spread(a), spread(b)), labels };
}

/** Up to this many operands every order of products is weighed; of more, the cheapest pair is taken each time. */
const WEIGHED = 8;
/** A product of two terms, or of what such products give: numbers of operands, nested. */
type Order = number | readonly [Order, Order];

/** The order of pairwise products with the fewest multiplications, by dynamic programming over the sets of operands. */
function bestOrder(labels: readonly (readonly string[])[], output: readonly string[], sizes: ReadonlyMap<string, number>): Order {
  const full = 2 ** labels.length - 1;
  const union = (set: number) => new Set(labels.flatMap((own, i) => ((set >> i) & 1 ? own : [])));
  const kept = (set: number) => {
    const outside = new Set([...output, ...union(full & ~set)]);
    return [...union(set)].filter((label) => outside.has(label));
  };
  const best = new Map<number, { cost: number; order: Order }>();
  for (let set = 1; set <= full; set++) {
    const single = Math.log2(set);
    if (Number.isInteger(single)) {
      best.set(set, { cost: 0, order: single });
      continue;
    }
    for (let part = (set - 1) & set; part > (set ^ part); part = (part - 1) & set) {
      const [x, y] = [best.get(part)!, best.get(set ^ part)!];
      const work = sizeOf([...new Set([...kept(part), ...kept(set ^ part)])].map((label) => sizes.get(label)!));
      const cost = x.cost + y.cost + work;
      if (cost < (best.get(set)?.cost ?? Infinity) || !best.has(set)) best.set(set, { cost, order: [y.order, x.order] });
    }
  }
  return best.get(full)!.order;
}
/** The cheapest pair first, again and again. */
function greedyOrder(labels: readonly (readonly string[])[], sizes: ReadonlyMap<string, number>): Order {
  let open: { readonly own: readonly string[]; readonly order: Order }[] = labels.map((own, i) => ({ own, order: i }));
  while (open.length > 1) {
    let found: { cost: number; i: number; j: number } | null = null;
    for (let j = 1; j < open.length; j++) {
      for (let i = 0; i < j; i++) {
        const cost = sizeOf([...new Set([...open[i]!.own, ...open[j]!.own])].map((label) => sizes.get(label)!));
        if (found === null || cost < found.cost) found = { cost, i, j };
      }
    }
    const { i, j } = found!;
    const joined = { own: [...new Set([...open[i]!.own, ...open[j]!.own])], order: [open[i]!.order, open[j]!.order] as const };
    open = [...open.filter((_, k) => k !== i && k !== j), joined];
  }
  return open[0]!.order;
}

/** All terms multiplied and summed, in a dtype that has kernels. */
function evaluate(equation: string, { inputs, output }: Equation, operands: readonly Tensor[]): Tensor {
  const given = operands.map((tensor, i) => withoutRepeats({ tensor, labels: inputs[i]! }));
  const sizes = sizesOf(equation, given);
  const stretched = given.map((term) => withoutStretched(term, sizes));
  const rest = new Map(stretched.map((term, i) => [i, term]));
  const needed = (...except: readonly number[]) =>
    new Set([...output, ...[...rest].flatMap(([i, term]) => (except.includes(i) ? [] : term.labels))]);
  for (const [i, term] of rest) rest.set(i, withoutUnneeded(term, needed(i)));
  const labels = [...rest.values()].map((term) => term.labels);
  const plan = labels.length <= WEIGHED ? bestOrder(labels, output, sizes) : greedyOrder(labels, sizes);
  let next = labels.length;
  const run = (step: Order): number => {
    if (typeof step === 'number') return step;
    const [i, j] = step.map(run) as [number, number];
    const open = needed(i, j);
    const last = rest.size === 2;
    const product = contract(rest.get(i)!, rest.get(j)!, open, last ? output : []);
    rest.delete(i);
    rest.delete(j);
    rest.set(next, product);
    return next++;
  };
  const result = rest.get(run(plan))!;
  // An axis of size 1 that was dropped everywhere cannot be: a label of the result has its full size in some term.
  return order(result, output).tensor;
}

/**
 * The sum of products that `subscripts` names in Einstein's notation, as NumPy's `einsum`: a letter for each axis of each operand, commas
 * between operands, and after `->` the letters of the result; letters that it lacks are summed over. Without `->` the result has the
 * letters that occur once, in alphabetical order. `...` stands for further axes, which broadcast; a letter that an operand has twice takes
 * its diagonal. Dtypes are promoted; int8 alone gives int32. Several operands are multiplied two at a time, in the order with the fewest
 * multiplications.
 */
export const einsum = publicOp('einsum', (subscripts: string, ...operands: TensorLike[]): Tensor => {
  if (typeof subscripts !== 'string') throw new TypeError(`einsum: subscripts must be a string, received ${show(subscripts)}`);
  if (operands.length === 0) throw new RangeError('einsum: expected at least one operand');
  const tensors = operands.map((operand) => toTensor(operand, null, 'einsum'));
  const common = resultType(...tensors.map((tensor) => tensor.dtype));
  const dtype: DType = tensors.every((tensor) => tensor.dtype === 'int8') ? 'int32' : common;
  const computed: DType = isHalf(dtype) ? 'float32' : dtype === 'bool' ? 'int32' : dtype;
  const equation = parse(subscripts, tensors);
  return castTo(evaluate(subscripts, equation, tensors.map((tensor) => castTo(tensor, computed))), dtype);
}, null);
