#pragma once
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <iostream>
#include <thread>

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#ifdef OPAD_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include <opad/ranks/ranks.hpp>

namespace opad::detail {

constexpr const char* rank_lost_text =
    "another rank has ended or is out of reach; the last checkpoint stands, the same command with --resume goes on";

/// Ends this process when another rank is gone though no connection has said so: its machine is off, or it died while
/// the ranks were meeting. Each rank counts up under its own key of the store and looks at the next rank's; who sees
/// one stand still says so to all. Once the ranks are connected, a process that dies is known by its connections at
/// once, and only silence of a minute counts.
class RankWatch {
 public:
  RankWatch(c10::intrusive_ptr<c10d::Store> store, const Launch& launch)
      : store_(std::move(store)),
        launch_(launch),
        thread_([this] { watch(); }) {}
  ~RankWatch() {
    stopped_ = true;
    thread_.join();
  }
  void connected() { connected_ = true; }
  void leaving() { stopped_ = true; }
  /// Who calls it first is the one to speak.
  bool speaks() { return !spoken_.test_and_set(); }

 private:
  void watch() {
    using Clock = std::chrono::steady_clock;
    const std::int64_t next = (launch_.rank + 1) % launch_.size;
    const std::string key = c10::str("alive/", next);
    std::vector<std::uint8_t> last;
    auto changed = Clock::now();
    try {
      for (std::uint8_t beat = 0; !stopped_; ++beat) {
        store_->set(c10::str("alive/", launch_.rank), std::vector<std::uint8_t>{beat});
        if (store_->check({"lost"})) return end();
        if (store_->check({key})) {
          auto now = store_->get(key);
          if (now != last) last = std::move(now), changed = Clock::now();
          else if (Clock::now() - changed > (connected_ ? std::chrono::seconds(60) : std::chrono::seconds(6))) {
            store_->set("lost", std::vector<std::uint8_t>{1});
            return end();
          }
        }
        for (int i = 0; i < 10 && !stopped_; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
      }
    } catch (const std::exception&) { end(); }  // the store is gone, and rank 0 or the launcher with it
  }
  void end() {
    if (stopped_ || !speaks()) return;
    std::cerr << program_invocation_short_name << rank_mark() << ": " << rank_lost_text << std::endl;
    _exit(1);
  }

  c10::intrusive_ptr<c10d::Store> store_;
  Launch launch_;
  std::atomic<bool> stopped_ = false, connected_ = false;
  std::atomic_flag spoken_;
  std::thread thread_;  // last: it begins when the rest stands
};

/// c10d's process group of Gloo, over TCP; where OPAD_NCCL is defined, that of NCCL for tensors on a GPU. The ranks
/// find each other in a TCPStore, which rank 0 keeps, or torchrun.
class C10dEngine final : public RankEngine {
 public:
  C10dEngine(const Launch& launch, const std::function<void(std::int64_t)>& listening) {
    // c10d would add pages of its own to the one line that says what has happened
    if (!environment_of_process("TORCH_CPP_LOG_LEVEL")) FLAGS_caffe2_log_level = 3;
    const bool keeps_store = launch.rank == 0 && !launch.launcher_keeps_store;
    c10d::TCPStoreOptions options;
    options.port = static_cast<std::uint16_t>(launch.port);
    options.isServer = keeps_store, options.waitWorkers = false, options.timeout = launch.patience();
    try {
      const auto store =
          keeps_store ? c10::make_intrusive<c10d::TCPStore>(launch.address, options) : found(launch, options);
      if (listening) listening(store->getPort());
      options.port = store->getPort(), options.isServer = false;
      const auto prefix = [&](c10::intrusive_ptr<c10d::Store> of) {
        return c10::make_intrusive<c10d::PrefixStore>(c10::str("opad/", launch.restarts), std::move(of));
      };
      watch_ = std::make_unique<RankWatch>(prefix(found(launch, options)), launch);
      store_ = prefix(store);
      meet(launch);
      const auto gloo = c10d::ProcessGroupGloo::Options::create(longest);
      gloo->devices.push_back(device(launch));
      group_ = c10::make_intrusive<c10d::ProcessGroupGloo>(store_, static_cast<int>(launch.rank),
                                                           static_cast<int>(launch.size), gloo);
      watch_->connected();
    } catch (const c10::Error& error) {
      if (watch_ && !watch_->speaks()) pause();  // the process is ending already
      fail("rank ", launch.rank, " of ", launch.size, " cannot meet the others at ", launch.address, ", port ",
           launch.port, " within ", launch.patience().count(), " s (", first_line(error.what_without_backtrace()),
           "); start all of them, and give a free port of the machine where rank 0 runs");
    }
  }
  ~C10dEngine() override {
    if (watch_) watch_->leaving();
  }

#ifdef OPAD_NCCL
  torch::Device place(torch::Device device) const override { return device.is_cuda() ? device : torch::kCPU; }
#endif
  std::function<Tensor()> begin_all_to_all(const Tensor& rows) override {
    Tensor sent = rows, received = torch::empty_like(rows);
    std::vector<std::int64_t> equal;
    c10::intrusive_ptr<c10d::Work> work;
    guarded([&] { work = group_of(rows).alltoall_base(received, sent, equal, equal); });
    return [this, work, received] {
      guarded([&] { work->wait(); });
      return received;
    };
  }
  Tensor gather(const Tensor& row) override {
    Tensor own = row, all = torch::empty({group_->getSize() * row.numel()}, row.options());
    guarded([&] { group_of(row)._allgather_base(all, own)->wait(); });
    return all.view({group_->getSize(), -1});
  }
  void broadcast(Tensor& flat) override {
    std::vector<Tensor> all{flat};
    guarded([&] { group_of(flat).broadcast(all)->wait(); });
  }
  void leave() override {
    watch_->leaving();
    gather(torch::zeros({1}));
  }

