// Writes the nodes of an ONNX graph: names, constants, sizes that are found when the graph runs, and axes that are moved as late as
// possible, since ONNX's convolutions have the channels first and ours have them last.
import { dtypeBytes, isInteger, type DType } from '../../base/dtype.js';
import { makeTensor, scalarTensor } from '../../core/convert.js';
import type { Tensor } from '../../core/tensor.js';
import { transpose } from '../../ops/primitives/shape.js';
import { onnxType } from './dtypes.js';
import { ATTRIBUTE, type AttributeProto, type GraphProto, type NodeProto, type TensorProto, type Written } from './schema.js';
import { isFixed, sameSize, type Size, type SymbolicValue } from './symbolic-graph.js';

/** What attributes of nodes may be here; `float` tells numbers with fractions from whole ones. */
export type NodeAttribute = number | string | readonly number[] | Written<GraphProto> | { readonly float: number };

/** A tensor whose axes stand in another order than those of the value that it holds: axis `i` of the value is its axis `perm[i]`. */
export interface View {
  readonly name: string;
  readonly perm: readonly number[] | null;
}

/** Longer lists are no shapes. */
const LONGEST_LIST = 32;
const isIdentity = (perm: readonly number[]): boolean => perm.every((axis, i) => axis === i);
/** The order that undoes another. */
export const inverse = (perm: readonly number[]): number[] => perm.map((_, i) => perm.indexOf(i));

/** Bytes of an element in a file; a bool is one. */
const bytesOf = (tensor: Tensor): Uint8Array => {
  const { elements } = tensor;
  return new Uint8Array(elements.buffer, elements.byteOffset, tensor.size * dtypeBytes(tensor.dtype));
};

function attributeOf(name: string, value: NodeAttribute): Written<AttributeProto> {
  if (typeof value === 'number') return { name, type: ATTRIBUTE.INT, i: value };
  if (typeof value === 'string') return { name, type: ATTRIBUTE.STRING, s: new TextEncoder().encode(value) };
  if (Array.isArray(value)) return { name, type: ATTRIBUTE.INTS, ints: value as number[] };
  if ('float' in value) return { name, type: ATTRIBUTE.FLOAT, f: value.float };
  return { name, type: ATTRIBUTE.GRAPH, g: value as Written<GraphProto> };
}

/** What all graphs of a file share: names and constants. */
export class Names {
  private readonly taken = new Map<string, number>();
  readonly initializers: Written<TensorProto>[] = [];
  private readonly byContent = new Map<string, string>();
  private readonly byTensor = new Map<object, string>();

  /** A name that nothing has yet. */
  unique(wanted: string): string {
    const count = this.taken.get(wanted);
    this.taken.set(wanted, (count ?? 0) + 1);
    return count === undefined ? wanted : this.unique(`${wanted}_${count}`);
  }

  /** The constant of a tensor; `key`: what else is this very constant. */
  initializer(tensor: Tensor, wanted: string, key: object | null = null): string {
    const known = key === null ? undefined : this.byTensor.get(key);
    if (known !== undefined) return known;
    const bytes = bytesOf(tensor);
    const content = bytes.length > 64 ? null : `${tensor.dtype}${tensor.shape.join()}|${Buffer.from(bytes).toString('latin1')}`;
    const same = content === null || key !== null ? undefined : this.byContent.get(content);
    if (same !== undefined) return same;
    const name = this.unique(wanted);
    this.initializers.push({ name, dims: [...tensor.shape], dataType: onnxType(tensor.dtype), rawData: bytes });
    if (key !== null) this.byTensor.set(key, name);
    else if (content !== null) this.byContent.set(content, name);
    return name;
  }
}

/** Writes one graph. A graph of control flow is written by a builder of its own, which sees the names of the outer one. */
export class Builder {
  readonly nodes: Written<NodeProto>[] = [];
  private readonly views = new Map<SymbolicValue, View>();
  /** Values of constants, and of what follows from constants alone. */
  private readonly folded = new Map<SymbolicValue, { readonly tensor: Tensor; readonly wanted: string; readonly key: object | null }>();
  /** Where sizes that are not fixed can be read. */
  private readonly sizes = new Map<string, { readonly name: string; readonly axis: number }>();
  private readonly transposed = new Map<string, string>();
  /** Path of the layer whose calls are being written. */
  scope = '';

