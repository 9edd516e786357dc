#include "kernels/batch_normalization/channels.cuh"
#include "kernels/batch_normalization/relu.h"

namespace keratin::kernels::cuda {

template <bool pieces, class T>
void batch_norm_relu_columns(const T* x, const ChannelNumber<T>* mean,
                             const ChannelNumber<T>* variance, const ChannelNumber<T>* gamma,
                             const ChannelNumber<T>* beta, const T* residual, T* y,
                             const BatchNormReluShape& s, const Stream& stream) {
  const T* const added = s.residual ? residual : nullptr;
  map_by<pieces>(ChannelNormalize<T, true>{x, mean, variance, gamma, beta, y, s.epsilon, added}, s,
                 stream);
}

template <bool pieces, class T>
void batch_norm_relu_gradient_columns(const T* x, const T* dy, const T* y,
                                      const ChannelNumber<T>* mean,
                                      const ChannelNumber<T>* variance,
                                      const ChannelNumber<T>* gamma, T* dx, T* dz,
                                      ChannelNumber<T>* dgamma, ChannelNumber<T>* dbeta,
                                      const BatchNormReluShape& s, const Stream& stream) {
  using Together = Several<T, kColumnsTogether<T>>;
  T* const kept = s.residual ? dz : dx;
  const bool aligned = is_aligned<Together>(x) && is_aligned<Together>(dy) &&
                       is_aligned<Together>(y) && is_aligned<Together>(kept);
  sums_of<pieces>(ChannelGradientSums<T, true>{x, dy, mean, variance, dgamma, dbeta, s.channels,
                                               s.epsilon, aligned, y, kept},
                  s, stream);
  map_by<pieces>(
      ChannelInputGradient<T>{x, kept, mean, variance, gamma, dgamma, dbeta, dx, s.rows, s.epsilon},
      s, stream);
}

#define KERATIN_BATCH_NORM_RELU(pieces, T)                                                 \
  template void batch_norm_relu_columns<pieces>(                                           \
      const T*, const ChannelNumber<T>*, const ChannelNumber<T>*, const ChannelNumber<T>*, \
      const ChannelNumber<T>*, const T*, T*, const BatchNormReluShape&, const Stream&);    \
  template void batch_norm_relu_gradient_columns<pieces>(                                  \
      const T*, const T*, const T*, const ChannelNumber<T>*, const ChannelNumber<T>*,      \
      const ChannelNumber<T>*, T*, T*, ChannelNumber<T>*, ChannelNumber<T>*,               \
      const BatchNormReluShape&, const Stream&);
KERATIN_BATCH_NORM_RELU(false, float)
KERATIN_BATCH_NORM_RELU(true, float)
KERATIN_BATCH_NORM_RELU(false, double)
KERATIN_BATCH_NORM_RELU(true, double)
KERATIN_BATCH_NORM_RELU(false, BFloat16)
KERATIN_BATCH_NORM_RELU(true, BFloat16)
#undef KERATIN_BATCH_NORM_RELU

}  // namespace keratin::kernels::cuda
