// A copy of what tests run on, in which one module of the library can be another for a while: dist made of single modules, the compiled
// tests, and links to all else.
import { spawn } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const LINKS = ['node_modules', 'test', 'scripts', 'lib', 'native', 'docs', 'examples', 'build/Release', 'build/examples', 'build/docs'];
/** Kibibytes that a run may keep in memory. */
const MEMORY = 6 * 1024 * 1024;

/** JavaScript of a TypeScript module, by itself. */
export const compile = (text) => ts.transpileModule(text, {
  compilerOptions: { target: 'es2023', module: 'esnext', verbatimModuleSyntax: true, isolatedModules: true },
}).outputText;

/** Where the JavaScript of a source of lib/ lies in a workspace. */
export const moduleOf = (file) => file.replace(/^lib/, 'dist').replace(/\.ts$/, '.js');

/** A folder with its own library. */
export class Workspace {
  constructor(root, folder) {
    this.root = root;
    this.folder = folder;
  }

  /** Makes the folder anew from sources: path and text. */
  fill(sources) {
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(path.join(this.folder, 'build'), { recursive: true });
    for (const link of LINKS) {
      if (existsSync(path.join(this.root, link))) symlinkSync(path.join(this.root, link), path.join(this.folder, link));
    }
    for (const name of ['package.json', 'jest.config.mjs']) copyFileSync(path.join(this.root, name), path.join(this.folder, name));
    cpSync(path.join(this.root, 'build/test'), path.join(this.folder, 'build/test'), { recursive: true });
    cpSync(path.join(this.root, 'dist/bundle'), path.join(this.folder, 'dist/bundle'), { recursive: true });
    for (const [file, text] of sources) this.write(file, compile(text));
    return this;
  }

  /** Puts JavaScript in the place of a source's. */
  write(file, code) {
    const target = path.join(this.folder, moduleOf(file));
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, code);
  }

  read(file) {
    return readFileSync(path.join(this.folder, moduleOf(file)), 'utf8');
  }

  /**
   * Runs test files in this order until one fails. Returns null when all passed, or what became of them: the first failed test, `timeout`
   * after so many seconds, `memory`, or the exit code. `args` are further arguments of jest, `env` further variables.
   */
  run(tests, seconds, args = [], env = {}) {
    const report = path.join(this.folder, 'report.json');
    rmSync(report, { force: true });
    const own = (name) => path.join(this.root, 'test/mutants', name);
    const flags = ['--no-warnings', '--experimental-vm-modules', '--max-old-space-size=3500'];
    const jest = [path.join(this.root, 'node_modules/jest/bin/jest.js'), '--bail', '--silent', `--reporters=${own('reporter.mjs')}`];
    const order = ['--testSequencer', own('sequencer.mjs'), '--runTestsByPath', ...tests.map((test) => path.join(this.folder, test))];
    const child = spawn(process.execPath, [...flags, ...jest, ...args, ...order], {
      cwd: this.folder,
      stdio: 'ignore',
      detached: true, // so that its own children end with it
      env: { ...process.env, KERATIN_VERIFY: '1', KERATIN_TEST_REPORT: report, KERATIN_TEST_ORDER: tests.join('\n'), ...env },
    });
    let stopped = null;
    const stop = (why) => {
      stopped = why;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {} // it has just ended
    };
    const timer = setTimeout(() => stop('timeout'), seconds * 1000);
    const watch = setInterval(() => residentSize(child.pid) > MEMORY && stop('memory'), 500);
    return new Promise((resolve) => child.on('close', (code) => {
      clearTimeout(timer);
      clearInterval(watch);
      if (stopped === null && code === 0) return resolve(null);
      const failed = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')).failed : null;
      resolve(failed ?? stopped ?? `exit code ${code}`);
    }));
  }
}

/** Kibibytes of memory of a process; 0 where the system does not say. */
function residentSize(pid) {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
  } catch {
    return 0;
  }
}
