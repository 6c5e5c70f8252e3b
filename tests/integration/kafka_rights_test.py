"""The rights of tools/kafka/acls.py and no more: what a node can do with them, that it needs each of them, and
that it says which one is missing."""

import itertools
import json
import shutil
import time
import unittest
from datetime import datetime, timedelta, timezone

import harness
import kafka
from kafka_secure import PARTITIONS, SecureCase, acls

# Each wager is a message from its player's partition to this one's.
BOARD = '[[tournament]]\nid = "all"\noperator = "count"\nstart = "{:%Y-%m-%d}T00:00"\nend = "{:%Y-%m-%d}T00:00"\n'


class KafkaRights(SecureCase):
    def test_a_node_with_these_rights_works_and_each_of_them_is_needed(self):
        topic, cluster = self.made()
        needed = acls.needed(cluster, [topic])
        create = next(acl for acl in needed if acl.operation == "Create")
        self.allow([acl for acl in needed if acl != create])
        self.refused(self.site(cluster, topic), f"needs Create on topic {cluster}.control")
        self.allow([create])
        self.produce(topic, self.rows[:self.step])
        node = self.site(cluster, topic)
        node.start()
        self.counted(node, cluster, self.rows[:self.step])
        node.kill()
        self.allow([create], remove=True)  # its topics are there
        node.start()
        self.produce(topic, self.rows[self.step:])
        self.counted(node, cluster, self.rows)
        self.tells_no_secret(node.verb("status", "--json").out)
        client = node.client()
        self.tells_no_secret(client.get("/metrics").body.decode() + json.dumps(client.get_json("/v1/status")))
        client.close()
        self.assertEqual(node.stop(), 0, node.log())
        self.assertNotIn("authorization failed", node.log())
        says = {("--topic", f"{cluster}.", "Read"): f"needs Read on topic {cluster}.control",
                ("--topic", f"{cluster}.", "Write"): f"needs Write on topic {cluster}. (prefixed)",
                ("--transactional-id", f"{cluster}.", "Write"): f"needs Write on transactional id {cluster}.",
                ("--topic", f"{cluster}.", "DescribeConfigs"): f"needs DescribeConfigs on topic {cluster}.",
                ("--topic", topic, "Read"): f"needs Read on topic {topic}"}
        for acl in acls.needed(cluster, [topic], topics_exist=True):
            if acl.operation == "Delete":  # a start needs it not: test_what_may_not_be_deleted_...
                continue
            with self.subTest(acl=acl):
                self.allow([acl], remove=True)
                node = self.site(cluster, topic)
                if acl.resource == "--group":  # for tools that show the lag: the node goes on, and says it
                    node.start()
                    wanted = f"needs Read on group {cluster}"
                    self.assertTrue(harness.eventually(lambda: wanted in node.log(), True, 20), node.log())
                    self.assertEqual(node.stop(), 0, node.log())
                else:
                    self.refused(node, says[acl.resource, acl.name, acl.operation])
                self.allow([acl])
        node = self.site(cluster, topic)
        node.start()
        self.counted(node, cluster, self.rows)

    def test_what_may_not_be_deleted_stays_and_the_node_says_so_until_it_may(self):
        topic, cluster = self.made()
        needed = acls.needed(cluster, [topic])
        delete = next(acl for acl in needed if acl.operation == "Delete")
        self.allow([acl for acl in needed if acl != delete])
        catalog = self.folder / "catalog"
        shutil.copytree(harness.CRASH_GAME / "catalog", catalog)
        today = datetime.now(timezone.utc)
        (catalog / "tournaments.toml").write_text(BOARD.format(today - timedelta(days=100), today + timedelta(days=100)))
        node = self.site(cluster, topic, catalog=catalog)
        node.start()
        inbox = f"{cluster}.inbox"

        def firsts():
            """The first offset of each inbox."""
            return [kafka.first_offset(inbox, partition) for partition in range(PARTITIONS)]
        rows = (row | {"Id": str(at), "PlayDate": f"{today:%Y-%m-%dT%H:%M:%SZ}"}
                for at, row in enumerate(itertools.cycle(self.rows)))

        def step(holds):
            """More messages, until that holds: a node asks once a minute."""
            self.produce(topic, [row for _, row in zip(range(10), rows)])
            time.sleep(1)
            return holds()
        wanted = f"needs Delete on topic {inbox}"
        self.assertTrue(harness.eventually(lambda: step(lambda: wanted in node.log()), True, 90), node.log())
        self.assertEqual(firsts(), [0] * PARTITIONS)
        client = node.client()
        self.addCleanup(client.close)
        self.assertIn(wanted, " ".join(client.get_json("/v1/status")["troubles"]))
        self.assertIn("laurel_kafka_troubles 1", client.get("/metrics").body.decode())
        self.assertEqual(client.get("/v1/healthz").status, 200)
        self.assertIn(wanted, node.verb("status").out)
        self.allow([delete])
        def mended():
            return client.get_json("/v1/status")["troubles"] == []
        self.assertTrue(harness.eventually(lambda: step(mended), True, 90), node.log())
        self.assertGreater(sum(firsts()), 0)

    def test_the_trouble_of_an_input_stays_until_it_is_read_again(self):
        """One that is idle, whose metadata may still be seen."""
        topic, cluster = self.made(1)
        needed = acls.needed(cluster, [topic])
        read = next(acl for acl in needed if acl.name == topic)
        self.allow([*needed, read._replace(operation="Describe")])
        node = self.site(cluster, topic)
        node.start()
        self.produce(topic, self.rows[:self.step])
        self.counted(node, cluster, self.rows[:self.step])
        client = node.client()
        self.addCleanup(client.close)
        def troubles():
            return client.get_json("/v1/status")["troubles"]
        def in_trouble():
            return f"needs Read on topic {topic}" in " ".join(troubles())
        time.sleep(12)  # what was read is proved: nobody but the consumer asks for the topic's records
        self.allow([read], remove=True)
        self.assertTrue(harness.eventually(in_trouble, True, 20), node.log())
        time.sleep(15)  # longer than between two looks for new partitions
        self.assertTrue(in_trouble(), node.log())
        self.assertIn(f"laurel_kafka_troubles {len(troubles())}\n", client.get("/metrics").body.decode())
        self.allow([read])
        self.assertEqual(harness.eventually(troubles, [], 30), [], node.log())

    def test_rights_that_are_taken_away_are_waited_for(self):
        topic, cluster = self.made()
        needed = acls.needed(cluster, [topic])
        self.allow(needed)
        node = self.site(cluster, topic)
        node.start()
        done = 0
        for acl in needed:
            if acl.operation in ("Create", "DescribeConfigs", "Delete") or acl.resource == "--group" or acl == needed[0]:
                continue
            with self.subTest(acl=acl):
                self.produce(topic, self.rows[done:done + self.step])
                self.counted(node, cluster, self.rows[:done + self.step])
                before = len(node.log())
                self.allow([acl], remove=True)
                self.produce(topic, self.rows[done + self.step:done + 2 * self.step])
                done += 2 * self.step
                wanted = f"needs {acl.operation} on "
                self.assertTrue(harness.eventually(lambda: wanted in node.log()[before:], True, 20), node.log())
                self.allow([acl])
                self.counted(node, cluster, self.rows[:done])
        self.assertEqual(node.stop(), 0, node.log())


if __name__ == "__main__":
    unittest.main()
