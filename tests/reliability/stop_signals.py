"""The signals with which people and queues end programs, in every phase of a run: what is done is kept, the exit code
is 128 + n, and the same command goes on. Once the last iteration is done, what is under way is finished."""
import os
import signal

from harness import checkpoints, differences, ended, ends_equal, rows, said, wait_for

SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGXCPU"]
CLASS = ("--class-prompt", "cat", "--class-images", 12, "--class-steps", 20)
PHASES = ["loading", "class pictures", "training", "saving"]


def cases(lab, options):
    for i, name in enumerate(SIGNALS):
        for j, phase in enumerate(PHASES):
            if options.all or (i + j) % 3 == 0:  # the short form: every signal and every phase, not each with each
                yield f"{name} {phase}", lambda name=name, phase=phase: one(lab, getattr(signal, name), phase)
    yield "SIGINT twice", lambda: twice(lab)
    yield "the time is up", lambda: time_is_up(lab)


def reads_models(process, models):
    """Models are mapped into its memory: long after its handlers are set."""
    try:
        with open(f"/proc/{process.pid}/maps", encoding="utf-8", errors="replace") as maps:
            return str(models) in maps.read()
    except OSError:
        return False


def one(lab, number, phase):
    more = CLASS if phase == "class pictures" else ()
    reference, _ = lab.reference(*more)
    for _ in range(5):  # on a busy machine a phase can pass between two looks
        out = lab.fresh("run")
        command = lab.train(out, *more, "--resume")
        process = lab.start(command)
        reached = wait_for(process, {
            "loading": lambda: reads_models(process, lab.models),
            "class pictures": lambda: (out / "class-images" / "0-1.png").exists(),
            "training": lambda: rows(out) >= 2,
            "saving": lambda: (out / "checkpoints" / "step-6").exists()}[phase])
        if process.poll() is None:
            process.send_signal(number)
        done = lab.finish(process)
        if reached:
            break
    if not reached:
        return f"the phase never came: {ended(done)}: {said(done.text, out)}"
    lab.counts["signals"] += 1
    if phase == "saving" and done.code == 0:
        return differences(reference, out)
    if done.code != 128 + number:
        return f"{ended(done)} in place of {128 + number}: {said(done.text, out)}"
    if "stop" not in done.text.lower():
        return f"not a word of it: {said(done.text, out)}"
    if phase == "training" and checkpoints(out)[-1:] != [rows(out)]:
        return f"stopped after step {rows(out)} with the checkpoints {checkpoints(out)}"
    return ends_equal(lab, command, reference, out)


def time_is_up(lab):
    """--max-minutes: a queue's limit, kept without a signal."""
    reference, _ = lab.reference()
    out = lab.fresh("run")
    done = lab.run(lab.train(out, "--resume", "--max-minutes", 0.0001))
    if done.code != 99:
        return f"{ended(done)} in place of 99: {said(done.text, out)}"
    if checkpoints(out)[-1:] != [rows(out)]:
        return f"stopped after step {rows(out)} with the checkpoints {checkpoints(out)}"
    return ends_equal(lab, lab.train(out, "--resume", "--max-minutes", 0), reference, out)


def twice(lab):
    """The second one ends it at once, and nothing is lost but what the last checkpoint does not hold."""
    reference, _ = lab.reference()
    out = lab.fresh("run")
    command = lab.train(out, "--resume")
    process = lab.start(command)
    wait_for(process, lambda: rows(out) >= 2)
    for _ in range(2):
        if process.poll() is None:
            os.kill(process.pid, signal.SIGINT)
    done = lab.finish(process)
    if done.code not in (130, 0):
        return f"{ended(done)} in place of 130: {said(done.text, out)}"
    return ends_equal(lab, command, reference, out)
