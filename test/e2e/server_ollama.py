"""The official Python client `ollama` against a server of the scripted model."""
import json

WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "Weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city"]}}}

VISIT = {"type": "function", "function": {"name": "visit", "parameters": {
    "type": "object", "properties": {"city": {"type": "string", "enum": ["Paris", "Rome"]}, "days": {"type": "integer"}},
    "required": ["city", "days"]}}}
PERSON = {"type": "object", "properties": {"name": {"type": "string", "maxLength": 5},
                                           "age": {"type": "integer", "minimum": 0, "maximum": 120}},
          "required": ["name", "age"], "additionalProperties": False}


def suite(checks, server):
    import ollama
    client = ollama.Client(host=server.url)
    generate(checks, client, ollama)
    chat(checks, client, ollama)
    models(checks, client, ollama)


def generate(checks, client, ollama):
    done = client.generate("gemma4", "say:Hello, world!", options={"temperature": 0})
    checks.equal("generate", done.response, "Hello, world!")
    checks.equal("done", (done.done, done.done_reason, done.model), (True, "stop", "gemma4"))
    checks.true("counts", done.eval_count == 14 and done.prompt_eval_count > 10, (done.eval_count, done.prompt_eval_count))
    checks.true("durations", done.total_duration > 0 and done.eval_duration > 0 and done.prompt_eval_duration > 0)
    checks.true("context", done.context and done.context[0] == 2 and len(done.context) == done.prompt_eval_count + 13)
    parts = list(client.generate("gemma4:tiny", "say:one two", stream=True))
    checks.equal("stream joined", "".join(p.response for p in parts), "one two")
    checks.equal("stream: only the last is done", [p.done for p in parts], [False] * 7 + [True])
    checks.equal("stream: the last has no text", parts[-1].response, "")
    text = "caf\u00e9 \U0001f999 \u65e5\u672c"
    parts = list(client.generate("gemma4", "say:" + text, stream=True))
    checks.equal("characters are whole", "".join(p.response for p in parts), text)
    checks.true("none is split", all("\ufffd" not in p.response for p in parts))
    done = client.generate("gemma4", "say:one two three", options={"num_predict": 3})
    checks.equal("num_predict", (done.response, done.done_reason, done.eval_count), ("one", "length", 3))
    done = client.generate("gemma4", "say:one STOP two", options={"stop": ["STOP"]})
    checks.equal("stop", (done.response, done.done_reason), ("one ", "stop"))
    parts = list(client.generate("gemma4", "say:one STOP two", options={"stop": ["STOP", "zzz"]}, stream=True))
    checks.equal("no part of a stop string is streamed", "".join(p.response for p in parts), "one ")
    done = client.generate("gemma4", "say:a STO b", options={"stop": ["STOP"]})
    checks.equal("what only began like one is", done.response, "a STO b")
    done = client.generate("gemma4", "ignored", system="say:from the system", options={"temperature": 0})
    checks.equal("system", done.response, "from the system")
    done = client.generate("gemma4", "say:raw text|go|", raw=True, options={"num_predict": 8})
    checks.equal("raw", (done.response, done.context), ("raw text", None))
    done = client.generate("gemma4", "say:{think}hm, well{nl}{/think}So.", think=True)
    checks.equal("think", (done.thinking, done.response), ("hm, well", "So."))
    done = client.generate("gemma4", "say:{think}hm{/think}So.", think=False)
    checks.equal("think off drops a thought", (done.thinking, done.response), (None, "So."))
    parts = list(client.generate("gemma4", "say:{think}hm{/think}So.", think="low", stream=True))
    checks.equal("think in a stream", ("".join(p.thinking or "" for p in parts), "".join(p.response for p in parts)), ("hm", "So."))
    done = client.generate("gemma4", "say:ab", logprobs=True, top_logprobs=2)
    checks.equal("logprobs", [(t.token, len(t.top_logprobs)) for t in done.logprobs], [("a", 2), ("b", 2)])
    checks.true("log-probabilities", all(t.logprob <= 0 and t.top_logprobs[0].token == t.token for t in done.logprobs))
    done = client.generate("gemma4", 'say:{"a": [1, "b"]}', format="json")
    checks.equal("format json", json.loads(done.response), {"a": [1, "b"]})
    done = client.generate("gemma4", "babble", format="json", options={"seed": 3, "num_predict": 12})
    checks.true("format json holds a model to it", done.response.startswith("{"), done.response)
    for seed in range(3):
        done = client.generate("gemma4", "babble", format=PERSON, options={"seed": seed, "num_predict": 200})
        person = json.loads(done.response)
        checks.true("a schema holds a model to it", done.done_reason == "stop" and list(person) == ["name", "age"]
                    and len(person["name"]) <= 5 and 0 <= person["age"] <= 120, done.response)
    done = client.generate("gemma4", 'say:{think}hm{/think}{"name": "Al", "age": 4}', format=PERSON, think=True)
    checks.equal("a schema after a thought", (done.thinking, json.loads(done.response)), ("hm", {"name": "Al", "age": 4}))
    checks.raises("what cannot be enforced", ollama.ResponseError, lambda: client.generate("gemma4", "x", format={
        "type": "array", "uniqueItems": True}), "'uniqueItems'")
    babble = [client.generate("gemma4", "babble", think=False, options={"num_predict": 20, "seed": seed, "temperature": 1.5}).response
              for seed in (1, 1, 2)]
    checks.true("seeds repeat and differ", babble[0] == babble[1] != babble[2], babble)
    checks.equal("an empty prompt loads", (client.generate("gemma4", "").done_reason), "load")
    checks.equal("user text is no control token", client.generate("gemma4", "say:a<turn|>b").response, "a<turn|>b")
    checks.raises("an unknown model", ollama.ResponseError, lambda: client.generate("gemma4:31b", "hi"), "not found")
    checks.raises("a bad option", ollama.ResponseError, lambda: client.generate("gemma4", "hi", options={"temperature": "hot"}),
                  "options.temperature")
    checks.raises("images", ollama.ResponseError, lambda: client.generate("gemma4", "hi", images=[b"\x89PNG"]), "no encoder")
    checks.raises("a suffix", ollama.ResponseError, lambda: client.generate("gemma4", "hi", suffix="x"), "suffix")
    checks.raises("a long prompt", ollama.ResponseError, lambda: client.generate("gemma4", "x" * 3000), "context")
    checks.raises("a template", ollama.ResponseError, lambda: client.generate("gemma4", "hi", template="{{ .System }}"), "template")


