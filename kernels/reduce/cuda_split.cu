#include "kernels/reduce/combine.cuh"

namespace keratin::kernels::cuda {
namespace {
constexpr std::int64_t kPiece = 2048;  // fixed by nothing but the shape: the same bits on any GPU
}

bool reduce_split_applies(const ReduceShape& s) {
  return s.reduced >= 2 * kPiece && s.outer * s.inner <= 65536;
}

void reduce_split(const float* x, float* y, const ReduceShape& s, const Stream& stream) {
  if (s.outer * s.inner == 0) return;
  const std::int64_t pieces = (s.reduced + kPiece - 1) / kPiece;
  const Scratch between(s.outer * pieces * s.inner * std::int64_t{sizeof(float)}, stream);
  reduce_pieces(x, between.floats(), s, pieces, kPiece, stream);
  const ReduceShape rest{s.op, s.outer, pieces, s.inner};
  if (reduce_split_applies(rest)) {
    reduce_split(between.floats(), y, rest, stream);
  } else {
    reduce_pieces(between.floats(), y, rest, 1, pieces, stream);
  }
}

}  // namespace keratin::kernels::cuda
