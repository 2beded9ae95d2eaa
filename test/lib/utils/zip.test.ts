// Zip archives: what is written is read, by fflate too, and names stay in their folder.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { unzipSync } from 'fflate';
import { ZipReader } from '#lib/utils/zip.js';
import { writeZip } from '#lib/utils/zip-writer.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'keratin-zip-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const at = (name: string) => path.join(folder, name);

describe('writeZip', () => {
  it('writes texts, bytes, parts and files', async () => {
    const large = Buffer.alloc(3 * 2 ** 20 + 5, 'abcdefg');
    await writeFile(at('large'), large);
    const parts = [new Uint8Array([4]), new Uint8Array(0), new Uint8Array([5, 6])];
    await writeZip(at('x.zip'), [['text.json', '{"é": 1}'], ['b/bytes', new Uint8Array([1, 2])], ['c', { parts }], ['d/large', { path: at('large') }]]);
    const expected = { 'text.json': Buffer.from('{"é": 1}'), 'b/bytes': Buffer.from([1, 2]), c: Buffer.from([4, 5, 6]), 'd/large': large };
    const unzipped = unzipSync(await readFile(at('x.zip')));
    expect(Object.keys(unzipped)).toEqual(Object.keys(expected));
    const zip = await ZipReader.open(at('x.zip'));
    for (const [name, bytes] of Object.entries(expected)) {
      expect(Buffer.from(unzipped[name]).equals(bytes)).toBe(true);
      expect((await zip.read(name)).equals(bytes)).toBe(true);
    }
    expect(zip.entries.every(({ stored }) => stored)).toBe(true);
    zip.close();
  });
  it('writes an archive of nothing', async () => {
    await writeZip(at('empty.zip'), []);
    const zip = await ZipReader.open(at('empty.zip'));
    expect(zip.names).toEqual([]);
    zip.close();
  });
  it.each(['', '../x', '/x', 'a/../../x', 'a\\x', 'c:x'])('refuses the name %j', async (name) => {
    await expect(writeZip(at('x.zip'), [[name, 'x']])).rejects.toThrow('cannot be the name of a file');
  });
});
