#include "nn/model/resident.h"

#include <array>
#include <atomic>
#include <cmath>
#include <numeric>
#include <utility>

#include "autograd/layout.h"
#include "autograd/ops/sum.h"
#include "kernels/accelerator.h"
#include "kernels/gather/gather.h"
#include "nn/model/model_layer.h"

namespace keratin::detail {
namespace {

using Part = Tensors Example::*;
constexpr std::array<Part, 3> kParts = {&Example::x, &Example::y, &Example::sample_weight};

// The same structure with f(part, position, name, tensor) in place of every tensor.
template <class F>
Example mapped(const Example& samples, F f) {
  Example result;
  for (const Part part : kParts) {
    const Tensors& tensors = samples.*part;
    std::int64_t next = 0;
    result.*part = tensors.map([&](const Tensor& tensor) {
      const std::int64_t position = next++;
      return f(part, position, tensors.named() ? tensors.name(position) : std::string(), tensor);
    });
  }
  return result;
}

Tensor at(const Tensors& tensors, std::int64_t position, const std::string& name) {
  if (tensors.named() ? !tensors.contains(name) : position >= tensors.count()) return {};
  return tensors.named() ? tensors[name] : tensors.get(position);
}

bool would_be_sent(const ModelLayer& model, Part part, std::int64_t position,
                   const std::string& name, const Tensor& tensor) {
  if (tensor.dtype() == int32 || tensor.dtype() == int64) return false;
  if (part != &Example::x) return is_floating(tensor.dtype());
  return !model.stays_on_cpu(tensor, position, name);
}

// table[numbers], both on one device.
Tensor rows_of(const Tensor& table, const Tensor& numbers) {
  const Shape row = table.shape().slice(1, table.rank());
  Tensor y = Tensor::empty(numbers.shape().joined(row), table.dtype(), table.device());
  kernels::run(y.stream(), kernels::gather_ladder<std::int64_t>,
               static_cast<const void*>(table.address()), numbers.on_device<std::int64_t>(),
               y.address(),
               kernels::GatherShape{.outer = 1,
                                    .table_rows = table.shape()[0],
                                    .count = numbers.size(),
                                    .cols = row.size(),
                                    .element_size = element_size(table.dtype())});
  return y;
}

Example rows_of(const Example& tables, const Example& batch) {
  return mapped(
      batch, [&](Part part, std::int64_t position, const std::string& name, const Tensor& numbers) {
        const Tensor table = at(tables.*part, position, name);
        return table.defined() ? rows_of(table, numbers) : numbers;
      });
}

std::atomic<std::uint64_t> last_serial{0};

}  // namespace

std::shared_ptr<const ResidentSamples> ResidentSamples::of(ModelLayer& model,
                                                           const Example& samples) {
  if (!model.built() || model.derived_handle() != nullptr) return nullptr;
  const Device there = model.model_device();
  if (there.is_cpu()) return nullptr;
  std::int64_t bytes = 0, rows = 0;
  bool here = true, finite = true;
  const std::shared_ptr<ResidentSamples> made(new ResidentSamples);
  made->on_cpu_ = mapped(samples, [&](Part part, std::int64_t position, const std::string& name,
                                      const Tensor& tensor) {
    if (!would_be_sent(model, part, position, name, tensor)) return Tensor();
    here = here && tensor.device().is_cpu();
    bytes += tensor.bytes();
    rows = tensor.shape()[0];
    return tensor;
  });
  if (bytes == 0 || !here) return nullptr;
  const kernels::GpuMemory memory = kernels::accelerator()->memory(there.index);
  const std::int64_t free = memory.free + memory.held - memory.in_use;
  if (static_cast<double>(bytes) > kShare * static_cast<double>(free)) return nullptr;

  made->on_gpu_ =
      mapped(made->on_cpu_, [&](Part, std::int64_t, const std::string&, const Tensor& tensor) {
        if (!tensor.defined()) return Tensor();
        finite = finite && !(is_floating(tensor.dtype()) && std::isnan(sum(tensor).item<double>()));
        made->versions_.push_back(tensor.version());
        return finite ? tensor.to(there) : Tensor();
      });
  if (!finite) return nullptr;
  Tensor numbers = Tensor::empty({rows}, int64);
  std::iota(numbers.mutable_data<std::int64_t>(), numbers.mutable_data<std::int64_t>() + rows, 0);
  made->numbered_ = mapped(samples, [&](Part part, std::int64_t position, const std::string& name,
                                        const Tensor& tensor) {
    return made->holds(part, position, name) ? numbers : tensor;
  });
  made->serial_ = ++last_serial;
  return made;
}

Example ResidentSamples::gathered(const Example& batch) const { return rows_of(on_gpu_, batch); }
Example ResidentSamples::given(const Example& batch) const { return rows_of(on_cpu_, batch); }

bool ResidentSamples::holds(const Tensors Example::*part, std::int64_t position,
                            const std::string& name) const {
  return at(on_gpu_.*part, position, name).defined();
}

bool ResidentSamples::outdated() const {
  std::size_t next = 0;
  bool same = true;
  for (const Part part : kParts) {
    for (const auto& [name, tensor] : (on_cpu_.*part).entries())
      if (tensor.defined()) same = same && tensor.version() == versions_[next++];
  }
  return !same;
}

Example samples_of(const ModelLayer& model, const Example& batch) {
  return model.resident == nullptr ? batch : model.resident->gathered(batch);
}
Example given_samples_of(const ModelLayer& model, const Example& batch) {
  return model.resident == nullptr ? batch : model.resident->given(batch);
}

PlacedData::PlacedData(ModelLayer& model, const Example& samples, MakeBatches batches)
    : model_(model),
      samples_(samples),
      make_batches_(std::move(batches)),
      batches_(make_batches_(samples)) {}

bool PlacedData::settle() {
  bool changed = false;
  if (resident_ != nullptr && resident_->outdated()) {
    resident_.reset();
    settled_ = false;
    batches_ = make_batches_(samples_);
    changed = true;
  }
  if (settled_ || samples_.x.none() || !model_.built()) return changed;
  settled_ = true;
  resident_ = ResidentSamples::of(model_, samples_);
  if (resident_ == nullptr) return changed;
  batches_ = make_batches_(resident_->numbered());
  return true;
}

ResidentScope::ResidentScope(ModelLayer& model, const ResidentSamples* samples)
    : model_(model), before_(std::exchange(model.resident, samples)) {}
ResidentScope::~ResidentScope() { model_.resident = before_; }

}  // namespace keratin::detail
