#include "kernels/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
#include <vector>

#include "kernels/choice_version.h"
#include "kernels/error.h"

namespace keratin::kernels {

namespace detail {
bool choices_made = false;
constinit std::atomic<TraceSink*> trace_sink = nullptr;
}  // namespace detail

namespace {

struct Choice {
  std::string pattern;
  std::string rung;
};

std::vector<Choice>& choices() {
  static std::vector<Choice> list;
  return list;
}

std::uint64_t& choice_version() {
  static std::uint64_t version = 0;
  return version;
}

std::vector<Choice> parse(std::string_view text) {
  std::vector<Choice> parsed;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    if (one.empty()) continue;
    const auto equals = one.find('=');
    if (equals == 0 || equals == std::string_view::npos || equals + 1 == one.size()) {
      throw ValueError(
          fmt::format("KERATIN_KERNEL: \"{}\" is not of the form operation=rung, such as "
                      "softmax=reference or *=reference",
                      one));
    }
    parsed.push_back({std::string(one.substr(0, equals)), std::string(one.substr(equals + 1))});
  }
  return parsed;
}

// Read once, before main: a broken value must not throw there, so it is reported and ends the
// program.
const bool environment_read = [] {
  const char* text = std::getenv("KERATIN_KERNEL");
  if (text == nullptr) return false;
  try {
    set_kernel_choice(text);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::exit(2);
  }
  return true;
}();

}  // namespace

void set_kernel_choice(std::string_view text) {
  choices() = parse(text);
  ++choice_version();
  detail::choices_made = !choices().empty();
}

std::uint64_t kernel_choice_version() { return choice_version(); }

TraceSink* set_trace_sink(TraceSink* sink) {
  return detail::trace_sink.exchange(sink, std::memory_order_acq_rel);
}

namespace detail {

const char* chosen_rung(const char* room, const char* op, const char* const* names,
                        std::size_t count) {
  const Choice* match = nullptr;
  for (const Choice& choice : choices()) {
    if (choice.pattern == "*" || choice.pattern == room || choice.pattern == op) match = &choice;
  }
  if (match == nullptr) return nullptr;
  std::string known;
  for (std::size_t i = 0; i < count; ++i) {
    if (match->rung == names[i]) return names[i];
    known += fmt::format("{}{}", i == 0 ? "" : ", ", names[i]);
  }
  // A wildcard or a room may name a rung that only some of its operations have.
  if (match->pattern != op) return nullptr;
  throw ValueError(
      fmt::format("KERATIN_KERNEL: {} has no rung \"{}\"; it has: {}", op, match->rung, known));
}

void warn_not_applicable(const char* op, const char* rung, const std::string& shape) {
  static std::mutex mutex;
  static std::set<std::string> warned;
  const std::lock_guard lock(mutex);
  if (!warned.insert(fmt::format("{}={}", op, rung)).second) return;
  fmt::print(stderr, "keratin: {}={} does not apply to {}; the best rung that does runs instead\n",
             op, rung, shape.empty() ? "this shape" : shape);
}

}  // namespace detail
}  // namespace keratin::kernels
