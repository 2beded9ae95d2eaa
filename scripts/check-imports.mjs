// The strata: folders form layers, and imports point down only (or stay in a layer), without circles at run time. `import type` may point
// up. Only lib/core/native.ts loads the addon.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { filesBelow } from './helpers/ensure.mjs';
import { isProgram, root } from './helpers/process.mjs';

/** Layers of lib/, lowest first. A folder may import from its own layer and from all below it. */
const libLayers = [
  ['base'],
  ['core'],
  ['symbolic'],
  ['ops', 'random', 'tree'],
  ['config'],
  ['activations', 'initializers', 'regularizers', 'constraints', 'losses', 'metrics', 'optimizers', 'quantizers'],
  ['mixed-precision', 'dtype-policies'],
  ['layers'],
  ['utils', 'data'],
  ['backend'],
  ['saving'],
  ['callbacks'],
  ['training'],
  ['models'],
  ['applications', 'datasets', 'distillation', 'preprocessing', 'visualization', 'distribution'],
  ['index.ts'],
  ['entry.ts', 'cli'],
];

/** Layers of native/. */
const nativeLayers = [['base'], ['simd'], ['kernels'], ['exec'], ['binding']];

const levelIn = (layers, file) => layers.findIndex((layer) => layer.includes(file.split('/')[1]));

/** Paths from the root of what a TypeScript file imports at run time, with the line of each. */
function importsOf(file, text) {
  const pattern = /^\s*(?:import|export)\s+(?!type\b)(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;
  return [...text.matchAll(pattern)].filter(([, target]) => target.startsWith('.') || target.startsWith('node:module')).map((match) => ({
    target: match[1].startsWith('.') ? path.posix.join(path.posix.dirname(file), match[1]).replace(/\.js$/, '.ts') : match[1],
    line: text.slice(0, match.index + match[0].length).split('\n').length,
  }));
}

/** Paths from the root of what a C++ file includes in quotes; paths begin at native/. */
function includesOf(file, text) {
  return [...text.matchAll(/^#include "([^"]+)"/gm)].map((match) => ({
    target: match[1].includes('/') ? `native/${match[1]}` : path.posix.join(path.posix.dirname(file), match[1]),
    line: text.slice(0, match.index).split('\n').length,
  }));
}

function problemsOf(file, layers, targetsOf) {
  const level = levelIn(layers, file);
  if (level < 0) return [`${file}: lies in no layer; scripts/check-imports.mjs names the folders`];
  const targets = targetsOf(file, readFileSync(path.join(root, file), 'utf8'));
  return targets.flatMap(({ target, line }) => {
    if (target === 'node:module')
      return file === 'lib/core/native.ts' ? [] : [`${file}:${line}: only lib/core/native.ts loads native code`];
    if (!target.startsWith(`${file.split('/')[0]}/`) || levelIn(layers, target) <= level) return [];
    return [`${file}:${line}: imports ${target}, which is in a higher layer`];
  });
}

/**
 * Circles of run-time imports, one line each: a module of a circle runs before something that it imports, so that what it reads while it is
 * loaded may not be there yet. `targetsOf` gives the files that a file imports. Each circle is found at the file that is reached first.
 */
export function circlesOf(files, targetsOf) {
  const state = new Map(); // 'open' while the files that it imports are visited, then 'done'
  const trail = [];
  const circles = [];
  const visit = (file) => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      circles.push([...trail.slice(trail.indexOf(file)), file]);
      return;
    }
    state.set(file, 'open');
    trail.push(file);
    targetsOf(file).forEach(visit);
    trail.pop();
    state.set(file, 'done');
  };
  files.forEach(visit);
  return circles.map((circle) => `${circle[0]}: a circle of imports: ${circle.join(' -> ')}`);
}

/** Arrows that point up, and circles of lib/, one line each. */
export function checkImports() {
  const posix = (files) => files.map((file) => file.split(path.sep).join('/'));
  const lib = posix(filesBelow('lib', /\.ts$/));
  const targetsOf = (file) =>
    importsOf(file, readFileSync(path.join(root, file), 'utf8'))
      .map(({ target }) => target)
      .filter((target) => target.startsWith('lib/'));
  return [
    ...lib.flatMap((file) => problemsOf(file, libLayers, importsOf)),
    ...circlesOf(lib, targetsOf),
    ...posix(filesBelow('native', /\.(cc|h)$/)).flatMap((file) => problemsOf(file, nativeLayers, includesOf)),
  ];
}

if (isProgram(import.meta.url)) {
  const problems = checkImports();
  problems.forEach((problem) => console.error(problem));
  process.exit(problems.length ? 1 : 0);
}
