// The addon under AddressSanitizer, and the environment in which a plain Node runs it.
import path from 'node:path';
import { existsSync } from 'node:fs';
import { output, root, run, fail, step } from './process.mjs';

const folder = path.join(root, 'build/cmake/addon-address');
const addon = ['Release/keratin.node', 'keratin.node'].map((name) => path.join(folder, name));

/** Builds what is out of date. Ends the command on failure. */
export function buildSanitizedAddon() {
  step('building the addon under AddressSanitizer with cmake-js');
  const args = [
    'cmake-js',
    'build',
    '--out',
    folder,
    '--CDKERATIN_SANITIZE=address',
    '--CDKERATIN_ONLY_ISAS=',
    '--CDCMAKE_BUILD_TYPE=Release',
    '--log-level',
    'error',
  ];
  if (run('npx', args) !== 0) fail('the sanitized addon could not be built');
}

/** Environment variables of a child that loads it. */
export function sanitizerEnvironment() {
  const library = output('g++', ['-print-file-name=libasan.so']).trim();
  const found = addon.find((file) => existsSync(file));
  return {
    LD_PRELOAD: library,
    KERATIN_ADDON: found,
    ASAN_OPTIONS: 'detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=2048:abort_on_error=0:exitcode=99:handle_segv=1',
  };
}
