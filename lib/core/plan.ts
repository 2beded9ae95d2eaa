// Plans: a graph for fixed shapes with kernels, order and memory chosen, handed to the native executor as one flat array.
import type { Graph, Node, Value } from './graph.js';
import { INLINE_CONSTANT, makeNode, printGraph } from './graph.js';
import { kernelNumber } from './kernels.js';
import { Arena } from './arena.js';
import { LoadedPlan, loadPlan, type PlanCode } from './loaded-plan.js';
import { aligned, checkBytes, type Memory } from './memory.js';
import type { PlanHandle } from './native.js';
import type { Attrs, EagerCall, Op } from './op.js';
import { arrange, optimize } from './passes/index.js';
import { rootOf } from './passes/materialize.js';
import type { Schedule } from './passes/schedule.js';
import { type Label, logsPlans } from './profile.js';
import { CONTROL_KINDS, type Instruction, type Operand } from './program.js';
import type { Spec } from '../base/shape.js';
import type { Tensor } from './tensor.js';
import type { Variable } from './variable.js';
import { finish, type Work } from './work.js';

const VERSION = 1;
const FUSED = -1;
const CONTROL = -2;

/** What the executor needs at run time, in this order: inputs, variables, large constants, outputs. */
export interface Plan {
  readonly handle: PlanHandle;
  /** Gives native memory back until the plan is run again. */
  readonly release: () => void;
  readonly inputs: readonly Spec[];
  readonly variables: readonly { readonly variable: Variable; readonly written: boolean }[];
  readonly constants: readonly Memory[];
  readonly outputs: readonly Spec[];
  /** Rough number of multiplications and additions in a run. */
  readonly cost: number;
  /** The layer and op of each instruction, for error messages and profiles. */
  readonly labels: readonly Label[];
}

type Slot = { readonly kind: 'external'; readonly index: number } | { readonly kind: 'arena' | 'constant'; readonly offset: number };

/** Builds the words of one plan. */
class PlanBuilder {
  private readonly slots: Slot[] = [];
  private readonly slotOf = new Map<Value, number>();
  private readonly externals: number[] = []; // bytes needed, by index
  private readonly constantBytes: number[] = [];
  private readonly scalars = new Map<Memory, number>();
  private readonly words: number[] = [];
  private readonly children: PlanCode[] = [];
  /** Bytes of intermediate values, those of children included. */
  bytes = 0;
  private commit: number | null = null;
  private readonly arena = new Arena();
  readonly constants: Memory[] = [];
  readonly labels: Label[] = [];

  constructor(private readonly plan: Schedule) {}

  private addSlot(slot: Slot): number {
    return this.slots.push(slot) - 1;
  }

  private external(value: Value): void {
    this.slotOf.set(value, this.addSlot({ kind: 'external', index: this.externals.push(value.spec.bytes) - 1 }));
  }

  private inline(bytes: Uint8Array): number {
    const offset = aligned(this.constantBytes.length);
    while (this.constantBytes.length < offset) this.constantBytes.push(0);
    this.constantBytes.push(...bytes);
    return this.addSlot({ kind: 'constant', offset });
  }

  private scalarSlot({ tensor }: Extract<Operand, { kind: 'scalar' }>): number {
    const memory = tensor.memory!;
    let slot = this.scalars.get(memory);
    if (slot === undefined) {
      slot = this.inline(memory);
      this.scalars.set(memory, slot);
    }
    return slot;
  }

  /** Fixed places: inputs, variables (with what is written over them), constants, outputs. */
  bindFixed(): void {
    const { graph, inPlace } = this.plan;
    graph.inputs.forEach((value) => this.external(value));
    const memory = new Map(graph.variables.map(({ variable, read }) => {
      this.external(read);
      return [variable, this.slotOf.get(read)!] as const;
    }));
    for (const [root, variable] of inPlace) this.slotOf.set(root, memory.get(variable)!);
    const constants = new Set(graph.nodes.flatMap((node) => node.inputs.map(rootOf)).filter((value) => value.source.kind === 'constant'));
    for (const value of constants) {
      const tensor = (value.source as { tensor: Tensor }).tensor;
      if (value.spec.bytes <= INLINE_CONSTANT) this.slotOf.set(value, this.inline(tensor.memory!));
      else {
        this.constants.push(tensor.lend());
        this.external(value);
      }
    }
    graph.outputs.forEach((value) => this.external(rootOf(value)));
  }

  /** Places in the arena for everything else. */
  bindArena(): void {
    const { nodes } = this.plan.graph;
    const lastUse = new Map<Value, number>();
    nodes.forEach((node, i) => [...node.inputs, ...node.outputs].forEach((value) => lastUse.set(rootOf(value), i)));
    nodes.forEach((node, i) => {
      if (node.op.lower === 'alias') return;
      for (const value of node.outputs) {
        if (this.slotOf.has(value)) continue;
        this.slotOf.set(value, this.addSlot({ kind: 'arena', offset: this.arena.place(value.spec.bytes, i, lastUse.get(value)!) }));
      }
    });
  }

