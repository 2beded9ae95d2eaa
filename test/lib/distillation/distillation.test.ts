// Losses between teacher and student, and trainings with both, against recordings of Keras.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Tensor } from '#lib/core/tensor.js';
import { distillation, Input, layers, losses, Model, ops, saving, Sequential, type Loss } from 'keratin';
import { readFixture, type RecordedArray } from '../../helpers/fixtures.js';
import { argumentOf, expectClose, tensorOf } from '../../helpers/recorded.js';
import { expectWithin } from '../../helpers/tolerance.js';

interface LossCase {
  name: string;
  loss: Record<string, unknown>;
  teacher: unknown;
  student: unknown;
  value: RecordedArray;
}
interface TrainingCase {
  name: string;
  model: Record<string, unknown>;
  weights: RecordedArray[];
  x: RecordedArray;
  y: RecordedArray;
  history: Record<string, number[]>;
  results: Record<string, number>;
  predictions: RecordedArray;
  after: RecordedArray[];
}
const cases = readFixture('distillation') as unknown as (LossCase | TrainingCase)[];
const isTraining = (item: LossCase | TrainingCase): item is TrainingCase => 'model' in item;

describe.each(cases.filter((item) => !isTraining(item)) as LossCase[])('$name', ({ loss, teacher, student, value }) => {
  const made = saving.deserializeKerasObject(loss) as distillation.DistillationLoss;
  it('gives what Keras gives', () => expectClose(made.computeLoss(argumentOf(teacher), argumentOf(student)), value));
  it('is saved as in Keras', () => expect(saving.serializeKerasObject(made)).toEqual(loss));
});

describe.each(cases.filter(isTraining))('$name', ({ model, weights, x, y, history, results, predictions, after }) => {
  const make = (): distillation.Distiller => {
    const made = distillation.Distiller.fromConfig(model);
    made.setWeights(weights.map(tensorOf));
    made.compile({ loss: new losses.SparseCategoricalCrossentropy({ fromLogits: true }), metrics: ['accuracy'] });
    return made;
  };
  const OPTIONS = { batchSize: 8, verbose: 0 } as const;
  const expectValues = (actual: Record<string, unknown>, expected: Record<string, unknown>): void => {
    expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
    for (const [key, value] of Object.entries(expected))
      expectWithin([actual[key]].flat() as number[], [value].flat() as number[], 1e-5, key);
  };

  it('trains as in Keras', async () => {
    const made = make();
    const frozen = made.teacher.getWeights();
    const run = await made.fit(tensorOf(x), tensorOf(y), { ...OPTIONS, epochs: 2, shuffle: false });
    expectValues(run.history, history);
    expectValues(await made.evaluate(tensorOf(x), tensorOf(y), { ...OPTIONS, returnDict: true }), results);
    expectClose((await made.predict(tensorOf(x), OPTIONS)), predictions);
    made.student.getWeights().forEach((weight, i) => expectClose(weight, after[i]));
    made.teacher.getWeights().forEach((weight, i) => expect(weight.tolist()).toEqual(frozen[i].tolist()));
  });
  it('has the config of Keras', () => {
    expect(JSON.parse(JSON.stringify(make().getConfig()))).toEqual(model);
  });
});

