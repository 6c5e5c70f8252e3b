"""Wagers from topics as they are, through a real broker; what comes of it is checked from outside."""

import base64
import json
import shutil
import sys
import unittest

import harness
import kafka
from kafka_case import EVENTS, MAPPED, KafkaCase
sys.path.append(str(harness.REPOSITORY / "tests" / "chaos"))
import foreign_faults  # noqa: E402
from kafka_check import check_soon  # noqa: E402
from points import points_of, points_per_player, rows_of  # noqa: E402


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


class KafkaInputs(KafkaCase):
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
        self.assertEqual(check_soon(cluster, causes, node), [])
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
        self.assertEqual(check_soon(cluster, causes, node), [])
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
        kafka.produce_bytes(topic, b"no wager", headers | {"content-type": "Application/Protobuf; proto=x"})
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
        kafka.produce_bytes(topic, b"no event", {"content-type": "application/CloudEvents+Protobuf; v=1"})
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
        self.assertEqual([(each["reason"], each["place"], each["content_type"]) for each in letters],
                         [("malformed-protobuf", f"{topic}/0@2", "application/cloudevents+protobuf")])
        self.assertEqual(base64.b64decode(letters[0]["raw_base64"]), b"no event")

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

    def test_a_topic_that_is_not_there_is_refused(self):
        node = self.node(kafka.fresh_name("c"), EVENTS.replace("TOPIC", "no-such-topic"))
        node.launch()
        self.assertEqual(node.process.wait(60), 1)
        self.assertIn("the input topic no-such-topic is not there", node.log())


if __name__ == "__main__":
    unittest.main()
