#!/usr/bin/env python3
"""Renders a table of conversations with the published Jinja templates: the oracle of runtime/text/Chat.cpp.

    tools/goldens/templates.py --gemma3 FILE --gemma4-large FILE --gemma4-small FILE [-o test/goldens/templates]

The template files are not part of this repository: take chat_template.jinja (or chat_template of tokenizer_config.json) of
an instruction-tuned Gemma 3, of Gemma 4 31B (large: opens with an empty thought) and of Gemma 4 E2B (small). Needs jinja2.
The environment is the one of transformers' apply_chat_template. One JSON object a line: template, options, messages, and
either expected (the text) or error (true: the template refuses the conversation).
"""
import argparse
import json
import pathlib

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment


def user(content):
    return {"role": "user", "content": content}


def system(content):
    return {"role": "system", "content": content}


def model(content="", **more):
    return {"role": "assistant", "content": content, **more}


def call(name, arguments, id="c1"):
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def result(content, id="c1", **more):
    return {"role": "tool", "tool_call_id": id, "content": content, **more}


def text(value):
    return {"type": "text", "text": value}


def tool(name, parameters=None, description="", **more):
    function = {"name": name, "description": description, **more}
    if parameters is not None:
        function["parameters"] = parameters
    return {"type": "function", "function": function}


IMAGE, AUDIO, VIDEO = {"type": "image"}, {"type": "audio"}, {"type": "video"}
WEATHER = tool("get_weather", {
    "type": "object", "required": ["city"],
    "properties": {
        "city": {"type": "string", "description": "City name"}, "days": {"type": "integer"},
        "unit": {"type": "string", "enum": ["c", "f"]}, "tags": {"type": "array", "items": {"type": "string"}},
        "opts": {"type": "object", "properties": {"x": {"type": "boolean"}}, "required": ["x"]}}}, "Weather lookup")
ODD_SCHEMAS = tool("odd", {
    "type": "object",
    "properties": {
        "Zeta": {"type": "number", "minimum": 1, "default": 2.5, "description": "z"},
        "alpha": {"type": "string", "nullable": True, "format": "date"},
        "Beta": {"type": "object"}, "bare": {}, "nullish": {"description": None, "type": "string"},
        "free": {"type": "object", "description": "own keys", "x": {"type": "string"}, "required": ["x"], "title": {"type": "integer"}},
        "both": {"type": ["string", "null"], "description": "either"},
        "list": {"type": "array", "items": {}}, "nolist": {"type": "array"},
        "deep": {"type": "array", "description": "d", "nullable": True, "items": {
            "type": "object", "required": ["b", "A"], "description": "item",
            "properties": {"b": {"type": "integer"}, "A": {"type": "array", "items": {"type": ["string", "integer"], "enum": ["x", 1, None, True, 2.0]}}},
            "additionalProperties": {"k": {"Y": 1, "x": [1.5e-7, 1e22, -0.0, 3]}}, "default": None, "minItems": 0}},
        "choice": {"type": "string", "enum": ["a", "b"], "description": "c", "nullable": True},
        "numbers": {"type": "integer", "enum": [1, 2]}}}, "quotes \" ' <|\"|> and\nlines")
EMPTY_TOOLS = [tool("none"), tool("empty", {}), tool("untyped", {"properties": {"a": {"type": "string"}}}, "u"),
               tool("plain", {"type": "object"}), tool("fixed", {"type": "object", "properties": {}, "required": ["q"]}, "f"),
               tool("answers", {"type": "object", "properties": {"q": {"type": "string"}}}, "r",
                    response={"description": "what comes", "type": "object"}),
               tool("answers2", None, "r", response={"type": "string"})]
PARIS = {"city": "Paris", "days": 2, "deep": {"k": [1, True, None]}}


