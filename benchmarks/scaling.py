#!/usr/bin/env python3
"""What an update takes on N ranks: a model of few constants, checked against measurements, and what it says of many
machines.

    T(N) = (A / N) c max(1, N / cores) + s + x(N) / bandwidth + m(N) latency
    x(N) = (A / N + 1) (N - 1) / N G        bytes that a rank receives: its part of the gradients after each of its
                                            micro-steps, all the other parts at the end; over one shared link, N times
                                            that

    m(N) = (A / N + 1) (N - 1)              messages that a rank waits for: one from each other rank in each of these
                                            exchanges

  A  micro-batches of an update (--accumulation)    c  seconds of a core for one of them
  G  bytes of gradients (opad --explain)            s  seconds that every rank spends once an update: optimisers

  benchmarks/scaling.py     measures 1, 2 and 4 ranks of the preset Default on the mini world, then again over a link of
                            100 Mbit/s (a network namespace: needs root, ip and tc)
  benchmarks/scaling.py --model --micro-batch-seconds 0.5 --gradient-bytes 76e6 --gigabits 100
                                                the table of 1 to 1024 GPUs for these constants, nothing is run

c and s come from two runs on one rank, with 1 and A micro-batches; G from --explain; so the rows of 2 and 4 ranks are
predictions.
Seconds need an idle machine."""
import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).resolve().parent.parent
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--binaries", type=pathlib.Path, default=root / "build/release/bin")
parser.add_argument("--ranks", type=int, nargs="+", default=[1, 2, 4])
parser.add_argument("--accumulation", type=int, default=4)
parser.add_argument("--steps", type=int, default=12)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--links", nargs="+", default=["none", "100mbit"], help="rates as tc writes them; none: no limit")
parser.add_argument("--model", action="store_true", help="only the model's table, for constants that are given")
parser.add_argument("--micro-batch-seconds", type=float, default=0.5)
parser.add_argument("--serial-seconds", type=float, default=0.01)
parser.add_argument("--gradient-bytes", type=float, default=76e6)
parser.add_argument("--gigabits", type=float, default=100, help="that a rank receives a second")
parser.add_argument("--latency", type=float, default=5e-5, help="seconds of a message")
parser.add_argument("--run", nargs=3, metavar=("RANKS", "ACCUMULATION", "FOLDER"), help=argparse.SUPPRESS)
options = parser.parse_args()
cores = os.cpu_count() or 1


def received(ranks, accumulation, gradient_bytes):
    """Bytes that one rank receives for an update."""
    return (accumulation / ranks + 1) * (ranks - 1) / ranks * gradient_bytes


def messages(ranks, accumulation):
    return (accumulation / ranks + 1) * (ranks - 1)


def predicted(ranks, accumulation, c, s, gradient_bytes, bandwidth, on_cores=None):
    """Seconds of an update. on_cores: the ranks share so many; none: each has its own."""
    crowd = max(1.0, ranks / on_cores) if on_cores else 1.0
    return (accumulation / ranks * c * crowd + s + received(ranks, accumulation, gradient_bytes) / bandwidth
            + messages(ranks, accumulation) * options.latency)


def words(folder, accumulation):
    return [str(w) for w in [
        options.binaries / "opad", "--models", root / "models/mini", "--instance-data", root / "data/photos/cat",
        "--instance-prompt", "<new1> cat", "--initializer-token", "cat", "--validation-prompt", "a <new1> cat",
        "--output", folder, "--overwrite", "--steps", options.steps, "--batch-size", 1, "--accumulation", accumulation,
        "--preview-every", 0, "--preview-count", 1, "--teacher-preview-steps", 0, "--checkpoint-every", 1000]]