  constructor(readonly names: Names, readonly outer: Builder | null = null) {}

  private find<T>(of: (builder: Builder) => T | undefined): T | undefined {
    return of(this) ?? this.outer?.find(of);
  }

  // ---- nodes ---------------------------------------------------------------------------------------------------------

  /** Adds a node and returns the names of its outputs. */
  nodeOf(opType: string, input: readonly string[], attributes: Record<string, NodeAttribute> = {}, outputs = 1): string[] {
    const name = this.names.unique(this.scope === '' ? opType : `${this.scope}/${opType}`);
    const output = Array.from({ length: outputs }, (_, i) => (outputs === 1 ? name : `${name}:${i}`));
    const attribute = Object.entries(attributes).map(([key, value]) => attributeOf(key, value));
    this.nodes.push({ name, opType, input: [...input], output, attribute });
    return output;
  }
  /** Adds a node with one output and returns its name. */
  node(opType: string, input: readonly string[], attributes: Record<string, NodeAttribute> = {}): string {
    return this.nodeOf(opType, input, attributes)[0]!;
  }

  // ---- constants -----------------------------------------------------------------------------------------------------

  /** The constant of a tensor. */
  constant(tensor: Tensor, wanted = 'constant'): string {
    return this.names.initializer(tensor, wanted);
  }
  /** Whole numbers, int64. */
  ints(list: readonly number[]): string {
    return this.constant(
      makeTensor('int64', [list.length], (data) => list.forEach((n, i) => ((data as unknown as bigint[])[i] = BigInt(n)))),
      'ints',
    );
  }
  /** One number. */
  scalar(value: number, dtype: DType): string {
    return this.constant(scalarTensor(value, dtype), 'scalar');
  }
  /** The tensor of a value that is known now; null for one that is computed. */
  known(value: SymbolicValue): Tensor | null {
    const { source, shape } = value;
    const folded = this.find((builder) => builder.folded.get(value));
    if (folded !== undefined) return folded.tensor;
    if (source.kind === 'variable') return source.variable.concrete();
    if (source.kind !== 'constant' || !shape.every(isFixed)) return null;
    const [first] = source.tensors as [Tensor];
    return source.tensors.every((tensor) => tensor === first || Buffer.compare(bytesOf(tensor), bytesOf(first)) === 0) ? first : null;
  }
  /** Notes what a value is. */
  fold(value: SymbolicValue, tensor: Tensor): void {
    this.folded.set(value, { tensor, wanted: this.scope === '' ? 'constant' : `${this.scope}/constant`, key: null });
  }

  // ---- values --------------------------------------------------------------------------------------------------------

  /** Notes where a value is, and that its sizes can be read there. */
  set(value: SymbolicValue, view: View | string): void {
    const { name, perm } = typeof view === 'string' ? { name: view, perm: null } : view;
    this.views.set(value, { name, perm: perm === null || isIdentity(perm) ? null : perm });
    value.shape.forEach((size, i) => {
      if (!isFixed(size) && this.find((builder) => builder.sizes.get(size.join())) === undefined)
        this.sizes.set(size.join(), { name, axis: perm === null ? i : perm[i]! });
    });
  }
  /** Where a value is. */
  view(value: SymbolicValue): View {
    const found = this.find((builder) => builder.views.get(value));
    if (found !== undefined) return found;
    const { source } = value;
    const tensor = this.known(value);
    if (tensor !== null) {
      const folded = this.find((builder) => builder.folded.get(value));
      const [wanted, key] = source.kind === 'variable' ? [source.variable.path, source.variable] : [folded?.wanted ?? 'constant', null];
      const name = this.names.initializer(tensor, wanted, key);
      this.views.set(value, { name, perm: null });
      return { name, perm: null };
    }
    if (source.kind !== 'constant') throw new Error('a value is read before it is made');
    const name = this.variableConstant(value, source.tensors);
    this.set(value, name);
    return { name, perm: null };
  }
  /** The name of a value, with the axes in its own order. */
  name(value: SymbolicValue): string {
    return this.settle(this.view(value));
  }
  /** The name of a tensor that has the axes of a view in their order. */
  settle({ name, perm }: View): string {
    if (perm === null || isIdentity(perm)) return name;
    const key = `${name}|${perm.join()}`;
    const known = this.find((builder) => builder.transposed.get(key));
    if (known !== undefined) return known;
    const made = this.node('Transpose', [name], { perm: [...perm] });
    this.transposed.set(key, made);
    return made;
  }
  /** The name of a tensor from which the value's axes are read in the order `perm`. */
  arranged(value: SymbolicValue, perm: readonly number[]): string {
    const own = this.view(value);
    const back = inverse(perm);
    const tensor = this.known(value);
    if (tensor !== null && own.perm === null) {
      if (isIdentity(perm)) return own.name;
      const key = `${own.name}|${back.join()}`;
      const made = this.find((builder) => builder.transposed.get(key)) ?? this.constant(transpose(tensor, back), own.name);
      this.transposed.set(key, made);
      return made;
    }
    return this.settle({ name: own.name, perm: back.map((axis) => own.perm?.[axis] ?? axis) });
  }

