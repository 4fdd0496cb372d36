"""The official Python client `openai` against a server of the scripted model."""
import json

WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "Weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}
CALL = "say:{call}call:get_weather{city:{q}Paris{q}}{/call}{response}|then|It is 21."


def user(text):
    return {"role": "user", "content": text}


def client_of(server):
    import openai
    return openai.OpenAI(base_url=server.url + "/v1", api_key="none", max_retries=0)


def suite(checks, server):
    import openai
    client = client_of(server)
    chat(checks, client)
    streams(checks, client)
    tools(checks, client)
    completions(checks, client)
    responses(checks, client)
    errors(checks, client, openai)


def chat(checks, client):
    create = lambda text, **more: client.chat.completions.create(model="gemma4", messages=[user(text)], **more)  # noqa: E731
    done = create("say:Hello")
    choice = done.choices[0]
    checks.equal("chat", (choice.message.role, choice.message.content, choice.finish_reason), ("assistant", "Hello", "stop"))
    checks.equal("usage", done.usage.completion_tokens, 6)
    checks.equal("total", done.usage.total_tokens, done.usage.prompt_tokens + 6)
    checks.true("ids", done.id.startswith("chatcmpl-") and done.object == "chat.completion" and done.system_fingerprint)
    checks.equal("parts of a content", client.chat.completions.create(model="gemma4", messages=[
        {"role": "user", "content": [{"type": "text", "text": "say:"}, {"type": "text", "text": "parts"}]}]).choices[0].message.content,
        "parts")
    checks.equal("developer", client.chat.completions.create(model="gemma4", messages=[
        {"role": "developer", "content": "say:dev"}, user("x")]).choices[0].message.content, "dev")
    checks.equal("max_tokens", create("say:abcdef", max_tokens=2).choices[0].finish_reason, "length")
    checks.equal("max_completion_tokens wins", create("say:abcdef", max_tokens=5, max_completion_tokens=2).choices[0].message.content, "ab")
    checks.equal("stop", create("say:one STOP", stop="STOP").choices[0].message.content, "one ")
    checks.equal("stops", create("say:one two", stop=["zz", "tw"]).choices[0].message.content, "one ")
    many = create("babble", n=3, seed=5, max_tokens=12, temperature=1.5)
    checks.equal("n", [c.index for c in many.choices], [0, 1, 2])
    texts = [c.message.content for c in many.choices]
    checks.true("n differ", len(set(texts)) == 3, texts)
    again = create("babble", n=3, seed=5, max_tokens=12, temperature=1.5)
    checks.equal("n repeat with a seed", [c.message.content for c in again.choices], texts)
    checks.equal("n counts the prompt once", many.usage.prompt_tokens, create("babble", max_tokens=1).usage.prompt_tokens)
    done = create("say:ab", logprobs=True, top_logprobs=3)
    entries = done.choices[0].logprobs.content
    checks.equal("logprobs", [(e.token, e.bytes, len(e.top_logprobs)) for e in entries], [("a", [97], 3), ("b", [98], 3)])
    checks.true("descending", all(e.top_logprobs[0].logprob >= e.top_logprobs[1].logprob for e in entries))
    banned = create("say:aaa", logit_bias={"338": -100}, temperature=0, max_tokens=3).choices[0].message.content
    checks.true("logit_bias forbids", "a" not in banned, banned)
    done = create("say:{think}hm{/think}Yes.", reasoning_effort="high")
    checks.equal("reasoning", (done.choices[0].message.reasoning_content, done.choices[0].message.content), ("hm", "Yes."))
    checks.equal("reasoning tokens", done.usage.completion_tokens_details.reasoning_tokens, 12)
    done = create("say:{think}hm{/think}Yes.", reasoning_effort="none")
    checks.true("no reasoning", not hasattr(done.choices[0].message, "reasoning_content"))
    done = create("say:{think}hm{/think}Yes.", extra_body={"chat_template_kwargs": {"enable_thinking": True}})
    checks.equal("enable_thinking", done.choices[0].message.reasoning_content, "hm")
    raw = client.chat.completions.with_raw_response.create(model="gemma4", messages=[user("say:x")], user="me",
                                                           extra_body={"colour": "red"})
    checks.equal("what has no effect is named", raw.headers["x-gemmac-ignored"], "user, colour")
    checks.true("request id", len(raw.headers["x-request-id"]) == 24)
    done = create('say:{think}hm{/think}{"a": 1}', response_format={"type": "json_object"}, reasoning_effort="low")
    checks.equal("json_object after a thought", json.loads(done.choices[0].message.content), {"a": 1})
    done = create("babble", response_format={"type": "json_schema", "json_schema": {"name": "colour", "strict": True, "schema": {
        "type": "object", "properties": {"b": {"enum": ["red", "green"]}, "a": {"type": "boolean"}}, "required": ["b", "a"],
        "additionalProperties": False}}})
    answer = json.loads(done.choices[0].message.content)
    checks.true("json_schema", list(answer) == ["b", "a"] and answer["b"] in ("red", "green") and isinstance(answer["a"], bool), answer)
    checks.equal("text format", create("say:x", response_format={"type": "text"}).choices[0].message.content, "x")


