"""The page of the server in headless Chromium, driven through its debugging pipe.

    python server_page.py --shots FOLDER       keeps screenshots: desk, phone, dark, settings
"""
import argparse
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path


class Browser:
    """One tab. The pipe carries JSON messages that end with a zero byte."""

    def __init__(self, program, folder):
        down, self.input = os.pipe()
        self.output, up = os.pipe()
        command = [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--disable-dev-shm-usage",
                   "--hide-scrollbars", f"--user-data-dir={folder}", "about:blank"]
        # The browser wants the pipe as descriptors 3 and 4; they are moved out of the way of each other first.
        self.process = subprocess.Popen(["bash", "-c", f'exec 60<&{down} 61>&{up}; exec 3<&60 4>&61; exec "$@"', "bash", *command],
                                        pass_fds=(down, up), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        os.close(down)
        os.close(up)
        self.number, self.buffer, self.session, self.errors = 0, b"", None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(domain + ".enable")

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.input, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self.buffer:
                part = os.read(self.output, 1 << 20)
                if not part:
                    raise SystemExit("chromium is gone")
                self.buffer += part
            text, self.buffer = self.buffer.split(b"\0", 1)
            answer = json.loads(text)
            if answer.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.errors.append(answer["params"])
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise SystemExit(f"{method}: {answer['error']}")
                return answer["result"]

    def run(self, script):
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        return result["result"].get("value")

    def wait(self, script, seconds=10):
        start = time.monotonic()
        while time.monotonic() - start < seconds:
            if self.run(script):
                return True
            time.sleep(0.05)
        return False

    def type(self, text, enter=True):
        self.run("document.getElementById('input').focus()")
        self.call("Input.insertText", text=text)
        if enter:
            for kind in ("keyDown", "keyUp"):
                self.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13)

    def shot(self, path):
        Path(path).write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def close(self):
        self.process.kill()
        self.process.wait()


def suite(checks, server, shots=None):
    program = shutil.which("chromium")
    if not program:
        print("page: skipped: chromium is not installed (tools/install test)")
        return
    with tempfile.TemporaryDirectory(prefix="gemmac-page-") as folder:
        browser = Browser(program, folder)
        try:
            drive(checks, server, browser, shots)
        finally:
            browser.close()
            time.sleep(0.2)  # its helpers still write into the folder
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder, exist_ok=True)


def drive(checks, server, browser, shots):
    shot = (lambda name: browser.shot(Path(shots) / f"{name}.png")) if shots else lambda name: None
    last = "document.querySelector('#talk article:last-child .text')?.textContent"
    idle = "document.getElementById('stop').hidden"
    browser.call("Emulation.setDeviceMetricsOverride", width=1100, height=760, deviceScaleFactor=1, mobile=False)
    browser.call("Page.navigate", url=server.url + "/")
    checks.true("it shows the model", browser.wait("document.getElementById('name').textContent == 'gemma4:tiny'"))
    browser.type("say:{think}let me see{/think}Hello from the model.")
    checks.true("an answer", browser.wait(f"{last} == 'Hello from the model.' && {idle}"), browser.run(last))
    checks.equal("a thought is folded", browser.run("document.querySelector('details.thought').open"), False)
    checks.true("speed is told", browser.run("document.querySelector('#talk article:last-child .speed').textContent.includes('tokens')"))
    browser.type("slow: say:abc |loop|")
    checks.true("it streams", browser.wait(f"({last} || '').length > 8 && !{idle}"))
    browser.run("document.getElementById('stop').click()")
    checks.true("it stops", browser.wait(idle))
    browser.run("[...document.querySelectorAll('#talk article:nth-child(2) button')].find(b => b.textContent == 'Again').click()")
    checks.true("again", browser.wait(f"document.querySelectorAll('#talk article').length == 2 && {last} == 'Hello from the model.' && {idle}"))
    browser.run("document.querySelector('#talk article.user button').click()")
    checks.equal("edit", browser.run("document.getElementById('input').value"), "say:{think}let me see{/think}Hello from the model.")
    browser.run("document.getElementById('input').value = ''")
    browser.run("document.getElementById('settings').click()")
    browser.run("document.querySelector('[data-key=tokens]').checked = true;"
                "document.querySelector('[data-key=tools]').value = '[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]'")
    shot("settings")
    browser.run("document.querySelector('[data-key=format]').value = '{nope'; document.querySelector('#panel button.main').click()")
    checks.true("a bad schema is told", browser.wait("document.getElementById('panelError').textContent.startsWith('format:')"))
    browser.run("document.querySelector('[data-key=format]').value = ''; document.querySelector('#panel button.main').click()")
    checks.true("settings close", browser.wait("!document.getElementById('panel').open"))
    browser.type("say:Tokens with odds.")
    checks.true("tokens are shown", browser.wait(f"document.querySelectorAll('.token').length == 17 && {idle}"),
                browser.run("document.querySelectorAll('.token').length"))
    checks.true("with probabilities", browser.run("document.querySelector('.token').title.includes('%')"))
    browser.type("say:{call}call:f{a:{q}<b>x</b>{q}}{/call}")
    checks.true("a call is shown as text", browser.wait(
        "document.querySelector('#talk article:last-child pre')?.textContent.includes('<b>x</b>')"))
    browser.wait(idle)
    shot("desk")
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    shot("dark")
    back = "getComputedStyle(document.body).backgroundColor"
    checks.equal("dark", browser.run(back), "rgb(25, 24, 23)")
    browser.call("Emulation.setDeviceMetricsOverride", width=390, height=760, deviceScaleFactor=1, mobile=True)
    checks.true("phone: nothing is cut off", browser.run("document.documentElement.scrollWidth <= 390"),
                browser.run("document.documentElement.scrollWidth"))
    shot("phone")
    browser.call("Page.reload")
    checks.true("the history is kept", browser.wait("document.querySelectorAll('#list li').length == 1"))
    unnamed = browser.run("[...document.querySelectorAll('button, textarea, input')].filter(e => !(e.textContent.trim() || "
                          "e.getAttribute('aria-label') || e.labels?.length)).length")
    checks.equal("every control has a name", unnamed, 0)
    checks.equal("no errors in the console", browser.errors, [])


def main():
    import server as harness
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, default=harness.ROOT / "build/release/bin")
    parser.add_argument("--shots", type=Path)
    chosen = parser.parse_args()
    if chosen.shots:
        chosen.shots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "scripted"
        subprocess.run([chosen.bin / "pack_scripted", chosen.bin / "runtime_scripted", model, "gemma4"], check=True)
        checks = harness.Checks("page")
        with harness.running(model) as server:
            suite(checks, server, chosen.shots)
        print(f"page: {checks.count - len(checks.failed)} of {checks.count} checks")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
