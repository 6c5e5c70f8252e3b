"""What the benches of whole processes share: a broker of their own, the program `laurel` on it, load at a pace."""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
BUILD = REPOSITORY / "build"
LAUREL = BUILD / "release" / "laurel"
SITE = REPOSITORY / "bench" / "peers"  # tiers and ten boards
GAMES = 10
FIRST_MS = int(time.time() * 1000) - 3_600_000  # of the wagers of this process
TICKS = os.sysconf("SC_CLK_TCK")
NODE = """\
partitions = {partitions}
[node]
id = "{node}"
[commit]
in_flight_max = {in_flight}
interval_min_ms = {interval_ms}
[data]
dir = "{data}"
[catalog]
dir = "{site}/catalog"
[engine]
kind = "kafka"
[kafka]
bootstrap = "{bootstrap}"
cluster = "{cluster}"
[log]
level = "{log_level}"
[[input]]
topic = "{topic}"
format = "json"
mapping = "{site}/mapping.toml"
"""


def run(*command, **how):
    return subprocess.run([str(each) for each in command], check=True, **how)


def cpu_s(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def open_site(folder):
    """The peers' site with boards that are open today: a node that has read its inputs goes by the clock."""
    shutil.copytree(SITE, folder)
    boards = folder / "catalog" / "tournaments.toml"
    text = boards.read_text()
    for name, days in (("start", -30), ("end", 300)):
        day = time.strftime("%Y-%m-%dT00:00", time.gmtime(time.time() + days * 86_400))
        text, count = re.subn(rf'{name} = "[^"]*"', f'{name} = "{day}"', text)
        assert count == GAMES
    boards.write_text(text)
    return folder


def machine_load():
    return Path("/proc/loadavg").read_text().split()[0]


class Broker:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.tool("start", "--bench", stdout=sys.stderr)
        state = json.loads((self.folder / "kafka.json").read_text())
        self.address, self.pid = state["bootstrap"], state["brokers"][0]["pid"]

    def tool(self, verb, *arguments, **how):
        return run(sys.executable, "-B", REPOSITORY / "tools" / "kafka.py", verb, "--dir", self.folder, *arguments,
                   **how)

    def make_topic(self, name, partitions, *more):
        self.tool("topics", "--create", "--topic", name, "--partitions", partitions, *more,
                  stdout=subprocess.DEVNULL)

    def topics(self):
        done = self.tool("topics", "--list", capture_output=True, text=True)
        return done.stdout.split()

    def producer(self, topic):
        """A process that appends each line KEY<tab>VALUE of its input, as a record."""
        return subprocess.Popen(["kcat", "-P", "-b", self.address, "-t", topic, "-K", "\t", "-X", "acks=all", "-X",
                                 "linger.ms=5", "-X", "enable.idempotence=true", "-X", "message.timeout.ms=60000"], stdin=subprocess.PIPE)

    def records(self, topic):
        """How many offsets the partitions of a topic have, together."""
        done = self.tool("topics", "--describe", "--topic", topic, capture_output=True, text=True)
        ends = 0
        for partition in re.findall(r"\tPartition: (\d+)", done.stdout):
            asked = run("kcat", "-Q", "-b", self.address, "-t", f"{topic}:{partition}:-1", capture_output=True,
                        text=True)
            ends += int(asked.stdout.split()[-1])
        return ends

    def pauses_ms(self):
        """How long each collection so far has stopped it, as its collector says: of what is under way nothing goes on."""
        return [float(ms) for ms in re.findall(r"Pause .* ([\d.]+)ms", (self.folder / "broker-1" / "gc.log").read_text())]

    def stop(self):
        self.tool("stop", "--remove", stdout=subprocess.DEVNULL)


class Node:
    """`laurel run` in a folder of its own, started as often as is wanted."""

    def __init__(self, folder, broker, topic, cluster, program=LAUREL, environment=None, **settings):
        self.program, self.environment = program, os.environ | (environment or {})
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port, self.process = free_port(), None
        values = {"partitions": 16, "node": self.folder.name, "in_flight": 4, "interval_ms": 20, "site": SITE,
                  "data": self.folder / "data", "log_level": "debug"} | settings
        (self.folder / "node.toml").write_text(NODE.format(bootstrap=broker.address, topic=topic, cluster=cluster,
                                                           **values))

    def start(self):
        self.log_from = self.log_file().stat().st_size if self.log_file().exists() else 0
        with open(self.log_file(), "ab") as log:
            self.began = time.monotonic()
            self.process = subprocess.Popen([self.program, "run", "--config", self.folder / "node.toml", "--port",
                                             str(self.port)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.environment)
        return self

    def log_file(self):
        return self.folder / "log"

    def log(self):
        """Of the last start."""
        with open(self.log_file(), "rb") as file:
            file.seek(self.log_from)
            return file.read().decode(errors="replace")

    def until_serving(self, within_s=600):
        """Seconds from the start of the process until it says that it takes events."""
        while time.monotonic() - self.began < within_s:
            if self.process.poll() is not None:
                raise SystemExit(f"the node ended with {self.process.returncode}:\n{self.log()}")
            try:
                if self.get("/v1/healthz", whole=False).status == 200:
                    return time.monotonic() - self.began
            except OSError:
                pass
            time.sleep(0.002)
        raise SystemExit(f"the node does not serve within {within_s} s:\n{self.log()}")

    def stages_ms(self):
        """What the last start spent where, as it says itself."""
        return {name: int(us) // 1000 for name, us in
                re.findall(r"node\.stage.*?stage=(\S+).*?took_us=(\d+)", self.log())}

    def request(self, method, path, body=None, kind="application/json"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, {"content-type": kind} if body else {})
            reply = connection.getresponse()
            reply.body = reply.read()
            return reply
        finally:
            connection.close()

    def get(self, path, whole=True):
        reply = self.request("GET", path)
        return json.loads(reply.body) if whole else reply

    def metrics(self):
        """By name and labels, as they are written."""
        lines = self.request("GET", "/metrics").body.decode().splitlines()
        return {name: float(value) for name, value in
                (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))}

    def handled(self):
        """Wagers of this process that are durable: accepted, known already, or refused."""
        try:
            status = self.get("/v1/status")
        except OSError:
            return 0
        return sum(int(status[each]) for each in ("accepted", "duplicates", "conflicts", "rejected"))

    def until_handled(self, count):
        """Seconds from the start of the process until so many wagers are durable."""
        while self.handled() < count:
            if self.process.poll() is not None:
                raise SystemExit(self.log())
            time.sleep(0.1)
        return time.monotonic() - self.began

    def until_caught_up(self, records, within_s=1800):
        """So many records of the inputs are read, and all of them are durable."""
        ends = time.monotonic() + within_s
        quiet, last = 0, -1
        while quiet < 5:
            if self.process.poll() is not None:
                raise SystemExit(f"the node ended with {self.process.returncode}:\n{self.log()}")
            if time.monotonic() > ends:
                raise SystemExit(f"the node is not through within {within_s} s:\n{self.log()}")
            handled = self.handled()
            read = sum(int(each["next"]) for each in self.get("/v1/inputs")["inputs"])
            quiet = quiet + 1 if read >= records and handled == last and not self.waiting() else 0
            last = handled
            time.sleep(0.1)

    def waiting(self):
        return sum(int(each["queued_events"]) for each in self.get("/v1/status")["partitions"])

    def export(self, what):
        """The lines of `laurel export WHAT --json`, one after the other."""
        with subprocess.Popen([self.program, "export", what, "--json", "--server", f"http://127.0.0.1:{self.port}"],
                              stdout=subprocess.PIPE) as reader:
            for line in reader.stdout:
                yield json.loads(line)
        if reader.returncode != 0:
            raise SystemExit(f"laurel export {what} ended with {reader.returncode}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


def wager(number, player, stake):
    """As the peers' generator writes them; the board goes by the player."""
    return (f"p-{player}\t" '{"id":"w-%d","player":"p-%d","game":"slots-%d","stake":%d,"currency":"EUR","ts":%d,'
            '"round":"r-%012d","channel":"mobile"}\n' % (number, player, player % GAMES, stake,
                                                         FIRST_MS + number // 1000, number * 7)).encode()


class Pace(threading.Thread):
    """Appends wagers at a constant rate until it is told to stop. `next_wager(i)` -> (player, stake)."""

    def __init__(self, broker, topic, rate, first, next_wager):
        super().__init__(daemon=True)
        self.producer, self.rate = broker.producer(topic), rate
        self.first, self.next_wager = first, next_wager
        self.ending, self.sent = threading.Event(), 0

    def run(self):
        began = time.monotonic()
        while not self.ending.wait(0.01):
            due = int((time.monotonic() - began) * self.rate)
            lines = [wager(self.first + i, *self.next_wager(self.first + i)) for i in range(self.sent, due)]
            self.producer.stdin.write(b"".join(lines))
            self.producer.stdin.flush()
            self.sent = due

    def end(self):
        """Returns when all that it sent is acknowledged."""
        self.ending.set()
        self.join()
        self.producer.stdin.close()
        if self.producer.wait() != 0:
            raise SystemExit("kcat could not append all wagers")
