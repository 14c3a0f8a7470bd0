// Two processes add two tensors through c10d's Gloo. Exit code 0: it works with this LibTorch.
#include <sys/wait.h>
#include <unistd.h>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

int main() {
  alarm(60);  // never hangs a configuration
  int ports[2];
  if (pipe(ports) != 0) return 1;
  const pid_t child = fork();
  const int rank = child == 0 ? 1 : 0;
  c10d::TCPStoreOptions options;
  options.port = 0, options.isServer = rank == 0, options.waitWorkers = false;
  if (rank == 1 && read(ports[0], &options.port, sizeof options.port) != sizeof options.port) return 1;
  const auto store = c10::make_intrusive<c10d::TCPStore>("127.0.0.1", options);
  const auto port = store->getPort();
  if (rank == 0 && write(ports[1], &port, sizeof port) != sizeof port) return 1;
  const auto gloo = c10d::ProcessGroupGloo::Options::create();
  gloo->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1"));
  const auto group = c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, 2, gloo);
  std::vector<at::Tensor> sum{at::full({3}, rank + 1.0)};
  group->allreduce(sum)->wait();
  int other = 0;
  if (rank == 0) waitpid(child, &other, 0);
  return other == 0 && sum[0][2].item<float>() == 3 ? 0 : 1;
}
