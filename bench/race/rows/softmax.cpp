#include "bench/race/operands.h"

namespace keratin::bench {
namespace {

Run run_of(Buffers& b, const kernels::SoftmaxShape& s, bool logarithm, bool gradient) {
  const SoftmaxOperands o = softmax_operands(b, s, gradient);
  if (!gradient) {
    if (logarithm) return [=] { kernels::run(kernels::log_softmax_ladder<float>, o.x, o.out, s); };
    return [=] { kernels::run(kernels::softmax_ladder<float>, o.x, o.out, s); };
  }
  if (logarithm) {
    return [=] { kernels::run(kernels::log_softmax_gradient_ladder<float>, o.x, o.dy, o.out, s); };
  }
  return [=] { kernels::run(kernels::softmax_gradient_ladder<float>, o.x, o.dy, o.out, s); };
}

Contest contest(const kernels::SoftmaxShape& s, bool logarithm, bool gradient) {
  Contest c{
      .op = logarithm ? "log_softmax" : "softmax",
      .shape = std::to_string(s.rows) + 'x' + std::to_string(s.cols),
      .pass = gradient ? "bwd" : "fwd",
      .cost = gradient ? kernels::softmax_gradient_cost<float>(s) : kernels::softmax_cost<float>(s),
      .contenders = {}};
  c.contenders.push_back(
      {"keratin", [=](Buffers& b) { return run_of(b, s, logarithm, gradient); }});
  for (Peer* peer : peers())
    c.join(gradient ? peer->softmax_gradient(s, logarithm) : peer->softmax(s, logarithm));
  return c;
}

const bool drawn = add_drawn(1, [](Draw& draw) {
  return contest({draw.size(1, 8192), draw.size(2, 4096)}, draw.chance(0.5), draw.chance(0.5));
});

const bool rows = add_contests([] {
  std::vector<Contest> all;
  for (const bool logarithm : {false, true}) {
    for (const kernels::SoftmaxShape s :
         {kernels::SoftmaxShape{128, 10}, {128, 1000}, {4096, 4096}}) {
      for (const bool gradient : {false, true}) {
        all.push_back(contest(s, logarithm, gradient));
      }
    }
  }
  return all;
});

}  // namespace
}  // namespace keratin::bench
