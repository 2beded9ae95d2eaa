// `keras.dtypePolicies`.
export {
  AWQDTypePolicy,
  deserializePolicy as deserialize,
  DTypePolicy,
  type DTypePolicyName,
  DTypePolicyMap,
  FloatDTypePolicy,
  getPolicy as get,
  GPTQDTypePolicy,
  Int4DTypePolicy,
  QuantizedDTypePolicy,
  QuantizedFloat8DTypePolicy,
  type QuantizedFloat8Options,
  serializePolicy as serialize,
  TernaryDTypePolicy,
} from '../config/dtype-policy.js';
