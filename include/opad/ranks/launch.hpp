#pragma once
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>

#include <opad/core/error.hpp>
#include <opad/core/once.hpp>

namespace opad {

/// What a launcher tells one of the processes that it starts. Alone: rank 0 of 1.
struct Launch {
  std::int64_t rank = 0, size = 1;    // of all processes
  std::int64_t local_rank = 0;        // among those of this machine: its device
  std::string address = "127.0.0.1";  // where rank 0 runs
  std::int64_t port = 0;              // at which the processes meet there; 0: rank 0 takes a free one
  bool launcher_keeps_store = false;  // the launcher itself listens there (torchrun), not rank 0
  std::int64_t restarts = 0;          // how often the launcher has started the processes again
  bool operator==(const Launch&) const = default;

  /// Whether all processes meet through the loopback, so are on this machine.
  bool is_local() const {
    constexpr std::array here{"127.0.0.1", "localhost", "::1"};
    return std::ranges::find(here, address) != here.end();
  }
  /// How long a process waits for the others to come: machines of a cluster may start minutes apart. One that died
  /// before it came has told nobody.
  std::chrono::seconds patience() const { return is_local() ? std::chrono::minutes(1) : std::chrono::minutes(5); }
};

/// A variable's value, if it is set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// The variables of this process.
OPAD_ONCE std::optional<std::string> environment_of_process(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

namespace detail {

/// The first host of Slurm's short form of a list: "gpu[07-09,12],login" -> "gpu07".
OPAD_ONCE std::string first_host(const std::string& hosts) {
  const auto open = hosts.find_first_of("[,");
  if (open == std::string::npos || hosts[open] == ',') return hosts.substr(0, open);
  const auto end = hosts.find_first_of("-,]", open), close = hosts.find(']', open);
  require(end != std::string::npos && close != std::string::npos, "SLURM_STEP_NODELIST=", hosts,
          " has a bracket that does not close; give MASTER_ADDR the host of rank 0");
  const auto rest = hosts.find(',', close);
  return hosts.substr(0, open) + hosts.substr(open + 1, end - open - 1) +
         hosts.substr(close + 1, rest == std::string::npos ? rest : rest - close - 1);
}

OPAD_ONCE std::int64_t launch_number(const std::string& name, const std::string& text, std::int64_t least,
                                     std::int64_t most) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  require(error == std::errc{} && end == text.data() + text.size() && least <= value && value <= most, name, "=", text,
          " in the environment: give a whole number from ", least, " to ", most,
          ", or unset it to start one process alone");
  return value;
}

}  // namespace detail

/// Reads what a launcher has put into the environment.
///   torchrun, and whoever sets them by hand   RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT,
///                                             TORCHELASTIC_RESTART_COUNT
///   mpirun (Open MPI)                         OMPI_COMM_WORLD_RANK, _SIZE, _LOCAL_RANK, _LOCAL_SIZE
///   srun                                      SLURM_PROCID, SLURM_STEP_NUM_TASKS, SLURM_LOCALID, SLURM_STEP_NODELIST,
///                                             SLURM_JOB_ID, SLURM_RESTART_COUNT
/// The first of them that is there counts. Where mpirun and srun name no MASTER_ADDR and MASTER_PORT, these are: the
/// first host of the step, or this machine where all processes are here; and a port that follows from the job's number,
/// or 29500. SLURM_STEP_NUM_TASKS is srun's alone: a program in a batch script without srun is one process.
/// Throws for values that make no sense.
OPAD_ONCE Launch launch_of(const Environment& environment) {
  constexpr std::int64_t most = 4096;
  const auto number = [&](const std::string& name, std::int64_t otherwise, std::int64_t least, std::int64_t largest) {
    const auto text = environment(name);
    return text ? detail::launch_number(name, *text, least, largest) : otherwise;
  };
  const auto needed = [&](const std::string& name, const std::string& beside, std::int64_t least,
                          std::int64_t largest) {
    const auto text = environment(name);
    require(text.has_value(), name, " is missing in the environment beside ", beside,
            "; set both, or start the program with torchrun, srun or mpirun");
    return detail::launch_number(name, *text, least, largest);
  };
  Launch launch;
  const auto address = environment("MASTER_ADDR");
  const std::int64_t port = number("MASTER_PORT", 0, 1, 65535);
  if (environment("WORLD_SIZE") || environment("RANK")) {
    launch.size = needed("WORLD_SIZE", "RANK", 1, most);
    launch.rank = needed("RANK", "WORLD_SIZE", 0, launch.size - 1);
    launch.local_rank = number("LOCAL_RANK", launch.rank, 0, most);
    launch.restarts = number("TORCHELASTIC_RESTART_COUNT", 0, 0, 1 << 30);
    launch.launcher_keeps_store = environment("TORCHELASTIC_USE_AGENT_STORE") == "True";
    require(launch.size == 1 || (address && port > 0),
            "MASTER_ADDR and MASTER_PORT are missing in the environment beside WORLD_SIZE=", launch.size,
            "; give the host of rank 0 and a free port there");
    launch.address = address.value_or(launch.address), launch.port = port;
  } else if (environment("OMPI_COMM_WORLD_SIZE")) {
    launch.size = needed("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", 1, most);
    launch.rank = needed("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", 0, launch.size - 1);
    launch.local_rank = number("OMPI_COMM_WORLD_LOCAL_RANK", launch.rank, 0, most);
    require(address || number("OMPI_COMM_WORLD_LOCAL_SIZE", launch.size, 1, most) == launch.size,
            "MASTER_ADDR is missing: mpirun has started processes on several machines; give the host of rank 0, "
            "mpirun -x MASTER_ADDR=HOST");
    launch.address = address.value_or(launch.address), launch.port = port > 0 ? port : 29500;
  } else if (environment("SLURM_STEP_NUM_TASKS")) {
    launch.size = needed("SLURM_STEP_NUM_TASKS", "SLURM_PROCID", 1, most);
    launch.rank = needed("SLURM_PROCID", "SLURM_STEP_NUM_TASKS", 0, launch.size - 1);
    launch.local_rank = number("SLURM_LOCALID", launch.rank, 0, most);
    launch.restarts = number("SLURM_RESTART_COUNT", 0, 0, 1 << 30);
    const auto hosts = environment("SLURM_STEP_NODELIST");
    launch.address = address ? *address : hosts ? detail::first_host(*hosts) : launch.address;
    launch.port = port > 0 ? port : 12000 + number("SLURM_JOB_ID", 0, 0, std::int64_t{1} << 40) % 20000;
  }
  require(!launch.address.empty(), "MASTER_ADDR is empty in the environment; give the host of rank 0");
  return launch;
}

/// What this process was told.
OPAD_ONCE Launch launch_of_process() { return launch_of(environment_of_process); }

/// Takes a launcher's variables out of this process's environment: it and what it starts are processes of their own.
OPAD_ONCE void forget_launch() {
  for (const char* name : {"RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT",
                           "TORCHELASTIC_RESTART_COUNT", "OMPI_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS"})
    ::unsetenv(name);
}

}  // namespace opad
