"""Topics of wagers that grow, are made anew, deleted, or lose records, under a node or between two of its lives."""

import json
import re
import subprocess
import sys
import time
import unittest
from pathlib import Path

import harness
import kafka
from kafka_case import EVENTS, KafkaCase
sys.path.append(str(harness.REPOSITORY / "tests" / "chaos"))
import foreign_faults  # noqa: E402

REMAKE = Path(__file__).with_name("kafka_remake.py")


class ChangedTopics(KafkaCase):
    def node_of_two(self, *topics):
        """A node that has handled a point of p0001 from each topic."""
        for topic in topics:
            kafka.make_topic(topic, 1)
            kafka.produce(topic, [("k", json.dumps(harness.wager("p0001", topic, 1000)))])
        node = self.node(kafka.fresh_name("c"), "".join(EVENTS.replace("TOPIC", topic) for topic in topics))
        node.start()
        self.handled(node, len(topics))
        return node

    def test_a_topic_that_grows_is_followed_and_one_made_anew_is_halted(self):
        grows, anew = kafka.fresh_name("grows"), kafka.fresh_name("anew")
        node = self.node_of_two(grows, anew)
        kafka.topics("--alter", "--topic", grows, "--partitions", "3")
        kafka.produce(grows, [("k", json.dumps(harness.wager("p0002", "2", 2000)))], partition=2)
        self.handled(node, 3, within_s=40)
        self.assertEqual(harness.points(node.balances()), {"p0001": 2, "p0002": 2})
        time.sleep(3)  # positions of partitions without events are durable after a while
        self.assertEqual(node.stop(), 0)
        kafka.topics("--delete", "--topic", anew)
        self.assertTrue(harness.eventually(lambda: anew not in kafka.topics("--list"), True, 30))
        kafka.make_topic(anew, 1)
        kafka.produce(anew, [("k", json.dumps(harness.wager("p0009", "9", 9000)))] * 3)
        kafka.produce(grows, [("k", json.dumps(harness.wager("p0003", "3", 3000)))], partition=1)
        node.start()
        self.handled(node, 1)
        self.assertEqual(harness.points(node.balances()), {"p0001": 2, "p0002": 2, "p0003": 3})
        self.assertIn("is halted", node.log())
        client = node.client()
        metrics = client.get("/metrics").body.decode()
        client.close()
        source = (harness.REPOSITORY / "node" / "src" / "node_metrics.cc").read_text()
        for name in set(re.findall(r'"(laurel_(?:kafka|input)_[a-z_]+)"', source)):
            self.assertIn(f"# TYPE {name} ", metrics)
        self.assertIn(f'laurel_input_halted{{topic="{anew}",partition="0"}} 1', metrics)
        self.assertRegex(metrics, r"(?m)^laurel_input_committed_seconds_count [1-9]")
        seconds = float(re.search(r"(?m)^laurel_input_committed_seconds_sum (\S+)$", metrics).group(1))
        self.assertGreater(seconds, 0)
        self.accept_the_loss(node, grows, anew)

    def test_a_topic_made_anew_while_the_node_runs_is_halted_before_anything_of_it_counts(self):
        anew, stays = kafka.fresh_name("anew"), kafka.fresh_name("stays")
        node = self.node_of_two(anew, stays)
        kafka.topics("--delete", "--topic", anew)
        self.assertTrue(harness.eventually(lambda: anew not in kafka.topics("--list"), True, 30))
        kafka.make_topic(anew, 1)  # filled further than it was read
        kafka.produce(anew, [("k", json.dumps(harness.wager("p0009", at, 9000))) for at in range(3)])
        self.assertEqual(harness.eventually(lambda: self.gauge(node, "laurel_input_halted", anew), 1, 60), 1,
                         node.log()[-2000:])
        # By its records, or, when it was asked for before there were any, by the offset that is not there.
        self.assertRegex(node.log(), "the topic was made anew|offset 1 is not there any more")
        kafka.produce(stays, [("k", json.dumps(harness.wager("p0002", "2", 2000)))])
        self.handled(node, 3)
        self.assertEqual(harness.points(node.balances()), {"p0001": 2, "p0002": 2})
        done = node.verb("input", "accept-loss", anew, "0", "--reason", "made anew", "--by", "kim")
        self.assertEqual(done.code, 0, done.err)
        expected = {"p0001": 2, "p0002": 2, "p0009": 27}
        self.assertEqual(harness.eventually(lambda: harness.points(node.balances()), expected, 30), expected)
        kafka.produce(anew, [("k", json.dumps(harness.wager("p0008", "8", 8000)))])
        expected["p0008"] = 8
        self.assertEqual(harness.eventually(lambda: harness.points(node.balances()), expected, 30), expected)

    def test_a_node_whose_topic_is_gone_says_so_holds_no_more_of_it_and_stops(self):
        gone = kafka.fresh_name("gone")
        kafka.make_topic(gone, 4)
        node = self.node(kafka.fresh_name("c"), EVENTS.replace("TOPIC", gone))
        node.start()
        kafka.produce(gone, [(f"p{at:04}", json.dumps(harness.wager(f"p{at:04}", at, 1000))) for at in range(40)])
        self.handled(node, 40)
        def threads():
            return len(list(Path(f"/proc/{node.process.pid}/task").iterdir()))
        before = threads()
        kafka.topics("--delete", "--topic", gone)
        said = f"the input topic {gone} is not there"
        self.assertTrue(harness.eventually(lambda: said in node.log(), True, 60), node.log()[-2000:])
        time.sleep(5)  # of asking again
        self.assertLess(threads(), before + 20)
        self.assertEqual(node.stop(), 0, node.log()[-2000:])

    def made_anew_in_a_moment(self):
        """A node that has handled records of a topic that was made anew, from the offset on to which it had
        read the one before, and has not noticed it yet. The topic, and the points by when all counts."""
        for _ in range(5):
            topic, cluster = kafka.fresh_name("anew"), kafka.fresh_name("c")
            kafka.make_topic(topic, 1)
            node = self.node(cluster, EVENTS.replace("TOPIC", topic), partitions=2)
            node.start()
            old = [harness.wager(f"p{at % 20:04}", at, 1000) for at in range(40)]
            new = [harness.wager(f"q{at % 20:04}", 1000 + at, 1000) for at in range(400)]
            kafka.produce(topic, [(wager["subject"], json.dumps(wager)) for wager in old])
            self.handled(node, len(old))
            lines = "".join(f"{wager['subject']}\t{json.dumps(wager)}\n" for wager in old[:1] + new)
            done = subprocess.run(
                [foreign_faults.DEBIAN_PYTHON, "-B", REMAKE, kafka.bootstrap(), topic, str(node.process.pid)],
                input=lines, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            client = node.client()
            # The new one from where the other was read to: with or without the last one of it, a duplicate.
            unnoticed = harness.eventually(
                lambda: int(client.get_json("/v1/status")["accepted"]) >= len(new) - 1, True, 3)
            client.close()
            if unnoticed and "is halted" not in node.log():
                points = {f"p{at:04}": 2 for at in range(20)} | {f"q{at:04}": 20 for at in range(20)}
                return node, topic, points
            self.assertIn("is halted", node.log())  # by the silence, which is as well
            self.assertEqual(node.stop(), 0)
        return self.skipTest(f"it was not fast enough: {done.stdout} ms the last time")

    def all_counts_after_the_loss_was_accepted(self, node, topic, points):
        self.assertEqual(harness.eventually(lambda: self.gauge(node, "laurel_input_halted", topic), 1, 30), 1,
                         node.log()[-2000:])
        self.assertIn("the topic was made anew", node.log())
        self.assertNotEqual(harness.points(node.balances()), points)
        done = node.verb("input", "accept-loss", topic, "0", "--reason", "made anew", "--by", "kim")
        self.assertEqual(done.code, 0, done.err)
        self.assertEqual(harness.eventually(lambda: harness.points(node.balances()), points, 30), points)

    @unittest.skipUnless(foreign_faults.available(), "python3-confluent-kafka is not installed")
    def test_a_topic_made_anew_in_a_moment_is_halted_within_seconds(self):
        self.all_counts_after_the_loss_was_accepted(*self.made_anew_in_a_moment())

    @unittest.skipUnless(foreign_faults.available(), "python3-confluent-kafka is not installed")
    def test_a_topic_made_anew_in_a_moment_is_halted_though_the_node_dies_before(self):
        node, topic, points = self.made_anew_in_a_moment()
        time.sleep(2.5)  # positions of partitions without events are durable, too
        self.assertNotIn("is halted", node.log())
        node.kill()
        node.start()
        self.all_counts_after_the_loss_was_accepted(node, topic, points)

    def accept_the_loss(self, node, grows, anew):
        """Only of what is halted, with a reason, durably, and once in `audit`."""
        def accept(*arguments):
            return node.verb("input", "accept-loss", *arguments)
        self.assertEqual(accept(anew, "0").code, 2)
        refused = accept(grows, "0", "--reason", "none")
        self.assertEqual(refused.code, 1)
        self.assertIn("is not halted", refused.err)
        self.assertIn("there is no input", accept(anew, "7", "--reason", "none").err)
        done = accept(anew, "0", "--reason", "the topic was made anew", "--by", "kim")
        self.assertEqual(done.code, 0, done.err)
        # Three records of one wager: one effect. What was read of the topic before is still known.
        expected = {"p0001": 2, "p0002": 2, "p0003": 3, "p0009": 9}
        self.assertEqual(harness.eventually(lambda: harness.points(node.balances()), expected, 30), expected)
        kafka.produce(anew, [("k", json.dumps(harness.wager("p0001", anew, 1000)))])
        kafka.produce(anew, [("k", json.dumps(harness.wager("p0008", "8", 8000)))])
        expected["p0008"] = 8
        self.assertEqual(harness.eventually(lambda: harness.points(node.balances()), expected, 30), expected)
        time.sleep(2)
        node.kill()
        node.start()
        def standing():
            inputs = map(json.loads, node.verb("input", "list", "--json").out.splitlines())
            return [(each["halted"], each["generation"], each["next"])
                    for each in inputs if each["topic"] == anew]
        self.assertEqual(harness.eventually(standing, [(False, 1, "5")], 20), [(False, 1, "5")])
        self.assertEqual(harness.points(node.balances()), expected)
        audit = [json.loads(line) for line in node.verb("topic", "read", "audit", "--json").out.splitlines()]
        self.assertEqual([(each["data"]["by"], each["data"]["reason"], each["data"]["target"])
                          for each in audit if each["data"]["action"] == "input.accept-loss"],
                         [("kim", "the topic was made anew", f"{anew}/0")])

    def test_records_that_expired_unread_halt_their_input(self):
        topic, other = kafka.fresh_name("expires"), kafka.fresh_name("stays")
        node = self.node_of_two(topic, other)
        time.sleep(3)  # positions of partitions without events are durable after a while
        self.assertEqual(node.stop(), 0)
        for at in range(3):
            kafka.produce(topic, [("k", json.dumps(harness.wager("p0009", at, 9000)))])
        kafka.delete_records(topic, 0, 3)
        kafka.produce(other, [("k", json.dumps(harness.wager("p0002", "2", 2000)))])
        node.start()
        self.handled(node, 1)
        self.assertEqual(harness.points(node.balances()), {"p0001": 2, "p0002": 2})
        self.assertEqual(self.gauge(node, "laurel_input_halted", topic), 1)
        self.assertEqual(self.gauge(node, "laurel_input_halted", other), 0)

    def test_a_topic_that_is_not_ours_is_refused_before_others_are_made(self):
        cluster = kafka.fresh_name("c")
        kafka.make_topic(f"{cluster}.changelog", 3)
        node = self.node(cluster, "")
        node.launch()
        self.assertEqual(node.process.wait(30 * harness.SCALE), 1, node.log())
        self.assertIn(f"topic {cluster}.changelog has 3 partitions, and has to have 16", node.log())
        made = [name for name in kafka.topics("--list").split() if name.startswith(cluster)]
        self.assertEqual(sorted(made), [f"{cluster}.changelog", f"{cluster}.control"])
        kafka.remake_topic(f"{cluster}.changelog", 16, "--config", "cleanup.policy=compact", "--config",
                           "min.compaction.lag.ms=172800000", "--config", "delete.retention.ms=604800000", "--config",
                           "max.message.bytes=2097152")
        node.start()  # makes the others
        self.assertEqual(node.stop(), 0, node.log())


if __name__ == "__main__":
    unittest.main()
