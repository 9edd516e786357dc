#include "kernels/crossovers.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <set>
#include <string>

#include "kernels/conv2d/conv2d.h"
#include "kernels/error.h"
#include "kernels/gemm/gemm.h"
#include "kernels/peak.h"
#include "kernels/run.h"
#include "kernels/softmax/softmax.h"

namespace keratin::kernels {
namespace {

struct Restored {
  Crossovers before = crossovers();
  ~Restored() { set_crossovers(before); }
};

struct Environment {
  Environment(const char* variable, const char* value) : name(variable) {
    if (const char* text = std::getenv(name)) before = text, was = true;
    value == nullptr ? unsetenv(name) : setenv(name, value, 1);
  }
  ~Environment() { was ? setenv(name, before.c_str(), 1) : unsetenv(name); }
  const char* name;
  std::string before;
  bool was = false;
};

}  // namespace

TEST_CASE("crossovers: a file's text comes back whole") {
  Crossovers values;
  std::int64_t number = 1;
  std::set<std::string> names;
  for (const Crossover& row : crossover_table()) {
    CAPTURE(row.name);
    CHECK(names.insert(row.name).second);
    CHECK(values.*row.value >= row.least);
    CHECK(values.*row.value <= row.most);
    values.*row.value = number++;
  }
  CHECK(names.size() * sizeof(std::int64_t) == sizeof(Crossovers));  // every field has a row
  const CrossoversFile read = parse_crossovers(crossovers_text(values, "A, B = C"), "f", {});
  CHECK(read.values == values);
  CHECK(read.processor == "A, B = C");

  const CrossoversFile some = parse_crossovers(" gemm.dot_depth=7\r\n\n# x = y", "f", values);
  CHECK(some.values.dot_depth == 7);
  CHECK(some.values.packed_work == values.packed_work);
  CHECK(some.processor.empty());
}

TEST_CASE("crossovers: what a file may not hold") {
  const auto error = [](const char* text) {
    try {
      parse_crossovers(text, "/x/crossovers", {});
    } catch (const FileError& e) {
      return std::string(e.what());
    }
    return std::string("none");
  };
  CHECK(error("\ngemm.dot_depth") ==
        "/x/crossovers:2: \"gemm.dot_depth\" is not of the form name = value. Remove it, and write "
        "it anew with `make tune`?");
  CHECK(error("gemm.depth = 1").starts_with("/x/crossovers:1: \"gemm.depth\" is no crossover."));
  for (const char* number : {"", "x", "1.5", "13", "-1", "1 2", "99999999999999999999"}) {
    CHECK(error(("gemm.dot_columns = " + std::string(number)).c_str())
              .starts_with("/x/crossovers:1: gemm.dot_columns is \"" + std::string(number) +
                           "\"; expected a whole number from 0 to 12."));
  }
}

TEST_CASE("crossovers: where the file lies") {
  const Environment tuning("KERATIN_TUNING", "/t/file"), config("XDG_CONFIG_HOME", "/c"),
      home("HOME", "/h");
  CHECK(crossovers_path() == "/t/file");
  {
    const Environment empty("KERATIN_TUNING", "");
    CHECK(crossovers_path().empty());
  }
  const Environment unset("KERATIN_TUNING", nullptr);
  CHECK(crossovers_path() == "/c/keratin/crossovers");
  const Environment relative("XDG_CONFIG_HOME", "c");  // to be ignored, says its specification
  CHECK(crossovers_path() == "/h/.config/keratin/crossovers");
  const Environment homeless("HOME", nullptr);
  CHECK(crossovers_path().empty());
}

TEST_CASE("crossovers: rungs ask them") {
  const Restored restored;
  const auto rung = [](const auto& ladder, const auto& shape) {
    return std::string(pick(ladder, shape).name);
  };
  const GemmShape square = gemm_shape(160, 160, 160), turned = gemm_shape(160, 160, 160, true),
                  narrow = gemm_shape(64, 10, 256);
  const SoftmaxShape rows{64, 10};
  const Conv2dShape images{.batch = 4,
                           .in_h = 32,
                           .in_w = 32,
                           .in_c = 64,
                           .out_h = 32,
                           .out_w = 32,
                           .out_c = 64,
                           .kernel_h = 3,
                           .kernel_w = 3,
                           .pad_top = 1,
                           .pad_left = 1};
  Crossovers low{.packed_work = 0, .packed_transposed_work = 0, .winograd_percent = 0};
  set_crossovers(low);
  const bool by_hand = detail::choices_made;
  if (by_hand) return;  // KERATIN_KERNEL decides
  CHECK(rung(gemm_ladder<float>, square) == "packed");
  CHECK(rung(gemm_ladder<float>, turned) == "packed");
  CHECK(rung(gemm_ladder<float>, narrow) == "dot");
  CHECK(rung(softmax_ladder<float>, rows) == "side_by_side");
  CHECK(rung(conv2d_ladder<float>, images) == "winograd");
  Crossovers high = low;
  for (auto value : {&Crossovers::packed_work, &Crossovers::packed_transposed_work,
                     &Crossovers::winograd_percent, &Crossovers::dot_depth})
    high.*value = 1 << 30;
  high.side_by_side_columns = 9;
  set_crossovers(high);
  CHECK(rung(gemm_ladder<float>, square) == "simd");
  CHECK(rung(gemm_ladder<float>, turned) == "simd");
  CHECK(rung(gemm_ladder<float>, narrow) == "simd");
  CHECK(rung(softmax_ladder<float>, rows) == "exp2");
  CHECK(rung(conv2d_ladder<float>, images) == "direct");
  high.dot_depth = 256;
  high.dot_columns = 9;
  set_crossovers(high);
  CHECK(rung(gemm_ladder<float>, narrow) == "simd");
  high.dot_columns = 1000;  // by hand, past what the rung can take
  set_crossovers(high);
  CHECK(rung(gemm_ladder<float>, narrow) == "dot");
  CHECK(rung(gemm_ladder<float>, gemm_shape(64, 13, 256)) == "simd");
}

TEST_CASE("crossovers: built in for each instruction set") {
  CHECK(built_in_crossovers("AVX2").streamed_bytes < Crossovers{}.streamed_bytes);
  CHECK(built_in_crossovers("SSE4") == Crossovers{});
  CHECK(built_in_crossovers("AVX3_ZEN4").packed_work > Crossovers{}.packed_work);
  CHECK(built_in_crossovers("NEON") == Crossovers{});
  CHECK(processor_name().ends_with(", " + instruction_set()));
}

}  // namespace keratin::kernels
