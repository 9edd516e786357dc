#include "kernels/run.h"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "kernels/error.h"
#include "tests/kernels/rungs.h"
#include "tests/standard_error.h"

#if defined(__unix__)
#include <unistd.h>
#endif

namespace keratin::tests {
namespace {

using kernels::Cost;
using kernels::Ladder;
using kernels::Rung;
using kernels::set_kernel_choice;

struct ToyShape {
  int size;
  std::string text() const { return fmt::format("[{}]", size); }
};
using ToyFn = void (*)(std::string* said, const ToyShape& s);

constexpr Cost toy_cost(const ToyShape& s) {
  return {.flops = 2.0 * s.size, .bytes = 8.0 * s.size};
}
bool is_even(const ToyShape& s) { return s.size % 2 == 0; }
bool is_large(const ToyShape& s) { return s.size >= 100; }

constexpr auto toy_ladder =
    Ladder{"toys", "toy", toy_cost,
           std::array{Rung<ToyFn>{"reference", "", kernels::always,
                                  [](std::string* said, const ToyShape&) { *said = "reference"; }},
                      Rung<ToyFn>{"even", "halves", is_even,
                                  [](std::string* said, const ToyShape&) { *said = "even"; }},
                      Rung<ToyFn>{"large", "blocks", is_large,
                                  [](std::string* said, const ToyShape&) { *said = "large"; }}}};

std::string said(int size) {
  std::string said;
  kernels::run(toy_ladder, &said, ToyShape{size});
  return said;
}
std::string said(const char* choice, int size) {
  set_kernel_choice(choice);
  return said(size);
}

// Choices of a test end with it; those of the environment come back.
struct RestoredChoice {
  ~RestoredChoice() {
    const char* text = std::getenv("KERATIN_KERNEL");
    set_kernel_choice(text == nullptr ? "" : text);
  }
};

}  // namespace

TEST_CASE("ladder: the highest rung that applies runs") {
  const RestoredChoice restored;
  set_kernel_choice("");
  CHECK(said(1) == "reference");
  CHECK(said(2) == "even");
  CHECK(said(101) == "large");
  CHECK(said(102) == "large");
  CHECK(std::string(kernels::pick(toy_ladder, ToyShape{4}).gains) == "halves");
}

TEST_CASE("ladder: rungs chosen by operation, room and wildcard; the last match wins") {
  const RestoredChoice restored;
  CHECK(said("toy=reference", 102) == "reference");
  CHECK(said("toys=even", 102) == "even");
  CHECK(said("*=reference", 102) == "reference");
  CHECK(said("toy=even,toy=reference", 102) == "reference");
  CHECK(said("toy=reference,*=even", 102) == "even");
  CHECK(said("*=even,toy=reference", 102) == "reference");
  CHECK(said("softmax=reference", 102) == "large");
  CHECK(said(",toy=even,,", 102) == "even");
  CHECK(said("", 102) == "large");
  // A rung that only other operations have.
  CHECK(said("*=packed", 102) == "large");
  CHECK(said("toys=packed", 102) == "large");
}

TEST_CASE("ladder: an unknown rung of this operation is an error that names those it has") {
  const RestoredChoice restored;
  set_kernel_choice("toy=evne");
  std::string text;
  CHECK_THROWS_WITH_AS(kernels::run(toy_ladder, &text, ToyShape{2}),
                       "KERATIN_KERNEL: toy has no rung \"evne\"; it has: reference, even, large",
                       ValueError);
  CHECK(text.empty());
}

TEST_CASE("ladder: a choice that is not operation=rung is an error and changes nothing") {
  const RestoredChoice restored;
  set_kernel_choice("toy=even");
  for (const char* wrong : {"toy", "=even", "toy=", "*", "toy=reference,x"}) {
    CAPTURE(std::string(wrong));
    CHECK_THROWS_AS(set_kernel_choice(wrong), ValueError);
    CHECK(said(102) == "even");
  }
  CHECK_THROWS_WITH_AS(
      set_kernel_choice("toy=reference,x"),
      "KERATIN_KERNEL: \"x\" is not of the form operation=rung, such as softmax=reference or "
      "*=reference",
      ValueError);
}

namespace {

struct Sink : kernels::TraceSink {
  std::vector<kernels::KernelCall> calls;
  std::vector<std::string> shapes;
  std::vector<std::string> rungs;  // of the last call: those that apply
  void record(const kernels::KernelCall& call) override {
    calls.push_back(call);
    shapes.push_back(call.shape());
    rungs.clear();
    call.each_rung([&](const kernels::RungInfo& rung) {
      if (rung.applies) rungs.emplace_back(rung.name);
    });
  }
};

}  // namespace

TEST_CASE("ladder: a trace sink gets every call, with rung, shape, cost and time") {
  const RestoredChoice restored;
  set_kernel_choice("");
  Sink sink;
  kernels::TraceSink* const before = kernels::set_trace_sink(&sink);
  said(7);
  said(100);
  CHECK(kernels::set_trace_sink(before) == &sink);
  said(8);
  REQUIRE(sink.calls.size() == 2);
  CHECK(std::string(sink.calls[0].room) == "toys");
  CHECK(std::string(sink.calls[0].op) == "toy");
  CHECK(std::string(sink.calls[0].rung) == "reference");
  CHECK(sink.shapes[0] == "[7]");
  CHECK(sink.calls[0].threads == 1);
  CHECK(sink.calls[0].depth == 0);
  CHECK(sink.calls[0].cost.flops == 14);
  CHECK(sink.calls[0].cost.bytes == 56);
  CHECK(sink.calls[0].seconds >= 0);
  CHECK(std::string(sink.calls[1].rung) == "large");
  CHECK(sink.rungs == std::vector<std::string>{"reference", "even", "large"});
  CHECK(sink.calls[1].start >= sink.calls[0].start + sink.calls[0].seconds);
}

TEST_CASE("ladder: a kernel that throws is no longer running") {
  constexpr auto ladder = Ladder{
      "toys", "broken", toy_cost,
      std::array{Rung<ToyFn>{"reference", "", kernels::always, [](std::string*, const ToyShape&) {
                               throw ValueError("toy: broken");
                             }}}};
  const RestoredChoice restored;
  set_kernel_choice("");
  Sink sink;
  kernels::TraceSink* const before = kernels::set_trace_sink(&sink);
  CHECK_THROWS_AS(kernels::run(ladder, nullptr, ToyShape{1}), ValueError);
  said(7);
  kernels::set_trace_sink(before);
  REQUIRE(sink.calls.size() == 1);
  CHECK(sink.calls[0].depth == 0);
}

#if defined(__unix__)
TEST_CASE("ladder: a chosen rung that does not apply is passed over, with one warning") {
  const RestoredChoice restored;
  set_kernel_choice("toy=large");
  std::string first, second;
  const std::string warned = written_to_stderr([&] {
    first = said(2);
    second = said(4);
  });
  CHECK(first == "even");
  CHECK(second == "even");
  CHECK(said(100) == "large");
  CHECK(warned ==
        "keratin: toy=large does not apply to [2]; the best rung that does runs instead\n");
}
#endif

}  // namespace keratin::tests
