// Which test files run which code. Ranges of V8's coverage nest: the innermost range around a place says how often it ran.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * By module (dist/…), the functions of a test's coverage: `[start, end, skipped]`, where `skipped` are the ranges within that did not run.
 * The first entry is the module itself, which runs when it is loaded.
 */
export function rangesThatRan(results) {
  return Object.fromEntries(results.map(({ url, functions }) => [
    url.slice(url.lastIndexOf('/dist/') + 1),
    functions.map(({ ranges }) => [
      ranges[0].startOffset,
      ranges[0].endOffset,
      ranges.filter(({ count }) => count === 0).flatMap(({ startOffset, endOffset }) => [startOffset, endOffset]),
    ]),
  ]));
}

/** What a folder of coverage says of the tests: name, seconds, and their ranges. */
export const readCoverage = (folder) =>
  readdirSync(folder).filter((name) => name.endsWith('.json')).map((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')));

/** The length of the innermost range around a module's place that runs in a test; Infinity when none does. */
function reached(ranges, place) {
  let smallest = Infinity;
  let runs = false;
  for (const [start, end, skipped] of ranges ?? []) {
    if (place < start || place >= end || end - start > smallest) continue;
    smallest = end - start;
    runs = !skipped.some((from, i) => i % 2 === 0 && place >= from && place < skipped[i + 1]);
  }
  return runs ? smallest : Infinity;
}

/** Functions of a module that ran in a test. */
const use = (ranges) => ranges.filter(([start, , skipped], i) => i > 0 && skipped[0] !== start).length;

/** Folders and parts of the file's name that source and test have in common. */
function likeness(file, test) {
  const words = (name) => new Set(name.replace(/^(lib|build\/test\/lib)\//, '').replace(/(\.test)?\.(ts|js)$/, '').split(/[/-]/));
  const wanted = words(file);
  return [...words(test)].filter((word) => wanted.has(word)).length;
}

/**
 * Test files that run a place of a module, or those of its folder when none does. Those come first that are likely to notice a change: that
 * are named like the source, that use much of the module for their length.
 */
export function testsFor(coverage, file, module, place) {
  const lengths = coverage.map(({ ran }) => reached(ran[module], place));
  // Where a function never runs, V8 tells of what is around it alone; of changed modules it is only known that they are loaded.
  const innermost = Math.min(...lengths);
  const running = coverage.filter((_, i) => lengths[i] < Infinity && (lengths[i] === innermost || lengths[i] === Number.MAX_SAFE_INTEGER));
  // What runs on a thread of its own is in no coverage.
  const chosen = running.length > 0 ? running : coverage.filter(({ test }) => likeness(file, test) > 0);
  return chosen
    .map(({ test, seconds, ran }) => ({ test, seconds, score: [likeness(file, test), use(ran[module] ?? []) / (seconds + 1)] }))
    .sort((a, b) => b.score[0] - a.score[0] || b.score[1] - a.score[1]);
}
