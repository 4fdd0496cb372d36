"""The official Python client `anthropic` against a server of the scripted model."""

WEATHER = {"name": "get_weather", "description": "Weather of a city",
           "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}


def suite(checks, server):
    import anthropic
    client = anthropic.Anthropic(base_url=server.url, api_key="none", max_retries=0)
    user = lambda text: {"role": "user", "content": text}  # noqa: E731

    def create(text, **more):
        return client.messages.create(**{"model": "gemma4", "max_tokens": 200, "messages": [user(text)], **more})

    done = create("say:Hello")
    checks.equal("message", (done.role, done.content[0].type, done.content[0].text), ("assistant", "text", "Hello"))
    checks.equal("stop reason", (done.stop_reason, done.stop_sequence), ("end_turn", None))
    checks.true("usage", done.usage.output_tokens == 6 and done.usage.input_tokens > 5, done.usage)
    checks.true("id", done.id.startswith("msg_"))
    checks.equal("system", create("x", system=[{"type": "text", "text": "say:sys"}]).content[0].text, "sys")
    checks.equal("max_tokens", (create("say:abcdef", max_tokens=2).content[0].text, create("say:abc", max_tokens=2).stop_reason),
                 ("ab", "max_tokens"))
    done = create("say:one STOP two", stop_sequences=["STOP"])
    checks.equal("stop sequence", (done.content[0].text, done.stop_reason, done.stop_sequence), ("one ", "stop_sequence", "STOP"))
    with client.messages.stream(model="gemma4", max_tokens=50, messages=[user("say:streamed text")]) as stream:
        checks.equal("stream", "".join(stream.text_stream), "streamed text")
        checks.equal("its end", stream.get_final_message().stop_reason, "end_turn")
    events = [e.type for e in client.messages.create(model="gemma4", max_tokens=50, messages=[user("say:ab")], stream=True)]
    checks.equal("events", events, ["message_start", "content_block_start", "content_block_delta", "content_block_delta",
                                    "content_block_stop", "message_delta", "message_stop"])
    call = "say:Sure.{call}call:get_weather{city:{q}Paris{q}}{/call}{response}|then|It is 21."
    done = create(call, tools=[WEATHER])
    checks.equal("tool use", [(b.type, getattr(b, "input", None)) for b in done.content],
                 [("text", None), ("tool_use", {"city": "Paris"})])
    checks.equal("tool use stops", done.stop_reason, "tool_use")
    result = {"type": "tool_result", "tool_use_id": done.content[1].id, "content": "21"}
    done = client.messages.create(model="gemma4", max_tokens=50, tools=[WEATHER], messages=[
        user(call), {"role": "assistant", "content": [done.content[1].model_dump()]}, {"role": "user", "content": [result]}])
    checks.equal("tool result", done.content[0].text, "It is 21.")
    with client.messages.stream(model="gemma4", max_tokens=90, messages=[user(call)], tools=[WEATHER]) as stream:
        final = stream.get_final_message()
    checks.equal("tool use, streamed", final.content[1].input, {"city": "Paris"})
    done = create("say:{call}call:get_weather{city:{q}X{q}}{/call}{response}", tools=[WEATHER],
                  tool_choice={"type": "tool", "name": "get_weather"})
    checks.equal("a tool that is asked for", done.content[0].name, "get_weather")
    done = create("say:{think}hm{/think}Yes.", thinking={"type": "enabled", "budget_tokens": 1024})
    checks.equal("thinking", [b.type for b in done.content], ["thinking", "text"])
    checks.equal("its text", (done.content[0].thinking, done.content[1].text), ("hm", "Yes."))
    with client.messages.stream(model="gemma4", max_tokens=90, messages=[user("say:{think}hm{/think}Yes.")],
                                thinking={"type": "enabled", "budget_tokens": 1024}) as stream:
        kinds = [e.delta.type for e in stream if e.type == "content_block_delta"]
    checks.equal("thinking, streamed", (kinds[0], "signature_delta" in kinds, kinds[-1]), ("thinking_delta", True, "text_delta"))
    done = create("babble", extra_body={"output_config": {"format": {"type": "json_schema", "schema": {"enum": ["yes", "no"]}}}})
    checks.true("output_config.format", done.content[0].text in ('"yes"', '"no"'), done.content)
    checks.equal("prefill", client.messages.create(model="gemma4", max_tokens=50, messages=[
        user("say:abcd"), {"role": "assistant", "content": "ab"}]).content[0].text, "cd")
    count = client.messages.count_tokens(model="gemma4", messages=[user("say:Hello again")]).input_tokens
    usage = create("say:Hello again").usage
    checks.equal("count_tokens", count, usage.input_tokens + usage.cache_read_input_tokens)
    error = checks.raises("unknown model", anthropic.NotFoundError, lambda: create("x", model="claude"), "not found")
    checks.equal("its type", error.body["error"]["type"], "not_found_error")
    checks.raises("temperature", anthropic.BadRequestError, lambda: create("x", extra_body={"temperature": 1.5}), "temperature")
    checks.raises("first message of the assistant", anthropic.BadRequestError, lambda: create("x", messages=[
        {"role": "assistant", "content": "x"}]), "messages.0.role")
    checks.raises("server tools", anthropic.BadRequestError, lambda: create("x", tools=[
        {"type": "web_search_20250305", "name": "web_search"}]), "tools.0.type")
    checks.raises("images", anthropic.BadRequestError, lambda: create([{"type": "image", "source": {
        "type": "base64", "media_type": "image/png", "data": "aaaa"}}]), "no encoder")
