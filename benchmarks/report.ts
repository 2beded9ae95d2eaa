// The table that the benchmarks print.
import type { Failure, Row } from './measure.js';
import type { Workload } from './workloads.js';

/** One line a workload: the value of each system, then our time as a multiple of the fastest peer's. */
export function table(workloads: readonly Workload[], systems: readonly string[], rows: readonly Row[]): string {
  const header = ['workload', 'unit', ...systems, 'keratin / best peer'];
  const lines = workloads.map(({ name, unit }) => {
    const mine = rows.filter((row) => row.workload === name);
    const cells = systems.map((system) => cell(mine.find((row) => row.system === system)));
    return [name, unit, ...cells, ratio(mine)];
  });
  const widths = header.map((_, column) => Math.max(...[header, ...lines].map((line) => line[column].length)));
  const format = (line: readonly string[]) =>
    line.map((text, i) => (i < 2 ? text.padEnd(widths[i]) : text.padStart(widths[i]))).join('  ');
  return [header, widths.map((w) => '-'.repeat(w)), ...lines].map(format).join('\n');
}

/** One line a failure. */
export function failureLines(failures: readonly Failure[]): string {
  return failures.map((f) => `${f.system} could not run ${f.workload}: ${f.reason}`).join('\n');
}

function cell(row: Row | undefined): string {
  if (!row) return '–';
  const value = digits(row.median);
  return row.rssMb === undefined ? value : `${value} (${row.rssMb} MB)`;
}

/** Three significant digits, never in exponential form. */
function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(Math.max(0, 2 - Math.floor(Math.log10(value))));
}

function ratio(rows: readonly Row[]): string {
  const ours = rows.find((row) => row.system === 'keratin');
  const peers = rows.filter((row) => row.system !== 'keratin').sort((a, b) => a.seconds - b.seconds);
  if (!ours || peers.length === 0) return '–';
  return `${(ours.seconds / peers[0].seconds).toPrecision(2)} × ${peers[0].system}`;
}
