// The ladder of an operation: its kernels on one device, from the plain reference to the fastest
// rung, and the one door through which every kernel is called.
#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace keratin::kernels {

/// What an operation takes at the least: floating-point operations, and bytes with every input read
/// once and every output written once. Contracts compute it from the shape; nothing else counts.
struct Cost {
  double flops = 0;
  double bytes = 0;
};

namespace detail {
template <class Fn>
struct LastArgument;
template <class... Args>
struct LastArgument<void (*)(Args...)> {
  using type = std::remove_cvref_t<std::tuple_element_t<sizeof...(Args) - 1, std::tuple<Args...>>>;
};
}  // namespace detail

/// The shape that a kernel of type `Fn` computes: by convention its last argument.
template <class Fn>
using ShapeOf = typename detail::LastArgument<Fn>::type;

/// One kernel of a ladder.
template <class Fn>
struct Rung {
  const char* name;   // by technique: "reference", "simd", "packed"; never a number
  const char* gains;  // one line: what it no longer pays for
  bool (*applies)(const ShapeOf<Fn>&);  // may it run on this shape, on this processor?
  Fn function;
};

/// For `Rung::applies`: every shape.
template <class Shape>
constexpr bool always(const Shape&) {
  return true;
}

/// The rungs of one operation on one device: "reference" first, then upwards in speed.
template <class Fn, std::size_t N>
struct Ladder {
  const char* room;  // the folder under kernels/, such as "conv2d"
  const char* op;    // such as "conv2d_weight_gradient"
  Cost (*cost)(const ShapeOf<Fn>&);
  std::array<Rung<Fn>, N> rungs;
};
template <class Fn, std::size_t N>
Ladder(const char*, const char*, Cost (*)(const ShapeOf<Fn>&), std::array<Rung<Fn>, N>)
    -> Ladder<Fn, N>;

/// Chooses rungs by hand, as `KERATIN_KERNEL` does: "softmax=reference", "*=reference", several by
/// commas. The left side is an operation, a room or `*`; the last match wins. "" takes all choices
/// back. A rung that does not apply to a shape is passed over, with one warning. Throws ValueError
/// where the text is not of this form. Not to be called while kernels run on other threads.
void set_kernel_choice(std::string_view choices);

/// One call of a kernel, as seen at the door.
struct KernelCall {
  const char* room;
  const char* op;
  const char* rung;
  std::string shape;
  Cost cost;
  double start;    // seconds of the steady clock
  double seconds;  // wall time
};

/// Receives every kernel call while it is installed.
class TraceSink {
 public:
  virtual ~TraceSink() = default;
  virtual void record(const KernelCall& call) = 0;
};

/// Installs a sink, or none (nullptr); gives back the one before. Not to be called while kernels
/// run on other threads.
TraceSink* set_trace_sink(TraceSink* sink);

namespace detail {
extern bool choices_made;      // is any rung chosen by hand?
extern TraceSink* trace_sink;  // nullptr: off
/// The rung asked for by hand, or nullptr. Throws ValueError if the operation has no such rung.
const char* chosen_rung(const char* room, const char* op, const char* const* names,
                        std::size_t count);
void warn_not_applicable(const char* op, const char* rung, const std::string& shape);

template <class Shape>
std::string shape_text(const Shape& shape) {
  if constexpr (requires {
                  { shape.text() } -> std::convertible_to<std::string>;
                }) {
    return shape.text();
  } else {
    return "";
  }
}

template <class Fn, std::size_t N>
const Rung<Fn>& pick_by_hand(const Ladder<Fn, N>& ladder, const ShapeOf<Fn>& shape,
                             const Rung<Fn>& best) {
  std::array<const char*, N> names;
  for (std::size_t i = 0; i < N; ++i) names[i] = ladder.rungs[i].name;
  const char* wanted = chosen_rung(ladder.room, ladder.op, names.data(), N);
  if (wanted == nullptr) return best;
  for (const Rung<Fn>& rung : ladder.rungs) {
    if (rung.name != wanted) continue;
    if (rung.applies(shape)) return rung;
    warn_not_applicable(ladder.op, rung.name, shape_text(shape));
  }
  return best;
}
}  // namespace detail

/// The rung that `run` would call: the highest that applies, or the one chosen by hand.
template <class Fn, std::size_t N>
const Rung<Fn>& pick(const Ladder<Fn, N>& ladder, const ShapeOf<Fn>& shape) {
  const Rung<Fn>* best = &ladder.rungs[0];
  for (std::size_t i = N; i-- > 1;) {
    if (ladder.rungs[i].applies(shape)) {
      best = &ladder.rungs[i];
      break;
    }
  }
  return detail::choices_made ? detail::pick_by_hand(ladder, shape, *best) : *best;
}

/// Calls the best rung of a ladder. The last argument is the shape.
template <class Fn, std::size_t N, class... Args>
void run(const Ladder<Fn, N>& ladder, Args&&... args) {
  const ShapeOf<Fn>& shape = std::get<sizeof...(Args) - 1>(std::forward_as_tuple(args...));
  const Rung<Fn>& rung = pick(ladder, shape);
  if (detail::trace_sink == nullptr) [[likely]] {
    rung.function(args...);
    return;
  }
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  rung.function(args...);
  const auto end = Clock::now();
  detail::trace_sink->record({ladder.room, ladder.op, rung.name, detail::shape_text(shape),
                              ladder.cost(shape),
                              std::chrono::duration<double>(start.time_since_epoch()).count(),
                              std::chrono::duration<double>(end - start).count()});
}

}  // namespace keratin::kernels
