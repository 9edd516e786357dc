#include "autograd/ops/sparse_softmax_cross_entropy.h"

#include "autograd/along_axis.h"
#include "autograd/op.h"
#include "kernels/cross_entropy/cross_entropy.h"
#include "tensor/cast.h"
#include "tensor/recording.h"

namespace keratin {
namespace {

struct SparseSoftmaxCrossEntropy {
  struct Args {
    Tensor labels;  // int32, checked, where the logits are
    std::int64_t ignore_class;
    std::optional<double> total_scale;
  };
  static constexpr std::string_view name = "sparse_softmax_cross_entropy";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static constexpr bool kernel_gradient = true;
  static Spec infer(const Spec& x, const Args& a) {
    require_floating(name, x);
    detail::require_rows(name, x);
    return {a.total_scale ? Shape{} : a.labels.shape(), x.dtype, x.device};
  }
  static void cpu(const Tensor& x, Tensor& y, const Args& a) {
    dispatch_floats(name, x.dtype(), [&]<class T> {
      const auto& ladder = a.total_scale ? kernels::sparse_cross_entropy_total_ladder<T>
                                         : kernels::sparse_cross_entropy_ladder<T>;
      kernels::run(y.stream(), ladder, x.on_device<T>(), a.labels.on_device<std::int32_t>(),
                   y.mutable_on_device<T>(), shape_of(x, a));
    });
  }
  static auto gradient(const auto& saved, const Args& a, const Tensor& dy) {
    const Tensor& x = saved.input(0);
    Tensor dx = Tensor::empty(x.spec());
    dispatch_floats(name, x.dtype(), [&]<class T> {
      kernels::run(dx.stream(), kernels::sparse_cross_entropy_gradient_ladder<T>, x.on_device<T>(),
                   a.labels.on_device<std::int32_t>(), dy.on_device<T>(), dx.mutable_on_device<T>(),
                   shape_of(x, a));
    });
    return grads(dx);
  }
  static kernels::CrossEntropyShape shape_of(const Tensor& x, const Args& a) {
    return {.rows = a.labels.size(),
            .classes = x.shape().back(),
            .ignore_class = a.ignore_class,
            .total = a.total_scale.has_value(),
            .scale = a.total_scale.value_or(1)};
  }
};

SparseSoftmaxCrossEntropy::Args checked(const Tensor& logits, const Tensor& labels,
                                        const SparseSoftmaxCrossEntropyOptions& options) {
  static constexpr std::string_view name = SparseSoftmaxCrossEntropy::name;
  detail::require_rows(name, logits.spec());
  if (labels.dtype() != int32 && labels.dtype() != int64) {
    throw DTypeError(
        fmt::format("{}: labels are {}; expected int32 or int64. Use cast(labels, int32).", name,
                    labels.spec().text()));
  }
  if (labels.shape() != logits.shape().slice(0, logits.rank() - 1)) {
    throw ShapeError(fmt::format(
        "{}: labels are {}, logits {}; expected labels of the logits' shape without its last axis",
        name, labels.spec().text(), logits.spec().text()));
  }
  const Tensor here = labels.to(Device{});
  const std::int64_t ignored = options.ignore_class.value_or(kernels::CrossEntropyShape::kNone);
  const kernels::CrossEntropyShape shape{labels.size(), logits.shape().back(), ignored};
  const Tensor in_range = detail::computed_each_run(here, [here, shape] {
    Tensor narrow = cast(here, int32);
    const std::int64_t bad = kernels::check_labels(narrow.data<std::int32_t>(), shape);
    if (bad < 0) return narrow;
    throw ValueError(fmt::format(
        "{}: label {} of sample {} is out of range; expected 0 to {}, as there are {} scores", name,
        here.reshaped({-1}).item<std::int64_t>({bad}), bad, shape.classes - 1, shape.classes));
  });
  return {detail::read_only_on(logits.device(), in_range), ignored, options.total_scale};
}

}  // namespace

Tensor sparse_softmax_cross_entropy(const Tensor& logits, const Tensor& labels,
                                    SparseSoftmaxCrossEntropyOptions options) {
  return apply<SparseSoftmaxCrossEntropy>(checked(logits, labels, options), logits);
}
Variable sparse_softmax_cross_entropy(const Variable& logits, const Tensor& labels,
                                      SparseSoftmaxCrossEntropyOptions options) {
  return apply<SparseSoftmaxCrossEntropy>(checked(logits.value(), labels, options), logits);
}

}  // namespace keratin
