// Which of `training` and `mask` the calls of Keras's layers take: what Keras writes into the nodes of a functional model's config.

/** Options that a class's call has, by its name in Keras. */
export interface CallSignature {
  /** The default of `training`, where it is not null. */
  readonly training?: boolean;
  readonly mask?: true;
}

const recurrent: CallSignature = { training: false, mask: true };
const random: CallSignature = { training: false };
const augmenting: CallSignature = { training: true };
const masked: CallSignature = { mask: true };

const named = (signature: CallSignature, names: string): [string, CallSignature][] => names.split(' ').map((name) => [name, signature]);
const SIGNATURES: ReadonlyMap<string, CallSignature> = new Map([
  ...named(recurrent, 'AdditiveAttention Attention ConvLSTM1D ConvLSTM2D ConvLSTM3D GRU LSTM RNN SimpleRNN'),
  ...named(masked, 'BatchNormalization Bidirectional Functional GlobalAveragePooling1D Lambda Sequential Softmax TimeDistributed'),
  ...named(random, 'AlphaDropout Dropout GRUCell GaussianDropout GaussianNoise LSTMCell SimpleRNNCell SpatialDropout1D SpatialDropout2D SpatialDropout3D SpectralNormalization StackedRNNCells'),
  ...named(augmenting, 'AugMix AutoContrast CenterCrop ContrastLimitedAdaptiveHistogramEqualization CutMix Equalization MaxNumBoundingBoxes MixUp RandAugment RandomBrightness RandomColorDegeneration'),
  ...named(augmenting, 'RandomColorJitter RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective'),
  ...named(augmenting, 'RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom Resizing Solarization'),
  ['Pipeline', { training: true, mask: true }],
]);

const NONE: CallSignature = {};
/** The signature of a class: its own, or that of the class of Keras that it extends. */
export function callSignature(constructor: object): CallSignature {
  for (let at = constructor as { className?: string } | null; at !== null; at = Object.getPrototypeOf(at) as typeof at) {
    if (Object.hasOwn(at, 'className') && SIGNATURES.has(at.className!)) return SIGNATURES.get(at.className!)!;
  }
  return NONE;
}
