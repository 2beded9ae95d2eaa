// `keras.tree`.
export {
  MAP_TO_NONE,
  mapShapeStructure,
  mapStructure,
  mapStructureUpTo,
  traverse,
  type MapStructureOptions,
  type TraverseOptions,
} from './map.js';
export {
  assertSamePaths,
  assertSameStructure,
  flatten,
  flattenWithPath,
  isNested,
  listsToTuples,
  packSequenceAs,
  type Path,
} from './structure.js';
