"""SIGTERM: ends in seconds, loses nothing it acknowledged, and the next start replays nothing."""

import base64
import http.client
import itertools
import json
import signal
import socket
import tempfile
import threading
import time
import unittest
from collections import Counter
from pathlib import Path

from harness import SCALE, Node, NodeTest, eventually, verb, wager

FEEDERS = 4
BATCH_EVENTS = 50


class Feeder(threading.Thread):
    """Sends batches until the node is gone. Remembers what was answered, and what was not."""

    def __init__(self, node, name):
        super().__init__(name=name)
        self.node = node
        self.acknowledged, self.unknown = [], []

    def run(self):
        client = self.node.client()
        for number in itertools.count():
            batch = [wager(f"{self.name}-{i}", f"{self.name}-{number}-{i}", 1000 * (i + 1))
                     for i in range(BATCH_EVENTS)]
            try:
                reply = client.post_events(batch)
            except (OSError, http.client.HTTPException):
                self.unknown += batch
                return
            if reply.status != 202:
                self.unknown += batch
                if reply.status != 503:
                    raise AssertionError(reply)
                return
            self.acknowledged += batch


class Stop(NodeTest):
    def positions(self):
        """Last commit of every partition of the stopped node, as far as it has players."""
        out = {}
        for player in self.player_of_partition.values():
            shown = self.assertCode(verb("player", "show", player, "--json", "--data",
                                         self.node.data), 0).json()
            partition, commit = decode_position(shown["position"])
            out[partition] = commit
        return out

    def partitions(self):
        client = self.node.client()
        self.addCleanup(client.close)
        return client.get_json("/v1/status")["partitions"]

    def stop_under_load(self, signal_number):
        feeders = [Feeder(self.node, f"f{signal_number}{i}") for i in range(FEEDERS)]
        for feeder in feeders:
            feeder.start()
        time.sleep(1)
        before = time.monotonic()
        self.node.process.send_signal(signal_number)
        code = self.node.process.wait(20 * SCALE)
        took = time.monotonic() - before
        for feeder in feeders:
            feeder.join()
        self.assertEqual(code, 0, self.node.log())
        self.assertLess(took, 3 * SCALE)
        return feeders

    def check(self, signal_number):
        epochs = {each["partition"]: int(each["epoch"]) for each in self.partitions()}
        feeders = self.stop_under_load(signal_number)
        acknowledged = [event for feeder in feeders for event in feeder.acknowledged]
        self.assertGreater(len(acknowledged), 1000)
        self.assertTrue(any(feeder.unknown for feeder in feeders))
        self.node.start()
        client = self.node.client()
        self.addCleanup(client.close)
        # Nothing is replayed: a start writes an epoch and no commit.
        commits = {each["partition"]: int(each["last_commit"]) for each in self.partitions()}
        self.assertEqual({each["partition"]: int(each["epoch"]) for each in self.partitions()},
                         {partition: epoch + 1 for partition, epoch in epochs.items()})
        self.assertEqual(client.get_json("/v1/status")["turns"], "0")
        type(self).player_of_partition = {
            decode_position(each["position"])[0]: each["player"]
            for each in client.pages("/v1/players", "players")}
        self.assertEqual(len(self.player_of_partition), 16)
        self.assertEqual(self.node.stop(), 0)
        self.assertEqual(self.positions(), commits)
        self.node.start()
        self.assertEqual({each["partition"]: int(each["last_commit"])
                          for each in self.partitions()}, commits)
        # Nothing that was acknowledged is lost, nothing that was not is there twice.
        client = self.node.client()
        self.addCleanup(client.close)
        statuses = Counter()
        for feeder in feeders:
            for events in (feeder.acknowledged, feeder.unknown):
                for start in range(0, len(events), 1000):
                    results = client.post_events(events[start:start + 1000]).json()["results"]
                    found = Counter(each["status"] for each in results)
                    if events is feeder.acknowledged:
                        self.assertEqual(set(found), {"duplicate"})
                    statuses += found
            sent = feeder.acknowledged + feeder.unknown
            expected = Counter()
            for event in sent:
                expected[event["subject"]] += int(event["data"]["stake_total"]["units"]) // 1000
            for player, points in expected.items():
                shown = client.get_json(f"/v1/players/{player}")
                self.assertEqual(shown["balances"][0]["units"], str(points), player)
        self.assertEqual(set(statuses) - {"accepted", "duplicate"}, set())
        self.assertEqual(self.node.verb("verify").code, 0)

    def test_sigterm_under_load(self):
        self.check(signal.SIGTERM)

    def test_sigint_under_load(self):
        self.check(signal.SIGINT)

    def test_clients_that_wait_or_dawdle_do_not_hold_it_up(self):
        idle = self.node.client()
        self.assertEqual(idle.get("/v1/healthz").status, 200)
        follower = socket.create_connection(("127.0.0.1", self.node.port))
        follower.sendall(b"GET /v1/topics/ledger?from=end&wait_ms=10000 HTTP/1.1\r\n"
                         b"Host: x\r\n\r\n")
        half_head = socket.create_connection(("127.0.0.1", self.node.port))
        half_head.sendall(b"GET /v1/sta")
        half_body = socket.create_connection(("127.0.0.1", self.node.port))
        half_body.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n"
                          b"Content-Type: application/cloudevents+json\r\n\r\n{")
        time.sleep(0.2)
        before = time.monotonic()
        self.assertEqual(self.node.stop(), 0)
        self.assertLess(time.monotonic() - before, 5 * SCALE)
        for each in (idle, follower, half_head, half_body):
            each.close()
        self.node.start()

    def test_an_idle_node_stops_at_once(self):
        before = time.monotonic()
        self.assertEqual(self.node.stop(), 0)
        self.assertLess(time.monotonic() - before, 2 * SCALE)
        self.assertIn("stopped", self.node.log())
        self.node.start()


class StopWhileItStarts(unittest.TestCase):
    def test_a_node_that_waits_for_a_broker_stops_at_once(self):
        with tempfile.TemporaryDirectory(prefix="laurel-itest-") as folder:
            config = Path(folder) / "node.toml"
            config.write_text('[engine]\nkind = "kafka"\n[kafka]\nbootstrap = "127.0.0.1:1"\n')
            node = Node(folder, config=config)
            node.launch()
            self.assertTrue(eventually(lambda: "node.starting" in node.log(), True))
            time.sleep(0.2)
            before = time.monotonic()
            self.assertEqual(node.stop(), 0, node.log())
            self.assertLess(time.monotonic() - before, 1 * SCALE)
            self.assertIn("while it started", node.log())


def decode_position(text):
    """Opaque to clients; here it tells the partition and the commit that was read."""
    partition, commit = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split(":")
    return int(partition), int(commit)


if __name__ == "__main__":
    unittest.main()
