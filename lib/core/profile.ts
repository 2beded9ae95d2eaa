// Where the time of plans goes: with `KERATIN_LOG=profile` every instruction is timed, and the sums are printed when the process ends.
import { native, type PlanHandle } from './native.js';

/** What `KERATIN_LOG` asks for: `plan` and `profile`, separated by commas. */
const wanted = new Set((process.env.KERATIN_LOG ?? '').split(','));
/** True when compiled plans are to be printed. */
export const logsPlans = wanted.has('plan');

/** The layer and op of an instruction. */
export interface Label {
  readonly scope: string;
  readonly op: string;
}

const profiled: { readonly handle: PlanHandle; readonly labels: readonly Label[] }[] = [];

function print(): void {
  const sums = new Map<string, { count: number; nanoseconds: number }>();
  for (const { handle, labels } of profiled) {
    const profile = native.profile(handle);
    labels.forEach(({ scope, op }, i) => {
      const name = scope === '' ? op : `${op} (${scope})`;
      const sum = sums.get(name) ?? { count: 0, nanoseconds: 0 };
      sums.set(name, { count: sum.count + profile[2 * i]!, nanoseconds: sum.nanoseconds + profile[2 * i + 1]! });
    });
  }
  const rows = [...sums].filter(([, { count }]) => count > 0).sort(([, a], [, b]) => b.nanoseconds - a.nanoseconds);
  for (const [name, { count, nanoseconds }] of rows) {
    process.stderr.write(`${(nanoseconds / 1e6).toFixed(2).padStart(10)} ms ${String(count).padStart(9)} × ${(nanoseconds / count / 1e3).toFixed(2).padStart(9)} us  ${name}\n`);
  }
}

/** Times the instructions of a plan when `KERATIN_LOG=profile` is set. */
export function profilePlan(handle: PlanHandle, labels: readonly Label[]): void {
  if (!wanted.has('profile')) return;
  native.setProfile(handle, true);
  if (profiled.length === 0) process.on('exit', print);
  profiled.push({ handle, labels });
}
