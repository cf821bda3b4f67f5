// EventReader: from a record's bytes to an Event. The bytes are not trusted.
#include <weft/core/error.h>
#include <weft/io/events.h>
#include <weft/io/example_wire.h>

#include <fmt/format.h>

namespace weft {
namespace {

using wire::Bytes;
using wire::kDelimited;
using wire::kFixed32;
using wire::kFixed64;
using wire::kVarint;

// Calls field(tag, rest) for each field; it reads the field's content, or says that it has not.
enum class Read { done, skip, bad };
template <class F>
bool read_fields(Bytes in, F&& field) {
  while (!in.empty()) {
    uint64_t tag;
    if (!wire::read_varint(in, tag)) return false;
    const Read read = field(tag, in);
    if (read == Read::bad || (read == Read::skip && !wire::skip_field(in, tag))) return false;
  }
  return true;
}

Read done_if(bool good) {
  return good ? Read::done : Read::bad;
}

template <class T>
Read read_fixed(Bytes& in, T& value) {
  if (in.size() < sizeof(T)) return Read::bad;
  value = wire::load<T>(in.at);
  in.at += sizeof(T);
  return Read::done;
}

Read read_integer(Bytes& in, int64_t& value) {
  uint64_t bits;
  if (!wire::read_varint(in, bits)) return Read::bad;
  value = static_cast<int64_t>(bits);
  return Read::done;
}

Read read_string(Bytes& in, std::string& text) {
  Bytes bytes;
  if (!wire::read_delimited(in, bytes)) return Read::bad;
  text.assign(bytes.at, bytes.size());
  return Read::done;
}

// A list of numbers, packed or a field each.
template <class T>
Read read_list(Bytes& in, bool packed, std::vector<T>& list) {
  if (!packed) return read_fixed(in, list.emplace_back());
  Bytes bytes;
  if (!wire::read_delimited(in, bytes) || bytes.size() % sizeof(T) != 0) return Read::bad;
  while (!bytes.empty()) read_fixed(bytes, list.emplace_back());
  return Read::done;
}

template <class F>
Read read_message(Bytes& in, F&& field) {
  Bytes message;
  return done_if(wire::read_delimited(in, message) && read_fields(message, field));
}

Read read_histogram(Bytes& in, SummaryHistogram& out) {
  double* const numbers[] = {&out.min, &out.max, &out.num, &out.sum, &out.sum_squares};
  return read_message(in, [&](uint64_t tag, Bytes& rest) {
    const uint64_t field = tag >> 3;
    if (field >= 1 && field <= 5 && (tag & 7) == kFixed64) return read_fixed(rest, *numbers[field - 1]);
    if (field != 6 && field != 7) return Read::skip;
    if ((tag & 7) != kFixed64 && (tag & 7) != kDelimited) return Read::skip;
    return read_list(rest, (tag & 7) == kDelimited, field == 6 ? out.limits : out.counts);
  });
}

Read read_shape(Bytes& in, std::vector<int64_t>& shape) {
  return read_message(in, [&](uint64_t tag, Bytes& rest) {
    if (tag != wire::tag(2, kDelimited)) return Read::skip;
    return read_message(rest, [extent = &shape.emplace_back(0)](uint64_t axis_tag, Bytes& axis) {
      return axis_tag == wire::tag(1, kVarint) ? read_integer(axis, *extent) : Read::skip;
    });
  });
}

// TensorFlow packs the numbers of an array in its field 4, as they lie in memory.
Read read_tensor(Bytes& in, EventValue& out) {
  constexpr int64_t kFloat = 1;
  int64_t type = 0;
  std::string content;
  const Read read = read_message(in, [&](uint64_t tag, Bytes& rest) {
    if (tag == wire::tag(1, kVarint)) return read_integer(rest, type);
    if (tag == wire::tag(2, kDelimited)) return read_shape(rest, out.shape);
    if (tag == wire::tag(4, kDelimited)) return read_string(rest, content);
    if (tag == wire::tag(5, kDelimited)) return read_list(rest, true, out.floats);
    if (tag == wire::tag(5, kFixed32)) return read_list(rest, false, out.floats);
    if (tag == wire::tag(8, kDelimited)) return read_string(rest, out.strings.emplace_back());
    return Read::skip;
  });
  if (read != Read::done || type != kFloat || content.empty()) return read;
  Bytes bytes(content);
  if (bytes.size() % sizeof(float) != 0) return Read::bad;
  while (!bytes.empty()) read_fixed(bytes, out.floats.emplace_back());
  return Read::done;
}

Read read_plugin(Bytes& in, std::string& plugin) {
  return read_message(in, [&](uint64_t tag, Bytes& metadata) {
    if (tag != wire::tag(1, kDelimited)) return Read::skip;
    return read_message(metadata, [&](uint64_t data_tag, Bytes& data) {
      return data_tag == wire::tag(1, kDelimited) ? read_string(data, plugin) : Read::skip;
    });
  });
}

Read read_value(Bytes& in, EventValue& out) {
  return read_message(in, [&](uint64_t tag, Bytes& rest) {
    if (tag == wire::tag(1, kDelimited)) return read_string(rest, out.tag);
    if (tag == wire::tag(2, kFixed32)) return read_fixed(rest, out.scalar.emplace());
    if (tag == wire::tag(5, kDelimited)) return read_histogram(rest, out.histogram.emplace());
    if (tag == wire::tag(8, kDelimited)) return read_tensor(rest, out);
    if (tag == wire::tag(9, kDelimited)) return read_plugin(rest, out.plugin);
    return Read::skip;
  });
}

Read read_session_log(Bytes& in, bool& start) {
  return read_message(in, [&](uint64_t tag, Bytes& rest) {
    int64_t status = 0;
    if (tag != wire::tag(1, kVarint)) return Read::skip;
    const Read read = read_integer(rest, status);
    start = status == 1;
    return read;
  });
}

bool read_event(std::string_view record, Event& out) {
  return read_fields(Bytes(record), [&](uint64_t tag, Bytes& rest) {
    if (tag == wire::tag(1, kFixed64)) return read_fixed(rest, out.wall_time);
    if (tag == wire::tag(2, kVarint)) return read_integer(rest, out.step);
    if (tag == wire::tag(3, kDelimited)) return read_string(rest, out.file_version);
    if (tag == wire::tag(7, kDelimited)) return read_session_log(rest, out.session_start);
    if (tag != wire::tag(5, kDelimited)) return Read::skip;
    return read_message(rest, [&](uint64_t value_tag, Bytes& value) {
      return value_tag == wire::tag(1, kDelimited) ? read_value(value, out.values.emplace_back()) : Read::skip;
    });
  });
}

}  // namespace

EventReader::EventReader(const std::string& path) : path_(path), reader_(path) {}

bool EventReader::next(Event& event) {
  event = {};
  std::string_view record;
  if (!reader_.read(record)) return false;
  if (!read_event(record, event)) {
    throw DataError(
        fmt::format("[EventReader] {}: record {} is no event: got {} bytes that are no tensorflow.Event, expected one. "
                    "Give it an event file.",
                    path_, number_, record.size()));
  }
  ++number_;
  return true;
}

}  // namespace weft
