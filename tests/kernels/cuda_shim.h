// CUDA C++ on a CPU, far enough to run a kernel and check what it does: the words that a C++ compiler does not
// know, and a launch that runs every thread of every block. tests/simulated_gpu/shim.py compiles with it:
//
//     #include "cuda_shim.h"
//     #include "im2col.cu"
//     SHIM_KERNEL(im2col_4)      // launch_im2col_float32(grid, block, args, …), shim_arguments_im2col_float32
//
// Blocks run one after the other, and so do the threads of a block. A thread that has to wait for others
// (__syncthreads, __shfl_*_sync) keeps its place on a stack of its own, and the next thread has its turn:
//
//     stack 0     t0 ..... waits                    t0 goes on ...
//     stack 1              t1 ..... waits                          t1 goes on ...
//     stack 2                       t2 ..... waits                               t2 goes on ...
//                                           ^ all are waiting: the barrier is open
//
// A thread that never waits leaves its stack to the next one, so kernels without barriers are a plain loop.
//
// What a GPU would not tell is an error here: a barrier that some threads do not reach, or that threads reach at
// different lines; a shuffle without the whole warp; an index outside a shared or local array, an address that is no
// multiple of what is read there, a whole number too large for its type (the compiler's -fsanitize, see the end). And
// what is undefined there is made visible: shared memory begins as garbage (bytes of 0xFF: NaN) in every block, and
// threads run in the order that the caller asks for, forwards, backwards or at random between any two barriers. A
// kernel without races gives the same bits in each.

#pragma once

#include <math.h>

#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <link.h>
#include <sys/mman.h>
#include <ucontext.h>

#define __global__
#define __device__
#define __host__
#define __constant__ static
#define __shared__ static thread_local  // so that all of it lies in one piece, which can be found and filled
#define __forceinline__ inline
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)

// --- the numbers of a thread -----------------------------------------------------------------------

struct uint3 {
    unsigned x, y, z;
};
struct dim3 {
    unsigned x = 1, y = 1, z = 1;
};
static uint3 blockIdx, threadIdx;
static dim3 blockDim, gridDim;
constexpr int warpSize = 32;

// --- short vectors ---------------------------------------------------------------------------------

#define SHIM_VECTORS(T, name)                                                                                     \
    struct alignas(2 * sizeof(T)) name##2 {                                                                       \
        T x, y;                                                                                                   \
    };                                                                                                            \
    struct alignas(4 * sizeof(T) < 16 ? 4 * sizeof(T) : 16) name##4 {                                             \
        T x, y, z, w;                                                                                             \
    };                                                                                                            \
    inline name##2 make_##name##2(T x, T y) { return {x, y}; }                                                    \
    inline name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }

SHIM_VECTORS(float, float)
SHIM_VECTORS(double, double)
SHIM_VECTORS(int, int)
SHIM_VECTORS(unsigned, uint)
SHIM_VECTORS(unsigned char, uchar)
SHIM_VECTORS(unsigned short, ushort)

// --- arithmetic ------------------------------------------------------------------------------------

// CUDA's min and max: of floats, the one that is no NaN.
#define SHIM_MIN_MAX(T, least, most)                   \
    inline T min(T a, T b) { return least; }           \
    inline T max(T a, T b) { return most; }

SHIM_MIN_MAX(int, a < b ? a : b, a > b ? a : b)
SHIM_MIN_MAX(unsigned, a < b ? a : b, a > b ? a : b)
SHIM_MIN_MAX(long, a < b ? a : b, a > b ? a : b)
SHIM_MIN_MAX(unsigned long, a < b ? a : b, a > b ? a : b)
SHIM_MIN_MAX(long long, a < b ? a : b, a > b ? a : b)
SHIM_MIN_MAX(unsigned long long, a < b ? a : b, a > b ? a : b)
SHIM_MIN_MAX(float, fminf(a, b), fmaxf(a, b))
SHIM_MIN_MAX(double, fmin(a, b), fmax(a, b))

inline float rsqrtf(float x) { return (float)(1 / sqrt((double)x)); }
inline double rsqrt(double x) { return 1 / sqrt(x); }
inline float rsqrt(float x) { return rsqrtf(x); }

