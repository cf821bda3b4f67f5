// ThreadPlan: how the threads are shared between reading the input and computing the steps.
#pragma once
#include <weft/core/parameter.h>

#include <cstdint>

namespace weft {

/// Threads beside the training one that make batches ahead, how many batches they may be ahead, and threads a step
/// computes on.
struct ThreadPlan {
  int readers = 0;
  int batches_ahead = 4;
  int compute = 1;
};

/// The one place where the policy is:
/// - One thread: each batch is made when it is asked for.
/// - A step whose dense layers take less than about a millisecond (50 MFLOP on one core) loses more by waking threads
///   than it gains, so it computes on one thread and all others make batches.
/// - A larger step computes on all threads. One of them makes batches when no loop wants it (core/parallel.h,
///   BackgroundWork): all in all no more threads run than were asked for.
/// - Batches of large models are few ahead: two a reader and two more cover the differences between batches.
/// `flops_per_example` is of the dense layers, forward and backward; `batch_size` 0 (not known yet) counts as 128.
ThreadPlan plan_threads(int threads, double flops_per_example, int64_t batch_size = 0);

/// 6 floating-point operations a number of every parameter that is no table: a multiplication and an addition in the
/// forward pass, and twice that backward.
double flops_per_example(const ParameterStore& params);

}  // namespace weft
