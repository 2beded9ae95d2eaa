// npm test [-- pattern and other arguments of jest]: the JavaScript tests, compiled from test/, as native ES modules.
import { ensureAll } from './helpers/ensure.mjs';
import { isProgram, node, step } from './helpers/process.mjs';

/** The arguments and the environment of a Node.js that runs jest. */
export const jestCommand = (args) => ({
  args: ['--no-warnings=ExperimentalWarning', '--experimental-vm-modules', 'node_modules/jest/bin/jest.js', ...args],
  env: { ...process.env, KERATIN_VERIFY: '1' }, // checks graphs after every pass
});

if (isProgram(import.meta.url)) {
  ensureAll();
  step('running jest');
  const { args, env } = jestCommand(process.argv.slice(2));
  process.exit(node(args, { env }));
}
