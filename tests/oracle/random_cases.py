"""Does C++ agree with live Python on configurations drawn at random?

    python random_cases.py OPAD_PARITY [--seed S] [--count N] [--only FAMILY ...] [--keep FOLDER]

Draws N cases of each family (families/*.py: draw), lets the libraries compute them, and runs OPAD_PARITY on them. The seed is
printed; without --seed it is new each time. Exit status 1 where a case fails, which is kept.
"""
import argparse
import glob
import importlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common as c  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
FAMILIES = sorted(os.path.basename(f)[:-3] for f in glob.glob(os.path.join(HERE, "families", "[a-z]*.py")))


def make(family, seed, number, folder):
    r = random.Random(f"{seed}/{family}/{number}")
    module = importlib.import_module("families." + family)
    case = {"name": f"{family}_{number}", "family": family, "what": f"drawn at random, seed {seed}", "seed": r.randrange(10 ** 6)} | module.draw(r)
    os.makedirs(folder)
    c.write_json(os.path.join(folder, "drawn.json"), case)
    module.build(case, folder)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("program", help="opad_parity")
    ap.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10 ** 6))
    ap.add_argument("--count", type=int, default=1, help="cases of each family")
    ap.add_argument("--only", nargs="*", default=FAMILIES, choices=FAMILIES, metavar="FAMILY")
    ap.add_argument("--keep", help="where cases that fail are put")
    args = ap.parse_args()
    print(f"seed {args.seed}", flush=True)
    failed, total = 0, 0
    with tempfile.TemporaryDirectory() as tmp:
        for family in args.only:
            for number in range(args.count):
                folder = os.path.join(tmp, f"{family}_{number}")
                try:
                    make(family, args.seed, number, folder)
                except Exception:  # noqa: BLE001  the library itself refuses what was drawn
                    print(f"skip    {family} {number}: Python: {traceback.format_exc().splitlines()[-1]}", flush=True)
                    continue
                done = subprocess.run([args.program, folder], capture_output=True, text=True, errors="replace")
                total += 1
                if done.returncode:
                    failed += 1
                    print(f"FAILED  {family} {number}\n{done.stdout}{done.stderr}", flush=True)
                    if args.keep:
                        shutil.copytree(folder, os.path.join(args.keep, f"{args.seed}_{family}_{number}"), dirs_exist_ok=True)
                shutil.rmtree(folder)
    print(f"{total - failed} of {total} cases agree (seed {args.seed})")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
