// Eigen: compiled for this machine's processor, as it has no choice at run time.
#include <fmt/format.h>

#include <Eigen/Core>

#include "bench/race/operands.h"

namespace keratin::bench {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using In = Eigen::Map<const Matrix>;
using Out = Eigen::Map<Matrix>;
using InLine = Eigen::Map<const Eigen::ArrayXf>;
using OutLine = Eigen::Map<Eigen::ArrayXf>;

class EigenPeer final : public Peer {
 public:
  std::string version() const override {
    return fmt::format("Eigen {}.{}.{}", EIGEN_WORLD_VERSION, EIGEN_MAJOR_VERSION,
                       EIGEN_MINOR_VERSION);
  }
  void set_threads(int count) override { Eigen::setNbThreads(count); }

  Contenders gemm(const kernels::GemmShape& s) override {
    return {{"Eigen", [s](Buffers& b) -> Run {
               const GemmOperands o = gemm_operands(b, s);
               return [=] {
                 const In a(o.a, s.trans_a ? s.k : s.m, s.trans_a ? s.m : s.k),
                     w(o.b, s.trans_b ? s.n : s.k, s.trans_b ? s.k : s.n);
                 Out c(o.c, s.m, s.n);
                 if (s.trans_a) {
                   c.noalias() = a.transpose() * w;
                 } else if (s.trans_b) {
                   c.noalias() = a * w.transpose();
                 } else {
                   c.noalias() = a * w;
                 }
               };
             }}};
  }
  // Arrays are computed on one thread whatever the setting.
  Contenders relu(std::int64_t size) override {
    return {{"Eigen", [size](Buffers& b) -> Run {
               const ElementOperands o = element_operands(b, size, false);
               return [=] { OutLine(o.y, size) = InLine(o.x, size).max(0.0f); };
             }}};
  }
  Contenders add(std::int64_t size) override {
    return {{"Eigen", [size](Buffers& b) -> Run {
               const ElementOperands o = element_operands(b, size, true);
               return [=] { OutLine(o.y, size) = InLine(o.x, size) + InLine(o.dy, size); };
             }}};
  }
};

const bool added = add_peer(new EigenPeer);

}  // namespace
}  // namespace keratin::bench
