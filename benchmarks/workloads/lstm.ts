// An epoch of a classifier of texts by an LSTM: 1,024 texts of 80 tokens, in batches of 32.
import { layers } from 'keratin';
import { reportTexts } from '../texts.js';

await reportTexts(new layers.LSTM(128));
