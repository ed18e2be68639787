# SPDX-License-Identifier: Apache-2.0
"""common - messages, folders and packages, shared by the broker's parts."""

import os
import subprocess
import sys


class Trouble(Exception):
    """Something the user must know; its code becomes the exit code."""

    def __init__(self, message, code=1):
        super().__init__(message)
        self.code = code


def say(message):
    """Standard output is for the addresses alone; all else comes here."""
    print("broker: " + message, file=sys.stderr, flush=True)


def cache_folder():
    """The folder that survives a clean of the sources."""
    home = os.environ.get("HOME") or os.path.expanduser("~")
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    folder = os.environ.get("DSTREAM_CACHE") or os.path.join(base, "dstream")
    os.makedirs(folder, exist_ok=True)
    return os.path.abspath(folder)


def install(*packages):
    """Install Debian packages, quietly, with sudo when not root."""
    say("installing " + " ".join(packages))
    root = [] if os.geteuid() == 0 else ["sudo"]
    apt = root + ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq",
                  "-o", "DPkg::Lock::Timeout=600"]
    for words in (["update"],
                  ["install", "-y", "--no-install-recommends", *packages]):
        try:
            done = subprocess.run(apt + words, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
        except OSError as error:
            raise Trouble("cannot install %s: %s" % (packages, error), 77)
        if done.returncode != 0:
            raise Trouble("apt-get %s failed:\n%s"
                          % (" ".join(words), done.stdout[-2000:]), 77)
