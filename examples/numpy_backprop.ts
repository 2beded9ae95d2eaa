// A network of two layers learns XOR, with the backward pass written out by hand.
// STEPS in the environment makes a shorter run.
import { ops, random, type Tensor } from 'keratin';

const steps = Number(process.env.STEPS ?? 60_000);

/** The sigmoid, or with `derivative` its slope, from its value. */
function nonlinear(x: Tensor, derivative = false): Tensor {
  if (derivative) return x.multiply(ops.subtract(1, x));
  return ops.divide(1, ops.add(1, ops.exp(x.negative())));
}

const x = ops.convertToTensor([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], { dtype: 'float32' });
const y = ops.convertToTensor([[0], [1], [1], [0]], { dtype: 'float32' });

// Weights between -1 and 1, with mean 0.
let synapse0 = random.uniform([3, 4], { seed: 1 }).multiply(2).subtract(1);
let synapse1 = random.uniform([4, 1], { seed: 2 }).multiply(2).subtract(1);

for (let step = 0; step <= steps; step++) {
  // Forward.
  const layer1 = nonlinear(x.matmul(synapse0));
  const layer2 = nonlinear(layer1.matmul(synapse1));

  const layer2Error = y.subtract(layer2);
  if (step % 10_000 === 0 || step === steps) console.log(`step ${step}, error: ${ops.mean(ops.absolute(layer2Error)).item().toFixed(5)}`);

  // Backward: how much each layer has to change, and in which direction.
  const layer2Delta = layer2Error.multiply(nonlinear(layer2, true));
  const layer1Error = layer2Delta.matmul(synapse1.T);
  const layer1Delta = layer1Error.multiply(nonlinear(layer1, true));

  synapse1 = synapse1.add(layer1.T.matmul(layer2Delta));
  synapse0 = synapse0.add(x.T.matmul(layer1Delta));
}

console.log('outputs after training:', nonlinear(nonlinear(x.matmul(synapse0)).matmul(synapse1)).tolist());
