// What `Model.quantize` did, layer by layer.
import { checkOptions } from '../base/errors.js';

const quoted = (paths: readonly string[], most: number): string =>
  `${paths
    .slice(0, most)
    .map((path) => `'${path}'`)
    .join(', ')}${paths.length > most ? ', ...' : ''}`;
const LINE = '='.repeat(65);

/** The outcome of a call of `Model.quantize`, by the paths of layers. */
export class QuantizationReport {
  /** The layer cannot be quantized. */
  static readonly SKIP_NO_SUPPORT = 'no quantize support';
  /** The option `filters` leaves it out. */
  static readonly SKIP_FILTERED = 'filtered out';
  /** It was quantized before. */
  static readonly SKIP_ALREADY_QUANTIZED = 'already quantized';
  /** It lies outside of the layers that a calibration goes through. */
  static readonly SKIP_OUTSIDE_STRUCTURE = 'outside quantization structure';

  /** The mode that was asked for. */
  readonly mode: string | null;
  /** Quantized layers: path, mode and scheme, which is the name of the dtype policy. */
  readonly quantized: [path: string, mode: string, scheme: string][] = [];
  /** Layers that stay as they are. */
  readonly skipped: [path: string, reason: string][] = [];
  /** Errors that were noted. */
  readonly errors: [path: string, message: string][] = [];

  constructor({ mode = null }: { mode?: string | null } = {}) {
    this.mode = mode;
  }

  /** Notes a quantized layer. */
  addQuantized(path: string, mode: string, scheme: string): void {
    this.quantized.push([path, mode, scheme]);
  }
  /** Notes a layer that stays as it is. */
  addSkipped(path: string, reason: string): void {
    this.skipped.push([path, reason]);
  }
  /** Notes an error with its message. */
  addError(path: string, error: unknown): void {
    this.errors.push([path, error instanceof Error ? error.message : String(error)]);
  }

  /** How many layers were quantized. */
  get numQuantized(): number {
    return this.quantized.length;
  }
  /** How many layers stay as they are. */
  get numSkipped(): number {
    return this.skipped.length;
  }
  /** How many errors were noted. */
  get numErrors(): number {
    return this.errors.length;
  }
  /** Paths of the layers that stay for this reason. */
  skippedByReason(reason: string): string[] {
    return this.skipped.filter(([, why]) => why === reason).map(([path]) => path);
  }

  /**
   * One message about layers that cannot be quantized and about errors, with at most `maxExamples` paths of each; null where there are
   * none.
   */
  summaryWarning(options: { maxExamples?: number } = {}): string | null {
    checkOptions('QuantizationReport.summaryWarning', options, ['maxExamples']);
    const { maxExamples = 5 } = options;
    const unsupported = this.skippedByReason(QuantizationReport.SKIP_NO_SUPPORT);
    const failed = this.errors.map(([path]) => path);
    if (unsupported.length === 0 && failed.length === 0) return null;
    return [
      '`model.quantize()`:',
      ...(unsupported.length === 0
        ? []
        : [
            `${unsupported.length} layer(s) were skipped because they do not support quantization (e.g. ` +
              `${quoted(unsupported, maxExamples)}).`,
          ]),
      ...(failed.length === 0 ? [] : [`${failed.length} layer(s) reported errors (e.g. ${quoted(failed, maxExamples)}).`]),
      `Quantized ${this.numQuantized} layer(s) in mode '${this.mode}'. Call \`model.quantizationSummary()\` or inspect the returned ` +
        `\`QuantizationReport\` for details.`,
    ].join(' ');
  }

  /** All of it as text of several lines. */
  render(): string {
    return [
      `Quantization report (mode='${this.mode}')`,
      LINE,
      `Quantized ${this.numQuantized} layer(s):`,
      ...(this.numQuantized === 0 ? ['  (none)'] : this.quantized.map(([path, mode, scheme]) => `  - ${path} (${mode}): ${scheme}`)),
      `Skipped ${this.numSkipped} layer(s):`,
      ...(this.numSkipped === 0 ? ['  (none)'] : this.skipped.map(([path, reason]) => `  - ${path}: ${reason}`)),
      ...(this.numErrors === 0
        ? []
        : [`Errors on ${this.numErrors} layer(s):`, ...this.errors.map(([path, message]) => `  - ${path}: ${message}`)]),
    ].join('\n');
  }
  /** Its numbers. */
  toString(): string {
    return `QuantizationReport(mode=${this.mode === null ? 'None' : `'${this.mode}'`}, quantized=${this.numQuantized}, skipped=${this.numSkipped}, errors=${this.numErrors})`;
  }
}
