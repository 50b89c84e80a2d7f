// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions of libdevice and the approximations of the hardware, computed by
// the C library of the host: more precise than the device, not bit for bit.

#include "Block.h"
#include "Intrinsics.h"
#include "Lowering.h"
#include "Monitor.h"
#include <cmath>
#include <cstring>

using namespace llvm;

namespace pdq::sim {

namespace {

struct MathFunction {
  StringRef name;
  StringRef signature;
  void *address;
};

template <typename F> void *pointerTo(F *function) {
  return reinterpret_cast<void *>(function);
}

float reciprocalSquareRoot(float x) { return 1.0f / sqrtf(x); }
double reciprocalSquareRoot64(double x) { return 1.0 / sqrt(x); }
float reciprocal(float x) { return 1.0f / x; }
float saturate(float x) { return fminf(fmaxf(x, 0.0f), 1.0f); }
float divide(float x, float y) { return x / y; }
float power(float x, int n) { return static_cast<float>(pow(x, n)); }
float exp10Float(float x) { return static_cast<float>(pow(10.0, x)); }
int isNaN(float x) { return x != x; }
int isInfinite(float x) { return fabsf(x) == INFINITY; }
float maximumNaN(float x, float y) {
  return x != x || y != y ? NAN : fmaxf(x, y);
}
float minimumNaN(float x, float y) {
  return x != x || y != y ? NAN : fminf(x, y);
}

/// Nearest bfloat16, ties to even; the bits are the low half of the result, as
/// code generation expects of a function that returns one.
float truncateToBF16(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  bits = x != x ? 0x7fc0 : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  float result;
  memcpy(&result, &bits, 4);
  return result;
}

#define PDQ_UNARY(name)                                                        \
  {"__nv_" #name "f", "ff", pointerTo<float(float)>(::name##f)}, {             \
    "__nv_" #name, "dd", pointerTo<double(double)>(::name)                     \
  }
#define PDQ_BINARY(name)                                                       \
  {"__nv_" #name "f", "fff", pointerTo<float(float, float)>(::name##f)}, {     \
    "__nv_" #name, "ddd", pointerTo<double(double, double)>(::name)            \
  }

const MathFunction kFunctions[] = {
    PDQ_UNARY(exp),
    PDQ_UNARY(exp2),
    PDQ_UNARY(expm1),
    PDQ_UNARY(log),
    PDQ_UNARY(log2),
    PDQ_UNARY(log10),
    PDQ_UNARY(log1p),
    PDQ_UNARY(sqrt),
    PDQ_UNARY(cbrt),
    PDQ_UNARY(sin),
    PDQ_UNARY(cos),
    PDQ_UNARY(tan),
    PDQ_UNARY(asin),
    PDQ_UNARY(acos),
    PDQ_UNARY(atan),
    PDQ_UNARY(sinh),
    PDQ_UNARY(cosh),
    PDQ_UNARY(tanh),
    PDQ_UNARY(asinh),
    PDQ_UNARY(acosh),
    PDQ_UNARY(atanh),
    PDQ_UNARY(erf),
    PDQ_UNARY(erfc),
    PDQ_UNARY(ceil),
    PDQ_UNARY(floor),
    PDQ_UNARY(trunc),
    PDQ_UNARY(round),
    PDQ_UNARY(rint),
    PDQ_UNARY(nearbyint),
    PDQ_UNARY(fabs),
    PDQ_BINARY(pow),
    PDQ_BINARY(atan2),
    PDQ_BINARY(fmod),
    PDQ_BINARY(fmax),
    PDQ_BINARY(fmin),
    PDQ_BINARY(copysign),
    PDQ_BINARY(remainder),
    PDQ_BINARY(hypot),
    {"__nv_fmaf", "ffff", pointerTo<float(float, float, float)>(::fmaf)},
    {"__nv_fma", "dddd", pointerTo<double(double, double, double)>(::fma)},
    {"__nv_rsqrtf", "ff", pointerTo(reciprocalSquareRoot)},
    {"__nv_rsqrt", "dd", pointerTo(reciprocalSquareRoot64)},
    {"__nv_powif", "ffi", pointerTo(power)},
    {"__nv_exp10f", "ff", pointerTo(exp10Float)},
    {"__nv_saturatef", "ff", pointerTo(saturate)},
    {"__nv_fdividef", "fff", pointerTo(divide)},
    {"__nv_fast_fdividef", "fff", pointerTo(divide)},
    {"__nv_fast_expf", "ff", pointerTo<float(float)>(::expf)},
    {"__nv_fast_logf", "ff", pointerTo<float(float)>(::logf)},
    {"__nv_fast_log2f", "ff", pointerTo<float(float)>(::log2f)},
    {"__nv_fast_log10f", "ff", pointerTo<float(float)>(::log10f)},
    {"__nv_fast_exp10f", "ff", pointerTo(exp10Float)},
    {"__nv_fast_sinf", "ff", pointerTo<float(float)>(::sinf)},
    {"__nv_fast_cosf", "ff", pointerTo<float(float)>(::cosf)},
    {"__nv_fast_tanf", "ff", pointerTo<float(float)>(::tanf)},
    {"__nv_fast_powf", "fff", pointerTo<float(float, float)>(::powf)},
    {"__nv_isnanf", "if", pointerTo(isNaN)},
    {"__nv_isinff", "if", pointerTo(isInfinite)},
    {"llvm.nvvm.ex2.approx.f", "ff", pointerTo<float(float)>(::exp2f)},
    {"llvm.nvvm.ex2.approx.f32", "ff", pointerTo<float(float)>(::exp2f)},
    {"llvm.nvvm.lg2.approx.f", "ff", pointerTo<float(float)>(::log2f)},
    {"llvm.nvvm.sqrt.f", "ff", pointerTo<float(float)>(::sqrtf)},
    {"llvm.nvvm.sqrt.rn.f", "ff", pointerTo<float(float)>(::sqrtf)},
    {"llvm.nvvm.sqrt.approx.f", "ff", pointerTo<float(float)>(::sqrtf)},
    {"llvm.nvvm.sqrt.rn.d", "dd", pointerTo<double(double)>(::sqrt)},
    {"llvm.nvvm.rsqrt.approx.f", "ff", pointerTo(reciprocalSquareRoot)},
    {"llvm.nvvm.rsqrt.approx.d", "dd", pointerTo(reciprocalSquareRoot64)},
    {"llvm.nvvm.rcp.approx.f", "ff", pointerTo(reciprocal)},
    {"llvm.nvvm.rcp.rn.f", "ff", pointerTo(reciprocal)},
    {"llvm.nvvm.rcp.approx.ftz.f", "ff", pointerTo(reciprocal)},
    {"llvm.nvvm.div.rn.f", "fff", pointerTo(divide)},
    {"llvm.nvvm.div.full", "fff", pointerTo(divide)},
    {"llvm.nvvm.div.approx.f", "fff", pointerTo(divide)},
    {"llvm.nvvm.sin.approx.f", "ff", pointerTo<float(float)>(::sinf)},
    {"llvm.nvvm.cos.approx.f", "ff", pointerTo<float(float)>(::cosf)},
    {"llvm.nvvm.tanh.approx.f", "ff", pointerTo<float(float)>(::tanhf)},
    {"llvm.nvvm.tanh.approx.f32", "ff", pointerTo<float(float)>(::tanhf)},
    {"llvm.nvvm.saturate.f", "ff", pointerTo(saturate)},
    {"llvm.nvvm.fma.rn.f", "ffff",
     pointerTo<float(float, float, float)>(::fmaf)},
    {"llvm.nvvm.fma.rn.d", "dddd",
     pointerTo<double(double, double, double)>(::fma)},
    {"llvm.nvvm.fmax.f", "fff", pointerTo<float(float, float)>(::fmaxf)},
    {"llvm.nvvm.fmin.f", "fff", pointerTo<float(float, float)>(::fminf)},
    {"llvm.nvvm.fmax.nan.f", "fff", pointerTo(maximumNaN)},
    {"llvm.nvvm.fmin.nan.f", "fff", pointerTo(minimumNaN)},
};
#undef PDQ_UNARY
#undef PDQ_BINARY

const MathFunction *findEntry(StringRef name) {
  static const StringMap<const MathFunction *> table = [] {
    StringMap<const MathFunction *> entries;
    for (const MathFunction &function : kFunctions)
      entries[function.name] = &function;
    return entries;
  }();
  auto it = table.find(name);
  return it == table.end() ? nullptr : it->second;
}

template <Access kind>
void checkAccess(uint64_t address, uint32_t bytes, uint32_t alignment) {
  monitor.check<kind>(address, bytes, alignment);
}

void checkStore(uint64_t address, uint32_t bytes, uint32_t alignment,
                uint64_t value) {
  monitor.checkStore(address, bytes, alignment, value);
}

template <Access kind> void checkRange(uint64_t address, uint64_t bytes) {
  for (uint64_t done = 0; done < bytes; done += kGranule)
    monitor.check<kind>(address + done, std::min(kGranule, bytes - done), 1);
}

void failAssertion(const char *message, const char *file, uint32_t line,
                   const char *function, uint64_t) {
  block.fail(CUDA_ERROR_ASSERT, Twine("assertion failed: ") + message + " in " +
                                    function + ", " + file + ":" + Twine(line));
}

} // namespace

StringRef findMathFunction(StringRef name, StringRef &signature) {
  const MathFunction *function = findEntry(name);
  if (!function && name.starts_with("llvm.nvvm.")) {
    // Denormals are kept where the device may flush them to zero.
    std::string plain = name.str();
    if (size_t at = plain.find(".ftz"); at != std::string::npos)
      function = findEntry(plain.erase(at, 4));
  }
  if (!function)
    return "";
  signature = function->signature;
  return function->name;
}

bool isHostFunction(StringRef name) { return name == "__assertfail"; }

StringMap<void *> getHostSymbols() {
  StringMap<void *> symbols;
  for (const MathFunction &function : kFunctions)
    symbols[("math." + function.name).str()] = function.address;
  symbols["pdq_sim_call"] = pointerTo(callIntrinsic);
  symbols["pdq_sim_load"] = pointerTo(checkAccess<Access::Load>);
  symbols["pdq_sim_store"] = pointerTo(checkAccess<Access::Store>);
  symbols["pdq_sim_store_value"] = pointerTo(checkStore);
  symbols["pdq_sim_atomic"] = pointerTo(checkAccess<Access::Atomic>);
  symbols["pdq_sim_load_range"] = pointerTo(checkRange<Access::Load>);
  symbols["pdq_sim_store_range"] = pointerTo(checkRange<Access::Store>);
  symbols["__assertfail"] = pointerTo(failAssertion);
  symbols["__truncsfbf2"] = pointerTo(truncateToBF16);
  return symbols;
}

} // namespace pdq::sim
