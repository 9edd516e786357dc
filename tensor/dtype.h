#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "kernels/bfloat16.h"
#include "kernels/error.h"

namespace keratin {

/// The type of a tensor's elements.
enum class DType : std::uint8_t {
  float32,
  float64,
  bfloat16,
  uint8,
  int32,
  int64,
  boolean,
  string
};
inline constexpr DType float32 = DType::float32, float64 = DType::float64,
                       bfloat16 = DType::bfloat16, uint8 = DType::uint8, int32 = DType::int32,
                       int64 = DType::int64, boolean = DType::boolean, string = DType::string;

using kernels::BFloat16, kernels::to_bfloat16, kernels::to_float;

/// Bytes of one element; 0 for strings.
constexpr std::size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::float32:
    case DType::int32:
      return 4;
    case DType::float64:
    case DType::int64:
      return 8;
    case DType::bfloat16:
      return 2;
    case DType::uint8:
    case DType::boolean:
      return 1;
    case DType::string:
      return 0;
  }
  return 0;
}

/// Keras' name: "float32", "bool", "string" ...
constexpr std::string_view name_of(DType dtype) {
  constexpr std::string_view names[] = {"float32", "float64", "bfloat16", "uint8",
                                        "int32",   "int64",   "bool",     "string"};
  return names[static_cast<std::size_t>(dtype)];
}

/// The name used in messages: "f32", "u8", "bool" ...
constexpr std::string_view short_name_of(DType dtype) {
  constexpr std::string_view names[] = {"f32", "f64", "bf16", "u8", "i32", "i64", "bool", "string"};
  return names[static_cast<std::size_t>(dtype)];
}

/// The dtype with Keras' name. Throws DTypeError that lists the names.
DType dtype_from_name(std::string_view name);

constexpr bool is_floating(DType dtype) {
  return dtype == DType::float32 || dtype == DType::float64 || dtype == DType::bfloat16;
}
constexpr bool is_integer(DType dtype) {
  return dtype == DType::uint8 || dtype == DType::int32 || dtype == DType::int64;
}

namespace detail {
template <class T>
struct DTypeOf;
template <>
struct DTypeOf<float> : std::integral_constant<DType, DType::float32> {};
template <>
struct DTypeOf<double> : std::integral_constant<DType, DType::float64> {};
template <>
struct DTypeOf<BFloat16> : std::integral_constant<DType, DType::bfloat16> {};
template <>
struct DTypeOf<std::uint8_t> : std::integral_constant<DType, DType::uint8> {};
template <>
struct DTypeOf<std::int32_t> : std::integral_constant<DType, DType::int32> {};
template <>
struct DTypeOf<std::int64_t> : std::integral_constant<DType, DType::int64> {};
template <>
struct DTypeOf<bool> : std::integral_constant<DType, DType::boolean> {};
template <>
struct DTypeOf<std::string> : std::integral_constant<DType, DType::string> {};

[[noreturn]] void throw_not_dispatched(std::string_view what, DType dtype,
                                       std::string_view expected);
}  // namespace detail

/// The dtype whose elements are of type T.
template <class T>
inline constexpr DType dtype_of = detail::DTypeOf<T>::value;

/// Calls `f.template operator()<T>()` with T = float or double, or throws DTypeError naming `what`.
template <class F>
decltype(auto) dispatch_floats(std::string_view what, DType dtype, F&& f) {
  if (dtype == DType::float32) return f.template operator()<float>();
  if (dtype == DType::float64) return f.template operator()<double>();
  detail::throw_not_dispatched(what, dtype, "float32 or float64");
}

/// The same with bfloat16 too: T = float, double or BFloat16.
template <class F>
decltype(auto) dispatch_all_floats(std::string_view what, DType dtype, F&& f) {
  if (dtype == DType::bfloat16) return f.template operator()<BFloat16>();
  return dispatch_floats(what, dtype, f);
}

/// The same with every type of numbers but bfloat16: float, double, uint8, int32, int64.
template <class F>
decltype(auto) dispatch_numbers(std::string_view what, DType dtype, F&& f) {
  switch (dtype) {
    case DType::float32:
      return f.template operator()<float>();
    case DType::float64:
      return f.template operator()<double>();
    case DType::uint8:
      return f.template operator()<std::uint8_t>();
    case DType::int32:
      return f.template operator()<std::int32_t>();
    case DType::int64:
      return f.template operator()<std::int64_t>();
    default:
      break;
  }
  detail::throw_not_dispatched(what, dtype, "float32, float64, uint8, int32 or int64");
}

/// The same with bfloat16 too.
template <class F>
decltype(auto) dispatch_all_numbers(std::string_view what, DType dtype, F&& f) {
  if (dtype == DType::bfloat16) return f.template operator()<BFloat16>();
  return dispatch_numbers(what, dtype, f);
}

}  // namespace keratin
