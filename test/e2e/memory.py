#!/usr/bin/env python3
"""What `info` says of memory before a run, and what the kernel's counters say after one that filled the context: within 3 %.

The whole is the kernel's own peak (getrusage: ru_maxrss); the parts are RssFile and RssAnon of /proc while it runs. By hand, for a
model of any size:  memory.py --model build/demo/gemma3-270m --context 2048
"""
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from common import Failure, Job, Row, build, each, must, native_level, options, report
from tiny import Tiny

WITHIN = 0.03

def counters(process):
    """Bytes of VmHWM, RssFile and RssAnon; empty when the process is gone."""
    try:
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    except OSError:
        return {}
    return {line.split(":")[0]: 1024 * int(line.split()[1]) for line in lines if line.startswith(("VmHWM", "Rss"))}


def filled(command, timeout):
    """The largest counters of a run, ru_maxrss among them, and its output."""
    most, start = {}, time.monotonic()
    # A shell in between: the kernel counts a program's memory on from what its process had before it became that program.
    process = subprocess.Popen(["sh", "-c", 'exec "$0" "$@"', *map(str, command)], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while True:
        for name, value in counters(process).items():
            most[name] = max(most.get(name, 0), value)
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            break
        if time.monotonic() - start > timeout:
            process.kill()
            raise Failure(f"{command[0]}: not done in {timeout} s")
        time.sleep(0.01)
    said, complaint = process.stdout.read(), process.stderr.read()
    if status != 0:
        raise Failure(f"{command[0]} ended with status {status}: {complaint}")
    return most | {"ru_maxrss": 1024 * usage.ru_maxrss}, said


def judge(name, model, context, timeout=600):
    memory = json.loads(must([model, "info", "--json", "--context", context]).stdout)["memory"]
    tokens = ",".join(str(3 + i * 7919 % 60) for i in range(context - 1))
    prompt = Path(f"{model}.tokens")
    prompt.write_text(tokens)
    most, said = filled([model, "run", "--tokens", f"@{prompt}", "--context", context, "--ignore-stop", "--json"], timeout)
    if (stop := json.loads(said)["stop"]) != "context":
        raise Failure(f"{name}: the run stopped for '{stop}'")
    file, own = memory["weights"] + memory["rest_of_file"], memory["kv"] + memory["arena"] + memory["logits"]
    result = []
    for what, stated, counted in (("all", memory["total"], most["ru_maxrss"]), ("file", file, most["RssFile"])):
        result.append(Row(f"{name}: {what}", "off by", abs(counted - stated) / memory["total"], WITHIN,
                          detail=f"{memory}\n{most}", note=f"stated {stated / 1e6:.1f} MB, counted {counted / 1e6:.1f} MB"))
    result.append(Row(f"{name}: its own", "off by", abs(most["RssAnon"] - own) / memory["total"], WITHIN, detail=f"{memory}\n{most}",
                      note=f"stated {own / 1e6:.1f} MB, counted {most['RssAnon'] / 1e6:.1f} MB"))
    return result


def weights_and_tables(chosen, job):
    """The shape of Gemma 3 270M: mostly weights. Its whole context, and a part of it."""
    model = chosen.work / "270m"
    build(chosen, "models/gemma3.toml", "random:1", "q4", model, "--size", "270m", "--context", 1500, "--target", chosen.level)
    return judge("270M shape", model, 1500) + judge("270M shape, less context", model, 400)


def cache(chosen, job):
    """Nearly all of it is the cache: a global layer with many heads."""
    tiny = Tiny("sf|sf", heads=8, kv_heads=8, global_head_dim=128, context=65536)
    folder, model = tiny.write(chosen.work / "cache-weights"), chosen.work / "cache"
    build(chosen, "models/gemma4.toml", folder, "bf16", model, "--target", chosen.level)
    return judge("long cache", model, tiny.context) + judge("long cache, a part", model, 20000)


def main():
    chosen = options(__doc__, model={"type": Path, "help": "measure this executable and nothing else"},
                     context={"type": int, "default": 2048, "help": "tokens that fill its context"})
    if chosen.model:
        return report("memory", judge(chosen.model.name, chosen.model.resolve(), chosen.context, timeout=3600))
    chosen.level, chosen.jobs = native_level(chosen), 1
    jobs = [Job("270M shape", work=weights_and_tables), Job("long cache", work=cache)]
    return report("memory", each(chosen, jobs, lambda job: job.work(chosen, job)))


if __name__ == "__main__":
    sys.exit(main())
