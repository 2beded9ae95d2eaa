// A table of numbers and words classified, after Keras's "Structured data classification with FeatureSpace": visits to a doctor, read from
// a CSV file, and whether the patient turned out to be ill. The file is made up where there is none: age, cholesterol and the pulse count,
// and how much the result of a test means depends on the kind of pain. Two models are trained on the encoded features, with the test and
// the pain crossed and without; the better one then takes raw values. EPOCHS in the environment makes a shorter run, FILE names the file.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as keras from 'keratin';

const { FeatureSpace } = keras.utils;
const { layers } = keras;
const epochs = Number(process.env.EPOCHS ?? 12);
const file = process.env.FILE ?? path.join(tmpdir(), 'keratin_visits.csv');

keras.utils.setRandomSeed(3);

// ---- the file -------------------------------------------------------------------------------------------------------

const PAINS = ['typical', 'atypical', 'none'];
const TESTS = ['normal', 'fixed', 'reversible'];
function madeUp(count: number): string {
  const numbers = keras.random.normal([count, 4], { seed: 1 }).tolist() as number[][];
  const choices = keras.random.randint([count, 3], 0, 3, { seed: 2 }).tolist() as number[][];
  const lines = numbers.map(([age, cholesterol, pulse, chance], i) => {
    const [pain, test, vessels] = choices[i];
    const risk = 0.7 * age + 0.5 * cholesterol - 0.4 * pulse + 0.5 * (vessels - 1) + ((pain + test) % 3 === 0 ? 2 : -1) + 0.3 * chance;
    const row = [54 + 9 * age, 246 + 50 * cholesterol, 150 + 22 * pulse].map(Math.round);
    return [...row, vessels, PAINS[pain], TESTS[test], risk > 0 ? 1 : 0].join();
  });
  return ['age,cholesterol,pulse,vessels,pain,test,target', ...lines, ''].join('\n');
}
if (!existsSync(file)) writeFileSync(file, madeUp(2500));

const [header, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => line.split(','));
const column = (name: string): string[] => lines.map((line) => line[header.indexOf(name)]);
const numbers = (name: string): number[] => column(name).map(Number);
const table = {
  age: numbers('age'), cholesterol: numbers('cholesterol'), pulse: numbers('pulse'), vessels: numbers('vessels'),
  pain: column('pain'), test: column('test'),
};
const visits = keras.data.Dataset.fromTensorSlices([table, numbers('target')]).shuffle(lines.length, { seed: 4, reshuffleEachIteration: false });
const [training, validation] = [visits.skip(500), visits.take(500)];
console.log(`${lines.length} visits in ${file}`);

// ---- features -------------------------------------------------------------------------------------------------------

/** The accuracy on new visits of a model over the encoded features, with these features crossed. */
async function trained(crosses: string[][]): Promise<{ accuracy: number; model: keras.Model }> {
  const space = new FeatureSpace(
    {
      age: FeatureSpace.floatDiscretized(20),
      cholesterol: 'float_normalized',
      pulse: 'float_normalized',
      vessels: FeatureSpace.integerCategorical({ numOovIndices: 0 }),
      pain: FeatureSpace.stringCategorical({ numOovIndices: 0 }),
      test: 'string_categorical',
    },
    { crosses, crossingDim: 64 },
  );
  await space.adapt(training.map((features) => features), { verbose: 0 });
  const encoded = space.getEncodedFeatures() as keras.KerasTensor;
  const outputs = new layers.Dense(1, { activation: 'sigmoid' })(encoded);

  // The encoding is done once, beside the training.
  const classifier = new keras.Model(encoded, outputs);
  classifier.compile({ optimizer: new keras.optimizers.Adam(0.02), loss: 'binary_crossentropy', metrics: ['accuracy'] });
  const prepared = (rows: typeof visits) =>
    rows.batch(100).map((features, target) => [space(features) as keras.Tensor, target]).cache();
  const { history } = await classifier.fit(prepared(training), { validationData: prepared(validation), epochs, verbose: 0 });
  console.log(`${encoded.shape[1]} numbers for each visit: accuracy on new visits ${history.val_accuracy.at(-1)!.toFixed(4)}`);
  return { accuracy: history.val_accuracy.at(-1)!, model: new keras.Model(space.getInputs(), outputs) };
}
const plain = await trained([]);
const crossed = await trained([['pain', 'test']]);

// ---- raw values -----------------------------------------------------------------------------------------------------

const patient = { age: [61], cholesterol: [234], pulse: [148], vessels: [1], pain: ['typical'], test: ['fixed'] };
const risk = await crossed.model.predict(patient, { verbose: 0 });
console.log(`a new patient is ill with probability ${risk.item().toFixed(2)}`);
console.log(`accuracy: ${plain.accuracy.toFixed(4)} without the cross, ${crossed.accuracy.toFixed(4)} with it`);
