// 16M floats a tensor, far beyond the caches. The yardstick: plain loops with non-temporal stores.
#include "kernels/elementwise/elementwise.h"
#include "bench/race/operands.h"
#include "kernels/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/race/rows/elementwise.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace keratin::bench {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// y = max(a, 0), or a + b. count is a multiple of the lanes, pointers are aligned.
void Streamed(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, float* HWY_RESTRICT y,
              std::int64_t count) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  if (b == nullptr) {
    for (std::int64_t i = 0; i < count; i += lanes) {
      hn::Stream(hn::Max(hn::Load(d, a + i), hn::Zero(d)), d, y + i);
    }
  } else {
    for (std::int64_t i = 0; i < count; i += lanes) {
      hn::Stream(hn::Add(hn::Load(d, a + i), hn::Load(d, b + i)), d, y + i);
    }
  }
  hwy::FlushStream();
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::bench
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::bench {
HWY_EXPORT(Streamed);
namespace {

constexpr std::int64_t kSize = 16 << 20;

Contender yardstick(bool two) {
  return {"streaming loop",
          [two](Buffers& b) -> Run {
            const ElementOperands o = element_operands(b, kSize, two);
            return [=] {
              kernels::parallel_for(kSize, 64 << 10, [&](std::int64_t first, std::int64_t last) {
                HWY_DYNAMIC_DISPATCH(Streamed)
                (o.x + first, two ? o.dy + first : nullptr, o.y + first, last - first);
              });
            };
          },
          Role::yardstick};
}

Contest contest(const char* op, const char* pass, kernels::Cost cost,
                std::function<Run(Buffers&)> run) {
  Contest c{.op = op, .shape = "16M", .pass = pass, .cost = cost, .contenders = {}};
  c.contenders.push_back({"keratin", std::move(run)});
  return c;
}

Run binary(Buffers& b, kernels::Binary op) {
  const ElementOperands o = element_operands(b, kSize, true);
  const std::int64_t sizes[] = {kSize};
  const auto s = kernels::make_binary_shape(op, sizes, sizes);
  const bool gradient = op == kernels::Binary::relu_gradient;  // (dy, y)
  return [=] {
    kernels::run(kernels::binary_ladder<float>, gradient ? o.dy : o.x, gradient ? o.x : o.dy, o.y,
                 s);
  };
}

const bool rows = add_contests([] {
  const kernels::UnaryShape one{kernels::Unary::relu, kSize};
  const std::int64_t sizes[] = {kSize};
  const kernels::Cost two =
      kernels::binary_cost<float>(kernels::make_binary_shape(kernels::Binary::add, sizes, sizes));
  std::vector<Contest> all;
  all.push_back(contest("relu", "fwd", kernels::unary_cost<float>(one), [one](Buffers& b) -> Run {
    const ElementOperands o = element_operands(b, kSize, false);
    return [=] { kernels::run(kernels::unary_ladder<float>, o.x, o.y, one); };
  }));
  all.push_back(contest("relu", "bwd", two,
                        [](Buffers& b) { return binary(b, kernels::Binary::relu_gradient); }));
  all.push_back(
      contest("add", "fwd", two, [](Buffers& b) { return binary(b, kernels::Binary::add); }));
  all[0].contenders.push_back(yardstick(false));
  all[2].contenders.push_back(yardstick(true));
  for (Peer* peer : peers()) {
    all[0].join(peer->relu(kSize));
    all[1].join(peer->relu_gradient(kSize));
    all[2].join(peer->add(kSize));
  }
  return all;
});

}  // namespace
}  // namespace keratin::bench
#endif
