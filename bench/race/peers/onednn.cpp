// oneDNN: images as NHWC, weights as keratin has them; what a primitive wants otherwise is reordered
// in every call.
#include <fmt/format.h>
#include <omp.h>

#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "bench/race/operands.h"

namespace keratin::bench {
namespace {

using dnnl::memory;
using Args = std::unordered_map<int, memory>;
using Tag = memory::format_tag;
using Dims = memory::dims;

const dnnl::engine& engine() {
  static const dnnl::engine e(dnnl::engine::kind::cpu, 0);
  return e;
}
dnnl::stream& stream() {
  static dnnl::stream s(engine());
  return s;
}

memory::desc describe(const Dims& dims, Tag tag) { return {dims, memory::data_type::f32, tag}; }
memory at(const memory::desc& desc, const float* data) {
  return {desc, engine(), const_cast<float*>(data)};
}

// Primitives one after the other, each with its arguments.
struct Steps {
  std::vector<std::pair<dnnl::primitive, Args>> list;

  void add(const dnnl::primitive& primitive, Args args) {
    list.emplace_back(primitive, std::move(args));
  }
  // `from` as `wanted` says: itself, or a reordered copy, made anew in every call.
  memory reordered(const memory& from, const memory::desc& wanted) {
    if (from.get_desc() == wanted) return from;
    memory to(wanted, engine());
    add(dnnl::reorder(from, to), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
    return to;
  }
  Run run() && {
    return [list = std::move(list)] {
      for (const auto& [primitive, args] : list) primitive.execute(stream(), args);
      stream().wait();
    };
  }
};

// What oneDNN has no primitive for is no contender.
template <class F>
Contender contender(std::string name, F prepare, Role role = Role::peer) {
  return {std::move(name),
          [prepare](Buffers& b) -> Run {
            try {
              return prepare(b);
            } catch (const dnnl::error& error) {
              if (error.status == dnnl_unimplemented) return {};
              throw;
            }
          },
          role};
}

template <class Primitive, class... Desc>
typename Primitive::primitive_desc plan(const typename Primitive::desc& desc, const Desc&... hint) {
  return typename Primitive::primitive_desc(desc, engine(), hint...);
}

Run conv_run(Buffers& b, const kernels::Conv2dShape& s, ConvPass pass, dnnl::algorithm algorithm) {
  const ConvOperands o = conv_operands(b, s, pass);
  const Dims x_dims{s.batch, s.in_c, s.in_h, s.in_w}, y_dims{s.batch, s.out_c, s.out_h, s.out_w};
  const bool grouped = s.groups > 1;
  const Dims w_dims = grouped ? Dims{s.groups, s.group_out(), s.group_in(), s.kernel_h, s.kernel_w}
                              : Dims{s.out_c, s.in_c, s.kernel_h, s.kernel_w};
  const auto x_plain = describe(x_dims, Tag::nhwc), y_plain = describe(y_dims, Tag::nhwc),
             w_plain = describe(w_dims, grouped ? Tag::hwigo : Tag::hwio),
             w_any = describe(w_dims, Tag::any);
  // Winograd's kernels take blocked images.
  const bool winograd = algorithm == dnnl::algorithm::convolution_winograd;
  const auto x_desc = winograd ? describe(x_dims, Tag::any) : x_plain,
             y_desc = winograd ? describe(y_dims, Tag::any) : y_plain;
  const Dims strides{s.stride_h, s.stride_w}, dilation{s.dilation_h - 1, s.dilation_w - 1},
      before{s.pad_top, s.pad_left};
  const auto after_of = [](std::int64_t out, std::int64_t stride, std::int64_t kernel,
                           std::int64_t step, std::int64_t in, std::int64_t pad) {
    return (out - 1) * stride + (kernel - 1) * step + 1 - in - pad;
  };
  const Dims after{after_of(s.out_h, s.stride_h, s.kernel_h, s.dilation_h, s.in_h, s.pad_top),
                   after_of(s.out_w, s.stride_w, s.kernel_w, s.dilation_w, s.in_w, s.pad_left)};
  const auto bias = describe({s.out_c}, Tag::x);
  using Forward = dnnl::convolution_forward;
  const auto forward = plan<Forward>({dnnl::prop_kind::forward_training, algorithm, x_desc, w_any,
                                      bias, y_desc, strides, dilation, before, after});
  Steps steps;
  switch (pass) {
    case ConvPass::forward: {
      const memory x = steps.reordered(at(x_plain, o.x), forward.src_desc());
      const memory w = steps.reordered(at(w_plain, o.w), forward.weights_desc());
      const memory y = at(y_plain, o.out);
      const bool direct = forward.dst_desc() == y_plain;
      const memory result = direct ? y : memory(forward.dst_desc(), engine());
      steps.add(Forward(forward), {{DNNL_ARG_SRC, x},
                                   {DNNL_ARG_WEIGHTS, w},
                                   {DNNL_ARG_BIAS, at(bias, o.bias)},
                                   {DNNL_ARG_DST, result}});
      if (!direct) {
        steps.add(dnnl::reorder(result, y), {{DNNL_ARG_FROM, result}, {DNNL_ARG_TO, y}});
      }
      break;
    }
    case ConvPass::input_gradient: {
      using Backward = dnnl::convolution_backward_data;
      const auto backward = plan<Backward>(
          {algorithm, x_desc, w_any, y_desc, strides, dilation, before, after}, forward);
      const memory dy = steps.reordered(at(y_plain, o.dy), backward.diff_dst_desc());
      const memory w = steps.reordered(at(w_plain, o.w), backward.weights_desc());
      const memory dx = at(x_plain, o.out);
      const bool direct = backward.diff_src_desc() == x_plain;
      const memory result = direct ? dx : memory(backward.diff_src_desc(), engine());
      steps.add(Backward(backward),
                {{DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_DIFF_SRC, result}});
      if (!direct) {
        steps.add(dnnl::reorder(result, dx), {{DNNL_ARG_FROM, result}, {DNNL_ARG_TO, dx}});
      }
      break;
    }
    case ConvPass::weight_gradient: {
      using Backward = dnnl::convolution_backward_weights;
      const auto backward = plan<Backward>(
          {algorithm, x_desc, w_any, y_desc, strides, dilation, before, after}, forward);
      const memory x = steps.reordered(at(x_plain, o.x), backward.src_desc());
      const memory dy = steps.reordered(at(y_plain, o.dy), backward.diff_dst_desc());
      const memory dw = at(w_plain, o.out);
      const bool direct = backward.diff_weights_desc() == w_plain;
      const memory result = direct ? dw : memory(backward.diff_weights_desc(), engine());
      steps.add(Backward(backward),
                {{DNNL_ARG_SRC, x}, {DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_DIFF_WEIGHTS, result}});
      if (!direct) {
        steps.add(dnnl::reorder(result, dw), {{DNNL_ARG_FROM, result}, {DNNL_ARG_TO, dw}});
      }
      break;
    }
  }
  return std::move(steps).run();
}

Run pool_run(Buffers& b, const kernels::Pool2dShape& s, Pooling kind, bool gradient,
             dnnl::prop_kind prop) {
  const PoolOperands o = pool_operands(b, s, gradient);
  const auto x_desc = describe({s.batch, s.channels, s.in_h, s.in_w}, Tag::nhwc),
             y_desc = describe({s.batch, s.channels, s.out_h, s.out_w}, Tag::nhwc);
  const auto algorithm = kind == Pooling::max ? dnnl::algorithm::pooling_max
                                              : dnnl::algorithm::pooling_avg_exclude_padding;
  const Dims strides{s.stride_h, s.stride_w}, pool{s.pool_h, s.pool_w},
      before{s.pad_top, s.pad_left},
      after{(s.out_h - 1) * s.stride_h + s.pool_h - s.in_h - s.pad_top,
            (s.out_w - 1) * s.stride_w + s.pool_w - s.in_w - s.pad_left};
  using Forward = dnnl::pooling_forward;
  using Backward = dnnl::pooling_backward;
  const auto forward =
      plan<Forward>({prop, algorithm, x_desc, y_desc, strides, pool, before, after});
  const bool with_places = kind == Pooling::max && prop == dnnl::prop_kind::forward_training;
  const memory places = with_places ? memory(forward.workspace_desc(), engine()) : memory();
  Args args{{DNNL_ARG_SRC, at(x_desc, o.x)}};
  const memory y = gradient ? memory(y_desc, engine()) : at(y_desc, o.out);
  args[DNNL_ARG_DST] = y;
  if (with_places) args[DNNL_ARG_WORKSPACE] = places;
  Steps steps;
  steps.add(Forward(forward), args);
  if (!gradient) return std::move(steps).run();
  std::move(steps).run()();  // the places
  const auto backward =
      plan<Backward>({algorithm, x_desc, y_desc, strides, pool, before, after}, forward);
  Args back{{DNNL_ARG_DIFF_DST, at(y_desc, o.dy)}, {DNNL_ARG_DIFF_SRC, at(x_desc, o.out)}};
  if (with_places) back[DNNL_ARG_WORKSPACE] = places;
  Steps only;
  only.add(Backward(backward), back);
  return std::move(only).run();
}

constexpr auto kTraining = dnnl::prop_kind::forward_training;

// One primitive of one or two inputs: from, dy -> to.
template <class Primitive>
Run single(const typename Primitive::primitive_desc& desc, Args args) {
  Steps steps;
  steps.add(Primitive(desc), std::move(args));
  return std::move(steps).run();
}

class OneDnn final : public Peer {
 public:
  std::string version() const override {
    const dnnl_version_t* v = dnnl_version();
    return fmt::format("oneDNN {}.{}.{}", v->major, v->minor, v->patch);
  }
  void set_threads(int count) override { omp_set_num_threads(count); }

