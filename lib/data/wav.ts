// Sounds in WAV files.
import { makeTensor } from '../core/convert.js';
import type { Tensor } from '../core/tensor.js';

/** Samples of a sound. */
export interface Sound {
  /** `[samples, channels]`, float32 from -1 to 1. */
  readonly audio: Tensor;
  /** Samples a second. */
  readonly samplingRate: number;
}
type Sample = (view: DataView, at: number) => number;
const signed24 = (view: DataView, at: number): number => (view.getInt8(at + 2) << 16) | view.getUint16(at, true);
/** By format (1 integers, 3 floats) and bits of a sample. */
const SAMPLES: Readonly<Record<string, Sample>> = {
  '1/8': (view, at) => (view.getUint8(at) - 128) / 128,
  '1/16': (view, at) => view.getInt16(at, true) / 32768,
  '1/24': (view, at) => signed24(view, at) / 8388608,
  '1/32': (view, at) => view.getInt32(at, true) / 2147483648,
  '3/32': (view, at) => view.getFloat32(at, true),
  '3/64': (view, at) => view.getFloat64(at, true),
};
/** The format whose subformat says what samples are. */
const EXTENSIBLE = 0xfffe;

/**
 * Decodes a WAV file of integers of 8, 16, 24 or 32 bits, or floats; `samples` cuts it or fills it up with zeros. `file` names it in
 * errors.
 * @throws for what is no WAV file, is cut off, or is compressed.
 */
export function decodeWav(file: string, bytes: Uint8Array, samples: number | null = null): Sound {
  const fail = (what: string): never => {
    throw new Error(`${file}: no readable WAV file: ${what}`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = (at: number): string => Buffer.from(bytes.subarray(at, at + 4)).toString('latin1');
  if (bytes.length < 12 || tag(0) !== 'RIFF' || tag(8) !== 'WAVE') fail('it does not begin as one');
  let format: { sample: Sample; channels: number; width: number; rate: number } | null = null;
  for (let at = 12; at + 8 <= bytes.length;) {
    const [name, size, start] = [tag(at), view.getUint32(at + 4, true), at + 8];
    if (name === 'fmt ') {
      if (size < 16 || start + size > bytes.length) fail('its format is cut off');
      const short = (from: number): number => view.getUint16(start + from, true);
      const [kind, channels, rate, bits] = [short(0), short(2), view.getUint32(start + 4, true), short(14)];
      const sub = kind === EXTENSIBLE && size >= 26 ? short(24) : kind;
      const sample =
        SAMPLES[`${sub}/${bits}`] ?? fail(`it has format ${sub} of ${bits} bits; integers and floats without compression are read`);
      if (channels === 0) fail('it has no channels');
      format = { sample, channels, width: bits / 8, rate };
    } else if (name === 'data') {
      if (format === null) return fail('it has samples before their format');
      const { sample, channels, width, rate } = format;
      if (start + size > bytes.length) fail(`it has ${bytes.length - start} bytes of samples and should have ${size}`);
      const there = Math.floor(size / (channels * width));
      const audio = makeTensor('float32', [samples ?? there, channels], (data) => {
        const count = Math.min(data.length, there * channels);
        (data as Float32Array).fill(0, count);
        for (let i = 0; i < count; i++) data[i] = sample(view, start + i * width);
      });
      return { audio, samplingRate: rate };
    }
    at = start + size + (size % 2);
  }
  return fail('it has no samples');
}
