"""The server against the official Python clients of Ollama, OpenAI and Anthropic, against an agent, and against hostile clients.

The model is test/runtime/server/ScriptedModel.h: the prompt says what it answers, so every answer is known to the letter.
"""
import argparse
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import server_anthropic
import server_hostile
import server_ollama
import server_openai
import server_page

ROOT = Path(__file__).resolve().parents[2]


class Checks:
    """Counts what was looked at; a check that fails is printed and remembered."""

    def __init__(self, name):
        self.name, self.count, self.failed = name, 0, []

    def equal(self, what, got, wanted):
        self.true(what, got == wanted, f"got {got!r}, wanted {wanted!r}")

    def true(self, what, condition, detail=""):
        self.count += 1
        if not condition:
            self.failed.append(what)
            print(f"  MISSED {self.name}: {what}: {detail}")

    def raises(self, what, kind, action, *words):
        """The action must raise, and its message hold the words."""
        try:
            got = action()
        except kind as error:
            missing = [word for word in words if word not in str(error)]
            self.true(what, not missing, f"{missing} not in {error}")
            return error
        except Exception as error:  # noqa: BLE001: whatever else came is what is told
            self.true(what, False, f"raised {type(error).__name__}: {error}")
            return error
        self.true(what, False, f"gave {got!r}")
        return None


class Server:
    """One server process on a free port."""

    def __init__(self, program, *options, environment=None):
        self.log = tempfile.TemporaryFile("w+")
        surroundings = {"PATH": os.environ["PATH"], **(environment or {})}  # no HOME: overlays stay in memory
        self.process = subprocess.Popen([str(program), "serve", "--port", "0", "--threads", "1", *options],
                                        stdout=subprocess.PIPE, stderr=self.log, text=True, env=surroundings)
        line = self.process.stdout.readline()
        match = re.match(r"listening on (http://\S+:(\d+))$", line.strip())
        if not match:
            raise SystemExit(f"{program} serve said {line!r} and {self.said()!r}")
        self.url, self.port = match[1], int(match[2])

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def memory(self):
        """Resident bytes."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")

    def stop(self, timeout=40):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)


@contextlib.contextmanager
def running(program, *options, environment=None):
    server = Server(program, *options, environment=environment)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()


def lifecycle(checks, program):
    """Start, signals, tokens, settings."""
    from server_hostile import request
    with running(program) as server:
        status, headers, body = request(server, "GET", "/health")
        checks.equal("health", (status, json.loads(body)), (200, {"status": "ok"}))
        answers = []
        slow = {"model": "gemma4", "prompt": "slow: say:one two three four five", "stream": False}
        thread = threading.Thread(target=lambda: answers.append(request(server, "POST", "/api/generate", slow)))
        thread.start()
        time.sleep(0.3)
        checks.equal("a request that runs is finished before SIGTERM ends the server", server.stop(), 0)
        thread.join()
        checks.equal("and its answer is whole", json.loads(answers[0][2])["response"], "one two three four five")
        checks.true("no prompt in the log", "three" not in server.said(), server.said())
        checks.true("the log has request ids", re.search(r"id=[0-9a-f]{24} method=POST path=/api/generate status=200", server.said()),
                    server.said())
    with running(program, environment={"GEMMAC_TOKEN": "0123456789abcdef"}) as server:
        for what, headers, wanted in (("without a token", {}, 401), ("with a wrong one", {"Authorization": "Bearer 0123456789abcdeF"}, 401),
                                      ("with the right one", {"Authorization": "Bearer 0123456789abcdef"}, 200),
                                      ("as x-api-key", {"x-api-key": "0123456789abcdef"}, 200)):
            checks.equal(f"tags {what}", request(server, "GET", "/api/tags", headers=headers)[0], wanted)
        checks.equal("health needs none", request(server, "GET", "/health")[0], 200)
    for what, options, environment, word in (
            ("an open address without a token", ["--host", "0.0.0.0"], {}, "token"),
            ("a short token", [], {"GEMMAC_TOKEN": "short"}, "16"),
            ("https", [], {"OLLAMA_HOST": "https://127.0.0.1"}, "TLS"),
            ("a name", ["--host", "example.com"], {}, "numeric"),
            ("--think maybe", ["--think", "maybe"], {}, "on, off or auto")):
        done = subprocess.run([str(program), "serve", "--port", "0", *options], env={**environment}, capture_output=True, text=True,
                              timeout=20)
        checks.true(f"{what} is refused", done.returncode == 2 and word in done.stderr, f"{done.returncode} {done.stderr}")
    with tempfile.TemporaryDirectory() as store:
        with running(program, "--store", store) as server:
            made = {"model": "kept", "from": "gemma4", "system": "say:kept", "stream": False}
            checks.equal("create", request(server, "POST", "/api/create", made)[0], 200)
        with running(program, "--store", store) as server:
            tags = json.loads(request(server, "GET", "/api/tags")[2])
            checks.equal("an overlay outlives the server", [m["name"] for m in tags["models"]], ["gemma4:tiny", "kept:latest"])
    with running(program, "--strict") as server:
        status, _, body = request(server, "POST", "/api/generate", {"model": "gemma4", "prompt": "say:a", "colour": 1})
        checks.true("--strict refuses unknown fields", status == 400 and "colour" in json.loads(body)["error"], body)
    with running(program, "--any-model") as server:
        status, _, _ = request(server, "POST", "/api/generate", {"model": "gpt-4", "prompt": "say:a", "stream": False})
        checks.equal("--any-model", status, 200)


def agent(checks, server):
    """The article's agent: test/e2e/agent.py, run as a script of its own."""
    done = subprocess.run([sys.executable, str(Path(__file__).with_name("agent.py")), server.url], capture_output=True, text=True,
                          timeout=60)
    checks.true("the agent ends well", done.returncode == 0, done.stdout + done.stderr)
    checks.true("and has its answer", "It is 21 degrees in Paris." in done.stdout, done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, default=ROOT / "build/release/bin")
    parser.add_argument("--only", nargs="*")
    chosen = parser.parse_args()
    suites = []
    with tempfile.TemporaryDirectory(prefix="gemmac-server-") as folder:
        model, base = Path(folder) / "scripted", Path(folder) / "base"
        for path, kind in ((model, "gemma4"), (base, "")):
            subprocess.run([chosen.bin / "pack_scripted", chosen.bin / "runtime_scripted", path, kind], check=True)

        def run(name, action, least=0):
            if chosen.only and name not in chosen.only:
                return
            checks, start = Checks(name), time.monotonic()
            action(checks)
            checks.true(f"at least {least} checks", checks.count >= least)
            suites.append(checks)
            print(f"{name}: {checks.count - len(checks.failed)} of {checks.count} checks, {time.monotonic() - start:.1f} s")

        run("lifecycle", lambda checks: lifecycle(checks, model))
        with running(model) as server:
            run("ollama", lambda checks: server_ollama.suite(checks, server), 40)
            run("openai", lambda checks: server_openai.suite(checks, server), 50)
            run("anthropic", lambda checks: server_anthropic.suite(checks, server), 15)
            run("agent", lambda checks: agent(checks, server))
            run("page", lambda checks: server_page.suite(checks, server))
            run("hostile", lambda checks: server_hostile.suite(checks, server))
            said = server.said()
        with running(base) as server:
            run("base", lambda checks: server_openai.base_model(checks, server))
        if "Sanitizer" in said:
            print(said)
            return 1
    return 1 if any(checks.failed for checks in suites) or not suites else 0


if __name__ == "__main__":
    sys.exit(main())
