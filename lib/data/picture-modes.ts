// Pictures of one mode from pixels of another, as Pillow converts them.
import { Picture } from './picture.js';

/** What callers ask for: grey, red green blue, or with how opaque a pixel is. */
export type ColorMode = 'grayscale' | 'rgb' | 'rgba';
/** Names for `colorMode`. */
export const COLOR_MODES = ['grayscale', 'rgb', 'rgba'] as const;

/** Brightness in 16 bits after the point (ITU-R 601). */
const brightness = (r: number, g: number, b: number): number => (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;

/** Pixels of 1 (grey), 2 (grey, alpha), 3 or 4 channels as a picture of the mode. What is left out is not blended with anything. */
export function pictureOf(data: Uint8Array, width: number, height: number, channels: number, mode: ColorMode): Picture {
  const wanted = { grayscale: 1, rgb: 3, rgba: 4 }[mode];
  const name = { grayscale: 'L', rgb: 'RGB', rgba: 'RGBA' } as const;
  if (channels === wanted) return new Picture(data, width, height, name[mode]);
  const pixels = new Uint8Array(width * height * wanted);
  const coloured = channels >= 3;
  for (let from = 0, to = 0; to < pixels.length; from += channels, to += wanted) {
    const [r, g, b] = coloured ? [data[from]!, data[from + 1]!, data[from + 2]!] : [data[from]!, data[from]!, data[from]!];
    if (wanted === 1) pixels[to] = coloured ? brightness(r, g, b) : r;
    else {
      pixels[to] = r;
      pixels[to + 1] = g;
      pixels[to + 2] = b;
      if (wanted === 4) pixels[to + 3] = channels % 2 === 0 ? data[from + channels - 1]! : 255;
    }
  }
  return new Picture(pixels, width, height, name[mode]);
}
