#include "tensor/recording.h"

#include <fmt/format.h>

#include <cstring>

#include "kernels/accelerator.h"
#include "kernels/call_site.h"

namespace keratin::detail {
namespace {

thread_local Recording* recording = nullptr;

// While one lives, nothing is looked at: what is computed now is computed again at each run.
class Unwatched {
 public:
  Unwatched() : before_(std::exchange(recording, nullptr)) {}
  ~Unwatched() { recording = before_; }
  Unwatched(const Unwatched&) = delete;
  Unwatched& operator=(const Unwatched&) = delete;

 private:
  Recording* before_;
};

void send(const Tensor& to, const Tensor& from) {
  if (from.size() == 0) return;
  kernels::accelerator()->to_gpu(to.address(), from.address(),
                                 static_cast<std::size_t>(from.bytes()), to.stream());
}

void send_words(const RecordedHostWork& work, std::size_t first,
                const std::vector<std::uint64_t>& words) {
  char* const to = static_cast<char*>(work.words_on_gpu.address()) + first * sizeof(std::uint64_t);
  kernels::accelerator()->to_gpu(to, words.data(), words.size() * sizeof(std::uint64_t),
                                 work.words_on_gpu.stream());
}

}  // namespace

void RecordedHostWork::compute() const {
  for (const Function& f : computations) f();
}

void RecordedHostWork::send() const {
  for (const Function& f : sends) f();
  if (words.empty()) return;
  std::vector<std::uint64_t> values(word_count);
  std::uint64_t* next = values.data();
  for (const auto& [count, fill] : words) {
    fill(next);
    next += count;
  }
  send_words(*this, 0, values);
}

void RecordedHostWork::count() const {
  const Unwatched here;
  for (const Function& f : counts) f();
}

Recording::Recording(Mode mode, const Tensor& words, kernels::GpuPool& kept)
    : mode_(mode), kept_(kept), before_(std::exchange(recording, this)) {
  work_.words_on_gpu = words;
}
Recording::~Recording() {
  for (const Tensor& x : watched_) x.storage_->watch(false);
  recording = before_;
}
Recording* Recording::current() { return recording; }

void Recording::refuse(const std::string& what) {
  const kernels::Scope* const scope = kernels::call_site.scope;
  std::string text =
      scope == nullptr ? "the step " + what : fmt::format("\"{}\" {}", scope->path(), what);
  if (mode_ == Mode::capture) throw kernels::CaptureError(text);
  if (refused_.empty()) refused_ = std::move(text);
}

void Recording::watch(const Tensor& x) {
  watched_.push_back(x);
  x.storage_->watch(true);
}

bool Recording::is_watched(const Tensor& x) {
  return x.storage_ != nullptr && x.storage_->watched();
}

void note_read(const Tensor& watched) {
  if (recording == nullptr) return;
  recording->refuse(fmt::format("reads {} of the batch on the CPU", watched.spec().text()));
}

void Recording::note_origin(const Tensor& there, const Tensor& here) {
  if (here.dtype() != int32 && here.dtype() != int64) return;
  work_.held.push_back(there);  // no other tensor comes to its place
  origins_[there.address()] = here;
}

Tensor Recording::origin(const Tensor& there) const {
  const auto found = origins_.find(there.address());
  return found == origins_.end() || found->second.size() != there.size() ? Tensor() : found->second;
}

Tensor Recording::sent(const Tensor& x) {
  const bool changes = is_watched(x);
  const Unwatched here;
  std::string value;
  if (changes) {
    value = fmt::format("at {}", x.address());
  } else if (x.size() == 1) {
    value.assign(static_cast<const char*>(x.address()), static_cast<std::size_t>(x.bytes()));
  }
  const std::pair key(x.spec().text(), value);
  if (const auto found = sent_.find(key); found != sent_.end() && !value.empty())
    return found->second;
  const kernels::AllocateFrom kept(kept_);
  const Tensor there = Tensor::empty(x.shape(), x.dtype(), work_.words_on_gpu.device());
  work_.held.push_back(there);
  if (!value.empty()) sent_[key] = there;
  if (changes) work_.sends.emplace_back([there, x] { detail::send(there, x); });
  if (mode_ == Mode::rehearsal) {
    detail::send(there, x);
  } else if (!changes) {
    constants_.emplace_back(there, x.copy());
  }
  return there;
}

void* Recording::words(std::size_t count, std::function<void(std::uint64_t*)> fill) {
  const std::size_t first = work_.word_count;
  if (first + count > static_cast<std::size_t>(kMostWords))
    throw Error(fmt::format("a recorded step takes more than {} numbers", kMostWords));
  if (mode_ == Mode::rehearsal) {
    const Unwatched here;
    std::vector<std::uint64_t> now(count);
    fill(now.data());
    send_words(work_, first, now);
  }
  work_.words.emplace_back(count, std::move(fill));
  work_.word_count += count;
  return static_cast<char*>(work_.words_on_gpu.address()) + first * sizeof(std::uint64_t);
}

void Recording::send_constants() {
  for (const auto& [there, value] : std::exchange(constants_, {})) detail::send(there, value);
}

std::vector<Tensor> computed_each_run(const std::vector<Tensor>& inputs,
                                      const std::function<std::vector<Tensor>()>& f) {
  bool changes = false;
  for (const Tensor& input : inputs) changes |= Recording::is_watched(input);
  Recording* const now = recording;
  if (now == nullptr || !changes) return f();
  std::vector<Tensor> results;
  {
    const Unwatched here;
    results = f();
    for (Tensor& result : results)  // a place of its own, unless it is a part of what is watched
      if (result.defined() && !Recording::is_watched(result)) result = result.copy();
  }
  for (const Tensor& result : results)
    if (result.defined() && !Recording::is_watched(result)) now->watch(result);
  now->work_.computations.emplace_back([f, results] {
    const std::vector<Tensor> fresh = f();
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (!results[i].defined() || fresh[i].shares_storage_with(results[i])) continue;
      if (fresh[i].spec() != results[i].spec()) {
        throw kernels::CaptureError(
            fmt::format("what the CPU computes of a batch was {}, and is {} now",
                        results[i].spec().text(), fresh[i].spec().text()));
      }
      Tensor(results[i]).copy_from(fresh[i]);
    }
  });
  return results;
}

void count_each_run(std::function<void()> f) {
  if (recording == nullptr) return f();
  recording->work_.counts.push_back(std::move(f));
}

Tensor scalar_on(Device device, double value, DType dtype) {
  return read_only_on(device, Tensor::scalar(value, dtype));
}

Tensor read_only_on(Device device, const Tensor& x) {
  const bool to_gpu = x.device().is_cpu() && !device.is_cpu();
  if (recording == nullptr || !to_gpu || x.dtype() == DType::string) return x.to(device);
  const Tensor there = recording->sent(x);
  if (Recording::is_watched(x)) recording->note_origin(there, x);
  return there;
}

}  // namespace keratin::detail
