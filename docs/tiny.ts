// Keratin's core in little: the words and steps of lib/core and native/exec, in the order of ARCHITECTURE.md, to read before them. All
// numbers are float64, kernels are JavaScript, and what has no place here (dtypes, views, control flow, threads) is left out. Nothing uses
// it but its test, test/docs/tiny.test.ts, which trains a network with it.

type Shape = readonly number[];
const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

// ---- Tensors and variables ---------------------------------------------------------------------------------------------

/** Numbers in row-major order that never change; while a function is traced, a value of its graph in the place of memory. */
export class Tensor {
  constructor(readonly shape: Shape, readonly memory: Float64Array | null, readonly traced: Value | null = null) {}
}
export const tensor = (shape: Shape, numbers: ArrayLike<number>): Tensor => new Tensor(shape, Float64Array.from(numbers));
const filled = (shape: Shape, number: number): Tensor => new Tensor(shape, new Float64Array(sizeOf(shape)).fill(number));

/** State that compiled functions read, and write over. */
export class Variable {
  readonly shape: Shape;
  readonly memory: Float64Array;

  constructor(initial: Tensor) {
    this.shape = initial.shape;
    this.memory = initial.memory!.slice();
  }
  get value(): Tensor {
    return current?.readVariable(this) ?? new Tensor(this.shape, this.memory.slice());
  }
  assign(value: Tensor): void {
    if (current === null) this.memory.set(value.memory!);
    else current.writeVariable(this, value);
  }
}

// ---- Ops and the one door to them --------------------------------------------------------------------------------------

/** Numbers that belong to a call, such as a shape to broadcast to. */
type Attrs = readonly number[];
/** What a kernel sees of a call. */
interface Work {
  readonly inputs: readonly Float64Array[];
  readonly shapes: readonly Shape[];
  readonly out: Float64Array;
}
/** A call on a tape. */
interface Entry {
  readonly op: Op;
  readonly inputs: readonly Tensor[];
  readonly attrs: Attrs;
  readonly output: Tensor;
}
/** A primitive: a name with its rules. */
interface Op {
  readonly name: string;
  /** The only shape rule. */
  readonly infer: (shapes: readonly Shape[], attrs: Attrs) => Shape;
  /** Gradients of the inputs, given that of the output, written with ops: so they are traced and differentiated like everything else. */
  readonly vjp: (dy: Tensor, call: Entry) => readonly Tensor[];
  /** One element of the output from those of the inputs at its place: such ops fuse. */
  readonly tile?: (...elements: number[]) => number;
  /** Any other op: the units of work of an output, and a function over a range of them, which threads could share. */
  readonly units?: (shape: Shape) => number;
  readonly kernel?: (work: Work, begin: number, end: number) => void;
}

/** Every call of an op goes through here: it is recorded when an input is traced, and runs now otherwise; tapes hear of it. */
function bind(op: Op, inputs: readonly Tensor[], attrs: Attrs = []): Tensor {
  const isTraced = inputs.some((input) => input.memory === null);
  const output = isTraced ? current!.record(op, inputs, attrs) : runNow(op, inputs, attrs);
  for (const tape of tapes) tape.note({ op, inputs, attrs, output });
  return output;
}

const calls = new Map<string, Plan>();
/** Runs one call, as a plan of one node that is kept for the next call of these shapes. */
function runNow(op: Op, inputs: readonly Tensor[], attrs: Attrs): Tensor {
  const key = JSON.stringify([op.name, attrs, inputs.map(({ shape }) => shape)]);
  if (!calls.has(key)) {
    const values: Value[] = inputs.map(({ shape }) => ({ shape }));
    const node = makeNode(op, values, attrs);
    calls.set(key, new Plan({ inputs: values, nodes: [node], outputs: [node.output], updates: new Map() }));
  }
  return calls.get(key)!.run(inputs)[0];
}

// ---- Primitives, and functions made of them ----------------------------------------------------------------------------

const elementwise = (name: string, tile: (...elements: number[]) => number, vjp: Op['vjp']): Op => ({
  name,
  infer: ([shape]) => shape,
  tile,
  vjp,
});

const addOp = elementwise('add', (x, y) => x + y, (dy) => [dy, dy]);
const multiplyOp = elementwise('multiply', (x, y) => x * y, (dy, { inputs: [x, y] }) => [multiply(dy, y), multiply(dy, x)]);
const tanhOp = elementwise('tanh', Math.tanh, (dy, { output: y }) => [multiply(dy, subtract(1, multiply(y, y)))]);

