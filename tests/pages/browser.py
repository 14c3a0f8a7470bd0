#!/usr/bin/env python3
"""Opens both report pages in headless Chromium and uses them as people do: with the keyboard, on a wide and on a narrow
screen, in light and dark, on paper, through the accessibility tree.

  tests/pages/browser.py build/release/bin/test_experiment [SCREENSHOTS]

SCREENSHOTS is a folder for pictures of what was seen. Without a Chromium it says so and ends with code 77.
"""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time


class Browser:
    """Chromium by its DevTools protocol, through a pipe: messages are JSON, each ended by a zero byte."""

    def __init__(self, program, profile):
        to_read, self.to = os.pipe()
        self.back, back_write = os.pipe()
        command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                   "--hide-scrollbars", f"--user-data-dir={profile}", "--remote-debugging-pipe"]
        words = " ".join(f"'{word}'" for word in command)
        self.process = subprocess.Popen(["sh", "-c", f"exec {words} 3<&{to_read} 4>&{back_write}"],
                                        pass_fds=(to_read, back_write), stderr=subprocess.DEVNULL)
        os.close(to_read), os.close(back_write)
        self.count, self.rest, self.session, self.faults, self.loaded = 0, b"", None, [], False
        target = self("Target.createTarget", url="about:blank")["targetId"]
        self.session = self("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Accessibility"):
            self(domain + ".enable")

    def message(self):
        while b"\0" not in self.rest:
            more = os.read(self.back, 1 << 20)
            if not more:
                raise SystemExit("Chromium has ended")
            self.rest += more
        text, self.rest = self.rest.split(b"\0", 1)
        found = json.loads(text)
        if found.get("method") == "Runtime.exceptionThrown":
            self.faults.append(found["params"]["exceptionDetails"]["exception"].get("description", "?"))
        if found.get("method") == "Page.loadEventFired":
            self.loaded = True
        return found

    def __call__(self, method, **params):
        self.count += 1
        question = {"id": self.count, "method": method, "params": params}
        if self.session:
            question["sessionId"] = self.session
        data = json.dumps(question).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data):]
        while True:
            answer = self.message()
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise SystemExit(f"{method}: {answer['error']}")
                return answer["result"]

    def open(self, file, width, scheme="light", media="screen"):
        self("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500)
        self("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.loaded = False
        self("Page.navigate", url=file.as_uri())
        while not self.loaded:
            self.message()

    def js(self, expression):
        answer = self("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise SystemExit(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def press(self, key, code=0, text="", modifiers=0):
        for kind in ("keyDown", "keyUp"):
            self("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code,
                 modifiers=modifiers, **({"text": text} if text and kind == "keyDown" else {}))

    def picture(self, file, whole=True):
        data = self("Page.captureScreenshot", captureBeyondViewport=whole,
                    **({"clip": {"x": 0, "y": 0, "width": self.js("innerWidth"),
                                 "height": min(6000, self.js("document.documentElement.scrollHeight")), "scale": 1}}
                       if whole else {}))["data"]
        file.write_bytes(base64.b64decode(data))

    def close(self):
        self.process.terminate()
        self.process.wait()


complaints = []


def need(true, what):
    if not true:
        complaints.append(what)
        print("not so:", what)


SEEN = "e => e.checkVisibility() && getComputedStyle(e).display !== 'none'"
VISIBLE = "[...document.querySelectorAll('button.open')].filter(b => b.checkVisibility())"
# what reaches beyond the right edge of the screen
BEYOND = """[...document.querySelectorAll('main *')].filter(e => e.checkVisibility() && !e.closest('.unseen') &&
  getComputedStyle(e).clipPath === 'none' && e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.tagName + '.' + (e.getAttribute('class') || '')).slice(0, 5).join(' ')"""
# the smallest contrast of a text colour with a ground, as WCAG computes it
CONTRAST = """(() => {
  const root = getComputedStyle(document.documentElement);
  const light = name => { const c = root.getPropertyValue(name).trim().slice(1), h = c.length === 3
      ? [...c].map(x => x + x) : c.match(/../g);
    const [r, g, b] = h.map(x => parseInt(x, 16) / 255)
      .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const pairs = ['--ink', '--soft', '--good', '--bad', '--accent'].flatMap(t => ['--paper', '--panel'].map(g => {
    const [a, b] = [light(t), light(g)].sort((x, y) => y - x); return [(a + .05) / (b + .05), t + ' on ' + g]; }));
  return pairs.sort((x, y) => x[0] - y[0])[0];
})()"""


def check_fit(browser, name):
    for width in (1280, 390):
        browser.open(pages[name], width)
        need(browser.js("document.documentElement.scrollWidth") <= width, f"{name}: {width} pixels need no scrolling")
        beyond = browser.js(BEYOND)
        need(not beyond, f"{name}: nothing reaches beyond {width} pixels, but {beyond}")
        look(browser, f"{name}-{width}")
    browser.open(pages[name], 1280, "dark")
    need(browser.js("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 28)", f"{name}: dark is dark")
    look(browser, f"{name}-dark")
    for scheme in ("light", "dark"):
        browser.open(pages[name], 1280, scheme)
        ratio, colours = browser.js(CONTRAST)
        need(ratio >= 4.5, f"{name}: {scheme}: contrast of {colours} is {ratio:.2f}, at least 4.5")
    browser.open(pages[name], 800, "dark", "print")
    hidden = browser.js("['nav', '.controls', '.slider'].every(s => [...document.querySelectorAll(s)].every("
                        "e => !e.checkVisibility()))")
    need(hidden, f"{name}: paper shows nothing that is to be clicked")
    ground = browser.js("getComputedStyle(document.body).backgroundColor")
    need(ground == "rgb(255, 255, 255)", f"{name}: paper is white")
    look(browser, f"{name}-print")
    if screenshots:
        pdf = browser("Page.printToPDF", preferCSSPageSize=True, printBackground=False)["data"]
        (screenshots / f"{name}.pdf").write_bytes(base64.b64decode(pdf))


def check_names(browser, name):
    """What a screen reader hears: every control and picture has a name, tables are tables."""
    browser.open(pages[name], 390)
    nodes = browser("Accessibility.getFullAXTree")["nodes"]
    roles = {}
    for node in nodes:
        if not node.get("ignored"):
            roles.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
    for role in ("button", "image", "img", "checkbox", "slider", "table", "link"):
        nameless = sum(1 for each in roles.get(role, []) if not each.strip())
        need(nameless == 0, f"{name}: {nameless} nodes of the role {role} have no name")
    need(roles.get("table"), f"{name}: tables stay tables on a narrow screen")
    need(roles.get("rowheader"), f"{name}: rows stay named on a narrow screen")
    return roles


def check_large(browser, name, start):
    """A picture opens by the keyboard, arrows walk, Escape closes, the focus is where one was."""
    browser.open(pages[name], 1280)
    browser.js(VISIBLE + f"[{start - 1}].focus()")
    browser.press("Tab", 9)
    browser.press("Tab", 9, modifiers=8)  # back, with the shift key: as somebody who uses the keyboard
    need(browser.js("getComputedStyle(document.activeElement).outlineStyle") == "solid", f"{name}: the focus is seen")
    browser.press("Enter", 13, "\r")
    need(browser.js("document.querySelector('dialog').open"), f"{name}: Enter opens a picture")
    count = "document.querySelector('dialog .count').textContent"
    need(browser.js(count).startswith(f"Picture {start} of "), f"{name}: it says which it is")
    first = browser.js("document.querySelector('dialog dl').textContent")
    look(browser, f"{name}-large", whole=False)
    browser.press("ArrowRight", 39)
    need(browser.js(count).startswith(f"Picture {start + 1} of "), f"{name}: right goes on")
    browser.press("ArrowLeft", 37)
    need(browser.js("document.querySelector('dialog dl').textContent") == first, f"{name}: left goes back")
    for _ in range(8):
        browser.press("Tab", 9)
        need(browser.js("!document.activeElement || document.activeElement === document.body || "
                        "!!document.activeElement.closest('dialog')"), f"{name}: Tab stays within")
    browser.press("ArrowRight", 39)
    browser.press("Escape", 27)
    need(not browser.js("document.querySelector('dialog').open"), f"{name}: Escape closes")
    focused = lambda: browser.js(VISIBLE + ".indexOf(document.activeElement)") == start
    end = time.monotonic() + 5  # the event of the closing comes when the browser gets to it
    while not focused() and time.monotonic() < end:
        time.sleep(0.05)
    need(focused(), f"{name}: the focus is on what was shown last")
    browser.open(pages[name], 390)
    browser.js(VISIBLE + "[0].click()")
    need(browser.js("document.querySelector('dialog').scrollWidth <= 390"), f"{name}: large fits a narrow screen")
    look(browser, f"{name}-large-390", whole=False)
    return first


def check_sweep(browser):
    facts = check_large(browser, "sweep", 4)  # after the photographs
    need(all(word in facts for word in ("row", "concept", "prompt", "noise", "seed 1", "DINO", "CLIP-T")),
         f"sweep: a large picture says what it is: {facts}")
    roles = check_names(browser, "sweep")
    need(len(roles["rowheader"]) >= 2 * 27, "sweep: 27 rows in table and cost")
    browser.open(pages["sweep"], 1280)
    before = browser.js(VISIBLE + ".length")
    browser.js("document.querySelector('.controls').open = true")
    browser.js("""document.querySelector('[data-showsrow="without-critics"]').focus()""")
    browser.press(" ", 32, " ")
    seen = "[...document.querySelectorAll('[data-{}=\"{}\"]')].filter(" + SEEN + ").length"
    left = browser.js(seen.format("row", "without-critics"))
    need(left == 0, f"sweep: a row that is hidden is nowhere, but {left} times")
    need(browser.js(VISIBLE + ".length") == before - 6 * 3, "sweep: its pictures are hidden, and no others")
    browser.js("""document.querySelector('[data-showscolumn="clip-t"]').click()""")
    left = browser.js(seen.format("column", "clip-t"))
    need(left == 0, "sweep: a column that is hidden is nowhere")
    look(browser, "sweep-hidden")
    browser.js(VISIBLE + "[2].click()")  # full, after two photographs
    browser.press("ArrowRight", 39)
    words = browser.js("document.querySelector('dialog dl').textContent")
    need("worse & odd" in words, f"sweep: arrows pass over it: {words}")
    browser.press("Escape", 27)
    browser.js("""document.querySelector('.controls fieldset button[value=none]').click()""")
    rows = browser.js(f"[...document.querySelectorAll('[data-row]')].filter({SEEN}).length")
    need(rows == 0, "sweep: none hides all rows")
    browser.js("""document.querySelector('.controls fieldset button[value=all]').click()""")
    need(browser.js(VISIBLE + ".length") == before, "sweep: all shows them again")


def check_run(browser):
    facts = check_large(browser, "run", 2)
    need("prompt" in facts and "noise" in facts, f"run: a large picture says what it is: {facts}")
    check_names(browser, "run")
    browser.open(pages["run"], 1280)
    need(browser.js("document.querySelector('.slider').checkVisibility()"), "run: the slider is there")
    browser.js("document.querySelector('.slider input').focus()")
    browser.press("ArrowRight", 39)
    need(browser.js("getComputedStyle(document.querySelector('.pair')).getPropertyValue('--cut')") == "51%",
         "run: the slider moves the seam")
    need(browser.js("document.querySelector('.slider input').getAttribute('aria-valuetext')") ==
         "51 % untrained, 49 % trained", "run: and says where it is")


def look(browser, name, whole=True):
    if screenshots:
        browser.picture(screenshots / f"{name}.png", whole)


chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
if not chromium:
    print("skipped: no chromium on this machine")
    sys.exit(77)
screenshots = pathlib.Path(sys.argv[2]).absolute() if len(sys.argv) > 2 else None
if screenshots:
    screenshots.mkdir(parents=True, exist_ok=True)
with tempfile.TemporaryDirectory(prefix="opad-pages-") as name:
    folder = pathlib.Path(name)
    subprocess.run([sys.argv[1], "Pages for a browser"], env={**os.environ, "OPAD_PAGES": name}, check=True,
                   stdout=subprocess.DEVNULL)
    pages = {each: folder / each / "report.html" for each in ("sweep", "run")}
    browser = Browser(chromium, folder / "profile")
    try:
        for each in pages:
            check_fit(browser, each)
        check_sweep(browser)
        check_run(browser)
        need(not browser.faults, f"scripts run without a fault: {browser.faults}")
    finally:
        browser.close()
sys.exit(f"{len(complaints)} complaints" if complaints else 0)
