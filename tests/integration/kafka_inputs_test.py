"""Wagers from topics as they are, through a real broker; what comes of it is checked from outside."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import harness
import kafka
sys.path.append(str(harness.REPOSITORY / "tests" / "chaos"))
import foreign_faults  # noqa: E402
from kafka_check import check  # noqa: E402
from points import points_of, points_per_player, rows_of  # noqa: E402

REMAKE = Path(__file__).with_name("kafka_remake.py")
MAPPED = f'[[input]]\ntopic = "TOPIC"\nformat = "json"\nmapping = "{harness.MAPPING}"\n'
EVENTS = '[[input]]\ntopic = "TOPIC"\n'


def field(number, value):
    """One field with a length, in protobuf."""
    size = len(value)
    length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    return bytes([number << 3 | 2]) + length + value


def protobuf_event(event):
    """An io.cloudevents.v1.CloudEvent whose data is text."""
    named = {"id": 1, "source": 2, "specversion": 3, "type": 4}
    out = b"".join(field(number, event[name].encode()) for name, number in named.items())
    for name, value in event.items():
        if name not in named and name != "data":
            out += field(5, field(1, name.encode()) + field(2, field(3, value.encode())))
    return out + field(7, event["data"].encode())


class KafkaInputs(unittest.TestCase):
    def setUp(self):
        kafka.bootstrap()  # skips where there is no broker
        self.folder = Path(tempfile.mkdtemp(prefix="laurel-itest-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def node(self, cluster, inputs, **how):
        node = kafka.Site(self.folder / cluster, cluster, inputs, **how).node()
        self.addCleanup(self.finish, node)
        return node

    def finish(self, node):
        if node.running():
            self.assertEqual(node.stop(), 0, node.log())
        self.assertIsNone(harness.CRASH_SIGNS.search(node.log()), node.log())

    def handled(self, node, count, within_s=60):
        """Waits until so many events were taken or refused in this life of the node."""
        def now():
            client = node.client()
            try:
                status = client.get_json("/v1/status")
            finally:
                client.close()
            return sum(int(status[each])
                       for each in ("accepted", "duplicates", "conflicts", "rejected")) >= count
        self.assertTrue(harness.eventually(now, True, within_s), node.log()[-3000:])

    # ---- The real wagers ------------------------------------------------------------------------
    def play(self, partitions, kill):
        rows = sorted(rows_of(harness.WAGERS), key=lambda row: int(row["Id"]))
        topic, cluster = kafka.fresh_name("wagers"), kafka.fresh_name("c")
        kafka.make_topic(topic, partitions)
        kafka.produce(topic, [(row["Username"], json.dumps(row)) for row in rows])
        node = self.node(cluster, MAPPED.replace("TOPIC", topic))
        node.start()
        if kill:
            self.handled(node, len(rows) // 3)
            node.kill()
            shutil.rmtree(node.data)  # its snapshots too
            node.start()
        want = points_per_player(rows)
        self.assertEqual(harness.eventually(lambda: harness.points(node.balances()) == want, True, 60),
                         True, node.log()[-2000:])
        causes = {(row["Username"], row["Id"]): points_of(row) for row in rows if points_of(row)}
        self.assertEqual(check(cluster, causes, harness.points(node.balances())), [])
        self.assertEqual(node.verb("verify").code, 0)
        # Standard tools show how far it is: to the end.
        def lag():
            lines = [line.split() for line in kafka.groups("--describe", "--group", cluster).splitlines()]
            found = [int(line[5]) for line in lines if len(line) > 5 and line[1] == topic]
            return (len(found), sum(found))
        self.assertEqual(harness.eventually(lag, (partitions, 0), 30), (partitions, 0))

    def test_real_wagers_8_partitions(self):
        self.play(8, kill=False)

    def test_real_wagers_12_partitions_and_a_node_that_loses_everything(self):
        self.play(12, kill=True)

    def test_real_wagers_30_partitions(self):
        self.play(30, kill=False)

    def test_real_wagers_as_a_shuffled_backfill(self):
        rows, cluster = list(rows_of(harness.WAGERS)), kafka.fresh_name("c")
        node = self.node(cluster, "")
        node.start()
        done = node.ingest(harness.WAGERS, timeout_s=300)
        self.assertEqual(done.code, 0, done.err)
        self.assertEqual(harness.points(node.balances()), points_per_player(rows))
        causes = {(row["Username"], row["Id"]): points_of(row) for row in rows if points_of(row)}
        self.assertEqual(check(cluster, causes, harness.points(node.balances())), [])
        self.assertEqual(node.verb("verify").code, 0)
        actions = harness.audit_of(node, "backfill/1")
        self.assertEqual([each[::2] for each in actions], [("backfill.close", "laurel ingest")])
        again = node.ingest(harness.WAGERS, timeout_s=300)
        self.assertEqual((again.code, int(again.json()["duplicate"])), (0, len(rows)))

    # ---- Formats and bad input ------------------------------------------------------------------
    def test_structured_and_binary_events_and_what_is_none(self):
        topic, cluster = kafka.fresh_name("wagers"), kafka.fresh_name("c")
        kafka.make_topic(topic, 2)
        wager = harness.wager("p0001", "1", 1000)
        kafka.produce(topic, [("a", json.dumps(wager))], partition=0)
        other = harness.wager("p0002", "2", 2000)
        headers = {f"ce_{name}": value for name, value in other.items() if name != "data"}
        kafka.produce(topic, [("b", json.dumps(other["data"]))], partition=1, headers=headers)
        kafka.produce(topic, [("c", "no event"), ("c", "{}"), ("c", "[" * 5000)], partition=1)
        kafka.produce(topic, [("a", json.dumps(wager))], partition=1)  # again, elsewhere
        node = self.node(cluster, EVENTS.replace("TOPIC", topic))
        node.start()
        self.handled(node, 6)
        self.assertEqual(harness.points(node.balances()), {"p0001": 1, "p0002": 2})
        client = node.client()
        letters = [record["data"] for record in client.topic("dead-letters")]
        client.close()
        self.assertEqual(sorted(letter["place"] for letter in letters),
                         [f"{topic}/1@{offset}" for offset in (1, 2, 3)])
        # After a death nothing is told twice: the position is in the commit.
        node.kill()
        node.start()
        kafka.produce(topic, [("d", json.dumps(harness.wager("p0003", "3", 3000)))])
        self.handled(node, 1)
        client = node.client()
        self.assertEqual(len(list(client.topic("dead-letters"))), 3)
        client.close()
        self.assertEqual(harness.points(node.balances()), {"p0001": 1, "p0002": 2, "p0003": 3})

    def test_events_whose_data_is_protobuf(self):
        topic, cluster = kafka.fresh_name("wagers"), kafka.fresh_name("c")
        kafka.make_topic(topic, 1)
        def field(number, value):
            return bytes([number << 3 | 2, len(value)]) + value
        def wager(tx_id, units):
            amount = b"\x10" + bytes([units & 127 | 128, units >> 7]) + field(3, b"BIT") + b"\x20\x02"
            return field(1, tx_id) + field(2, amount)
        attributes = harness.wager("p0001", "1", 1000)
        headers = {f"ce_{name}": value for name, value in attributes.items() if name != "data"}
        kafka.produce_bytes(topic, wager(b"1", 1000), headers | {"content-type": "application/protobuf"})
        kafka.produce(topic, [("k", json.dumps(attributes))])  # the same, in JSON
        kafka.produce_bytes(topic, b"no wager", headers | {"content-type": "application/protobuf"})
        node = self.node(cluster, EVENTS.replace("TOPIC", topic))
        node.start()
        self.handled(node, 3)
        self.assertEqual(harness.points(node.balances()), {"p0001": 1})
        client = node.client()
        self.assertEqual([each["data"]["reason"] for each in client.topic("dead-letters")],
                         ["malformed-protobuf"])
        client.close()

    def test_whole_events_in_protobuf(self):
        topic, cluster = kafka.fresh_name("wagers"), kafka.fresh_name("c")
        kafka.make_topic(topic, 1)
        def event(wager):
            return protobuf_event({**wager, "data": json.dumps(wager["data"])})
        structured = {"content-type": "application/cloudevents+protobuf"}
        first, second = harness.wager("p0001", "1", 1000), harness.wager("p0002", "2", 2000)
        kafka.produce_bytes(topic, event(first), structured)
        kafka.produce(topic, [("k", json.dumps(first))])  # the same, in JSON
        kafka.produce_bytes(topic, b"no event", structured)
        node = self.node(cluster, EVENTS.replace("TOPIC", topic))
        node.start()
        self.handled(node, 3)
        client = node.client()
        one = client.post("/v1/events", event(second), "application/cloudevents+protobuf")
        batch = field(1, event(first)) + field(1, event(harness.wager("p0003", "3", 3000)))
        both = client.post("/v1/events", batch, "application/cloudevents-batch+protobuf")
        self.assertEqual((one.status, json.loads(one.body)["accepted"]), (202, 1), one.body)
        self.assertEqual([each["status"] for each in json.loads(both.body)["results"]],
                         ["duplicate", "accepted"])
        letters = [each["data"] for each in client.topic("dead-letters")]
        client.close()
        self.assertEqual(harness.points(node.balances()), {"p0001": 1, "p0002": 2, "p0003": 3})
        self.assertEqual([(each["reason"], each["place"]) for each in letters],
                         [("malformed-protobuf", f"{topic}/0@2")])

    def node_of_two(self, *topics):
        """A node that has handled a point of p0001 from each topic."""
        for topic in topics:
            kafka.make_topic(topic, 1)
            kafka.produce(topic, [("k", json.dumps(harness.wager("p0001", topic, 1000)))])
        node = self.node(kafka.fresh_name("c"), "".join(EVENTS.replace("TOPIC", topic) for topic in topics))
        node.start()
        self.handled(node, len(topics))
        return node

    # ---- Topics that change ---------------------------------------------------------------------
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
        threads = len(list(Path(f"/proc/{node.process.pid}/task").iterdir()))
        kafka.topics("--delete", "--topic", gone)
        said = f"the input topic {gone} is not there"
        self.assertTrue(harness.eventually(lambda: said in node.log(), True, 60), node.log()[-2000:])
        time.sleep(5)  # of asking again
        self.assertLess(len(list(Path(f"/proc/{node.process.pid}/task").iterdir())), threads + 20)
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
        topic, other, cluster = (kafka.fresh_name(each) for each in ("expires", "stays", "c"))
        for each in (topic, other):
            kafka.make_topic(each, 1)
            kafka.produce(each, [("k", json.dumps(harness.wager("p0001", each, 1000)))])
        node = self.node(cluster, EVENTS.replace("TOPIC", topic) + EVENTS.replace("TOPIC", other))
        node.start()
        self.handled(node, 2)
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

    @unittest.skipUnless(foreign_faults.available(), "python3-confluent-kafka is not installed")
    def test_the_lag_shows_what_waits_behind_an_open_transaction(self):
        topic, cluster = kafka.fresh_name("wagers"), kafka.fresh_name("c")
        kafka.make_topic(topic, 1)
        node = self.node(cluster, MAPPED.replace("TOPIC", topic))
        node.start()
        rows = list(rows_of(harness.MADE_UP_WAGERS))[:3]
        foreign = foreign_faults.Foreign(kafka.fresh_name("stranger"), 60000, topic, 1, rows[:1])
        self.addCleanup(foreign.kill)
        self.assertTrue(foreign.open)
        kafka.produce(topic, [(row["Username"], json.dumps(row)) for row in rows[1:]])

        def lag():
            return self.gauge(node, "laurel_input_lag_records", topic)
        self.assertEqual(harness.eventually(lag, 3, 10), 3)
        self.assertEqual(node.balances(), {})
        self.assertTrue(foreign.end("abort"), foreign.why)
        self.handled(node, 2)
        self.assertEqual(harness.eventually(lag, 0, 10), 0)

    def gauge(self, node, name, topic):
        client = node.client()
        metrics = client.get("/metrics").body.decode()
        client.close()
        found = re.search(rf'^{name}{{topic="{topic}",partition="0"}} (\S+)$', metrics, re.M)
        return found and float(found.group(1))

    def test_a_topic_that_is_not_there_is_refused(self):
        node = self.node(kafka.fresh_name("c"), EVENTS.replace("TOPIC", "no-such-topic"))
        node.launch()
        self.assertEqual(node.process.wait(60), 1)
        self.assertIn("the input topic no-such-topic is not there", node.log())


if __name__ == "__main__":
    unittest.main()
