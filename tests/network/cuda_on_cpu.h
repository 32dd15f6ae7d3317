// CUDA C++ compiled as C++: enough of it for the kernels of dam.network._step_cuda, to test them where no GPU is.
//
// The threads of a block are fibers that take turns, block after block; a barrier is where they change. A float is not
// contracted into fused multiply-adds here, and subnormals are kept: results differ from a GPU's by rounding.
#include <cmath>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <ucontext.h>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define __forceinline__ inline
#define __shared__ static
#define __launch_bounds__(...)

struct dim3 {
    unsigned int x, y, z;
};
struct float4 {
    float x, y, z, w;
};

static dim3 gridDim, blockDim, blockIdx, threadIdx;

namespace fibers {
struct Fiber {  // lives on from block to block
    ucontext_t context;
    jmp_buf here;
    std::vector<char> stack;
    bool started, done;
};
static std::vector<Fiber*> all;
static jmp_buf scheduler;
static size_t threads, current;
static void (*body)(void*);
static void* argument;
static std::vector<uint32_t> exchanged[2];  // what each thread gave away at its warp's last two exchanges

struct Barrier {
    size_t arrived, generation;
};
static Barrier block_barrier;
static std::vector<Barrier> warp_barriers;

static void turn()
{
    if (!_setjmp(all[current]->here))
        _longjmp(scheduler, 1);
}

static size_t living(size_t first, size_t last)
{
    size_t number = 0;
    for (size_t i = first; i < last && i < threads; i++)
        number += !all[i]->done;
    return number;
}

// Wait until all living threads of [first, last) are here.
static void wait(Barrier& barrier, size_t first, size_t last)
{
    const size_t generation = barrier.generation;
    barrier.arrived++;
    while (barrier.generation == generation) {
        if (barrier.arrived >= living(first, last)) {
            barrier.arrived = 0;
            barrier.generation++;
        } else {
            turn();
        }
    }
}

static void wait_warp()
{
    const size_t warp = current / 32;
    wait(warp_barriers[warp], 32 * warp, 32 * warp + 32);
}

static void enter()
{
    for (;;) {
        body(argument);
        all[current]->done = true;
        turn();
    }
}

static void resume(Fiber& fiber)
{
    if (_setjmp(scheduler))
        return;
    if (fiber.started)
        _longjmp(fiber.here, 1);
    fiber.started = true;
    fiber.stack.resize(1 << 16);
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.data();
    fiber.context.uc_stack.ss_size = fiber.stack.size();
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, enter, 0);
    setcontext(&fiber.context);
}

static void run_block(size_t number)
{
    threads = number;
    while (all.size() < threads)
        all.push_back(new Fiber());
    for (auto& values : exchanged)
        values.assign(threads, 0);
    block_barrier = {0, 0};
    warp_barriers.assign((threads + 31) / 32, {0, 0});
    for (size_t i = 0; i < threads; i++)
        all[i]->done = false;
    static bool busy;
    for (busy = true; busy;) {
        busy = false;
        for (current = 0; current < threads; current++) {
            if (all[current]->done)
                continue;
            busy = true;
            const unsigned int x = current % blockDim.x, rest = current / blockDim.x;
            threadIdx = {x, rest % blockDim.y, rest / blockDim.y};
            resume(*all[current]);
        }
    }
}

template <class... A, size_t... I>
void call(void (*kernel)(A...), void** args, std::index_sequence<I...>)
{
    kernel(*reinterpret_cast<typename std::remove_reference<A>::type*>(args[I])...);
}

template <class... A>
void launch(void (*kernel)(A...), const unsigned int* grid, const unsigned int* block, void** args)
{
    struct Task {
        void (*kernel)(A...);
        void** args;
    };
    static Task task;
    task = {kernel, args};
    body = [](void*) { call(task.kernel, task.args, std::index_sequence_for<A...>{}); };
    gridDim = {grid[0], grid[1], grid[2]};
    blockDim = {block[0], block[1], block[2]};
    for (unsigned int z = 0; z < grid[2]; z++)
        for (unsigned int y = 0; y < grid[1]; y++)
            for (unsigned int x = 0; x < grid[0]; x++) {
                blockIdx = {x, y, z};
                run_block(size_t(block[0]) * block[1] * block[2]);
            }
}
}  // namespace fibers

static inline void __syncthreads() { fibers::wait(fibers::block_barrier, 0, fibers::threads); }

template <class T>
static inline T __shfl_down_sync(unsigned int, T value, unsigned int offset)
{
    static_assert(sizeof(T) == 4, "only four bytes are exchanged");
    const size_t me = fibers::current, lane = me % 32, from = lane + offset < 32 ? me + offset : me;
    auto& values = fibers::exchanged[fibers::warp_barriers[me / 32].generation % 2];
    std::memcpy(&values[me], &value, 4);
    fibers::wait_warp();
    std::memcpy(&value, &values[from < fibers::threads ? from : me], 4);
    return value;
}

static inline unsigned int __float_as_uint(float x)
{
    unsigned int bits;
    std::memcpy(&bits, &x, 4);
    return bits;
}

static inline float __uint_as_float(unsigned int bits)
{
    float x;
    std::memcpy(&x, &bits, 4);
    return x;
}

static inline int atomicAdd(int* at, int value)
{
    const int before = *at;
    *at += value;
    return before;
}

static inline int atomicMin(int* at, int value)
{
    const int before = *at;
    *at = value < before ? value : before;
    return before;
}
