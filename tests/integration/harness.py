"""What the integration tests share: a node in a directory of its own, verbs, HTTP.

The program is $LAUREL (by default build/dev/laurel). Deadlines are multiplied by
$LAUREL_TEST_TIMEOUT_SCALE, as a build with sanitizers is slow.
"""

import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "oracle"))

LAUREL = os.environ.get("LAUREL", str(REPOSITORY / "build" / "dev" / "laurel"))
SCALE = int(os.environ.get("LAUREL_TEST_TIMEOUT_SCALE", "1"))
CRASH_GAME = REPOSITORY / "config" / "examples" / "crash-game"
MAPPING = CRASH_GAME / "mapping.toml"
CSV_HEADER = "Id,GameID,Username,Bet,CashedOut,Bonus,Profit,BustedAt,PlayDate"
ONE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
TOPICS = ("balances", "ledger", "dead-letters")

REAL_WAGERS = Path(os.environ.get("LAUREL_SHARED_DATA", REPOSITORY.parent / "shared" / "data"),
                   "wagers-bustabit.csv.gz")
MADE_UP_WAGERS = REPOSITORY / "tests" / "data" / "wagers-made-up.csv"
HAS_REAL_WAGERS = REAL_WAGERS.is_file()
WAGERS = REAL_WAGERS if HAS_REAL_WAGERS else MADE_UP_WAGERS
NO_REAL_WAGERS = f"../shared/data/{REAL_WAGERS.name} is absent: {MADE_UP_WAGERS.name} stands in"

# What a process says that a sanitizer or an assertion ended. One that found nothing says none.
CRASH_SIGNS = re.compile(r"(?:Address|Leak|Thread|UndefinedBehavior)Sanitizer|runtime error: |"
                         r"LAUREL_ASSERT|[Aa]ssert(?:ion)?[^\n]*failed|terminate called")
# A void of each row of the game's bets.
VOIDS = """
type = "laurel.wager.voided.v1"
id = { column = "Id" }
source = { constant = "urn:laurel:example:bustabit" }
subject = { column = "Username" }
time = { column = "PlayDate" }
[data]
voids_tx_id = { column = "Id" }
void_reason = { constant = "tech" }
"""


class Done(NamedTuple):
    """A verb that has ended."""
    code: int
    out: str
    err: str

    def json(self):
        return json.loads(self.out)

    def json_lines(self):
        return [json.loads(line) for line in self.out.splitlines()]


class Reply(NamedTuple):
    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)


class Client:
    """One kept connection. Raises OSError or HTTPException when the node is gone."""

    def __init__(self, port, timeout_s=30, host="127.0.0.1"):
        self.connection = http.client.HTTPConnection(host, port, timeout=timeout_s * SCALE)

    def request(self, method, path, body=None, content_type=None):
        headers = {"Content-Type": content_type} if content_type else {}
        try:
            self.connection.request(method, path, body, headers)
            reply = self.connection.getresponse()
            return Reply(reply.status, dict(reply.getheaders()), reply.read())
        except BaseException:
            self.connection.close()
            raise

    def get(self, path):
        return self.request("GET", path)

    def get_json(self, path):
        reply = self.get(path)
        if reply.status != 200:
            raise AssertionError(f"GET {path}: {reply.status} {reply.body[:500]!r}")
        return reply.json()

    def post(self, path, body, content_type):
        if isinstance(body, str):
            body = body.encode()
        return self.request("POST", path, body, content_type)

    def post_events(self, events):
        """A batch; events are dicts, or bytes as they are."""
        parts = [event if isinstance(event, bytes) else json.dumps(event).encode()
                 for event in events]
        return self.post("/v1/events", b"[" + b",".join(parts) + b"]", BATCH)

    def pages(self, path, member):
        cursor = ""
        while cursor is not None:
            page = self.get_json(f"{path}?limit=1000" + (f"&cursor={cursor}" if cursor else ""))
            yield from page[member]
            cursor = page["next"]

    def topic(self, name):
        """All records of a topic: by partition, then offset."""
        partition, partitions = 0, 1
        while partition < partitions:
            offset = "0"
            while True:
                page = self.get_json(
                    f"/v1/topics/{name}?partition={partition}&from={offset}&limit=1000")
                partitions = page["partitions"]
                yield from page["events"]
                if not page["events"]:
                    break
                offset = page["next"]
            partition += 1

    def close(self):
        self.connection.close()


