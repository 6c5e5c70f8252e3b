"""Brokers that are far away, or of which nothing is heard for a while, through a proxy."""

import json
import shutil
import sys
import tempfile
import time
import unittest
from datetime import datetime, timedelta
from pathlib import Path

import harness
import kafka
from boards import UTC
from kafka_case import EVENTS, MAPPED, KafkaCase
from races import Race
sys.path.append(str(harness.REPOSITORY / "tests" / "chaos"))
from points import points_per_player, rows_of  # noqa: E402
from proxy import Proxy  # noqa: E402

# Each way: to make a connection takes longer than one question may.
FAR_MS, FARTHER_MS = (150, 150), (300, 300)
SILENCE_S = 2  # after which an input's topic has to be proved to be the same one
WAGERS = 400


class SlowLink(KafkaCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(setattr, kafka, "FILE", kafka.FILE)
        broker = Path(tempfile.mkdtemp(prefix="laurel-itest-"))
        self.addCleanup(shutil.rmtree, broker, ignore_errors=True)
        kafka.FILE = str(broker / "kafka.json")
        self.near = ("127.0.0.1", harness.free_port())
        self.address = "{}:{}".format(*self.near)
        self.addCleanup(kafka.tool, "stop")
        kafka.tool("start", "--proxied", self.address)
        behind = json.loads(Path(kafka.FILE).read_text())["brokers"][0]["behind_proxy"]
        self.proxy = Proxy({self.near: ("127.0.0.1", behind)}, seed=1)
        self.addCleanup(self.proxy.close)

    def test_a_node_starts_and_its_inputs_go_on_after_a_silence(self):
        topic, cluster = kafka.fresh_name("wagers"), kafka.fresh_name("c")
        kafka.make_topic(topic, 1)
        rows = sorted(rows_of(harness.WAGERS), key=lambda row: int(row["Id"]))[:2 * WAGERS]

        def counted(from_, to):
            kafka.produce(topic, [(row["Username"], json.dumps(row)) for row in rows[from_:to]])
            want = points_per_player(rows[:to])
            self.assertTrue(harness.eventually(lambda: harness.points(node.balances()) == want, True, 60),
                            node.log()[-3000:])
        self.proxy.delay_ms = FAR_MS
        node = kafka.Site(self.folder / cluster, cluster, MAPPED.replace("TOPIC", topic), partitions=2,
                          address=self.address).node()
        self.addCleanup(harness.finish, node)
        node.start()
        counted(0, WAGERS)
        self.proxy.delay_ms = FARTHER_MS
        time.sleep(SILENCE_S)
        counted(WAGERS, 2 * WAGERS)
        self.proxy.heal()
        self.assertEqual(node.stop(), 0, node.log())

    def test_a_run_does_not_end_while_nothing_is_heard_of_its_wagers(self):
        topic = kafka.fresh_name("wagers")
        kafka.make_topic(topic, 1)
        race = Race(self.folder, "1m", EVENTS.replace("TOPIC", topic), address=self.address)
        self.addCleanup(harness.finish, race.node)
        race.node.start()
        kafka.produce(topic, [Race.wager("p1", 1, datetime.now(UTC))])
        self.handled(race.node, 1)

        def wait_for(when):
            time.sleep(max(0.0, (when - datetime.now(UTC)).total_seconds()))
        end = (datetime.now(UTC) + timedelta(seconds=10)).replace(second=0, microsecond=0) + timedelta(minutes=1)
        wait_for(end - timedelta(seconds=5))
        self.proxy.stalled = True  # nothing is refused, and nothing comes
        kafka.produce(topic, [Race.wager("p2", 2, datetime.now(UTC))])
        wait_for(end + timedelta(seconds=1 + 5 + 3))  # grace, lateness, and more
        self.proxy.stalled = False
        self.handled(race.node, 2)
        self.assertEqual(race.final(end - timedelta(minutes=1), within_s=60).get("p2"), 1)


if __name__ == "__main__":
    unittest.main()
