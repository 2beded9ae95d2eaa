// A single neuron with a sigmoid, trained by gradient descent that is written out by hand: the output is the first input.
// STEPS in the environment makes a shorter run.
import { ops, random, type Tensor } from 'keratin';

const steps = Number(process.env.STEPS ?? 20_000);

/** Squeezes numbers into 0 … 1. */
const sigmoid = (x: Tensor): Tensor => ops.divide(1, ops.add(1, ops.exp(x.negative())));
/** The slope of the sigmoid, from its value. */
const sigmoidSlope = (y: Tensor): Tensor => y.multiply(ops.subtract(1, y));

const inputs = ops.convertToTensor([[0, 0, 1], [1, 1, 1], [1, 0, 1], [0, 1, 1]], { dtype: 'float32' });
const targets = ops.convertToTensor([[0], [1], [1], [0]], { dtype: 'float32' });

let weights = random.uniform([3, 1], { minval: -1, maxval: 1, seed: 1 });
console.log('weights before training:', weights.tolist());

let outputs = sigmoid(inputs.matmul(weights));
for (let step = 0; step < steps; step++) {
  outputs = sigmoid(inputs.matmul(weights));
  const error = targets.subtract(outputs);
  const adjustments = inputs.T.matmul(error.multiply(sigmoidSlope(outputs)));
  weights = weights.add(adjustments);
}

console.log('weights after training:', weights.tolist());
console.log('outputs after training:', outputs.tolist());

const situation = ops.convertToTensor([[1, 0, 0]], { dtype: 'float32' });
console.log('output for [1, 0, 0]:', sigmoid(situation.matmul(weights)).item().toFixed(4));
