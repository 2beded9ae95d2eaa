// npm run example -- <name> [arguments]: builds what is missing and runs examples/<name>.ts.
import path from 'node:path';
import { ensureAll, filesBelow } from './helpers/ensure.mjs';
import { fail, node, step } from './helpers/process.mjs';

const [name, ...args] = process.argv.slice(2);
// its folders have what they share
const known = filesBelow('examples', /^examples.[^/\\]+\.ts$/).map((file) => path.basename(file, '.ts'));
if (!known.includes(name)) fail(`usage: npm run example -- <name>, where the name is one of ${known.join(', ')}`);
ensureAll();
step(`running examples/${name}.ts`);
process.exit(node([`build/examples/${name}.js`, ...args]));
