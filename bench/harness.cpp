#include "bench/harness.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "bench/peak.h"
#include "bench/rows.h"
#include "kernels/error.h"

namespace keratin::bench {

void* Buffers::allocate(std::int64_t bytes) {
  const auto size = static_cast<std::size_t>(std::max<std::int64_t>(bytes, 1));
  memory_.emplace_back(::operator new(size, std::align_val_t(64)));
  std::memset(memory_.back().get(), 0, size);
  bytes_ += bytes;
  return memory_.back().get();
}

void Buffers::Free::operator()(void* p) const { ::operator delete(p, std::align_val_t(64)); }

std::vector<std::vector<double>> Buffers::outputs() const {
  std::vector<std::vector<double>> values(outputs_.size());
  for (std::size_t i = 0; i < outputs_.size(); ++i) outputs_[i](values[i]);
  return values;
}

namespace {
std::vector<std::function<void()>>& rows() {
  static std::vector<std::function<void()>> list;
  return list;
}
}  // namespace

void register_rows() {
  for (const auto& row : rows()) row();
}

namespace detail {

bool add_row(std::function<void()> row) {
  rows().push_back(std::move(row));
  return true;
}

std::string name_part(std::string text) {
  std::string name;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == '(' || c == ')') continue;
    if (c == ' ') {
      if (!name.empty() && name.back() != 'x' && name.back() != '_') name += '_';
    } else {
      name += c == ',' ? 'x' : c == '/' ? ':' : c;
    }
  }
  return name;
}

bool on_gpu() {
  static const bool wanted = [] {
    const char* const text = std::getenv("KERATIN_TEST_GPU");
    if (text == nullptr || std::strcmp(text, "1") != 0) return false;
    kernels::Accelerator* const gpu = kernels::accelerator();
    if (gpu != nullptr && gpu->count() > 0) return true;
    throw DeviceError("KERATIN_TEST_GPU: " +
                      (gpu == nullptr ? std::string("this build has no CUDA kernels; put nvcc on "
                                                    "PATH and build with -DKERATIN_CUDA=ON")
                                      : gpu->missing()));
  }();
  return wanted;
}

// Plain loops do about 1e9 operations or elements a second.
bool reference_affordable(const kernels::Cost& cost) {
  return cost.flops <= 1e9 && cost.bytes <= 1e9;
}

void set_counters(benchmark::State& state, const kernels::Cost& cost, int threads, double seconds) {
  const Peak& roof = peak(threads);
  const auto rate = benchmark::Counter::kIsIterationInvariantRate;
  if (cost.flops > 0) state.counters["FLOP/s"] = benchmark::Counter(cost.flops, rate);
  if (cost.bytes > 0) state.counters["bytes/s"] = benchmark::Counter(cost.bytes, rate);
  // The time on the roof over the time taken.
  const double least = std::max(cost.flops / roof.flops, cost.bytes / roof.bandwidth);
  state.counters["%peak"] = 100 * least * static_cast<double>(state.iterations()) / seconds;
}

std::string difference(const Buffers& actual, const Buffers& expected, double tolerance) {
  const auto a = actual.outputs(), e = expected.outputs();
  for (std::size_t list = 0; list < e.size(); ++list) {
    double squares = 0;
    for (const double value : e[list]) squares += value * value;
    const double rms =
        std::sqrt(squares / std::max<double>(1, static_cast<double>(e[list].size())));
    for (std::size_t i = 0; i < e[list].size(); ++i) {
      const double x = a[list][i], y = e[list][i];
      if (x == y || std::fabs(x - y) <= tolerance * (rms + std::fabs(y))) continue;  // NaN: false
      return fmt::format("output {} differs from the reference's: element {} is {}, expected {}",
                         list, i, x, y);
    }
  }
  return "";
}

std::int64_t cold_sets(std::int64_t bytes) {
  constexpr std::int64_t kPastCaches = 128 << 20;
  return 2 + kPastCaches / std::max<std::int64_t>(bytes, 64 << 10);
}

}  // namespace detail
}  // namespace keratin::bench
