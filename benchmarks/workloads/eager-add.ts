// The sum of two 8×8 tensors, one call at a time: the price of an eager operation.
import { ops } from 'keratin';
import { uniform } from '../data.js';
import { report, secondsPerCall } from '../timing.js';

const a = ops.reshape(uniform(64), [8, 8]);
const b = ops.reshape(uniform(64), [8, 8]);

report(
  await secondsPerCall((calls) => {
    for (let i = 0; i < calls; i++) ops.add(a, b);
  }),
);
