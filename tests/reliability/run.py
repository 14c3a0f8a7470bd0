#!/usr/bin/env python3
"""Hostile tests of the built programs: kills, full disks, damaged files, signals, odd files.

  tests/reliability/run.py                         the short form of every kind, as CTest runs it (label reliability)
  tests/reliability/run.py kill --runs 200         a longer form: so many random cases
  tests/reliability/run.py system_calls --all      every place
  tests/reliability/run.py kill --seed 1 --case 17 one case again

A line for each failure says what to run again. Exit codes: 0 all is well, 1 a case failed, 77 nothing could be done.
Everything happens in a folder of its own, which is removed, and within limits of memory, disk and time.
"""
import argparse
import fnmatch
import importlib
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from harness import ROOT, Lab, Skip

KINDS = ["kill", "system_calls", "failures", "full_disk", "flipped_bits", "torn_files", "stop_signals", "writers",
         "streams", "special_files"]


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("kinds", nargs="*", metavar="KIND", help="one of " + ", ".join(KINDS) + "; none: all")
    p.add_argument("--runs", type=int, help="random cases, in the place of the short form's few")
    p.add_argument("--all", action="store_true", help="every place, in the place of the short form's few")
    p.add_argument("--seed", type=int, default=1, help="of everything random (1)")
    p.add_argument("--case", default="*", help="only the cases of this name; * stands for anything")
    p.add_argument("--minutes", type=float, default=60, help="after which no new case is begun (60)")
    p.add_argument("--bin", default=ROOT / "build" / "release" / "bin", help="folder of the programs")
    p.add_argument("--keep", action="store_true", help="keep the scratch folder, and say where it is")
    options = p.parse_args()
    for kind in options.kinds:
        if kind not in KINDS:
            p.error(f"{kind} is not one of {', '.join(KINDS)}")
    return options


def cpu():
    """Seconds of the processor, of this process and of those it waited for."""
    return sum(os.times()[:4])


def run_kind(kind, options, work):
    """-> cases that went well, that failed, that were skipped"""
    begin, processor, good, failed, skipped, late = time.monotonic(), cpu(), 0, 0, 0, 0
    lab = Lab(options.bin, work)
    again = "".join([f" --seed {options.seed}", f" --runs {options.runs}" if options.runs else "",
                     " --all" if options.all else ""])
    try:
        for name, case in importlib.import_module(kind).cases(lab, options):
            if not fnmatch.fnmatchcase(name, options.case):
                continue
            if time.monotonic() - begin > 60 * options.minutes:
                late += 1
                continue
            try:
                why = case()
            except Skip as skip:
                skipped += 1
                print(f"skipped {kind} {name}: {skip}", flush=True)
                continue
            except Exception:  # a fault of the case is told like one of the program
                why = "the case itself failed: " + traceback.format_exc().strip().replace("\n", " | ")
            finally:
                lab.close()
            if why:
                failed += 1
                print(f"FAILED {kind} {name}: {why}; again: tests/reliability/run.py {kind}{again} --case '{name}'",
                      flush=True)
            else:
                good += 1
    finally:  # of an interrupted run, too
        counts = "".join(f", {count} {what}" for what, count in sorted(lab.counts.items()))
        print(f"{kind}: {good} of {good + failed} cases well{f', {skipped} skipped' if skipped else ''}"
              f"{f', {late} not begun for want of time' if late else ''}{counts} (seed {options.seed}, "
              f"{time.monotonic() - begin:.0f} s, {cpu() - processor:.0f} of the processor)", flush=True)
    return good, failed, skipped


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # leaves nothing behind either
    total = [0, 0, 0]
    for kind in options.kinds or KINDS:
        work = Path(tempfile.mkdtemp(prefix=f"opad-{kind}-")).resolve()
        try:
            total = [a + b for a, b in zip(total, run_kind(kind, options, work))]
        finally:
            if options.keep:
                print("kept:", work)
            else:
                shutil.rmtree(work, ignore_errors=True)
    good, failed, skipped = total
    return 1 if failed else 77 if skipped and not good else 0


if __name__ == "__main__":
    sys.exit(main())