/** Repeats a tensor along new leading axes; its gradient adds up what was repeated, and the other way round. */
const broadcastOp: Op = {
  name: 'broadcast',
  infer: (_, shape) => shape,
  vjp: (dy, { inputs: [x] }) => [bind(sumOp, [dy], x.shape)],
  units: sizeOf,
  kernel({ inputs: [x], out }, begin, end) {
    for (let i = begin; i < end; ++i) out[i] = x[i % x.length];
  },
};
const sumOp: Op = {
  name: 'sum',
  infer: (_, shape) => shape,
  vjp: (dy, { inputs: [x] }) => [bind(broadcastOp, [dy], x.shape)],
  units: sizeOf,
  kernel({ inputs: [x], out }, begin, end) {
    for (let i = begin; i < end; ++i) {
      out[i] = 0;
      for (let j = i; j < x.length; j += out.length) out[i] += x[j];
    }
  },
};
const transposeOp: Op = {
  name: 'transpose',
  infer: ([[m, n]]) => [n, m],
  vjp: (dy) => [transpose(dy)],
  units: ([n]) => n,
  kernel({ inputs: [x], shapes: [[m, n]], out }, begin, end) {
    for (let j = begin; j < end; ++j) for (let i = 0; i < m; ++i) out[j * m + i] = x[i * n + j];
  },
};
const matmulOp: Op = {
  name: 'matmul',
  infer([[m, k], [rows, n]]) {
    if (k !== rows) throw new RangeError(`matmul: inner sizes differ, received [${m},${k}] and [${rows},${n}]`);
    return [m, n];
  },
  vjp: (dy, { inputs: [a, b] }) => [matmul(dy, transpose(b)), matmul(transpose(a), dy)],
  units: ([m]) => m,
  kernel({ inputs: [a, b], shapes: [[, k], [, n]], out }, begin, end) {
    out.fill(0, begin * n, end * n);
    for (let i = begin; i < end; ++i) {
      for (let p = 0; p < k; ++p) for (let j = 0; j < n; ++j) out[i * n + j] += a[i * k + p] * b[p * n + j];
    }
  },
};

type TensorLike = Tensor | number;
const toTensor = (x: TensorLike): Tensor => (typeof x === 'number' ? filled([], x) : x);
const broadcast = (x: Tensor, shape: Shape): Tensor => (x.shape.length === shape.length ? x : bind(broadcastOp, [x], shape));
/** Calls an op of two inputs, of which one may be a number or have fewer axes. */
function binary(op: Op, first: TensorLike, second: TensorLike): Tensor {
  const [x, y] = [toTensor(first), toTensor(second)];
  const { shape } = x.shape.length >= y.shape.length ? x : y;
  return bind(op, [broadcast(x, shape), broadcast(y, shape)]);
}
export const add = (x: TensorLike, y: TensorLike): Tensor => binary(addOp, x, y);
export const multiply = (x: TensorLike, y: TensorLike): Tensor => binary(multiplyOp, x, y);
export const subtract = (x: TensorLike, y: TensorLike): Tensor => add(x, multiply(y, -1));
export const tanh = (x: Tensor): Tensor => bind(tanhOp, [x]);
export const matmul = (a: Tensor, b: Tensor): Tensor => bind(matmulOp, [a, b]);
export const transpose = (x: Tensor): Tensor => bind(transposeOp, [x]);
export const mean = (x: Tensor): Tensor => multiply(bind(sumOp, [x], []), 1 / sizeOf(x.shape));

// ---- Differentiation ---------------------------------------------------------------------------------------------------

/** Notes the calls that depend on some tensors. */
class Tape {
  readonly entries: Entry[] = [];
  private readonly followed: Set<Tensor>;

  constructor(sources: readonly Tensor[]) {
    this.followed = new Set(sources);
  }
  note(entry: Entry): void {
    if (!entry.inputs.some((input) => this.followed.has(input))) return;
    this.followed.add(entry.output);
    this.entries.push(entry);
  }
}
const tapes: Tape[] = [];

