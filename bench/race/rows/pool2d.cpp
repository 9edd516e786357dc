#include <fmt/format.h>

#include "bench/race/operands.h"

namespace keratin::bench {
namespace {

using kernels::Pool2dShape;

Run forward(Buffers& b, const Pool2dShape& s, Pooling kind) {
  const PoolOperands o = pool_operands(b, s, false);
  if (kind == Pooling::max) {
    return [=] { kernels::run(kernels::max_pool2d_ladder<float>, o.x, o.out, s); };
  }
  return [=] { kernels::run(kernels::average_pool2d_ladder<float>, o.x, o.out, s); };
}

Run gradient(Buffers& b, const Pool2dShape& s, Pooling kind) {
  const PoolOperands o = pool_operands(b, s, true);
  if (kind == Pooling::max) {
    return [=] { kernels::run(kernels::max_pool2d_gradient_ladder<float>, o.x, o.dy, o.out, s); };
  }
  return [=] { kernels::run(kernels::average_pool2d_gradient_ladder<float>, o.dy, o.out, s); };
}

const bool rows = add_contests([] {
  std::vector<Contest> all;
  for (const auto& [kind, window] : {std::pair{Pooling::max, 2},
                                     {Pooling::max, 3},
                                     {Pooling::average, 2},
                                     {Pooling::average, 3}}) {
    const std::int64_t out = (64 - window) / 2 + 1;
    const Pool2dShape s{.batch = 32,
                        .in_h = 64,
                        .in_w = 64,
                        .channels = 64,
                        .out_h = out,
                        .out_w = out,
                        .pool_h = window,
                        .pool_w = window};
    const auto add = [&, kind = kind, window = window](const char* pass, kernels::Cost cost,
                                                       bool backward, auto offer) {
      Contest c{.op = kind == Pooling::max ? "maxpool" : "avgpool",
                .shape = fmt::format("N32_64x64x64_{}x{}_s2", window, window),
                .pass = pass,
                .cost = cost,
                .contenders = {}};
      c.contenders.push_back({"keratin", [=](Buffers& b) {
                                return backward ? gradient(b, s, kind) : forward(b, s, kind);
                              }});
      for (Peer* peer : peers()) c.join(offer(*peer));
      all.push_back(std::move(c));
    };
    const kernels::Cost cost = kernels::pool2d_cost<float>(s);
    add("fwd", cost, false, [&, kind = kind](Peer& p) { return p.pool2d(s, kind); });
    add("fwd_infer", cost, false,
        [&, kind = kind](Peer& p) { return p.pool2d_inference(s, kind); });
    add("bwd", cost, true, [&, kind = kind](Peer& p) { return p.pool2d_gradient(s, kind); });
  }
  return all;
});

}  // namespace
}  // namespace keratin::bench
