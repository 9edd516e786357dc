#include "tensor/dtype.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "tensor/device.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

struct Row {
  DType dtype;
  const char *name, *short_name;
  std::size_t size;
  bool floating, integer;
};

const Row kRows[] = {
    {float32, "float32", "f32", 4, true, false},    {float64, "float64", "f64", 8, true, false},
    {bfloat16, "bfloat16", "bf16", 2, true, false}, {uint8, "uint8", "u8", 1, false, true},
    {int32, "int32", "i32", 4, false, true},        {int64, "int64", "i64", 8, false, true},
    {boolean, "bool", "bool", 1, false, false},     {string, "string", "string", 0, false, false},
};

TEST_CASE("dtype: names, sizes and kinds") {
  for (const Row& row : kRows) {
    CAPTURE(row.name);
    CHECK(name_of(row.dtype) == row.name);
    CHECK(short_name_of(row.dtype) == row.short_name);
    CHECK(dtype_from_name(row.name) == row.dtype);
    CHECK(size_of(row.dtype) == row.size);
    CHECK(is_floating(row.dtype) == row.floating);
    CHECK(is_integer(row.dtype) == row.integer);
  }
  CHECK(dtype_of<BFloat16> == bfloat16);
  CHECK(dtype_of<bool> == boolean);
  CHECK(dtype_of<std::string> == string);
}

TEST_CASE("dtype: an unknown name is refused with the nearest and all names") {
  CHECK_THROWS_WITH_AS((void)dtype_from_name("flaot32"),
                       "dtype: unknown name \"flaot32\"; did you mean \"float32\"?; known: "
                       "float32, float64, bfloat16, uint8, int32, int64, bool, string",
                       DTypeError);
  for (const char* name : {"", "f32", "complex64", "float32 "})
    CHECK_THROWS_AS((void)dtype_from_name(name), DTypeError);
}

TEST_CASE("dtype: dispatch") {
  for (const Row& row : kRows) {
    CAPTURE(row.name);
    const auto check = [&]<class T> { CHECK(dtype_of<T> == row.dtype); };
    if (row.dtype == float32 || row.dtype == float64) {
      dispatch_floats("op", row.dtype, check);
    } else {
      CHECK_THROWS_AS(dispatch_floats("op", row.dtype, check), DTypeError);
    }
    if (row.dtype != bfloat16 && row.dtype != boolean && row.dtype != string) {
      dispatch_numbers("op", row.dtype, check);
    } else {
      CHECK_THROWS_AS(dispatch_numbers("op", row.dtype, check), DTypeError);
    }
  }
  CHECK_THROWS_WITH_AS(
      dispatch_floats("tanh", int32, []<class T> {}),
      "tanh: not defined for int32; expected float32 or float64. Use cast(x, float32) first.",
      DTypeError);
}

TEST_CASE("bfloat16: to the nearest, ties to even") {
  const float inf = std::numeric_limits<float>::infinity();
  struct Conversion {
    float from;
    std::uint16_t bits;
  };
  const Conversion rows[] = {
      {0.0f, 0x0000},
      {-0.0f, 0x8000},
      {1.0f, 0x3f80},
      {-2.5f, 0xc020},
      {0x1.01p0f, 0x3f80},                          // half way: down, to even
      {0x1.010002p0f, 0x3f81},                      // just above
      {0x1.03p0f, 0x3f82},                          // half way: up, to even
      {0x1.fffffep0f, 0x4000},                      // into the next power of two
      {std::numeric_limits<float>::max(), 0x7f80},  // rounds to infinity
      {inf, 0x7f80},
      {-inf, 0xff80},
      {std::numeric_limits<float>::denorm_min(), 0x0000},
      {0x1p-133f, 0x0001},  // its own smallest
  };
  for (const Conversion& row : rows) {
    CAPTURE(row.from);
    CHECK(to_bfloat16(row.from).bits == row.bits);
  }
  CHECK(std::isnan(to_float(to_bfloat16(std::numeric_limits<float>::quiet_NaN()))));
  // A NaN whose upper bits alone would be an infinity.
  CHECK(std::isnan(to_float(to_bfloat16(std::bit_cast<float>(0x7f800001u)))));
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const BFloat16 value{static_cast<std::uint16_t>(bits)};
    if (std::isnan(to_float(value))) continue;
    REQUIRE(to_bfloat16(to_float(value)).bits == bits);
  }
}

TEST_CASE("bfloat16: never further away than half a step") {
  for (const float x : normal_values(2000, 3, 100)) {
    const float y = to_float(to_bfloat16(x));
    REQUIRE(std::fabs(y - x) <= std::ldexp(std::fabs(x), -8));
  }
}

TEST_CASE("device: names, and the CPU as default") {
  CHECK(Device{}.text() == "cpu");
  CHECK(Device{.kind = Device::Kind::cuda, .index = 1}.text() == "cuda:1");
  CHECK(device() == Device{});
  CHECK_NOTHROW(set_device("cpu"));
  CHECK_THROWS_WITH_AS(
      set_device("gpu"),
      "set_device: unknown device \"gpu\"; expected \"cpu\", \"cuda\" or \"cuda:N\"", DeviceError);
  if (!gpu_available()) {
    CHECK_THROWS_AS(set_device("cuda"), DeviceError);
    CHECK_THROWS_AS(set_device("cuda:0"), DeviceError);
  }
  CHECK(device() == Device{});
}

}  // namespace
}  // namespace keratin::tests
