"""Bad events over HTTP: each ends in a dead letter with its reason, its neighbours are applied."""

import json
import unittest
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

from books import BooksTest
from harness import BATCH, ONE, wager

MAX = 2**127 - 1
MIN = -(2**127)


class BadEvents(BooksTest):
    def refuse(self, reason, *events):
        """Each event is refused for `reason`, by itself and between good ones."""
        for event in events:
            raw = event if isinstance(event, bytes) else json.dumps(event).encode()
            with self.subTest(raw[:200]):
                result = self.post_one(raw)
                self.assertEqual((result["status"], result["reason"]), ("rejected", reason),
                                 result["detail"])
                good = [wager("good", next(self.tx_ids), 5000) for _ in range(2)]
                results = self.post([good[0], raw, good[1]])
                self.assertEqual([each["status"] for each in results],
                                 ["accepted", "rejected", "accepted"])
                self.assertEqual(results[1]["reason"], reason)

    def wager(self, **changes):
        return wager("p1", next(self.tx_ids), 1000, **changes)

    def with_data(self, **changes):
        event = self.wager()
        event["data"] |= changes
        return event

    def with_stake(self, **changes):
        event = self.wager()
        event["data"]["stake_total"] |= changes
        return event

    def text(self, old=b"", new=b"", **changes):
        """The bytes of a good wager, some of them replaced."""
        raw = json.dumps(self.wager(**changes)).encode()
        self.assertIn(old, raw)
        return raw.replace(old, new, 1)

    def test_malformed_json(self):
        self.refuse("malformed-json", b"nonsense", b"[]", b"5", b"null", b'"text"', b"{'id': 'x'}",
                    b"[" * 30_000 + b"]" * 30_000, self.text(b": \"p1\"", b' "p1"'),
                    self.text(b'"specversion"', b'"id": "twice", "specversion"'),
                    self.text(b'"specversion"', b'"other": tru, "specversion"'),
                    self.text(b'"specversion"', b'"other": "\x01", "specversion"'))

    def test_a_body_that_is_no_batch_is_refused_whole(self):
        good = json.dumps(self.wager())
        for body in ("", "{}", "[", f"[{good}", f"[{good},]", f"[{good}] x", f'[{good},"]'):
            with self.subTest(body[:50]):
                self.assertEqual(self.client.post("/v1/events", body, BATCH).status, 400)
        self.assertEqual(self.client.post("/v1/events", "", ONE).status, 400)
        self.assertEqual(self.client.post("/v1/events", good, "application/json").status, 415)
        self.assertEqual(self.client.post("/v1/events", good, None).status, 415)
        # Truncated JSON is one bad event when it comes alone.
        self.assertEqual(self.post_one(good[:-1].encode())["reason"], "malformed-json")

    def test_wrong_types(self):
        # Where a text is wanted anything else is of the wrong type, whether it is JSON or not.
        self.refuse("wrong-type", b'{"id": }', self.text(b'"p1"', b"p1"))
        self.refuse("wrong-type", self.wager(subject=5), self.wager(id=["x"]), self.wager(time=5),
                    self.wager(source=True), self.wager(type={}), self.wager(data="x"),
                    self.wager(data=[]), self.wager(specversion="0.3"), self.wager(specversion=1),
                    self.with_data(tx_id=5), self.with_data(stake_total=5),
                    self.with_data(stake_total="5"), self.with_data(round_closed="yes"),
                    self.with_data(settle_no=-1), self.with_data(settle_no=2**32),
                    self.with_data(settle_no=1.5), self.with_data(place_tx_ids="x"),
                    self.with_data(place_tx_ids=[5]), self.with_stake(asset=5),
                    self.with_stake(scale="two"), self.wager(sequence=-1))

    def test_unknown_event_type(self):
        self.refuse("unknown-event-type", self.wager(type="laurel.nothing.v1"),
                    self.wager(type="laurel.wager.settled.v2"),
                    self.wager(type="laurel.wager.settled.V1"), self.wager(type="x" * 10_000))

    def test_missing_fields(self):
        for name in ("id", "source", "type", "subject", "time", "data", "data.tx_id",
                     "data.stake_total"):
            event = self.wager()
            parent, _, member = name.rpartition(".")
            del (event[parent] if parent else event)[member]
            self.refuse("missing-field", event)
            self.assertIn(member, self.letters()[-1]["detail"])
        self.refuse("missing-field", self.wager(subject=None), self.wager(id=""), b"{}")

    def test_too_large(self):
        self.refuse("event-too-large", self.with_data(round_id="x" * 70_000),
                    self.wager(other="x" * 5_000_000))
        letter = self.letters()[-1]
        self.assertEqual(len(letter["raw"]), 65_536)
        self.assertGreater(int(letter["raw_bytes"]), 5_000_000)
        self.refuse("bad-natural-key", self.with_data(tx_id="x" * 257), self.with_data(tx_id=""),
                    self.wager(source="urn:" + "x" * 300))

    def test_invalid_utf8(self):
        for bad in (b"\xff", b"\xc3", b"\xc0\xaf", b"\xe2\x82", b"\xed\xa0\x80",
                    b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80"):
            self.refuse("invalid-utf8", self.text(b"urn:test", b"urn:" + bad),
                        self.text(b'"specversion"', b'"other": "' + bad + b'", "specversion"'))

    def test_nul(self):
        self.refuse("nul-byte", self.text(b"urn:test", b"urn:\x00"),
                    self.text(b"urn:test", b"urn:\\u0000"), self.wager(other="\0"),
                    self.wager(**{"other\0": 1}), b"\0", b'{"id": "\x00"}')

    def test_deep_nesting(self):
        def nested(depth, opening=b"[", closing=b"]"):
            inner = opening * depth + b"1" + closing * depth
            return self.text(b'"specversion"', b'"other": ' + inner + b', "specversion"')
        self.refuse("too-deep", nested(32), nested(1000), nested(30_000),
                    nested(32, b'{"a":', b"}"), nested(10_000, b'{"a":', b"}"),
                    b'{"a":' * 10_000 + b"1" + b"}" * 10_000)
        self.assertEqual(self.post_one(nested(31))["status"], "accepted")
        # As a batch: nothing but an array that does not end.
        for body in ("[" * 60_000, "[" * 1_000_000, '[{"a":' * 60_000):
            self.assertEqual(self.client.post("/v1/events", body, BATCH).status, 400)

    def test_bad_amounts(self):
        self.refuse("negative-amount", self.with_stake(units="-1"), self.with_stake(units=-1),
                    self.with_stake(units=str(MIN)), self.with_data(
                        win_total={"units": "-5", "asset": "BIT", "scale": 2}))
        self.refuse("amount-out-of-range", self.with_stake(units=str(MAX + 1)),
                    self.with_stake(units=str(MIN - 1)), self.with_stake(units="9" * 1000),
                    self.with_stake(units=MAX + 1))
        self.refuse("bad-amount", *(self.with_stake(units=text) for text in (
            "", " 5", "5 ", "+5", "1e3", "0x10", "1.0", "-", "--5", "٣", "NaN", "1_000")))
        self.refuse("bad-amount", self.with_stake(units=1.5), self.with_stake(scale=39),
                    self.with_stake(scale=-1), self.text(b'"1000"', b"1e3"),
                    self.with_data(stake_total={"units": "1", "asset": "BIT"}),
                    self.with_data(stake_total={}))
        self.refuse("bad-asset", *(self.with_stake(asset=asset) for asset in (
            "", "bit", "1BIT", "B T", "X" * 33)))
        self.refuse("scale-mismatch", self.with_stake(scale=3), self.with_stake(scale=0),
                    self.with_stake(asset="ETH", scale=2))
        self.refuse("asset-not-in-program", self.with_stake(asset="EUR"),
                    self.with_stake(asset="NEW", scale=7))

    def test_the_edge_of_128_bits_is_exact(self):
        before = 0
        for units in (MAX, 0, 999, MAX - 1, str(MAX // 2), "0" * 30 + "1000"):
            event = wager("edge", next(self.tx_ids), units)
            self.assertEqual(self.post_one(json.dumps(event))["status"], "accepted")
            before += int(units) // 1000
            shown = self.client.get_json("/v1/players/edge")
            self.assertEqual(shown["balances"][0]["units"], str(before))

    def test_times(self):
        now = datetime.now(timezone.utc)

        def at(delta):
            return (now + delta).isoformat().replace("+00:00", "Z")
        self.refuse("far-future", self.wager(time=at(timedelta(days=1, minutes=5))),
                    self.wager(time="2099-01-01T00:00:00Z"))
        self.refuse("bad-time", *(self.wager(time=text) for text in (
            "yesterday", "", "2026-02-16", "2026-02-16T18:00:00", "2026-02-30T18:00:00Z",
            "2026-13-01T00:00:00Z", "1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z",
            "9999999-01-01T00:00:00Z", "2026-02-16T25:00:00Z", "2026-02-16T18:00:00+99:00")))
        for text in (at(timedelta(hours=23)), "1970-01-01T00:00:00Z",
                     "2026-02-16T18:00:00.123456789+02:00"):
            result = self.post_one(json.dumps(self.wager(time=text)))
            self.assertEqual(result["status"], "accepted", text)

    def test_a_void_of_a_part_is_refused(self):
        event = self.wager(type="laurel.wager.voided.v1",
                           data={"voids_tx_id": "1", "partial": True})
        self.refuse("partial-void", event)

    def test_duplicates_and_conflicts(self):
        event = wager("again", next(self.tx_ids), 7000)
        self.assertEqual(self.post_one(json.dumps(event))["status"], "accepted")
        same = [event, event | {"id": "other-id"}, dict(reversed(event.items())),
                event | {"subject": "again", "other": {"not": "known"}}]
        self.assertEqual([each["status"] for each in self.post(same)], ["duplicate"] * len(same))
        data = event["data"]
        others = [event | {"time": "2026-02-16T18:00:01Z"},
                  event | {"data": data | {"stake_total": data["stake_total"] | {"units": "7001"}}},
                  event | {"data": data | {"round_id": "r"}}]
        results = self.post(others)
        self.assertEqual([(each["status"], each["reason"]) for each in results],
                         [("conflict", "conflict")] * len(others))
        self.assertEqual(self.client.get_json("/v1/players/again")["balances"][0]["units"], "7")
        # The same transaction of another player or source is another event.
        results = self.post([event | {"subject": "another"}, event | {"source": "urn:other"}])
        self.assertEqual([each["status"] for each in results], ["accepted", "accepted"])
        twice = wager("again", next(self.tx_ids), 1000)
        self.assertEqual([each["status"] for each in self.post([twice, twice])],
                         ["accepted", "duplicate"])

    def test_of_the_same_event_from_many_at_once_one_counts(self):
        event = json.dumps(wager("crowd", next(self.tx_ids), 1000))

        def send(_):
            client = self.node.client()
            reply = client.post("/v1/events", event, ONE)
            client.close()
            return reply.json()["results"][0]
        with ThreadPoolExecutor(16) as pool:
            results = self.book(pool.map(send, range(64)))
        self.assertEqual(sorted(each["status"] for each in results),
                         ["accepted"] + ["duplicate"] * 63)
        self.assertEqual(self.client.get_json("/v1/players/crowd")["balances"][0]["units"], "1")

    def test_a_rejected_event_leaves_no_key(self):
        event = wager("later", next(self.tx_ids), 5000)
        wrong = event | {"data": event["data"] | {
            "stake_total": {"units": "5000", "asset": "EUR", "scale": 2}}}
        self.assertEqual(self.post_one(json.dumps(wrong))["reason"], "asset-not-in-program")
        self.assertEqual(self.client.get("/v1/players/later").status, 404)
        self.assertEqual(self.post_one(json.dumps(event))["status"], "accepted")

    def test_what_is_no_http_is_answered_and_harms_nobody(self):
        for method, path, status in (("GET", "/v1/events", 405), ("POST", "/v1/status", 405),
                                     ("GET", "/nothing", 404), ("GET", "/v1/players/%ff", 400),
                                     ("GET", "/v1/players/a%00b", 400),
                                     ("GET", "/v1/players/a%20b", 400),
                                     ("GET", "/v1/players?limit=0", 400),
                                     ("GET", "/v1/players?limit=1001", 400),
                                     ("GET", "/v1/players?cursor=%21", 400),
                                     ("GET", "/v1/topics/ledger?partition=16", 400),
                                     ("GET", "/v1/topics/ledger?from=-1", 400),
                                     ("GET", "/v1/topics/none", 404),
                                     ("GET", "/v1/actors/none/x", 404),
                                     ("GET", "/v1/actors/Player/x", 400),
                                     ("GET", "/" + "x" * 20_000, 431)):
            with self.subTest(path[:50]):
                client = self.node.client()
                reply = client.request(method, path)
                client.close()
                self.assertEqual(reply.status, status, reply.body)
                self.assertEqual(reply.json()["status"], status)


class Overflow(BooksTest):
    """Sums and products that do not fit: refused, and the balance stays what it is."""

    @classmethod
    def new_node(cls, name):
        node = super().new_node(name)
        catalog = node.folder / "catalog"
        catalog.mkdir()
        node.config = node.folder / "node.toml"
        node.config.write_text("")
        (catalog / "program.toml").write_text(
            # 3/2 points per hundredth of a bit.
            'points_asset = "PTS"\n[[earn]]\nname = "r"\nasset = "BIT"\nper_stake = "150"\n')
        return node

    def test_a_product_or_sum_over_128_bits_is_refused(self):
        def send(units):
            return self.post_one(json.dumps(wager("rich", next(self.tx_ids), units)))

        def balance():
            return int(self.client.get_json("/v1/players/rich")["balances"][0]["units"])
        self.assertEqual(send(MAX // 3)["status"], "accepted")
        full = MAX // 3 * 3 // 2
        self.assertEqual(balance(), full)
        for units in (MAX // 3 + 3, MAX):  # a sum, a product
            self.assertEqual(send(units)["reason"], "amount-overflow")
        left = MAX - full
        self.assertEqual(send(left // 3 * 2)["status"], "accepted")
        full += left // 3 * 2 * 3 // 2
        self.assertEqual(balance(), full)
        self.assertEqual(send(MAX // 3)["reason"], "amount-overflow")
        self.assertEqual(balance(), full)
        self.assertEqual(send(0)["status"], "accepted")
        self.assertEqual(balance(), full)


if __name__ == "__main__":
    unittest.main()
