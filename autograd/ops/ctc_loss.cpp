#include "autograd/ops/ctc_loss.h"

#include "autograd/op.h"
#include "kernels/ctc/ctc.h"
#include "tensor/cast.h"

namespace keratin {
namespace {

struct CtcLoss {
  struct Args {
    Tensor labels;  // int32, checked
  };
  static constexpr std::string_view name = "ctc_loss";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool kernel_gradient = true;
  static Spec infer(const Spec& x, const Args&) {
    require_floating(name, x);
    return {{x.shape[0]}, x.dtype, x.device};
  }
  static void cpu(const Tensor& x, Tensor& y, const Args& a) {
    dispatch_floats(name, x.dtype(), [&]<class T> {
      kernels::run(kernels::ctc_ladder<T>, x.data<T>(), a.labels.data<std::int32_t>(),
                   y.mutable_data<T>(), shape_of(x, a.labels));
    });
  }
  static auto gradient(const auto& saved, const Args& a, const Tensor& dy) {
    const Tensor& x = saved.input(0);
    Tensor dx = Tensor::empty(x.spec());
    dispatch_floats(name, x.dtype(), [&]<class T> {
      kernels::run(kernels::ctc_gradient_ladder<T>, x.data<T>(), a.labels.data<std::int32_t>(),
                   dy.data<T>(), dx.mutable_data<T>(), shape_of(x, a.labels));
    });
    return grads(dx);
  }
  static kernels::CtcShape shape_of(const Tensor& x, const Tensor& labels) {
    return {x.shape()[0], x.shape()[1], x.shape()[2], labels.shape()[1]};
  }
};

CtcLoss::Args checked(const Tensor& x, const Tensor& labels) {
  constexpr std::string_view name = CtcLoss::name;
  require_rank(name, x.spec(), 3, "[batch, steps, classes]");
  require_rank(name, labels.spec(), 2, "[batch, labels]");
  if (labels.dtype() != int32 && labels.dtype() != int64) {
    throw DTypeError(
        fmt::format("{}: labels are {}; expected int32 or int64. Use cast(labels, int32).", name,
                    labels.spec().text()));
  }
  if (labels.shape()[0] != x.shape()[0] || x.shape()[1] == 0 || x.shape()[2] == 0) {
    throw ShapeError(fmt::format(
        "{}: labels are {}, predictions {}; expected one row of labels a sample, and at least one "
        "step and one class",
        name, labels.spec().text(), x.spec().text()));
  }
  const CtcLoss::Args args{cast(labels.to(Device{}), int32)};
  const std::string wrong = kernels::check_ctc_labels(args.labels.data<std::int32_t>(),
                                                      CtcLoss::shape_of(x, args.labels));
  if (!wrong.empty()) throw ValueError(fmt::format("{}: {}", name, wrong));
  return args;
}

}  // namespace

Tensor ctc_loss(const Tensor& x, const Tensor& labels) {
  return apply<CtcLoss>(checked(x, labels), x);
}
Variable ctc_loss(const Variable& x, const Tensor& labels) {
  return apply<CtcLoss>(checked(x.value(), labels), x);
}

}  // namespace keratin
