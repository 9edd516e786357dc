#include <cblas.h>

#include "bench/race/operands.h"

namespace keratin::bench {
namespace {

class OpenBlas final : public Peer {
 public:
  std::string version() const override {  // "OpenBLAS 0.3.21 NO_LAPACKE ..."
    const std::string config = openblas_get_config();
    return config.substr(0, config.find(' ', config.find(' ') + 1));
  }
  void set_threads(int count) override { openblas_set_num_threads(count); }

  Contenders gemm(const kernels::GemmShape& s) override {
    return {{"OpenBLAS", [s](Buffers& b) -> Run {
               const GemmOperands o = gemm_operands(b, s);
               const auto size = [](std::int64_t n) { return static_cast<blasint>(n); };
               return [=] {
                 cblas_sgemm(CblasRowMajor, s.trans_a ? CblasTrans : CblasNoTrans,
                             s.trans_b ? CblasTrans : CblasNoTrans, size(s.m), size(s.n), size(s.k),
                             1, o.a, size(s.lda), o.b, size(s.ldb), 0, o.c, size(s.ldc));
               };
             }}};
  }
};

const bool added = add_peer(new OpenBlas);

}  // namespace
}  // namespace keratin::bench
