// The package sharp, which decodes and encodes files of images. It is no dependency: whoever reads images installs it.
import { show } from '../base/errors.js';
import { optionalPackage } from '../utils/optional-package.js';

interface RawImage {
  readonly data: Uint8Array;
  readonly info: { readonly width: number; readonly height: number; readonly channels: number };
}
/** What is used of a sharp image. */
interface SharpImage {
  raw(): SharpImage;
  toColourspace(space: string): SharpImage;
  toFormat(format: string, options?: object): SharpImage;
  toBuffer(): Promise<Uint8Array>;
  toBuffer(options: { resolveWithObject: true }): Promise<RawImage>;
}
type Sharp = (
  input: Uint8Array,
  options?: { ignoreIcc?: boolean; failOn?: string; raw?: { width: number; height: number; channels: number } },
) => SharpImage;

/** @throws a message that says how to install the package, where it is absent. */
export const loadSharp = async (where: string): Promise<Sharp> =>
  (await optionalPackage<{ default: Sharp }>(where, 'files of images', 'sharp')).default;

/** Bytes of pixels, row by row, with 1 (grey), 2 (grey, alpha), 3 or 4 channels. `file` names it in errors. */
export async function decodeImage(where: string, file: string | null, bytes: Uint8Array): Promise<RawImage> {
  const sharp = await loadSharp(where);
  try {
    // Colours as they are in the file, and the whole image or an error.
    return await sharp(bytes, { ignoreIcc: true, failOn: 'truncated' }).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${where}: ${file === null ? 'the image' : show(file)} is no readable image: ${reason}`, { cause: error });
  }
}
