#pragma once

#include <string>
#include <vector>

namespace keratin {

/// A faster rung that did not run.
struct PassedRung {
  std::string name;
  std::string gains;  // what it would have gained
  std::string why;    // "takes stride 1 only"
};

/// A kernel that a layer calls.
struct ExplainedKernel {
  std::string layer;  // "encoder/dense"
  bool backward = false;
  std::string kernel;  // "conv2d_weight_gradient"
  std::string shape;
  std::string rung;             // the one that runs
  std::string instruction_set;  // "AVX2"; "plain" where it is not written with vectors
  int threads = 1;              // how many work on it
  std::vector<PassedRung> passed;
};

/// What Model::explain gives.
struct Explanation {
  std::vector<ExplainedKernel> kernels;  // in the order of their calls, those alike once

  /// For the terminal, layer by layer.
  std::string text() const;
};

}  // namespace keratin
