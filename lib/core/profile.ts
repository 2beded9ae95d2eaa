// Where the time of plans goes: with `KERATIN_LOG=profile` every instruction is timed, and the sums are printed when the process ends.
import { native, type PlanHandle } from './native.js';

/** What `KERATIN_LOG` asks for: `plan` and `profile`, separated by commas. */
const wanted = new Set((process.env.KERATIN_LOG ?? '').split(','));
/** True when compiled plans are to be printed. */
export const logsPlans = wanted.has('plan');

/** True when instructions are to be timed. */
export const profiles = wanted.has('profile');

/** The layer and op of an instruction. */
export interface Label {
  readonly scope: string;
  readonly op: string;
}

interface Sum {
  count: number;
  nanoseconds: number;
}
const profiled = new Map<PlanHandle, readonly Label[]>();
const sums = new Map<string, Sum>();

/** Adds what was measured of a plan to the sums, and forgets the plan. */
function collect(handle: PlanHandle): void {
  const profile = native.profile(handle);
  profiled.get(handle)!.forEach(({ scope, op }, i) => {
    const name = scope === '' ? op : `${op} (${scope})`;
    const { count, nanoseconds } = sums.get(name) ?? { count: 0, nanoseconds: 0 };
    sums.set(name, { count: count + profile[2 * i]!, nanoseconds: nanoseconds + profile[2 * i + 1]! });
  });
  profiled.delete(handle);
}

function print(): void {
  [...profiled.keys()].forEach(collect);
  const rows = [...sums].filter(([, { count }]) => count > 0).sort(([, a], [, b]) => b.nanoseconds - a.nanoseconds);
  for (const [name, { count, nanoseconds }] of rows) {
    const [all, each] = [(nanoseconds / 1e6).toFixed(2), (nanoseconds / count / 1e3).toFixed(2)];
    process.stderr.write(`${all.padStart(10)} ms ${String(count).padStart(9)} × ${each.padStart(9)} us  ${name}\n`);
  }
}

/** Times the instructions of a plan when `KERATIN_LOG=profile` is set. */
export function profilePlan(handle: PlanHandle, labels: readonly Label[]): void {
  if (!profiles) return;
  native.setProfile(handle, true);
  if (profiled.size === 0 && sums.size === 0) process.on('exit', print);
  profiled.set(handle, labels);
}

/** Frees a plan; what was measured of it is kept. */
export function releasePlan(handle: PlanHandle): void {
  if (profiled.has(handle)) collect(handle);
  native.release(handle);
}
