// Classes of ours that saved models may hold and that are imported only where they are needed.

/** Imports the classes that a config names. */
export async function provideOwnClasses(config: unknown): Promise<void> {
  if (JSON.stringify(config)?.includes('keratin>OnnxNode') === true) await import('./onnx/import/node-layer.js');
}
