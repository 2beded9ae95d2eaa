// npm run build [-- addon|typescript]: builds what is out of date: the native addon, the TypeScript, or both. One may fail without
// hiding the errors of the other.
import { fileURLToPath } from 'node:url';
import { ensureAddon, ensureDependencies, ensureTypeScript } from './helpers/ensure.mjs';
import { fail, node, step } from './helpers/process.mjs';

const parts = { addon: ensureAddon, typescript: ensureTypeScript };
const [name] = process.argv.slice(2);
if (name) {
  if (!parts[name]) fail(`build: expected ${Object.keys(parts).join(' or ')}, received ${name}`);
  parts[name]();
} else {
  ensureDependencies();
  const statuses = Object.keys(parts).map((part) => node([fileURLToPath(import.meta.url), part]));
  if (statuses.some((status) => status !== 0)) process.exit(1);
  step('everything is up to date');
}
