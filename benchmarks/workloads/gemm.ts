// The product of two 1024×1024 float32 matrices.
import { ops } from 'keratin';
import { uniform } from '../data.js';
import { report, secondsPerCall } from '../timing.js';

const a = ops.reshape(uniform(1024 * 1024), [1024, 1024]);
const b = ops.reshape(uniform(1024 * 1024), [1024, 1024]);

report(
  await secondsPerCall((calls) => {
    for (let i = 0; i < calls; i++) ops.matmul(a, b);
  }),
);
