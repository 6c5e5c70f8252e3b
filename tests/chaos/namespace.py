"""A network namespace for a node: its only way out is a link that can be cut. Needs root."""

import os
import random
import subprocess


class Namespace:
    def __init__(self):
        number = random.SystemRandom().randrange(1 << 16)
        self.name = f"laurel-{number:04x}"
        self.outer_link, self.inner_link = f"lrl{number:04x}o", f"lrl{number:04x}i"
        net = f"10.{200 + (number >> 14)}.{(number >> 6) & 255}.{(number & 63) * 4}"
        base, last = net.rsplit(".", 1)
        self.outer, self.inner = (f"{base}.{int(last) + at}" for at in (1, 2))
        self.prefix = ("ip", "netns", "exec", self.name)
        ip("netns", "add", self.name)
        ip("link", "add", self.outer_link, "type", "veth", "peer", "name", self.inner_link,
           "netns", self.name)
        ip("addr", "add", f"{self.outer}/30", "dev", self.outer_link)
        ip("-n", self.name, "addr", "add", f"{self.inner}/30", "dev", self.inner_link)
        ip("-n", self.name, "link", "set", self.inner_link, "up")
        ip("-n", self.name, "link", "set", "lo", "up")
        self.heal()

    def cut(self):
        ip("link", "set", self.outer_link, "down")

    def heal(self):
        ip("link", "set", self.outer_link, "up")

    def close(self):
        ip("netns", "del", self.name)


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def make():
    """None where it is not to be had."""
    if os.geteuid() != 0:
        return None
    try:
        return Namespace()
    except (OSError, subprocess.CalledProcessError):
        return None
