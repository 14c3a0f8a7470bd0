#!/usr/bin/env python3
"""The commands in the pages: each names programs, options, scripts and files that exist; and those that can be, are run.

  tests/pages/commands.py --bin build/release/bin            every page: names and options
  tests/pages/commands.py --bin build/release/bin --run      every page: runs, on models/tiny and two iterations

A command is a line of an indented block, or of a fenced block without a language. Options are looked up in --help, of a script in its
text. In prose, what stands in backticks and begins with -- must be an option of something.
A line for each fault says page, line and what is wrong. Exit codes: 0 all is well, 1 a fault, 77 nothing to check with.
"""
import argparse
import functools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", "CONTRIBUTING.md", "models/README.md"] + sorted(
    str(p.relative_to(ROOT)) for p in (ROOT / "docs").glob("*.md"))
OTHERS = {"git", "cd", "tensorboard", "export", "wait", "for", "parallel", "tr", "xargs", "sbatch", "bash", "wc", "sed"}
LAUNCHERS = {"torchrun", "srun", "mpirun"}
CTEST = {"--output-on-failure", "--test-dir", "--preset", "-R", "-L", "-E", "-j", "-j2", "-N"}
CMAKE = {"--preset", "--build", "--target", "--parallel", "--install", "--prefix", "-P", "-B", "-S", "-G"}
OF_OTHERS = {"--overlay-ports", "--processes", "--signal", "--max-restarts", "--array"}  # in prose: of queues and of Python's programs
MADE_BY_PAGES = {"with_edges", "compare_edges", "hinge"}  # programs, and options of what a page shows
SWEEPS_OF_PAGES = {"compare_edges"}
OPTIONS_OF_PAGES = {"--loss.edge.weight", "--loss.edge.scale", "--target.share"}


def commands(page):
    """(number of the line, command) for every command of the page; continued lines are one."""
    fence, before, started, block = None, "", 0, False
    for number, line in enumerate((ROOT / page).read_text().split("\n"), 1):
        if line.startswith("```"):
            fence = None if fence is not None else line[3:].strip()
            continue
        indented = line.startswith("    ")
        if fence is None:
            block = indented and (block or not last.strip())
        last = line
        if fence in ("", "sh", "bash") or (fence is None and block and line.strip()):
            text = before + line.strip()
            started = started if before else number
            if text.endswith("\\"):
                before = text[:-1]
                continue
            before = ""
            text = re.sub(r"(^|\s)#.*", "", text)
            yield started, re.split(r"(?<=\S) {3,}", text)[0]  # what stands behind three spaces explains


def spans(page):
    """(number of the line, text, line) for everything in backticks."""
    fence = False
    for number, line in enumerate((ROOT / page).read_text().split("\n"), 1):
        if line.startswith("```"):
            fence = not fence
        elif not fence and not line.startswith("    "):
            for text in re.findall(r"`([^`]+)`", line):
                yield number, text, line


def segments(text):
    """The simple commands of a line: lists of words, without redirections and what is in front of the program."""
    lexer = shlex.shlex(text.replace("...", " "), posix=True, punctuation_chars="|&;()")
    lexer.whitespace_split = True
    lexer.commenters = ""
    words = []
    for word in list(lexer) + [";"]:
        if word and set(word) <= set("|&;()"):
            while words and (words[0] in ("do", "then", "!") or re.match(r"^[A-Z_]+=", words[0])):
                words.pop(0)
            if words and words[0] != "done" and not words[0].startswith("-"):
                yield words
            words = []
        else:
            words.append(word)