  Contenders gemm(const kernels::GemmShape& s) override {
    const auto product = [s](Buffers& b) -> Run {
      const GemmOperands o = gemm_operands(b, s);
      const auto a = describe({s.m, s.k}, s.trans_a ? Tag::ba : Tag::ab),
                 w = describe({s.k, s.n}, s.trans_b ? Tag::ba : Tag::ab),
                 c = describe({s.m, s.n}, Tag::ab);
      return single<dnnl::matmul>(
          plan<dnnl::matmul>({a, w, c}),
          {{DNNL_ARG_SRC, at(a, o.a)}, {DNNL_ARG_WEIGHTS, at(w, o.b)}, {DNNL_ARG_DST, at(c, o.c)}});
    };
    const auto sgemm = [s](Buffers& b) -> Run {
      const GemmOperands o = gemm_operands(b, s);
      return [=] {
        dnnl_sgemm(s.trans_a ? 'T' : 'N', s.trans_b ? 'T' : 'N', s.m, s.n, s.k, 1, o.a, s.lda, o.b,
                   s.ldb, 0, o.c, s.ldc);
      };
    };
    return {contender("oneDNN matmul", product), contender("oneDNN sgemm", sgemm)};
  }

  Contenders conv2d(const kernels::Conv2dShape& s, ConvPass pass) override {
    const auto with = [s, pass](dnnl::algorithm algorithm) {
      return [=](Buffers& b) { return conv_run(b, s, pass, algorithm); };
    };
    return {
        contender("oneDNN", with(dnnl::algorithm::convolution_direct)),
        contender("oneDNN Winograd", with(dnnl::algorithm::convolution_winograd), Role::stretch)};
  }

