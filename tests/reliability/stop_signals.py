"""The signals with which people and queues end programs, in every phase of a run: what is done is kept, the exit code
is 128 + n, and the same command goes on. Once the last iteration is done, what is under way is finished."""
import os
import signal

from harness import checkpoints, differences, ended, ends_equal, rows, said, wait_for

SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGXCPU"]
CLASS = ("--class-prompt", "cat", "--class-images", 12, "--class-steps", 20)
MANY = ("--preview-count", 100)  # a drawing takes most of a second
SECOND = ("--recipe", "collaborative", "--coupling.joint-share", 0.5, "--coupling.pictures", 100)
PHASES = ["loading", "class pictures", "training", "previews", "second stage", "saving"]


def cases(lab, options):
    for i, name in enumerate(SIGNALS):
        for j, phase in enumerate(PHASES):
            if options.all or (i + j) % 4 == 0:  # the short form: every signal and every phase, not each with each
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
    more = {"class pictures": CLASS, "previews": MANY, "second stage": SECOND}.get(phase, ())
    how = {"program": "teaching"} if phase == "second stage" else {}
    reference, _ = lab.reference(*more, **how)
    for _ in range(5):  # on a busy machine a phase can pass between two looks
        out = lab.fresh("run")
        command = lab.train(out, *more, "--resume", **how)
        process = lab.start(command)
        reached = wait_for(process, {
            "loading": lambda: reads_models(process, lab.models),
            "class pictures": lambda: (out / "class-images" / "0-1.png").exists(),
            "training": lambda: rows(out) >= 2,
            "previews": lambda: rows(out) == 3,
            "second stage": lambda: rows(out) == 3,
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
    if phase == "previews" and (out / "previews" / "step-000003.png").exists():
        return "the previews were drawn to their end first"
    if phase == "second stage" and (out / "collaborative").exists():
        return "the pictures of the second stage were made to their end first"
    if phase in ("training", "previews", "second stage") and checkpoints(out)[-1:] != [rows(out)]:
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