def streams(checks, client):
    stream = list(client.chat.completions.create(model="gemma4", messages=[user("say:Hi there")], stream=True,
                                                 stream_options={"include_usage": True}))
    checks.equal("stream", "".join(c.choices[0].delta.content or "" for c in stream if c.choices), "Hi there")
    checks.equal("first delta", stream[0].choices[0].delta.role, "assistant")
    checks.equal("one id", len({c.id for c in stream}), 1)
    checks.equal("the end", stream[-2].choices[0].finish_reason, "stop")
    checks.true("usage comes last", stream[-1].choices == [] and stream[-1].usage.completion_tokens == 9, stream[-1])
    checks.true("and only then", all(c.usage is None for c in stream[:-1]))
    stream = list(client.chat.completions.create(model="gemma4", messages=[user(CALL)], tools=[WEATHER], stream=True))
    pieces = [c.choices[0].delta.tool_calls[0] for c in stream if c.choices[0].delta.tool_calls]
    checks.equal("a call, streamed", (pieces[0].function.name, "".join(p.function.arguments for p in pieces)),
                 ("get_weather", '{"city":"Paris"}'))
    checks.equal("its finish", stream[-1].choices[0].finish_reason, "tool_calls")
    stream = list(client.chat.completions.create(model="gemma4", messages=[user("say:{think}hm{/think}Yes.")], stream=True,
                                                 reasoning_effort="low"))
    said = "".join(getattr(c.choices[0].delta, "reasoning_content", "") or "" for c in stream)
    checks.equal("reasoning, streamed", said, "hm")
    stream = list(client.chat.completions.create(model="gemma4", messages=[user("say:ab")], n=2, stream=True))
    checks.equal("n, streamed", ["".join(c.choices[0].delta.content or "" for c in stream if c.choices[0].index == j) for j in (0, 1)],
                 ["ab", "ab"])


def tools(checks, client):
    done = client.chat.completions.create(model="gemma4", messages=[user(CALL)], tools=[WEATHER])
    message = done.choices[0].message
    checks.equal("call", (message.content, done.choices[0].finish_reason), (None, "tool_calls"))
    call = message.tool_calls[0]
    checks.equal("arguments", json.loads(call.function.arguments), {"city": "Paris"})
    checks.true("its id", call.id.startswith("call_") and len(call.id) == 29)
    answer = client.chat.completions.create(model="gemma4", tools=[WEATHER], messages=[
        user(CALL), message.model_dump(exclude_none=True), {"role": "tool", "tool_call_id": call.id, "content": "21"}])
    checks.equal("result", answer.choices[0].message.content, "It is 21.")
    two = "say:{call}call:get_weather{city:{q}A{q}}{/call}{call}call:get_weather{city:{q}B{q}}{/call}{response}"
    done = client.chat.completions.create(model="gemma4", messages=[user(two)], tools=[WEATHER])
    checks.equal("parallel", len(done.choices[0].message.tool_calls), 2)
    done = client.chat.completions.create(model="gemma4", messages=[user(two)], tools=[WEATHER], parallel_tool_calls=False)
    checks.equal("not parallel", len(done.choices[0].message.tool_calls), 1)
    done = client.chat.completions.create(model="gemma4", messages=[user("say:plain")], tools=[WEATHER], tool_choice="none")
    checks.equal("tool_choice none", done.choices[0].message.content, "plain")
    forced = {"type": "function", "function": {"name": "get_weather"}}
    done = client.chat.completions.create(model="gemma4", messages=[user(CALL)], tools=[WEATHER], tool_choice=forced)
    checks.equal("a named tool", done.choices[0].finish_reason, "stop")
    done = client.chat.completions.create(model="gemma4", messages=[user("say:no call")], tools=[WEATHER], tool_choice="required",
                                          max_tokens=18)
    checks.true("required forces a call's start", "get_weather{" in (done.choices[0].message.content or ""), done.choices[0].message)
    pick = {"type": "function", "function": {"name": "pick", "parameters": {
        "type": "object", "properties": {"n": {"type": "integer", "minimum": 1, "maximum": 3}}, "required": ["n"],
        "additionalProperties": False}}}
    done = client.chat.completions.create(model="gemma4", messages=[user("say:no call")], tools=[WEATHER, pick], max_tokens=60,
                                          tool_choice={"type": "function", "function": {"name": "pick"}}, parallel_tool_calls=False)
    checks.true("a named tool's arguments follow its schema",
                json.loads(done.choices[0].message.tool_calls[0].function.arguments)["n"] in (1, 2, 3), done.choices[0].message)
    loose = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {
        "a": {"type": "array", "uniqueItems": True}}}}}
    raw = client.chat.completions.with_raw_response.create(model="gemma4", messages=[user("say:x")], tools=[WEATHER, loose])
    checks.equal("a schema that is not enforced is named", raw.headers["x-gemmac-ignored"], "tools.1.function.parameters")


