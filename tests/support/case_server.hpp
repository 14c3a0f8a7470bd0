#pragma once
/// LibTorch takes longer to load than most test cases take to run. So CTest runs a case by one_case.cpp, which asks a
/// server for it: the test executable itself, which has loaded LibTorch and forks for each case. A case has a process
/// of its own, as if the executable had been started for it: it sees nothing of other cases, and it dies alone.
///
/// The first case of an executable starts the server; it ends with the CTest that asked, or after ten idle seconds.
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#ifdef __linux__
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>

namespace case_server {

/// Where the server of an executable listens: a name that is no file, another one for each build and each CTest.
inline sockaddr_un address(const char* executable, pid_t parent) {
  struct stat file{};
  stat(executable, &file);
  sockaddr_un result{};
  result.sun_family = AF_UNIX;
  snprintf(result.sun_path + 1, sizeof result.sun_path - 1, "opad-cases-%d-%llx-%llx-%llx", parent,
           static_cast<unsigned long long>(file.st_dev), static_cast<unsigned long long>(file.st_ino),
           static_cast<unsigned long long>(file.st_mtim.tv_sec * 1000000000 + file.st_mtim.tv_nsec));
  return result;
}

/// What a case needs of the process that asks for it: folder, arguments, environment, and the three standard streams.
struct Request {
  std::vector<std::string> words, environment;
  std::string folder;
  int streams[3] = {0, 1, 2};

  bool send(int connection) const {
    std::string text = folder + '\0' + std::to_string(words.size()) + '\0';
    for (const auto* list : {&words, &environment})
      for (const std::string& word : *list) text += word + '\0';
    iovec part{text.data(), text.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof streams)]{};
    msghdr message{nullptr, 0, &part, 1, control, sizeof control, 0};
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    *header = {CMSG_LEN(sizeof streams), SOL_SOCKET, SCM_RIGHTS};
    std::memcpy(CMSG_DATA(header), streams, sizeof streams);
    return sendmsg(connection, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }

  static std::optional<Request> receive(int connection) {
    std::string text(1 << 20, '\0');
    iovec part{text.data(), text.size()};
    Request request;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof request.streams)];
    msghdr message{nullptr, 0, &part, 1, control, sizeof control, 0};
    const ssize_t length = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
    const cmsghdr* const header = length > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
    if (header == nullptr || header->cmsg_len != CMSG_LEN(sizeof request.streams)) return std::nullopt;
    std::memcpy(request.streams, CMSG_DATA(header), sizeof request.streams);
    std::vector<std::string> words;
    for (const char* at = text.data(); at < text.data() + length; at += words.back().size() + 1) words.emplace_back(at);
    request.folder = words.at(0);
    const auto environment = words.begin() + 2 + std::stoi(words.at(1));
    request.words.assign(words.begin() + 2, environment);
    request.environment.assign(environment, words.end());
    return request;
  }
};

/// In the forked process: becomes the one that was asked for.
inline void become(const Request& request) {
  for (int i = 0; i < 3; ++i) dup2(request.streams[i], i);
  clearenv();
  for (const std::string& entry : request.environment) putenv(strdup(entry.c_str()));
  if (chdir(request.folder.c_str()) != 0) _exit(2);
}

/// Answers at the socket `listener` until `parent` has ended or nobody has asked for ten seconds; then it returns
/// nothing. In the process of a case it returns the arguments.
inline std::optional<std::vector<std::string>> serve(int listener, pid_t parent) {
  // another thread would be missing in the forked processes
  if (std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}) != 1) return std::nullopt;
  sigset_t ended, before;
  sigemptyset(&ended);
  sigaddset(&ended, SIGCHLD);
  sigprocmask(SIG_BLOCK, &ended, &before);
  const int signals = signalfd(-1, &ended, 0);
  const int parent_ended = static_cast<int>(syscall(SYS_pidfd_open, parent, 0));
  std::map<int, pid_t> cases;  // by connection
  while (true) {
    std::vector<pollfd> events{{parent_ended, POLLIN, 0}, {signals, POLLIN, 0}, {listener, POLLIN, 0}};
    for (const auto& [connection, process] : cases) events.push_back({connection, 0, 0});
    const int count = poll(events.data(), events.size(), cases.empty() ? 10000 : -1);
    if (count == 0 || events[0].revents != 0) break;

    for (std::size_t i = 3; i < events.size(); ++i)  // who asked is gone: CTest has stopped the case
      if (events[i].revents != 0) kill(-cases.at(events[i].fd), SIGKILL);
    if (events[1].revents != 0) {
      signalfd_siginfo ignored;
      if (read(signals, &ignored, sizeof ignored) < 0) break;
      int status = 0;
      for (pid_t process; (process = waitpid(-1, &status, WNOHANG)) > 0;)
        std::erase_if(cases, [&](const auto& entry) {
          if (entry.second != process) return false;
          send(entry.first, &status, sizeof status, MSG_NOSIGNAL);
          close(entry.first);
          return true;
        });
    }
    if (events[2].revents != 0) {
      const int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      const auto request = Request::receive(connection);
      const pid_t process = request ? fork() : -1;
      if (process == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        sigprocmask(SIG_SETMASK, &before, nullptr);
        become(*request);
        closefrom(3);
        return request->words;
      }
      if (request)
        for (const int stream : request->streams) close(stream);
      if (process > 0) {
        setpgid(process, process);
        send(connection, &process, sizeof process, MSG_NOSIGNAL);
        cases[connection] = process;
      } else {
        close(connection);
      }
    }
  }
  for (const auto& [connection, process] : cases) kill(-process, SIGKILL);
  return std::nullopt;
}

}  // namespace case_server
#endif

/// The main of a test executable: body(argc, argv), for whoever starts it; with --serve PROCESS, for each who asks.
template <class Body>
int main_with_server(int argc, const char* const* argv, const Body& body) {
#ifdef __linux__
  if (argc == 3 && std::string(argv[1]) == "--serve") {
    constexpr int listener = 3;
    const auto asked = case_server::serve(listener, std::stoi(argv[2]));
    if (!asked) return 0;
    std::vector<const char*> words;
    for (const std::string& word : *asked) words.push_back(word.c_str());
    words.push_back(nullptr);
    const int code = body(static_cast<int>(words.size()) - 1, words.data());
    std::cout.flush();
    std::fflush(nullptr);
    _exit(code);  // to take LibTorch's tables apart, this process would first have to copy them: a tenth of a second
  }
#endif
  return body(argc, argv);
}
