# SPDX-License-Identifier: Apache-2.0
"""jars - the server's jars from Maven Central, checked, and a java to run them.

A version is pinned twice: by its pom beside this file, and by the list of the
SHA-256 sums of every jar that the pom brings. A jar too many, one missing or
one that differs is refused, each time and not only after the download.
"""

import fcntl
import glob
import hashlib
import os
import re
import shutil
import subprocess

from common import Trouble, cache_folder, install, say

HERE = os.path.dirname(os.path.abspath(__file__))
VERSIONS = ("3.9.1", "4.1.0")


def java():
    """The path of a java that runs both versions."""
    found = find_java()
    if found is None:
        install("openjdk-17-jre-headless")
        found = find_java()
    if found is None:
        raise Trouble("no java 17 or newer was found, nor could be installed")
    return found


def find_java():
    debian = sorted(glob.glob("/usr/lib/jvm/java-17-openjdk-*/bin/java"))
    for path in debian + [shutil.which("java")]:
        if path is not None and java_is_new_enough(path):
            return path
    return None


def java_is_new_enough(path):
    release = os.path.join(os.path.dirname(os.path.dirname(
        os.path.realpath(path))), "release")
    try:
        with open(release) as file:
            match = re.search(r'JAVA_VERSION="(\d+)', file.read())
        return match is not None and int(match.group(1)) >= 17
    except OSError:
        return False


def expected(version):
    """The checked-in sums: a dict from the name of a jar to its SHA-256."""
    path = os.path.join(HERE, "kafka-%s.sha256" % version)
    with open(path) as file:
        return {name: sha for sha, name in
                (line.split() for line in file if line.strip())}


def differences(version, folder):
    """What is wrong with a folder of jars, as a list of sentences."""
    wanted = expected(version)
    there = set(os.listdir(folder))
    wrong = ["%s is missing" % name for name in sorted(wanted.keys() - there)]
    wrong += ["%s is not in the list" % name
              for name in sorted(there - wanted.keys())]
    for name in sorted(wanted.keys() & there):
        with open(os.path.join(folder, name), "rb") as file:
            sha = hashlib.sha256(file.read()).hexdigest()
        if sha != wanted[name]:
            wrong.append("%s has the sum %s" % (name, sha))
    return wrong


def jars(version):
    """The folder that holds exactly the jars of a version."""
    if version not in VERSIONS:
        raise Trouble("version %s is not one of %s"
                      % (version, ", ".join(VERSIONS)), 64)
    folder = os.path.join(cache_folder(), "kafka-" + version)
    with open(folder + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(folder):
            download(version, folder)
        wrong = differences(version, folder)
    if wrong:
        raise Trouble("the jars in %s are refused: %s; delete the folder to "
                      "fetch them again" % (folder, "; ".join(wrong[:5])))
    return folder


def download(version, folder):
    say("fetching the jars of Kafka " + version)
    java()
    if shutil.which("mvn") is None:
        install("maven")
    part = folder + ".part"
    shutil.rmtree(part, ignore_errors=True)
    done = subprocess.run(
        ["mvn", "-q", "-B", "-f",
         os.path.join(HERE, "kafka-%s.pom.xml" % version),
         "dependency:copy-dependencies", "-DoutputDirectory=" + part,
         "-DincludeScope=runtime"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise Trouble("maven could not fetch Kafka %s:\n%s"
                      % (version, done.stdout[-2000:]), 69)
    wrong = differences(version, part)
    if wrong:
        raise Trouble("the jars that maven brought are refused: "
                      + "; ".join(wrong[:5]))
    os.rename(part, folder)


def command(version, main, *options):
    """The command line that runs a class out of a version's jars."""
    return [java(), *options, "-cp", os.path.join(jars(version), "*"), main]
