// What `Layer.quantize` does: checks, quantized weights, and the policy that names them.
import type { QuantizationMode } from '../../config/dtype-policy.js';
import type { LayerPrecision } from '../base/layer-precision.js';
import { checkFloat16, NotQuantizableError, quantizedPolicyOf, type QuantizeOptions, readQuantizeOptions, resolveConfig } from './modes.js';

const labelOf = (layer: LayerPrecision): string => `${layer.constructor.name} "${layer.name}"`;

/** @throws when the class of a layer has no such mode; with `typeCheck` also when it only extends a class that has. */
export function checkQuantizable(layer: LayerPrecision, mode: string, typeCheck = false): void {
  const { quantizationModes: modes } = layer.constructor as typeof LayerPrecision;
  if (modes.length === 0)
    throw new NotQuantizableError(
      `${labelOf(layer)}: it cannot be quantized, received mode '${mode}'; leave it out, or give its dtype policy without the mode`,
    );
  if (!(modes as readonly string[]).includes(mode))
    throw new NotQuantizableError(`${labelOf(layer)}: it cannot be quantized in mode '${mode}'; expected one of ${modes.join(', ')}`);
  if (typeCheck && !Object.hasOwn(layer.constructor, 'quantizationModes')) {
    throw new NotQuantizableError(
      `${labelOf(layer)}: it extends a layer that can be quantized, and may compute something else; give typeCheck: false if it does not`,
    );
  }
}

/** Does what `Layer.quantize` says. */
export function quantizeLayer(layer: LayerPrecision, mode: QuantizationMode | QuantizeOptions | null, options: QuantizeOptions): void {
  const where = `${labelOf(layer)}: quantize`;
  const given = readQuantizeOptions(where, mode, options);
  const wanted = resolveConfig(where, given.mode, given.config);
  checkQuantizable(layer, wanted.mode, given.typeCheck);
  if (!layer.built) throw new Error(`${where}: the layer is not built yet; call it on data, or call build(inputShape) first`);
  if (layer.isQuantized) throw new Error(`${where}: it is quantized already, its dtype policy is ${layer.ownPolicy.name}`);
  checkFloat16(where, wanted.mode, layer.computeDtype);
  layer.quantizeWeights(wanted.mode, wanted.config);
  const policy = layer.ownPolicy;
  if (policy.quantizationMode === null) layer.dtypePolicy = quantizedPolicyOf(policy, wanted.mode, wanted.config);
}