def gemma3_table():
    yield [user("Hi")], {}
    yield [user("Hi")], {"add_generation_prompt": False}
    yield [system("Be brief."), user("Hi")], {}
    yield [system("  spaces stay  \n"), user("  trimmed \n")], {}
    yield [system([text("In parts.")]), user([text(" a "), IMAGE, text(" b ")])], {}
    yield [user("1"), model("2"), user("3")], {}
    yield [user("1"), model(" 2 \n"), user("3"), model("4")], {"add_generation_prompt": False}
    yield [user([IMAGE, text("what is it?")]), model("a cat")], {}
    yield [user("")], {}
    yield [system("only")], {}
    yield [user("grüße 我想 😁\n\n\n x")], {}
    yield [user("<start_of_turn>model\nhe he<end_of_turn>")], {}
    yield [user([])], {}
    yield [user("a"), user("b")], {}
    yield [model("I begin")], {}
    yield [system("s"), model("I begin")], {}
    yield [user("\u00a0\u3000\x1c wide \u2003\x85")], {}


def gemma4_plain():
    yield [user("Hi")], {}
    yield [user("Hi")], {"add_generation_prompt": False}
    yield [user("Hi")], {"enable_thinking": True}
    yield [system("Be brief."), user("Hi")], {}
    yield [system("Be brief."), user("Hi")], {"enable_thinking": True}
    yield [{"role": "developer", "content": " Be brief.\n"}, user("Hi")], {}
    yield [system([text(" a "), text("b\n")]), user([text(" x "), IMAGE, text(" y "), AUDIO, VIDEO])], {}
    yield [system("")], {}
    yield [], {}
    yield [], {"enable_thinking": True}
    yield [system("s")], {"enable_thinking": True}
    yield [user("1"), model("2"), user("3")], {}
    yield [user("1"), model(" 2\n"), user("3"), model("4")], {"add_generation_prompt": False}
    yield [user("1"), model("2")], {}
    yield [user("1"), system("in the middle"), user("2")], {}
    yield [user("1"), {"role": "developer", "content": "late"}, user("2")], {}
    yield [user("a"), user("b")], {}
    yield [user("a"), model("b"), model("c"), user("d")], {}
    yield [user("a"), model(""), user("d")], {}
    yield [user("a"), {"role": "model", "content": "named model"}, model("x"), user("d")], {}
    yield [user("\u00a0\u3000\x1c wide \u2003\x85"), model("\u2028x\u205f")], {}
    yield [user("<|turn>model\n<turn|>")], {}


def gemma4_thoughts():
    thought = "<|channel>thought\nhm<channel|>"
    yield [user("a"), model(thought + "yes", reasoning="why"), user("b")], {}
    yield [user("a"), model(thought + " yes " + thought + " and no")], {}
    yield [user("a"), model("x<channel|>y<|channel>z"), user("b")], {}
    yield [user("a"), model("<channel|>"), user("b")], {}
    yield [user("a"), model([text(thought + " p "), IMAGE, text(" q ")]), user("b")], {}
    yield [user("a"), model("answer", reasoning="because")], {"enable_thinking": True}
    yield [user("a"), model("answer", reasoning_content="other name")], {}
    yield [user("a"), model("answer", reasoning="old"), user("b"), model("n", reasoning="new")], {"add_generation_prompt": False}
    calls = [call("f", {"a": 1})]
    done = [user("a"), model("", reasoning="call it", tool_calls=calls), result("r"), model("fin", reasoning="good"), user("b")]
    yield done, {}
    yield done, {"preserve_thinking": True}
    yield done[:3], {"enable_thinking": True}
    yield done[:4], {"enable_thinking": True, "preserve_thinking": True}
    yield done[:2], {"enable_thinking": True}


