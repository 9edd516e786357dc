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

constexpr const char* kPasses[] = {"fwd", "fwd_infer", "bwd"};

Contest contest(const Pool2dShape& s, Pooling kind, int pass) {
  const bool backward = pass == 2;
  Contest c{.op = kind == Pooling::max ? "maxpool" : "avgpool",
            .shape = fmt::format("N{}_{}x{}x{}_{}x{}_s{}", s.batch, s.in_h, s.in_w, s.channels,
                                 s.pool_h, s.pool_w, s.stride_h),
            .pass = kPasses[pass],
            .cost = kernels::pool2d_cost<float>(s),
            .contenders = {}};
  c.contenders.push_back({"keratin", [=](Buffers& b) {
                            return backward ? gradient(b, s, kind) : forward(b, s, kind);
                          }});
  for (Peer* peer : peers()) {
    c.join(pass == 0   ? peer->pool2d(s, kind)
           : pass == 1 ? peer->pool2d_inference(s, kind)
                       : peer->pool2d_gradient(s, kind));
  }
  return c;
}

Pool2dShape shape(std::int64_t batch, std::int64_t size, std::int64_t channels, std::int64_t window,
                  std::int64_t stride) {
  const std::int64_t out = (size - window) / stride + 1;
  return {.batch = batch,
          .in_h = size,
          .in_w = size,
          .channels = channels,
          .out_h = out,
          .out_w = out,
          .pool_h = window,
          .pool_w = window,
          .stride_h = stride,
          .stride_w = stride};
}

const bool rows = add_contests([] {
  std::vector<Contest> all;
  for (const Pooling kind : {Pooling::max, Pooling::average}) {
    for (const std::int64_t window : {2, 3}) {
      for (int pass = 0; pass < 3; ++pass) {
        all.push_back(contest(shape(32, 64, 64, window, 2), kind, pass));
      }
    }
  }
  return all;
});

const bool drawn = add_drawn(2, [](Draw& draw) {
  const std::int64_t window = draw.one_of({2, 2, 3});
  return contest(shape(draw.size(1, 64), draw.size(window, 112), draw.channels(1, 256), window,
                       draw.one_of<std::int64_t>({1, 2, 2})),
                 draw.chance(0.5) ? Pooling::max : Pooling::average,
                 static_cast<int>(draw.size(1, 3)) - 1);
});

}  // namespace
}  // namespace keratin::bench