// Rounded once each, and never contracted to a fused multiply-add.
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fsqrt_rn(float a) { return sqrtf(a); }
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dsub_rn(double a, double b) { return a - b; }
inline double __dmul_rn(double a, double b) { return a * b; }
inline double __ddiv_rn(double a, double b) { return a / b; }
inline double __dsqrt_rn(double a) { return sqrt(a); }
inline double __fma_rn(double a, double b, double c) { return fma(a, b, c); }

template <typename To, typename From>
inline To shim_bits(From from)
{
    static_assert(sizeof(To) == sizeof(From));
    To to;
    std::memcpy(&to, &from, sizeof to);
    return to;
}
inline int __float_as_int(float x) { return shim_bits<int>(x); }
inline unsigned __float_as_uint(float x) { return shim_bits<unsigned>(x); }
inline float __int_as_float(int x) { return shim_bits<float>(x); }
inline float __uint_as_float(unsigned x) { return shim_bits<float>(x); }
inline long long __double_as_longlong(double x) { return shim_bits<long long>(x); }
inline double __longlong_as_double(long long x) { return shim_bits<double>(x); }

inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)((unsigned long long)a * b >> 32); }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz((unsigned)x); }
inline int __ffs(int x) { return __builtin_ffs(x); }

template <typename T>
inline T __ldg(const T* address)
{
    return *address;
}

// Only of whole numbers, whose sums do not depend on the order.
template <typename T>
inline T atomicAdd(T* address, T value)
{
    static_assert(std::is_integral_v<T>, "sums of floats have a fixed order: no atomics");
    const T before = *address;
    *address = before + value;
    return before;
}

// --- the threads of a block ------------------------------------------------------------------------

namespace shim {

constexpr std::size_t STACK = 256 << 10;
enum class State : char { fresh, ready, at_barrier, at_warp, done };

struct Thread {
    State state;
    unsigned line;         // of the barrier or shuffle where it waits
    unsigned exchanges;    // shuffles so far: two sets of slots take turns
    uint3 index;
    std::jmp_buf place;    // where it waits
};

struct Stack {
    ucontext_t context;
    std::jmp_buf idle;     // where it waits for a next thread
};

struct Warp {
    unsigned char slots[2][32][8];  // what the lanes give each other
};

inline std::vector<Thread> threads;
inline std::vector<unsigned> order;  // in which the threads have their turns, until the next barrier
inline std::vector<Warp> warps;
inline std::vector<Stack*> stacks;
inline std::size_t stacks_in_use;
inline unsigned count, turn;         // threads of the block; how many have begun
inline unsigned current;             // the thread that runs
inline void (*body)(void*);          // the kernel with its arguments
inline void* body_data;
inline std::jmp_buf scheduler;
inline std::string error;

inline std::string name_of(const uint3& index)
{
    return "(" + std::to_string(index.x) + ", " + std::to_string(index.y) + ", " + std::to_string(index.z) + ")";
}

inline void give_turn(unsigned thread)
{
    current = thread;
    threadIdx = threads[thread].index;
}

// The life of a stack: thread after thread from its beginning, until one waits; then that one only.
inline void stack_main(unsigned low, unsigned high)
{
    Stack* const self = reinterpret_cast<Stack*>((std::uintptr_t)high << 32 | low);
    for (;;) {
        while (turn < count) {
            give_turn(order[turn++]);
            body(body_data);
            threads[current].state = State::done;
        }
        if (_setjmp(self->idle) == 0) _longjmp(scheduler, 1);
    }
}

inline Stack* make_stack()
{
    Stack* const stack = new Stack;
    void* memory = mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        std::perror("cuda_shim: no memory for another stack");
        std::abort();
    }
    mprotect(memory, 4096, PROT_NONE);  // a kernel that needs more ends here, and not in somebody's data
    getcontext(&stack->context);
    stack->context.uc_stack.ss_sp = memory;
    stack->context.uc_stack.ss_size = STACK;
    stack->context.uc_link = nullptr;
    const auto address = reinterpret_cast<std::uintptr_t>(stack);
    makecontext(&stack->context, (void (*)())stack_main, 2, (unsigned)address, (unsigned)(address >> 32));
    return stack;
}

