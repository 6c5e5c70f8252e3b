"""Brokers that are far away, through a proxy: to make a connection takes longer than one question may."""

import json
import shutil
import sys
import tempfile
import time
import unittest
from pathlib import Path

import harness
import kafka
from kafka_case import MAPPED, KafkaCase
sys.path.append(str(harness.REPOSITORY / "tests" / "chaos"))
from points import points_per_player, rows_of  # noqa: E402
from proxy import Proxy  # noqa: E402

FAR_MS, FARTHER_MS = (150, 150), (300, 300)  # each way
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


if __name__ == "__main__":
    unittest.main()
