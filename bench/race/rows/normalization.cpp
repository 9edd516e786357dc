#include <fmt/format.h>

#include "bench/race/operands.h"

namespace keratin::bench {
namespace {

Contest batch_norm(std::string name, const kernels::BatchNormShape& s, bool backward) {
  const std::int64_t size = s.rows * s.channels;
  Contest c{.op = "batchnorm",
            .shape = std::move(name),
            .pass = backward ? "bwd" : "fwd",
            .cost = backward ? kernels::batch_norm_gradient_cost<float>(s)
                             : kernels::batch_norm_cost<float>(s),
            .contenders = {},
            .tolerance = backward ? 1e-3 : 1e-4};
  c.contenders.push_back(
      {"keratin", [=](Buffers& b) -> Run {
         const NormOperands o = norm_operands(b, size, s.channels, s.channels, backward);
         if (backward) {
           return [=] {
             kernels::run(kernels::batch_norm_gradient_ladder<float>, o.x, o.dy, o.mean, o.variance,
                          o.gamma, o.out, o.dgamma, o.dbeta, s);
           };
         }
         return [=] {
           kernels::run(kernels::batch_moments_ladder<float>, o.x, o.mean, o.variance, s);
           kernels::run(kernels::batch_norm_ladder<float>, o.x, o.mean, o.variance, o.gamma, o.beta,
                        o.out, s);
         };
       }});
  for (Peer* peer : peers()) c.join(backward ? peer->batch_norm_gradient(s) : peer->batch_norm(s));
  return c;
}

Contest layer_norm(const kernels::LayerNormShape& s, bool backward) {
  // The gradient takes the variance of oneDNN and the scale of keratin, both 1.
  const kernels::LayerNormShape exact{.rows = s.rows, .cols = s.cols, .epsilon = 0};
  const std::int64_t size = s.rows * s.cols;
  Contest c{.op = "layernorm",
            .shape = fmt::format("{}x{}", s.rows, s.cols),
            .pass = backward ? "bwd" : "fwd",
            .cost = backward ? kernels::layer_norm_gradient_cost<float>(s)
                             : kernels::layer_norm_cost<float>(s),
            .contenders = {},
            .tolerance = backward ? 1e-3 : 1e-4};
  c.contenders.push_back({"keratin", [=](Buffers& b) -> Run {
                            const NormOperands o = norm_operands(b, size, s.rows, s.cols, backward);
                            if (backward) {
                              return [=] {
                                kernels::run(kernels::layer_norm_gradient_ladder<float>, o.x, o.dy,
                                             o.gamma, o.mean, o.variance, o.out, o.dgamma, o.dbeta,
                                             s);
                              };
                            }
                            return [=] {
                              kernels::run(kernels::layer_norm_ladder<float>, o.x, o.gamma, o.beta,
                                           o.out, o.mean, o.variance, s);
                            };
                          }});
  for (Peer* peer : peers()) {
    c.join(backward ? peer->layer_norm_gradient(exact) : peer->layer_norm(s));
  }
  return c;
}

const bool rows = add_contests([] {
  std::vector<Contest> all;
  for (const auto& [name, pixels] :
       {std::pair{"N32_32x32x64", 32 * 32 * 32}, {"N8_56x56x64", 8 * 56 * 56}}) {
    const kernels::BatchNormShape s{.rows = pixels, .channels = 64, .epsilon = 1e-3};
    for (const bool backward : {false, true}) all.push_back(batch_norm(name, s, backward));
  }
  for (const bool backward : {false, true}) {
    all.push_back(layer_norm({.rows = 4096, .cols = 1024, .epsilon = 1e-3}, backward));
  }
  return all;
});

const bool batch_drawn = add_drawn(1, [](Draw& draw) {
  const kernels::BatchNormShape s{
      .rows = draw.size(64, 200'000), .channels = draw.channels(1, 512), .epsilon = 1e-3};
  return batch_norm(fmt::format("{}x{}", s.rows, s.channels), s, draw.chance(0.5));
});

const bool layer_drawn = add_drawn(1, [](Draw& draw) {
  return layer_norm({.rows = draw.size(1, 8192), .cols = draw.channels(4, 4096), .epsilon = 1e-3},
                    draw.chance(0.5));
});

}  // namespace
}  // namespace keratin::bench
