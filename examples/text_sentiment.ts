// Film reviews, good or bad, after Keras's "Text classification from scratch": strings go through TextVectorization, which stands in the
// network, and are read once by an LSTM and once by a convolution. The reviews are made up, in the shape of IMDB's. Half of the praise
// and of the blame in them is negated, so no word is good or bad by itself. EPOCHS in the environment makes a shorter run.
import * as keras from 'keratin';

const { layers, random } = keras;

const epochs = Number(process.env.EPOCHS ?? 8);
const [maxTokens, length, embedDim] = [200, 40, 24];

keras.utils.setRandomSeed(3);

// ---- reviews --------------------------------------------------------------------------------------------------------

const subjects = 'acting plot script music camera ending cast pace dialogue story hero villain scenery humour lighting'.split(' ');
const praise = 'great wonderful brilliant moving clever charming superb gripping fresh beautiful'.split(' ');
const blame = 'awful boring clumsy dull weak silly terrible tiresome stale ugly'.split(' ');
const fillers = [
  'I saw it on a Friday with two friends.', 'It runs for about two hours!', 'They shot it in Ireland, not in France.', 'You can stream it now.',
  'The cinema was nearly full...', 'It is the second film of a series.', 'My seat was in the third row.', 'There is a dog in it.',
];

/** Reviews as people type them, with capitals, punctuation, and tags that a web page left behind. */
function reviews(count: number, seed: number): { texts: string[]; opinions: keras.Tensor } {
  const draws = random.uniform([count, 20], { seed }).tolist() as number[][];
  const texts = draws.map((row, i) => {
    const pick = <T>(choices: readonly T[]): T => choices[Math.floor(row.pop()! * choices.length)];
    const remark = (): string => {
      const negation = pick(['', 'not ']);
      const word = pick((i % 2 === 1) === (negation === '') ? praise : blame);
      return `The ${pick(subjects)} ${pick(['is', 'was'])} ${negation}${pick(['', 'really ', 'that '])}${word}${pick(['.', '!'])}`;
    };
    const first = [remark(), pick(fillers)];
    const second = pick([[], [remark(), pick(fillers)]]);
    return (pick([true, false]) ? [...first, ...second] : [...first, ...second].reverse()).join(pick([' ', '<br />']));
  });
  return { texts, opinions: keras.ops.arange(count).mod(2) };
}
const [train, test] = [reviews(3000, 1), reviews(500, 2)];

// ---- words to numbers -----------------------------------------------------------------------------------------------

/** Lower case, without tags and punctuation. */
const standardize = (text: string): string => text.toLowerCase().replaceAll('<br />', ' ').replace(/[^\w\s]/g, '');

const vectorize = new layers.TextVectorization({ standardize, maxTokens, outputSequenceLength: length });
await vectorize.adapt(train.texts);
console.log(`${vectorize.vocabularySize()} words, the most frequent: ${vectorize.getVocabulary().slice(2, 8).join(' ')}`);

// ---- two networks ---------------------------------------------------------------------------------------------------

/** A network that takes texts as they are. */
function networkOf(name: string, read: (words: keras.KerasTensor) => keras.KerasTensor): keras.Model {
  const texts = keras.Input([1], { dtype: 'string' });
  const words = new layers.Embedding(maxTokens, embedDim, { maskZero: name === 'lstm' })(vectorize(texts));
  const outputs = new layers.Dense(1, { activation: 'sigmoid' })(read(words));
  return new keras.Model(texts, outputs, { name });
}
const networks = [
  networkOf('lstm', (words) => new layers.LSTM(32)(words)),
  networkOf('conv1d', (words) => {
    const windows = new layers.Conv1D(32, 4, { activation: 'relu' })(words);
    return new layers.Dropout(0.2)(new layers.GlobalMaxPooling1D()(windows));
  }),
];

const samples = ['The story was not boring. You can stream it now.', 'The cinema was nearly full... The ending is not that clever!'];
for (const model of networks) {
  model.compile({ optimizer: new keras.optimizers.Adam(0.01), loss: 'binary_crossentropy', metrics: ['accuracy'] });
  await model.fit(train.texts, train.opinions, { epochs, batchSize: 32, verbose: 0 });
  const chances = (await model.predict(samples, { verbose: 0 })).tolist() as number[][];
  samples.forEach((text, i) => console.log(`${model.name}: ${chances[i][0] > 0.5 ? 'good' : 'bad '} ← ${text}`));
  const [, accuracy] = await model.evaluate(test.texts, test.opinions, { verbose: 0 });
  console.log(`${model.name}: accuracy on new reviews ${accuracy.toFixed(4)}`);
}