def chat(checks, client, ollama):
    user = lambda text: {"role": "user", "content": text}  # noqa: E731
    done = client.chat("gemma4", [user("say:Hi there")])
    checks.equal("chat", (done.message.role, done.message.content, done.done_reason), ("assistant", "Hi there", "stop"))
    parts = list(client.chat("gemma4", [user("say:Hi there")], stream=True))
    checks.equal("chat stream", "".join(p.message.content for p in parts), "Hi there")
    done = client.chat("gemma4", [{"role": "system", "content": "say:sys"}, user("x")])
    checks.equal("a system message", done.message.content, "sys")
    done = client.chat("gemma4", [user("say:abcdef"), {"role": "assistant", "content": "abc"}])
    checks.equal("a last message of the assistant is continued", done.message.content, "def")
    call = "say:{call}call:get_weather{city:{q}Paris{q},days:2,deep:{k:[1,true,null,-2.5]}}{/call}{response}|then|It is 21."
    done = client.chat("gemma4", [user(call)], tools=[WEATHER])
    calls = done.message.tool_calls
    checks.equal("a call", [(c.function.name, c.function.arguments) for c in calls],
                 [("get_weather", {"city": "Paris", "days": 2, "deep": {"k": [1, True, None, -2.5]}})])
    checks.equal("its message", (done.message.content, done.done_reason), ("", "stop"))
    messages = [user(call), done.message, {"role": "tool", "content": '{"t": 21}', "tool_name": "get_weather"}]
    checks.equal("its result", client.chat("gemma4", messages, tools=[WEATHER]).message.content, "It is 21.")
    two = "say:{call}call:get_weather{city:{q}A{q}}{/call}{call}call:get_weather{city:{q}B{q}}{/call}{response}"
    parts = list(client.chat("gemma4", [user(two)], tools=[WEATHER], stream=True))
    names = [c.function.arguments["city"] for p in parts for c in p.message.tool_calls or []]
    checks.equal("parallel calls, streamed", names, ["A", "B"])
    done = client.chat("gemma4", [user("say:{call}call:visit{city:oops{/call}")], tools=[VISIT], options={"num_predict": 40})
    said = done.message.content + repr(done.message.tool_calls)  # the client sends no additionalProperties: a call may go on and on
    checks.true("a call is held to its schema", "oops" not in said and ("Paris" in said or "Rome" in said), done.message)
    visit = 'say:{call}call:visit{city:{q}Rome{q},days:2}{/call}{response}|then|{"name": "Al", "age": 4}'
    done = client.chat("gemma4", [user(visit)], tools=[VISIT], format=PERSON)
    checks.equal("a call before an answer with a schema", [c.function.arguments for c in done.message.tool_calls or []],
                 [{"city": "Rome", "days": 2}])
    messages = [user(visit), done.message, {"role": "tool", "content": "ok", "tool_name": "visit"}]
    done = client.chat("gemma4", messages, tools=[VISIT], format=PERSON)
    checks.equal("and the answer", json.loads(done.message.content), {"name": "Al", "age": 4})
    done = client.chat("gemma4", [user("say:{think}x{/think}call:get_weather{city:{q}P{q}}{/call}")], tools=[WEATHER], think=True)
    checks.equal("a call without its opener", [c.function.arguments for c in done.message.tool_calls or []], [{"city": "P"}])

    def get_weather(city: str) -> str:
        """Weather of a city

        Args:
          city: where
        """
        return city
    done = client.chat("gemma4", [user("say:{call}call:get_weather{city:{q}x{q}}{/call}")], tools=[get_weather])
    checks.equal("a Python function as a tool", done.message.tool_calls[0].function.name, "get_weather")
    done = client.chat("gemma4", [user("say:{think}hm{/think}Yes.")], think=True)
    checks.equal("thinking", (done.message.thinking, done.message.content), ("hm", "Yes."))
    long = [user("x" * 1200), {"role": "assistant", "content": "y" * 1200}, user("say:short")]
    checks.equal("the oldest turns leave", client.chat("gemma4", long).message.content, "short")
    checks.raises("or not", ollama.ResponseError, lambda: client._request_raw(
        "POST", "/api/chat", json={"model": "gemma4", "messages": long, "truncate": False}), "context")
    checks.raises("a bad role", ollama.ResponseError, lambda: client._request_raw(
        "POST", "/api/chat", json={"model": "gemma4", "messages": [{"role": "robot", "content": "x"}]}), "role")


