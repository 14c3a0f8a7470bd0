"""Standard streams that are closed, full or gone: training goes on, and what is said lands in no file of the run."""
import itertools
import os
import pty

from harness import Finished, differences, ended, rows, said, wait_for

TALK = [b'pictures of "<new1>', b"\ncurves:   ", b"Stopping after this"]


def cases(lab, options):
    names = {0: "stdin", 1: "stdout", 2: "stderr"}
    sets = [s for n in (1, 2, 3) for s in itertools.combinations(names, n)]
    for closed in sets if options.all else [(2,), (0, 2), (0, 1, 2)]:
        yield "closed " + " ".join(names[d] for d in closed), lambda closed=closed: with_closed(lab, closed)
    yield "stdout and stderr into a pipe that ends", lambda: pipe(lab)
    yield "stderr full", lambda: full(lab)
    yield "the terminal goes away", lambda: terminal(lab)


def judge(lab, done, out):
    reference, _ = lab.reference()
    talk = [str(f.relative_to(out)) for f in out.rglob("*") if f.is_file() and any(t in f.read_bytes() for t in TALK)]
    if talk:
        return f"what it said landed in {', '.join(talk)}"
    if done.code != 0:
        return f"{ended(done)}: {said(done.text, out)}"
    return differences(reference, out)


def with_closed(lab, closed):
    out = lab.fresh("run")
    # a shell closes them, for Python would open them again
    redirections = " ".join(f"{d}>&-" for d in closed)
    done = lab.run(["sh", "-c", f'exec "$@" {redirections}', "sh", *lab.train(out)])
    return judge(lab, done, out)


def pipe(lab):
    out = lab.fresh("run")
    read, write = os.pipe()
    process = lab.start(lab.train(out), stdout=write, stderr=write)
    os.close(write)
    os.read(read, 1)
    os.close(read)
    return judge(lab, lab.finish(process), out)


def full(lab):
    out = lab.fresh("run")
    with open("/dev/full", "wb") as device:
        return judge(lab, lab.finish(lab.start(lab.train(out), stdout=device, stderr=device)), out)


def terminal(lab):
    """A lost connection: the system sends SIGHUP, which asks for a checkpoint. The same command goes on."""
    out = lab.fresh("run")
    ours, theirs = pty.openpty()
    process = lab.start(["setsid", "-c", *lab.train(out, "--resume")], stdin=theirs, stdout=theirs, stderr=theirs,
                        start_new_session=False)
    os.close(theirs)
    wait_for(process, lambda: rows(out) >= 2)
    os.close(ours)
    done = lab.finish(process)
    if done.code not in (0, 128 + 1):
        return f"{ended(done)}: {said(done.text, out)}"
    return judge(lab, lab.run(lab.train(out, "--resume")) if done.code else Finished(0, ""), out)