// Let fresh threads run on a free stack until one waits or none is left.
__attribute__((noinline)) inline void begin_threads()
{
    const bool is_new = stacks_in_use == stacks.size();
    if (is_new) stacks.push_back(make_stack());
    Stack* const stack = stacks[stacks_in_use++];
    if (_setjmp(scheduler) == 0) {
        if (is_new)
            setcontext(&stack->context);
        else
            _longjmp(stack->idle, 1);
    }
}

__attribute__((noinline)) inline void go_on(unsigned thread)
{
    give_turn(thread);
    if (_setjmp(scheduler) == 0) _longjmp(threads[thread].place, 1);
}

// Called by a thread: the others have their turns until everybody is here.
__attribute__((noinline)) inline void wait(State where, unsigned line)
{
    Thread& self = threads[current];
    self.state = where;
    self.line = line;
    if (_setjmp(self.place) == 0) _longjmp(scheduler, 1);
}

inline bool fail(const std::string& what)
{
    if (error.empty()) error = "block " + name_of(blockIdx) + ": " + what;
    return false;
}

// Called by a thread that must not go on: the launch ends.
[[noreturn]] inline void give_up(const std::string& what)
{
    fail("thread " + name_of(threadIdx) + ": " + what);
    _longjmp(scheduler, 1);
}

// Whether threads[from … to] all wait at the same line of `where`; else the error says who does not.
inline bool all_wait(unsigned from, unsigned to, State where)
{
    const char* const what = where == State::at_barrier ? "__syncthreads()" : "the warp's shuffle or barrier";
    unsigned first = from;
    while (threads[first].state != where) first++;
    const Thread& there = threads[first];
    for (unsigned t = from; t < to; t++) {
        const Thread& other = threads[t];
        if (other.state == where && other.line == there.line) continue;
        const std::string how = other.state == State::done ? "has ended"
                                                           : "waits in line " + std::to_string(other.line);
        return fail("thread " + name_of(there.index) + " waits for " + what + " in line " +
                    std::to_string(there.line) + ", but thread " + name_of(other.index) + " " + how);
    }
    return true;
}

// Open what can be opened: a warp whose lanes are all there, or the barrier of the block.
inline bool release()
{
    bool released = false, barrier = false;
    for (unsigned first = 0; first < count; first += warpSize) {
        const unsigned last = first + warpSize;
        bool waits = false;
        for (unsigned t = first; t < count && t < last; t++) {
            waits |= threads[t].state == State::at_warp;
            barrier |= threads[t].state == State::at_barrier;
        }
        if (!waits) continue;
        if (last > count) return fail("the last warp has fewer than 32 threads, and its threads exchange numbers");
        if (!all_wait(first, last, State::at_warp)) return false;
        for (unsigned t = first; t < last; t++) threads[t].state = State::ready;
        released = true;
    }
    if (released || !barrier) return released;
    if (!all_wait(0, count, State::at_barrier)) return false;
    for (unsigned t = 0; t < count; t++) threads[t].state = State::ready;
    return true;
}

// --- shared memory: this library's thread-local block ----------------------------------------------

struct Block {
    void* begin;
    std::size_t size;
};

inline int find_shared(dl_phdr_info* info, std::size_t, void* found)
{
    const auto here = reinterpret_cast<ElfW(Addr)>(&find_shared);
    bool ours = false;
    std::size_t size = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const auto& part = info->dlpi_phdr[i];
        const ElfW(Addr) begin = info->dlpi_addr + part.p_vaddr;
        if (part.p_type == PT_LOAD && begin <= here && here < begin + part.p_memsz) ours = true;
        if (part.p_type == PT_TLS) size = part.p_memsz;
    }
    if (ours) *static_cast<Block*>(found) = {info->dlpi_tls_data, size};
    return ours;
}

static thread_local char shared_begins;

inline Block shared_memory()
{
    Block found = {nullptr, 0};
    volatile char* const touched = &shared_begins;  // or it would not be there yet
    *touched = 0;
    dl_iterate_phdr(find_shared, &found);
    return found;
}

// --- a launch --------------------------------------------------------------------------------------

