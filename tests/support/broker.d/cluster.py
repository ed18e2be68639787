# SPDX-License-Identifier: Apache-2.0
"""cluster - brokers as plain processes: KRaft nodes made from the jars.

What stands about a cluster in its state file is all there is to know about
it: another process finds, kills, restarts and stops it by that.
"""

import base64
import fcntl
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid

import jars
import wire
from common import Trouble, cache_folder

READY_SECONDS = 90
HOST = "127.0.0.1"


def state_folder():
    folder = os.path.join(cache_folder(), "brokers")
    os.makedirs(folder, exist_ok=True)
    return folder


def state_path(name):
    return os.path.join(state_folder(), name + ".json")


def load(name):
    """A cluster by its name, or None."""
    try:
        with open(state_path(name)) as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def save(cluster):
    path = state_path(cluster["name"])
    with open(path + ".new", "w") as file:
        json.dump(cluster, file, indent=1)
    os.rename(path + ".new", path)


def forget(name):
    for path in (state_path(name), state_path(name)[:-5] + ".lock"):
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass


def names():
    return sorted(f[:-5] for f in os.listdir(state_folder())
                  if f.endswith(".json"))


class Lock:
    """One process at a time works on the files of a name."""

    def __init__(self, name):
        self.path = os.path.join(state_folder(), name + ".lock")

    def __enter__(self):
        while True:
            self.file = open(self.path, "w")
            fcntl.flock(self.file, fcntl.LOCK_EX)
            # Whoever stopped a cluster has deleted the file that we had open.
            try:
                ours = os.fstat(self.file.fileno()).st_ino
                if os.stat(self.path).st_ino == ours:
                    return
            except FileNotFoundError:
                pass
            self.file.close()

    def __exit__(self, *_):
        self.file.close()


# --- processes ------------------------------------------------------------


def birth(pid):
    """When a process started and its state letter, or None if it is gone."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            fields = file.read().rpartition(")")[2].split()
    except (OSError, ValueError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def alive(node):
    """A process number alone may be somebody else's by now."""
    pid = node.get("pid")
    return pid is not None and birth(pid) == node["birth"]


def is_paused(node):
    try:
        with open("/proc/%d/stat" % node["pid"]) as file:
            return file.read().rpartition(")")[2].split()[0] == "T"
    except OSError:
        return False


def send(node, number):
    if alive(node):
        try:
            os.kill(node["pid"], number)
        except ProcessLookupError:
            pass


def reap(node, seconds):
    """Wait for the end of a process, which need not be a child of ours."""
    until = time.monotonic() + seconds
    while alive(node):
        try:
            os.waitpid(node["pid"], os.WNOHANG)
        except ChildProcessError:
            pass
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def end(nodes, kindly=True):
    """End processes: by SIGTERM first, unless told otherwise."""
    if kindly:
        for node in nodes:
            send(node, signal.SIGTERM)
            send(node, signal.SIGCONT)
        until = time.monotonic() + 15
        for node in nodes:
            reap(node, max(0, until - time.monotonic()))
    for node in nodes:
        send(node, signal.SIGKILL)
    for node in nodes:
        if not reap(node, 10):
            raise Trouble("process %d does not end" % node["pid"])


# --- making one -------------------------------------------------------------


def free_ports(count):
    """Ports that nobody has, nor gets by chance while a broker is down.

    Below the range of outgoing connections: else a client could take the port
    of a killed broker, or even connect to itself there."""
    taken = set()
    for name in names():
        for node in (load(name) or {}).get("nodes", []):
            taken |= {node["port"], node["control"], node.get("proxied")}
    found = []
    for port in random.sample(range(20000, 32000), 4000):
        if port in taken or not is_free(port):
            continue
        found.append(port)
        if len(found) == count:
            return found
    raise Trouble("no free ports between 20000 and 32000")


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            return True
        except OSError:
            return False


