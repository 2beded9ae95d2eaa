// Texts classified by a Transformer, after Keras's "Text classification with Transformer". The texts are made up: a review has good and bad
// words among many that mean nothing, and half of them are ironic, which one word tells: then they mean the opposite, so no word is good or
// bad by itself. EPOCHS in the environment makes a shorter run.
import * as keras from 'keratin';

const { layers, ops } = keras;

const epochs = Number(process.env.EPOCHS ?? 6);
const [length, vocabularySize, embedDim, heads, feedForward] = [20, 60, 32, 2, 32];

keras.utils.setRandomSeed(5);

// ---- reviews --------------------------------------------------------------------------------------------------------

// Words by number: 0 fills up, 1 tells irony, up to 10 are good, up to 19 bad, the others mean nothing.
const [IRONY, GOOD, BAD] = [1, 10, 19];
function reviews(count: number, seed: number): { words: keras.Tensor; opinions: keras.Tensor } {
  const draws = keras.random.randint([count, length], 2, vocabularySize, { seed }).tolist() as number[][];
  const words: number[][] = [];
  const opinions: number[] = [];
  for (const [i, review] of draws.entries()) {
    const opinion = review.filter((word) => word <= GOOD).length - review.filter((word) => word > GOOD && word <= BAD).length;
    if (opinion === 0) continue;
    const ironic = i % 2 === 0;
    if (ironic) review[review.findIndex((word) => word > BAD)] = IRONY;
    words.push(review);
    opinions.push(opinion > 0 === ironic ? 0 : 1);
  }
  return { words: ops.array(words), opinions: ops.array(opinions) };
}
const [train, test] = [reviews(8000, 1), reviews(1000, 2)];

// ---- layers ---------------------------------------------------------------------------------------------------------

class TransformerBlock extends layers.Layer {
  readonly attention = new layers.MultiHeadAttention(heads, embedDim);
  readonly dense = new keras.Sequential([new layers.Dense(feedForward, { activation: 'relu' }), new layers.Dense(embedDim)]);
  readonly norms = [new layers.LayerNormalization({ epsilon: 1e-6 }), new layers.LayerNormalization({ epsilon: 1e-6 })];
  readonly dropouts = [new layers.Dropout(0.1), new layers.Dropout(0.1)];

  override call(x: keras.Tensor): keras.Tensor {
    const attended = this.norms[0](x.add(this.dropouts[0](this.attention(x, x))));
    return this.norms[1](attended.add(this.dropouts[1](this.dense(attended))));
  }
}

class TokenAndPositionEmbedding extends layers.Layer {
  readonly tokens = new layers.Embedding(vocabularySize, embedDim);
  readonly positions = new layers.Embedding(length, embedDim);

  override call(words: keras.Tensor): keras.Tensor {
    return this.tokens(words).add(this.positions(ops.arange(length)));
  }
}

// ---- the network ----------------------------------------------------------------------------------------------------

const inputs = keras.Input([length], { dtype: 'int32' });
let x = new TransformerBlock()(new TokenAndPositionEmbedding()(inputs));
x = new layers.GlobalAveragePooling1D()(x);
x = new layers.Dropout(0.1)(x);
x = new layers.Dense(20, { activation: 'relu' })(x);
const outputs = new layers.Dense(2, { activation: 'softmax' })(x);
const model = new keras.Model(inputs, outputs);

model.compile({ optimizer: new keras.optimizers.Adam(0.003), loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
const { history } = await model.fit(train.words, train.opinions, {
  batchSize: 32, epochs, verbose: 0, validationData: [test.words, test.opinions],
});
history.val_accuracy.forEach((accuracy, epoch) => console.log(`epoch ${epoch + 1}: accuracy on new reviews ${accuracy.toFixed(4)}`));
console.log(`best accuracy: ${Math.max(...history.val_accuracy).toFixed(4)}`);
