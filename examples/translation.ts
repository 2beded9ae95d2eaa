// Translation with an encoder-decoder Transformer, after Keras's "English-to-Spanish translation with a sequence-to-sequence Transformer":
// numbers in English words become Spanish ones, which have a grammar of their own (veintidós, treinta y uno, doscientos). The network never
// sees a fifth of the numbers; these it translates word by word in the end. EPOCHS in the environment makes a shorter run.
import * as keras from 'keratin';

const { layers, ops } = keras;

const epochs = Number(process.env.EPOCHS ?? 30);
const [length, embedDim, latentDim, heads] = [8, 64, 128, 4];

keras.utils.setRandomSeed(4);

// ---- sentences ------------------------------------------------------------------------------------------------------

const english = {
  small: 'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen',
  tens: 'twenty thirty forty fifty sixty seventy eighty ninety',
};
const spanish = {
  small: 'cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve '
    + 'veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve',
  tens: 'treinta cuarenta cincuenta sesenta setenta ochenta noventa',
  hundreds: 'ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos',
};
const [small, tens] = [english.small.split(' '), english.tens.split(' ')];
const [pequeños, decenas, cientos] = [spanish.small.split(' '), spanish.tens.split(' '), spanish.hundreds.split(' ')];

function inEnglish(n: number): string {
  if (n >= 100) return `${small[Math.floor(n / 100)]} hundred${n % 100 === 0 ? '' : ` and ${inEnglish(n % 100)}`}`;
  if (n < 20) return small[n];
  return tens[Math.floor(n / 10) - 2] + (n % 10 === 0 ? '' : ` ${small[n % 10]}`);
}
function inSpanish(n: number): string {
  if (n === 100) return 'cien';
  if (n > 100) return cientos[Math.floor(n / 100) - 1] + (n % 100 === 0 ? '' : ` ${inSpanish(n % 100)}`);
  if (n < 30) return pequeños[n];
  return decenas[Math.floor(n / 10) - 3] + (n % 10 === 0 ? '' : ` y ${pequeños[n % 10]}`);
}

/** Words by their numbers; 0 fills up short sentences. */
function vocabularyOf(sentences: readonly string[]): string[] {
  return ['', '[start]', '[end]', ...new Set(sentences.flatMap((sentence) => sentence.split(' ')))];
}
const encode = (words: readonly string[], vocabulary: readonly string[], size: number): number[] =>
  Array.from({ length: size }, (_, i) => (i < words.length ? vocabulary.indexOf(words[i]) : 0));

const numbers = [...(keras.random.shuffle(ops.arange(1000), { seed: 1 }).data as Int32Array)];
const [train, test] = [numbers.slice(200), numbers.slice(0, 200)];
const source = vocabularyOf(numbers.map(inEnglish));
const target = vocabularyOf(numbers.map(inSpanish));

/** What the network reads, and the words that it has to say: those of the translation, each one step ahead. */
function examplesOf(chosen: readonly number[]) {
  const translations = chosen.map((n) => ['[start]', ...inSpanish(n).split(' '), '[end]']);
  return {
    inputs: {
      encoder_inputs: ops.array(chosen.map((n) => encode(inEnglish(n).split(' '), source, length))),
      decoder_inputs: ops.array(translations.map((words) => encode(words.slice(0, -1), target, length))),
    },
    targets: ops.array(translations.map((words) => encode(words.slice(1), target, length))),
  };
}

// ---- layers ---------------------------------------------------------------------------------------------------------

/** Embeddings of words plus those of their places; words of number 0 are masked. */
class PositionalEmbedding extends layers.Layer {
  readonly tokens: keras.layers.Embedding;
  readonly positions = new layers.Embedding(length, embedDim);

  constructor(vocabulary: number) {
    super();
    this.tokens = new layers.Embedding(vocabulary, embedDim);
  }
  override call(words: keras.Tensor): keras.Tensor {
    return this.tokens(words).add(this.positions(ops.arange(length)));
  }
  override computeMask(words: keras.Tensor): keras.Tensor {
    return ops.notEqual(words, 0);
  }
}