def completions(checks, client):
    done = client.completions.create(model="gemma4", prompt="say:Hello|go|")
    checks.equal("completions", (done.choices[0].text, done.object), ("Hello", "text_completion"))
    done = client.completions.create(model="gemma4", prompt=["say:a|go|", "say:b|go|"], n=2)
    checks.equal("prompts and n", [(c.index, c.text) for c in done.choices], [(0, "a"), (1, "a"), (2, "b"), (3, "b")])
    checks.equal("max_tokens is 16", done.choices[0].finish_reason, "stop")
    checks.equal("default limit", client.completions.create(model="gemma4", prompt="say:0123456789abcdefXYZ|go|").choices[0].text,
                 "0123456789abcdef")
    done = client.completions.create(model="gemma4", prompt="say:ab|go|", echo=True, logprobs=2)
    checks.equal("echo", done.choices[0].text, "say:ab|go|ab")
    table = done.choices[0].logprobs
    checks.true("echo with logprobs", table.token_logprobs[0] is None and len(table.tokens) == 13 and table.tokens[-2:] == ["a", "b"],
                table)
    checks.equal("token ids", client.completions.create(model="gemma4", prompt=[2, 356, 338, 362, 299, 361, 365, 344, 352, 365]).choices[0].text,
                 "x")
    text = "".join(c.choices[0].text for c in client.completions.create(model="gemma4", prompt="say:stream|go|", stream=True))
    checks.equal("completions, streamed", text, "stream")


def responses(checks, client):
    done = client.responses.create(model="gemma4", input="say:Hello")
    checks.equal("responses", (done.output_text, done.status), ("Hello", "completed"))
    checks.equal("instructions", client.responses.create(model="gemma4", input="x", instructions="say:inst").output_text, "inst")
    done = client.responses.create(model="gemma4", input="say:abcdef", max_output_tokens=2)
    checks.equal("incomplete", (done.status, done.incomplete_details.reason), ("incomplete", "max_output_tokens"))
    shape = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1, "maximum": 3}}, "required": ["n"],
             "additionalProperties": False}
    done = client.responses.create(model="gemma4", input="babble", text={"format": {"type": "json_schema", "name": "x", "schema": shape}})
    checks.true("text.format", json.loads(done.output_text)["n"] in (1, 2, 3), done.output_text)
    flat = {"type": "function", "name": "get_weather", "parameters": WEATHER["function"]["parameters"], "strict": False}
    done = client.responses.create(model="gemma4", input=CALL, tools=[flat])
    item = done.output[0]
    checks.equal("function call", (item.type, item.name, json.loads(item.arguments)), ("function_call", "get_weather", {"city": "Paris"}))
    items = [user(CALL), item.model_dump(), {"type": "function_call_output", "call_id": item.call_id, "output": "21"}]
    checks.equal("its output", client.responses.create(model="gemma4", input=items, tools=[flat]).output_text, "It is 21.")
    done = client.responses.create(model="gemma4", input="say:{think}hm{/think}Yes.", reasoning={"effort": "low", "summary": "auto"})
    checks.equal("reasoning item", [i.type for i in done.output], ["reasoning", "message"])
    checks.equal("summary", done.output[0].summary[0].text, "hm")
    events = list(client.responses.create(model="gemma4", input="say:ab", stream=True))
    checks.equal("events", [e.type for e in events], [
        "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
        "response.output_text.delta", "response.output_text.delta", "response.output_text.done", "response.content_part.done",
        "response.output_item.done", "response.completed"])
    checks.equal("sequence numbers", [e.sequence_number for e in events], list(range(len(events))))
    with client.responses.stream(model="gemma4", input="say:joined text") as stream:
        checks.equal("stream helper", stream.get_final_response().output_text, "joined text")


