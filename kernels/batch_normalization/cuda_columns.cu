#include "kernels/batch_normalization/channels.cuh"

namespace keratin::kernels::cuda {
template <bool pieces, class T>
void batch_moments_columns(const T* x, ChannelNumber<T>* mean, ChannelNumber<T>* variance,
                           const BatchNormShape& s, const Stream& stream) {
  using Together = Several<T, kColumnsTogether<T>>;
  sums_of<pieces>(ChannelMoments<T>{x, mean, variance, s.rows, s.channels, is_aligned<Together>(x)},
                  s, stream);
}

template <bool pieces, class T>
void batch_norm_columns(const T* x, const ChannelNumber<T>* mean, const ChannelNumber<T>* variance,
                        const ChannelNumber<T>* gamma, const ChannelNumber<T>* beta, T* y,
                        const BatchNormShape& s, const Stream& stream) {
  map_by<pieces>(ChannelNormalize<T, false>{x, mean, variance, gamma, beta, y, s.epsilon}, s,
                 stream);
}

template <bool pieces, class T>
void batch_norm_gradient_columns(const T* x, const T* dy, const ChannelNumber<T>* mean,
                                 const ChannelNumber<T>* variance, const ChannelNumber<T>* gamma,
                                 T* dx, ChannelNumber<T>* dgamma, ChannelNumber<T>* dbeta,
                                 const BatchNormShape& s, const Stream& stream) {
  using Together = Several<T, kColumnsTogether<T>>;
  sums_of<pieces>(
      ChannelGradientSums<T, false>{x, dy, mean, variance, dgamma, dbeta, s.channels, s.epsilon,
                                    is_aligned<Together>(x) && is_aligned<Together>(dy)},
      s, stream);
  map_by<pieces>(
      ChannelInputGradient<T>{x, dy, mean, variance, gamma, dgamma, dbeta, dx, s.rows, s.epsilon},
      s, stream);
}

#define KERATIN_BATCH_NORM_COLUMNS(pieces, T)                                                   \
  template void batch_moments_columns<pieces>(const T*, ChannelNumber<T>*, ChannelNumber<T>*,   \
                                              const BatchNormShape&, const Stream&);            \
  template void batch_norm_columns<pieces>(                                                     \
      const T*, const ChannelNumber<T>*, const ChannelNumber<T>*, const ChannelNumber<T>*,      \
      const ChannelNumber<T>*, T*, const BatchNormShape&, const Stream&);                       \
  template void batch_norm_gradient_columns<pieces>(                                            \
      const T*, const T*, const ChannelNumber<T>*, const ChannelNumber<T>*,                     \
      const ChannelNumber<T>*, T*, ChannelNumber<T>*, ChannelNumber<T>*, const BatchNormShape&, \
      const Stream&);
KERATIN_BATCH_NORM_COLUMNS(false, float)
KERATIN_BATCH_NORM_COLUMNS(true, float)
KERATIN_BATCH_NORM_COLUMNS(false, double)
KERATIN_BATCH_NORM_COLUMNS(true, double)
KERATIN_BATCH_NORM_COLUMNS(false, BFloat16)
KERATIN_BATCH_NORM_COLUMNS(true, BFloat16)
#undef KERATIN_BATCH_NORM_COLUMNS

}  // namespace keratin::kernels::cuda
