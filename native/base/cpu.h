// What some processors offer beyond an instruction set of scripts/isas.json; a row of kernels names what it needs.
#pragma once

namespace keratin {

enum class CpuFeature : unsigned char { None, Avx512Vnni, Avx512Bf16 };

inline bool cpu_has(CpuFeature feature) {
#if defined(__x86_64__)
  if (feature == CpuFeature::Avx512Vnni) return __builtin_cpu_supports("avx512vnni");
  if (feature == CpuFeature::Avx512Bf16) return __builtin_cpu_supports("avx512bf16");
#endif
  return feature == CpuFeature::None;
}

}  // namespace keratin