class Checker:
    def __init__(self, binaries):
        self.binaries = binaries
        self.faults = []
        names = {p.name for p in binaries.iterdir()}
        self.programs = {n for n in names if not n.startswith("test_")}
        self.tests = {n for n in names if n.startswith("test_")}
        sources = {p.stem for p in (ROOT / "experiments").glob("*.cpp")}
        missing = sources - self.programs
        if missing:
            sys.exit(f"pages: not built: {' '.join(sorted(missing))}; build everything first")

    @functools.lru_cache(None)
    def output(self, *words):
        done = subprocess.run([self.binaries / words[0], *words[1:]], capture_output=True, text=True, cwd=ROOT,
                              env={**os.environ, "OMP_NUM_THREADS": "1"})
        return done.stdout + done.stderr

    @functools.lru_cache(None)
    def options(self, program, *choice):
        text = self.output(program, *choice, "--help")
        found = set(re.findall(r"(?<![\w-])--?[A-Za-z][\w.-]*", text))
        if "--train" in found or "--train VARIANT" in text:  # a sweep hands others to its runs
            row = self.output(program, "--list").split()[0]
            found |= self.options_of_row(program, row)
        return found

    @functools.lru_cache(None)
    def options_of_row(self, program, row):
        return set(re.findall(r"(?<![\w-])--[a-z][\w.-]*", self.output(program, "--train", row, "--help"))) | {"--train"}

    def script_options(self, script):
        text = (ROOT / script).read_text()
        found = set(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", text))
        for name in re.findall(r"build/release/bin/(\w+)", text) + re.findall(r"OPAD_BIN/(\w+)", text):
            if name in self.programs:
                found |= self.options(name)
        for sweep in re.findall(r"^sweeps=\((.*)\)", text, re.M):
            for name in sweep.split():
                found |= self.options(name)
        return found | CTEST if "ctest" in text else found

    def fault(self, where, text):
        self.faults.append(f"{where}: {text}")

    def files(self, where, words):
        for word in words:
            if re.match(r"^(\./)?(scripts|tests|docs|cmake|experiments|benchmarks|data/photos|models/(mini|tiny))/", word):
                if not (ROOT / word).exists():
                    self.fault(where, f"there is no {word}")

    def options_exist(self, where, program, words, known):
        skip = False
        for word in words:
            if skip:  # a name for --set
                if "--" + word.split("=")[0] not in known:
                    self.fault(where, f"{program} knows no {word.split('=')[0]}")
            skip = word == "--set"
            if re.match(r"^--?[A-Za-z]", word) and word.split("=")[0] not in known:
                self.fault(where, f"{program} knows no {word.split('=')[0]}")

    def command(self, where, words):
        name = words[0]
        base = name.rsplit("/", 1)[-1]
        self.files(where, words)
        in_bin = name.startswith("build/release/bin/")
        if in_bin and base in MADE_BY_PAGES:
            like = "ablate_losses" if base in SWEEPS_OF_PAGES else "opad"
            self.options_exist(where, base, words[1:], self.options(like) | OPTIONS_OF_PAGES)
        elif in_bin and base in self.tests:
            if base != "test_programs" and "0 test cases" in self.output(base, *words[1:], "--list-tests"):
                self.fault(where, f"{' '.join(words)} has no tests")
        elif (in_bin or "/" not in name) and base in self.programs:
            choice = []
            if "--recipe" in words:
                choice = words[words.index("--recipe"):][:2]
            if base == "sprites" and len(words) > 1:
                choice = words[1:2]
            self.options_exist(where, base, words[1:], self.options(base, *choice))
        elif name.startswith(("scripts/", "tests/", "benchmarks/")):
            if not os.access(ROOT / name, os.X_OK):
                self.fault(where, f"{name} is no program")
            else:
                mine = words[1:words.index("--")] if "--" in words else words[1:]
                self.options_exist(where, name, mine, self.script_options(name))
                self.options_exist(where, name, words[1 + len(mine):], self.everything())
                if name == "scripts/build":
                    self.targets(where, words[1:])
        elif name in ("cmake", "ctest"):
            self.options_exist(where, name, [w for w in words[1:] if not w.startswith("-D")], CMAKE if name == "cmake" else CTEST)
            presets = [p["name"] for p in json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"]]
            for option, value in zip(words, words[1:]):
                if option == "--preset" and value not in presets:
                    self.fault(where, f"there is no preset {value}")
                if option == "--target":
                    self.targets(where, [value])
        elif name in LAUNCHERS:
            inner = [i for i, word in enumerate(words) if word.startswith("build/release/bin/")]
            if not inner:
                self.fault(where, f"{name} starts nothing of opad")
            else:
                self.command(where, words[inner[0]:])
        elif name not in OTHERS:
            self.fault(where, f"{name} is no program")

    def targets(self, where, names):
        ninja = self.binaries.parent / "build.ninja"
        known = set(re.findall(r"^build ([\w-]+): phony", ninja.read_text(), re.M)) if ninja.exists() else None
        for name in names:
            if known is not None and name not in known | MADE_BY_PAGES:
                self.fault(where, f"there is no target {name}")

    def check(self, page):
        count = 0
        for number, text in commands(page):
            if re.match(r"^\\|^[A-Z][a-z]* |.*[{;]$|^TEST_CASE|.*\\mathrm", text):  # formulas, code and messages stand indented, too
                continue
            for words in segments(text.replace("<this repository>", "URL")):
                self.command(f"{page}:{number}", words)
                count += 1
        for number, text, line in spans(page):
            text = text.strip()
            if re.match(r"^((\w+=\S+ )*)(build/release/bin/|scripts/)[a-z]", text):
                for words in segments(text):
                    self.command(f"{page}:{number}", words)
                    count += 1
            elif re.match(r"^--[a-z]", text):
                option = text.split()[0].split("=")[0]
                slot = option.endswith(".") and f'"{option[2:-1]}"' in (ROOT / "include/opad/recipe/slots.hpp").read_text()
                if not slot and option not in self.everything() and "do not exist" not in line:
                    self.fault(f"{page}:{number}", f"nothing knows {option}")
        return count

    @functools.lru_cache(None)
    def everything(self):
        """Every option of every program and script."""
        found = CTEST | CMAKE | OF_OTHERS | OPTIONS_OF_PAGES
        for program in {p.stem for p in (ROOT / "experiments").glob("*.cpp")} | {n for n in self.programs if n.startswith("pretrain-")}:
            found |= self.options(program)
        for program in ("presets", "direct", "critics", "teaching"):
            for recipe in re.findall(r"^  ([a-z][\w-]+) ", self.output(program, "--help"), re.M):
                found |= self.options(program, "--recipe", recipe)
        for folder in ("scripts", "tests/reliability", "tests/ranks", "experiments/pretrain", "benchmarks",
                       "benchmarks/against_python"):
            for file in (ROOT / folder).iterdir():
                if file.is_file():
                    found |= set(re.findall(r"(?<![\w-])--[a-z][\w-]*", file.read_text(errors="replace")))
                    found |= {"--" + name for name in re.findall(r'"([a-z][a-z-]+)"', file.read_text(errors="replace"))}
        return found


class Runner:
    """Runs a page's commands in a folder where what they name lies: small models in the place of real ones, two iterations."""

    def __init__(self, binaries, folder):
        self.folder, self.binaries = folder, binaries
        tiny, photos = ROOT / "models/tiny", ROOT / "data/photos/cat"
        links = {"data/photos": ROOT / "data/photos", "experiments": ROOT / "experiments", "scripts": ROOT / "scripts",
                 "build/release/bin": binaries, "my/mug": photos, "my/dog": photos, "photos/my-dog": photos, "data/dog": photos,
                 "elsewhere/photos": photos, "elsewhere/models": tiny, "stable-diffusion-2-1": tiny / "teacher",
                 "sd-turbo": tiny / "student", "models/evaluation": ROOT / "tests/golden/evaluate/metrics",
                 "data/dreambench/cat": photos, "vit_small_patch16_224.dino": tiny / "dino", "ip-adapter": tiny / "identity-encoder"}
        for name, target in links.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).symlink_to(target)
        (folder / "data/dreambench/prompts_and_classes.txt").write_text("""Classes
subject_name,class
cat,cat

Prompts
Object Prompts
prompt_list = [
'a {0} {1} on the beach'.format(unique_token, class_token),
]
Live Subject Prompts
prompt_list = [
'a {0} {1} in the snow'.format(unique_token, class_token),
]
""")

    def start(self, words):
        words, extra = [str(w) for w in words], []
        name = Path(words[0]).name
        if name == "opad":
            concepts = words.index("--instance-prompt") if "--instance-prompt" in words else 0
            count = len([w for w in words[concepts + 1:concepts + 3] if not w.startswith("--")]) if concepts else 1
            if "--resume" not in words or "--output" in words:
                extra += ["--steps", "2", "--batch-size", "1", "--preview-count", "1", "--teacher-preview-steps", "2", "--preview-every", "0",
                          "--resolution", "96", "--initializer-token"] + ["photo"] * count
                if "--models" not in words and "--teacher" not in words:
                    extra += ["--models", str(ROOT / "models/tiny")]
                if "--config" not in words or "--instance-data" in words:
                    extra += ["--validation-prompt", "a <new1> photo"]
        if name == "generate":
            extra += ["--resolution", "96", "--count", "1", "--overwrite"]
        if "--device" in words:
            extra += ["--device", "cpu"]
        done = subprocess.run(words + extra, cwd=self.folder, capture_output=True, text=True,
                              env={**os.environ, "OMP_NUM_THREADS": "1"})
        return done.returncode, done.stderr.strip().split("\n")[-1]

    def page(self, page):
        """-> (commands run, faults)"""
        count, faults = 0, []
        for number, text in commands(page):
            if any(c in text for c in "|&<>;$") and not re.search(r'"[^"]*<new', text) or "..." in text:
                continue
            for words in segments(text) if text.startswith("build/release/bin/") else []:
                name = words[0].rsplit("/", 1)[-1]
                quick = name in ("opad", "generate") or set(words) & {"--list", "--dry-run", "--help", "--status"}
                if not quick or name in MADE_BY_PAGES:
                    continue
                if set(words) & {"--lora", "--embedding"}:  # tests/programs/export_test.cpp makes such files and reads them
                    continue
                if "runs/demo" in words:  # scripts/demo makes it
                    self.start(["build/release/bin/opad", "--instance-data", "my/mug", "--instance-prompt", "<new1> clock", "--output", "runs/demo"])
                for made, of in (("my-lora", "runs/both"), ("elsewhere/mug", "runs/mug")):
                    if made in words:
                        shutil.copytree(self.folder / of, self.folder / made)
                code, error = self.start(words)
                count += 1
                if code != 0:
                    faults.append(f"{page}:{number}: {' '.join(words)}\n    left with {code}: {error}")
        return count, faults


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("pages", nargs="*", help="none: all")
    p.add_argument("--bin", type=Path, default=ROOT / "build/release/bin", help="folder of the programs")
    p.add_argument("--run", action="store_true", help="run them, in the place of looking up what they name")
    options = p.parse_args()
    binaries, pages, faults, count = options.bin.resolve(), options.pages or PAGES, [], 0
    if options.run:
        with tempfile.TemporaryDirectory() as folder:
            for page in pages:
                here = Path(folder) / page.replace("/", "-")
                if not any(text.startswith("build/release/bin/") for _, text in commands(page)):
                    continue
                here.mkdir()
                ran, wrong = Runner(binaries, here).page(page)
                count, faults = count + ran, faults + wrong
                print(f"{page}: {ran} commands run")
    else:
        checker = Checker(binaries)
        for page in pages:
            count += checker.check(page)
        faults = checker.faults
    for fault in faults:
        print(fault)
    print(f"pages: {count} commands in {len(pages)} pages, {len(faults)} faults")
    return 1 if faults or not count else 0


if __name__ == "__main__":
    sys.exit(main())
