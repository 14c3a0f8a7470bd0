// one_case EXECUTABLE ARGUMENTS...: does what EXECUTABLE ARGUMENTS... would, without loading LibTorch once more
// (case_server.hpp). Ends as the case ends, by its exit code or its signal. Where no server can be had, it becomes the
// executable itself.
#include "support/case_server.hpp"

#include <cstdio>

#ifdef __linux__
#include <sys/resource.h>

extern char** environ;

namespace {

// Listens at the address and starts the executable there, unless somebody else was faster.
void start_server(const char* executable, const sockaddr_un& address) {
  const int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 && listen(listener, 64) == 0) {
    const std::string parent = std::to_string(getppid());
    if (const pid_t child = fork(); child == 0) {
      setsid();
      if (fork() != 0) _exit(0);  // CTest waits for the children of a test
      const int nothing = open("/dev/null", O_RDWR);
      for (const int fd : {0, 1, 2}) dup2(nothing, fd);
      dup2(listener, 3);
      closefrom(4);
      execl(executable, executable, "--serve", parent.c_str(), nullptr);
      _exit(127);
    } else if (child > 0) {
      waitpid(child, nullptr, 0);
    }
  }
  close(listener);
}

// Connected to a server of this user, or -1.
int connect_to(const sockaddr_un& address) {
  const int connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  ucred server{};
  socklen_t size = sizeof server;
  if (connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &server, &size) == 0 && server.uid == geteuid())
    return connection;
  close(connection);
  return -1;
}

// Has the case run by the server. Returns where there is none.
void ask_server(char** words) {
  const sockaddr_un address = case_server::address(words[0], getppid());
  int connection = connect_to(address);
  if (connection < 0) start_server(words[0], address);
  for (int tries = 0; connection < 0 && tries < 100; ++tries) {  // between another's bind and listen
    connection = connect_to(address);
    if (connection < 0) usleep(1000);
  }
  case_server::Request request;
  request.folder = std::filesystem::current_path();
  for (char** word = words; *word != nullptr; ++word) request.words.emplace_back(*word);
  for (char** entry = environ; *entry != nullptr; ++entry) request.environment.emplace_back(*entry);
  pid_t process = 0;
  if (connection < 0 || !request.send(connection) || recv(connection, &process, sizeof process, 0) <= 0) return;

  int status = 0;
  if (recv(connection, &status, sizeof status, 0) != sizeof status) {
    std::fprintf(stderr, "one_case: the server of %s ended while the case ran\n", words[0]);
    std::exit(1);
  }
  if (WIFEXITED(status)) std::exit(WEXITSTATUS(status));
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  signal(WTERMSIG(status), SIG_DFL);
  raise(WTERMSIG(status));
}

}  // namespace
#endif

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("one_case: give an executable and its arguments\n", stderr);
    return 2;
  }
#ifdef __linux__
  if (argc > 2 && argv[2][0] != '-') ask_server(argv + 1);  // an option asks for a list
#endif
  execv(argv[1], argv + 1);
  std::perror(argv[1]);
  return 127;
}
