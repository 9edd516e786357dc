// Streams that capture, and graphs. Work that is noted keeps its arguments and addresses, and reads
// memory when the graph is launched.
#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "tests/cuda_emulation/graphs.h"

struct CUgraph_st {
  std::vector<std::function<void()>> work;
  cuda_emulation::Work counted;
};
struct CUgraphExec_st : CUgraph_st {};

namespace {

struct Capture {
  CUgraph_st graph;
  std::thread::id thread;
  bool spoilt = false;
};

std::mutex mutex;
std::map<cudaStream_t, Capture>& captured() {
  static auto* const streams = new std::map<cudaStream_t, Capture>;
  return *streams;
}
std::atomic<std::int64_t> graphs_launched = 0, graphs_living = 0;
cuda_emulation::Work launched_last, transferred;  // under the mutex

std::int64_t& count_of(cuda_emulation::Work& work, cuda_emulation::Transfer kind) {
  return kind == cuda_emulation::Transfer::copy ? work.copies : work.memsets;
}

cudaError_t failed(cudaError_t code) {
  cuda_emulation::set_last_error(code);
  return code;
}

}  // namespace

namespace cuda_emulation {

std::int64_t graph_launches() { return graphs_launched; }
std::int64_t living_graphs() { return graphs_living; }

bool captures(cudaStream_t stream) {
  const std::lock_guard lock(mutex);
  return captured().contains(stream);
}

void note(cudaStream_t stream, std::function<void()> work) {
  const std::lock_guard lock(mutex);
  Capture& capture = captured().at(stream);
  if (capture.spoilt) {
    set_last_error(cudaErrorStreamCaptureInvalidated);
  } else {
    capture.graph.work.push_back(std::move(work));
    ++capture.graph.counted.kernels;
  }
}

bool note_transfer(Transfer kind, cudaStream_t stream, const std::function<void()>& work) {
  const bool noted = captures(stream);
  if (noted) note(stream, work);
  const std::lock_guard lock(mutex);
  if (!noted) {
    ++count_of(transferred, kind);
    return false;
  }
  Work& counted = captured().at(stream).graph.counted;
  --counted.kernels;
  ++count_of(counted, kind);
  return true;
}

Work last_graph() {
  const std::lock_guard lock(mutex);
  return launched_last;
}
Work lone_transfers() {
  const std::lock_guard lock(mutex);
  return transferred;
}

cudaError_t refused(cudaStream_t stream) {
  const std::lock_guard lock(mutex);
  Capture& capture = captured().at(stream);
  return std::exchange(capture.spoilt, true) ? cudaErrorStreamCaptureInvalidated
                                             : cudaErrorStreamCaptureUnsupported;
}

cudaError_t refused_on_this_thread() {
  const std::lock_guard lock(mutex);
  for (auto& [stream, capture] : captured()) {
    if (capture.thread != std::this_thread::get_id()) continue;
    capture.spoilt = true;
    return cudaErrorStreamCaptureUnsupported;
  }
  return cudaSuccess;
}

}  // namespace cuda_emulation

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  cuda_emulation::catch_up(stream);
  const std::lock_guard lock(mutex);
  const auto [capture, is_new] = captured().try_emplace(stream);
  if (!is_new) return failed(cudaErrorStreamCaptureUnsupported);
  capture->second.thread = std::this_thread::get_id();
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  const std::lock_guard lock(mutex);
  *graph = nullptr;
  const auto found = captured().find(stream);
  if (found == captured().end()) return failed(cudaErrorStreamCaptureUnmatched);
  if (found->second.thread != std::this_thread::get_id())
    return failed(cudaErrorStreamCaptureWrongThread);
  const Capture capture = std::move(found->second);
  captured().erase(found);
  if (capture.spoilt) return failed(cudaErrorStreamCaptureInvalidated);
  *graph = new CUgraph_st(capture.graph);
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* work, cudaGraph_t graph, unsigned long long) {
  *work = new CUgraphExec_st{*graph};
  ++graphs_living;
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t work, cudaStream_t stream) {
  if (cuda_emulation::captures(stream)) return failed(cuda_emulation::refused(stream));
  cuda_emulation::catch_up(stream);
  for (const std::function<void()>& one : work->work) one();
  ++graphs_launched;
  const std::lock_guard lock(mutex);
  launched_last = work->counted;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t work) {
  delete work;
  --graphs_living;
  return cudaSuccess;
}