  Contenders pool2d(const kernels::Pool2dShape& s, Pooling kind) override {
    return {
        contender("oneDNN", [=](Buffers& b) { return pool_run(b, s, kind, false, kTraining); })};
  }
  Contenders pool2d_inference(const kernels::Pool2dShape& s, Pooling kind) override {
    return {contender("oneDNN", [=](Buffers& b) {
      return pool_run(b, s, kind, false, dnnl::prop_kind::forward_inference);
    })};
  }
  Contenders pool2d_gradient(const kernels::Pool2dShape& s, Pooling kind) override {
    return {contender("oneDNN", [=](Buffers& b) { return pool_run(b, s, kind, true, kTraining); })};
  }

  Contenders softmax(const kernels::SoftmaxShape& s, bool logarithm) override {
    return {contender("oneDNN", [=](Buffers& b) -> Run {
      const SoftmaxOperands o = softmax_operands(b, s, false);
      const auto desc = describe({s.rows, s.cols}, Tag::ab);
      const Args args{{DNNL_ARG_SRC, at(desc, o.x)}, {DNNL_ARG_DST, at(desc, o.out)}};
      using Plain = dnnl::softmax_forward;
      using Log = dnnl::logsoftmax_forward;
      return logarithm ? single<Log>(plan<Log>({kTraining, desc, 1}), args)
                       : single<Plain>(plan<Plain>({kTraining, desc, 1}), args);
    })};
  }
  Contenders softmax_gradient(const kernels::SoftmaxShape& s, bool logarithm) override {
    return {contender("oneDNN", [=](Buffers& b) -> Run {
      const SoftmaxOperands o = softmax_operands(b, s, true);
      const auto desc = describe({s.rows, s.cols}, Tag::ab);
      const Args args{{DNNL_ARG_DST, at(desc, o.x)},
                      {DNNL_ARG_DIFF_DST, at(desc, o.dy)},
                      {DNNL_ARG_DIFF_SRC, at(desc, o.out)}};
      using Plain = dnnl::softmax_backward;
      using Log = dnnl::logsoftmax_backward;
      if (logarithm) {
        return single<Log>(
            plan<Log>({desc, desc, 1}, plan<dnnl::logsoftmax_forward>({kTraining, desc, 1})), args);
      }
      return single<Plain>(
          plan<Plain>({desc, desc, 1}, plan<dnnl::softmax_forward>({kTraining, desc, 1})), args);
    })};
  }