// `how`: 0 forwards, 1 backwards, else the seed of a random order.
inline bool run_block(std::mt19937& random, unsigned how)
{
    turn = 0;
    stacks_in_use = 0;
    unsigned n = 0;
    for (unsigned z = 0; z < blockDim.z; z++)
        for (unsigned y = 0; y < blockDim.y; y++)
            for (unsigned x = 0; x < blockDim.x; x++) {
                Thread& thread = threads[n++];
                thread.state = State::fresh;
                thread.exchanges = 0;
                thread.index = {x, y, z};
            }
    const auto shuffle = [&] {
        for (unsigned i = count; how > 1 && i > 1; i--) std::swap(order[i - 1], order[random() % i]);
    };
    shuffle();
    while (turn < count && error.empty()) begin_threads();
    while (error.empty() && release()) {
        shuffle();
        for (unsigned i = 0; i < count && error.empty(); i++)
            if (threads[order[i]].state == State::ready) go_on(order[i]);
    }
    return error.empty();
}

inline void launch(const unsigned* grid, const unsigned* block, unsigned how)
{
    error.clear();
    gridDim = {grid[0], grid[1], grid[2]};
    blockDim = {block[0], block[1], block[2]};
    count = blockDim.x * blockDim.y * blockDim.z;
    threads.resize(count);
    warps.resize((count + warpSize - 1) / warpSize);
    order.resize(count);
    for (unsigned i = 0; i < count; i++) order[i] = how == 1 ? count - 1 - i : i;
    std::mt19937 random(how);
    const Block shared = shared_memory();
    const unsigned long long blocks = (unsigned long long)gridDim.x * gridDim.y * gridDim.z;
    for (unsigned long long i = 0; i < blocks; i++) {
        const unsigned long long at = how == 1 ? blocks - 1 - i : i;
        blockIdx = {(unsigned)(at % gridDim.x), (unsigned)(at / gridDim.x % gridDim.y),
                    (unsigned)(at / gridDim.x / gridDim.y)};
        std::memset(shared.begin, 0xFF, shared.size);
        if (!run_block(random, how)) {
            stacks.clear();  // those of the threads that still wait are lost: no thread goes on after an error
            return;
        }
    }
}

// What Python has to know of an argument: 'p' a pointer to numbers of so many bytes (0: to anything), 'f' and 'i'
// a number, 's' a struct.
struct Argument {
    char kind;
    unsigned size;
};

template <typename T>
constexpr Argument argument()
{
    if constexpr (std::is_pointer_v<T>) {
        using Pointed = std::remove_cv_t<std::remove_pointer_t<T>>;
        if constexpr (std::is_arithmetic_v<Pointed>)
            return {'p', sizeof(Pointed)};
        else
            return {'p', 0};
    } else if constexpr (std::is_floating_point_v<T>)
        return {'f', sizeof(T)};
    else if constexpr (std::is_integral_v<T>)
        return {'i', sizeof(T)};
    else
        return {'s', sizeof(T)};
}

template <typename... P>
int arguments(void (*)(P...), Argument* to)
{
    const Argument all[] = {argument<P>()..., {' ', 0}};
    for (std::size_t i = 0; i < sizeof...(P); i++) to[i] = all[i];
    return sizeof...(P);
}

template <typename... P>
struct Call {
    void (*kernel)(P...);
    void** args;

    template <std::size_t... I>
    void make(std::index_sequence<I...>) const
    {
        kernel(*static_cast<P*>(args[I])...);
    }
    static void run(void* self) { static_cast<Call*>(self)->make(std::index_sequence_for<P...>{}); }
};

template <typename... P>
const char* start(void (*kernel)(P...), const unsigned* grid, const unsigned* block, void** args, unsigned how)
{
    Call<P...> call{kernel, args};
    body = &Call<P...>::run;
    body_data = &call;
    launch(grid, block, how);
    return error.c_str();
}

template <typename T>
T exchange(T value, unsigned line, unsigned from)  // `from`: the lane whose number I want
{
    static_assert(sizeof(T) <= 8);
    Warp& warp = warps[current / warpSize];
    auto& slots = warp.slots[threads[current].exchanges++ % 2];
    std::memcpy(slots[current % warpSize], &value, sizeof value);
    wait(State::at_warp, line);
    std::memcpy(&value, slots[from], sizeof value);
    return value;
}

