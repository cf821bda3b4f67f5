// The places of sequences: step t of example b is row b * steps + t of a layer over sequences.
#pragma once
#include <weft/core/features.h>
#include <weft/core/ids.h>
#include <weft/layers/column_kinds.h>

#include <cstdint>
#include <span>
#include <string_view>

namespace weft {

/// How the sequences of a column lie in a batch: each is padded to `steps` places.
struct SequenceExtent {
  int64_t batch = 0;
  int64_t steps = 0;
  int64_t places() const { return batch * steps; }
  bool operator==(const SequenceExtent&) const = default;
};

/// Of the ids of a feature: [batch, steps] or [batch, steps, ids ...]; a dense [batch] has one step. Throws ValueError
/// if the feature's shape or indices don't fit its values.
SequenceExtent sequence_extent(std::string_view key, const Features& features);
/// From one bag an example to one bag a place, given the ids of the feature `key`.
void lay_places(std::string_view key, const Features& features, Ids& ids);
/// The steps up to the last place that has an id, from ids laid out by lay_places; lengths is [batch].
void sequence_lengths(const Ids& ids, const SequenceExtent& extent, std::span<int64_t> lengths);

/// Of a sparse feature of numbers. Throws ValueError if it is dense, no numbers, or its padded length is no multiple of
/// a step's numbers.
SequenceExtent sequence_extent(const SequenceNumericColumn& column, const Features& features);
/// Writes `places()` rows: default_value where there is no number.
void sequence_numeric_values(const SequenceNumericColumn& column, const Features& features, const DenseRows& out);
/// The steps up to the last number (the places of its second axis, if the feature has more than two).
void sequence_lengths(const SequenceNumericColumn& column, const Features& features, std::span<int64_t> lengths);

/// The extent of a sparse feature's axis 1, and that its indices are as many as its values ask for.
int64_t sparse_steps(std::string_view key, const Feature& feature);
/// Throws ValueError if a batch of padded sequences has too many places.
void check_places(std::string_view key, const SequenceExtent& extent);

}  // namespace weft
