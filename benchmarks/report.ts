// The table that the benchmarks print.
import type { Failure, Part, Row } from './measure.js';
import type { Workload } from './workloads.js';

/** One line a workload: the value of each system, then our time as a multiple of the fastest peer's. */
export function table(workloads: readonly Workload[], systems: readonly string[], rows: readonly Row[]): string {
  const header = ['workload', 'unit', ...systems, 'keratin / best peer'];
  const lines = workloads.map(({ name, unit }) => {
    const mine = rows.filter((row) => row.workload === name);
    const cells = systems.map((system) => cell(mine.find((row) => row.system === system)));
    return [name, unit, ...cells, ratio(mine)];
  });
  return layOut(header, lines, 2);
}

/** The header, a rule and the lines, in columns; the first `left` of them are text. */
function layOut(header: readonly string[], lines: readonly (readonly string[])[], left: number): string {
  const widths = header.map((_, column) => Math.max(...[header, ...lines].map((line) => line[column].length)));
  const format = (line: readonly string[]) =>
    line.map((text, i) => (i < left ? text.padEnd(widths[i]) : text.padStart(widths[i]))).join('  ');
  return [header, widths.map((w) => '-'.repeat(w)), ...lines].map(format).join('\n');
}

/**
 * One line a part of a workload: GFLOP/s of each system, ours as a share of the peak, and our time as a multiple of the fastest
 * peer's. The peak is that of the fastest part of any system; empty for workloads without parts.
 */
export function partsTable(systems: readonly string[], rows: readonly Row[]): string {
  const given = new Map(rows.flatMap((row) => (row.parts ? [[row.system, row.parts] as const] : [])));
  const ours = given.get('keratin') ?? [];
  if (ours.length === 0) return '';
  const speed = (part: Part) => part.flops / part.seconds / 1e9;
  const peak = Math.max(...[...given.values()].flat().map(speed));
  const taken = systems.filter((system) => given.has(system));
  const lines = ours.map((part) => {
    const all = taken.map((system) => given.get(system)?.find((other) => other.name === part.name));
    const peers = all.flatMap((other) => (other && other !== part ? [other.seconds] : []));
    const best = peers.length > 0 ? (part.seconds / Math.min(...peers)).toFixed(2) : '–';
    return [part.name, ...all.map((other) => (other ? digits(speed(other)) : '–')), `${Math.round((100 * speed(part)) / peak)} %`, best];
  });
  return layOut([`GFLOP/s (peak ${digits(peak)})`, ...taken, 'of peak', 'time / best peer'], lines, 1);
}

/** One line a workload that is compared with another: our time as a multiple of that one's. */
export function floorLines(workloads: readonly Workload[], rows: readonly Row[]): string {
  const ours = (name: string | undefined) => rows.find((row) => row.workload === name && row.system === 'keratin');
  return workloads.flatMap(({ name, floor }) => {
    const [row, least] = [ours(name), ours(floor)];
    return row && least ? [`${name}: ${(row.seconds / least.seconds).toPrecision(2)} × ${floor}`] : [];
  }).join('\n');
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