  /** A constant that depends on unknown sizes: of one value, or of values in steps. @throws DependsOnSizes for others. */
  private variableConstant({ dtype, shape }: SymbolicValue, tensors: readonly Tensor[]): string {
    const lists = tensors.map(({ elements }) => Array.from(elements as unknown as ArrayLike<number | bigint>, Number));
    const isHalf = dtype === 'float16' || dtype === 'bfloat16';
    if (shape.length === 0 && !isHalf) return this.number(lists.map(([value]) => value!), dtype);
    const first = lists[0]![0];
    if (first !== undefined && lists.every((list) => list.every((value) => value === first))) {
      const one = makeTensor(dtype, [1], (data) => ((data as unknown as unknown[])[0] = tensors[0]!.elements[0]!));
      const filled = this.node('Expand', [this.constant(one), this.shape(shape)]);
      return filled;
    }
    // A list of sizes, such as a shape.
    if (shape.length === 1 && isInteger(dtype) && isFixed(shape[0]!) && shape[0]![0]! <= LONGEST_LIST)
      return this.cast(this.shape(lists[0]!.map((_, i) => lists.map((list) => list[i]!))), dtype);
    const step = (lists.find((list) => list.length > 1)?.[1] ?? NaN) - first!;
    if (isHalf || !lists.every((list) => list.every((value, i) => value === first! + step * i))) throw new DependsOnSizes();
    const count = shape.reduce<Size>((product, size) => product.map((n, i) => n * size[i]!), shape[0]!.map(() => 1));
    return this.node('Reshape', [this.range(count, count.map(() => first!), step, dtype), this.shape(shape)]);
  }
  /** `start`, `start + step`, … of a computed length. */
  range(count: Size, start: Size, step: number, dtype: DType): string {
    const own: DType = ['int32', 'int64', 'float32', 'float64'].includes(dtype) ? dtype : 'int64';
    const length = this.cast(this.squeeze(this.size(count)), own);
    const first = isFixed(start) ? this.scalar(start[0]!, own) : this.number(start, own);
    const end = this.node('Add', [this.node('Mul', [length, this.scalar(step, own)]), first]);
    return this.cast(this.node('Range', [first, end, this.scalar(step, own)]), dtype, own);
  }
  private squeeze(name: string): string {
    return this.node('Reshape', [name, this.constant(makeTensor('int64', [0], () => undefined), 'ints')]);
  }
  /** `name` in another dtype. */
  cast(name: string, dtype: DType, from: DType = 'int64'): string {
    return from === dtype ? name : this.node('Cast', [name], { to: onnxType(dtype) });
  }

  // ---- sizes ---------------------------------------------------------------------------------------------------------

