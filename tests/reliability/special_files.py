"""Files that are none, or too large, in the place of photographs, models and configurations: nothing hangs or fills the
memory. Beside photographs they are passed over and named, or refused in one line; elsewhere refused in one line."""
import os
import shutil
import socket
import struct
import zlib

from harness import ended, refused, said

LFS = ("version https://git-lfs.github.com/spec/v1\n"
       "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n")
HTML = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>This model is restricted.</body></html>\n"
SMALL = {"steps": 1, "every": 1, "preview": 0}


def cases(lab, options):
    def link(to):
        return lambda path: path.symlink_to(to)

    def make_socket(path):
        with socket.socket(socket.AF_UNIX) as s:
            here = os.open(".", os.O_RDONLY)  # an address has room for 108 bytes
            os.chdir(path.parent)
            s.bind(path.name)
            os.fchdir(here)
            os.close(here)

    odd = {"a fifo": os.mkfifo, "/dev/zero": link("/dev/zero"), "a socket": make_socket,
           "a link to itself": lambda p: p.symlink_to(p.name),
           "a link to nothing": link("/nowhere"), "a folder": os.mkdir, "an empty file": lambda p: p.write_bytes(b""),
           "a git-lfs pointer": lambda p: p.write_text(LFS), "an HTML page": lambda p: p.write_text(HTML),
           "13000 x 13000 pixels": lambda p: p.write_bytes(png(13000, 13000)),
           "30000 x 30000 pixels": lambda p: p.write_bytes(png(30000, 30000, 1))}
    for name, make in odd.items():
        yield f"photograph: {name}", lambda make=make: photograph(lab, make)
    yield "photographs: 10,000", lambda: many(lab)
    yield "photographs: a folder that links to itself", lambda: loop(lab)
    words = {"a fifo": ["fifo", "pipe"], "/dev/zero": ["device"], "a folder": ["folder"],
             "a link to itself": ["symbolic links"], "a link to nothing": ["no such", "no weights"],
             "an empty file": ["empty", "bytes"], "a git-lfs pointer": ["lfs"], "an HTML page": ["HTML", "web page"]}
    for name, expected in words.items():
        yield f"weights: {name}", lambda name=name, expected=expected: weights(lab, odd[name], expected)
    for name in ("a fifo", "/dev/zero", "a folder", "a link to itself", "a git-lfs pointer", "an HTML page"):
        yield f"--config: {name}", lambda name=name: config(lab, odd[name])
        yield f"--adapters: {name}", lambda name=name: adapters(lab, odd[name])


def png(width, height, bits=8):
    """A black picture in shades of grey."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    squeeze, row = zlib.compressobj(1), bytes(1 + (width * bits + 7) // 8)
    body = b"".join(squeeze.compress(row) for _ in range(height)) + squeeze.flush()
    head = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def trains_or_refuses(lab, done, out, words):
    if done.code == 0:
        return "" if (out / "summary.json").exists() else "exit code 0, but no summary.json"
    if why := refused(done, *words):
        return why
    return "refused, but a folder is left" if out.exists() else ""


def photograph(lab, make):
    photos, out = lab.copy(lab.photos, "photos with one more"), lab.fresh("run")
    make(photos / "odd.png")
    done = lab.run(lab.train(out, photos=photos, **SMALL))
    silent = done.code == 0 and "odd.png" not in done.text and not (photos / "odd.png").is_file()
    return trains_or_refuses(lab, done, out, ["odd.png"]) or ("not a word of it" if silent else "")


def many(lab):
    photos, out = lab.fresh("many photos"), lab.fresh("run")
    photos.mkdir()
    first = next(iter(sorted(lab.photos.glob("*.png"))))
    for i in range(10000):
        os.link(first, photos / f"{i}.png")
    why = trains_or_refuses(lab, lab.run(lab.train(out, photos=photos, **SMALL)), out, ["10000", "10,000"])
    shutil.rmtree(photos)
    return why


def loop(lab):
    photos, out = lab.fresh("photos that loop"), lab.fresh("run")
    photos.symlink_to(photos.name)
    why = refused(lab.run(lab.train(out, photos=photos, **SMALL)), photos.name)
    photos.unlink()
    return why


def weights(lab, make, words):
    models, out = lab.fresh("models"), lab.fresh("run")
    shutil.copytree(lab.models, models, copy_function=os.symlink)
    file = models / "student" / "unet" / "diffusion_pytorch_model.safetensors"
    file.unlink()
    make(file)
    why = refused(lab.run(lab.train(out, models=models, **SMALL)), *words)
    return why or ("refused, but a folder is left" if out.exists() else "")


def config(lab, make):
    file, out = lab.fresh("odd.png"), lab.fresh("run")
    make(file)
    return refused(lab.run(lab.train(out, "--config", file, **SMALL)), file.name) or \
        ("refused, but a folder is left" if out.exists() else "")


def adapters(lab, make):
    folder, out = lab.fresh("adapters"), lab.fresh("pictures")
    folder.mkdir()
    file = folder / "pytorch_custom_diffusion_weights.safetensors"
    make(file)
    return refused(lab.run(lab.generate(folder, out)), file.name)
