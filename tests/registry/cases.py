# SPDX-License-Identifier: Apache-2.0
"""cases.py - Avro through a real registry, and what bad answers get.

    cases.py [CASE...]
"""

import datetime
import decimal
import io
import json
import os
import random
import ssl
import subprocess
import sys
import time
import traceback
import urllib.error
import urllib.request
import uuid

import fastavro
from confluent_kafka.schema_registry import Schema, SchemaReference
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

import hostile
import rig
from rig import Background, Job, check, same, wait

D = decimal.Decimal
UTC = datetime.timezone.utc


def record(name, *fields):
    return json.dumps({"type": "record", "name": name,
                       "namespace": "com.acme", "fields": list(fields)})


def field(name, kind, **more):
    return dict({"name": name, "type": kind}, **more)


V1 = record("Order", field("id", "long"), field("what", "string"))
V2 = record("Order", field("id", "long"), field("what", "string"),
            field("country", "string", default="FR"))

EVERY = record(
    "Every",
    field("b", "boolean"), field("i", "int"), field("l", "long"),
    field("f", "float"), field("d", "double"), field("s", "string"),
    field("y", "bytes"),
    field("x", {"type": "fixed", "name": "Four", "size": 4}),
    field("e", {"type": "enum", "name": "Color",
                "symbols": ["RED", "GREEN"]}),
    field("n", ["null", "long"], default=None),
    field("dec", {"type": "bytes", "logicalType": "decimal",
                  "precision": 20, "scale": 4}),
    field("decf", {"type": "fixed", "name": "Dec", "size": 9,
                   "logicalType": "decimal", "precision": 20, "scale": 3}),
    field("date", {"type": "int", "logicalType": "date"}),
    field("tms", {"type": "int", "logicalType": "time-millis"}),
    field("tus", {"type": "long", "logicalType": "time-micros"}),
    field("tsms", {"type": "long", "logicalType": "timestamp-millis"}),
    field("tsus", {"type": "long", "logicalType": "timestamp-micros"}),
    field("loms", {"type": "long", "logicalType": "local-timestamp-millis"}),
    field("lous", {"type": "long", "logicalType": "local-timestamp-micros"}),
    field("u", {"type": "string", "logicalType": "uuid"}),
    field("dur", {"type": "fixed", "name": "Dur", "size": 12,
                  "logicalType": "duration"}),
    field("arr", {"type": "array", "items": ["null", "int"]}),
    field("row", {"type": "record", "name": "Inner", "fields": [
        field("p", "string"), field("q", ["null", "double"])]}),
    field("m", {"type": "map", "values": "long"}),
    field("un", ["null", "int", "string"]),
)


def every(rnd):
    """A row of all types, within what both sides can hold."""
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(
        microseconds=rnd.randrange(-10**15, 4 * 10**15))
    ms = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    time_of_day = moment.time()
    return {
        "b": rnd.random() < 0.5, "i": rnd.randrange(-2**31, 2**31),
        "l": rnd.randrange(-2**63, 2**63),
        "f": rnd.randrange(-1000, 1000) / 8, "d": rnd.random() * 1e10,
        "s": "h\u00e9%d\u20ac" % rnd.randrange(100),
        "y": rnd.randbytes(rnd.randrange(5)), "x": rnd.randbytes(4),
        "e": rnd.choice(["RED", "GREEN"]),
        "n": rnd.choice([None, rnd.randrange(100)]),
        "dec": D(rnd.randrange(-10**19, 10**19)).scaleb(-4),
        "decf": D(rnd.randrange(-10**19, 10**19)).scaleb(-3),
        "date": moment.date(), "tms": ms.time(), "tus": time_of_day,
        "tsms": ms.replace(tzinfo=UTC), "tsus": moment.replace(tzinfo=UTC),
        "loms": ms, "lous": moment, "u": uuid.UUID(bytes=rnd.randbytes(16)),
        "dur": b"".join(rnd.randrange(2**20).to_bytes(4, "little")
                        for _ in range(3)),
        "arr": [rnd.choice([None, rnd.randrange(9)])
                for _ in range(rnd.randrange(4))],
        "row": {"p": "p%d" % rnd.randrange(9),
                "q": rnd.choice([None, rnd.random()])},
        "m": {"k%d" % i: rnd.randrange(9) for i in range(rnd.randrange(3))},
        "un": rnd.choice([None, rnd.randrange(9), "text"]),
    }


