"""Bad input through the real program: a clear answer or a dead letter with its reason, and the node goes on."""

import gzip
import json
import unittest

import harness
from harness import csv_row, wager

CONFIG = """[node]
id = "bad-input"
"""


def with_data(**changes):
    event = wager("p1", "x", 100)
    event["data"] = event["data"] | changes
    return event


def stake(units, asset="BIT", scale=2):
    return {"units": units, "asset": asset, "scale": scale}


class BadEvents(harness.NodeTest):
    sent = 0

    def setUp(self):
        self.client = self.node.client()
        self.addCleanup(self.client.close)

    def answer(self, event):
        """The result of one event."""
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        reply = self.client.post("/v1/events", body, harness.ONE)
        self.assertEqual(reply.status, 202, reply.body[:300])
        type(self).sent += 1
        return reply.json()["results"][0]

    def assertRejected(self, event, reason):
        result = self.answer(event)
        self.assertEqual((result["status"], result["reason"]), ("rejected", reason), result)

    def test_each_wrong_event_is_rejected_with_its_reason(self):
        deep = b'{"a":' * 100 + b"1" + b"}" * 100
        good = json.dumps(wager("p1", "y", 100)).encode()
        cases = {
            "malformed-json": [b"{", b"[1]", b"nonsense", good[:-5], good + good],
            "wrong-type": [wager("p1", "x", 1, subject=7), with_data(tx_id=True), wager("p1", "x", 1, specversion="0.3")],
            "missing-field": [wager("p1", "x", 1, id=None), with_data(stake_total=None)],
            "unknown-event-type": [wager("p1", "x", 1, type="laurel.wager.sold.v1")],
            "bad-player-id": [wager("", "x", 1), wager("a" * 65, "x", 1), wager("a b", "x", 1), wager("é", "x", 1)],
            "invalid-utf8": [good.replace(b'"urn:test"', b'"urn:\xff\xfe"')],
            "nul-byte": [good.replace(b'"urn:test"', b'"urn:\\u0000"')],
            "too-deep": [good[:-1] + b',"more":' + deep + b"}"],
            "event-too-large": [wager("p1", "x", 1, traceparent="x" * 70_000)],
            "bad-time": [wager("p1", "x", 1, time="yesterday"), wager("p1", "x", 1, time="2026-02-16T18:00:00")],
            "far-future": [wager("p1", "x", 1, time="2099-01-01T00:00:00Z")],
            "bad-amount": [with_data(stake_total=stake("1.5")), with_data(stake_total=stake("x"))],
            "amount-out-of-range": [with_data(stake_total=stake("9" * 60)),
                                    with_data(stake_total=stake(str(2**127)))],
            "negative-amount": [with_data(stake_total=stake("-1"))],
            "scale-mismatch": [with_data(stake_total=stake("1", scale=3))],
            "asset-not-in-program": [with_data(stake_total=stake("1", "EUR", 2))],
            "bad-natural-key": [with_data(tx_id="t" * 300)],
            "no-taker": [wager("p1", "v", 1, type="laurel.wager.voided.v1", data={"voids_tx_id": "1"})],
        }
        for reason, events in cases.items():
            for event in events:
                with self.subTest(reason=reason, event=str(event)[:120]):
                    self.assertRejected(event, reason)
        letters = {event["data"]["reason"] for event in self.client.topic("dead-letters")}
        self.assertLessEqual(set(cases), letters)
        self.assertNotIn("p1", self.node.balances())

    def test_the_edges_of_amounts(self):
        self.assertEqual(self.answer(wager("edge", "1", 2**127 - 1))["status"], "accepted")
        points = (2**127 - 1) // 1000
        self.assertEqual(self.node.balances()["edge"][0]["units"], str(points))
        for number in range(2, 1001):
            events = [wager("edge", f"{number}-{i}", 2**127 - 1) for i in range(1)]
            result = self.answer(events[0])
            if result["status"] != "accepted":
                break
            points += (2**127 - 1) // 1000
        self.assertEqual(self.node.balances()["edge"][0]["units"], str(points))
        self.assertLess(points, 2**127)

    def test_duplicates_and_conflicts(self):
        self.assertEqual(self.answer(wager("dup", "d", 5000))["status"], "accepted")
        self.assertEqual(self.answer(wager("dup", "d", 5000))["status"], "duplicate")
        self.assertEqual(self.answer(wager("dup", "d", 6000))["status"], "conflict")
        self.assertEqual(self.node.balances()["dup"][0]["units"], "5")

    def test_the_limits_are_what_is_stated(self):
        self.assertEqual(self.answer(wager("a" * 64, "l", 1))["status"], "accepted")
        self.assertEqual(self.answer(wager("AZaz09._~:-", "l", 1))["status"], "accepted")
        padding = 64 * 1024 - len(json.dumps(wager("p2", "big", 1, traceparent="")).encode())
        exact = wager("p2", "big", 1, traceparent="x" * padding)
        self.assertEqual(len(json.dumps(exact).encode()), 64 * 1024)
        self.assertEqual(self.answer(exact)["status"], "accepted")
        self.assertRejected(wager("p2", "big2", 1, traceparent="x" * padding), "event-too-large")
        batch = [wager("b1", f"b{i}", 1) for i in range(1001)]
        self.assertEqual(self.client.post_events(batch[:1000]).json()["accepted"], 1000)
        self.assertEqual(self.client.post_events(batch).status, 413)
        self.assertEqual(self.client.post("/v1/events", b"{}", "text/plain").status, 415)
        self.assertEqual(self.client.post("/v1/events", b"", harness.ONE).status, 400)
        self.assertEqual(self.client.post("/v1/events", b"[", harness.BATCH).status, 400)

    @classmethod
    def tearDownClass(cls):
        done = cls.node.verb("verify")
        if done.code != 0:
            raise AssertionError(done)


