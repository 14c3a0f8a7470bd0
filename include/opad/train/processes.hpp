#pragma once
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <exception>

#include <opad/core/tensor.hpp>

namespace opad {

/// Several processes of one machine that train one model: each takes its share of the batch, and before an update all
/// take the mean of their gradients, added in the order of the ranks, so that the weights stay equal bit for bit. On
/// CPUs two processes with one thread each are faster than one with two: nobody waits at the end of every small
/// operation.
///   count     processes, this one included; the constructor forks the others and returns in all of them
///   capacity  numbers that average() exchanges at most
/// Construct it when the models stand and before any backward pass: threads do not survive a fork. A process that dies
/// takes the others along.
class Processes {
 public:
  Processes(std::int64_t count, std::int64_t capacity) : count_(count), capacity_(capacity) {
    require(1 <= count && count <= 64, "--processes ", count, ": give 1 to 64");
    if (count_ == 1) return;
    void* const memory = mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    require(memory != MAP_FAILED, "--processes ", count, ": cannot share ", bytes() >> 20,
            " MiB of memory: ", std::strerror(errno));
    shared_ = new (memory) Shared;
    numbers_ = reinterpret_cast<float*>(shared_ + 1);
    pthread_barrierattr_t attributes;
    pthread_barrierattr_init(&attributes);
    pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&shared_->barrier, &attributes, static_cast<unsigned>(count_));
    pthread_barrierattr_destroy(&attributes);
    signal(SIGCHLD, [](int) {
      int status = 0;
      while (waitpid(-1, &status, WNOHANG) > 0)
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
          constexpr char text[] = "\nanother process of this training died\n";
          [[maybe_unused]] const auto written = write(STDERR_FILENO, text, sizeof text - 1);
          _exit(1);
        }
    });
    for (std::int64_t rank = 1; rank < count_; ++rank) {
      const pid_t parent = getpid(), child = fork();
      require(child >= 0, "--processes ", count, ": cannot start another process: ", std::strerror(errno));
      if (child > 0) {
        children_.push_back(child);
        continue;
      }
      children_.clear();
      rank_ = rank;
      signal(SIGCHLD, SIG_DFL);
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) _exit(1);
      return;
    }
  }
  /// The others end here; the first process waits for them, or ends them where an error ends it.
  ~Processes() {
    if (count_ == 1) return;
    if (rank_ > 0) _exit(0);
    signal(SIGCHLD, SIG_DFL);
    for (const pid_t child : children_) {
      if (std::uncaught_exceptions() > 0) kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
    }
    munmap(shared_, bytes());
  }
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;

  std::int64_t rank() const { return rank_; }
  std::int64_t count() const { return count_; }

  /// Makes every parameter's gradient (absent: zero) the mean over all processes. `flag`: whether any of them says so.
  bool average(const NamedTensors& parameters, bool flag) {
    if (count_ == 1) return flag;
    torch::NoGradGuard no_grad;
    float* const own = numbers_ + rank_ * capacity_;
    std::int64_t used = 0;
    for (const auto& [name, p] : parameters) {
      const std::int64_t n = p.numel();
      require(used + n <= capacity_, "Processes: more numbers than the capacity of ", capacity_);
      Tensor slot = torch::from_blob(own + used, p.sizes(), torch::kFloat32);
      if (p.grad().defined()) slot.copy_(p.grad());
      else slot.zero_();
      used += n;
    }
    shared_->flags[rank_] = flag;
    pthread_barrier_wait(&shared_->barrier);
    const Tensor all = torch::from_blob(numbers_, {count_, capacity_}, torch::kFloat32).narrow(1, 0, used);
    Tensor mean = all[0].clone();
    for (std::int64_t r = 1; r < count_; ++r) mean += all[r];
    mean /= static_cast<double>(count_);
    bool any = false;
    for (std::int64_t r = 0; r < count_; ++r) any = any || shared_->flags[r];
    pthread_barrier_wait(&shared_->barrier);  // nobody writes again before all have read
    used = 0;
    for (const auto& [name, p] : parameters) {
      Tensor(p).mutable_grad() = mean.narrow(0, used, p.numel()).view(p.sizes()).to(p.device());
      used += p.numel();
    }
    return any;
  }

 private:
  struct Shared {
    pthread_barrier_t barrier;
    bool flags[64] = {};
  };
  std::size_t bytes() const { return sizeof(Shared) + sizeof(float) * static_cast<std::size_t>(count_ * capacity_); }

  std::int64_t count_, capacity_, rank_ = 0;
  std::vector<pid_t> children_;
  Shared* shared_ = nullptr;
  float* numbers_ = nullptr;
};

}  // namespace opad
