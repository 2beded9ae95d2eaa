// npm run bench [-- options]: builds what is missing and runs the benchmarks; see benchmarks/README.md for the options.
import { ensureAll } from './helpers/ensure.mjs';
import { node, step } from './helpers/process.mjs';

ensureAll();
step('running the benchmarks');
process.exit(node(['build/benchmarks/main.js', ...process.argv.slice(2)]));
