// The libraries that keratin races against. Each is one source in peers/, compiled where the
// library is found; it offers contenders for what it can do, and nothing for the rest.
#pragma once

#include <string>
#include <vector>

#include "bench/race/race.h"
#include "kernels/batch_normalization/batch_normalization.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/gemm/gemm.h"
#include "kernels/layer_normalization/layer_normalization.h"
#include "kernels/pool2d/pool2d.h"
#include "kernels/softmax/softmax.h"

namespace keratin::bench {

using Contenders = std::vector<Contender>;

enum class ConvPass { forward, input_gradient, weight_gradient };
enum class Pooling { max, average };

class Peer {
 public:
  virtual ~Peer() = default;
  virtual std::string version() const = 0;  // "oneDNN 2.6.3"
  virtual void set_threads(int count) = 0;

  virtual Contenders gemm(const kernels::GemmShape&) { return {}; }
  virtual Contenders conv2d(const kernels::Conv2dShape&, ConvPass) { return {}; }
  virtual Contenders pool2d(const kernels::Pool2dShape&, Pooling) { return {}; }
  /// Without the places of the largest, which a gradient would need.
  virtual Contenders pool2d_inference(const kernels::Pool2dShape&, Pooling) { return {}; }
  virtual Contenders pool2d_gradient(const kernels::Pool2dShape&, Pooling) { return {}; }
  virtual Contenders softmax(const kernels::SoftmaxShape&, bool /*logarithm*/) { return {}; }
  virtual Contenders softmax_gradient(const kernels::SoftmaxShape&, bool /*logarithm*/) {
    return {};
  }
  virtual Contenders batch_norm(const kernels::BatchNormShape&) { return {}; }
  virtual Contenders batch_norm_gradient(const kernels::BatchNormShape&) { return {}; }
  virtual Contenders layer_norm(const kernels::LayerNormShape&) { return {}; }
  virtual Contenders layer_norm_gradient(const kernels::LayerNormShape&) { return {}; }
  virtual Contenders relu(std::int64_t /*size*/) { return {}; }
  virtual Contenders relu_gradient(std::int64_t /*size*/) { return {}; }
  virtual Contenders add(std::int64_t /*size*/) { return {}; }
};

/// Those that were compiled in.
const std::vector<Peer*>& peers();
/// Adds one; for the initialiser of a constant.
bool add_peer(Peer* peer);

}  // namespace keratin::bench
