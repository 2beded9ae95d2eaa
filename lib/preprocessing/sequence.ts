// `keras.preprocessing.sequence`.
export { padSequences, type PadSequencesOptions, type SequenceEnd } from '../utils/pad-sequences.js';
