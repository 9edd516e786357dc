#include <fmt/format.h>

#include "bench/race/operands.h"

namespace keratin::bench {
namespace {

using kernels::Conv2dShape;

Run keratin_run(Buffers& b, const Conv2dShape& s, ConvPass pass) {
  const ConvOperands o = conv_operands(b, s, pass);
  switch (pass) {
    case ConvPass::forward:
      return [=] {
        kernels::run(kernels::conv2d_ladder<float>, o.x, o.w, o.out,
                     kernels::Epilogue<float>{.bias = o.bias}, s);
      };
    case ConvPass::input_gradient:
      return
          [=] { kernels::run(kernels::conv2d_input_gradient_ladder<float>, o.dy, o.w, o.out, s); };
    case ConvPass::weight_gradient:
      return
          [=] { kernels::run(kernels::conv2d_weight_gradient_ladder<float>, o.x, o.dy, o.out, s); };
  }
  return {};
}

struct Images {
  std::int64_t batch, size, in, out, kernel, stride;
  bool same, depthwise;

  Conv2dShape shape() const {
    const std::int64_t out_size =
        same ? (size + stride - 1) / stride : (size - kernel) / stride + 1;
    const std::int64_t padding =
        same ? std::max<std::int64_t>(0, (out_size - 1) * stride + kernel - size) / 2 : 0;
    return {.batch = batch,
            .in_h = size,
            .in_w = size,
            .in_c = in,
            .out_h = out_size,
            .out_w = out_size,
            .out_c = out,
            .kernel_h = kernel,
            .kernel_w = kernel,
            .stride_h = stride,
            .stride_w = stride,
            .pad_top = padding,
            .pad_left = padding,
            .groups = depthwise ? in : 1};
  }
  std::string name() const {
    return fmt::format("N{}_{}x{}_{}>{}_{}x{}{}_{}{}", batch, size, size, in, out, kernel, kernel,
                       stride > 1 ? fmt::format("_s{}", stride) : "", same ? "same" : "valid",
                       depthwise ? "_dw" : "");
  }
};

constexpr std::pair<ConvPass, const char*> kPasses[] = {{ConvPass::forward, "fwd"},
                                                        {ConvPass::input_gradient, "bwd_data"},
                                                        {ConvPass::weight_gradient, "bwd_weights"}};

Contest contest(const Images& images, ConvPass pass, const char* name) {
  const Conv2dShape s = images.shape();
  Contest c{.op = "conv2d",
            .shape = images.name(),
            .pass = name,
            .cost = kernels::conv2d_cost<float>(s),
            .contenders = {},
            .tolerance = 1e-3};
  c.contenders.push_back({"keratin", [s, pass](Buffers& b) { return keratin_run(b, s, pass); }});
  for (Peer* peer : peers()) c.join(peer->conv2d(s, pass));
  return c;
}

const bool conv_drawn = add_drawn(8, [](Draw& draw) {
  const std::int64_t kernel = draw.one_of({1, 3, 3, 3, 5, 7});
  Images images{.batch = draw.size(1, 64),
                .size = draw.size(kernel, 112),
                .in = draw.chance(0.15) ? draw.one_of({1, 3}) : draw.channels(4, 256),
                .out = draw.channels(4, 256),
                .kernel = kernel,
                .stride = draw.one_of({1, 1, 1, 2}),
                .same = draw.chance(0.5),
                .depthwise = draw.chance(0.1)};
  if (images.depthwise) images.out = images.in;
  const auto& [pass, name] = kPasses[draw.size(1, 3) - 1];
  return contest(images, pass, name);
});

const bool conv_rows = add_contests([] {
  std::vector<Contest> all;
  for (const Images& images : {Images{32, 28, 1, 32, 3, 1, false, false},
                               {32, 26, 32, 64, 3, 1, false, false},
                               {32, 32, 3, 32, 3, 1, true, false},
                               {32, 32, 64, 64, 3, 1, true, false},
                               {32, 16, 128, 128, 3, 1, true, false},
                               {8, 56, 64, 64, 3, 1, true, false},
                               {8, 56, 64, 256, 1, 1, true, false},
                               {8, 112, 3, 64, 7, 2, true, false},
                               {32, 8, 256, 256, 3, 1, true, false},
                               {8, 56, 128, 128, 3, 1, true, true}}) {
    for (const auto& [pass, name] : kPasses) all.push_back(contest(images, pass, name));
  }
  return all;
});

}  // namespace
}  // namespace keratin::bench
