#include "kernels/cross_entropy/loss.cuh"

namespace keratin::kernels::cuda {

// A row a thread.
void sparse_cross_entropy_naive(const float* x, const std::int32_t* labels, float* loss,
                                const CrossEntropyShape& s, const Stream& stream) {
  sparse_loss<1>(x, labels, loss, s, stream);
}
void sparse_cross_entropy_gradient_naive(const float* x, const std::int32_t* labels,
                                         const float* dloss, float* dx, const CrossEntropyShape& s,
                                         const Stream& stream) {
  sparse_gradient<1>(x, labels, dloss, dx, s, stream);
}
void cross_entropy_naive(const float* x, const float* t, float* loss, const CrossEntropyShape& s,
                         const Stream& stream) {
  dense_loss<1>(x, t, loss, s, stream);
}
void cross_entropy_gradient_naive(const float* x, const float* t, const float* dloss, float* dx,
                                  const CrossEntropyShape& s, const Stream& stream) {
  dense_gradient<1>(x, t, dloss, dx, s, stream);
}

}  // namespace keratin::kernels::cuda
