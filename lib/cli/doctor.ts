// `keratin doctor`: whether all works here. Each check says what it found, and for what is wrong how to mend it.
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import type { Given } from './main.js';
import { folder, manifest } from './package.js';

/** What a check found. */
interface Finding {
  readonly name: string;
  readonly status: 'ok' | 'note' | 'wrong';
  readonly text: string;
  /** What mends it. */
  readonly mend?: string;
}
type Check = () => Promise<Finding[]>;

const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

function atLeast(actual: string, wanted: string): boolean {
  const [a, b] = [actual, wanted].map((text) => text.split('.').map(Number)) as [number[], number[]];
  for (const i of [0, 1, 2]) if ((a[i] ?? 0) !== (b[i] ?? 0)) return (a[i] ?? 0) > (b[i] ?? 0);
  return true;
}

const node: Check = async () => {
  const wanted = manifest.engines.node.replace(/^\D*/, '');
  const right = atLeast(process.versions.node, wanted);
  const text = `Node.js ${process.versions.node}`;
  return [
    right
      ? { name: 'Node.js', status: 'ok', text }
      : { name: 'Node.js', status: 'wrong', text: `${text}, older than ${wanted}`, mend: `install Node.js ${wanted} or newer, from nodejs.org` },
  ];
};

const platform: Check = async () => {
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  const libc = process.platform !== 'linux' ? '' : header.glibcVersionRuntime === undefined ? ', musl' : `, glibc ${header.glibcVersionRuntime}`;
  const cpu = cpus()[0]?.model.trim() ?? 'unknown processor';
  return [{ name: 'platform', status: 'ok', text: `${process.platform} ${process.arch}${libc}; ${cpu}` }];
};

const addon: Check = async () => {
  try {
    const { native } = await import('../core/native.js');
    const { isa, isas, threads, kernels } = native.info();
    const findings: Finding[] = [{ name: 'addon', status: 'ok', text: `${kernels.length} kernels; instruction sets ${isas.join(', ')}` }];
    findings.push(
      isa === isas[0]
        ? { name: 'instructions', status: 'ok', text: isa }
        : { name: 'instructions', status: 'note', text: `${isa} is in use, ${isas[0]} is faster`, mend: 'unset KERATIN_ISA' },
    );
    const cores = availableParallelism();
    const text = `${threads} of ${cores} that this process may use`;
    findings.push(
      threads > cores || threads === 1 && cores > 1
        ? { name: 'threads', status: 'note', text, mend: `unset KERATIN_NUM_THREADS, or set it to ${cores}` }
        : { name: 'threads', status: 'ok', text },
    );
    return findings;
  } catch (error) {
    const mend = 'npm install --include=optional keratin   (on the machine that runs it; or see above to build it here)';
    return [{ name: 'addon', status: 'wrong', text: (error as Error).message, mend }];
  }
};

const memory: Check = async () => {
  const limit = Math.min(totalmem(), process.constrainedMemory() || Infinity);
  const findings: Finding[] = [{ name: 'memory', status: 'ok', text: `${gigabytes(limit)}, ${gigabytes(freemem())} of it free` }];
  const pages = await readFile('/sys/kernel/mm/transparent_hugepage/enabled', 'utf8').catch(() => '');
  if (pages.includes('[never]'))
    findings.push({
      name: 'huge pages', status: 'note', text: 'are off: large tensors are slower',
      mend: 'echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled',
    });
  return findings;
};

/** A small training, compiled and run, saved and read again: all parts at work. */
const work: Check = async () => {
  const { mkdtemp, rm } = await import('node:fs/promises');
  const { tmpdir } = await import('node:os');
  const path = await import('node:path');
  const place = await mkdtemp(path.join(tmpdir(), 'keratin-doctor-')).catch((error: Error) => error);
  if (place instanceof Error)
    return [{ name: 'files', status: 'wrong', text: place.message, mend: 'set TMPDIR to a folder that can be written' }];
  try {
    const { Input, layers, losses, saving, Sequential } = await import('../index.js');
    const model = new Sequential([Input({ shape: [2] }), new layers.Dense(4, { activation: 'relu' }), new layers.Dense(1)]);
    model.compile({ optimizer: 'adam', loss: new losses.MeanSquaredError() });
    const { history } = await model.fit([[0, 1], [1, 0]], [[1], [0]], { epochs: 2, verbose: 0 });
    await model.save(path.join(place, 'model.keras'));
    await saving.loadModel(path.join(place, 'model.keras'));
    const isRight = history.loss!.every((loss) => Number.isFinite(loss));
    return [isRight ? { name: 'training', status: 'ok', text: 'a model was trained, saved and read again' }
      : { name: 'training', status: 'wrong', text: `a loss is ${history.loss!.join(', ')}`, mend: 'KERATIN_ISA=baseline avoids special instructions' }];
  } catch (error) {
    return [{ name: 'training', status: 'wrong', text: (error as Error).message, mend: `report it with this output; ${folder}` }];
  } finally {
    await rm(place, { recursive: true, force: true });
  }
};

/** Prints what was found. @returns 1 when something is wrong. */
export async function run(_args: readonly string[], given: Given): Promise<number> {
  const findings: Finding[] = [{ name: 'keratin', status: 'ok', text: `${manifest.version} in ${folder}` }];
  for (const check of [node, platform, addon, memory]) findings.push(...(await check()));
  if (findings.every(({ status }) => status !== 'wrong')) findings.push(...(await work()));
  const isWell = findings.every(({ status }) => status !== 'wrong');
  if (given.json === true) console.log(JSON.stringify(findings, null, 2));
  else {
    const width = Math.max(...findings.map(({ name }) => name.length));
    for (const { name, status, text, mend } of findings) {
      console.log(`${{ ok: '✓', note: '!', wrong: '✗' }[status]} ${name.padEnd(width)}  ${text.replaceAll('\n', `\n${' '.repeat(width + 4)}`)}`);
      if (mend !== undefined) console.log(`${' '.repeat(width + 4)}→ ${mend}`);
    }
    console.log(isWell ? 'All works here.' : 'Something is wrong here, see ✗.');
  }
  return isWell ? 0 : 1;
}
