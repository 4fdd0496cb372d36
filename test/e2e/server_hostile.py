"""Clients that mean no good, or leave: typed answers, bounded memory, and nobody else notices."""
import base64
import hashlib
import json
import re
import socket
import threading
import time

MODEL = {"model": "gemma4", "prompt": "say:fine", "stream": False}


def exchange(server, data, timeout=20, half_close=False):
    """Sends bytes on a connection of their own and returns all that comes back."""
    with socket.create_connection(("127.0.0.1", server.port), timeout) as sock:
        try:
            sock.sendall(data)
            if half_close:
                sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        answer = b""
        try:
            while True:
                part = sock.recv(65536)
                if not part:
                    break
                answer += part
        except OSError:
            pass
        return answer


def status_of(answer):
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def request(server, method, path, body=None, headers=None, timeout=30):
    """(status, headers, body) of one request."""
    import http.client
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout)
    connection.request(method, path, None if body is None else body if isinstance(body, bytes) else json.dumps(body), headers or {})
    answer = connection.getresponse()
    result = answer.status, dict(answer.getheaders()), answer.read().decode(errors="replace")
    connection.close()
    return result


def post(body, extra="", path="/api/generate", host="localhost"):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return f"POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {len(data)}\r\n{extra}\r\n".encode() + data


def suite(checks, server):
    before = server.memory()
    framing(checks, server)
    page(checks, server)
    bodies(checks, server)
    origins(checks, server)
    leaving(checks, server)
    crowd(checks, server)
    slow(checks, server)
    checks.equal("in the end it still answers", json.loads(request(server, "POST", "/api/generate", MODEL)[2])["response"], "fine")
    grown = server.memory() - before
    checks.true("memory stays bounded", grown < 300 << 20, f"{grown / 2**20:.0f} MiB more")