class BadFiles(harness.NodeTest):
    def ingest(self, name, content, code, *more):
        return self.assertCode(self.node.ingest(self.file(name, content), *more), code)

    def test_bad_rows_are_counted_and_the_good_ones_count(self):
        rows = [harness.CSV_HEADER, csv_row(1, "f1"), "only,three,cells", csv_row(2, "f1", bet="-5"),
                csv_row(3, "f1", bet="abc"), csv_row(4, "", bet="10"), csv_row(5, "f1", date="never"),
                csv_row(6, "f1"), "x" * 10_000_000, csv_row(7, "f1")]
        done = self.ingest("rows.csv", "\n".join(rows) + "\n", 4)
        self.assertEqual(done.json(), {"accepted": "3", "duplicate": "0", "conflict": "0", "rejected": "6"})
        self.assertIn("line 3: wrong-columns", done.err)
        reasons = [event["data"]["reason"] for event in self.client_topic("dead-letters")]
        self.assertEqual(len(reasons), 6)
        self.assertIn("line-too-long", reasons)
        self.assertEqual(self.node.balances()["f1"][0]["units"], "3")

    def client_topic(self, name):
        client = self.node.client()
        self.addCleanup(client.close)
        return list(client.topic(name))

    def test_a_truncated_gzip_is_an_error_after_what_was_whole(self):
        text = "\n".join([harness.CSV_HEADER] + [csv_row(10_000 + i, f"g{i}") for i in range(20_000)]) + "\n"
        done = self.ingest("cut.csv.gz", gzip.compress(text.encode())[:-2000], 1)
        self.assertIn("is cut off", done.err)
        self.assertGreater(int(done.json()["accepted"]), 1000)

    def test_a_missing_file_a_missing_mapping_and_a_wrong_mapping(self):
        self.assertIn("cannot read", self.assertCode(self.node.ingest("nowhere.csv"), 1).err)
        good = self.file("one.csv", f"{harness.CSV_HEADER}\n{csv_row(1, 'z')}\n")
        self.assertIn("cannot read", self.assertCode(self.node.ingest(good, mapping="nowhere.toml"), 1).err)
        wrong = self.file("wrong.toml", harness.MAPPING.read_text().replace("subject", "subjct"))
        done = self.assertCode(self.node.ingest(good, mapping=wrong), 1)
        self.assertRegex(done.err, r":\d+:\d+: subjct: .*allowed")

    def test_nobody_at_the_server(self):
        port = harness.free_port()
        self.assertCode(harness.verb("status", "--server", f"http://127.0.0.1:{port}"), 3)
        self.assertCode(harness.verb("status", "--no-such-option"), 2)
        self.assertCode(harness.verb("no-such-verb"), 2)


class BadConfiguration(harness.NodeTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.site = cls.folder / "site"
        cls.site.mkdir()

    def refused(self, text):
        (self.site / "node.toml").write_text(text)
        return self.assertCode(
            harness.verb("run", "--config", self.site / "node.toml", "--data", self.folder / "none", "--port",
                         harness.free_port(), timeout_s=5), 1).err

    def test_what_is_wrong_is_named_with_file_line_key_and_what_is_allowed(self):
        self.assertRegex(self.refused("[listen]\nprot = 1\n"), r"node\.toml:2:\d+: listen\.prot: .*allowed: .*port")
        self.assertRegex(self.refused("[listen]\nport = \"x\"\n"), r"node\.toml:2:\d+: listen\.port: ")
        self.assertRegex(self.refused("[listen]\nport = 70000\n"), r"listen\.port: .*0 to 65535")
        self.assertRegex(self.refused("[engine]\nkind = \"redis\"\n"), r"engine\.kind: .*allowed: embedded")
        self.assertRegex(self.refused("x = [}\n"), r"node\.toml:1:")
        self.assertIn("allow_plaintext", self.refused("[listen]\naddress = \"0.0.0.0\"\n"))
        self.assertFalse((self.folder / "none").exists())

    def test_a_wrong_catalog_is_refused(self):
        catalog = self.site / "catalog"
        catalog.mkdir()
        (catalog / "program.toml").write_text("points_aset = 'PTS'\n")
        self.assertRegex(self.refused(CONFIG), r"program\.toml:1:\d+: points_aset: .*allowed")
        (catalog / "program.toml").unlink()
        (catalog / "programme.toml").write_text("")
        self.assertIn("nothing declares this document", self.refused(CONFIG))

    def test_a_missing_configuration_is_refused(self):
        done = harness.verb("run", "--config", self.folder / "nowhere.toml")
        self.assertIn("cannot be read", self.assertCode(done, 1).err)


if __name__ == "__main__":
    unittest.main()
