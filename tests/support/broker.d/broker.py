# SPDX-License-Identifier: Apache-2.0
"""broker - a real Kafka for the tests: start, stop, and break on purpose.

usage: broker VERB [options]

  start    start a cluster; print DSTREAM_BROKERS=host:port[,...]
  stop     stop it and delete its folder (--all: every one)
  status   say what runs; exit 1 if a node is down
  run [options] -- COMMAND...
           start one of its own, run the command with DSTREAM_BROKERS and the
           other variables in its environment, stop it whatever happens; the
           exit code is the command's
  kill     kill -9 a node, or all (--node N)
  restart  stop and start a node, or all, on the same ports and data
  pause, resume
           SIGSTOP and SIGCONT
  tool CLASS ARGS...
           run a class of the jars, such as org.apache.kafka.tools.TopicCommand
  jars     print the folder of the checked jars (--version V)

options of start and run:
  --version V         3.9.1 (default) or 4.1.0
  --brokers N         1 (default) or 3
  --name NAME         several may be up at a time; "default", or the variable
                      DSTREAM_BROKER_NAME
  --dir DIR           the data folder; kept at the end. Default: a fresh one,
                      deleted at the end
  --extra-listener P  a second listener PROXY that advertises 127.0.0.1:P (for
                      the second and third node P+1, P+2). A proxy that listens
                      there and forwards to the address in DSTREAM_PROXIED,
                      node by node, keeps every client that comes through it
  --fast-abort        look for timed out transactions every second
  --property K=V      one more line of server.properties (repeatable)
  --no-docker         take the jars even where a docker engine answers
options of restart: --node N, --kill (SIGKILL instead of SIGTERM), --no-wait

Variables: with DSTREAM_BROKERS set, that cluster is used and never stopped.
DSTREAM_BROKER_MODE=jars|docker|external forces a way. DSTREAM_CACHE is the
folder of the jars and of the notes about what runs. `run` exports, besides
DSTREAM_BROKERS: DSTREAM_BROKER_NAME, _PIDS, _DIR, _VERSION, DSTREAM_PROXIED.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import time

import cluster as processes
import compose
import jars
from common import Trouble, say

MODES = ("jars", "docker", "external")


def parse(words):
    parser = argparse.ArgumentParser(prog="broker", add_help=False)
    parser.add_argument("verb")
    parser.add_argument("--version", default=None)
    parser.add_argument("--brokers", type=int, default=1)
    parser.add_argument("--name", default=None)
    parser.add_argument("--dir", default=None)
    parser.add_argument("--extra-listener", type=int, default=None)
    parser.add_argument("--fast-abort", action="store_true")
    parser.add_argument("--property", action="append")
    parser.add_argument("--no-docker", action="store_true")
    parser.add_argument("--node", type=int, default=None)
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--no-wait", action="store_true")
    parser.add_argument("--all", action="store_true")
    parser.error = lambda message: usage(message)
    options = parser.parse_args(words)
    check(options)
    return options


def usage(message):
    raise Trouble(message + " (see `broker help`)", 64)


def check(options):
    options.named = options.name is not None
    options.asked_version = options.version
    options.version = options.version or "3.9.1"
    options.name = options.name or os.environ.get("DSTREAM_BROKER_NAME") \
        or "default"
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}", options.name):
        usage("--name: letters, digits, '.', '_' and '-' only")
    if options.version not in jars.VERSIONS:
        usage("--version: one of " + ", ".join(jars.VERSIONS))
    if options.brokers not in (1, 3):
        usage("--brokers: 1 or 3")
    if options.extra_listener is not None \
            and not 1 <= options.extra_listener <= 65533:
        usage("--extra-listener: a port")
    for extra in options.property or []:
        if "=" not in extra:
            usage("--property: NAME=VALUE")


def mode(options):
    """Which of the three ways to go."""
    forced = os.environ.get("DSTREAM_BROKER_MODE", "")
    if options.no_docker:
        forced = "jars"
    if forced not in ("",) + MODES:
        usage("DSTREAM_BROKER_MODE: one of " + ", ".join(MODES))
    if forced == "external" and not os.environ.get("DSTREAM_BROKERS"):
        usage("DSTREAM_BROKER_MODE=external needs DSTREAM_BROKERS")
    if forced:
        return forced
    if os.environ.get("DSTREAM_BROKERS"):
        return "external"
    if compose.can_do(options) and compose.engine_answers():
        return "docker"
    return "jars"


def kind(cluster):
    """The module that handles a cluster."""
    return compose if cluster["mode"] == "docker" else processes


def begin(options, way):
    """Start a cluster in the way given; the caller holds the lock."""
    if way == "docker":
        try:
            return compose.start(options)
        except Trouble as trouble:
            if os.environ.get("DSTREAM_BROKER_MODE") == "docker":
                raise
            say("docker does not do, taking the jars: %s"
                % str(trouble).strip().splitlines()[-1])
    return processes.start(options)


def show(cluster):
    print("DSTREAM_BROKERS=" + kind(cluster).brokers(cluster))
    if kind(cluster).proxied(cluster):
        print("DSTREAM_PROXIED=" + kind(cluster).proxied(cluster))
    sys.stdout.flush()


def verb_start(options):
    way = mode(options)
    if way == "external":
        print("DSTREAM_BROKERS=" + os.environ["DSTREAM_BROKERS"])
        return 0
    with processes.Lock(options.name):
        cluster = processes.load(options.name)
        if cluster is not None and same(cluster, options):
            say("%s is up already" % options.name)
        elif cluster is not None and any_up(cluster):
            raise Trouble("%s is up already, and is another: %s; stop it or "
                          "take another --name" % (options.name, "; ".join(
                              kind(cluster).describe(cluster))))
        else:
            if cluster is not None:
                kind(cluster).stop(cluster, kindly=False)
            began = time.monotonic()
            cluster = begin(options, way)
            say("Kafka %s with %d node(s) ready after %.1f s" % (
                options.version, options.brokers, time.monotonic() - began))
    show(cluster)
    return 0


def any_up(cluster):
    if cluster["mode"] == "docker":
        return compose.all_up(cluster)
    return any(processes.alive(n) for n in cluster["nodes"])


def same(cluster, options):
    """Is what runs what was asked for?"""
    node = cluster["nodes"][0]
    return kind(cluster).all_up(cluster) \
        and cluster["version"] == options.version \
        and len(cluster["nodes"]) == options.brokers \
        and node.get("proxy") == options.extra_listener \
        and cluster["fast_abort"] == options.fast_abort \
        and cluster["properties"] == (options.property or []) \
        and options.dir in (None, cluster["dir"])


def verb_stop(options):
    for name in processes.names() if options.all else [options.name]:
        with processes.Lock(name):
            cluster = processes.load(name)
            if cluster is None:
                if os.environ.get("DSTREAM_BROKERS"):
                    say("DSTREAM_BROKERS is not ours to stop")
                else:
                    say("%s is not up" % name)
                processes.forget(name)
            else:
                kind(cluster).stop(cluster)
    return 0


def verb_status(options):
    names = [options.name] if options.named else processes.names()
    clusters = [c for c in map(processes.load, names) if c is not None]
    for cluster in clusters:
        for line in kind(cluster).describe(cluster):
            print(line)
    if os.environ.get("DSTREAM_BROKERS"):
        print("external: " + os.environ["DSTREAM_BROKERS"])
        return 0
    if not clusters:
        print("no broker is up")
        return 1
    return 0 if all(kind(c).all_up(c) for c in clusters) else 1


def known(options):
    cluster = processes.load(options.name)
    if cluster is None:
        raise Trouble("%s is not up%s" % (
            options.name, ", and an external cluster is not ours to break"
            if os.environ.get("DSTREAM_BROKERS") else ""))
    return cluster


def verb_kill(options):
    with processes.Lock(options.name):
        cluster = known(options)
        kind(cluster).kill(cluster, options.node)
    return 0


def verb_restart(options):
    with processes.Lock(options.name):
        cluster = known(options)
        kind(cluster).restart(cluster, options.node, not options.kill,
                              not options.no_wait)
    return 0


def verb_pause(options):
    cluster = known(options)
    kind(cluster).freeze(cluster, options.node, True)
    return 0


def verb_resume(options):
    cluster = known(options)
    kind(cluster).freeze(cluster, options.node, False)
    return 0


def verb_jars(options):
    print(jars.jars(options.version))
    return 0


def environment(cluster):
    """What a command that runs beside a cluster finds in its environment."""
    found = dict(os.environ)
    found["DSTREAM_BROKERS"] = kind(cluster).brokers(cluster)
    found["DSTREAM_BROKER_NAME"] = cluster["name"]
    found["DSTREAM_BROKER_PIDS"] = kind(cluster).pids(cluster)
    found["DSTREAM_BROKER_DIR"] = cluster["dir"]
    found["DSTREAM_BROKER_VERSION"] = cluster["version"]
    found.pop("DSTREAM_PROXIED", None)
    if kind(cluster).proxied(cluster):
        found["DSTREAM_PROXIED"] = kind(cluster).proxied(cluster)
    return found


class Stopped(Exception):
    """A signal that asks us to end."""


def watch(name):
    """A process that stops the cluster should this one be killed.

    It notices by the end of a pipe whose other end only this process has."""
    read, write = os.pipe()
    subprocess.Popen(
        [sys.executable, "-B", os.path.abspath(__file__), "stop-at-end",
         "--name", name], stdin=read, start_new_session=True)
    os.close(read)
    return write


def verb_stop_at_end(options):
    sys.stdin.buffer.read()
    with processes.Lock(options.name):
        cluster = processes.load(options.name)
        if cluster is not None:
            say("%s was left behind; stopping it" % options.name)
            kind(cluster).stop(cluster, kindly=False)
    processes.forget(options.name)
    return 0


def verb_run(options, command):
    if not command:
        usage("run: no command after --")
    way = mode(options)
    if way == "external":
        try:
            return subprocess.call(command)
        except OSError as error:
            raise Trouble("%s: %s" % (command[0], error.strerror), 127)
    if not options.named:
        options.name = "run-%d" % os.getpid()
    if processes.load(options.name) is not None:
        raise Trouble("%s is up already" % options.name)

    def interrupt(number, frame):
        raise Stopped(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, interrupt)
    pipe = watch(options.name)
    try:
        cluster = begin(options, way)
        return run_beside(cluster, command)
    except Stopped as signalled:
        return 128 + signalled.args[0]
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        cluster = processes.load(options.name)
        if cluster is not None:
            kind(cluster).stop(cluster)
        os.close(pipe)


def run_beside(cluster, command):
    """Run the command; a signal to us goes to it, and it gets time to end."""
    try:
        child = subprocess.Popen(command, env=environment(cluster))
    except OSError as error:
        raise Trouble("%s: %s" % (command[0], error.strerror), 127)
    try:
        code = child.wait()
        return code if code >= 0 else 128 - code
    except Stopped as signalled:
        child.send_signal(signalled.args[0])
        try:
            child.wait(20)
        except (subprocess.TimeoutExpired, Stopped):
            child.kill()
            child.wait()
        raise


def verb_tool(options, command):
    if not command:
        usage("tool: no class")
    cluster = processes.load(options.name)
    version = options.asked_version
    if version is None:
        version = cluster["version"] if cluster is not None else \
            os.environ.get("DSTREAM_BROKER_VERSION", options.version)
    words = jars.command(version, command[0], "-XX:TieredStopAtLevel=1",
                         "-XX:+UseSerialGC", "-Xmx256m")
    os.execv(words[0], words + command[1:])


def split(words):
    """Our own options, and the command that follows them."""
    if words[0] == "tool":
        at = 1
        while at < len(words) and words[at].startswith("--"):
            at += 1 if "=" in words[at] else 2
        return words[:at], words[at:]
    if "--" in words:
        at = words.index("--")
        return words[:at], words[at + 1:]
    return words, []


def main(words):
    if not words or words[0] in ("help", "--help", "-h"):
        print(__doc__.strip(), file=sys.stdout if words else sys.stderr)
        return 0 if words else 64
    verbs = {"start": verb_start, "stop": verb_stop, "status": verb_status,
             "kill": verb_kill, "restart": verb_restart, "pause": verb_pause,
             "resume": verb_resume, "jars": verb_jars,
             "stop-at-end": verb_stop_at_end}
    words, command = split(words)
    options = parse(words)
    if options.verb == "run":
        return verb_run(options, command)
    if options.verb == "tool":
        return verb_tool(options, command)
    if options.verb not in verbs or command:
        usage("unknown verb: " + options.verb)
    return verbs[options.verb](options)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Trouble as trouble:
        say(str(trouble))
        sys.exit(trouble.code)
    except KeyboardInterrupt:
        sys.exit(130)
