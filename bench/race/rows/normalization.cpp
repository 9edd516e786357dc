#include "bench/race/operands.h"

namespace keratin::bench {
namespace {

const bool batch_rows = add_contests([] {
  std::vector<Contest> all;
  for (const auto& [name, pixels] :
       {std::pair{"N32_32x32x64", 32 * 32 * 32}, {"N8_56x56x64", 8 * 56 * 56}}) {
    const kernels::BatchNormShape s{.rows = pixels, .channels = 64, .epsilon = 1e-3};
    const std::int64_t size = s.rows * s.channels;
    Contest forward{.op = "batchnorm",
                    .shape = name,
                    .pass = "fwd",
                    .cost = kernels::batch_norm_cost<float>(s),
                    .contenders = {}};
    forward.contenders.push_back(
        {"keratin", [=](Buffers& b) -> Run {
           const NormOperands o = norm_operands(b, size, s.channels, s.channels, false);
           return [=] {
             kernels::run(kernels::batch_moments_ladder<float>, o.x, o.mean, o.variance, s);
             kernels::run(kernels::batch_norm_ladder<float>, o.x, o.mean, o.variance, o.gamma,
                          o.beta, o.out, s);
           };
         }});
    Contest gradient{.op = "batchnorm",
                     .shape = name,
                     .pass = "bwd",
                     .cost = kernels::batch_norm_gradient_cost<float>(s),
                     .contenders = {},
                     .tolerance = 1e-3};
    gradient.contenders.push_back(
        {"keratin", [=](Buffers& b) -> Run {
           const NormOperands o = norm_operands(b, size, s.channels, s.channels, true);
           return [=] {
             kernels::run(kernels::batch_norm_gradient_ladder<float>, o.x, o.dy, o.mean, o.variance,
                          o.gamma, o.out, o.dgamma, o.dbeta, s);
           };
         }});
    for (Peer* peer : peers()) {
      forward.join(peer->batch_norm(s));
      gradient.join(peer->batch_norm_gradient(s));
    }
    all.push_back(std::move(forward));
    all.push_back(std::move(gradient));
  }
  return all;
});

const bool layer_rows = add_contests([] {
  const kernels::LayerNormShape s{.rows = 4096, .cols = 1024, .epsilon = 1e-3};
  // The gradient takes the variance of oneDNN and the scale of keratin, both 1.
  const kernels::LayerNormShape exact{.rows = s.rows, .cols = s.cols, .epsilon = 0};
  const std::int64_t size = s.rows * s.cols;
  Contest forward{.op = "layernorm",
                  .shape = "4096x1024",
                  .pass = "fwd",
                  .cost = kernels::layer_norm_cost<float>(s),
                  .contenders = {}};
  forward.contenders.push_back({"keratin", [=](Buffers& b) -> Run {
                                  const NormOperands o =
                                      norm_operands(b, size, s.rows, s.cols, false);
                                  return [=] {
                                    kernels::run(kernels::layer_norm_ladder<float>, o.x, o.gamma,
                                                 o.beta, o.out, o.mean, o.variance, s);
                                  };
                                }});
  Contest gradient{.op = "layernorm",
                   .shape = "4096x1024",
                   .pass = "bwd",
                   .cost = kernels::layer_norm_gradient_cost<float>(s),
                   .contenders = {},
                   .tolerance = 1e-3};
  gradient.contenders.push_back(
      {"keratin", [=](Buffers& b) -> Run {
         const NormOperands o = norm_operands(b, size, s.rows, s.cols, true);
         return [=] {
           kernels::run(kernels::layer_norm_gradient_ladder<float>, o.x, o.dy, o.gamma, o.mean,
                        o.variance, o.out, o.dgamma, o.dbeta, s);
         };
       }});
  for (Peer* peer : peers()) {
    forward.join(peer->layer_norm(s));
    gradient.join(peer->layer_norm_gradient(exact));
  }
  std::vector<Contest> all;
  all.push_back(std::move(forward));
  all.push_back(std::move(gradient));
  return all;
});

}  // namespace
}  // namespace keratin::bench