def free_port():
    """Outside of the range that outgoing connections take theirs from: a client that tries a port
    again and again while its node is away could otherwise connect to itself."""
    for _ in range(1000):
        port = random.SystemRandom().randrange(10_000, 30_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise AssertionError("no free port")


class Node:
    """`laurel run` on one data directory and port; may be started again and again. `prefix` is put in
    front of its command, which may bring it to another `host`."""

    def __init__(self, folder, config=CRASH_GAME / "node.toml", data=None, laurel=LAUREL,
                 host="127.0.0.1", prefix=()):
        self.laurel = laurel
        self.host, self.prefix = host, prefix
        self.folder = Path(folder)
        self.config = Path(config)
        self.data = Path(data) if data else self.folder / "data"
        self.log_file = self.folder / "node.log"
        self.port = free_port()
        self.url = f"http://{self.host}:{self.port}"
        self.process = None

    def launch(self, environment=None):
        """Starts the process and does not wait for it."""
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, self.laurel, "run", "--config", str(self.config), "--data", str(self.data), "--port",
                 str(self.port)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=os.environ | (environment or {}))

    def start(self, environment=None):
        self.launch(environment)
        if not self.wait_healthy():
            raise AssertionError(f"the node ended with {self.process.returncode}: {self.log()}")
        return self

    def wait_healthy(self, within_s=30):
        """False when the process ended before it was healthy."""
        deadline = time.monotonic() + within_s * SCALE
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                return False
            client = self.client()
            try:
                if client.get("/v1/healthz").status == 200:
                    return True
            except (OSError, http.client.HTTPException):
                pass
            finally:
                client.close()
            time.sleep(0.005)
        raise AssertionError(f"the node is not healthy after {within_s * SCALE} s: {self.log()}")

    def stop(self, within_s=10):
        """SIGTERM; the exit code. Fails when it takes longer."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(within_s * SCALE)
        except subprocess.TimeoutExpired as late:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"no stop within {within_s * SCALE} s: {self.log()}") from late

    def kill(self):
        self.process.kill()
        self.process.wait()

    def running(self):
        return self.process is not None and self.process.poll() is None

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def client(self):
        return Client(self.port, host=self.host)

    def verb(self, *arguments, stdin=None, timeout_s=60):
        return verb(*arguments, server=self.url, stdin=stdin, timeout_s=timeout_s,
                    laurel=self.laurel)

    def ingest(self, file, *more, mapping=MAPPING, stdin=None, timeout_s=120):
        return self.verb("ingest", str(file), "--map", str(mapping), "--wait", "--json", *more,
                         stdin=stdin, timeout_s=timeout_s)

    def balances(self):
        """What `export balances --json` prints, by player."""
        done = self.verb("export", "balances", "--json")
        if done.code != 0:
            raise AssertionError(done)
        lines = done.json_lines()
        out = {line["player"]: line["balances"] for line in lines}
        if len(out) != len(lines):
            raise AssertionError("a player is exported twice")
        return out


def verb(*arguments, server=None, stdin=None, timeout_s=60, laurel=LAUREL):
    """Runs a verb of the program to its end."""
    environment = {name: value for name, value in os.environ.items() if name != "LAUREL_SERVER"}
    if server:
        environment["LAUREL_SERVER"] = server
    done = subprocess.run([laurel, *map(str, arguments)], capture_output=True, input=stdin or b"",
                          env=environment, timeout=timeout_s * SCALE, check=False)
    result = Done(done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace"))
    if CRASH_SIGNS.search(result.err):
        raise AssertionError(result.err)
    return result


def eventually(found, wanted, within_s=5):
    """What `found()` gives, once it is `wanted` or the time is over. Counters of the status and the
    metrics follow an answer within moments; what is read of players and topics is there with it."""
    deadline = time.monotonic() + within_s * SCALE
    while (now := found()) != wanted and time.monotonic() < deadline:
        time.sleep(0.01)
    return now


def audit_of(node, target):
    """[(action, by, reason)] of what was done to that by hand."""
    records = [record["data"] for record in node.verb("topic", "read", "audit", "--json").json_lines()]
    return [(each["action"], each["by"], each["reason"]) for each in records if each["target"] == target]


def points(balances):
    """From exported balances to {player: points}, as the oracle has them."""
    out = {}
    for player, amounts in balances.items():
        if [(each["asset"], each["scale"]) for each in amounts] != [("PTS", 0)]:
            raise AssertionError(f"{player}: {amounts}")
        out[player] = int(amounts[0]["units"])
    return out


def wager(player, tx_id, units, **changes):
    """A wager of the crash game as a CloudEvent. `changes` replace members."""
    return {"specversion": "1.0", "id": f"e-{tx_id}", "source": "urn:test",
            "type": "laurel.wager.settled.v1", "subject": player, "time": "2026-02-16T18:00:00Z",
            "data": {"tx_id": str(tx_id),
                     "stake_total": {"units": str(units), "asset": "BIT", "scale": 2}}} | changes


def csv_row(tx_id, player, bet="10", profit="NA", date="2021-11-01T00:00:00Z"):
    return f"{tx_id},1,{player},{bet},NA,NA,{profit},2.0,{date}"


def finish(node):
    """Stops it if it runs, and looks at what it said."""
    if node.running() and (code := node.stop()) != 0:
        raise AssertionError(f"the node ended with {code}: {node.log()}")
    if CRASH_SIGNS.search(node.log()):
        raise AssertionError(node.log())


class NodeTest(unittest.TestCase):
    """A class with one node for all its tests. `config`, if set, is the text of its node.toml."""

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="laurel-itest-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.node = cls.new_node("node")
        cls.node.start()

    @classmethod
    def new_node(cls, name):
        """A node that is stopped, and looked at, when the class is done."""
        folder = cls.folder / name
        folder.mkdir()
        node = Node(folder)
        cls.addClassCleanup(finish, node)
        return node

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def assertCode(self, done, code):
        self.assertEqual(done.code, code, f"{done.out[-2000:]}\n{done.err[-2000:]}")
        return done
