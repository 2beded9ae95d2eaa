// All layers.
export { Activation, type ActivationOptions } from './activations/activation.js';
export { ELU, type ELUOptions } from './activations/elu.js';
export { LeakyReLU, type LeakyReLUOptions } from './activations/leaky-relu.js';
export { PReLU, type PReLUOptions } from './activations/prelu.js';
export { ReLU, type ReLUOptions } from './activations/relu.js';
export { Softmax, type SoftmaxLayerOptions } from './activations/softmax.js';
export {
  Conv1D, type Conv1DOptions, Conv2D, Conv3D, type ConvLayerOptions,
  Conv1D as Convolution1D, Conv2D as Convolution2D, Conv3D as Convolution3D,
} from './convolutional/conv.js';
export {
  Conv1DTranspose, Conv2DTranspose, Conv3DTranspose, type ConvTransposeLayerOptions,
  Conv1DTranspose as Convolution1DTranspose, Conv2DTranspose as Convolution2DTranspose, Conv3DTranspose as Convolution3DTranspose,
} from './convolutional/conv-transpose.js';
export { DepthwiseConv1D, DepthwiseConv2D, type DepthwiseConvLayerOptions } from './convolutional/depthwise-conv.js';
export {
  SeparableConv1D, SeparableConv2D, type SeparableConvLayerOptions,
  SeparableConv1D as SeparableConvolution1D, SeparableConv2D as SeparableConvolution2D,
} from './convolutional/separable-conv.js';
export { AdditiveAttention, type AdditiveAttentionOptions } from './attention/additive-attention.js';
export { Attention, type AttentionCallOptions, type AttentionOptions } from './attention/attention.js';
export { GroupQueryAttention, type GroupQueryAttentionOptions } from './attention/group-query-attention.js';
export type { HeadAttentionCallOptions } from './attention/head-attention.js';
export { MultiHeadAttention, type MultiHeadAttentionOptions } from './attention/multi-head-attention.js';
export { Dense, type DenseOptions } from './core/dense.js';
export { EinsumDense, type EinsumDenseOptions } from './core/einsum-dense.js';
export { Embedding, type EmbeddingOptions } from './core/embedding.js';
export { TernaryDense, type TernaryDenseOptions } from './core/ternary-dense.js';
export { Identity, type IdentityOptions } from './core/identity.js';
export { InputLayer, type InputLayerOptions } from './core/input-layer.js';
export {
  AdaptiveAveragePooling1D,
  AdaptiveAveragePooling2D,
  AdaptiveAveragePooling3D,
  AdaptiveMaxPooling1D,
  AdaptiveMaxPooling2D,
  AdaptiveMaxPooling3D,
  type AdaptivePoolingOptions,
} from './pooling/adaptive-pooling.js';
export {
  GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalAveragePooling3D,
  GlobalAveragePooling1D as GlobalAvgPool1D, GlobalAveragePooling2D as GlobalAvgPool2D, GlobalAveragePooling3D as GlobalAvgPool3D,
  GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D,
  GlobalMaxPooling1D as GlobalMaxPool1D, GlobalMaxPooling2D as GlobalMaxPool2D, GlobalMaxPooling3D as GlobalMaxPool3D,
  type GlobalPoolingOptions,
} from './pooling/global-pooling.js';
export {
  AveragePooling1D, AveragePooling2D, AveragePooling3D, type AveragePoolingOptions,
  AveragePooling1D as AvgPool1D, AveragePooling2D as AvgPool2D, AveragePooling3D as AvgPool3D,
  MaxPooling1D, MaxPooling2D, MaxPooling3D, type MaxPoolingOptions,
  MaxPooling1D as MaxPool1D, MaxPooling2D as MaxPool2D, MaxPooling3D as MaxPool3D,
} from './pooling/pooling.js';
export { AugMix, type AugMixOptions, type AugMixTransformation, type AugMixStep } from './preprocessing/augmentation/aug-mix.js';
export { AutoContrast, type AutoContrastOptions } from './preprocessing/augmentation/auto-contrast.js';
export {
  ContrastLimitedAdaptiveHistogramEqualization,
  type ContrastLimitedAdaptiveHistogramEqualizationOptions,
} from './preprocessing/augmentation/clahe.js';
export { CutMix, type CutMixOptions, type CutMixTransformation } from './preprocessing/augmentation/cut-mix.js';
export { Equalization, type EqualizationOptions } from './preprocessing/augmentation/equalization.js';
export { MaxNumBoundingBoxes, type MaxNumBoundingBoxesOptions } from './preprocessing/augmentation/max-num-bounding-boxes.js';
export { MixUp, type MixUpOptions, type MixUpTransformation } from './preprocessing/augmentation/mix-up.js';
export { RandAugment, type RandAugmentOptions, type RandAugmentTransformation } from './preprocessing/augmentation/rand-augment.js';
export {
  RandomBrightness,
  type RandomBrightnessOptions,
} from './preprocessing/augmentation/random-brightness.js';
export {
  RandomColorDegeneration,
  type RandomColorDegenerationOptions,
} from './preprocessing/augmentation/random-color-degeneration.js';
export { RandomColorJitter, type RandomColorJitterOptions } from './preprocessing/augmentation/random-color-jitter.js';
export { RandomContrast, type RandomContrastOptions, type ContrastTransformation } from './preprocessing/augmentation/random-contrast.js';
export { RandomCrop, type RandomCropOptions, type CropTransformation } from './preprocessing/augmentation/random-crop.js';
export {
  RandomElasticTransform,
  type RandomElasticTransformOptions,
} from './preprocessing/augmentation/random-elastic-transform.js';
export { RandomErasing, type RandomErasingOptions, type ErasingTransformation } from './preprocessing/augmentation/random-erasing.js';
export { RandomFlip, type RandomFlipOptions, type FlipTransformation } from './preprocessing/augmentation/random-flip.js';
export {
  RandomGaussianBlur,
  type RandomGaussianBlurOptions,
} from './preprocessing/augmentation/random-gaussian-blur.js';
export { RandomGrayscale, type RandomGrayscaleOptions } from './preprocessing/augmentation/random-grayscale.js';
export { RandomHue, type RandomHueOptions, type HueTransformation } from './preprocessing/augmentation/random-hue.js';
export { RandomInvert, type RandomInvertOptions, type InvertTransformation } from './preprocessing/augmentation/random-invert.js';
export {
  RandomPerspective,
  type RandomPerspectiveOptions,
} from './preprocessing/augmentation/random-perspective.js';
export {
  RandomPosterization,
  type RandomPosterizationOptions,
} from './preprocessing/augmentation/random-posterization.js';
export { RandomRotation, type RandomRotationOptions, type RotationTransformation } from './preprocessing/augmentation/random-rotation.js';
export {
  RandomSaturation,
  type RandomSaturationOptions,
} from './preprocessing/augmentation/random-saturation.js';
export {
  RandomSharpness,
  type RandomSharpnessOptions,
} from './preprocessing/augmentation/random-sharpness.js';
export { RandomShear, type RandomShearOptions, type ShearTransformation } from './preprocessing/augmentation/random-shear.js';
export {
  RandomTranslation,
  type RandomTranslationOptions,
} from './preprocessing/augmentation/random-translation.js';
export { RandomZoom, type RandomZoomOptions, type ZoomTransformation } from './preprocessing/augmentation/random-zoom.js';
export type { AdaptData, AdaptOptions } from './preprocessing/adapt-data.js';
export { CategoryEncoding, type CategoryEncodingCall, type CategoryEncodingOptions } from './preprocessing/category-encoding.js';
export { Solarization, type SolarizationOptions, type SolarizationTransformation } from './preprocessing/augmentation/solarization.js';
export { CenterCrop, type CenterCropOptions } from './preprocessing/center-crop.js';
export { Discretization, type DiscretizationOptions } from './preprocessing/discretization.js';
export type { ImageData, ImageLayerOptions } from './preprocessing/image-layer.js';
export { Lambda, type LambdaOptions } from './core/lambda.js';
export { Masking, type MaskingOptions } from './core/masking.js';
export { ReversibleEmbedding, type ReversibleEmbeddingOptions } from './core/reversible-embedding.js';
export { Wrapper, type WrapperOptions } from './core/wrapper.js';
export { Add, type AddOptions } from './merging/add.js';
export { Average, type AverageOptions } from './merging/average.js';
export { Concatenate, type ConcatenateOptions } from './merging/concatenate.js';
export { Dot, type DotOptions } from './merging/dot.js';
export { Maximum, type MaximumOptions } from './merging/maximum.js';
export { Minimum, type MinimumOptions } from './merging/minimum.js';
export { Multiply, type MultiplyOptions } from './merging/multiply.js';
export { Subtract, type SubtractOptions } from './merging/subtract.js';
export { BatchNormalization, type BatchNormalizationLayerOptions, type RenormClipping } from './normalization/batch-normalization.js';
export { GroupNormalization, type GroupNormalizationOptions } from './normalization/group-normalization.js';
export { LayerNormalization, type LayerNormalizationLayerOptions } from './normalization/layer-normalization.js';
export { RMSNormalization, type RMSNormalizationOptions } from './normalization/rms-normalization.js';
export { SpectralNormalization, type SpectralNormalizationOptions } from './normalization/spectral-normalization.js';
export { UnitNormalization, type UnitNormalizationOptions } from './normalization/unit-normalization.js';
export { HashedCrossing, type HashedCrossingOptions } from './preprocessing/hashed-crossing.js';
export { Hashing, type HashingOptions } from './preprocessing/hashing.js';
export { IntegerLookup, type IntegerLookupOptions } from './preprocessing/integer-lookup.js';
export { MelSpectrogram, type MelSpectrogramOptions, type MelWeightsOptions } from './preprocessing/mel-spectrogram.js';
export { Normalization, type NormalizationOptions } from './preprocessing/normalization.js';
export { Pipeline, type PipelineOptions } from './preprocessing/pipeline.js';
export { Rescaling, type RescalingOptions } from './preprocessing/rescaling.js';
export { STFTSpectrogram, type STFTSpectrogramOptions } from './preprocessing/stft-spectrogram.js';
export { StringLookup, type StringLookupOptions } from './preprocessing/string-lookup.js';
export { TextVectorization, type TextVectorizationOptions } from './preprocessing/text-vectorization.js';
export type { Split, Standardize } from './preprocessing/texts.js';
export { Resizing, type ResizingOptions } from './preprocessing/resizing.js';
export { ActivityRegularization, type ActivityRegularizationOptions } from './regularization/activity-regularization.js';
export { AlphaDropout, type AlphaDropoutOptions } from './regularization/alpha-dropout.js';
export { Dropout, type DropoutOptions } from './regularization/dropout.js';
export { GaussianDropout, type GaussianDropoutOptions } from './regularization/gaussian-dropout.js';
export { GaussianNoise, type GaussianNoiseOptions } from './regularization/gaussian-noise.js';
export {
  SpatialDropout1D, type SpatialDropout1DOptions, SpatialDropout2D, SpatialDropout3D, type SpatialDropoutOptions,
} from './regularization/spatial-dropout.js';
export { Cropping1D, type Cropping1DOptions, Cropping2D, Cropping3D, type CroppingOptions } from './reshaping/cropping.js';
export { Flatten, type FlattenOptions } from './reshaping/flatten.js';
export { Permute, type PermuteOptions } from './reshaping/permute.js';
export { RepeatVector, type RepeatVectorOptions } from './reshaping/repeat-vector.js';
export { Reshape, type ReshapeOptions } from './reshaping/reshape.js';
export {
  UpSampling1D,
  type UpSampling1DOptions,
  UpSampling2D,
  type UpSampling2DOptions,
  type UpSamplingInterpolation,
  UpSampling3D,
  type UpSampling3DOptions,
} from './reshaping/up-sampling.js';
export {
  ZeroPadding1D,
  type ZeroPadding1DOptions,
  ZeroPadding2D,
  ZeroPadding3D,
  type ZeroPaddingOptions,
} from './reshaping/zero-padding.js';
export type { RNNCallOptions } from './rnn/base-rnn.js';
export { Bidirectional, type BidirectionalOptions } from './rnn/bidirectional.js';
export type { CellCallOptions, InitialStateOptions, RNNCell, States, StateSize } from './rnn/cell.js';
export { ConvLSTM1D, ConvLSTM2D, ConvLSTM3D, type ConvLSTMOptions } from './rnn/conv-lstm.js';
export { GRU, type GRUOptions } from './rnn/gru.js';
export { GRUCell, type GRUCellOptions } from './rnn/gru-cell.js';
export { LSTM, type LSTMOptions } from './rnn/lstm.js';
export { LSTMCell, type LSTMCellOptions } from './rnn/lstm-cell.js';
export { RNN, type RNNOptions } from './rnn/rnn.js';
export { SimpleRNN, type SimpleRNNOptions } from './rnn/simple-rnn.js';
export { SimpleRNNCell, type SimpleRNNCellOptions } from './rnn/simple-rnn-cell.js';
export { StackedRNNCells, type StackedRNNCellsOptions } from './rnn/stacked-rnn-cells.js';
export { TimeDistributed, type TimeDistributedOptions } from './rnn/time-distributed.js';