def framing(checks, server):
    good = b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\n"
    for what, data, wanted in (
            ("no Host", b"GET / HTTP/1.1\r\n\r\n", 400),
            ("two Hosts", b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
            ("two lengths", good + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
            ("length and chunked", good + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            ("a signed length", good + b"Content-Length: +2\r\n\r\n{}", 400),
            ("unknown coding", good + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
            ("obs-fold", good + b"A: b\r\n c\r\n\r\n", 400),
            ("space before colon", good + b"A : b\r\n\r\n", 400),
            ("bare CR", good + b"A: b\rc\r\n\r\n", 400),
            ("bare LF", b"GET / HTTP/1.1\nHost: a\n\n", 400),
            ("NUL", good + b"A: b\0c\r\n\r\n", 400),
            ("chunk size", good + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
            ("huge chunk size", good + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400),
            ("no line end after a chunk", good + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n", 400),
            ("chunk extension", good + b"Transfer-Encoding: chunked\r\n\r\n2;a=" + b"x" * 300 + b"\r\n{}\r\n0\r\n\r\n", 400),
            ("long request line", b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
            ("long headers", b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: " + b"x" * 40000 + b"\r\n\r\n", 431),
            ("many headers", b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"A%d: b\r\n" % n for n in range(120)) + b"\r\n", 431),
            ("version", b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505),
            ("not HTTP", b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
            ("..", b"GET /../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
            ("%2e%2e", b"GET /a/%2e%2e/b HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
            ("%00", b"GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
            ("bad percent", b"GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
            ("unknown path", b"GET /nope HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404),
            ("wrong method", b"GET /api/generate HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405),
            ("TRACE", b"TRACE / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405),
            ("BREW", b"BREW / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 501)):
        answer = exchange(server, data)
        checks.equal(what, status_of(answer), wanted)
    smuggled = good + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/version HTTP/1.1\r\nHost: localhost\r\n\r\n"
    checks.equal("nothing after a bad head is read as a request", exchange(server, smuggled).count(b"HTTP/1.1 "), 1)
    two = b"GET /api/version HTTP/1.1\r\nHost: localhost\r\n\r\n"
    checks.equal("pipelined requests", exchange(server, two * 3, 3).count(b"HTTP/1.1 200"), 3)
    checks.true("HTTP/1.0 closes", exchange(server, b"GET / HTTP/1.0\r\n\r\n").endswith(b"Ollama is running"))
    data = json.dumps(MODEL).encode()
    chunked = good + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(
        b"1;x=y\r\n%c\r\n" % byte for byte in data) + b"0\r\nTrailer: x\r\n\r\n"
    checks.true("a chunked body is read", b'"fine"' in exchange(server, chunked))
    waits = post(MODEL, "Expect: 100-continue\r\n")
    checks.true("100-continue", exchange(server, waits).startswith(b"HTTP/1.1 100"))
    ask = {"messages": [{"role": "user", "content": "Hi <turn|>"}]}
    checks.equal("apply-template", json.loads(request(server, "POST", "/apply-template", ask)[2])["prompt"],
                 "<bos><|turn>user\nHi <turn|><turn|>\n<|turn>model\n")
    ids = json.loads(request(server, "POST", "/tokenize", {"content": "a<turn|>", "with_pieces": True})[2])["tokens"]
    checks.equal("tokenize", ids, [{"id": 338, "piece": "a"}, {"id": 15, "piece": "<turn|>"}])
    ids = json.loads(request(server, "POST", "/tokenize", {"content": "a<turn|>", "parse_special": False, "add_special": True})[2])["tokens"]
    checks.equal("tokenize without control tokens", (len(ids), ids[:2]), (9, [2, 338]))
    checks.equal("detokenize", json.loads(request(server, "POST", "/detokenize", {"tokens": [338, 15]})[2])["content"], "a<turn|>")
    checks.equal("detokenize beyond", request(server, "POST", "/detokenize", {"tokens": [99999]})[0], 400)
    status, headers, body = request(server, "HEAD", "/")
    checks.equal("HEAD", (status, body), (200, ""))


def page(checks, server):
    """The page's policy must name the very style and script that it holds, and the page must ask nobody else."""
    status, headers, body = request(server, "GET", "/", headers={"Accept": "text/html"})
    checks.true("the page", status == 200 and headers["Content-Type"].startswith("text/html") and len(body) < 200_000, (status, len(body)))
    for tag in ("style", "script"):
        text = body.split(f"<{tag}>", 1)[1].split(f"</{tag}>", 1)[0]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        checks.true(f"the policy names the {tag}", f"{tag}-src 'sha256-{digest}'" in headers["Content-Security-Policy"], headers)
    checks.true("no outside resource", not re.search(r"""(src|href)="(?!data:)|url\(|import |https?://""", body))


def bodies(checks, server):
    deep = b'{"model":"gemma4","prompt":' + b"[" * 100000 + b"]" * 100000 + b"}"
    for what, body, word in (("nesting of 100,000", deep, "nested"), ("no JSON", b"{nope", "byte"), ("an array", b"[]", "object"),
                             ("a repeated key", b'{"model":"a","model":"b"}', "twice"), ("bad UTF-8", b'{"model":"\xff"}', "byte"),
                             ("a lone surrogate", b'{"model":"\\ud800"}', "byte"), ("1e999", b'{"model":1e999}', "number"),
                             ("nothing", b"", "missing"), ("many values", b'{"a":[' + b"1," * 1200000 + b"1]}", "values")):
        answer = exchange(server, post(body))
        checks.true(f"{what}: 400", status_of(answer) == 400 and word in answer.decode(errors="replace"), answer[-300:])
    for family, path, word in (("OpenAI", "/v1/chat/completions", b'"invalid_request_error"'),
                               ("Anthropic", "/v1/messages", b'"type":"error"')):
        checks.true(f"{family}'s form of errors", word in exchange(server, post(b"{", path=path)))
    head = b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1073741824\r\n\r\n"
    checks.equal("1 GB, announced", status_of(exchange(server, head + b"x" * 1000)), 413)
    peak, start = 0, server.memory()
    sock = socket.create_connection(("127.0.0.1", server.port), 20)
    sock.sendall(b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
    block = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
    try:
        for _ in range(1024):
            sock.sendall(block)
            peak = max(peak, server.memory() - start)
    except OSError:
        pass
    answer = b""
    try:
        answer = sock.recv(65536)
    except OSError:
        pass
    sock.close()
    checks.true("1 GB, chunked: 413", status_of(answer) == 413, answer[:200])
    checks.true("and never held", peak < 200 << 20, f"{peak >> 20} MiB")
    checks.equal("compressed", status_of(exchange(server, post(MODEL, "Content-Encoding: gzip\r\n"))), 415)
    checks.equal("multipart", status_of(exchange(server, post(MODEL, "Content-Type: multipart/form-data; boundary=x\r\n"))), 415)
    checks.equal("curl's form", status_of(exchange(server, post(MODEL, "Content-Type: application/x-www-form-urlencoded\r\n"))), 200)


def origins(checks, server):
    for host, wanted in (("localhost", 200), ("127.0.0.1:1", 200), ("app.localhost", 200), ("nas.local", 200), ("192.168.1.7", 200),
                         ("evil.example", 403), ("localhost.evil.example", 403), ("127.0.0.1.evil.example", 403), ("8.8.8.8", 403)):
        checks.equal(f"Host {host}", status_of(exchange(server, post(MODEL, host=host))), wanted)
    for origin, wanted in (("http://localhost:3000", 200), ("https://127.0.0.1", 200), ("app://obsidian", 200),
                           ("https://evil.example", 403), ("http://localhost.evil.example", 403), ("null", 403),
                           ("http://localhost:3000.evil.example", 403)):
        answer = exchange(server, post(MODEL, f"Origin: {origin}\r\n"))
        checks.equal(f"Origin {origin}", status_of(answer), wanted)
        allowed = f"Access-Control-Allow-Origin: {origin}".encode() in answer
        checks.equal(f"Origin {origin} is echoed if allowed", allowed, wanted == 200)
    answer = exchange(server, b"OPTIONS /api/chat HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nConnection: close\r\n"
                              b"Access-Control-Request-Method: POST\r\n\r\n")
    checks.true("preflight", status_of(answer) == 204 and b"Access-Control-Allow-Methods" in answer, answer)


def busy(server):
    metrics = request(server, "GET", "/metrics")[2]
    return int(float(metrics.split("\ngemmac_slots_busy ")[1].split("\n")[0]))


def wait_idle(server, seconds=3.0):
    start = time.monotonic()
    while busy(server) and time.monotonic() - start < seconds:
        time.sleep(0.01)
    return not busy(server)


def leaving(checks, server):
    endless = {"model": "gemma4", "prompt": "slow: say:abc|loop|", "options": {"num_predict": 1000}}
    for what, stream, reset in (("a stream", True, False), ("a stream, by reset", True, True), ("a whole answer", False, False),
                                ("a whole answer, by reset", False, True)):
        sock = socket.create_connection(("127.0.0.1", server.port), 20)
        sock.sendall(post({**endless, "stream": stream}))
        time.sleep(0.2)
        checks.equal(f"leaving {what}: it runs", busy(server), 1)
        if reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.close()
        checks.true(f"leaving {what}: it ends", wait_idle(server, 1.0))
    kept = exchange(server, post({"model": "gemma4", "prompt": "slow: say:half closed", "stream": False}), half_close=True)
    checks.true("a half-closed client gets its answer", b'"half closed"' in kept, kept[-200:])
    first = socket.create_connection(("127.0.0.1", server.port), 20)
    first.sendall(post({**endless, "stream": True}))
    time.sleep(0.1)
    waiting = socket.create_connection(("127.0.0.1", server.port), 20)
    waiting.sendall(post({**endless, "stream": False}))
    time.sleep(0.1)
    waiting.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    waiting.close()
    time.sleep(0.1)
    queue = request(server, "GET", "/metrics")[2].split("\ngemmac_queue_length ")[1].split("\n")[0]
    checks.equal("who leaves the queue is gone from it", float(queue), 0)
    first.close()
    checks.true("idle again", wait_idle(server))


def crowd(checks, server):
    socks = [socket.create_connection(("127.0.0.1", server.port), 20) for _ in range(500)]
    alone = json.loads(request(server, "POST", "/api/generate", MODEL)[2])["response"]
    checks.equal("500 idle connections", alone, "fine")
    for number, sock in enumerate(socks):
        sock.sendall(post({"model": "gemma4", "prompt": f"say:number {number}", "stream": False}))
    wrong = 0
    for number, sock in enumerate(socks):
        answer = b""
        while part := sock.recv(65536):
            answer += part
        wrong += f'"number {number}"'.encode() not in answer
        sock.close()
    checks.true("500 requests at once: each has its own answer", wrong == 0, f"{wrong} wrong")
    answers, leavers = [], []
    def stay():
        answers.append(json.loads(request(server, "POST", "/api/generate", {**MODEL, "prompt": "slow: say:steady"})[2])["response"])
    def leave():
        with socket.create_connection(("127.0.0.1", server.port), 20) as sock:
            sock.sendall(post({"model": "gemma4", "prompt": "say:abc|loop|"}))
            sock.recv(10)
    threads = [threading.Thread(target=stay if n % 4 == 0 else leave) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    checks.equal("others' text does not change when clients leave", answers, ["steady"] * 6)


def slow(checks, server):
    """Slow heads and bodies, all at once."""
    loris = [socket.create_connection(("127.0.0.1", server.port), 30) for _ in range(50)]
    drip = socket.create_connection(("127.0.0.1", server.port), 30)
    drip.sendall(b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n{")
    start, ended = time.monotonic(), {}
    for sock in loris:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
    while time.monotonic() - start < 18 and len(ended) < 51:
        time.sleep(0.5)
        for sock in loris + [drip]:
            if sock in ended:
                continue
            try:
                sock.send(b"a")
                sock.setblocking(False)
                answer = sock.recv(1000)
                ended[sock] = (status_of(answer), time.monotonic() - start)
            except BlockingIOError:
                pass
            except OSError:
                ended[sock] = (0, time.monotonic() - start)
            finally:
                sock.setblocking(True)
    told = [ended.get(sock, (0, 0)) for sock in loris]
    checks.true("slow heads: 408 in 10 s", all(status == 408 and 9 < seconds < 13 for status, seconds in told), told[:3])
    status, seconds = ended.get(drip, (0, 0))
    checks.true("a slow body: 408 in 15 s", status == 408 and 14 < seconds < 18, (status, seconds))
    for sock in loris + [drip]:
        sock.close()
