// `predict` of images by ResNet50, which the workloads of that name have in common.
import { applications, ops } from 'keratin';
import { uniform } from './data.js';
import { report, secondsPerCall } from './timing.js';

const SIZE = 224;

/** Measures and prints the seconds of one call on a batch of this size. */
export async function measureResNet50(batchSize: number): Promise<void> {
  const model = applications.ResNet50({ weights: null });
  const x = ops.reshape(uniform(batchSize * SIZE * SIZE * 3), [batchSize, SIZE, SIZE, 3]);
  report(
    await secondsPerCall(async (calls) => {
      for (let i = 0; i < calls; i++) await model.predict(x, { verbose: 0 });
    }),
  );
}
