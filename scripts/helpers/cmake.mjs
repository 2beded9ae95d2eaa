// Configures and builds the CMake project, in build/cmake/<variant>.
import { spawnSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { fail, root, run, step } from './process.mjs';

/** The variable of a build that links the kernels of the addon, which must be built, rather than compile them again. */
export const addonKernels = { KERATIN_ADDON: path.join(root, 'build/Release') };

/** Builds targets with the given cache variables and returns the build folder. Ends the command on failure. */
export function cmakeBuild(variant, targets, variables = {}) {
  if (!has('cmake')) fail('cmake is not installed. Debian, Ubuntu: apt-get install cmake ninja-build; macOS: brew install cmake');
  const folder = path.join(root, 'build/cmake', variant);
  const defines = Object.entries(variables).map(([name, value]) => `-D${name}=${value}`);
  const generator = has('ninja') ? ['-G', 'Ninja'] : [];
  step(`building ${targets.join(', ')} with CMake in build/cmake/${variant}`);
  const quiet = { stdio: ['inherit', 'ignore', 'inherit'] };
  if (run('cmake', ['-S', '.', '-B', folder, ...generator, ...defines], quiet) !== 0) fail('cmake could not configure');
  const jobs = `${os.availableParallelism()}`;
  if (run('cmake', ['--build', folder, '--target', ...targets, '--parallel', jobs]) !== 0) fail('the native build failed, see above');
  return folder;
}

/** Whether a program is on the path. */
export const has = (program) => !spawnSync(program, ['--version'], { stdio: 'ignore' }).error;
