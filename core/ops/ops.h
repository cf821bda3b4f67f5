// The ops, one a file beside this one, declared in groups. Each is a free function that records itself on the tape of
// its input.
#pragma once
#include <weft/core/ops/activations.h>
#include <weft/core/ops/arithmetic.h>
#include <weft/core/ops/embedding_lookup.h>
#include <weft/core/ops/losses.h>
#include <weft/core/ops/normalization.h>
#include <weft/core/ops/products.h>
#include <weft/core/ops/reductions.h>
#include <weft/core/ops/retrieval_losses.h>
#include <weft/core/ops/shape_ops.h>