  Contenders batch_norm(const kernels::BatchNormShape& s) override {
    return {contender("oneDNN", [=](Buffers& b) -> Run {
      const NormOperands o = norm_operands(b, s.rows * s.channels, s.channels, s.channels, false);
      return single<BatchForward>(batch_plan(s), {{DNNL_ARG_SRC, at(rows(s), o.x)},
                                                  {DNNL_ARG_MEAN, line(s, o.mean)},
                                                  {DNNL_ARG_VARIANCE, line(s, o.variance)},
                                                  {DNNL_ARG_SCALE, line(s, o.gamma)},
                                                  {DNNL_ARG_SHIFT, line(s, o.beta)},
                                                  {DNNL_ARG_DST, at(rows(s), o.out)}});
    })};
  }
  Contenders batch_norm_gradient(const kernels::BatchNormShape& s) override {
    return {contender("oneDNN", [=](Buffers& b) -> Run {
      const NormOperands o = norm_operands(b, s.rows * s.channels, s.channels, s.channels, true);
      using Backward = dnnl::batch_normalization_backward;
      return single<Backward>(plan<Backward>({dnnl::prop_kind::backward, rows(s), rows(s),
                                              static_cast<float>(s.epsilon), kScaleShift},
                                             batch_plan(s)),
                              {{DNNL_ARG_SRC, at(rows(s), o.x)},
                               {DNNL_ARG_DIFF_DST, at(rows(s), o.dy)},
                               {DNNL_ARG_MEAN, line(s, o.mean)},
                               {DNNL_ARG_VARIANCE, line(s, o.variance)},
                               {DNNL_ARG_SCALE, line(s, o.gamma)},
                               {DNNL_ARG_SHIFT, line(s, o.gamma)},  // asked for, not used
                               {DNNL_ARG_DIFF_SRC, at(rows(s), o.out)},
                               {DNNL_ARG_DIFF_SCALE, line(s, o.dgamma)},
                               {DNNL_ARG_DIFF_SHIFT, line(s, o.dbeta)}});
    })};
  }

