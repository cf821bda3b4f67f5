// IdCounts: what a lookup will drop of a batch of ids.
#include <doctest/doctest.h>
#include <weft/core/ids.h>

#include <algorithm>

namespace weft {

IdCounts& IdCounts::operator+=(const IdCounts& other) {
  bags += other.bags;
  values += other.values;
  out_of_vocabulary += other.out_of_vocabulary;
  negative_ids += other.negative_ids;
  pruned_weights += other.pruned_weights;
  empty_bags += other.empty_bags;
  return *this;
}

IdCounts count_ids(const Ids& ids, bool prune_weights) {
  IdCounts counts{
      .bags = ids.batch(), .values = static_cast<int64_t>(ids.ids.size()), .out_of_vocabulary = ids.out_of_vocabulary};
  const bool pruning = prune_weights && ids.weighted();
  int64_t signs = 0;  // a loop without branches, for batches in which nothing is dropped
  for (const int64_t id : ids.ids) signs |= id;
  if (signs >= 0 && !pruning) {
    for (size_t bag = 0; bag + 1 < ids.offsets.size(); ++bag) {
      counts.empty_bags += ids.offsets[bag] == ids.offsets[bag + 1];
    }
    return counts;
  }
  int64_t negative = 0;
  for (const int64_t id : ids.ids) negative += static_cast<int64_t>(static_cast<uint64_t>(id) >> 63);
  const auto stays = [&](size_t i) { return ids.ids[i] >= 0 && !(pruning && !(ids.weights[i] > 0.0f)); };
  for (size_t bag = 0; bag + 1 < ids.offsets.size(); ++bag) {
    auto i = static_cast<size_t>(ids.offsets[bag]);
    const auto last = static_cast<size_t>(ids.offsets[bag + 1]);
    while (i < last && !stays(i)) ++i;
    counts.empty_bags += i == last;
  }
  if (pruning) {
    for (size_t i = 0; i < ids.ids.size(); ++i) counts.pruned_weights += ids.ids[i] >= 0 && !stays(i);
  }
  // Without a default, words out of the vocabulary have id -1: they are counted already.
  counts.negative_ids = std::max<int64_t>(0, negative - ids.out_of_vocabulary);
  return counts;
}

}  // namespace weft

TEST_CASE("id counts: what is dropped, and why") {
  using namespace weft;
  Ids ids;
  ids.offsets = {0, 2, 2, 5, 6};
  ids.ids = {3, -1, 4, -7, 5, -1};
  ids.out_of_vocabulary = 2;
  CHECK(count_ids(ids, true) ==
        IdCounts{.bags = 4, .values = 6, .out_of_vocabulary = 2, .negative_ids = 1, .empty_bags = 2});
  ids.weights = {1.0f, 1.0f, 0.0f, -1.0f, -2.0f, 1.0f};
  const IdCounts pruned = count_ids(ids, true);
  CHECK(pruned.pruned_weights == 2);
  CHECK(pruned.empty_bags == 3);
  IdCounts all = count_ids(ids, false);
  CHECK(all.pruned_weights == 0);
  CHECK(all.empty_bags == 2);
  all += pruned;
  CHECK(all.values == 12);
  CHECK(all.empty_bags == 5);
}

TEST_CASE("id counts: no ids at all") {
  CHECK(weft::count_ids({}, true) == weft::IdCounts{});
}
