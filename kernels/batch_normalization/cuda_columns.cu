#include "kernels/batch_normalization/channels.cuh"

namespace keratin::kernels::cuda {
namespace {

template <bool pieces, class Sums>
void sums_of(const Sums& sums, const BatchNormShape& s, const Stream& stream) {
  if constexpr (pieces) {
    column_pieces(sums, s.rows, s.channels, stream);
  } else {
    column_chains(sums, s.rows, s.channels, stream);
  }
}
template <bool pieces, class Map>
void map_by(const Map& map, const BatchNormShape& s, const Stream& stream) {
  if constexpr (pieces) {
    map_columns(map, s.rows, s.channels, stream);
  } else {
    map_elements(map, s.rows, s.channels, stream);
  }
}

}  // namespace

template <bool pieces, class T>
void batch_moments_columns(const T* x, T* mean, T* variance, const BatchNormShape& s,
                           const Stream& stream) {
  sums_of<pieces>(ChannelMoments<T>{x, mean, variance, s.rows, s.channels}, s, stream);
}

template <bool pieces, class T>
void batch_norm_columns(const T* x, const T* mean, const T* variance, const T* gamma, const T* beta,
                        T* y, const BatchNormShape& s, const Stream& stream) {
  map_by<pieces>(ChannelNormalize<T>{x, mean, variance, gamma, beta, y, s.epsilon}, s, stream);
}

template <bool pieces, class T>
void batch_norm_gradient_columns(const T* x, const T* dy, const T* mean, const T* variance,
                                 const T* gamma, T* dx, T* dgamma, T* dbeta,
                                 const BatchNormShape& s, const Stream& stream) {
  sums_of<pieces>(
      ChannelGradientSums<T>{x, dy, mean, variance, dgamma, dbeta, s.channels, s.epsilon}, s,
      stream);
  map_by<pieces>(
      ChannelInputGradient<T>{x, dy, mean, variance, gamma, dgamma, dbeta, dx, s.rows, s.epsilon},
      s, stream);
}

#define KERATIN_BATCH_NORM_COLUMNS(pieces, T)                                                    \
  template void batch_moments_columns<pieces>(const T*, T*, T*, const BatchNormShape&,           \
                                              const Stream&);                                    \
  template void batch_norm_columns<pieces>(const T*, const T*, const T*, const T*, const T*, T*, \
                                           const BatchNormShape&, const Stream&);                \
  template void batch_norm_gradient_columns<pieces>(const T*, const T*, const T*, const T*,      \
                                                    const T*, T*, T*, T*, const BatchNormShape&, \
                                                    const Stream&);
KERATIN_BATCH_NORM_COLUMNS(false, float)
KERATIN_BATCH_NORM_COLUMNS(true, float)
KERATIN_BATCH_NORM_COLUMNS(false, double)
KERATIN_BATCH_NORM_COLUMNS(true, double)
#undef KERATIN_BATCH_NORM_COLUMNS

}  // namespace keratin::kernels::cuda
