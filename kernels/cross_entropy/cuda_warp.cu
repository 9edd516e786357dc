#include "kernels/cross_entropy/loss.cuh"

namespace keratin::kernels::cuda {

void sparse_cross_entropy_warp(const float* x, const std::int32_t* labels, float* loss,
                               const CrossEntropyShape& s, const Stream& stream) {
  sparse_loss<32>(x, labels, loss, s, stream);
}
void sparse_cross_entropy_gradient_warp(const float* x, const std::int32_t* labels,
                                        const float* dloss, float* dx, const CrossEntropyShape& s,
                                        const Stream& stream) {
  sparse_gradient<32>(x, labels, dloss, dx, s, stream);
}
void cross_entropy_warp(const float* x, const float* t, float* loss, const CrossEntropyShape& s,
                        const Stream& stream) {
  dense_loss<32>(x, t, loss, s, stream);
}
void cross_entropy_gradient_warp(const float* x, const float* t, const float* dloss, float* dx,
                                 const CrossEntropyShape& s, const Stream& stream) {
  dense_gradient<32>(x, t, dloss, dx, s, stream);
}

}  // namespace keratin::kernels::cuda
