# SPDX-License-Identifier: Apache-2.0
"""compose - the broker of docker/compose.yaml, where an engine answers."""

import os
import shutil
import subprocess

import wire
from common import Trouble
from cluster import HOST, await_ready_at, forget, free_ports, save

HERE = os.path.dirname(os.path.abspath(__file__))
FILE = os.path.normpath(os.path.join(HERE, "../../../docker/compose.yaml"))


def can_do(options):
    """One plain broker; all else takes the jars."""
    return options.brokers == 1 and options.extra_listener is None \
        and options.dir is None and not options.fast_abort \
        and not options.property


def engine_answers():
    if shutil.which("docker") is None or not os.path.exists(FILE):
        return False
    try:
        return subprocess.run(["docker", "info"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL,
                              timeout=20).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def tool():
    """The compose command: the plug-in, or the older program."""
    plugin = subprocess.run(["docker", "compose", "version"],
                            stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
    if plugin.returncode == 0:
        return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    raise Trouble("there is no docker compose", 77)


def call(cluster, *words):
    environ = dict(os.environ)
    environ["DSTREAM_KAFKA_VERSION"] = cluster["version"]
    environ["DSTREAM_KAFKA_PORT"] = str(cluster["nodes"][0]["port"])
    done = subprocess.run(tool() + ["-p", cluster["project"], "-f", FILE,
                                    *words],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, env=environ)
    if done.returncode != 0:
        raise Trouble("compose %s failed:\n%s"
                      % (" ".join(words), done.stdout[-2000:]))
    return done.stdout


def start(options):
    if not can_do(options):
        raise Trouble("the docker broker is one plain node", 64)
    port = free_ports(1)[0]
    cluster = {
        "name": options.name, "mode": "docker", "version": options.version,
        "project": "dstream-" + options.name.lower().replace(".", "-"),
        "dir": "", "fast_abort": False, "properties": [],
        "nodes": [{"id": 1, "port": port, "control": None}],
    }
    try:
        save(cluster)
        call(cluster, "up", "-d", "kafka")
        await_ready_at([(HOST, port)])
    except BaseException:
        stop(cluster)
        raise
    return cluster


def stop(cluster, kindly=True):
    try:
        call(cluster, "down", "-v", "--remove-orphans")
    finally:
        forget(cluster["name"])


def kill(cluster, number):
    call(cluster, "kill", "-s", "KILL", "kafka")


def restart(cluster, number, kindly, wait):
    if not kindly:
        kill(cluster, number)
    call(cluster, *(["restart", "kafka"] if kindly else ["start", "kafka"]))
    if wait:
        await_ready_at([(HOST, cluster["nodes"][0]["port"])])


def freeze(cluster, number, on):
    call(cluster, "pause" if on else "unpause", "kafka")


def brokers(cluster):
    return "%s:%d" % (HOST, cluster["nodes"][0]["port"])


def proxied(cluster):
    return None


def pids(cluster):
    return ""


def describe(cluster):
    return ["%s: Kafka %s in docker, %s, %s" % (
        cluster["name"], cluster["version"], brokers(cluster),
        "up" if all_up(cluster) else "down")]


def all_up(cluster):
    try:
        wire.metadata((HOST, cluster["nodes"][0]["port"]))
        return True
    except wire.NotReady:
        return False
