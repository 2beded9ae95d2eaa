// How much memory a file may ask for: a few of its bytes can ask for more than there is.

/** So many bytes are made for any file; beyond, it must have a hundredth of them. */
const FREE_BYTES = 64 * 2 ** 20;
const MAX_EXPANSION = 100;

/** Bytes of tensors that a file of so many bytes may ask for. */
export const budgetOf = (fileBytes: number): number => Math.max(FREE_BYTES, MAX_EXPANSION * fileBytes);