def errors(checks, client, openai):
    bad = openai.BadRequestError
    chat = lambda **more: client.chat.completions.create(**{"model": "gemma4", "messages": [user("x")], **more})  # noqa: E731
    error = checks.raises("unknown model", openai.NotFoundError, lambda: chat(model="gpt-4"), "not found")
    checks.equal("its code", (error.code, error.param), ("model_not_found", "model"))
    error = checks.raises("temperature", bad, lambda: chat(temperature=3), "temperature")
    checks.equal("its param", (error.code, error.param, error.type), ("invalid_value", "temperature", "invalid_request_error"))
    checks.raises("type", bad, lambda: chat(temperature="hot"), "must be a number")
    checks.raises("no messages", bad, lambda: chat(messages=[]), "messages")
    checks.raises("top_logprobs alone", bad, lambda: chat(top_logprobs=2), "logprobs")
    checks.raises("an image by url", bad, lambda: chat(messages=[{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "http://x/y.png"}}]}]), "no encoder")
    checks.raises("an unknown tool_call_id", bad, lambda: chat(messages=[
        user("x"), {"role": "tool", "tool_call_id": "nope", "content": "1"}]), "messages.1.tool_call_id")
    checks.raises("an unknown tool", bad, lambda: chat(tools=[WEATHER], tool_choice={"type": "function", "function": {"name": "no"}}),
                  "tool_choice")
    error = checks.raises("a long prompt", bad, lambda: chat(messages=[user("x" * 3000)]), "context")
    checks.equal("its numbers", error.body["n_ctx"], 2048)
    schema = lambda schema: chat(response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}})  # noqa: E731
    error = checks.raises("a schema that cannot be enforced", bad, lambda: schema({
        "properties": {"a": {"type": "string", "pattern": "(?=a)b"}}}), "pattern")
    checks.equal("its place", (error.code, error.body["keyword"], error.body["schema_path"]), ("unsupported_schema", "pattern", "/properties/a"))
    error = checks.raises("a schema that nothing fits", bad, lambda: schema({"type": "integer", "minimum": 2, "maximum": 1}), "schema")
    checks.equal("its code", error.code, "unsatisfiable_schema")
    strict = {"type": "function", "function": {"name": "f", "strict": True, "parameters": {"type": "object", "properties": {
        "a": {"type": "array", "uniqueItems": True}}}}}
    error = checks.raises("a strict tool that cannot be enforced", bad, lambda: chat(tools=[strict]), "uniqueItems")
    checks.equal("its param", error.param, "tools.0.function.parameters")
    checks.raises("embeddings", bad, lambda: client.embeddings.create(model="gemma4", input="x"), "embeddings")
    checks.equal("models", [m.id for m in client.models.list().data], ["gemma4:tiny"])
    checks.equal("one model", client.models.retrieve("gemma4:latest").id, "gemma4:latest")
    checks.raises("an unknown one", openai.NotFoundError, lambda: client.models.retrieve("nope"), "not found")
    checks.raises("moderations", openai.InternalServerError, lambda: client.moderations.create(input="x"), "does not have")
    checks.raises("previous_response_id", bad, lambda: client.responses.create(model="gemma4", input="x", previous_response_id="resp_1"),
                  "keeps no conversations")


def base_model(checks, server):
    """A model without a chat template continues texts and refuses conversations."""
    import openai
    client = client_of(server)
    checks.equal("completions", client.completions.create(model="gemma4", prompt="say:abc|go|").choices[0].text, "abc")
    checks.raises("chat", openai.BadRequestError, lambda: client.chat.completions.create(model="gemma4", messages=[user("x")]),
                  "base model")
    checks.raises("thinking", openai.BadRequestError, lambda: client.chat.completions.create(
        model="gemma4", messages=[user("x")], reasoning_effort="high"), "does not support thinking")
    import ollama
    checks.equal("generate", ollama.Client(host=server.url).generate("gemma4", "say:abc|go|").response, "abc")
