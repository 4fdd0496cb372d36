"""The article's agent: it asks the model, runs the function that the model calls, and sends the result back.

    python agent.py http://127.0.0.1:11434

Needs nothing but Python. docs/guides/agent.md explains it.
"""
import json
import sys
import urllib.request

MODELFILE = '''FROM gemma4
PARAMETER temperature 0
PARAMETER num_predict 200
SYSTEM """You answer questions about the weather. Use the tool."""
'''

WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "The weather of a city now",
    "parameters": {"type": "object", "properties": {"city": {"type": "string", "description": "Name of the city"}},
                   "required": ["city"]}}}


def get_weather(city):
    return {"city": city, "celsius": 21}


def post(path, body):
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


def main(question):
    post("/api/create", {"model": "weather", "modelfile": MODELFILE, "stream": False})
    messages = [{"role": "user", "content": question}]
    while True:
        message = post("/api/chat", {"model": "weather", "messages": messages, "tools": [WEATHER], "stream": False})["message"]
        messages.append(message)
        if not message.get("tool_calls"):
            break
        for call in message["tool_calls"]:
            result = get_weather(**call["function"]["arguments"])
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": json.dumps(result)})
    print(message["content"])
    print(post("/api/generate", {"model": "weather", "prompt": "say:Goodbye.", "stream": False})["response"])


if __name__ == "__main__":
    URL = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:11434"
    main(sys.argv[2] if len(sys.argv) > 2 else
         "say:{call}call:get_weather{city:{q}Paris{q}}{/call}{response}|then|It is 21 degrees in Paris.")