def run(ranks, accumulation, folder):
    """Median seconds of an update."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    processes = []
    for rank in range(ranks):
        env = {**os.environ, "OMP_NUM_THREADS": "1"}
        if ranks > 1:
            env.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(ranks), MASTER_ADDR="127.0.0.1",
                       MASTER_PORT=str(port), GLOO_SOCKET_IFNAME="lo")
        processes.append(subprocess.Popen(words(folder, accumulation), env=env, stdout=subprocess.DEVNULL,
                                          stderr=subprocess.PIPE, text=True))
    errors = [p.communicate()[1] for p in processes]
    if any(p.returncode for p in processes):
        sys.exit("a rank failed:\n" + "\n".join(errors)[-2000:])
    return json.loads((pathlib.Path(folder) / "summary.json").read_text())["median seconds per iteration"]


def measured(ranks, accumulation, link, scratch):
    folder = pathlib.Path(scratch) / "run"
    if link == "none":
        return run(ranks, accumulation, folder)
    inner = [sys.executable, __file__, "--binaries", options.binaries, "--steps", options.steps, "--run", ranks,
             accumulation, folder]
    command = "ip link set lo up && tc qdisc add dev lo root tbf rate %s burst 128kb latency 1s && exec \"$@\"" % link
    done = subprocess.run(["unshare", "-n", "sh", "-c", command, "sh", *map(str, inner)], capture_output=True,
                          text=True)
    if done.returncode:
        sys.exit(f"the link of {link} failed:\n{done.stderr[-2000:]}")
    return float(done.stdout)


def bytes_a_second(link):
    """Of a rate as tc writes it. Without a limit the loopback's is left out: it moves gigabytes a second."""
    if link == "none":
        return float("inf")
    number, unit = re.fullmatch(r"([\d.]+)(kbit|mbit|gbit)", link).groups()
    return float(number) * {"kbit": 1e3, "mbit": 1e6, "gbit": 1e9}[unit] / 8


def gradient_bytes(scratch):
    said = subprocess.run([*words(pathlib.Path(scratch) / "explained", options.accumulation), "--explain"],
                          capture_output=True, text=True, check=True).stdout
    return int(re.search(r"exchanged by ranks\s+(\d+) bytes", said).group(1))


def table_of_many():
    c, s, g = options.micro_batch_seconds, options.serial_seconds, options.gradient_bytes
    bandwidth = options.gigabits * 1e9 / 8
    print(f"c {c} s, s {s} s, G {g / 1e6:.1f} MB, {options.gigabits:g} Gbit/s a rank, "
          f"latency {options.latency * 1e6:g} µs\n")
    print("| ranks | one update of A = ranks: seconds | efficiency | one of A = 64: seconds | efficiency |")
    print("|---:|---:|---:|---:|---:|")
    for n in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024):
        weak = predicted(n, n, c, s, g, bandwidth)
        line = f"| {n} | {weak:.3f} | {predicted(1, 1, c, s, g, bandwidth) / weak:.2f} |"
        if n <= 64:
            strong = predicted(n, 64, c, s, g, bandwidth)
            line += f" {strong:.3f} | {predicted(1, 64, c, s, g, bandwidth) / (n * strong):.2f} |"
        else:
            line += " a rank has no micro-batch | |"
        print(line)


def compare():
    with tempfile.TemporaryDirectory() as scratch:
        g = gradient_bytes(scratch)
        times = {}
        for _ in range(options.rounds):  # in turn, so that a slow minute hits all
            for link in options.links:
                for ranks, accumulation in [(1, 1)] + [(n, options.accumulation) for n in options.ranks]:
                    if ranks == 1 and link != options.links[0]:
                        continue
                    seconds = measured(ranks, accumulation, link, scratch)
                    times.setdefault((link, ranks, accumulation), []).append(seconds)
    median = {key: statistics.median(values) for key, values in times.items()}
    first = options.links[0]
    one, many = median[first, 1, 1], median[first, 1, options.accumulation]
    c = (many - one) / (options.accumulation - 1)
    s = max(0.0, one - c)
    print(f"{cores} cores; c {c:.3f} s, s {s:.3f} s, G {g} bytes; {options.accumulation} micro-batches an update, "
          f"medians of {options.rounds}\n")
    print("| link | ranks | seconds (least to most) | model | off by |\n|---|---:|---:|---:|---:|")
    for (link, ranks, accumulation), values in times.items():
        model = predicted(ranks, accumulation, c, s, g, bytes_a_second(link) / ranks, cores)
        got = statistics.median(values)
        print(f"| {link} | {ranks}{' (A = 1)' if accumulation == 1 else ''} | "
              f"{got:.3f} ({min(values):.3f} to {max(values):.3f}) | {model:.3f} | {100 * (got / model - 1):+.0f} % |")


if options.run:
    print(run(int(options.run[0]), int(options.run[1]), options.run[2]))
elif options.model:
    table_of_many()
else:
    able = os.geteuid() == 0 and shutil.which("tc") and shutil.which("unshare")
    if any(link != "none" for link in options.links) and not able:
        print("scaling: a limited link needs root, unshare and tc; only the plain one is measured", file=sys.stderr)
        options.links = ["none"]
    compare()
