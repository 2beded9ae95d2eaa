// Which functions of `keras.ops` are defined for complex numbers.

/** The others throw: without an order, rounding or a remainder they would treat complex numbers as something else. */
export const COMPLEX_OPS: ReadonlySet<string> = new Set([
  // Parts and values.
  'viewAsReal', 'real', 'imag', 'conj', 'conjugate', 'angle', 'isreal', 'abs', 'absolute', 'isnan', 'isinf', 'isfinite',
  'cast', 'convertToTensor', 'array', 'copy', 'stopGradient', 'logicalAnd', 'logicalOr', 'logicalXor', 'logicalNot', 'any', 'all',
  'countNonzero', 'nonzero',
  // Arithmetic and functions.
  'add', 'subtract', 'multiply', 'divide', 'trueDivide', 'negative', 'square', 'reciprocal', 'sqrt', 'exp', 'log', 'sin', 'cos', 'equal',
  'notEqual', 'where',
  'sum', 'prod', 'mean', 'matmul', 'dot', 'tensordot', 'vdot', 'inner', 'outer', 'kron', 'einsum', 'trace',
  // Shapes and places.
  'reshape', 'ravel', 'transpose', 'swapaxes', 'moveaxis', 'expandDims', 'squeeze', 'broadcastTo', 'concatenate', 'stack', 'hstack',
  'vstack', 'dstack',
  'columnStack', 'split', 'arraySplit', 'hsplit', 'vsplit', 'unstack', 'getItem', 'slice', 'sliceUpdate', 'take', 'takeAlongAxis', 'flip',
  'fliplr', 'flipud',
  'rot90', 'roll', 'tile', 'repeat', 'pad', 'diagonal', 'diag', 'tril', 'triu', 'full', 'fullLike', 'zerosLike', 'onesLike', 'emptyLike',
  // Control flow hands tensors on.
  'cond', 'switch', 'whileLoop', 'foriLoop', 'scan', 'map', 'jvp',
]);
