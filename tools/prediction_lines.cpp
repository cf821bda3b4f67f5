// Predictions as lines of CSV (RFC 4180) or JSON.
#include "prediction_lines.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <span>
#include <string_view>

using namespace weft;

namespace {

/// The numbers of an example under their name; absent ones are empty.
struct Field {
  std::string_view name;
  std::span<const float> values;
};

/// Calls each(field) for what is printed.
template <class Each>
void for_each_field(const Prediction& prediction, bool logits, Each&& each) {
  if (!prediction.predictions.empty()) return each(Field{"predictions", prediction.predictions});
  if (logits) each(Field{"logits", prediction.logits});
  each(Field{"probabilities", prediction.probabilities});
}

void append_csv_text(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  out += '"';
}

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_csv(std::string& out, const Prediction& prediction, bool logits) {
  bool first = true;
  for_each_field(prediction, logits, [&](const Field& field) {
    for (const float value : field.values) {
      fmt::format_to(std::back_inserter(out), "{}{}", first ? "" : ",", value);
      first = false;
    }
  });
  if (!prediction.classes.empty()) {
    out += ',';
    append_csv_text(out, prediction.classes[0]);
  }
}

void append_json(std::string& out, const Prediction& prediction, bool logits) {
  out += '{';
  for_each_field(prediction, logits, [&](const Field& field) {
    fmt::format_to(std::back_inserter(out), "{}\"{}\":[", out.back() == '{' ? "" : ",", field.name);
    for (size_t i = 0; i < field.values.size(); ++i) {
      const float value = field.values[i];
      if (i > 0) out += ',';
      if (std::isfinite(value)) {
        fmt::format_to(std::back_inserter(out), "{}", value);
      } else {
        out += "null";
      }
    }
    out += ']';
  });
  if (!prediction.classes.empty()) {
    out += ",\"class\":";
    append_json_text(out, prediction.classes[0]);
  }
  out += '}';
}

}  // namespace

std::string csv_header(const Prediction& prediction, const LineFormat& format) {
  std::string line;
  for_each_field(prediction, format.logits, [&](const Field& field) {
    for (size_t i = 0; i < field.values.size(); ++i) {
      line += line.empty() ? "" : ",";
      line += field.values.size() == 1 ? std::string(field.name) : fmt::format("{}_{}", field.name, i);
    }
  });
  if (!prediction.classes.empty()) line += ",class";
  return line + "\n";
}

void append_line(std::string& out, const Prediction& prediction, const LineFormat& format) {
  if (format.json) {
    append_json(out, prediction, format.logits);
  } else {
    append_csv(out, prediction, format.logits);
  }
  out += '\n';
}