/** A function's value, which has no axes, and its gradients: the calls on a tape, walked backwards. */
export function valueAndGrad(fn: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[]): [value: Tensor, gradients: Tensor[]] {
  const tape = new Tape(inputs);
  tapes.push(tape);
  const value = fn(...inputs);
  tapes.pop();
  const gradients = new Map([[value, filled(value.shape, 1)]]);
  for (const call of tape.entries.toReversed()) {
    const dy = gradients.get(call.output);
    if (dy === undefined) continue;
    call.op.vjp(dy, call).forEach((gradient, i) => {
      const known = gradients.get(call.inputs[i]);
      gradients.set(call.inputs[i], known === undefined ? gradient : add(known, gradient));
    });
  }
  return [value, inputs.map((input) => gradients.get(input) ?? filled(input.shape, 0))];
}

// ---- Tracing -----------------------------------------------------------------------------------------------------------

/** A value in a graph: an input, what a node makes, or one of these two. */
interface Value {
  readonly shape: Shape;
  readonly constant?: Float64Array;
  readonly variable?: Variable;
}
/** A call of an op. */
interface Node {
  readonly op: Op;
  readonly attrs: Attrs;
  readonly inputs: readonly Value[];
  readonly output: Value;
}
/** Calls in an order in which they can run; with the new values of variables. */
export interface Graph {
  readonly inputs: readonly Value[];
  readonly nodes: readonly Node[];
  readonly outputs: readonly Value[];
  readonly updates: ReadonlyMap<Variable, Value>;
}
const makeNode = (op: Op, inputs: readonly Value[], attrs: Attrs): Node => ({
  op,
  attrs,
  inputs,
  output: {
    shape: op.infer(
      inputs.map(({ shape }) => shape),
      attrs,
    ),
  },
});

/** A graph that is being recorded. */
class Trace {
  readonly nodes: Node[] = [];
  readonly updates = new Map<Variable, Value>();
  private readonly read = new Map<Variable, Value>();

  lift = ({ shape, memory, traced }: Tensor): Value => traced ?? { shape, constant: memory! };
  record(op: Op, inputs: readonly Tensor[], attrs: Attrs): Tensor {
    const node = makeNode(op, inputs.map(this.lift), attrs);
    this.nodes.push(node);
    return new Tensor(node.output.shape, null, node.output);
  }
  readVariable(variable: Variable): Tensor {
    if (!this.read.has(variable)) this.read.set(variable, { shape: variable.shape, variable });
    return new Tensor(variable.shape, null, this.updates.get(variable) ?? this.read.get(variable)!);
  }
  writeVariable(variable: Variable, tensor: Tensor): void {
    this.updates.set(variable, this.lift(tensor));
  }
}
let current: Trace | null = null;

/** Runs a function on tensors without memory, and gives the graph of what it did. */
export function trace(fn: (...inputs: Tensor[]) => Tensor, shapes: readonly Shape[]): Graph {
  const inputs: Value[] = shapes.map((shape) => ({ shape }));
  const { nodes, updates, lift } = (current = new Trace());
  try {
    const output = fn(...inputs.map((value) => new Tensor(value.shape, null, value)));
    return { inputs, nodes, outputs: [lift(output)], updates };
  } finally {
    current = null;
  }
}

// ---- Passes ------------------------------------------------------------------------------------------------------------

const results = ({ outputs, updates }: Graph): Value[] => [...outputs, ...updates.values()];

/** Common subexpressions: equal calls are made once. */
export function eliminateCommon(graph: Graph): Graph {
  const numbers = new Map<Value, number>();
  const numberOf = (value: Value): number => numbers.get(value) ?? (numbers.set(value, numbers.size), numbers.size - 1);
  const [first, instead] = [new Map<string, Value>(), new Map<Value, Value>()];
  const resolve = (value: Value): Value => instead.get(value) ?? value;
  const nodes = graph.nodes.flatMap((node) => {
    const inputs = node.inputs.map(resolve);
    const key = JSON.stringify([
      node.op.name,
      node.attrs,
      inputs.map((value) => (value.constant?.length === 1 ? [value.shape, value.constant[0]] : numberOf(value))),
    ]);
    const same = first.get(key);
    if (same === undefined) first.set(key, node.output);
    else instead.set(node.output, same);
    return same === undefined ? [{ ...node, inputs }] : [];
  });
  return {
    ...graph,
    nodes,
    outputs: graph.outputs.map(resolve),
    updates: new Map([...graph.updates].map(([variable, value]) => [variable, resolve(value)])),
  };
}