  /** A scalar that follows from sizes, or is 1 over one. @throws DependsOnSizes for others. */
  private number(value: Size, dtype: DType): string {
    if (value.every((n) => Number.isInteger(n))) return this.cast(this.squeeze(this.size(value)), dtype);
    const over = value.map((n) => Math.round(1 / n));
    if (isInteger(dtype) || over.some((n, i) => Math.abs(n * value[i]! - 1) > 1e-6)) throw new DependsOnSizes();
    return this.node('Reciprocal', [this.cast(this.squeeze(this.size(over)), dtype)]);
  }
  /** A size, as int64 of shape [1]. @throws DependsOnSizes when it does not follow from those that are known. */
  size(size: Size): string {
    if (isFixed(size)) return this.ints([size[0]!]);
    const found = this.find((builder) => builder.sizes.get(size.join()));
    if (found !== undefined) return this.node('Shape', [found.name], { start: found.axis, end: found.axis + 1 });
    const made = this.derived(size);
    if (made === null) throw new DependsOnSizes();
    return made;
  }
  /** A size as a multiple of a known one, a known one and a constant, or the product of two. */
  private derived(size: Size): string | null {
    const known: { readonly size: Size; readonly name: string; readonly axis: number }[] = [];
    for (let builder: Builder | null = this; builder !== null; builder = builder.outer)
      for (const [key, place] of builder.sizes) known.push({ size: key.split(',').map(Number), ...place });
    const read = ({ name, axis }: (typeof known)[number]): string => this.node('Shape', [name], { start: axis, end: axis + 1 });
    for (const one of known) {
      const rest = size.map((n, i) => n - one.size[i]!);
      if (isFixed(rest)) return this.node('Add', [read(one), this.ints([rest[0]!])]);
      const factor = size.map((n, i) => n / one.size[i]!);
      if (isFixed(factor)) {
        if (Number.isInteger(factor[0])) return this.node('Mul', [read(one), this.ints([factor[0]!])]);
        if (Number.isInteger(1 / factor[0]!)) return this.node('Div', [read(one), this.ints([1 / factor[0]!])]);
      }
      const [i, j] = [0, size.findIndex((_, k) => one.size[k] !== one.size[0])];
      const slope = (size[j]! - size[i]!) / (one.size[j]! - one.size[i]!);
      const offset = size[i]! - slope * one.size[i]!;
      if (Number.isInteger(slope) && size.every((n, k) => n === slope * one.size[k]! + offset))
        return this.node('Add', [this.node('Mul', [read(one), this.ints([slope])]), this.ints([offset])]);
    }
    for (const one of known) {
      const quotient = size.map((n, i) => n / one.size[i]!);
      if (!quotient.every(Number.isInteger)) continue;
      const other = known.find((candidate) => {
        const factor = quotient.map((n, i) => n / candidate.size[i]!);
        return isFixed(factor) && Number.isInteger(factor[0]);
      });
      if (other === undefined) continue;
      const factor = quotient[0]! / other.size[0]!;
      const product = this.node('Mul', [read(one), read(other)]);
      return factor === 1 ? product : this.node('Mul', [product, this.ints([factor])]);
    }
    return null;
  }
  /** Sizes, as int64 of one axis. */
  shape(sizes: readonly Size[]): string {
    if (sizes.every(isFixed)) return this.ints(sizes.map(([n]) => n!));
    const parts: string[] = [];
    let run: number[] = [];
    const flush = (): void => {
      if (run.length > 0) parts.push(this.ints(run));
      run = [];
    };
    for (const size of sizes) {
      if (isFixed(size)) run.push(size[0]!);
      else {
        flush();
        parts.push(this.size(size));
      }
    }
    flush();
    return parts.length === 1 ? parts[0]! : this.node('Concat', parts, { axis: 0 });
  }
  /** The shape that `Reshape` takes to give `to` from `from`: 0 stands for the size at the same place, -1 for what is left. */
  reshaped(from: readonly Size[], to: readonly Size[]): string {
    const left = to.map((size, i) => (isFixed(size) ? size[0]! : from[i] !== undefined && sameSize(size, from[i]) ? 0 : null));
    const unknown = left.filter((n) => n === null).length;
    const entries = left.map((n) => n ?? -1);
    if (unknown === 0 || (unknown === 1 && !to.some((size) => size.includes(0)))) return this.ints(entries);
    return this.shape(to);
  }
}

/** Thrown for what follows from unknown sizes in a way that no node here computes. */
export class DependsOnSizes extends Error {}
