"""Many processes on one folder: one works, the others say so and touch nothing."""
import signal

from harness import differences, ended, ends_equal, refused, rows, said, wait_for


def cases(lab, options):
    count = options.runs or (20 if options.all else 6)
    for words in ((), ("--resume",), ("--overwrite",)):
        yield " ".join([f"{count} at once", *words]), lambda words=words: together(lab, count, words)
    for words in (("--resume",), ("--overwrite",)):
        yield " ".join(["beside one that sleeps", *words]), lambda words=words: beside_sleeper(lab, words)


def together(lab, count, words):
    reference, _ = lab.reference()
    out = lab.fresh("run")
    processes = [lab.start(lab.train(out, *words), log=f"log-{i}") for i in range(count)]
    done = [lab.finish(p) for p in processes]
    lab.counts["writers"] += count
    for each in done:
        if each.code != 0 and (why := refused(each, "another process", "holds a run")):
            return why
    worked = sum(each.code == 0 and "this run is finished" not in each.text for each in done)
    if worked < 1 or worked > 1 and "--overwrite" not in words:
        return f"{worked} of {count} went through"
    return differences(reference, out)


def beside_sleeper(lab, words):
    """A process that was stopped still owns its folder."""
    reference, _ = lab.reference()
    out = lab.fresh("run")
    sleeper = lab.start(lab.train(out), log="sleeper")
    wait_for(sleeper, lambda: rows(out) >= 2)
    sleeper.send_signal(signal.SIGSTOP)
    why = refused(lab.run(lab.train(out, *words)), "another process")
    sleeper.send_signal(signal.SIGCONT)
    done = lab.finish(sleeper)
    if why or done.code != 0:
        return why or f"the one that slept: {ended(done)}: {said(done.text, out)}"
    return differences(reference, out) or ends_equal(lab, lab.train(out, "--resume"), reference, out)
