// npm test [-- pattern and other arguments of jest]: the JavaScript tests, compiled from test/, as native ES modules.
import { ensureAll } from './helpers/ensure.mjs';
import { node, step } from './helpers/process.mjs';

ensureAll();
step('running jest');
const flags = ['--no-warnings=ExperimentalWarning', '--experimental-vm-modules'];
const env = { ...process.env, KERATIN_VERIFY: '1' }; // checks graphs after every pass
process.exit(node([...flags, 'node_modules/jest/bin/jest.js', ...process.argv.slice(2)], { env }));