 private:
  /// The store of rank 0, or the launcher's. c10d itself may wait twice as long as it is told, so it is told less.
  static c10::intrusive_ptr<c10d::TCPStore> found(const Launch& launch, c10d::TCPStoreOptions options) {
    const auto end = std::chrono::steady_clock::now() + launch.patience();
    options.timeout = std::chrono::seconds(5);
    for (;;) try {
        auto store = c10::make_intrusive<c10d::TCPStore>(launch.address, options);
        store->setTimeout(launch.patience());
        return store;
      } catch (const c10::Error&) {
        if (std::chrono::steady_clock::now() > end) throw;
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
  }

  /// All of them have come to the store. Until then nobody waits for a message, which could wait for ever.
  void meet(const Launch& launch) {
    const std::chrono::seconds patience = launch.patience();
    const auto end = std::chrono::steady_clock::now() + patience;
    std::int64_t come = store_->add("come", 1);
    for (; come < launch.size; come = store_->add("come", 0)) {
      require(std::chrono::steady_clock::now() < end, "only ", come, " of ", launch.size, " ranks have come to ",
              launch.address, ", port ", launch.port, " within ", patience.count(), " s; start all of them");
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  /// Gloo's way out of this machine: the interface that GLOO_SOCKET_IFNAME names, as in PyTorch; the loopback where the
  /// ranks meet there; else the one that this machine's name leads to.
  static std::shared_ptr<::gloo::transport::Device> device(const Launch& launch) {
    using Gloo = c10d::ProcessGroupGloo;
    if (const auto name = environment_of_process("GLOO_SOCKET_IFNAME")) return Gloo::createDeviceForInterface(*name);
    if (launch.is_local()) return Gloo::createDeviceForHostname("127.0.0.1");
    return Gloo::createDefaultDevice();
  }

  static constexpr std::chrono::hours longest{24};  // that rank 0 works alone and the others wait

  c10d::Backend& group_of([[maybe_unused]] const Tensor& tensor) {
#ifdef OPAD_NCCL
    if (tensor.is_cuda()) {
      if (!nccl_) {  // on a machine without a GPU there must be none
        const auto options = c10d::ProcessGroupNCCL::Options::create();
        options->timeout = longest;
        nccl_ = c10::make_intrusive<c10d::ProcessGroupNCCL>(c10::make_intrusive<c10d::PrefixStore>("nccl", store_),
                                                            group_->getRank(), group_->getSize(), options);
      }
      return *nccl_;
    }
#endif
    return *group_;
  }

  template <class Work>
  void guarded(const Work& work) {
    try {
      work();
    } catch (const std::runtime_error&) {  // what Gloo says of connections; a wrong use is a c10::Error
      if (!watch_->speaks()) pause();      // the process is ending already
      throw RankLost(rank_lost_text);
    }
  }

  static std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

  c10::intrusive_ptr<c10d::Store> store_;
  std::unique_ptr<RankWatch> watch_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
#ifdef OPAD_NCCL
  c10::intrusive_ptr<c10d::ProcessGroupNCCL> nccl_;
#endif
};

}  // namespace opad::detail
