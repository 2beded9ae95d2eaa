// npm run lint: eslint, the arrows between folders, the kernels' objects, the lines of documents, and warnings for native files that are
// too long.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { checkImports } from './check-imports.mjs';
import { checkObjects } from './check-objects.mjs';
import { ensureAll, filesBelow } from './helpers/ensure.mjs';
import { node, root, step } from './helpers/process.mjs';

const maxLines = 400;
const maxLength = 140; // of lines of documents, but for tables

ensureAll();
step('checking that imports point down only');
const problems = checkImports();
step('checking the symbols of the kernels');
problems.push(...checkObjects());
for (const file of filesBelow('native', /\.(cc|h)$/)) {
  const lines = readFileSync(path.join(root, file), 'utf8').split('\n').length - 1;
  if (lines > maxLines) console.log(`warning: ${file}: ${lines} lines, more than ${maxLines}`);
}
for (const file of [...filesBelow('docs', /\.md$/), 'README.md', 'CONTRIBUTING.md', 'CHANGELOG.md']) {
  readFileSync(path.join(root, file), 'utf8').split('\n').forEach((line, i) => {
    if (line.length <= maxLength || line.startsWith('|')) return;
    problems.push(`${file}:${i + 1}: a line of ${line.length} characters, at most ${maxLength}`);
  });
}
problems.forEach((problem) => console.log(`error: ${problem}`));
step('running eslint');
const status = node(['node_modules/eslint/bin/eslint.js', ...process.argv.slice(2)]);
process.exit(status !== 0 || problems.length ? 1 : 0);