inline void check_mask(unsigned mask)
{
    if (mask != 0xffffffffu) give_up("a mask of the warp that is not full");
}

template <typename T>
T shuffle(unsigned line, unsigned mask, T value, int from, int width = warpSize)
{
    check_mask(mask);
    const int lane = current % warpSize, first = lane / width * width;
    return exchange(value, line, first + (from % width + width) % width);
}

template <typename T>
T shuffle_to(unsigned line, unsigned mask, T value, int lane_wanted, int width)  // my own outside my part of the warp
{
    check_mask(mask);
    const int lane = current % warpSize;
    const bool inside = lane_wanted >= 0 && lane_wanted < warpSize && lane_wanted / width == lane / width;
    return exchange(value, line, inside ? lane_wanted : lane);
}

template <typename T>
T shuffle_down(unsigned line, unsigned mask, T value, unsigned delta, int width = warpSize)
{
    return shuffle_to(line, mask, value, (int)(current % warpSize + delta), width);
}

template <typename T>
T shuffle_up(unsigned line, unsigned mask, T value, unsigned delta, int width = warpSize)
{
    return shuffle_to(line, mask, value, (int)(current % warpSize) - (int)delta, width);
}

template <typename T>
T shuffle_xor(unsigned line, unsigned mask, T value, int lanes, int width = warpSize)
{
    return shuffle_to(line, mask, value, (int)(current % warpSize) ^ lanes, width);
}

inline void sync_warp(unsigned line, unsigned mask = 0xffffffffu)
{
    check_mask(mask);
    wait(State::at_warp, line);
}

}  // namespace shim

// --- what the compiler checks (-fsanitize=…) -------------------------------------------------------

namespace shim {

struct Source {
    const char* file;
    std::uint32_t line, column;
};

inline void report(const Source* at, const char* what)
{
    const char* const slash = std::strrchr(at->file, '/');
    give_up(std::string(what) + " in " + (slash ? slash + 1 : at->file) + ", line " + std::to_string(at->line));
}

}  // namespace shim

#define SHIM_CHECK(name, what, ...) \
    extern "C" void __ubsan_handle_##name(shim::Source* at, ##__VA_ARGS__) { shim::report(at, what); }

SHIM_CHECK(out_of_bounds, "an index outside the array", std::size_t)
SHIM_CHECK(type_mismatch_v1, "an address that does not fit the type", std::size_t)
SHIM_CHECK(shift_out_of_bounds, "a shift by too much", std::size_t, std::size_t)
SHIM_CHECK(add_overflow, "a sum too large for its type", std::size_t, std::size_t)
SHIM_CHECK(sub_overflow, "a difference too large for its type", std::size_t, std::size_t)
SHIM_CHECK(mul_overflow, "a product too large for its type", std::size_t, std::size_t)
SHIM_CHECK(negate_overflow, "a negative too large for its type", std::size_t)
SHIM_CHECK(divrem_overflow, "a division by zero", std::size_t, std::size_t)

// --- words that are macros, since they have to know their line -------------------------------------

#define __syncthreads() shim::wait(shim::State::at_barrier, __LINE__)
#define __syncwarp(...) shim::sync_warp(__LINE__ __VA_OPT__(, ) __VA_ARGS__)
#define __shfl_sync(...) shim::shuffle(__LINE__, __VA_ARGS__)
#define __shfl_down_sync(...) shim::shuffle_down(__LINE__, __VA_ARGS__)
#define __shfl_up_sync(...) shim::shuffle_up(__LINE__, __VA_ARGS__)
#define __shfl_xor_sync(...) shim::shuffle_xor(__LINE__, __VA_ARGS__)

#define SHIM_EXPORT extern "C" __attribute__((visibility("default")))  // everything else is hidden
#define SHIM_KERNEL(name)                                                                                         \
    SHIM_EXPORT const char* launch_##name(const unsigned* grid, const unsigned* block, void** args, unsigned how) \
    {                                                                                                             \
        return shim::start(name, grid, block, args, how);                                                         \
    }                                                                                                             \
    SHIM_EXPORT int arguments_##name(shim::Argument* to) { return shim::arguments(name, to); }
