// Row places: one walk over ids, with a number a row of the table or a hash of the row.
#include <weft/core/row_places.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

namespace weft {
namespace {

/// Bytes of sums that are made in one go; rows of a table whose numbers stay in cache.
constexpr int64_t kFewBytes = 192 << 10, kSmallTable = 1 << 16;

/// The numbers of every row of a small table; all are 0 between numberings.
struct OfThread {
  const Buffer numbers = Buffer::zeros(kSmallTable * sizeof(uint32_t));
  bool taken = false;
};
OfThread& of_thread() {
  thread_local OfThread of_thread;
  return of_thread;
}

}  // namespace

RowNumbering::RowNumbering(int64_t uses, int64_t table_rows, Buffer rows) : rows_(std::move(rows)) {
  rows_.renew(static_cast<size_t>(uses + 2) * sizeof(int32_t));
  rows_.as<int32_t>()[0] = 0;
  if (table_rows <= kSmallTable && !of_thread().taken) {
    of_thread().taken = true;
    numbers_ = of_thread().numbers.as<uint32_t>();
    return;
  }
  const size_t room = std::bit_ceil(2 * static_cast<size_t>(std::max<int64_t>(uses, 1)));
  hash_table_ = Buffer(room * sizeof(uint32_t));
  numbers_ = hash_table_.as<uint32_t>();
  std::fill_n(numbers_, room, 0u);
  shift_ = 32 - std::countr_zero(room);
}

RowNumbering::~RowNumbering() {
  if (hash_table_) return;
  of_thread().taken = false;
  for (uint32_t i = 0; i < count_; ++i) numbers_[rows()[i]] = 0;
}

/// use(i) is the row of use i, which becomes its place. Whether a row is new is anybody's guess, so it is no branch:
/// not one that the compiler could make of it, either.
template <bool kHashed, class Use>
void RowNumbering::number_each(int64_t n, const Use& use) {
  int32_t* const rows = rows_.as<int32_t>();
  uint32_t* const numbers = numbers_;
  const int shift = shift_;
  const uint32_t last = UINT32_MAX >> shift;
  uint32_t count = count_;
  for (int64_t i = 0; i < n; ++i) {
    const int32_t row = use.row(i);
    uint32_t at = static_cast<uint32_t>(row);
    if constexpr (kHashed) {
      // Another hash than that of RowPartitions, whose upper bits are the same in all rows of a partition.
      at = (at * 0x85EBCA6Bu) >> shift;
      const auto taken = [&] {  // by another row
        const auto other = static_cast<uint32_t>(rows[numbers[at]] ^ row);
        return uint64_t{other} * numbers[at] != 0;
      };
      while (taken()) at = (at + 1) & last;
    }
    const uint32_t known = numbers[at], is_new = (known - 1) >> 31;
    rows[count + 1] = row;
    count += is_new;
    const uint32_t number = known + (count & (0u - is_new));
    numbers[at] = number;
    use.set_place(i, static_cast<int32_t>(number - 1));
  }
  count_ = count;
}

void RowNumbering::number(std::span<const int32_t> rows, int32_t* places) {
  struct {
    const int32_t* rows;
    int32_t* places;
    int32_t row(int64_t i) const { return rows[i]; }
    void set_place(int64_t i, int32_t place) const { places[i] = place; }
  } const use{rows.data(), places};
  hash_table_ ? number_each<true>(std::ssize(rows), use) : number_each<false>(std::ssize(rows), use);
}

void RowNumbering::number(std::span<kernels::Use> uses) {
  struct {
    kernels::Use* uses;
    int32_t row(int64_t i) const { return uses[i].row; }
    void set_place(int64_t i, int32_t place) const { uses[i].row = place; }
  } const use{uses.data()};
  hash_table_ ? number_each<true>(std::ssize(uses), use) : number_each<false>(std::ssize(uses), use);
}

bool few_sums(int64_t uses, int64_t width) {
  return uses * width * static_cast<int64_t>(sizeof(float)) <= kFewBytes;
}

void find_row_places(std::span<Share* const> shares, int64_t table_rows) {
  int64_t uses = 0;
  for (const Share* share : shares) uses += share->count();
  Buffer memory = std::move(shares[0]->places.rows);
  for (Share* share : shares) share->places.rows = Buffer();
  RowNumbering numbering(uses, table_rows, std::move(memory));
  for (Share* share : shares) {
    const auto n = static_cast<size_t>(share->count());
    share->places.of_ids.renew(n * sizeof(int32_t));
    numbering.number({share->ids.as<int32_t>(), n}, share->places.of_ids.as<int32_t>());
  }
  for (size_t k = 0; k < shares.size(); ++k) {
    RowPlaces& places = shares[k]->places;
    places.rows = numbering.memory();
    places.count = numbering.count();
    places.shares = static_cast<uint32_t>(shares.size());
    places.share = static_cast<uint32_t>(k);
  }
}

bool have_places_together(std::span<const Share> shares) {
  for (size_t k = 0; k < shares.size(); ++k) {
    const RowPlaces &places = shares[k].places, &first = shares[0].places;
    if (places.shares != shares.size() || places.share != k || places.rows.data() != first.rows.data()) return false;
  }
  return true;
}

namespace {

Share share_of(const std::vector<int32_t>& ids) {
  Share share;
  share.bags = 1;
  share.ids = Buffer(ids.size() * sizeof(int32_t));
  share.offsets = Buffer(2 * sizeof(int32_t));
  std::ranges::copy(ids, share.ids.as<int32_t>());
  share.offsets.as<int32_t>()[0] = 0;
  share.offsets.as<int32_t>()[1] = static_cast<int32_t>(ids.size());
  return share;
}

std::vector<int32_t> listed(const Buffer& numbers, size_t count, size_t first = 0) {
  return {numbers.as<int32_t>() + first, numbers.as<int32_t>() + first + count};
}

}  // namespace

TEST_CASE("row places: distinct rows in the order in which they are met, again and again") {
  for (int time = 0; time < 2; ++time) {
    std::vector<Share> shares = {share_of({7, 2, 7}), share_of({}), share_of({5, 2, 0})};
    const std::vector<Share*> all = {&shares[0], &shares[1], &shares[2]};
    find_row_places(all, 8);
    CHECK(listed(shares[2].places.rows, shares[2].places.count, 1) == std::vector<int32_t>{7, 2, 5, 0});
    CHECK(listed(shares[0].places.of_ids, 3) == std::vector<int32_t>{0, 1, 0});
    CHECK(listed(shares[2].places.of_ids, 3) == std::vector<int32_t>{2, 1, 3});
    CHECK(have_places_together(shares));
    CHECK_FALSE(have_places_together(std::vector<Share>{shares[0], shares[1]}));
    CHECK_FALSE(have_places_together(std::vector<Share>{shares[0], shares[2], shares[1]}));
    CHECK_FALSE(have_places_together(std::vector<Share>{shares[0], shares[0], shares[0]}));
    CHECK_FALSE(have_places_together(std::vector<Share>{share_of({1})}));
  }
}

TEST_CASE("row places: an array and a hash table of all sizes number rows alike, ids and uses") {
  for (const int64_t n : {1, 2, 5, 1000, 30000}) {
    std::vector<int32_t> ids;
    for (int64_t i = 0; i < n; ++i) ids.push_back(static_cast<int32_t>(i * i * 7919 % 4093 * 16));
    std::vector<int32_t> want, rows;
    for (const int32_t id : ids) {
      const auto found = std::ranges::find(rows, id);
      want.push_back(static_cast<int32_t>(found - rows.begin()));
      if (found == rows.end()) rows.push_back(id);
    }
    for (const int64_t table_rows : {int64_t{1} << 16, int64_t{1} << 30}) {
      // The second one of a thread uses a hash, whatever the table's size.
      RowNumbering first(n, table_rows), second(n, table_rows);
      for (RowNumbering* numbering : {&first, &second}) {
        std::vector<int32_t> places(ids.size());
        numbering->number(ids, places.data());
        CHECK(places == want);
        CHECK(std::vector<int32_t>(numbering->rows(), numbering->rows() + numbering->count()) == rows);
      }
    }
    std::vector<kernels::Use> uses;
    for (const int32_t id : ids) uses.push_back({id, 3, 0.5f});
    RowNumbering of_uses(n, int64_t{1} << 30);
    of_uses.number(uses);
    for (size_t i = 0; i < ids.size(); ++i) CHECK(uses[i].row == want[i]);
    CHECK(of_uses.count() == rows.size());
  }
}

TEST_CASE("row places: of no ids there are none") {
  for (const int64_t table_rows : {int64_t{8}, int64_t{1} << 30}) {
    std::vector<Share> shares = {share_of({})};
    Share* const all[] = {&shares[0]};
    find_row_places(all, table_rows);
    CHECK(shares[0].places.count == 0);
    CHECK(have_places_together(shares));
  }
}

TEST_CASE("row places: memory that another handle is on is left alone") {
  Share share = share_of({3, 4});
  Share* const all[] = {&share};
  find_row_places(all, 8);
  const Share kept = share;
  share.ids = share_of({6, 6}).ids;
  find_row_places(all, 8);
  CHECK(listed(kept.places.rows, 2, 1) == std::vector<int32_t>{3, 4});
  CHECK(listed(share.places.rows, 1, 1) == std::vector<int32_t>{6});
  CHECK(listed(kept.places.of_ids, 2) == std::vector<int32_t>{0, 1});
}

}  // namespace weft
