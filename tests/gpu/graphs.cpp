// Work of a stream that is captured, and the memory that it keeps.
#include "autograd/ops/exp.h"
#include "kernels/accelerator.h"
#include "kernels/device_run.h"
#include "kernels/elementwise/elementwise.h"
#include "tests/cuda_emulation/runtime_api.h"
#include "tests/gpu/programs.h"

namespace keratin::tests {
namespace {

const Device kThere{Device::Kind::cuda, 0};

void exp_into(const Tensor& x, Tensor y) {
  kernels::run(x.stream(), kernels::unary_ladder<float>, x.on_device<float>(),
               y.mutable_on_device<float>(), kernels::UnaryShape{kernels::Unary::exp, x.size()});
}

std::int64_t in_use() { return gpu_memory_stats("cuda").bytes_in_use; }

}  // namespace

TEST_CASE("gpu: captured work is done when it is launched, with what memory holds then") {
  const WithEmulatedGpu gpu;
  kernels::Accelerator& there = emulated_gpu();
  Tensor x = normal({300}, 1).to(kThere), y = zeros({300}).to(kThere);
  there.begin_capture(x.stream());
  exp_into(x, y);
  Tensor(x).copy_from(y);
  const auto graph = there.end_capture(x.stream());
  CHECK(y.to_vector<float>() == std::vector<float>(300, 0.0f));
  for (const std::uint64_t seed : {2, 3}) {
    const Tensor fresh = normal({300}, seed);
    x.copy_from(fresh);
    graph->launch();
    CHECK(y.to_vector<float>() == exp(fresh.to(kThere)).to_vector<float>());
    CHECK(x.to_vector<float>() == y.to_vector<float>());
  }
}

TEST_CASE("gpu: what a capture does not allow is an error, and work goes on after it") {
  const WithEmulatedGpu gpu;
  kernels::Accelerator& there = emulated_gpu();
  const Tensor x = normal({8}, 1).to(kThere), here = normal({8}, 2);
  Tensor y = zeros({8}).to(kThere);
  const kernels::Stream stream = x.stream();
  const auto refused = [&](const std::function<void()>& call, const std::string& why) {
    there.begin_capture(stream);
    exp_into(x, y);
    CHECK_THROWS_AS(call(), kernels::CaptureError);
    there.abandon_capture(stream);
    CHECK(holds(error_of([&] {
                  there.begin_capture(stream);
                  try {
                    call();
                  } catch (const Error&) {
                    there.abandon_capture(stream);
                    throw;
                  }
                }),
                why));
    CHECK(exp(x).to_vector<float>() == exp(x.copy()).to_vector<float>());
  };
  refused([&] { there.synchronize(stream); }, "the CPU waits for the GPU");
  refused([&] { (void)x.to_vector<float>(); }, "data of the GPU is read");
  refused([&] { Tensor(y).copy_from(here); }, "data is sent to the GPU");
  refused([&] { (void)exp(x); }, "more memory of the GPU is asked for than before");
  there.abandon_capture(stream);  // of none
}

TEST_CASE("gpu: the emulation refuses in a capture what CUDA refuses" *
          doctest::skip(on_real_gpu())) {
  cudaStream_t stream = nullptr, other = nullptr;
  cudaGraph_t graph = nullptr;
  cudaEvent_t event = nullptr;
  REQUIRE(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == cudaSuccess);
  REQUIRE(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking) == cudaSuccess);
  REQUIRE(cudaEventCreateWithFlags(&event, cudaEventDisableTiming) == cudaSuccess);
  CHECK(cudaStreamEndCapture(stream, &graph) == cudaErrorStreamCaptureUnmatched);
  void* memory = nullptr;
  REQUIRE(cudaMallocAsync(&memory, 16, other) == cudaSuccess);
  std::vector<char> pageable(16);
  const std::vector<std::pair<const char*, std::function<cudaError_t()>>> calls = {
      {"synchronize", [&] { return cudaStreamSynchronize(stream); }},
      {"record", [&] { return cudaEventRecord(event, stream); }},
      {"wait", [&] { return cudaStreamWaitEvent(stream, event, 0); }},
      {"pinned memory",
       [] {
         void* pinned = nullptr;
         return cudaMallocHost(&pinned, 16);
       }},
      {"memory",
       [&] {
         void* more = nullptr;
         return cudaMallocAsync(&more, 16, stream);
       }},
      {"free", [&] { return cudaFreeAsync(memory, stream); }},
      {"read",
       [&] {
         return cudaMemcpyAsync(pageable.data(), memory, 16, cudaMemcpyDeviceToHost, stream);
       }},
      {"send",
       [&] {
         return cudaMemcpyAsync(memory, pageable.data(), 16, cudaMemcpyHostToDevice, stream);
       }},
  };
  for (const auto& [what, call] : calls) {
    CAPTURE(what);
    REQUIRE(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
    CHECK(cudaMemsetAsync(memory, 1, 16, stream) == cudaSuccess);
    CHECK(call() == cudaErrorStreamCaptureUnsupported);
    CHECK(cudaStreamSynchronize(stream) == cudaErrorStreamCaptureInvalidated);
    cudaGetLastError();
    CHECK(cudaStreamSynchronize(other) == cudaSuccess);
    CHECK(cudaStreamEndCapture(stream, &graph) == cudaErrorStreamCaptureInvalidated);
    CHECK(graph == nullptr);
    cudaGetLastError();
    CHECK(cudaStreamSynchronize(stream) == cudaSuccess);
  }
  CHECK(cudaFreeAsync(memory, other) == cudaSuccess);
  CHECK(cudaEventDestroy(event) == cudaSuccess);
}

TEST_CASE("gpu: a pool keeps its memory and hands it out again; it goes back with the pool" *
          doctest::skip(on_real_gpu())) {
  const WithEmulatedGpu gpu;
  kernels::Accelerator& there = emulated_gpu();
  const std::int64_t before = in_use();
  const auto empty = [](std::int64_t size) { return Tensor::empty({size}, float32, kThere); };
  Tensor survivor;
  {
    const auto pool = there.make_pool(0);
    void* first = nullptr;
    {
      const kernels::AllocateFrom here(*pool);
      const Tensor a = empty(100), b = empty(100);
      first = a.address();
      CHECK(b.address() != first);
    }
    CHECK(in_use() == before + 800);       // kept
    CHECK(empty(100).address() != first);  // not for others
    {
      const kernels::AllocateFrom here(*pool);
      const Tensor stream_of = empty(100);
      there.begin_capture(stream_of.stream());  // all is there
      Tensor again = empty(100);
      CHECK((again.address() == first || stream_of.address() == first));
      CHECK_THROWS_AS(empty(100), kernels::CaptureError);
      CHECK_THROWS_AS(empty(99), kernels::CaptureError);
      there.abandon_capture(stream_of.stream());
      survivor = again;
    }
  }
  CHECK(in_use() == before + 400);  // of what lives on
  survivor = Tensor();
  CHECK(in_use() == before);
}

TEST_CASE("gpu: memory that is freed during a capture is there until its end" *
          doctest::skip(on_real_gpu())) {
  const WithEmulatedGpu gpu;
  kernels::Accelerator& there = emulated_gpu();
  const std::int64_t before = in_use();
  Tensor x = Tensor::empty({100}, float32, kThere);
  const kernels::Stream stream = x.stream();
  there.begin_capture(stream);
  x = Tensor();
  CHECK(in_use() == before + 400);
  const auto graph = there.end_capture(stream);
  CHECK(in_use() == before);
}

}  // namespace keratin::tests
