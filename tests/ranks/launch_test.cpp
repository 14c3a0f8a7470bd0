#include <opad/ranks/launch.hpp>
#include <opad/ranks/ranks.hpp>

#include <map>

#include "support/catch.hpp"

using namespace opad;

namespace {

using Variables = std::map<std::string, std::string>;

Launch launch(const Variables& set) {
  return launch_of([&](const std::string& name) {
    const auto found = set.find(name);
    return found == set.end() ? std::nullopt : std::optional(found->second);
  });
}

}  // namespace

TEST_CASE("Every launcher's environment becomes the same Launch", "[ranks][launch]") {
  const std::vector<std::pair<Variables, Launch>> table{
      {{}, {}},
      {{{"SLURM_JOB_ID", "7"}, {"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}}, {}},  // a batch script without srun
      {{{"WORLD_SIZE", "1"}, {"RANK", "0"}}, {}},
      {{{"RANK", "3"}, {"WORLD_SIZE", "8"}, {"LOCAL_RANK", "1"}, {"MASTER_ADDR", "node1"}, {"MASTER_PORT", "29500"}},
       {.rank = 3, .size = 8, .local_rank = 1, .address = "node1", .port = 29500}},
      {{{"RANK", "1"},
        {"WORLD_SIZE", "2"},
        {"LOCAL_RANK", "1"},
        {"MASTER_ADDR", "localhost"},
        {"MASTER_PORT", "4000"},
        {"TORCHELASTIC_RESTART_COUNT", "2"},
        {"TORCHELASTIC_USE_AGENT_STORE", "True"},
        {"SLURM_STEP_NUM_TASKS", "5"}},  // torchrun under srun
       {.rank = 1,
        .size = 2,
        .local_rank = 1,
        .address = "localhost",
        .port = 4000,
        .launcher_keeps_store = true,
        .restarts = 2}},
      {{{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "2"}, {"OMPI_COMM_WORLD_LOCAL_RANK", "1"}},
       {.rank = 1, .size = 2, .local_rank = 1, .address = "127.0.0.1", .port = 29500}},
      {{{"OMPI_COMM_WORLD_RANK", "2"},
        {"OMPI_COMM_WORLD_SIZE", "4"},
        {"OMPI_COMM_WORLD_LOCAL_RANK", "0"},
        {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"},
        {"MASTER_ADDR", "a"},
        {"MASTER_PORT", "5"}},
       {.rank = 2, .size = 4, .local_rank = 0, .address = "a", .port = 5}},
      {{{"SLURM_PROCID", "5"},
        {"SLURM_STEP_NUM_TASKS", "16"},
        {"SLURM_LOCALID", "1"},
        {"SLURM_STEP_NODELIST", "gpu[07-09,12]"},
        {"SLURM_JOB_ID", "40123"},
        {"SLURM_RESTART_COUNT", "1"}},
       {.rank = 5, .size = 16, .local_rank = 1, .address = "gpu07", .port = 12123, .restarts = 1}}};
  for (const auto& [variables, expected] : table) {
    const Launch got = launch(variables);
    CAPTURE(got.rank, got.size, got.local_rank, got.address, got.port, got.restarts, variables.size());
    REQUIRE(got == expected);
  }
}

TEST_CASE("The first of Slurm's hosts", "[ranks][launch]") {
  for (const auto& [hosts, first] : std::vector<std::pair<std::string, std::string>>{{"a", "a"},
                                                                                     {"a,b", "a"},
                                                                                     {"n[1-4]", "n1"},
                                                                                     {"n[3,7-9],m2", "n3"},
                                                                                     {"n[01-04]-ib,m", "n01-ib"},
                                                                                     {"login,n[1-2]", "login"}})
    REQUIRE(opad::detail::first_host(hosts) == first);
  REQUIRE_THROWS_AS(opad::detail::first_host("n[1"), Error);
}

TEST_CASE("A launcher's environment that makes no sense is refused in one line", "[ranks][launch]") {
  const Variables two{{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "a"}, {"MASTER_PORT", "1"}};
  const auto refused = [&](Variables change, const std::string& words) {
    Variables variables = two;
    for (const auto& [name, value] : change) variables[name] = value;
    try {
      launch(variables);
      FAIL(words);
    } catch (const Error& error) {
      REQUIRE_THAT(error.what(), ContainsSubstring(words));
      REQUIRE(std::string(error.what()).find('\n') == std::string::npos);
    }
  };
  REQUIRE(launch(two).size == 2);
  refused({{"RANK", "2"}}, "RANK=2 in the environment: give a whole number from 0 to 1");
  refused({{"RANK", "-1"}}, "RANK=-1");
  refused({{"RANK", ""}}, "RANK=");
  refused({{"WORLD_SIZE", "0"}}, "WORLD_SIZE=0");
  refused({{"WORLD_SIZE", "2x"}}, "WORLD_SIZE=2x");
  refused({{"MASTER_PORT", "70000"}}, "MASTER_PORT=70000");
  refused({{"MASTER_ADDR", ""}}, "MASTER_ADDR is empty");
  REQUIRE_THROWS_WITH(launch({{"RANK", "1"}}), ContainsSubstring("WORLD_SIZE is missing"));
  REQUIRE_THROWS_WITH(launch({{"WORLD_SIZE", "2"}}), ContainsSubstring("RANK is missing"));
  REQUIRE_THROWS_WITH(launch({{"RANK", "1"}, {"WORLD_SIZE", "2"}}), ContainsSubstring("MASTER_ADDR and MASTER_PORT"));
  REQUIRE_THROWS_WITH(
      launch({{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "4"}, {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}}),
      ContainsSubstring("mpirun -x MASTER_ADDR=HOST"));
}

TEST_CASE("Ranks take equal shares of the micro-batches, or none", "[ranks]") {
  REQUIRE(Ranks().share(3) == std::vector<std::int64_t>{0, 1, 2});
  const Ranks second({.rank = 1, .size = 2}, nullptr);
  REQUIRE(second.share(6) == std::vector<std::int64_t>{1, 3, 5});
  REQUIRE_THROWS_WITH(second.share(3), ContainsSubstring("--accumulation 3 does not divide among 2 ranks"));
}

TEST_CASE("What is built without an engine says so", "[ranks]") {
  if (!ranks_are_known()) REQUIRE_THROWS_WITH(join({.rank = 0, .size = 2}), ContainsSubstring("knows one process"));
  REQUIRE(join({}).size() == 1);
}

TEST_CASE("Processes of one machine wait a minute for each other, those of a cluster five", "[ranks]") {
  using std::chrono::minutes;
  REQUIRE(Launch{.size = 2}.patience() == minutes(1));
  REQUIRE(Launch{.size = 2, .address = "localhost"}.patience() == minutes(1));
  REQUIRE(Launch{.size = 2, .address = "node17"}.patience() == minutes(5));
}
