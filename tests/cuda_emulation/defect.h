// The planted defects by name.
#pragma once

enum Defect {
  none,
  no_barrier_in_loop,       // the tile is overwritten while others still read it
  no_column_bound,          // reads past the end of B
  shared_overrun,           // writes one element past a shared array
  no_barrier_before_reuse,  // scratch of a reduction is reused too early
  early_return,             // threads leave before a barrier
  no_syncwarp,              // lanes read what others wrote, without an order
  wait_too_short,           // cp.async: the group in use may still be on its way
  blocks_overlap,           // two blocks write one place
  unwritten_shared,         // reads scratch that nobody wrote
  wrong_fragment,           // mma: two registers of A in each other's place
  early_ldmatrix,           // ldmatrix before cp.async is waited for
  no_barrier_for_ldmatrix,  // ldmatrix of rows that other lanes wrote, without an order
  stage_not_awaited,        // TMA: a stage is filled again, whoever still reads it
  wrong_parity,             // ... is read before it is filled
  early_release,            // ... is given back before the products of it are done
  lost_arrival,             // ... is given back by one warp fewer than its mbarrier counts
  unpublished_mbarrier,     // TMA reports to an mbarrier with no fence since its initialization
  no_product_fence,         // wgmma: registers are used without a fence
  no_product_wait,          // ... are read before the products are done
  wrong_stride,             // ... a descriptor with half the stride
  kDefects
};
inline const char* const kNames[] = {"none",
                                     "no_barrier_in_loop",
                                     "no_column_bound",
                                     "shared_overrun",
                                     "no_barrier_before_reuse",
                                     "early_return",
                                     "no_syncwarp",
                                     "wait_too_short",
                                     "blocks_overlap",
                                     "unwritten_shared",
                                     "wrong_fragment",
                                     "early_ldmatrix",
                                     "no_barrier_for_ldmatrix",
                                     "stage_not_awaited",
                                     "wrong_parity",
                                     "early_release",
                                     "lost_arrival",
                                     "unpublished_mbarrier",
                                     "no_product_fence",
                                     "no_product_wait",
                                     "wrong_stride"};