  Contenders layer_norm(const kernels::LayerNormShape& s) override {
    return {contender("oneDNN", [=](Buffers& b) -> Run {
      const NormOperands o = norm_operands(b, s.rows * s.cols, s.rows, s.cols, false);
      const auto x = describe({s.rows, s.cols}, Tag::ab), row = describe({s.rows}, Tag::a),
                 line = describe({s.cols}, Tag::a);
      return single<LayerForward>(layer_plan(s), {{DNNL_ARG_SRC, at(x, o.x)},
                                                  {DNNL_ARG_MEAN, at(row, o.mean)},
                                                  {DNNL_ARG_VARIANCE, at(row, o.variance)},
                                                  {DNNL_ARG_SCALE, at(line, o.gamma)},
                                                  {DNNL_ARG_SHIFT, at(line, o.beta)},
                                                  {DNNL_ARG_DST, at(x, o.out)}});
    })};
  }
  Contenders layer_norm_gradient(const kernels::LayerNormShape& s) override {
    return {contender("oneDNN", [=](Buffers& b) -> Run {
      const NormOperands o = norm_operands(b, s.rows * s.cols, s.rows, s.cols, true);
      const auto x = describe({s.rows, s.cols}, Tag::ab), row = describe({s.rows}, Tag::a),
                 line = describe({s.cols}, Tag::a);
      using Backward = dnnl::layer_normalization_backward;
      return single<Backward>(plan<Backward>({dnnl::prop_kind::backward, x, x, row,
                                              static_cast<float>(s.epsilon), kScaleShift},
                                             layer_plan(s)),
                              {{DNNL_ARG_SRC, at(x, o.x)},
                               {DNNL_ARG_DIFF_DST, at(x, o.dy)},
                               {DNNL_ARG_MEAN, at(row, o.mean)},
                               {DNNL_ARG_VARIANCE, at(row, o.variance)},
                               {DNNL_ARG_SCALE, at(line, o.gamma)},
                               {DNNL_ARG_SHIFT, at(line, o.gamma)},  // asked for, not used
                               {DNNL_ARG_DIFF_SRC, at(x, o.out)},
                               {DNNL_ARG_DIFF_SCALE, at(line, o.dgamma)},
                               {DNNL_ARG_DIFF_SHIFT, at(line, o.dbeta)}});
    })};
  }

  Contenders relu(std::int64_t size) override {
    return {contender("oneDNN", [=](Buffers& b) -> Run {
      const ElementOperands o = element_operands(b, size, false);
      const auto desc = describe({size}, Tag::a);
      return single<dnnl::eltwise_forward>(
          relu_plan(desc), {{DNNL_ARG_SRC, at(desc, o.x)}, {DNNL_ARG_DST, at(desc, o.y)}});
    })};
  }
  Contenders relu_gradient(std::int64_t size) override {
    return {contender("oneDNN", [=](Buffers& b) -> Run {
      const ElementOperands o = element_operands(b, size, true);
      const auto desc = describe({size}, Tag::a);
      using Backward = dnnl::eltwise_backward;
      return single<Backward>(
          plan<Backward>({dnnl::algorithm::eltwise_relu, desc, desc}, relu_plan(desc)),
          {{DNNL_ARG_SRC, at(desc, o.x)},
           {DNNL_ARG_DIFF_DST, at(desc, o.dy)},
           {DNNL_ARG_DIFF_SRC, at(desc, o.y)}});
    })};
  }
  Contenders add(std::int64_t size) override {
    return {contender("oneDNN", [=](Buffers& b) -> Run {
      const ElementOperands o = element_operands(b, size, true);
      const auto desc = describe({size}, Tag::a);
      return single<dnnl::binary>(
          plan<dnnl::binary>({dnnl::algorithm::binary_add, desc, desc, desc}),
          {{DNNL_ARG_SRC_0, at(desc, o.x)},
           {DNNL_ARG_SRC_1, at(desc, o.dy)},
           {DNNL_ARG_DST, at(desc, o.y)}});
    })};
  }

 private:
  using BatchForward = dnnl::batch_normalization_forward;
  using LayerForward = dnnl::layer_normalization_forward;
  static inline const auto kScaleShift =
      dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift;

  static memory::desc rows(const kernels::BatchNormShape& s) {
    return describe({s.rows, s.channels, 1, 1}, Tag::nhwc);
  }
  static memory line(const kernels::BatchNormShape& s, const float* data) {
    return at(describe({s.channels}, Tag::a), data);
  }
  static BatchForward::primitive_desc batch_plan(const kernels::BatchNormShape& s) {
    return plan<BatchForward>({kTraining, rows(s), static_cast<float>(s.epsilon), kScaleShift});
  }
  static LayerForward::primitive_desc layer_plan(const kernels::LayerNormShape& s) {
    return plan<LayerForward>({kTraining, describe({s.rows, s.cols}, Tag::ab),
                               describe({s.rows}, Tag::a), static_cast<float>(s.epsilon),
                               kScaleShift});
  }
  static dnnl::eltwise_forward::primitive_desc relu_plan(const memory::desc& desc) {
    return plan<dnnl::eltwise_forward>({kTraining, dnnl::algorithm::eltwise_relu, desc, 0.0f});
  }
};

const bool added = add_peer(new OneDnn);

}  // namespace
}  // namespace keratin::bench