def properties(cluster, node):
    count = len(cluster["nodes"])
    copies = min(3, count)
    listeners = ["PLAINTEXT://%s:%d" % (HOST, node["port"]),
                 "CONTROLLER://%s:%d" % (HOST, node["control"])]
    advertised = [listeners[0]]
    protocols = "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT"
    if "proxied" in node:
        listeners.append("PROXY://%s:%d" % (HOST, node["proxied"]))
        advertised.append("PROXY://%s:%d" % (HOST, node["proxy"]))
        protocols += ",PROXY:PLAINTEXT"
    lines = {
        "process.roles": "broker,controller",
        "node.id": node["id"],
        "controller.quorum.voters": ",".join(
            "%d@%s:%d" % (n["id"], HOST, n["control"])
            for n in cluster["nodes"]),
        "listeners": ",".join(listeners),
        "advertised.listeners": ",".join(advertised),
        "inter.broker.listener.name": "PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": protocols,
        "log.dirs": os.path.join(cluster["dir"], "node-%d" % node["id"],
                                 "data"),
        "auto.create.topics.enable": "false",
        "default.replication.factor": copies,
        "min.insync.replicas": max(1, copies - 1),
        "offsets.topic.replication.factor": copies,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": max(1, copies - 1),
        "transaction.state.log.num.partitions": 4,
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        # A killed node may come back only when its old session is over.
        "broker.heartbeat.interval.ms": 500,
        "broker.session.timeout.ms": 3000,
    }
    if cluster["fast_abort"]:
        name = "transaction.abort.timed.out.transaction.cleanup.interval.ms"
        lines[name] = 1000
    for extra in cluster["properties"]:
        name, _, value = extra.partition("=")
        lines[name.strip()] = value.strip()
    return "".join("%s=%s\n" % line for line in lines.items())


def node_file(cluster, node, name):
    return os.path.join(cluster["dir"], "node-%d" % node["id"], name)


def make(options):
    """Lay out a new cluster: ports, folders, formatted logs. No process."""
    count, proxy = options.brokers, options.extra_listener
    own = options.dir is None
    folder = os.path.abspath(options.dir) if not own else \
        tempfile.mkdtemp(prefix="dstream-broker-")
    os.makedirs(folder, exist_ok=True)
    ports = free_ports(3 * count)
    cluster = {
        "name": options.name, "mode": "jars", "version": options.version,
        "dir": folder, "own_dir": own, "fast_abort": options.fast_abort,
        "properties": options.property or [],
        "nodes": [{"id": n + 1, "port": ports[3 * n],
                   "control": ports[3 * n + 1]} for n in range(count)],
    }
    if proxy is not None:
        for n, node in enumerate(cluster["nodes"]):
            node["proxied"], node["proxy"] = ports[3 * n + 2], proxy + n
    return cluster


