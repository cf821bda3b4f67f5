// LookupPlan: two passes over the bags, in blocks: count what stays, then write it. Where nothing is dropped and no bag
// is empty, that is a copy with a check.
#include <weft/core/error.h>
#include <weft/core/ops/lookup_plan.h>
#include <weft/core/parallel.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>

namespace weft {
namespace {

/// Bags handled at once by a thread.
constexpr int64_t kBlock = 256;

[[noreturn]] void refuse(const LookupOptions& options, const std::string& what) {
  throw ValueError("[embedding_lookup] '" + options.name + "': " + what);
}

/// What both passes need to know.
struct Job {
  const Ids& ids;
  const LookupOptions& options;
  int64_t rows;
  int64_t bags;
  bool weighted;
  bool prune_weights;

  /// Whether an id's sign alone says if it is dropped: the usual case, for which the loops are compiled apart.
  bool by_sign() const { return options.safe && !weighted; }
  template <bool kBySign>
  bool dropped(int64_t i) const {
    const auto k = static_cast<size_t>(i);
    if constexpr (kBySign) return ids.ids[k] < 0;
    return options.safe && (ids.ids[k] < 0 || (prune_weights && !(ids.weights[k] > 0.0f)));
  }
  int64_t first(int64_t bag) const { return ids.offsets[static_cast<size_t>(bag)]; }
};

void check_sizes(const Ids& ids, const LookupOptions& options) {
  const auto n = static_cast<int64_t>(ids.ids.size());
  const auto& offsets = ids.offsets;
  if (offsets.empty() || offsets[0] != 0 || offsets.back() != n || !std::ranges::is_sorted(offsets)) {
    refuse(options, "the offsets must rise from 0 to the number of ids, " + std::to_string(n) + ".");
  }
  if (ids.weighted() && ids.weights.size() != ids.ids.size()) {
    refuse(options, "ids and weights differ in number: got " + std::to_string(ids.weights.size()) +
                        " weights, expected " + std::to_string(n) + ".");
  }
  if (n > std::numeric_limits<int32_t>::max() / 2) {
    refuse(options, "too many ids in one batch: got " + std::to_string(n) + ", expected below 2^30.");
  }
}

/// The unsafe lookup's result ends with the last bag that is not empty, as a segment sum's does.
int64_t bags_of(const Ids& ids, bool safe) {
  int64_t bags = ids.batch();
  if (safe) return bags;
  while (bags > 0 && ids.offsets[static_cast<size_t>(bags)] == ids.offsets[static_cast<size_t>(bags) - 1]) --bags;
  return bags;
}

/// Whether ids [first, last) are all within the table: a number's sign says whether it or what it leaves to the last
/// row is negative. A loop without branches, for batches in which nothing is wrong.
bool all_within(const Job& job, int64_t first, int64_t last) {
  const auto last_row = static_cast<uint64_t>(job.rows - 1);
  uint64_t signs = 0;
  for (int64_t i = first; i < last; ++i) {
    const auto id = static_cast<uint64_t>(job.ids.ids[static_cast<size_t>(i)]);
    signs |= id | (last_row - id);
  }
  return job.rows > 0 && static_cast<int64_t>(signs) >= 0;
}

/// Whether all ids of bags [begin, end) are looked up as they are, and no bag is filled.
bool as_they_are(const Job& job, int64_t begin, int64_t end) {
  if (job.weighted || !all_within(job, job.first(begin), job.first(end))) return false;
  if (!job.options.safe) return true;
  bool empty = false;
  for (int64_t bag = begin; bag < end; ++bag) empty |= job.first(bag) == job.first(bag + 1);
  return !empty;
}

/// What is found out of a block of bags before its ids are written.
struct Block {
  /// Ids that stay, with one more for each empty bag of a safe lookup; -1 - i if id i is out of range.
  int64_t count = 0;
  bool as_they_are = false;
  int32_t place = 0;  ///< of the first id
};

template <bool kBySign>
int64_t kept_in(const Job& job, int64_t begin, int64_t end) {
  int64_t count = 0;
  for (int64_t bag = begin; bag < end; ++bag) {
    int64_t kept = 0;
    for (int64_t i = job.first(bag); i < job.first(bag + 1); ++i) {
      if (job.dropped<kBySign>(i)) continue;
      if (static_cast<uint64_t>(job.ids.ids[static_cast<size_t>(i)]) >= static_cast<uint64_t>(job.rows)) return -1 - i;
      ++kept;
    }
    count += kept == 0 && job.options.safe ? 1 : kept;
  }
  return count;
}

Block count_block(const Job& job, int64_t begin, int64_t end) {
  if (as_they_are(job, begin, end)) return {.count = job.first(end) - job.first(begin), .as_they_are = true};
  return {.count = (job.by_sign() ? kept_in<true> : kept_in<false>)(job, begin, end)};
}

float bag_scale(Combiner combiner, double sum, double squares) {
  if (combiner == Combiner::sum) return 1.0f;
  const double divisor = combiner == Combiner::mean ? sum : std::sqrt(squares);
  return divisor == 0.0 ? 0.0f : static_cast<float>(1.0 / divisor);
}

/// A block as_they_are.
void copy_block(const Job& job, int64_t begin, int64_t end, int32_t place, const Share& share) {
  const int64_t first = job.first(begin), count = job.first(end) - first;
  const int64_t* from = job.ids.ids.data() + first;
  int32_t *ids = share.ids.as<int32_t>() + place, *offsets = share.offsets.as<int32_t>();
  for (int64_t i = 0; i < count; ++i) ids[i] = static_cast<int32_t>(from[i]);
  for (int64_t bag = begin; bag < end; ++bag) {
    const auto n = static_cast<double>(job.first(bag + 1) - job.first(bag));
    offsets[bag + 1] = static_cast<int32_t>(job.first(bag + 1) - first) + place;
    share.scales.as<float>()[bag] = n == 0.0 ? 0.0f : bag_scale(job.options.combiner, n, n);
  }
}

template <bool kBySign>
void write_block(const Job& job, int64_t begin, int64_t end, int32_t place, const Share& share) {
  auto *ids = share.ids.as<int32_t>(), *offsets = share.offsets.as<int32_t>();
  auto* scales = share.scales.as<float>();
  const bool weighted = !kBySign && job.weighted;
  for (int64_t bag = begin; bag < end; ++bag) {
    const int32_t start = place;
    double sum = 0.0, squares = 0.0;
    for (int64_t i = job.first(bag); i < job.first(bag + 1); ++i) {
      if (job.dropped<kBySign>(i)) continue;
      ids[place] = static_cast<int32_t>(job.ids.ids[static_cast<size_t>(i)]);
      if (weighted) {
        const float weight = job.ids.weights[static_cast<size_t>(i)];
        scales[place] = weight;
        sum += weight;
        squares += static_cast<double>(weight) * weight;
      }
      ++place;
    }
    const bool empty = place == start;
    if (!weighted) sum = squares = place - start;
    const float scale = empty ? 0.0f : bag_scale(job.options.combiner, sum, squares);
    if (weighted) {
      for (int32_t i = start; i < place; ++i) scales[i] *= scale;
    } else {
      scales[bag] = scale;
    }
    // TensorFlow fills an empty bag with id 0 and clears its result: row 0 is touched, with a gradient of zero.
    if (empty && job.options.safe) {
      if (weighted) scales[place] = 0.0f;
      ids[place++] = 0;
    }
    offsets[bag + 1] = place;
  }
}

}  // namespace

void LookupPlan::make(const Ids& ids, const Parameter& table, const LookupOptions& options) {
  check_sizes(ids, options);
  const int64_t rows = table.shape()[0];
  if (rows > std::numeric_limits<int32_t>::max()) refuse(options, "a table may have 2^31 - 1 rows at most.");
  const Job job{ids,
                options,
                rows,
                bags_of(ids, options.safe),
                ids.weighted(),
                ids.weighted() && options.combiner != Combiner::sum};
  const int64_t count = (job.bags + kBlock - 1) / kBlock;
  const Buffer memory(static_cast<size_t>(count) * sizeof(Block));
  const std::span blocks(memory.as<Block>(), static_cast<size_t>(count));
  parallel_for(job.bags, kBlock, [&](int64_t begin, int64_t end) {
    blocks[static_cast<size_t>(begin / kBlock)] = count_block(job, begin, end);
  });
  size_t total = 0;
  for (Block& block : blocks) {
    if (block.count < 0) {
      const int64_t i = -1 - block.count;
      refuse(options, "indices[" + std::to_string(i) + "] = " + std::to_string(ids.ids[static_cast<size_t>(i)]) +
                          " is not in [0, " + std::to_string(job.rows) +
                          "). Give the column a default_value, or more buckets.");
    }
    block.place = static_cast<int32_t>(total);
    total += static_cast<size_t>(block.count);
  }
  share.bags = job.bags;
  share.per_bag = !job.weighted;
  share.places.shares = 0;  // those of other ids, if any
  share.ids.renew(total * sizeof(int32_t));
  share.offsets.renew((static_cast<size_t>(job.bags) + 1) * sizeof(int32_t));
  share.scales.renew((job.weighted ? total : static_cast<size_t>(job.bags)) * sizeof(float));
  share.offsets.as<int32_t>()[0] = 0;
  parallel_for(job.bags, kBlock, [&](int64_t begin, int64_t end) {
    const Block& block = blocks[static_cast<size_t>(begin / kBlock)];
    const auto write = block.as_they_are ? copy_block : job.by_sign() ? write_block<true> : write_block<false>;
    write(job, begin, end, block.place, share);
  });
}

std::vector<LookupPlan>& LookupPlan::of_thread(size_t count) {
  thread_local std::vector<LookupPlan> plans;
  plans.resize(count);
  return plans;
}

namespace {

Parameter& table_of(ParameterStore& params, int64_t rows = 6) {
  return params.add({.name = "t", .shape = {rows, 2}, .initializer = zeros_initializer(), .table = true});
}

std::vector<int32_t> ids_of(const Share& share) {
  return {share.ids.as<int32_t>(), share.ids.as<int32_t>() + share.count()};
}

}  // namespace

TEST_CASE(
    "lookup plan: negative ids and weights that are not positive are dropped, empty bags get row 0 with scale 0") {
  ParameterStore params;
  LookupPlan plan;
  const Ids ids{{0, 3, 4, 4, 6}, {1, -1, 2, 3, 4, 5}, {0.5f, 1, 2, 0, -1, 4}};
  plan.make(ids, table_of(params), {.combiner = Combiner::mean});
  CHECK(ids_of(plan.share) == std::vector<int32_t>{1, 2, 0, 0, 5});
  const auto* scales = plan.share.scales.as<float>();
  CHECK(scales[0] == doctest::Approx(0.2));
  CHECK(scales[1] == doctest::Approx(0.8));
  CHECK(scales[2] == 0);
  CHECK(scales[4] == 1);
  plan.make(ids, params.at("t"), {.combiner = Combiner::sum});
  CHECK(ids_of(plan.share) == std::vector<int32_t>{1, 2, 3, 0, 4, 5});
  CHECK(plan.share.scales.as<float>()[2] == 0);
  CHECK(plan.share.scales.as<float>()[4] == -1);
}

TEST_CASE("lookup plan: the unsafe lookup keeps all, and ends with the last bag that has an id") {
  ParameterStore params;
  LookupPlan plan;
  plan.make({{0, 2, 2, 3, 3}, {1, 1, 5}, {}}, table_of(params), {.combiner = Combiner::sqrtn, .safe = false});
  CHECK(plan.share.bags == 3);
  CHECK(ids_of(plan.share) == std::vector<int32_t>{1, 1, 5});
  CHECK(plan.share.scales.as<float>()[0] == doctest::Approx(1 / std::sqrt(2.0)));
  CHECK_THROWS_WITH_AS(plan.make({{0, 1}, {-1}, {}}, params.at("t"), {.safe = false}),
                       doctest::Contains("indices[0] = -1 is not in [0, 6)"), ValueError);
}

TEST_CASE("lookup plan: what doesn't fit is refused") {
  ParameterStore params;
  Parameter& table = table_of(params);
  LookupPlan plan;
  CHECK_THROWS_WITH_AS(plan.make({{0, 2}, {1, 6}, {}}, table, {}), doctest::Contains("indices[1] = 6"), ValueError);
  CHECK_THROWS_AS(plan.make({{0, 2}, {1}, {}}, table, {}), ValueError);
  CHECK_THROWS_AS(plan.make({{0, 2, 1}, {1}, {}}, table, {}), ValueError);
  CHECK_THROWS_AS(plan.make({{0, 2}, {1, 2}, {1}}, table, {}), ValueError);
}

TEST_CASE("lookup plan: blocks that are copied and blocks that aren't give what a walk over the bags gives") {
  ParameterStore params;
  Parameter& table = table_of(params, 1000);
  for (const bool safe : {true, false}) {
    for (const int64_t odd : {-1, 300, 700}) {  // the one bag that is empty, if any
      Ids ids;
      std::vector<int32_t> want;
      for (int64_t bag = 0; bag < 800; ++bag) {
        for (int64_t i = 0; i <= bag % 3 && bag != odd; ++i) {
          ids.ids.push_back((bag * 31 + i * 17) % 1000);
          want.push_back(static_cast<int32_t>(ids.ids.back()));
        }
        if (bag == odd && safe) want.push_back(0);
        ids.offsets.push_back(static_cast<int64_t>(ids.ids.size()));
      }
      LookupPlan plan;
      plan.make(ids, table, {.combiner = Combiner::mean, .safe = safe});
      CHECK(ids_of(plan.share) == want);
      for (int64_t bag = 0; bag < 800; ++bag) {
        const float scale = plan.share.scales.as<float>()[bag];
        CHECK(scale == (bag == odd ? 0.0f : 1.0f / static_cast<float>(bag % 3 + 1)));
      }
      for (const int64_t wrong :
           {int64_t{1000}, std::numeric_limits<int64_t>::max(), int64_t{-1}, std::numeric_limits<int64_t>::min()}) {
        ids.ids[900] = wrong;
        CHECK_THROWS_WITH_AS(plan.make(ids, table, {.safe = false}), doctest::Contains("indices[900]"), ValueError);
      }
    }
  }
}

TEST_CASE("lookup plan: many blocks give the same as one thread") {
  ParameterStore params;
  Parameter& table = table_of(params, 1000);
  Ids ids;
  for (int64_t bag = 0; bag < 2000; ++bag) {
    for (int64_t i = 0; i < bag % 7; ++i) ids.ids.push_back((bag * 31 + i * 17) % 1003 - 3);
    ids.offsets.push_back(static_cast<int64_t>(ids.ids.size()));
  }
  std::vector<int32_t> first;
  for (const int threads : {1, 4}) {
    const ThreadLimit limit(threads);
    LookupPlan plan;
    plan.make(ids, table, {});
    if (threads == 1) first = ids_of(plan.share);
    CHECK(ids_of(plan.share) == first);
  }
  CHECK(first.size() > 5000);
}

}  // namespace weft
