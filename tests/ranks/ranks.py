#!/usr/bin/env python3
"""Trains with several ranks, kills some, and compares what is left. Standard library only.

  ranks.py CASE --bin build/release/bin [--count N] [--launcher plain|torchrun|mpirun|srun] [--seed N]

CASE is a function's name below without "case_". plain: this script sets RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT itself.
The launcher counts for `equal`. Exit code 77: it is not here.
"""
import argparse
import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TINY = ROOT / "models" / "tiny"
PHOTOS = ROOT / "data" / "photos" / "cat"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def clean_environment():
    env = {k: v for k, v in os.environ.items()
           if not k.startswith(("SLURM_", "OMPI_", "TORCHELASTIC_")) and k not in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
    env["OMP_NUM_THREADS"] = "1"
    return env


def training(output, *more, steps=20):
    return ["--models", TINY, "--instance-data", PHOTOS, "--instance-prompt", "<new1> cat", "--initializer-token", "photo",
            "--output", output, "--steps", steps, "--batch-size", 1, "--preview-every", 0, "--preview-count", 1,
            "--teacher-preview-steps", 0, "--validation-prompt", "a <new1> cat", "--teacher-optimiser.learning-rate", 1e-3,
            "--student-optimiser.learning-rate", 1e-3, *more]


class Ranks:
    """A command as several ranks, each with its own file of errors."""

    def __init__(self, words, size, scratch, env=None):
        words = [str(w) for w in words]
        port = free_port()
        self.files, self.processes = [], []
        for rank in range(size):
            of_rank = dict(env or clean_environment(), RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(size),
                           MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
            if size == 1:
                for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
                    del of_rank[name]
            path = Path(scratch) / f"rank-{rank}-{time.monotonic_ns()}.txt"
            self.files.append(path)
            with open(path, "wb") as file:
                self.processes.append(subprocess.Popen(words, env=of_rank, stdout=file, stderr=file, stdin=subprocess.DEVNULL))

    def wait(self, timeout=120):
        end = time.monotonic() + timeout
        for p in self.processes:
            try:
                p.wait(max(0.01, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                for other in self.processes:
                    other.kill()
                for other in self.processes:
                    other.wait()
                raise AssertionError(f"still there after {timeout} s:\n{self.text()}")
        return [p.returncode for p in self.processes]

    def said(self, rank):
        return self.files[rank].read_text(errors="replace")

    def text(self):
        return "".join(f"--- rank {r}\n{self.said(r)}" for r in range(len(self.files)))


def run(words, size, scratch, codes=None):
    ranks = Ranks(words, size, scratch)
    got = ranks.wait()
    assert got == (codes or [0] * size), f"exit codes {got}:\n{ranks.text()}"
    return ranks


def torchrun():
    for python in (sys.executable, ROOT / ".opad/venv/bin/python3"):
        if subprocess.run([str(python), "-c", "import torch.distributed.run"], capture_output=True).returncode == 0:
            return [str(python), "-m", "torch.distributed.run", "--standalone", "--no-python", "--nproc-per-node"]
    print("no torchrun here")
    sys.exit(77)


def starter(launcher):
    """start(words, size, scratch): runs a command to its end, as so many ranks of a launcher."""
    if launcher == "plain":
        return run
    if launcher == "torchrun":
        first = torchrun()
    else:
        if not shutil.which(launcher) or (launcher == "srun" and subprocess.run(["sinfo"], capture_output=True).returncode):
            print(f"no {launcher} here")
            sys.exit(77)
        # several ranks may share a core here, and the tests may be run by root
        first = {"mpirun": ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-np"],
                 "srun": ["srun", "--overcommit", "--ntasks"]}[launcher]

    def start(words, size, scratch):
        if size == 1:
            return run(words, 1, scratch)
        done = subprocess.run([*first, str(size), *[str(w) for w in words]], env=clean_environment(), capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
    return start


def weights(file):
    data = Path(file).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    assert all(8 + length + entry["data_offsets"][1] <= len(data) for entry in header.values()), f"{file} is cut off"
    return header


def results(folder):
    """Everything that a run's result is: names and bytes."""
    out = {}
    for path in sorted(Path(folder).rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and (path.suffix in (".safetensors", ".csv") or path.name == "adapters.json"):
            out[name] = path.read_bytes()
    return out


def same(a, b):
    one, two = results(a), results(b)
    assert one and one.keys() == two.keys(), f"{sorted(one.keys() ^ two.keys())}"
    for name in one:
        assert one[name] == two[name], f"{name} differs between {a} and {b}"


def no_drafts(folder):
    """No half-written file under its own name: what is there is readable, and what is hidden is a draft."""
    for path in Path(folder).rglob("*.safetensors"):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts):
            weights(path)


# ---- cases -----------------------------------------------------------------------------------------------------------

RECIPES = {
    "default": ("opad", []),
    "paper": ("presets", ["--recipe", "paper", "--lpips", ROOT / "tests/golden/lpips_alex/model/model.safetensors"]),
    "release": ("presets", ["--recipe", "release", "--resolution", 128]),
    "vsd-with-ema": ("critics", ["--recipe", "vsd"]),
    "second-stage": ("teaching", ["--recipe", "collaborative", "--coupling.joint-share", 0.5, "--coupling.pictures", 5]),
    "prior-two-concepts": ("opad", ["--instance-data", PHOTOS, "--instance-prompt", "<new2> dog", "--modifier-token", "<new1>",
                                    "<new2>", "--initializer-token", "dog", "--class-images", 2]),
}


def case_equal(args, scratch):
    """N ranks equal one rank that accumulates N batches, bit for bit; and so do two ranks with two batches each."""
    start = starter(args.launcher)
    for name, (program, more) in RECIPES.items():
        if args.only and name not in args.only:
            continue
        words = lambda to, n: [args.bin / program, *training(scratch / to, *more, "--accumulation", n, "--checkpoint-every", args.steps, steps=args.steps)]
        begin = time.monotonic()
        start(words(f"{name}-1", 2), 1, scratch)
        start(words(f"{name}-2", 2), 2, scratch)
        same(scratch / f"{name}-1", scratch / f"{name}-2")
        print(f"{name}: 2 ranks = 1 rank with accumulation 2, bit for bit ({time.monotonic() - begin:.0f} s)", flush=True)
        if name not in ("default",) and not args.all:
            continue
        for size in (1, 2, 4):
            start(words(f"{name}-4-{size}", 4), size, scratch)
        for size in (2, 4):
            same(scratch / f"{name}-4-1", scratch / f"{name}-4-{size}")
        print(f"{name}: 4 batches on 1, 2 and 4 ranks: the same, bit for bit", flush=True)


def killed(args, scratch, words, size, whole, n, rng, longest):
    """Starts ranks, kills one at a random moment, sees the others end, starts all again and compares."""
    output = scratch / f"killed-{n}"
    victim, moment = rng.randrange(size), rng.uniform(0.0, longest)
    ranks = Ranks(words(output), size, scratch)
    time.sleep(moment)
    ranks.processes[victim].kill()
    begin = time.monotonic()
    codes = ranks.wait(90)
    seconds = time.monotonic() - begin
    finished = all(c == 0 for r, c in enumerate(codes) if r != victim)
    if not finished:
        alone = ("ranks have come to", "cannot meet the others")  # a process that dies before it has come has told nobody
        came = not any(words in ranks.text() for words in alone)
        assert seconds < (10 if came else 75), f"ended after {seconds:.1f} s only:\n{ranks.text()}"
        for r, code in enumerate(codes):
            lines = [line for line in ranks.said(r).splitlines() if any(words in line for words in ("another rank", *alone))]
            assert r == victim or code == 0 or (code in (1, 2) and len(lines) == 1), f"rank {r}, {code}:\n{ranks.text()}"
            assert r == 0 or len(ranks.said(r).splitlines()) <= 1, f"rank {r} says\n{ranks.said(r)}"
    if output.exists():
        no_drafts(output)
    run([*words(output), "--resume"], size, scratch)
    same(whole, output)
    print(f"{n}: rank {victim} killed after {moment:.2f} s, the rest ended {seconds:.1f} s later; resumed to the same", flush=True)
    shutil.rmtree(output)


def case_death(args, scratch):
    """A rank that dies ends the others, and the run goes on from its last checkpoint to the same result."""
    rng = random.Random(args.seed)
    words = lambda to: [args.bin / "opad", *training(to, "--accumulation", 2, "--checkpoint-every", 2, steps=args.steps)]
    begin = time.monotonic()
    run(words(scratch / "whole"), 2, scratch)
    longest = time.monotonic() - begin
    for n in range(args.count):
        killed(args, scratch, words, 2, scratch / "whole", n, rng, longest)


def case_stop(args, scratch):
    """SIGTERM on the second rank makes one checkpoint for all; one rank goes on, or two, to the same result."""
    words = lambda to: [args.bin / "opad", *training(to, "--accumulation", 2, "--checkpoint-every", 100, steps=args.steps)]
    run(words(scratch / "whole"), 1, scratch)
    for size in (1, 2) if args.all else (1,):
        output = scratch / f"stopped-{size}"
        ranks = Ranks(words(output), 2, scratch)
        metrics = output / "metrics.csv"
        while not (metrics.exists() and len(metrics.read_bytes().splitlines()) > 2):
            time.sleep(0.02)
            assert ranks.processes[0].poll() is None, ranks.text()
        ranks.processes[1].send_signal(signal.SIGTERM)
        codes = ranks.wait(30)
        assert codes == [143, 143], f"{codes}\n{ranks.text()}"
        assert ranks.said(1) == "", ranks.said(1)
        assert len(list((output / "checkpoints").iterdir())) == 1
        run([*words(output), "--resume"], size, scratch)
        one, two = results(scratch / "whole"), results(output)
        for name in one:
            assert one[name] == two[name], name
        print(f"stopped by the second rank's SIGTERM, gone on with {size}: the same", flush=True)


def case_errors(args, scratch):
    """What cannot work is said by every rank in one line, and leaves no folder."""
    words = lambda *more: [args.bin / "opad", *training(scratch / "run", *more)]
    for more, text in (([], "--accumulation 1 does not divide among 2 ranks"),
                       (["--accumulation", 2, "--models", scratch / "nowhere"], "nowhere")):
        ranks = run(words(*more), 2, scratch, [2, 2])
        for rank in (0, 1):
            said = ranks.said(rank)
            assert text in said and len(said.splitlines()) == 1, ranks.text()
        assert ": rank 1: " in ranks.said(1)
    assert not (scratch / "run").exists()
    for name, value, text in (("RANK", "2", "RANK=2"), ("WORLD_SIZE", "two", "WORLD_SIZE=two"), ("MASTER_PORT", "0", "MASTER_PORT=0")):
        env = dict(clean_environment(), RANK="0", WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT="29400")
        env[name] = value
        done = subprocess.run([str(w) for w in words()], env=env, capture_output=True, text=True)
        assert done.returncode == 2 and text in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr


def launched(args, scratch, launcher):
    """A real launcher starts two ranks, which leave what one leaves."""
    start = starter(launcher)
    words = lambda to: [args.bin / "opad", *training(scratch / to, "--accumulation", 2, steps=args.steps)]
    run(words("one"), 1, scratch)
    start(words("two"), 2, scratch)
    same(scratch / "one", scratch / "two")
    print(f"{launcher}: 2 ranks = 1 rank with accumulation 2, bit for bit")


def case_mpirun(args, scratch):
    launched(args, scratch, "mpirun")


def case_srun(args, scratch):
    launched(args, scratch, "srun")


def children(pid):
    out = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            out.append(int(stat.parent.name))
    return sorted(out)


def case_torchrun(args, scratch):
    """torchrun starts two ranks; one is killed at a random moment; --max-restarts goes on by itself to the same result."""
    launcher = torchrun()
    rng = random.Random(args.seed)
    words = lambda to: [str(w) for w in [args.bin / "opad", *training(to, "--accumulation", 2, "--checkpoint-every", 2, steps=args.steps)]]
    run(words(scratch / "whole"), 1, scratch)
    for n in range(args.count):
        output = scratch / f"restarted-{n}"
        with open(scratch / "torchrun.txt", "wb") as file:
            agent = subprocess.Popen([*launcher, "2", "--max-restarts", "3", "--monitor-interval", "0.2", *words(output)],
                                     env=clean_environment(), stdout=file, stderr=file)
        say = lambda: (scratch / "torchrun.txt").read_text(errors="replace")
        while not (output / "metrics.csv").exists():
            time.sleep(0.02)
            assert agent.poll() is None, say()
        time.sleep(rng.uniform(0, 0.1 * args.steps))
        ranks = children(agent.pid)
        killed_one = bool(ranks)
        if ranks:
            os.kill(rng.choice(ranks), signal.SIGKILL)
        assert agent.wait(120) == 0, say()
        same(scratch / "whole", output)
        print(f"{n}: " + ("killed, restarted by torchrun: the same" if killed_one else "ended before it was killed"), flush=True)
        shutil.rmtree(output)


def sweep_words(args, to, *more):
    return [str(w) for w in [
        args.bin / "ablate_losses", "--models", TINY, "--output", to, "--evaluation-encoders",
        ROOT / "tests/golden/evaluate/metrics", "--steps", 2, "--batch-size", 1, "--prompts", 2, "--pictures", 1,
        "--initializer-token", "photo", *more]]


def case_shard(args, scratch):
    """The parts of a sweep, each in a folder of its own, then copied together: every cell is in one part, and --collect
    makes byte for byte the table of one worker. A part that cannot be is one line."""
    env = clean_environment()
    chosen = ["--concepts", "plain-duck", "--seeds", 3, 4, "--only", "full", "without-adversarial"]
    sweep = lambda to, *more: subprocess.run(sweep_words(args, to, *chosen, *more), env=env, capture_output=True, text=True)
    for wrong in ("0/3", "4/3", "x", "3", "1/0", "1/x", "-1/3", "1/3/5", "/"):
        done = sweep(scratch / "wrong", "--shard", wrong)
        assert done.returncode == 2 and done.stderr.count("\n") == 1 and f"--shard {wrong}: give I/N" in done.stderr, \
            f"--shard {wrong}: {done.returncode}\n{done.stderr}"
        assert not (scratch / "wrong").exists(), wrong
    done = sweep(scratch / "one")
    assert done.returncode == 0, done.stderr
    cells = lambda folder: {p.relative_to(folder) for p in folder.glob("*/*/seed-*/results.json")}
    together, parts = scratch / "together", []
    for i in (1, 2, 3):
        done = sweep(scratch / f"part-{i}", "--shard", f"{i}/3")
        assert done.returncode == 0, done.stderr
        parts.append(cells(scratch / f"part-{i}"))
        shutil.copytree(scratch / f"part-{i}", together, dirs_exist_ok=True)
    assert sum(map(len, parts)) == len(set().union(*parts)) == 4 and cells(scratch / "one") == set().union(*parts), parts
    for report in ("table.csv", "table.md", "report.html"):  # the last part's own, of its cells alone
        (together / report).unlink(missing_ok=True)
    done = sweep(together, "--collect")
    assert done.returncode == 0, done.stderr
    assert (scratch / "one/table.csv").read_bytes() == (together / "table.csv").read_bytes(), "the tables differ"
    print(f"parts of {[len(p) for p in parts]} cells, copied together: the table of one worker")


def case_sweep(args, scratch):
    """Eight workers on one sweep, two of them killed: every cell is done exactly once, the table is that of one worker."""
    sweep = lambda to, *more: sweep_words(args, to, "--concepts", "plain-duck", "dotted-cat", "--seeds", 3, 4, "--only", "full",
                                          "without-adversarial", "without-identity", *more)
    one, many = scratch / "one", scratch / "many"
    env = clean_environment()
    done = subprocess.run(sweep(one), env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rng = random.Random(args.seed)
    files = [open(scratch / f"worker-{w}.txt", "w+") for w in range(args.workers)]
    workers = [subprocess.Popen(sweep(many, "--workers-share"), env=env, stdout=f, stderr=f) for f in files]
    for victim in rng.sample(range(args.workers), 2):
        time.sleep(rng.uniform(1, 4))
        workers[victim].kill()
    say = lambda: "".join(f"--- worker {w}\n{(scratch / f'worker-{w}.txt').read_text()}" for w in range(args.workers))
    codes = [w.wait(300) for w in workers]
    assert sorted(set(codes)) in ([-9, 0], [0]), f"{codes}\n{say()}"
    trained = say().count(": done ")
    cells = list(many.glob("*/*/seed-*/results.json"))
    assert len(cells) == 12, f"{len(cells)} cells\n{say()}"
    assert trained == 12, f"{trained} cells were finished\n{say()}"
    assert (one / "table.csv").read_bytes() == (many / "table.csv").read_bytes(), "the tables differ"
    status = subprocess.run(sweep(many, "--status"), env=env, capture_output=True, text=True)
    assert status.returncode == 0 and "12 done" in status.stdout, status.stdout + status.stderr
    print(f"{args.workers} workers, 2 killed ({codes.count(-9)} before their end): 12 cells, each once; the table of one worker")


def main():
    cases = {name[5:]: f for name, f in globals().items() if name.startswith("case_")}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", choices=cases)
    parser.add_argument("--bin", type=Path, required=True)
    parser.add_argument("--launcher", choices=("plain", "torchrun", "mpirun", "srun"), default="plain")
    parser.add_argument("--count", type=int, default=3)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()
    args.bin = args.bin.resolve()
    scratch = Path(tempfile.mkdtemp(prefix="opad-ranks-"))
    try:
        cases[args.case](args, scratch)
    finally:
        if args.keep:
            print(scratch)
        else:
            shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
