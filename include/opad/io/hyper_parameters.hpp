#pragma once
#include <chrono>
#include <map>
#include <string>

#include <opad/core/once.hpp>
#include <opad/io/event_file.hpp>
#include <opad/io/json.hpp>

/// What TensorBoard's HParams tab reads: summaries without a value whose metadata hold messages of the plugin
/// "hparams". Its columns are the values that a run began with, and the scalars of its event files.
namespace opad {

namespace detail {

inline constexpr const char* hparams_plugin = "hparams";

/// google.protobuf.Value. What is neither number, flag nor text is written as JSON.
OPAD_ONCE ProtobufMessage protobuf_value(const Json& value) {
  if (value.is_boolean()) return ProtobufMessage().integer(4, value.get<bool>() ? 1 : 0);
  if (value.is_number()) return ProtobufMessage().number(2, value.get<double>());
  return ProtobufMessage().bytes(
      3, value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

inline double seconds_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace detail

/// Says at a run's beginning with which values it runs.
OPAD_ONCE void write_hyper_parameters(EventFile& events, const std::map<std::string, Json>& values) {
  detail::ProtobufMessage start;
  for (const auto& [name, value] : values)
    start.bytes(1, detail::ProtobufMessage().bytes(1, name).bytes(2, detail::protobuf_value(value).text()).text());
  start.number(5, detail::seconds_now());
  events.plugin("_hparams_/session_start_info", detail::hparams_plugin,
                detail::ProtobufMessage().bytes(3, start.text()).text(), 0);
}

/// Says that a run has come to its end.
OPAD_ONCE void write_run_ended(EventFile& events, std::int64_t step) {
  constexpr std::uint64_t success = 1;
  const auto end = detail::ProtobufMessage().integer(1, success).number(2, detail::seconds_now());
  events.plugin("_hparams_/session_end_info", detail::hparams_plugin,
                detail::ProtobufMessage().bytes(4, end.text()).text(), step);
}

}  // namespace opad
