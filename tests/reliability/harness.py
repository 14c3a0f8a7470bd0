"""What all kinds share: programs started within limits, the fast run, two runs compared file by file."""
import collections
import hashlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120  # seconds after which a program is said to hang
MEMORY = 2 << 30  # bytes of its own that a program may have
FILE_SIZE = 1 << 30

GREETING = re.compile(r"\d+ pictures of \"")  # what a run says before its first iteration

Finished = collections.namedtuple("Finished", "code text")  # code: -n where signal n killed it, None where it hung


class Skip(Exception):
    """A case that this machine cannot do, in words."""


class Lab:
    """A scratch folder with photographs and undisturbed runs, and the programs of a build."""

    def __init__(self, binaries, work):
        self.bin, self.work = Path(binaries).resolve(), Path(work)
        self.models, self.photos = ROOT / "models" / "tiny", self.work / "photos"
        self.processes = []
        self.counts = collections.Counter()  # what a kind wants its summary to say
        self.environment = dict(os.environ, OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", LC_ALL="C.UTF-8")
        made = self.run([self.bin / "sprites", "concept", "plain-clock", self.photos, "--resolution", "32"])
        assert made.code == 0, made.text
        self.references = {}

    # ---- commands ------------------------------------------------------------------------------------------------
    def train(self, out, *more, program="opad", steps=6, every=2, preview=3, photos=None, models=None):
        """The command of a run whose steps take hundredths of a second."""
        return [self.bin / program, "--models", models or self.models, "--instance-data", photos or self.photos,
                "--instance-prompt", "<new1> cat", "--initializer-token", "photo",
                "--validation-prompt", "a <new1> cat", "--resolution", 32, "--batch-size", 1,
                "--loss.ms-swd.projections", 4, "--loss.ms-swd.levels", 1, "--loss.ms-swd.patch", 3,
                "--preview-count", 1, "--teacher-preview-steps", 0, "--threads", 1, "--steps", steps,
                "--checkpoint-every", every, "--preview-every", preview, "--output", out, *more]

    def generate(self, adapters, out):
        return [self.bin / "generate", "--model", self.models / "student", "--base", self.models / "teacher",
                "--adapters", adapters, "--prompt", "a <new1> cat", "--count", 1, "--resolution", 32, "--output", out]

    def start(self, command, data=MEMORY, file_size=FILE_SIZE, log="log", **more):
        """A process whose output goes to a file; ended with finish()."""
        def limits():
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_DATA, (data, data))
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
        path = self.work / log
        with path.open("wb") as file:
            more = {"stdin": subprocess.DEVNULL, "stdout": file, "stderr": file, "env": self.environment,
                    "start_new_session": True, **more}
            process = subprocess.Popen([os.fspath(word) if isinstance(word, Path) else str(word) for word in command],
                                       preexec_fn=limits, **more)
        process.log = path
        self.processes = [p for p in self.processes if p.poll() is None] + [process]
        return process

    def finish(self, process, patience=PATIENCE):
        try:
            code = process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill(process)
            code = None
        return Finished(code, process.log.read_bytes().decode(errors="replace"))

    def kill(self, process):
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def close(self):
        """Ends what a case left running."""
        for process in self.processes:
            if process.poll() is None:
                self.kill(process)

    def run(self, command, patience=PATIENCE, **more):
        return self.finish(self.start(command, **more), patience)

    # ---- folders -------------------------------------------------------------------------------------------------
    def fresh(self, name):
        """A path in the scratch folder where nothing is."""
        path = self.work / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        return path

    def copy(self, folder, name):
        return shutil.copytree(folder, self.fresh(name), symlinks=True)

    def reference(self, *more, **options):
        """An undisturbed run and the seconds that it took."""
        key = repr((more, sorted(options.items())))
        if key not in self.references:
            out = self.fresh(f"reference-{len(self.references)}")
            begin = time.monotonic()
            done = self.run(self.train(out, *more, **options))
            assert done.code == 0, done.text
            self.references[key] = out, time.monotonic() - begin
        return self.references[key]


# ---- comparing -------------------------------------------------------------------------------------------------------
def content(run):
    """The files of a run by name: hashes of all that says nothing of when and where."""
    found = {}
    for path in sorted(Path(run).rglob("*")):
        name = str(path.relative_to(run))
        if not path.is_file() or path.name in (".lock", "summary.json", "report.html") or path.name.startswith("events.out."):
            continue
        data = path.read_bytes()
        if name == "config.json":
            config = json.loads(data)
            for option in ("output", "resume", "overwrite", "max-minutes"):
                config["options"].pop(option, None)
            data = json.dumps(config).encode()
        elif name == "files.txt":  # event files bear the time in their names; an order says nothing
            data = b"\n".join(sorted(l for l in data.split(b"\n") if not l.startswith(b"events.out.")))
        found[name] = hashlib.sha256(data).hexdigest()
    return found


def differences(reference, run):
    """Names of files that differ between two runs, with the reason; "" for none."""
    a, b = content(reference), content(run)
    found = [f"{n} {'missing' if n not in b else 'too many' if n not in a else 'differs'}"
             for n in sorted(a.keys() | b.keys()) if a.get(n) != b.get(n)]
    return ", ".join(found)


def checkpoints(run):
    return sorted(int(p.name[5:]) for p in Path(run).glob("checkpoints/step-*"))


def rows(run):
    """Iterations that metrics.csv holds."""
    file = Path(run) / "metrics.csv"
    return file.read_bytes().count(b"\n") - 1 if file.exists() else 0


# ---- judging ---------------------------------------------------------------------------------------------------------
def said(text, *folders):
    """The last line that a program said, short, without its progress line."""
    lines = [l for l in text.replace("\r", "\n").splitlines() if l.strip() and "steps/s" not in l]
    line = lines[-1] if lines else "nothing"
    for folder in folders:
        line = line.replace(str(folder), folder.name)
    return line[:200]


def ended(done):
    return "it hung" if done.code is None else f"signal {-done.code}" if done.code < 0 else f"exit code {done.code}"


def refused(done, *words):
    """Why this is not what a refusal should be: exit code 2 and one line that holds one of the words. "" if it is."""
    lines = [l for l in done.text.splitlines() if l.strip() and not GREETING.match(l)]
    if done.code != 2:
        return f"{ended(done)} in place of 2: {said(done.text)}"
    if len(lines) != 1:
        return f"refused with {len(lines)} lines: {said(done.text)}"
    if words and not any(word.lower() in done.text.lower() for word in words):
        return f"refused without a word of {' or '.join(words)}: {said(done.text)}"
    return ""


def ends_equal(lab, command, reference, run):
    """Why a command does not end with the files of an undisturbed run. "" if it does."""
    done = lab.run(command)
    if done.code != 0:
        return f"afterwards {ended(done)}: {said(done.text, run)}"
    missing = "" if (run / "summary.json").exists() else "summary.json missing"
    return ", ".join(filter(None, [differences(reference, run), missing]))


def wait_for(process, condition, patience=PATIENCE):
    """Until the condition holds. False where the process ended before."""
    end = time.monotonic() + patience
    while process.poll() is None and time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.002)
    return bool(condition())