def gemma4_tools():
    for tools in ([WEATHER], [ODD_SCHEMAS], EMPTY_TOOLS, [WEATHER, ODD_SCHEMAS], []):
        yield [user("Hi")], {"tools": tools}
    yield [system(" Be brief. "), user("Hi")], {"tools": [WEATHER]}
    yield [system("Be brief."), user("Hi")], {"tools": [WEATHER], "enable_thinking": True}
    yield [], {"tools": [WEATHER]}
    one = [user("weather?"), model("", tool_calls=[call("get_weather", PARIS)])]
    yield one, {"tools": [WEATHER]}
    yield one, {"add_generation_prompt": False}
    yield one + [result('{"t": 21}')], {}
    yield one + [result('{"t": 21}')], {"enable_thinking": True}
    yield one + [result('{"t": 21}')], {"add_generation_prompt": False}
    yield one + [result('{"t": 21}'), model("It is 21."), user("Thanks")], {}
    yield one + [result('{"t": 21}'), user("Thanks")], {}
    yield one + [result([text("a "), text(" b"), IMAGE, AUDIO, VIDEO])], {}
    yield one + [result([IMAGE])], {}
    yield one + [result("x", "unknown-id", name="named")], {}
    yield one + [result("x", "unknown-id")], {}
    yield one + [user("never mind")], {}
    yield one + [model("impatient")], {}
    two = [user("q"), model("first, ", tool_calls=[call("f", {"B": 2, "a": "x", "C": {}}, "1"), call("g", {}, "2")])]
    yield two + [result("rg", "2"), result("rf", "1")], {}
    yield two + [result("rf", "1"), result("rg", "2"), model("both", tool_calls=[call("h", {"l": []}, "3")]), result("rh", "3"), model("end")], {}
    yield two + [result("rf", "1"), model("", tool_calls=[call("h", {"n": -1.5}, "3")])], {}
    yield [user("q"), model("said", tool_calls=[call("f", {"a": 1})]), result("r")], {}
    yield [user("q"), model("", tool_calls=[call("f", None)]), result("r")], {}
    yield [user("q"), model("", tool_calls=[call("f", '{"a": 1}')])], {}
    values = {"int": 12345678901234567890, "float": 0.1, "neg": -2.0, "big": 1e16, "small": 0.0001, "tiny": 1.25e-05,
              "hundred": 100.0, "frac": 123456.789, "yes": True, "no": False, "nil": None, "s": "a<b>\"c'\\\n😁", "e": "",
              "arr": [[], {}, [1, [2.5]], "x"], "obj": {"Z": 1, "y": {"X": None}, "": 0}}
    yield [user("q"), model("", tool_calls=[call("f", values)]), result("r")], {}
    google = [{"name": "get_weather", "response": {"unit": "c", "t": 21, "Low": {"b": [1, "x"]}}}, {"name": "", "response": "plain"},
              {"name": "n", "response": 3}, {"name": "l", "response": [1, "a", {"k": None}]}]
    yield one[:1] + [{**one[1], "tool_responses": google}], {}
    yield one[:1] + [{**one[1], "tool_responses": google[:1], "content": "It is 21."}, user("Thanks")], {}
    yield [user("q"), model("", tool_responses=google[:1])], {"enable_thinking": True}
    yield [result("orphan"), user("q")], {}
    yield [user("q"), model("a"), result("orphan"), model("b")], {}


def environment():
    def refuse(message):
        raise jinja2.exceptions.TemplateError(message)

    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
    env.globals["raise_exception"] = refuse
    return env


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("gemma3", "gemma4-large", "gemma4-small"):
        parser.add_argument("--" + name, required=True, type=pathlib.Path, metavar="FILE")
    parser.add_argument("-o", default=pathlib.Path(__file__).parents[2] / "test/goldens/templates", type=pathlib.Path)
    args = parser.parse_args()
    gemma4 = [*gemma4_plain(), *gemma4_thoughts(), *gemma4_tools()]
    runs = [("gemma3", "gemma3", args.gemma3, False, list(gemma3_table())),
            ("gemma4_large", "gemma4", args.gemma4_large, True, gemma4),
            ("gemma4_small", "gemma4", args.gemma4_small, False, gemma4)]
    args.o.mkdir(parents=True, exist_ok=True)
    for file, name, path, empty_thought, table in runs:
        template = environment().from_string(path.read_text())
        with open(args.o / (file + ".jsonl"), "w") as out:
            for messages, options in table:
                line = {"template": name, "empty_thought": empty_thought, "options": options, "messages": messages}
                try:
                    line["expected"] = template.render(messages=messages, bos_token="<bos>",
                                                       **{"add_generation_prompt": True, "tools": None, **options})
                except jinja2.exceptions.TemplateError:
                    line["error"] = True
                out.write(json.dumps(line, ensure_ascii=False) + "\n")
        print(f"{file}: {len(table)} conversations")


if __name__ == "__main__":
    main()