class TransformerEncoder extends layers.Layer {
  override supportsMasking = true;
  readonly attention = new layers.MultiHeadAttention(heads, embedDim / heads);
  readonly dense = new keras.Sequential([new layers.Dense(latentDim, { activation: 'relu' }), new layers.Dense(embedDim)]);
  readonly norms = [new layers.LayerNormalization(), new layers.LayerNormalization()];

  override call(x: keras.Tensor): keras.Tensor {
    const attended = this.norms[0](x.add(this.attention(x, x)));
    return this.norms[1](attended.add(this.dense(attended)));
  }
}

/** Reads its own words up to each place, and all of what the encoder says. */
class TransformerDecoder extends layers.Layer {
  override supportsMasking = true;
  readonly ownAttention = new layers.MultiHeadAttention(heads, embedDim / heads);
  readonly crossAttention = new layers.MultiHeadAttention(heads, embedDim / heads);
  readonly dense = new keras.Sequential([new layers.Dense(latentDim, { activation: 'relu' }), new layers.Dense(embedDim)]);
  readonly norms = [new layers.LayerNormalization(), new layers.LayerNormalization(), new layers.LayerNormalization()];

  override call([x, encoded]: [keras.Tensor, keras.Tensor]): keras.Tensor {
    const own = this.norms[0](x.add(this.ownAttention(x, x, { useCausalMask: true })));
    const crossed = this.norms[1](own.add(this.crossAttention(own, encoded)));
    return this.norms[2](crossed.add(this.dense(crossed)));
  }
  override computeMask(_inputs: unknown, masks: [keras.Tensor, keras.Tensor]): keras.Tensor {
    return masks[0];
  }
}

// ---- the network ----------------------------------------------------------------------------------------------------

const encoderInputs = keras.Input([length], { dtype: 'int32', name: 'encoder_inputs' });
const encoded = new TransformerEncoder()(new PositionalEmbedding(source.length)(encoderInputs));
const decoderInputs = keras.Input([length], { dtype: 'int32', name: 'decoder_inputs' });
const decoded = new TransformerDecoder()([new PositionalEmbedding(target.length)(decoderInputs), encoded]);
const outputs = new layers.Dense(target.length, { activation: 'softmax' })(new layers.Dropout(0.1)(decoded));
const transformer = new keras.Model({ encoder_inputs: encoderInputs, decoder_inputs: decoderInputs }, outputs, { name: 'transformer' });

// Words of number 0 are no words: the mask keeps them out of loss and accuracy.
transformer.compile({ optimizer: new keras.optimizers.Adam(0.002), loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
const [training, held] = [examplesOf(train), examplesOf(test)];
const { history } = await transformer.fit(training.inputs, training.targets, {
  epochs, batchSize: 32, verbose: 0, validationData: [held.inputs, held.targets],
});
console.log(`accuracy of words: ${history.accuracy.at(-1)!.toFixed(4)}, of new sentences: ${history.val_accuracy.at(-1)!.toFixed(4)}`);

/** Translates sentences word by word, always with the likeliest word. */
async function translate(chosen: readonly number[]): Promise<string[]> {
  const sentences = chosen.map(() => ['[start]']);
  for (let i = 0; i < length - 1; i++) {
    const said = sentences.map((words) => encode(words, target, length));
    const { encoder_inputs } = examplesOf(chosen).inputs;
    const likely = await transformer.predict({ encoder_inputs, decoder_inputs: ops.array(said) }, { verbose: 0 });
    const next = ops.argmax(likely, { axis: -1 }).tolist() as number[][];
    sentences.forEach((words, row) => words.push(target[next[row][i]]));
  }
  return sentences.map((words) => words.slice(1, words.includes('[end]') ? words.indexOf('[end]') : undefined).join(' '));
}

const translations = await translate(test);
for (const i of [0, 1, 2, 3, 4]) console.log(`${inEnglish(test[i])} → ${translations[i]}`);
const right = test.filter((n, i) => translations[i] === inSpanish(n)).length;
console.log(`new sentences translated without a fault: ${((100 * right) / test.length).toFixed(1)} %`);
