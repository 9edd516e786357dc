#include "tests/cuda_emulation/fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/cuda_emulation/sanitizers.h"

#if !defined(CUDA_EMULATION_UCONTEXT) && !defined(__x86_64__) && !defined(__aarch64__)
#define CUDA_EMULATION_UCONTEXT 1
#endif
#ifdef CUDA_EMULATION_UCONTEXT
#include <ucontext.h>
#endif

namespace cuda_emulation {
namespace {

#if defined(CUDA_EMULATION_ASAN) || defined(CUDA_EMULATION_TSAN)
constexpr std::size_t kStack = std::size_t{256} << 10;
#else
constexpr std::size_t kStack = std::size_t{32} << 10;
#endif

#ifdef CUDA_EMULATION_UCONTEXT
struct Context {
  ucontext_t place;
};
void switch_context(Context& from, Context& to) { swapcontext(&from.place, &to.place); }
void start_context(Context& context, char* stack, void (*enter)()) {
  getcontext(&context.place);
  context.place.uc_stack.ss_sp = stack;
  context.place.uc_stack.ss_size = kStack;
  context.place.uc_link = nullptr;
  makecontext(&context.place, enter, 0);
}
#else
struct Context {
  void* top;  // of the stack, where the registers lie
};
// Stores the registers that a called function must keep, and takes up those of the other stack.
extern "C" void cuda_emulation_switch(void** from, void* to);
#if defined(__x86_64__)
asm(R"(
.text
.globl cuda_emulation_switch
.type cuda_emulation_switch,@function
cuda_emulation_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size cuda_emulation_switch,.-cuda_emulation_switch
)");
constexpr std::size_t kSaved = 8, kReturnAddress = 6;  // words; the last one keeps the alignment
#else
asm(R"(
.text
.globl cuda_emulation_switch
cuda_emulation_switch:
  sub sp, sp, #160
  stp x19, x20, [sp, #0]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp, #0]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
)");
constexpr std::size_t kSaved = 20, kReturnAddress = 11;
#endif
void switch_context(Context& from, Context& to) { cuda_emulation_switch(&from.top, to.top); }
void start_context(Context& context, char* stack, void (*enter)()) {
  void** top = reinterpret_cast<void**>(stack + kStack) - kSaved;
  for (std::size_t i = 0; i < kSaved; ++i) top[i] = nullptr;
  top[kReturnAddress] = reinterpret_cast<void*>(enter);
  context.top = top;
}
#endif

std::size_t page_size() {
  static const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

}  // namespace

struct Fiber::State {
  void (*body)(void*) = nullptr;
  void* argument = nullptr;
  char* mapping = nullptr;  // a guard page, then the stack
  Context own{}, resumer{};
  [[maybe_unused]] void *own_fake = nullptr, *resumer_fake = nullptr;  // ASan's
  [[maybe_unused]] const void* resumer_stack = nullptr;
  [[maybe_unused]] std::size_t resumer_size = 0;
  [[maybe_unused]] void *own_tsan = nullptr, *resumer_tsan = nullptr;

  static inline thread_local State* current = nullptr;
};

Fiber::Fiber(void (*body)(void*), void* argument) : state_(new State) {
  state_->body = body;
  state_->argument = argument;
  void* const mapping = mmap(nullptr, page_size() + kStack, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED || mprotect(mapping, page_size(), PROT_NONE) != 0) {
    std::perror("CUDA emulation: no memory for a thread's stack");
    std::abort();
  }
  state_->mapping = static_cast<char*>(mapping);
  start_context(state_->own, state_->mapping + page_size(), &Fiber::enter);
#ifdef CUDA_EMULATION_TSAN
  state_->own_tsan = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
#ifdef CUDA_EMULATION_ASAN
  __asan_unpoison_memory_region(state_->mapping + page_size(), kStack);
#endif
#ifdef CUDA_EMULATION_TSAN
  __tsan_destroy_fiber(state_->own_tsan);
#endif
  munmap(state_->mapping, page_size() + kStack);
  delete state_;
}

void Fiber::enter() {
  State* const state = State::current;
#ifdef CUDA_EMULATION_ASAN
  __sanitizer_finish_switch_fiber(nullptr, &state->resumer_stack, &state->resumer_size);
#endif
  state->body(state->argument);
  std::abort();  // bodies do not return
}

void Fiber::resume() {
  State* const state = state_;
  State::current = state;
#ifdef CUDA_EMULATION_ASAN
  __sanitizer_start_switch_fiber(&state->resumer_fake, state->mapping + page_size(), kStack);
#endif
#ifdef CUDA_EMULATION_TSAN
  state->resumer_tsan = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(state->own_tsan, __tsan_switch_to_fiber_no_sync);
#endif
  switch_context(state->resumer, state->own);
#ifdef CUDA_EMULATION_ASAN
  __sanitizer_finish_switch_fiber(state->resumer_fake, nullptr, nullptr);
#endif
}

void Fiber::yield() {
  State* const state = State::current;
#ifdef CUDA_EMULATION_ASAN
  __sanitizer_start_switch_fiber(&state->own_fake, state->resumer_stack, state->resumer_size);
#endif
#ifdef CUDA_EMULATION_TSAN
  __tsan_switch_to_fiber(state->resumer_tsan, __tsan_switch_to_fiber_no_sync);
#endif
  switch_context(state->own, state->resumer);
#ifdef CUDA_EMULATION_ASAN
  // the next resumer may be another thread: its stack is the one to go back to
  __sanitizer_finish_switch_fiber(state->own_fake, &state->resumer_stack, &state->resumer_size);
#endif
}

}  // namespace cuda_emulation
