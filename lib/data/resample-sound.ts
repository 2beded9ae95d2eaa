// Sounds of another number of samples a second.
import { makeTensor } from '../core/convert.js';
import type { Tensor } from '../core/tensor.js';

/** Zero crossings of the sinc function on each side of a sample. */
const CROSSINGS = 16;

/**
 * A sound, `[samples, channels]`, with `to` samples a second instead of `from`: band-limited interpolation by a sinc function under a Hann
 * window (J. O. Smith, "Digital Audio Resampling"). Frequencies that the new rate cannot carry are taken out.
 */
export function resampleSound(audio: Tensor, from: number, to: number): Tensor {
  if (from === to) return audio;
  const [count, channels] = audio.shape as [number, number];
  const cutoff = Math.min(1, to / from);
  const reach = CROSSINGS / cutoff;
  const weigh = (x: number): number => {
    const angle = Math.PI * x * cutoff;
    const wave = x === 0 ? 1 : Math.sin(angle) / angle;
    return cutoff * wave * (0.5 + 0.5 * Math.cos((Math.PI * x) / reach));
  };
  const samples = audio.elements as Float32Array;
  return makeTensor('float32', [Math.ceil((count * to) / from), channels], (data) => {
    (data as Float32Array).fill(0);
    for (let i = 0; i * channels < data.length; i++) {
      const place = (i * from) / to;
      const [low, high] = [Math.max(0, Math.ceil(place - reach)), Math.min(count - 1, Math.floor(place + reach))];
      for (let k = low; k <= high; k++) {
        const weight = weigh(place - k);
        for (let c = 0; c < channels; c++) (data as Float32Array)[i * channels + c]! += weight * samples[k * channels + c]!;
      }
    }
  });
}
