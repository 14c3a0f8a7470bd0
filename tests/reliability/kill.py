"""SIGKILL at random moments, up to three in a row: the run must end with the files of one that was not disturbed."""
import random
import subprocess

from harness import checkpoints, differences, ended, said


def cases(lab, options):
    for i in range(options.runs or 8):
        yield str(i), lambda i=i: one(lab, random.Random(f"{options.seed}/{i}"), i % 2 == 0)


def one(lab, rng, one_command):
    """one_command: start and --resume in one, as a batch system gives it; else --resume only where a run goes on."""
    reference, seconds = lab.reference()
    out, log = lab.fresh("run"), []
    while True:
        command = lab.train(out, "--resume") if one_command else \
            [lab.bin / "opad", "--resume", out] if checkpoints(out) else lab.train(out)
        process, after = lab.start(command), rng.uniform(0.02, 1.1 * seconds)
        if len(log) == 3:
            break
        try:
            process.wait(after)
            break
        except subprocess.TimeoutExpired:
            lab.kill(process)
        lab.counts["kills"] += 1
        lab.counts["of them before the first checkpoint"] += not checkpoints(out)
        log.append(f"{after:.3f} s (checkpoints {checkpoints(out)})")
    done = lab.finish(process)
    if done.code != 0:
        return f"killed after {', '.join(log)}; then {ended(done)}: {said(done.text, out)}"
    if not (out / "summary.json").exists():
        return f"killed after {', '.join(log)}; then summary.json missing"
    different = differences(reference, out)
    return different and f"killed after {', '.join(log)}; then {different}"
