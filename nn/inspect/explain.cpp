// Model::explain: runs a batch of zeros through the model, there and back, and tells which kernels
// its layers called.
#include "nn/inspect/explain.h"

#include <fmt/format.h>

#include <algorithm>

#include "autograd/ops/add.h"
#include "autograd/ops/sum.h"
#include "kernels/peak.h"
#include "kernels/run.h"
#include "nn/inspect/kernel_recording.h"
#include "nn/model/model.h"
#include "nn/model/model_layer.h"
#include "nn/model/restored_state.h"

namespace keratin {
namespace {

constexpr std::int64_t kBatch = 32;  // where the size of the batch is not given

// Forward, and where anything is to be trained back from the sum of all outputs.
void run_both_ways(const Model& model, const Tensors& x) {
  const Variables y = model(x, {.training = true});
  Variable total;
  for (const auto& [name, output] : y.entries()) {
    if (!output.requires_grad()) continue;
    const Variable one = sum(output);
    total = total.defined() ? total + one : one;
  }
  const std::vector<Variable> weights = model.trainable_variables();
  if (total.defined() && !weights.empty()) gradients(total, weights);
}

std::vector<PassedRung> passed_rungs(const kernels::KernelCall& call) {
  std::vector<PassedRung> passed;
  bool above = false;
  call.each_rung([&](const kernels::RungInfo& rung) {
    if (above) {
      std::string why = "KERATIN_KERNEL asks for another";
      if (!rung.applies) {
        why =
            *rung.takes != '\0' ? fmt::format("takes {}", rung.takes) : "does not take this shape";
      }
      passed.push_back({.name = rung.name, .gains = rung.gains, .why = std::move(why)});
    }
    above = above || rung.name == call.rung;
  });
  return passed;
}

std::string instruction_set_of(const kernels::KernelCall& call) {
  bool vectors = false, first = true;
  call.each_rung([&](const kernels::RungInfo& rung) {
    if (rung.name == call.rung) vectors = rung.vectors && !first;  // the reference has none
    first = false;
  });
  return vectors ? kernels::instruction_set() : "plain";
}

std::string layer_name(const Model& model, const kernels::Scope* scope) {
  const std::string path = scope->path(), own = model.name() + "/";
  return path.starts_with(own) ? path.substr(own.size()) : path;
}

bool alike(const ExplainedKernel& a, const ExplainedKernel& b) {
  return a.layer == b.layer && a.backward == b.backward && a.kernel == b.kernel &&
         a.shape == b.shape && a.rung == b.rung;
}

Tensor zeros_for(Shape shape, DType dtype) {
  if (shape.rank() == 0) {
    throw ShapeError("explain: the shape is []; expected that of a batch, such as {32, 28, 28, 1}");
  }
  for (std::int64_t axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] != None) continue;
    if (axis > 0) {
      throw ShapeError(fmt::format(
          "explain: axis {} of {} is None; only the size of the batch may be", axis, shape.text()));
    }
    shape = shape.with(axis, kBatch);
  }
  return zeros(shape, dtype);
}

}  // namespace

Explanation Model::explain(const Shape& input) const {
  DType dtype = float32;
  if (const auto& graph = state().graph(); graph && graph->inputs().count() == 1)
    dtype = graph->inputs().get(0).dtype();
  return explain(Tensors(zeros_for(input, dtype)));
}

Explanation Model::explain(const Tensors& x) const {
  if (!layer()->built()) {
    const NoGrad no_grad;
    (*this)(x, {.training = false});  // makes the weights, so that they can be put back
  }
  const detail::RestoredState restored(*this);
  const detail::KernelRecording recording =
      detail::record_kernels("explain", [&] { run_both_ways(*this, x); });
  Explanation explanation;
  for (const detail::RecordedCall& one : recording.calls) {
    if (one.scope == nullptr || one.scope->kind != kernels::ScopeKind::layer || one.thread != 0)
      continue;
    ExplainedKernel kernel{.layer = layer_name(*this, one.scope),
                           .backward = one.backward,
                           .kernel = one.call.op,
                           .shape = one.call.shape(),
                           .rung = one.call.rung,
                           .instruction_set = instruction_set_of(one.call),
                           .threads = one.call.threads,
                           .passed = passed_rungs(one.call)};
    const auto same = [&](const ExplainedKernel& other) { return alike(other, kernel); };
    if (std::none_of(explanation.kernels.begin(), explanation.kernels.end(), same))
      explanation.kernels.push_back(std::move(kernel));
  }
  return explanation;
}

std::string Explanation::text() const {
  std::vector<std::string> layers;
  for (const ExplainedKernel& kernel : kernels) {
    if (std::find(layers.begin(), layers.end(), kernel.layer) == layers.end())
      layers.push_back(kernel.layer);
  }
  std::string out;
  for (const std::string& layer : layers) {
    out += layer + "\n";
    for (const ExplainedKernel& kernel : kernels) {
      if (kernel.layer != layer) continue;
      out += fmt::format("  {} {} {}: {}, {}, {} thread{}\n", kernel.backward ? "<-" : "->",
                         kernel.kernel, kernel.shape, kernel.rung, kernel.instruction_set,
                         kernel.threads, kernel.threads == 1 ? "" : "s");
      for (const PassedRung& rung : kernel.passed)
        out += fmt::format("       not {} ({}): {}\n", rung.name, rung.gains, rung.why);
    }
  }
  return out;
}

}  // namespace keratin