def models(checks, client, ollama):
    tags = client.list()
    checks.equal("list", [m.model for m in tags.models], ["gemma4:tiny"])
    checks.true("digest", len(tags.models[0].digest) == 64)
    checks.equal("details", tags.models[0].details.family, "gemma4")
    shown = client.show("gemma4")
    checks.true("show: capabilities", {"completion", "tools", "thinking"} <= set(shown.capabilities), shown.capabilities)
    checks.equal("show: facts", shown.modelinfo["gemma4.context_length"], 2048)
    checks.equal("ps", [m.model for m in client.ps().models], ["gemma4:tiny"])
    made = client.create("mine", from_="gemma4", system="say:mine", parameters={"temperature": 0, "stop": ["X"]},
                         messages=[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}])
    checks.equal("create", made.status, "success")
    checks.equal("its system text", client.generate("mine", "x").response, "mine")
    shown = client.show("mine")
    checks.true("its Modelfile", "SYSTEM say:mine" in shown.modelfile and "MESSAGE user a" in shown.modelfile, shown.modelfile)
    checks.true("its parameters", "temperature" in shown.parameters, shown.parameters)
    file = "FROM gemma4\nSYSTEM \"\"\"say:from\na file\"\"\"\nPARAMETER num_predict 5\n# comment\nparameter stop \"Q\"\n"
    steps = list(client._request_raw("POST", "/api/create", json={"model": "filed", "modelfile": file}).iter_lines())
    checks.equal("create from a Modelfile", json.loads(steps[-1]), {"status": "success"})
    checks.equal("its limit", client.generate("filed", "x").response, "say:from\na file"[4:9])
    checks.equal("copy", client.copy("mine", "org/copied:v1").status, "success")
    checks.true("is listed", "org/copied:v1" in [m.model for m in client.list().models])
    checks.equal("delete", client.delete("org/copied:v1").status, "success")
    checks.raises("what is gone", ollama.ResponseError, lambda: client.show("org/copied:v1"), "not found")
    checks.raises("the file itself", ollama.ResponseError, lambda: client.delete("gemma4"), "cannot be deleted")
    checks.raises("a foreign FROM", ollama.ResponseError, lambda: client.create("x", from_="llama3"), "gemmac build")
    checks.raises("a bad command", ollama.ResponseError, lambda: client._request_raw(
        "POST", "/api/create", json={"model": "x", "modelfile": "FROM gemma4\nFORM x"}), "(line 2)", "FORM")
    checks.raises("a bad parameter", ollama.ResponseError, lambda: client.create("x", from_="gemma4", parameters={"heat": 1}),
                  "unknown parameter 'heat'")
    checks.equal("pull of what is here", client.pull("gemma4").status, "success")
    checks.raises("pull of another", ollama.ResponseError, lambda: client.pull("llama3"), "not found")
    checks.raises("push", ollama.ResponseError, lambda: client.push("gemma4"), "no registry")
    checks.raises("embed", ollama.ResponseError, lambda: client.embed("gemma4", "x"), "does not support embeddings")
    for name in ("mine", "filed"):
        client.delete(name)
    checks.equal("unload", client.generate("gemma4", "", keep_alive=0).done_reason, "unload")
