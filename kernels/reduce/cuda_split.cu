#include "kernels/reduce/combine.cuh"

namespace keratin::kernels::cuda {
namespace {
constexpr std::int64_t kPiece = 2048;  // fixed by nothing but the shape: the same bits on any GPU
}

bool reduce_split_applies(const ReduceShape& s) {
  return s.reduced >= 2 * kPiece && s.outer * s.inner <= 65536;
}

template <class X, class Y>
void reduce_split(const X* x, Y* y, const ReduceShape& s, const Stream& stream) {
  using T = Computed<X>;
  if (s.outer * s.inner == 0) return;
  const std::int64_t pieces = (s.reduced + kPiece - 1) / kPiece;
  const Scratch between(s.outer * pieces * s.inner * std::int64_t{sizeof(T)}, stream);
  T* const parts = between.as<T>();
  reduce_pieces(x, parts, s, pieces, kPiece, stream);
  const ReduceShape rest{s.op, s.outer, pieces, s.inner};
  if (reduce_split_applies(rest)) {
    reduce_split(parts, y, rest, stream);
  } else {
    reduce_pieces(parts, y, rest, 1, pieces, stream);
  }
}

#define KERATIN_INSTANTIATE(X, Y) \
  template void reduce_split(const X*, Y*, const ReduceShape&, const Stream&);
KERATIN_FOR_EACH_REDUCTION(KERATIN_INSTANTIATE)
#undef KERATIN_INSTANTIATE

}  // namespace keratin::kernels::cuda
