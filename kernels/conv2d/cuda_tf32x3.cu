#include "kernels/conv2d/tensor.cuh"

namespace keratin::kernels::cuda {

void conv2d_tf32x3(const float* x, const float* w, float* y, const Epilogue<float>& e,
                   const Conv2dShape& s, const Stream& stream) {
  tensor_forward(x, w, y, e, s, OnTensorCores<Tf32x3Math>{s, stream});
}
void conv2d_input_gradient_tf32x3(const float* dy, const float* w, float* dx, const Conv2dShape& s,
                                  const Stream& stream) {
  tensor_input_gradient(dy, w, dx, s, OnTensorCores<Tf32x3Math>{s, stream});
}
void conv2d_weight_gradient_tf32x3(const float* x, const float* dy, float* dw, const Conv2dShape& s,
                                   const Stream& stream) {
  tensor_weight_gradient(x, dy, dw, s, kTensorPiece, stream, OnTensorCores<Tf32x3Math>{s, stream});
}

}  // namespace keratin::kernels::cuda
