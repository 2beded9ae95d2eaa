// Pipeline: layers applied one after the other.
import type { Config } from '../../config/configurable.js';
import { field } from '../../config/fields.js';
import type { SerializedObject } from '../../config/registration.js';
import { serializeKerasObject } from '../../config/serialization.js';
import { layerField } from '../core/wrapper.js';
import { type CallOptions, type Layer, layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';

const layersField = field<readonly (Layer | SerializedObject)[], readonly Layer[]>(
  'an array of layers',
  (value, where) => (Array.isArray(value) ? value.map((item, i) => layerField.parse(item, `${where}[${i}]`)) : undefined),
  { serialize: (value) => value.map(serializeKerasObject) },
);

/** Options of `Pipeline`. */
export type PipelineOptions = Pick<LayerOptions, 'name'>;

/**
 * Preprocessing layers as one, for images or for objects of images with labels, boxes and masks. As augmentation layers do, it trains
 * unless it is told not to.
 *
 * ```ts
 * new keras.layers.Pipeline([new keras.layers.RandomFlip('horizontal'), new keras.layers.RandomRotation(0.1)]);
 * ```
 */
export class Pipeline extends layer('Pipeline', { layers: layersField }, ['layers']) {
  static readonly callDefaults = { training: true, mask: null } as const;
  static readonly samples = [
    {
      args: [[{ module: 'keras.layers', class_name: 'Rescaling', config: { scale: 0.5 }, registered_name: null }]],
      inputs: [[2, 5, 4, 3]],
    },
  ];
  override supportsMasking = true;
  /** The layers, in their order. */
  readonly layers: readonly Layer[] = this.config.layers;

  /** @internal */
  protected override get convertsInputs(): boolean {
    return false;
  }
  override takesSamplesApart(training: boolean): boolean {
    return this.layers.every((one) => one.takesSamplesApart(training));
  }
  override call(inputs: unknown, { training, mask = null }: CallOptions = {}): unknown {
    const mode = { training: training ?? true };
    return this.layers.reduce((current: unknown, one, i) => {
      const options = i === 0 && mask !== null ? { ...mode, mask } : mode;
      return one(current as Parameters<Layer>[0], options) as unknown;
    }, inputs);
  }
  override getConfig(): Config {
    const { layers, name } = super.getConfig();
    return { layers, name };
  }
}