def expected(row):
    """What leaves the job: fixed and enum as bytes and text, maps and unions
    as the text of their jsonb."""
    want = dict(row)
    keys = sorted(row["m"], key=lambda k: (len(k), k))
    want["m"] = "{%s}" % ", ".join('"%s": %d' % (k, row["m"][k])
                                   for k in keys)
    if row["un"] is not None:
        want["un"] = json.dumps(row["un"])
    return want


def job(name, url, source="", sink="", more="", columns="", do=None,
        format="avro", auth=""):
    steps = "" if do is None else (
        "streams:\n  x: {from: s, do: [%s]}\n" % do)
    return Job(name, """
registry: {url: "%s"%s}
sources:
  s: {kafka: {topic: %s.in, format: avro%s%s}}
%ssinks:
  o: {from: %s, kafka: {topic: %s.out, format: %s%s}}
%s""" % (url, auth, name, columns, source, steps,
         "s" if do is None else "x", name, format, sink, more))


REGISTER = ", schema: {record: com.acme.Out, register: true}"


class Cases:
    def __init__(self):
        self.plain = Background(brokers=rig.BROKERS)
        self.tls = Background(user="alice:Secret77", tls=True)
        self._sr = None

    @property
    def url(self):
        return self.plain.get().url

    @property
    def sr(self):
        if self._sr is None:
            self._sr = rig.client(self.url)
        return self._sr

    def input(self, name, schema, rows, partitions=1):
        rig.topics(name + ".in", name + ".out", name + ".dlq",
                   partitions=partitions)
        values = rig.write(self.sr, name + ".in", schema, rows)
        rig.produce(name + ".in", [(None, v) for v in values])
        return values

    def evolution(self):
        """Records of v1 and of v2, which has one more field with a default,
        read by v2; Confluent's deserializer reads what is written."""
        name = "evolution"
        v1 = [{"id": i, "what": "v1-%d" % i} for i in range(50)]
        v2 = [{"id": i, "what": "v2", "country": "DE"}
              for i in range(50, 100)]
        self.input(name, V1, v1)
        rig.produce(name + ".in", [
            (None, v) for v in rig.write(self.sr, name + ".in", V2, v2)])
        job(name, self.url, do="{filter: id <> 7}", sink=REGISTER).run()
        same(rig.read(self.sr, name + ".out"),
             [dict({"country": "FR"}, **r) for r in v1 if r["id"] != 7] + v2)
        latest = self.sr.get_latest_version(name + ".out-value")
        made = json.loads(latest.schema.schema_str)
        same((made["namespace"], made["name"]), ("com.acme", "Out"))

    def logical(self):
        """All types in and out, as fastavro sees them."""
        name = "logical"
        rnd = random.Random(4)
        rows = [every(rnd) for _ in range(300)]
        self.input(name, EVERY, rows)
        job(name, self.url, sink=REGISTER).run()
        got = rig.read(self.sr, name + ".out")
        same(len(got), len(rows))
        for g, r in zip(got, rows):
            same(g, expected(r))

    def json_out(self):
        """The same values in JSON: what the columns hold, without Avro."""
        name = "json_out"
        row = every(random.Random(5))
        self.input(name, EVERY, [row])
        job(name, self.url, format="json",
            do="{map: \"dec, date, tsus, u, e, (row).p AS p, arr\"}").run()
        got = json.loads(rig.records(name + ".out")[0].value(),
                         parse_float=D)
        same(got["dec"], row["dec"])
        same(got["date"], row["date"].isoformat())
        same(datetime.datetime.fromisoformat(
            got["tsus"].replace("Z", "+00:00")), row["tsus"])
        same((got["u"], got["e"], got["p"], got["arr"]),
             (str(row["u"]), row["e"], row["row"]["p"], row["arr"]))

    def columns(self):
        """Declared columns: some of the fields, wider; what does not fit is
        refused at the start, naming field and both types."""
        name = "columns"
        self.input(name, V2, [{"id": 5, "what": "x", "country": "IT"}])
        job(name, self.url, columns=", columns: {id: numeric, what: text}",
            sink=REGISTER).run()
        same(rig.read(self.sr, name + ".out"),
             [{"id": D("5.000000000"), "what": "x"}])
        job(name, self.url, columns=", columns: {id: text}",
            sink=REGISTER).run(78, ["field id: long does not fit a column of "
                                    "type text"])
        job(name, self.url, columns=", columns: {nix: text}",
            sink=REGISTER).run(78, "the schema has no field \"nix\"")

    def lint(self):
        """--online: what only the registry knows is checked."""
        name = "lint"
        self.input(name, V1, [{"id": 1, "what": "x"}])
        good = job(name, self.url, sink=REGISTER, do="map: id + 1 AS n")
        good.lint(0, "W0106")
        good.lint(0, "", "--online")
        bad = job(name, self.url, sink=REGISTER, do="map: nix AS n")
        bad.lint(0, "W0106")
        bad.lint(78, 'column "nix" does not exist', "--online")
        away = job(name, "http://127.0.0.1:%d" % rig.free_port(),
                   sink=REGISTER)
        away.lint(69, "the schema registry http://127.0.0.1:", "--online")

    def register(self):
        """Incompatible with what is there: refused at the start."""
        name = "register"
        self.input(name, V1, [{"id": 1, "what": "x"}])
        self.sr.register_schema(name + ".out-value", Schema(record(
            "Out", field("other", "long")), "AVRO"))
        job(name, self.url, sink=REGISTER).run(78, name + ".out-value")
        check(not rig.records(name + ".out"), "something was written")

    def check_only(self):
        """register: false: the latest schema rules, a value that does not fit
        is an error of its row, nothing is ever registered."""
        name = "check_only"
        self.input(name, V1, [{"id": i, "what": "x"}
                              for i in (1, 2**40, 3)])
        sink = ", schema: {record: com.acme.Out}"
        job(name, self.url, sink=sink).run(78, "has no subject")
        self.sr.register_schema(name + ".out-value", Schema(record(
            "Out", field("id", "int"), field("what", ["null", "string"]),
            field("extra", "string", default="none")), "AVRO"))
        job(name, self.url, sink=sink,
            more="errors: {dlq: %s.dlq}\n" % name).run()
        same(rig.read(self.sr, name + ".out"),
             [{"id": i, "what": "x", "extra": "none"} for i in (1, 3)])
        dead = rig.records(name + ".dlq")
        same(len(dead), 1)
        same(dict(dead[0].headers())["__dstream.errors.code"], b"E0604")
        same(len(self.sr.get_versions(name + ".out-value")), 1)
        self.sr.register_schema("must-value", Schema(record(
            "Out", field("id", "int"), field("must", "string")), "AVRO"))
        job(name, self.url,
            sink=", schema: {record: com.acme.Out, subject: must-value}").run(
                78, ["must-value"])

    def keys(self):
        """Keys of Avro, in and out."""
        name = "keys"
        rig.topics(name + ".in", name + ".out")
        rows = [{"id": i, "what": "w%d" % (i % 3)} for i in range(9)]
        values = rig.write(self.sr, name + ".in", V1, rows)
        keys = rig.write(self.sr, name + ".in", "\"long\"",
                         [r["id"] * 10 for r in rows],
                         field=rig.MessageField.KEY)
        rig.produce(name + ".in", list(zip(keys, values)))
        job(name, self.url, source=", key: k, key_format: avro",
            sink=REGISTER + ", key: k + 1, key_format: avro").run()
        same(rig.read(self.sr, name + ".out", rig.MessageField.KEY),
             [r["id"] * 10 + 1 for r in rows])
        same([r["k"] for r in rig.read(self.sr, name + ".out")],
             [r["id"] * 10 for r in rows])
        check(self.sr.get_latest_version(name + ".out-key"), "no -key")

    def strategies(self):
        """Subjects by topic and record."""
        name = "strategies"
        self.input(name, V1, [{"id": 1, "what": "x"}])
        for strategy, subject in (("record", "com.acme.Out1"),
                                  ("topic_record",
                                   name + ".out-com.acme.Out1")):
            job(name, self.url, sink=", schema: {record: com.acme.Out1, "
                "register: true, strategy: %s}" % strategy).run()
            check(self.sr.get_latest_version(subject), subject)

    def poison(self):
        """Bytes that are no record: dead letters, byte for byte."""
        name = "poison"
        good = self.input(name, V1, [{"id": 1, "what": "x"}])[0]
        other = self.sr.register_schema(
            name + "-json", Schema('{"type":"object","properties":'
                                   '{"a":{"type":"string"}}}', "JSON"))
        proto = self.sr.register_schema(
            name + "-proto", Schema('syntax = "proto3"; message A '
                                    '{ string a = 1; }', "PROTOBUF"))

        def framed(i, body=good[5:]):
            return b"\0" + i.to_bytes(4, "big") + body
        bad = [b"", b"\0", b"\1" + good[1:], framed(99999999), good[:-1],
               good + b"\0", framed(other), framed(proto),
               good[:5] + b"\x02\x03\xff", b"{\"id\": 1}", None]
        rig.produce(name + ".in", [(b"k", b) for b in bad])
        rig.produce(name + ".in", [(None, good)])
        j = job(name, self.url, sink=REGISTER,
                more="errors: {dlq: %s.dlq}\n" % name).run()
        same(len(rig.records(name + ".out")), 2)
        dead = rig.records(name + ".dlq")
        same([(m.key(), m.value()) for m in dead], [(b"k", b) for b in bad])
        codes = [dict(m.headers())["__dstream.errors.code"] for m in dead]
        same(codes, [b"E0601", b"E0601", b"E0601", b"E0602", b"E0601",
                     b"E0601", b"E0602", b"E0602", b"E0601", b"E0601",
                     b"E0601"])
        why = [dict(m.headers())["__streams.errors.message"].decode()
               for m in dead]
        check("JSON" in why[6] and "PROTOBUF" in why[7], why)
        check("99999999" in why[3], why[3])
        check(j.output(), "no log")

    def file(self):
        """A schema file without a registry: the bare bytes."""
        name = "file"
        rig.topics(name + ".in", name + ".out")
        with open(rig.WORK + "/file.avsc", "w") as f:
            f.write(EVERY)
        parsed = fastavro.parse_schema(json.loads(EVERY))
        rnd = random.Random(6)
        rows = [every(rnd) for _ in range(50)]

        def bare(row):
            to = io.BytesIO()
            fastavro.schemaless_writer(to, parsed, row)
            return to.getvalue()
        rig.produce(name + ".in", [(None, bare(r)) for r in rows])
        with open(rig.WORK + "/out.avsc", "w") as f:
            f.write(record("Out", *[x for x in json.loads(EVERY)["fields"]
                                    if x["name"] in ("l", "dec", "tsus", "u",
                                                     "dur")]))
        Job(name, """
sources:
  s: {kafka: {topic: file.in, format: avro, schema: {file: file.avsc}}}
streams:
  x: {from: s, do: [{map: "l, dec, tsus, u, dur"}]}
sinks:
  o: {from: x, kafka: {topic: file.out, format: avro,
                       schema: {file: out.avsc}}}
""").run()
        with open(rig.WORK + "/out.avsc") as f:
            out = fastavro.parse_schema(json.load(f))
        same([fastavro.schemaless_reader(io.BytesIO(m.value()), out, None)
              for m in rig.records(name + ".out")],
             [{k: r[k] for k in ("l", "dec", "tsus", "u", "dur")}
              for r in rows])

    def down(self):
        """The registry stops while the job runs: ids that are known go on, a
        new one makes its partition wait, nothing becomes a dead letter; then
        everything comes, once and in order."""
        name = "down"
        registry = self.plain.get()
        rows = [{"id": i, "what": "a"} for i in range(5)]
        values = self.input(name, V1, rows, partitions=2)
        new = rig.write(self.sr, name + ".in", V2,
                        [{"id": 100, "what": "b", "country": "DE"}])
        j = job(name, self.url, columns=", columns: {id: bigint, what: text}",
                do="{map: \"id, what, _partition AS p\"}", format="json",
                more="errors: {dlq: %s.dlq}\n" % name).start()

        def ids():
            return [json.loads(m.value())["id"]
                    for m in rig.records(name + ".out")]
        try:
            wait(20, "the first rows", lambda: len(ids()) == 5)
            registry.stop()
            rig.produce(name + ".in", [(None, values[0]), (None, new[0]),
                                       (None, values[1])])
            wait(20, "a known id before the new one", lambda: len(ids()) == 6)
            rig.produce(name + ".in", [(None, values[2])], partition=1)
            wait(20, "the other partition", lambda: len(ids()) == 7)
            wait(20, "the reason", lambda: "waiting for the schema registry: "
                 in j.output())
            time.sleep(2)
            same(len(ids()), 7, "rows while the registry is down")
            check(j.child.poll() is None, "the job ended")
            registry.start().wait()
            wait(30, "all rows", lambda: len(ids()) == 9)
            j.stop()
        finally:
            j.kill()
        got = [(json.loads(m.value())["p"], json.loads(m.value())["id"])
               for m in rig.records(name + ".out")]
        same([i for p, i in got if p == 0], [0, 1, 2, 3, 4, 0, 100, 1])
        same([i for p, i in got if p == 1], [2])
        same(rig.records(name + ".dlq"), [], "dead letters")

    def hangs(self):
        """The same with a registry that takes connections and says nothing;
        a crash while the partition waits."""
        name = "hangs"
        registry = self.plain.get()
        values = self.input(name, V1, [{"id": 1, "what": "a"}])
        new = rig.write(self.sr, name + ".in", V2,
                        [{"id": 2, "what": "b", "country": "DE"}])
        j = job(name, self.url, do="{map: \"id\"}", format="json",
                columns=", columns: {id: bigint}",
                more="errors: {dlq: %s.dlq}\n" % name).start()
        try:
            wait(20, "the first row",
                 lambda: len(rig.records(name + ".out")) == 1)
            registry.pause()
            rig.produce(name + ".in", [(None, new[0]), (None, values[0])])
            wait(20, "the reason", lambda: "waiting for the schema registry: "
                 in j.output())
            j.kill()
            registry.resume()
            j.start()
            wait(30, "all rows",
                 lambda: len(rig.records(name + ".out")) == 3)
            j.stop()
        finally:
            registry.resume()
            j.kill()
        same([json.loads(m.value())["id"]
              for m in rig.records(name + ".out")], [1, 2, 1])
        same(rig.records(name + ".dlq"), [], "dead letters")

    def secure(self):
        """TLS and a password; without them, by exit code; nothing secret is
        in the log."""
        name = "secure"
        tls = self.tls.get()
        ca = tls.file("ca.pem")
        sr = rig.client(tls.url, **{
            "ssl.ca.location": ca,
            "basic.auth.user.info": "alice:Secret77"})
        rig.topics(name + ".in", name + ".out")
        rows = [{"id": 1, "what": "x"}]
        rig.produce(name + ".in", [
            (None, v) for v in rig.write(sr, name + ".in", V1, rows)])
        auth = (", ssl.ca.location: %s, basic.auth.user.info: alice:%%s"
                % ca)
        job(name, tls.url, sink=REGISTER, auth=auth % "Secret77").run()
        same(rig.read(sr, name + ".out"), rows)
        inside = tls.url.replace("https://", "https://alice:Secret77@")
        job(name, inside, sink=REGISTER, auth=", ssl.ca.location: " + ca).run()
        bad = job(name, tls.url, sink=REGISTER, auth=auth % "Wrong88")
        bad.run(77, "refuses us with status 401")
        check("Wrong88" not in bad.output() and "Secret77" not in
              bad.output(), "a password is in the log")
        job(name, tls.url, sink=REGISTER,
            auth=", basic.auth.user.info: alice:Secret77").run(69)

    def mutual(self):
        """A server that asks for the client's certificate."""
        name = "mutual"
        tls = self.tls.get()
        ca, pem, key = (tls.file(n) for n in ("ca.pem", "client.pem",
                                              "client.key"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls.file("server.pem"),
                                tls.file("server.key"))
        context.load_verify_locations(ca)
        context.verify_mode = ssl.CERT_REQUIRED
        server = hostile.serve(hostile.Handler, tls=context, mode="good",
                               canary="")
        url = server.url.replace("http:", "https:")
        rig.topics(name + ".in", name + ".out")
        rig.produce(name + ".in", [(None, b"\0\0\0\0\1\2")])
        job(name, url, format="json", auth=", ssl.ca.location: " + ca).run(69)
        job(name, url, format="json", auth=", ssl.ca.location: %s, "
            "ssl.certificate.location: %s, ssl.key.location: %s"
            % (ca, pem, key)).run()
        same(len(rig.records(name + ".out")), 1)
        # A name that its certificate has not.
        job(name, url.replace("127.0.0.1", "127.0.0.2"), format="json",
            auth=", ssl.ca.location: " + ca).run(69)

    def absent(self):
        """No registry at the start: exit 69."""
        name = "absent"
        rig.topics(name + ".in", name + ".out")
        job(name, "http://127.0.0.1:%d" % rig.free_port(),
            sink=REGISTER).run(69, "the schema registry http://127.0.0.1:")
        job(name, "http://127.0.0.1:%d" % rig.free_port(), sink=REGISTER,
            columns=", columns: {id: bigint}").run(
                69, "the schema registry http://127.0.0.1:")
        # The second of two answers.
        rig.produce(name + ".in", [(None, v) for v in rig.write(
            self.sr, name + ".in", V1, [{"id": 1, "what": "x"}])])
        job(name, "http://127.0.0.1:%d, %s" % (rig.free_port(), self.url),
            sink=REGISTER).run()

    def daemon(self):
        """The daemon's registry is away at its start: the job is stalled, with
        the reason; it runs as soon as the registry is there."""
        name = "daemon"
        rig.topics(name + ".in", name + ".out")
        rig.produce(name + ".in", [(None, b"\0\0\0\0\1\2")])
        port, http = rig.free_port(), rig.free_port()
        folder = os.path.join(rig.WORK, "jobs")
        os.mkdir(folder)
        with open(os.path.join(folder, "daemon.yaml"), "w") as f:
            f.write("""dstream: 1
job: daemon
batch: 200ms
kafka: {bootstrap.servers: "%s"}
sources:
  s: {kafka: {topic: daemon.in, format: avro}}
sinks:
  o: {from: s, kafka: {topic: daemon.out, format: json}}
""" % rig.BROKERS)
        config = os.path.join(rig.WORK, "dstream.yaml")
        with open(config, "w") as f:
            f.write("""dstream: 1
registries: {main: {url: "http://127.0.0.1:%d"}}
jobs: jobs
state: state
http: {listen: "127.0.0.1:%d"}
""" % (port, http))
        with open(os.path.join(rig.WORK, "daemon.log"), "wb") as log:
            child = subprocess.Popen([rig.DSTREAM, "serve", "--config",
                                      config], stdout=log, stderr=log)

        def ready():
            try:
                with urllib.request.urlopen(
                        "http://127.0.0.1:%d/readyz?job=daemon" % http) as r:
                    return r.status, r.read().decode()
            except urllib.error.HTTPError as e:
                return e.code, e.read().decode()
            except OSError:
                return 0, ""
        try:
            why = wait(20, "not ready", lambda: ready()[0] == 503 and
                       ready()[1])
            check("the schema registry http://127.0.0.1" in why, why)
            server = hostile.serve(hostile.Handler, port, mode="good",
                                   canary="")
            wait(20, "ready", lambda: ready()[0] == 200)
            wait(20, "a row", lambda: len(rig.records(name + ".out")) == 1)
            server.shutdown()
            child.terminate()
            same(child.wait(20), 0, "exit code")
        finally:
            child.kill()

    def references(self):
        """A schema that refers to another subject."""
        name = "references"
        rig.topics(name + ".in", name + ".out")
        self.sr.register_schema("money", Schema(json.dumps(
            {"type": "record", "name": "Money", "namespace": "com.acme",
             "fields": [field("cents", "long")]}), "AVRO"))
        schema = Schema(record("Bill", field("total", "com.acme.Money")),
                        "AVRO", [SchemaReference("com.acme.Money", "money",
                                                 1)])
        s = AvroSerializer(self.sr, schema)
        context = SerializationContext(name + ".in", MessageField.VALUE)
        rig.produce(name + ".in", [(None, s({"total": {"cents": 5}},
                                            context))])
        job(name, self.url, do="{map: (total).cents AS cents}",
            sink=REGISTER).run()
        same(rig.read(self.sr, name + ".out"), [{"cents": 5}])

    def lies(self):
        """Answers of a hostile registry at the start: refused by name, soon,
        and no redirect is followed."""
        name = "lies"
        rig.topics(name + ".in", name + ".out")
        canary = hostile.serve(hostile.Canary)
        server = hostile.serve(hostile.Handler, canary=canary.url + "/x")
        wanted = {
            "redirect": (69, "redirect"), "endless": (69, "longer than"),
            "drip": (69, "schema registry"),
            "silent": (69, "schema registry"), "500": (69, "status 500"),
            "503 html": (69, "status 503"), "html": (69, "text/html"),
            "404 html": (69, "text/html"), "garbage": (69, "no JSON"),
            "list": (69, "no JSON object"), "deep json": (69, "no JSON"),
            "no schema": (69, "no schema"), "no id": (69, "no id"),
            "huge id": (69, "no id"),
            "many references": (69, "too many references"),
            "deep": (78, "more than 64 types"),
            "wide": (78, "more than 20000 types"),
            "no avro": (78, "is not defined")}
        for mode, (code, says) in wanted.items():
            server.mode = mode
            start = time.monotonic()
            j = job("lies-" + mode.replace(" ", "-"), server.url,
                    sink=REGISTER)
            j.run(code, says)
            check(time.monotonic() - start < 8, mode + " took too long")
        same(canary.hits, 0, "requests that followed the redirect")

    def lies_later(self):
        """The same while the job runs: the partition waits, and goes on when
        the registry comes to its senses."""
        name = "lies_later"
        rig.topics(name + ".in", name + ".out", name + ".dlq")
        canary = hostile.serve(hostile.Canary)
        server = hostile.serve(hostile.Handler, canary=canary.url + "/x")
        server.mode = "good"

        def rec(i, v):
            return b"\0" + i.to_bytes(4, "big") + bytes([2 * v])
        rig.produce(name + ".in", [(None, rec(1, 0))])
        j = Job(name, """
registry: {url: "%s", request.timeout.ms: 1000}
sources:
  s: {kafka: {topic: lies_later.in, format: avro}}
sinks:
  o: {from: s, kafka: {topic: lies_later.out, format: json}}
errors: {dlq: lies_later.dlq}
""" % server.url).start()

        def got():
            return [json.loads(m.value())["a"]
                    for m in rig.records(name + ".out")]
        try:
            wait(20, "the first row", lambda: got() == [0])
            for i, mode in enumerate(("500", "redirect", "drip", "404 html",
                                      "other id"), 1):
                server.mode = mode
                rig.produce(name + ".in", [(None, rec(100 + i, i))])
                hits = server.hits
                wait(20, "a request", lambda h=hits: server.hits > h)
                time.sleep(0.3)
                same(got(), list(range(i)), mode)
                server.mode = "same id"
                wait(20, "going on after " + mode,
                     lambda n=i: got() == list(range(n + 1)))
            j.stop()
        finally:
            j.kill()
        same(rig.records(name + ".dlq"), [], "dead letters")
        same(canary.hits, 0, "requests that followed the redirect")


def main():
    cases = Cases()
    names = sys.argv[1:] or [n for n, f in vars(Cases).items()
                             if callable(f) and not n.startswith("_")
                             and n != "input"]
    failed = 0
    try:
        for n in names:
            start = time.monotonic()
            try:
                getattr(cases, n)()
            except Exception as e:  # noqa: BLE001 - the next case runs too
                failed += 1
                print("FAIL %s: %s" % (n, e))
                if not isinstance(e, rig.Failed):
                    traceback.print_exc()
                continue
            print("ok %s (%.1f s)" % (n, time.monotonic() - start))
    finally:
        cases.plain.registry.delete()
        cases.tls.registry.delete()
        if failed:
            print("logs: " + rig.WORK)
        else:
            rig.clean()
    print("%d passed, %d failed" % (len(names) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