def format_logs(cluster):
    """Write the logs' identity. A folder that has one keeps its data."""
    identity = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[:22]
    # A leading dash would be taken for an option.
    identity = "d" + identity[1:]
    running = []
    for node in cluster["nodes"]:
        os.makedirs(node_file(cluster, node, ""), exist_ok=True)
        with open(node_file(cluster, node, "server.properties"), "w") as file:
            file.write(properties(cluster, node))
        if os.path.exists(node_file(cluster, node, "data/meta.properties")):
            continue
        running.append(subprocess.Popen(
            jars.command(cluster["version"], "kafka.tools.StorageTool",
                         "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
            + ["format", "-t", identity, "-c",
               node_file(cluster, node, "server.properties")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True))
    for process in running:
        output = process.communicate()[0]
        if process.returncode != 0:
            raise Trouble("the logs cannot be formatted:\n" + output[-2000:])


def launch(cluster, node):
    """Start the process of one node; it is not ready yet."""
    lone = len(cluster["nodes"]) == 1
    # Several share the processors of one machine: what compiles well costs too
    # much of them.
    flags = ["-Xmx1g", "-XX:+UseG1GC"] if lone else \
        ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    with open(node_file(cluster, node, "log"), "a") as log:
        process = subprocess.Popen(
            jars.command(cluster["version"], "kafka.Kafka", "-Xms256m",
                         "-XX:+ExitOnOutOfMemoryError", *flags)
            + [node_file(cluster, node, "server.properties")],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            cwd=cluster["dir"], start_new_session=True)
    node["pid"], node["birth"] = process.pid, birth(process.pid)


def await_ready(cluster, seconds=READY_SECONDS):
    """Return when a transaction would succeed."""
    until = time.monotonic() + seconds
    up = [n for n in cluster["nodes"] if n.get("pid") is not None]
    addresses = [(HOST, n["port"]) for n in up]
    while True:
        for node in up:
            if not alive(node):
                raise Trouble("node %d ended while it started:\n%s"
                              % (node["id"], tail(cluster, node)))
        try:
            wire.check(addresses, len(up), len(up) == len(cluster["nodes"]))
            return
        except wire.NotReady as reason:
            if time.monotonic() > until:
                raise Trouble("not ready after %d s: %s" % (seconds, reason))
        time.sleep(0.05)


def await_ready_at(addresses, seconds=READY_SECONDS):
    """The same for brokers that are not processes of ours."""
    until = time.monotonic() + seconds
    while True:
        try:
            wire.check(addresses, len(addresses))
            return
        except wire.NotReady as reason:
            if time.monotonic() > until:
                raise Trouble("not ready after %d s: %s" % (seconds, reason))
        time.sleep(0.1)


def tail(cluster, node):
    try:
        with open(node_file(cluster, node, "log")) as file:
            return file.read()[-2000:]
    except OSError:
        return ""


def start(options):
    """Make a cluster and start it, or clear away all that was begun."""
    cluster = make(options)
    try:
        save(cluster)
        format_logs(cluster)
        for node in cluster["nodes"]:
            launch(cluster, node)
            save(cluster)
        await_ready(cluster)
    except BaseException:
        stop(cluster, kindly=False)
        raise
    return cluster


def stop(cluster, kindly=True):
    end([n for n in cluster["nodes"] if "birth" in n], kindly)
    if cluster["own_dir"]:
        shutil.rmtree(cluster["dir"], ignore_errors=True)
    forget(cluster["name"])


def chosen(cluster, number):
    """The node of a number, or all of them."""
    nodes = [n for n in cluster["nodes"] if number in (None, n["id"])]
    if not nodes:
        raise Trouble("there is no node %s" % number, 64)
    return nodes


def kill(cluster, number):
    nodes = chosen(cluster, number)
    end(nodes, kindly=False)
    for node in nodes:
        node["pid"] = None
    save(cluster)


def restart(cluster, number, kindly, wait):
    nodes = chosen(cluster, number)
    end(nodes, kindly)
    for node in nodes:
        launch(cluster, node)
        save(cluster)
    if wait:
        await_ready(cluster)


def freeze(cluster, number, on):
    for node in chosen(cluster, number):
        if not alive(node):
            raise Trouble("node %d does not run" % node["id"])
        send(node, signal.SIGSTOP if on else signal.SIGCONT)


def brokers(cluster):
    return ",".join("%s:%d" % (HOST, n["port"]) for n in cluster["nodes"])


def proxied(cluster):
    """Where the proxy forwards to, or None; one address for each node."""
    if "proxied" not in cluster["nodes"][0]:
        return None
    return ",".join("%s:%d" % (HOST, n["proxied"]) for n in cluster["nodes"])


def pids(cluster):
    return " ".join(str(n["pid"]) for n in cluster["nodes"] if alive(n))


def describe(cluster):
    """Lines for people."""
    lines = ["%s: Kafka %s, %s, %s" % (cluster["name"], cluster["version"],
                                       brokers(cluster), cluster["dir"])]
    for node in cluster["nodes"]:
        word = "down"
        if alive(node):
            word = "paused" if is_paused(node) else "up"
            word += ", process %d" % node["pid"]
        lines.append("  node %d: %s" % (node["id"], word))
    return lines


def all_up(cluster):
    return all(alive(n) and not is_paused(n) for n in cluster["nodes"])
