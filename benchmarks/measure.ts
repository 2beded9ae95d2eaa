// Runs the measurements: alternating rounds, a fresh process for each system in each round.
import { spawn } from 'node:child_process';
import { median } from './statistics.js';
import type { System } from './systems.js';
import type { Workload } from './workloads.js';

/** One of several things that a workload measures. */
export interface Part {
  name: string;
  /** Multiplications and additions. */
  flops: number;
  /** Seconds of one call: the median inside the process. */
  seconds: number;
}

/** What a measuring process prints as its last line. */
export interface Measurement {
  /** Seconds of one unit of work: the median inside the process, warm-up excluded. */
  seconds: number;
  /** Resident megabytes: after the import (the workload `import`), or the most there were (loading and saving). */
  rssMb?: number;
  /** What the seconds are the sum of (the workload `kernels` only). */
  parts?: Part[];
  /** Versions of what was measured. */
  versions: Record<string, string>;
}

/** The result of one system on one workload. */
export interface Row {
  workload: string;
  system: string;
  /** Median of the rounds: seconds of one unit of work. */
  seconds: number;
  /** The fastest round, in seconds. */
  min: number;
  /** Every round, in seconds. */
  rounds: number[];
  /** The unit of `median`. */
  unit: string;
  /** `seconds` expressed in `unit`. */
  median: number;
  rssMb?: number;
  /** Each with the median of the rounds. */
  parts?: Part[];
  versions: Record<string, string>;
}

/** A system that could not measure a workload. */
export interface Failure {
  workload: string;
  system: string;
  reason: string;
}

/** A system that has spent this many seconds on a workload sits out its other rounds: tfjs needs minutes for an epoch. */
const BUDGET_SECONDS = 60;

/** Measures one workload on all systems, in alternating rounds: a, b, c, a, b, c, … */
export async function measure(workload: Workload, systems: readonly System[], rounds: number) {
  const taken = systems.filter((s) => !s.lacks?.includes(workload.name));
  const states = taken.map((system) => ({ system, results: [] as Measurement[], spent: 0, failure: '' }));
  for (let round = 0; round < rounds; round++) {
    for (const state of states) {
      if (state.failure || state.spent > BUDGET_SECONDS) continue;
      const start = performance.now();
      const result = await runOnce(state.system, workload.name);
      state.spent += (performance.now() - start) / 1e3;
      if (typeof result === 'string') state.failure = result;
      else state.results.push(result);
    }
  }
  const rows: Row[] = [];
  const failures: Failure[] = [];
  for (const { system, results, failure } of states) {
    if (failure) failures.push({ workload: workload.name, system: system.name, reason: failure });
    else rows.push(summarize(workload, system, results));
  }
  return { rows, failures };
}

function summarize(workload: Workload, system: System, results: readonly Measurement[]): Row {
  const rounds = results.map((r) => r.seconds);
  const seconds = median(rounds);
  const memory = results.flatMap((r) => r.rssMb ?? []);
  return {
    workload: workload.name,
    system: system.name,
    seconds,
    min: Math.min(...rounds),
    rounds,
    unit: workload.unit,
    median: workload.inUnit(seconds),
    ...(results[0].parts && { parts: medianParts(results.map((r) => r.parts ?? [])) }),
    ...(memory.length > 0 && { rssMb: Math.round(median(memory)) }),
    versions: results[0].versions,
  };
}

/** The parts of the first round, with the median seconds of all rounds. */
const medianParts = (rounds: readonly Part[][]): Part[] =>
  rounds[0].map((part, i) => ({ ...part, seconds: median(rounds.map((parts) => parts[i].seconds)) }));

/** One measurement in a fresh process; a string is the reason why there is none. */
function runOnce(system: System, workload: string): Promise<Measurement | string> {
  const [program, ...args] = system.command(workload) ;
  return new Promise((resolve) => {
    const child = spawn(program, args, { env: { ...process.env, ...system.env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text));
    }
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(parse(output.stdout));
      resolve(`${reasonIn(output.stderr)} (${signal ?? `exit code ${code}`})`);
    });
  });
}

function parse(stdout: string): Measurement | string {
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(last) as Measurement;
  } catch {
    return `printed no measurement but '${last.slice(0, 80)}'`;
  }
}

/** The line of an error output that names the error: a Node trace starts with it, a Python trace ends with it. */
function reasonIn(stderr: string): string {
  const lines = stderr.trim().split('\n');
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? '';
}
