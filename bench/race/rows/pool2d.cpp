#include <fmt/format.h>

#include "bench/race/operands.h"

namespace keratin::bench {
namespace {

using kernels::Pool2dShape;

enum class Pass : std::uint8_t { forward, inference, gradient };

Run maximum(Buffers& b, Pool2dShape s, Pass pass) {
  const PoolOperands o = pool_operands(b, s, pass == Pass::gradient);
  if (pass == Pass::inference) {
    return [=] { kernels::run(kernels::max_pool2d_ladder<float>, o.x, o.out, nullptr, s); };
  }
  s.winner_bytes = s.bytes_of_winner();
  auto* const winners = b.scratch<std::uint8_t>(s.out_size() * s.winner_bytes);
  if (pass == Pass::forward) {
    return [=] { kernels::run(kernels::max_pool2d_ladder<float>, o.x, o.out, winners, s); };
  }
  kernels::run(kernels::max_pool2d_ladder<float>, o.x, b.scratch<float>(s.out_size()), winners, s);
  return [=] { kernels::run(kernels::max_pool2d_gradient_ladder<float>, winners, o.dy, o.out, s); };
}

Run average(Buffers& b, const Pool2dShape& s, Pass pass) {
  const PoolOperands o = pool_operands(b, s, pass == Pass::gradient);
  if (pass == Pass::gradient) {
    return [=] { kernels::run(kernels::average_pool2d_gradient_ladder<float>, o.dy, o.out, s); };
  }
  return [=] { kernels::run(kernels::average_pool2d_ladder<float>, o.x, o.out, s); };
}

constexpr const char* kPasses[] = {"fwd", "fwd_infer", "bwd"};

Contest contest(const Pool2dShape& s, Pooling kind, int pass) {
  Contest c{.op = kind == Pooling::max ? "maxpool" : "avgpool",
            .shape = fmt::format("N{}_{}x{}x{}_{}x{}_s{}", s.batch, s.in_h, s.in_w, s.channels,
                                 s.pool_h, s.pool_w, s.stride_h),
            .pass = kPasses[pass],
            .cost = kernels::average_pool2d_cost<float>(s),
            .contenders = {}};
  c.contenders.push_back({"keratin", [=](Buffers& b) {
                            const auto which = static_cast<Pass>(pass);
                            return kind == Pooling::max ? maximum(b, s, which)
                                                        : average(b, s, which);
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
