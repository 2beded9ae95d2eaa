// VGG of any depth.
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import * as layers from '../layers/index.js';
import { type Application, application, classified, networkInput, networkOf, pooled } from './application.js';
import { through } from './blocks.js';
import { type Hashes, kernelsFile } from './model-files.js';

/** A network of five blocks with these numbers of convolutions. */
export function vgg(where: string, name: string, counts: readonly number[], hashes: Hashes): Application {
  return application(where, {
    name,
    trained: kernelsFile(name, name, hashes),
    build(options) {
      const input = networkInput(where, options, { usual: 224, least: 32 });
      let x: KerasTensor = input;
      counts.forEach((count, i) => {
        const block = `block${i + 1}`;
        const convolution = (number: number) =>
          new layers.Conv2D(64 * 2 ** Math.min(i, 3), 3, { activation: 'relu', padding: 'same', name: `${block}_conv${number}` });
        x = through(x, ...Array.from({ length: count }, (_, j) => convolution(j + 1)));
        x = new layers.MaxPooling2D(2, { strides: 2, name: `${block}_pool` })(x);
      });
      if (!options.includeTop) return networkOf(input, options, pooled(x, options));
      const dense = (number: number) => new layers.Dense(4096, { activation: 'relu', name: `fc${number}` });
      return networkOf(input, options, classified(through(x, new layers.Flatten({ name: 'flatten' }), dense(1), dense(2)), options));
    },
  });
}
