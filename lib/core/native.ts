// The loader of the native addon, the only file that knows where it may lie, and the typed face of what it exports.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Memory } from './memory.js';

declare const planBrand: unique symbol;

/** A compiled plan, owned by native code and freed with its last reference. */
export interface PlanHandle {
  readonly [planBrand]: true;
}

declare const controlBrand: unique symbol;

/** With it one run off the main thread is paused and cancelled. */
export interface RunControl {
  readonly [controlBrand]: true;
}

/** A native kernel or tile op: its name and the element type of its first operand. Its id is its place in the list. */
export interface NativeRow {
  readonly name: string;
  readonly dtype: string;
}

/** What the addon found on this machine and what it was built with. */
export interface NativeInfo {
  /** The instruction set in use. */
  readonly isa: string;
  /** Those that were built and that this processor supports, best first. */
  readonly isas: readonly string[];
  /** Threads in the pool, the caller included. */
  readonly threads: number;
  /** Names of the element types, in wire order. */
  readonly dtypes: readonly string[];
  readonly kernels: readonly NativeRow[];
  readonly tiles: readonly NativeRow[];
  /** Elements in a tile of an elementwise program. */
  readonly tile: number;
}

/** How often and how long `runAsync` runs a plan. */
export interface RunAsyncOptions {
  /** Index of the buffer whose int32 scalar is incremented after each step, or -1. */
  counter: number;
  /** Steps at most. */
  steps: number;
  /** Milliseconds after which no further step begins; at least one step is done. */
  budget: number;
}

/** The exports of the addon. Buffers are given in the order of the plan's external slots. */
export interface Native {
  /** The machine, the kernels and the tile ops. */
  info(): NativeInfo;
  /**
   * Checks and compiles a plan; `words` is described in native/exec/plan.h, `constants` are copied, `children` are run by control flow;
   * from instruction `commit` on runs are not cancelled.
   */
  compile(words: Float64Array, constants: Uint8Array, children: readonly PlanHandle[], commit?: number): PlanHandle;
  /** Frees a plan; its handle is of no use afterwards. Runs that have begun go on. */
  release(plan: PlanHandle): void;
  /** Runs a plan once. */
  run(plan: PlanHandle, ...buffers: Memory[]): void;
  /** `run` for any number of buffers. */
  runMany(plan: PlanHandle, buffers: Memory[]): void;
  /** Runs a plan repeatedly off the main thread; resolves to the number of steps done. */
  runAsync(plan: PlanHandle, buffers: Memory[], options: RunAsyncOptions, control: RunControl): Promise<number>;
  /** A control for one run. */
  newControl(): RunControl;
  /** Waits for the end of the present step; no further one begins until `resume`. */
  pause(control: RunControl): void;
  resume(control: RunControl): void;
  /** Ends the run: before the next instruction, unless the step has begun to write variables; then after it. */
  cancel(control: RunControl): void;
  /** Bytes before the first multiple of 64 in a new buffer's addresses; `quiet` as in native/binding/buffers.cc. */
  adopt(buffer: ArrayBuffer, quiet: boolean): number;
  /** Turns the profile of a plan on or off. */
  setProfile(plan: PlanHandle, on: boolean): void;
  /** For each instruction: times run, and nanoseconds in all. */
  profile(plan: PlanHandle): Float64Array;
}

const platform = `${process.platform}-${process.arch}`;

/** Where the addon may be, in order of preference: a prebuilt package of this platform, then a local build. */
const candidates = [
  ...(process.env['KERATIN_ADDON'] === undefined ? [] : [process.env['KERATIN_ADDON']]),
  `@keratin/${platform}`,
  ...(process.platform === 'linux' ? [`@keratin/${platform}-musl`] : []),
  fileURLToPath(new URL('../../build/Release/keratin.node', import.meta.url)),
];

/** Loads the first candidate that this machine can. Errors of the addon itself, such as a wrong setting, pass through. */
function load(): Native {
  const require = createRequire(import.meta.url);
  const failures: string[] = [];
  for (const candidate of candidates) {
    try {
      return require(candidate) as Native;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_DLOPEN_FAILED') throw error;
      failures.push(`  ${candidate}: ${code === 'MODULE_NOT_FOUND' ? 'not found' : message}`);
    }
  }
  throw new Error(explain(failures));
}

function explain(failures: string[]): string {
  const folder = fileURLToPath(new URL('../../', import.meta.url));
  return [
    `keratin: no native addon for this platform (${platform}, Node.js ${process.versions.node}). Looked for:`,
    ...failures,
    'Prebuilt binaries are optional dependencies: install with `npm install --include=optional keratin`, on the platform that',
    'will run it. To build it here, with a C++20 compiler, make and Python 3: in a clone `npm run build`, in a project',
    `  npm install --no-save node-gyp@12 node-addon-api@8 && node ${folder}scripts/build-addon.mjs`,
  ].join('\n');
}

/** The addon. */
export const native: Native = load();
