// `predict` of one row by a 8-10-1 network: the latency of a server's smallest request.
import { Sequential, layers, ops } from 'keratin';
import { uniform } from '../data.js';
import { report, secondsPerCall } from '../timing.js';

const model = new Sequential([
  new layers.Dense(10, { activation: 'relu', inputShape: [8] }),
  new layers.Dense(1, { activation: 'sigmoid' }),
]);
const x = ops.reshape(uniform(8), [1, 8]);

report(
  await secondsPerCall(async (calls) => {
    for (let i = 0; i < calls; i++) await model.predict(x, { verbose: 0 });
  }),
);
