// Masks of predictions and of losses; see core/mask.
export { getMask, setMask } from '../symbolic/mask.js';
