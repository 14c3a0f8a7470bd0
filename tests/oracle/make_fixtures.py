"""Makes the fixtures of tests/golden again: python make_fixtures.py [--out ../golden] [--only FAMILY_OR_CASE ...]"""
import argparse
import importlib
import os
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import common as c  # noqa: E402


def folder_size(path):
    return sum(os.path.getsize(os.path.join(r, f)) for r, _, fs in os.walk(path) for f in fs)


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--cases", default=os.path.join(HERE, "cases.json"))
    ap.add_argument("--out", default=os.path.join(HERE, "..", "golden"))
    ap.add_argument("--only", nargs="*", help="families or case names; default: everything")
    args = ap.parse_args()
    for case in c.read_json(args.cases):
        if args.only and not {case["name"], case["family"]} & set(args.only):
            continue
        start = time.time()
        out = os.path.join(args.out, case["name"])
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(out)
        module = importlib.import_module("families." + case["family"])
        data = module.build(case, out)
        for root, _, files in os.walk(out):
            for f in files:
                os.chmod(os.path.join(root, f), 0o644)
        tol = data.get("tolerance", {})
        print(f"{case['name']:32s} {folder_size(out) / 1024:8.0f} KiB  atol {tol.get('atol', 0):.0e}  "
              f"{time.time() - start:5.1f} s", flush=True)


if __name__ == "__main__":
    main()
