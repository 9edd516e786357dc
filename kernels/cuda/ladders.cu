// Which ladder of the CPU each CUDA ladder belongs to.
#include <unordered_map>

#include "kernels/conv2d/conv2d.h"
#include "kernels/copy/copy.h"
#include "kernels/cross_entropy/cross_entropy.h"
#include "kernels/cuda_ladder.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/gemm/gemm.h"
#include "kernels/optimizer/optimizer.h"
#include "kernels/pool2d/pool2d.h"
#include "kernels/reduce/reduce.h"
#include "kernels/softmax/softmax.h"

namespace keratin::kernels::cuda {

BoundRungs bound_rungs(const void* ladder);

namespace {

using Table = std::unordered_map<const void*, BoundRungs>;

template <class Fn, std::size_t N, std::size_t M>
void bind(Table& table, const Ladder<Fn, N>& cpu, const CudaLadder<Fn, M>& gpu) {
  table[&cpu] = {gpu.rungs.data(), M};
}

Table all_ladders() {
  Table table;
  bind(table, kernels::unary_ladder<float>, cuda::unary_ladder);
  bind(table, kernels::binary_ladder<float>, cuda::binary_ladder);
  bind(table, kernels::gemm_ladder<float>, cuda::gemm_ladder);
  bind(table, kernels::reduce_ladder<float>, cuda::reduce_ladder);
  bind(table, kernels::arg_reduce_ladder<float>, cuda::arg_reduce_ladder);
  bind(table, kernels::softmax_ladder<float>, cuda::softmax_ladder);
  bind(table, kernels::log_softmax_ladder<float>, cuda::log_softmax_ladder);
  bind(table, kernels::softmax_gradient_ladder<float>, cuda::softmax_gradient_ladder);
  bind(table, kernels::log_softmax_gradient_ladder<float>, cuda::log_softmax_gradient_ladder);
  bind(table, kernels::sparse_cross_entropy_ladder<float>, cuda::sparse_cross_entropy_ladder);
  bind(table, kernels::sparse_cross_entropy_gradient_ladder<float>,
       cuda::sparse_cross_entropy_gradient_ladder);
  bind(table, kernels::cross_entropy_ladder<float>, cuda::cross_entropy_ladder);
  bind(table, kernels::cross_entropy_gradient_ladder<float>, cuda::cross_entropy_gradient_ladder);
  bind(table, kernels::strided_copy_ladder, cuda::strided_copy_ladder);
  bind(table, kernels::update_ladder<float>, cuda::update_ladder);
  bind(table, kernels::conv2d_ladder<float>, cuda::conv2d_ladder);
  bind(table, kernels::conv2d_input_gradient_ladder<float>, cuda::conv2d_input_gradient_ladder);
  bind(table, kernels::conv2d_weight_gradient_ladder<float>, cuda::conv2d_weight_gradient_ladder);
  bind(table, kernels::max_pool2d_ladder<float>, cuda::max_pool2d_ladder);
  bind(table, kernels::max_pool2d_gradient_ladder<float>, cuda::max_pool2d_gradient_ladder);
  bind(table, kernels::average_pool2d_ladder<float>, cuda::average_pool2d_ladder);
  bind(table, kernels::average_pool2d_gradient_ladder<float>, cuda::average_pool2d_gradient_ladder);
  return table;
}

}  // namespace

/// `ladder` is the address of the CPU's; none where it has no rungs for CUDA.
BoundRungs bound_rungs(const void* ladder) {
  static const auto* const table = new Table(all_ladders());
  const auto found = table->find(ladder);
  return found == table->end() ? BoundRungs{} : found->second;
}

}  // namespace keratin::kernels::cuda