  private *emit(node: Node, instruction: Instruction): Work<void> {
    const operands = instruction.operands.map((operand) => {
      if (operand.kind === 'none') return -1;
      if (operand.kind === 'scalar') return this.scalarSlot(operand);
      return this.slotOf.get(rootOf((operand.kind === 'input' ? node.inputs : node.outputs)[operand.index]!))!;
    });
    const { kernel, dtype, floats = [], epilogue = [], control } = instruction;
    const ints = control === undefined ? instruction.ints : [...(yield* this.buildChildren(control)), ...instruction.ints];
    for (const n of ints) {
      if (!Number.isSafeInteger(n))
        throw new RangeError(`${node.op.name}: expected whole numbers, received ${n} (in ${ints.slice(0, 16).join(', ')})`);
    }
    const id = kernel === 'fused' ? FUSED : control === undefined ? kernelNumber(kernel, dtype) : CONTROL;
    this.words.push(id, operands.length, ...operands, ints.length, ...ints, floats.length, ...floats, epilogue.length, ...epilogue);
    this.labels.push({ scope: node.scope, op: node.op.name });
  }

  /** Builds what a control instruction runs; the integers that name it. */
  private *buildChildren({ kind, graphs }: NonNullable<Instruction['control']>): Work<number[]> {
    const first = this.children.length;
    for (const graph of graphs) {
      const child = yield* buildPlan(yield* optimize(graph));
      this.children.push(child.code);
      this.bytes += child.builder.bytes;
    }
    const numbers = graphs.map((_, i) => first + i);
    return [CONTROL_KINDS.indexOf(kind), ...(kind === 'branch' ? [graphs.length] : []), ...numbers];
  }

  *instructions(): Work<void> {
    for (const node of this.plan.graph.nodes) {
      yield;
      if (node.outputs.some((value) => this.plan.inPlace.has(value))) this.commit ??= this.labels.length;
      const { lower } = node.op;
      if (typeof lower !== 'function' || node.outputs.every((value) => value.spec.size === 0)) continue;
      const call = { inputs: node.inputs.map((v) => v.spec), outputs: node.outputs.map((v) => v.spec), attrs: node.attrs };
      const over = this.plan.over.get(node);
      for (const instruction of lower(over === undefined ? call : { ...call, over })) yield* this.emit(node, instruction);
    }
  }

  code(): PlanCode {
    this.externals.forEach(checkBytes);
    checkBytes(this.arena.bytes);
    const slots = this.slots.flatMap((slot) =>
      slot.kind === 'external' ? [0, slot.index] : [slot.kind === 'arena' ? 1 : 2, slot.offset]);
    const header = [VERSION, this.slots.length, this.arena.bytes, this.constantBytes.length, this.labels.length];
    const words = Float64Array.from([...header, ...slots, ...this.words, this.externals.length, ...this.externals]);
    this.bytes += this.arena.bytes;
    return { words, constants: Uint8Array.from(this.constantBytes), children: this.children, commit: this.commit, labels: this.labels };
  }
}

/** Rough number of multiplications and additions in a run of a graph. */
export function costOf({ nodes }: Graph): number {
  return nodes.reduce((total, { op, inputs, outputs, attrs }) => {
    const call = { inputs: inputs.map((v) => v.spec), outputs: outputs.map((v) => v.spec), attrs };
    return total + (op.cost?.(call) ?? call.outputs.reduce((n, spec) => n + spec.size, 0));
  }, 0);
}

/** What a plan is built of. */
interface Built {
  readonly code: PlanCode;
  readonly builder: PlanBuilder;
  readonly scheduled: Schedule;
}

function* buildPlan(graph: Graph): Work<Built> {
  const scheduled = yield* arrange(graph);
  if (logsPlans && graph.nodes.length > 1) process.stderr.write(`${printGraph(scheduled.graph)}\n\n`);
  const builder = new PlanBuilder(scheduled);
  builder.bindFixed();
  builder.bindArena();
  yield* builder.instructions();
  return { code: builder.code(), builder, scheduled };
}

/** Compiles a graph. */
export function* compileGraph(traced: Graph): Work<Plan> {
  const graph = yield* optimize(traced);
  const { code, builder, scheduled } = yield* buildPlan(graph);
  const loaded = new LoadedPlan(code, builder.bytes);
  return {
    get handle() {
      return loaded.handle;
    },
    release: () => loaded.release(),
    inputs: graph.inputs.map((value) => value.spec),
    variables: scheduled.graph.variables.map(({ variable, update }) => ({ variable, written: update !== null })),
    constants: builder.constants,
    outputs: graph.outputs.map((value) => value.spec),
    cost: costOf(graph),
    labels: builder.labels,
  };
}

/** Compiles one call of an op, for running it at once. */
export function compileCall(op: Op, inputs: readonly Spec[], attrs: Attrs): EagerCall {
  const outputs = op.infer(inputs, attrs);
  if (op.lower === 'alias' || outputs.every((spec) => spec.size === 0)) return { plan: null, inputs, outputs };
  const values = inputs.map((spec): Value => ({ spec, source: { kind: 'input' } }));
  const node = makeNode(op, values, attrs, outputs, '');
  const { code } = finish(buildPlan({ inputs: values, nodes: [node], outputs: node.outputs, variables: [] }));
  return { plan: loadPlan(code), inputs, outputs };
}

