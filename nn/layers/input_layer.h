#pragma once

#include "nn/layer.h"

namespace keratin::layers {

/// Where a graph starts; made by Input(). It computes nothing.
class InputLayerImpl final : public Layer {
 public:
  InputLayerImpl(Spec spec, const std::string& name);
  const Spec& spec() const { return spec_; }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override;
  std::string class_name() const override { return "InputLayer"; }

 private:
  Spec spec_;
};

}  // namespace keratin::layers
