// Which ladder of the CPU each CUDA ladder belongs to.
#include <unordered_map>

#include "kernels/batch_normalization/relu.h"
#include "kernels/cast/cast.h"
#include "kernels/conv2d/bfloat16.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/copy/copy.h"
#include "kernels/cross_entropy/cross_entropy.h"
#include "kernels/cuda_ladder.h"
#include "kernels/dropout/bfloat16.h"
#include "kernels/elementwise/bfloat16.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/elementwise/select.h"
#include "kernels/gather/gather.h"
#include "kernels/gemm/bfloat16.h"
#include "kernels/gemm/gemm.h"
#include "kernels/layer_normalization/bfloat16.h"
#include "kernels/optimizer/optimizer.h"
#include "kernels/pool2d/bfloat16.h"
#include "kernels/random/random.h"
#include "kernels/reduce/bfloat16.h"
#include "kernels/reduce/matches.h"
#include "kernels/reduce/relu.h"
#include "kernels/resize/resize.h"
#include "kernels/softmax/bfloat16.h"
#include "kernels/transpose/transpose.h"
#include "kernels/warp/warp.h"

namespace keratin::kernels::cuda {

BoundRungs bound_rungs(const void* ladder);

namespace {

using Table = std::unordered_map<const void*, BoundRungs>;

template <class Fn, std::size_t N, std::size_t M>
void bind(Table& table, const Ladder<Fn, N>& cpu, const CudaLadder<Fn, M>& gpu) {
  table[&cpu] = {gpu.rungs.data(), M};
}

template <class T>
void bind_numbers(Table& table) {
  bind(table, kernels::unary_ladder<T>, cuda::unary_ladder<T>);
  bind(table, kernels::binary_ladder<T>, cuda::binary_ladder<T>);
  bind(table, kernels::reduce_ladder<T>, cuda::reduce_ladder<T>);
  bind(table, kernels::arg_reduce_ladder<T>, cuda::arg_reduce_ladder<T>);
}

template <class From, class... To>
void bind_casts_from(Table& table) {
  (bind(table, kernels::cast_ladder<From, To>, cuda::cast_ladder<From, To>), ...);
}
template <class... T>
void bind_casts(Table& table) {
  (bind_casts_from<T, T...>(table), ...);
  bind(table, kernels::cast_ladder<float, BFloat16>, cuda::cast_ladder<float, BFloat16>);
  bind(table, kernels::cast_ladder<BFloat16, float>, cuda::cast_ladder<BFloat16, float>);
}

template <class I>
void bind_indexed(Table& table) {
  bind(table, kernels::first_bad_index_ladder<I>, cuda::first_bad_index_ladder<I>);
  bind(table, kernels::gather_ladder<I>, cuda::gather_ladder<I>);
  bind(table, kernels::scatter_add_ladder<float, I>, cuda::scatter_add_ladder<float, I>);
  bind(table, kernels::scatter_add_ladder<double, I>, cuda::scatter_add_ladder<double, I>);
  bind(table, kernels::one_hot_ladder<I>, cuda::one_hot_ladder<I>);
}

template <class T>
void bind_pooling(Table& table) {
  bind(table, kernels::max_pool2d_ladder<T>, cuda::max_pool2d_ladder<T>);
  bind(table, kernels::max_pool2d_gradient_ladder<T>, cuda::max_pool2d_gradient_ladder<T>);
  bind(table, kernels::average_pool2d_ladder<T>, cuda::average_pool2d_ladder<T>);
  bind(table, kernels::average_pool2d_gradient_ladder<T>, cuda::average_pool2d_gradient_ladder<T>);
}

template <class T>
void bind_batch_norm(Table& table) {
  bind(table, kernels::batch_moments_ladder<T>, cuda::batch_moments_ladder<T>);
  bind(table, kernels::batch_norm_ladder<T>, cuda::batch_norm_ladder<T>);
  bind(table, kernels::batch_norm_gradient_ladder<T>, cuda::batch_norm_gradient_ladder<T>);
  bind(table, kernels::batch_norm_relu_ladder<T>, cuda::batch_norm_relu_ladder<T>);
  bind(table, kernels::batch_norm_relu_gradient_ladder<T>,
       cuda::batch_norm_relu_gradient_ladder<T>);
}

template <class T>
void bind_layer_norm(Table& table) {
  bind(table, kernels::layer_norm_ladder<T>, cuda::layer_norm_ladder<T>);
  bind(table, kernels::layer_norm_gradient_ladder<T>, cuda::layer_norm_gradient_ladder<T>);
}

template <class T>
void bind_random(Table& table) {
  bind(table, kernels::random_ladder<T>, cuda::random_ladder<T>);
  bind(table, kernels::dropout_ladder<T>, cuda::dropout_ladder<T>);
}

template <class T>
void bind_softmax(Table& table) {
  bind(table, kernels::softmax_ladder<T>, cuda::softmax_ladder<T>);
  bind(table, kernels::log_softmax_ladder<T>, cuda::log_softmax_ladder<T>);
  bind(table, kernels::softmax_gradient_ladder<T>, cuda::softmax_gradient_ladder<T>);
  bind(table, kernels::log_softmax_gradient_ladder<T>, cuda::log_softmax_gradient_ladder<T>);
}

template <class T>
void bind_floating(Table& table) {
  bind_softmax<T>(table);
  bind(table, kernels::relu_sums_ladder<T>, cuda::relu_sums_ladder<T>);
  bind(table, kernels::sparse_cross_entropy_ladder<T>, cuda::sparse_cross_entropy_ladder<T>);
  bind(table, kernels::sparse_cross_entropy_total_ladder<T>,
       cuda::sparse_cross_entropy_total_ladder<T>);
  bind(table, kernels::sparse_cross_entropy_gradient_ladder<T>,
       cuda::sparse_cross_entropy_gradient_ladder<T>);
  bind(table, kernels::cross_entropy_ladder<T>, cuda::cross_entropy_ladder<T>);
  bind(table, kernels::cross_entropy_gradient_ladder<T>, cuda::cross_entropy_gradient_ladder<T>);
  bind(table, kernels::update_ladder<T>, cuda::update_ladder<T>);
  bind_batch_norm<T>(table);
  bind_layer_norm<T>(table);
  bind(table, kernels::conv2d_ladder<T>, cuda::conv2d_ladder<T>);
  bind(table, kernels::conv2d_input_gradient_ladder<T>, cuda::conv2d_input_gradient_ladder<T>);
  bind(table, kernels::conv2d_weight_gradient_ladder<T>, cuda::conv2d_weight_gradient_ladder<T>);
  bind_pooling<T>(table);
}

Table all_ladders() {
  Table table;
  bind_numbers<float>(table);
  bind_numbers<double>(table);
  bind_numbers<std::uint8_t>(table);
  bind_numbers<std::int32_t>(table);
  bind_numbers<std::int64_t>(table);
  bind(table, kernels::unary_ladder<BFloat16>, cuda::unary_bfloat16_ladder);
  bind(table, kernels::binary_ladder<BFloat16>, cuda::binary_bfloat16_ladder);
  bind(table, kernels::select_ladder, cuda::select_ladder);
  bind(table, kernels::gemm_ladder<float>, cuda::gemm_ladder);
  bind(table, kernels::gemm_ladder<double>, cuda::gemm_double_ladder);
  bind(table, kernels::gemm_ladder<BFloat16>, cuda::gemm_bfloat16_ladder);
  bind(table, kernels::strided_copy_ladder, cuda::strided_copy_ladder);
  bind(table, kernels::pad_ladder, cuda::pad_ladder);
  bind(table, kernels::transpose_ladder, cuda::transpose_ladder);
  bind_indexed<std::int32_t>(table);
  bind_indexed<std::int64_t>(table);
  bind(table, kernels::matches_ladder<float>, cuda::matches_ladder<float>);
  bind(table, kernels::matches_ladder<std::uint8_t>, cuda::matches_ladder<std::uint8_t>);
  bind(table, kernels::matches_ladder<std::int32_t>, cuda::matches_ladder<std::int32_t>);
  bind(table, kernels::matches_ladder<std::int64_t>, cuda::matches_ladder<std::int64_t>);
  bind_casts<float, double, std::uint8_t, std::int32_t, std::int64_t, bool>(table);
  bind(table, kernels::resize_ladder<float>, cuda::resize_ladder<float>);
  bind(table, kernels::resize_ladder<double>, cuda::resize_ladder<double>);
  bind(table, kernels::resize_ladder<std::uint8_t>, cuda::resize_ladder<std::uint8_t>);
  bind(table, kernels::resize_gradient_ladder<float>, cuda::resize_gradient_ladder<float>);
  bind(table, kernels::resize_gradient_ladder<double>, cuda::resize_gradient_ladder<double>);
  bind(table, kernels::warp_ladder<float>, cuda::warp_ladder<float>);
  bind(table, kernels::warp_ladder<double>, cuda::warp_ladder<double>);
  bind(table, kernels::warp_gradient_ladder<float>, cuda::warp_gradient_ladder<float>);
  bind(table, kernels::warp_gradient_ladder<double>, cuda::warp_gradient_ladder<double>);
  bind_random<float>(table);
  bind_random<double>(table);
  bind_floating<float>(table);
  bind_floating<double>(table);
  bind(table, kernels::conv2d_ladder<BFloat16>, cuda::conv2d_bfloat16_ladder);
  bind(table, kernels::conv2d_input_gradient_ladder<BFloat16>,
       cuda::conv2d_input_gradient_bfloat16_ladder);
  bind(table, kernels::conv2d_weight_gradient_ladder<BFloat16>,
       cuda::conv2d_weight_gradient_bfloat16_ladder);
  bind_pooling<BFloat16>(table);
  bind_batch_norm<BFloat16>(table);
  bind_layer_norm<BFloat16>(table);
  bind_softmax<BFloat16>(table);
  bind(table, kernels::reduce_ladder<BFloat16>, cuda::reduce_bfloat16_ladder);
  bind(table, kernels::wide_reduce_ladder, cuda::wide_reduce_ladder);
  bind(table, kernels::relu_sums_ladder<BFloat16>, cuda::relu_sums_ladder<BFloat16>);
  bind(table, kernels::dropout_ladder<BFloat16>, cuda::dropout_ladder<BFloat16>);
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