describe('a distiller', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'keratin-distillation-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const network = (units: number, name: string, inputs = 4, outputs = 3): Sequential =>
    new Sequential([Input([inputs]), new layers.Dense(units, { name }), new layers.Dense(outputs)]);
  const features = (teacherLayerName: string | null, studentLayerName: string | null) =>
    new distillation.FeatureDistillation({ teacherLayerName, studentLayerName });
  const logits = new distillation.LogitsDistillation();

  it('is saved with teacher, student, losses and how it was compiled', async () => {
    const made = new distillation.Distiller(network(5, 'a'), network(5, 'b'), [logits, features('a', 'b')], {
      distillationLossWeights: [1, 2],
    });
    made.compile({ loss: new losses.MeanSquaredError() });
    const [x, y] = [ops.ones([6, 4]), ops.zeros([6, 3])];
    await made.fit(x, y, { verbose: 0 });
    await made.save(path.join(folder, 'model.keras'));
    const loaded = await saving.loadModel(path.join(folder, 'model.keras')) as unknown as distillation.Distiller;
    expect(loaded).toBeInstanceOf(distillation.Distiller);
    expect((loaded.loss as Loss).name).toBe('mean_squared_error');
    expect(await loaded.evaluate(x, y, { verbose: 0 })).toEqual(await made.evaluate(x, y, { verbose: 0 }));
  });
  it('takes keywords, losses of outputs by name, and a loss of the user', async () => {
    class Constant extends distillation.DistillationLoss {
      override computeLoss(): Tensor {
        return ops.convertToTensor(3);
      }
    }
    const inputs = Input([4]);
    const both = () => new Model(inputs, { p: new layers.Dense(2)(inputs), q: new layers.Dense(1)(inputs) });
    const [teacher, student] = [both(), both()];
    const made = new distillation.Distiller({ teacher, student, distillationLosses: new Constant(), studentLossWeight: 0.25 });
    made.compile({ loss: { p: new losses.MeanSquaredError(), q: new losses.MeanAbsoluteError() } });
    const logs = await made.evaluate(ops.ones([3, 4]), { p: ops.zeros([3, 2]), q: ops.zeros([3, 1]) }, { verbose: 0, returnDict: true });
    expect(logs.distillation_loss).toBe(3);
    expect(logs.loss).toBeCloseTo(0.25 * logs.student_loss + 0.75 * 3, 5);
  });
  const distiller = (student: Model, given: distillation.DistillationLosses, options?: distillation.DistillerOptions) =>
    new distillation.Distiller(network(5, 'a'), student, given, options);
  it.each([
    ['a student that is no model', () => distiller(3 as never, logits), 'student must be a Model, received 3'],
    ['other inputs', () => distiller(network(5, 'b', 7), logits), /inputs of teacher and student must be alike/],
    ['other outputs', () => distiller(network(5, 'b', 4, 2), logits), /teacher has shape \(None, 3\), the student \(None, 2\)/],
    ['no losses', () => distiller(network(5, 'b'), []), 'distillationLosses must be'],
    ['a share above 1', () => distiller(network(5, 'b'), logits, { studentLossWeight: 1.1 }), 'from 0 to 1, received 1.1'],
    ['too many weights', () => distiller(network(5, 'b'), logits, { distillationLossWeights: [1, 2] }), 'must be 1 number'],
    ['an unknown layer', () => distiller(network(5, 'b'), features('a', 'c')), "in the student: "],
    ['layers of a subclassed model', () => new distillation.Distiller(new Model(), network(5, 'b'), features('a', 'b')), 'the teacher'],
    ['no own loss', () => distiller(network(5, 'b'), logits).compile(), "needs the student's loss"],
    ['a temperature of 0', () => new distillation.LogitsDistillation({ temperature: 0 }), 'temperature must be a number > 0'],
    ['no loss at all', () => new distillation.FeatureDistillation({ loss: [null] }), 'at least one loss that is not null'],
    ['a misspelt loss', () => new distillation.FeatureDistillation({ loss: 'msee' as never }), "did you mean 'mse'"],
  ])('refuses %s', (_name, make, message) => {
    expect(make).toThrow(message);
  });
  it('refuses a loss that is no scalar, and outputs of another structure', () => {
    class Vector extends distillation.DistillationLoss {
      override computeLoss(teacher: unknown): Tensor {
        return teacher as Tensor;
      }
    }
    const made = new distillation.Distiller(network(5, 'a'), network(5, 'b'), new Vector());
    expect(() => made.computeLoss({ x: ops.ones([2, 4]) })).toThrow('Vector: computeLoss must return a scalar tensor');
    expect(() => new distillation.FeatureDistillation({ loss: ['mse', 'mse'] }).validateOutputs(ops.ones([2]), ops.ones([2]))).toThrow(
      'losses and outputs differ in structure',
    );
  });
});