/** Two calls that follow each other as one op, which hands the first's element to the second. */
function fused(first: Node, second: Node): Node {
  const rest = second.inputs.filter((value) => value !== first.output);
  const tile = (...elements: number[]): number => {
    const [made, others] = [first.op.tile!(...elements), elements.slice(first.inputs.length)];
    return second.op.tile!(...second.inputs.map((value) => (value === first.output ? made : others.shift()!)));
  };
  return {
    op: { ...second.op, name: `${first.op.name} ${second.op.name}`, tile },
    attrs: [],
    inputs: [...first.inputs, ...rest],
    output: second.output,
  };
}
/** Elementwise calls of one shape become one call where nobody else reads what is between them. */
export function fuse(graph: Graph): Graph {
  const nodes: Node[] = [];
  const readers = (value: Value): number => graph.nodes.filter(({ inputs }) => inputs.includes(value)).length;
  for (let node of graph.nodes) {
    for (const made of nodes.filter(({ op, output }) => op.tile && node.op.tile && node.inputs.includes(output))) {
      if (readers(made.output) > 1 || results(graph).includes(made.output)) continue;
      nodes.splice(nodes.indexOf(made), 1);
      node = fused(made, node);
    }
    nodes.push(node);
  }
  return { ...graph, nodes };
}

// ---- Plans -------------------------------------------------------------------------------------------------------------

/** A graph with the places of its values chosen: in the arena, which values share that do not live at the same time. */
export class Plan {
  private readonly offsets = new Map<Value, number>();
  readonly arena: Float64Array;

  constructor(readonly graph: Graph) {
    const kept = new Set(results(graph));
    const last = new Map(graph.nodes.flatMap(({ inputs }, i) => inputs.map((value) => [value, i] as const)));
    const free: { offset: number; size: number }[] = [];
    let end = 0;
    graph.nodes.forEach(({ inputs, output }, i) => {
      const size = sizeOf(output.shape);
      const found = free.findIndex((gap) => gap.size === size);
      this.offsets.set(output, found < 0 ? end : free.splice(found, 1)[0].offset);
      if (found < 0) end += size;
      for (const value of new Set(inputs)) {
        const offset = this.offsets.get(value);
        if (offset !== undefined && last.get(value) === i && !kept.has(value)) free.push({ offset, size: sizeOf(value.shape) });
      }
    });
    this.arena = new Float64Array(end);
  }

  /** Runs the nodes in order, then writes variables. */
  run(inputs: readonly Tensor[]): Tensor[] {
    const { graph, arena, offsets } = this;
    const memoryOf = (value: Value): Float64Array => {
      const at = offsets.get(value);
      return at === undefined
        ? (value.constant ?? value.variable?.memory ?? inputs[graph.inputs.indexOf(value)].memory!)
        : arena.subarray(at, at + sizeOf(value.shape));
    };
    for (const { op, inputs: values, output } of graph.nodes) {
      execute(op, { inputs: values.map(memoryOf), shapes: values.map(({ shape }) => shape), out: memoryOf(output) }, output.shape);
    }
    const outputs = graph.outputs.map((value) => new Tensor(value.shape, memoryOf(value).slice()));
    const updates = [...graph.updates].map(([variable, value]) => [variable, memoryOf(value).slice()] as const);
    for (const [variable, memory] of updates) variable.memory.set(memory);
    return outputs;
  }
}

const UNITS_AT_ONCE = 64; // of a thread, if there were any: what comes out does not depend on it
/** Runs a call in ranges of units. */
function execute({ tile, units = sizeOf, kernel }: Op, work: Work, shape: Shape): void {
  const run = kernel ?? (({ inputs, out }, begin, end) => {
    for (let i = begin; i < end; ++i) out[i] = tile!(...inputs.map((x) => x[i]));
  });
  const count = units(shape);
  for (let begin = 0; begin < count; begin += UNITS_AT_ONCE) run(work, begin, Math.min(count, begin + UNITS_AT_ONCE));
}

/** The function, compiled for each set of shapes that it is called with. */
export function jit(fn: (...inputs: Tensor[]) => Tensor): (...inputs: Tensor[]) => Tensor {
  const plans = new Map<string, Plan>();
  return (...inputs) => {
    const shapes = inputs.map(({ shape }) => shape);
    const key = JSON.stringify(shapes);
    if (!plans.has(key)) plans.set(key, new Plan(fuse(eliminateCommon(trace(fn, shapes)))));
    return plans.get(key)!.run(inputs)[0];
  };
}
