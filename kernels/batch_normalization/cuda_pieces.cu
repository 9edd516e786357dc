#include "kernels/batch_normalization/channels.cuh"

namespace keratin::kernels::cuda {

void batch_moments_pieces(const float* x, float* mean, float* variance, const BatchNormShape& s,
                          const Stream& stream) {
  column_pieces(ChannelMoments{x, mean, variance, s.rows, s.channels}, s.rows, s.channels, stream);
}

void batch_norm_columns(const float* x, const float* mean, const float* variance,
                        const float* gamma, const float* beta, float* y, const BatchNormShape& s,
                        const Stream& stream) {
  map_columns(ChannelNormalize{x, mean, variance, gamma, beta, y, s.epsilon}, s.rows, s.channels,
              stream);
}

void batch_norm_gradient_pieces(const float* x, const float* dy, const float* mean,
                                const float* variance, const float* gamma, float* dx, float* dgamma,
                                float* dbeta, const BatchNormShape& s, const Stream& stream) {
  column_pieces(ChannelGradientSums{x, dy, mean, variance, dgamma, dbeta, s.channels, s.epsilon},
                s.rows, s.channels, stream);
  map_columns(
      ChannelInputGradient{x, dy, mean, variance, gamma, dgamma, dbeta, dx, s.rows, s.epsilon},
      s.rows, s.channels, stream);
}

}  // namespace keratin::kernels::cuda
