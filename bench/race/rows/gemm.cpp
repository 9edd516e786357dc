#include <fmt/format.h>

#include "bench/race/operands.h"

namespace keratin::bench {
namespace {

Contest contest(const char* op, std::string shape, const char* pass, const kernels::GemmShape& s) {
  Contest c{.op = op,
            .shape = std::move(shape),
            .pass = pass,
            .cost = kernels::gemm_cost<float>(s),
            .contenders = {}};
  c.contenders.push_back({"keratin", [s](Buffers& b) -> Run {
                            const GemmOperands o = gemm_operands(b, s);
                            return [=] {
                              kernels::run(kernels::gemm_ladder<float>, o.a, o.b, o.c,
                                           kernels::Epilogue<float>{}, s);
                            };
                          }});
  for (Peer* peer : peers()) c.join(peer->gemm(s));
  return c;
}

const bool gemm_rows = add_contests([] {
  std::vector<Contest> all;
  for (const std::int64_t n : {64, 128, 256, 512, 1024, 2048}) {
    all.push_back(
        contest("gemm", fmt::format("{0}x{0}x{0}", n), "fwd", kernels::gemm_shape(n, n, n)));
  }
  return all;
});

// Y = X W; dX = dY W^T; dW = X^T dY.
const bool dense_rows = add_contests([] {
  std::vector<Contest> all;
  for (const auto& [in, out] : {std::pair{784, 512}, {512, 10}, {4096, 1000}}) {
    for (const std::int64_t batch : {32, 128, 512}) {
      const std::string shape = fmt::format("b{}_{}>{}", batch, in, out);
      all.push_back(contest("dense", shape, "fwd", kernels::gemm_shape(batch, out, in)));
      all.push_back(
          contest("dense", shape, "bwd_data", kernels::gemm_shape(batch, in, out, false, true)));
      all.push_back(
          contest("dense", shape, "bwd_weights", kernels::gemm_shape(in, out, batch, true, false)));
    }
  }
  return all;
});

const bool gemm_drawn = add_drawn(8, [](Draw& draw) {
  const std::int64_t m = draw.size(1, 2048), k = draw.size(1, 2048),
                     n = draw.chance(0.25) ? draw.size(1, 16) : draw.channels(4, 2048);
  const bool transpose_a = draw.chance(1.0 / 3), transpose_b = !transpose_a && draw.chance(0.5);
  return contest("gemm", fmt::format("{}x{}x{}", m, n, k),
                 transpose_a   ? "A^T B"
                 : transpose_b ? "A B^T"
                               : "A B",
                 kernels::gemm_shape(m, n, k, transpose_a, transpose_b));
});

}  // namespace
}  // namespace keratin::bench
