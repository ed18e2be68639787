# SPDX-License-Identifier: Apache-2.0
"""hostile.py - a registry that lies: redirects, endless bodies, slow drips,
errors of the server, wrong types, wrong ids, schemas that are too much."""

import http.server
import json
import threading
import time

GOOD = json.dumps({"type": "record", "name": "R", "fields": [
    {"name": "a", "type": "int"}]})


def deep(n):
    return '{"type":"array","items":' * n + '"int"' + "}" * n


def wide(n):
    return json.dumps({"type": "record", "name": "R", "fields": [
        {"name": "f%d" % i, "type": "int"} for i in range(n)]})


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, body, status=200, kind="application/json", more=()):
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in more:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def answer(self, schema, **more):
        self.reply(json.dumps(dict({"subject": "x", "id": 1, "version": 1,
                                    "schema": schema}, **more)))

    def endless(self, pause, piece):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        end = time.monotonic() + 60
        while time.monotonic() < end:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
            time.sleep(pause)

    def do_GET(self):
        try:
            self.lie(self.server.mode)
        except OSError:
            pass
        self.close_connection = True

    do_POST = do_GET

    def lie(self, mode):
        self.server.hits += 1
        if mode == "redirect":
            self.reply("{}", 302, more=[("Location", self.server.canary)])
        elif mode == "endless":
            self.endless(0, b" " * 65536)
        elif mode == "drip":
            self.endless(0.5, b" ")
        elif mode == "silent":
            time.sleep(60)
        elif mode == "500":
            self.reply("{}", 500)
        elif mode == "503 html":
            self.reply("<html>busy</html>", 503, "text/html")
        elif mode == "html":
            self.reply("<html>hello</html>", 200, "text/html")
        elif mode == "404 html":
            self.reply("<html>nothing</html>", 404, "text/html")
        elif mode == "garbage":
            self.reply("{\"schema\": ")
        elif mode == "list":
            self.reply("[1]")
        elif mode == "deep json":
            self.reply("[" * 100000)
        elif mode == "no schema":
            self.reply("{\"id\": 1}")
        elif mode == "no id":
            self.reply(json.dumps({"schema": GOOD}))
        elif mode == "huge id":
            self.answer(GOOD, id=1 << 40)
        elif mode == "many references":
            self.answer(GOOD, references=[
                {"name": "n", "subject": "s%d" % i, "version": 1}
                for i in range(1000)])
        elif mode == "deep":
            self.answer(deep(1000))
        elif mode == "wide":
            self.answer(wide(20000))
        elif mode == "no avro":
            self.answer("{\"type\": \"rekord\"}")
        elif mode == "other id" and "/ids/" in self.path:
            self.answer(GOOD, id=99)
        elif "/ids/" in self.path:
            self.answer(GOOD, id=int(self.path.rsplit("/", 1)[1]))
        else:
            self.answer(GOOD)


class Canary(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.hits += 1
        self.send_error(404)


def serve(handler, port=0, tls=None, **attributes):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    server.hits = 0
    for name, value in attributes.items():
        setattr(server, name, value)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.url = "http://127.0.0.1:%d" % server.server_address[1]
    return server
