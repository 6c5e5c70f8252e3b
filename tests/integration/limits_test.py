"""The limits of input, each met exactly and passed by one: docs/guide/limits.md."""

import json
import string
import unittest

from books import JSON_MAPPING, BooksTest
from harness import BATCH, CSV_HEADER, csv_row, wager

KIB = 1024
ALLOWED = string.ascii_letters + string.digits + "._~:-"


class Limits(BooksTest):
    def statuses(self, events):
        return [(each["status"], each.get("reason", "")) for each in self.post(events)]

    def test_each_character_that_a_player_id_may_have(self):
        events = [wager(f"a{character}", next(self.tx_ids), 1000) for character in ALLOWED]
        events += [wager(character, next(self.tx_ids), 1000) for character in ALLOWED]
        self.assertEqual(self.statuses(events), [("accepted", "")] * len(events))
        for player in [f"a{character}" for character in "._~:-A"] + list("._~:-A"):
            done = self.node.verb("player", "show", "--json", "--", player)
            self.assertEqual(self.assertCode(done, 0).json()["player"], player)
        rows = [CSV_HEADER] + [csv_row(next(self.tx_ids), f"b{each}") for each in ALLOWED]
        _, counts = self.ingest(self.file("ids.csv", "\n".join(rows)))
        self.assertEqual(counts["accepted"], len(ALLOWED))

    def test_each_character_that_a_player_id_may_not_have(self):
        forbidden = [chr(code) for code in range(1, 128) if chr(code) not in ALLOWED]
        forbidden += ["é", "ß", "Ａ", "\u200b", "\u202e", "😀", "\ufeff"]
        events = [wager(f"a{character}b", next(self.tx_ids), 1000) for character in forbidden]
        self.assertEqual(self.statuses(events), [("rejected", "bad-player-id")] * len(events))
        cells = [each for each in forbidden if each not in '\n\r",']
        rows = [CSV_HEADER] + [csv_row(next(self.tx_ids), f"a{each}b") for each in cells]
        _, counts = self.ingest(self.file("ids.csv", "\n".join(rows)),
                                reasons=["bad-player-id"] * len(cells))
        self.assertEqual(counts["rejected"], len(cells))

    def test_a_player_id_has_64_characters(self):
        longest = "x" * 64
        self.assertEqual(self.statuses([wager(longest, next(self.tx_ids), 1000),
                                        wager(longest + "x", next(self.tx_ids), 1000),
                                        wager("", next(self.tx_ids), 1000)]),
                         [("accepted", ""), ("rejected", "bad-player-id"),
                          ("rejected", "bad-player-id")])
        self.assertEqual(self.node.verb("player", "show", longest, "--json").json()["player"],
                         longest)
        self.assertCode(self.node.verb("player", "show", longest + "x"), 1)
        rows = [CSV_HEADER, csv_row(next(self.tx_ids), longest),
                csv_row(next(self.tx_ids), longest + "x")]
        self.ingest(self.file("ids.csv", "\n".join(rows)), reasons=["bad-player-id"])

    def padded(self, size):
        """A good event of exactly so many bytes."""
        event = wager("p1", next(self.tx_ids), 1000, other="")
        event["other"] = "x" * (size - len(json.dumps(event)))
        raw = json.dumps(event).encode()
        self.assertEqual(len(raw), size)
        return raw

    def test_an_event_has_64_kib(self):
        expected = [(64 * KIB - 1, "accepted", ""), (64 * KIB, "accepted", ""),
                    (64 * KIB + 1, "rejected", "event-too-large")]
        for size, status, reason in expected:
            result = self.post_one(self.padded(size))
            self.assertEqual((result["status"], result.get("reason", "")), (status, reason), size)
        self.assertEqual(self.statuses([self.padded(size) for size, _, _ in expected]),
                         [each[1:] for each in expected])
        # Rows of files: the line end does not count.
        for size, status, reason in expected:
            row = csv_row(next(self.tx_ids), "p1")
            row = row.replace("NA", "x" * (size - len(row) + 2), 1)
            self.assertEqual(len(row), size)
            _, counts = self.ingest(self.file("size.csv", f"{CSV_HEADER}\n{row}\n"),
                                    reasons=[reason] if reason else [])
            self.assertEqual(counts[status], 1)
        self.assertEqual(self.letters()[-1]["raw_bytes"], str(64 * KIB + 1))

    def test_a_line_has_1_mib(self):
        mapping = self.file("json-mapping.toml", JSON_MAPPING)
        for size, reason in ((KIB * KIB - 1, "event-too-large"), (KIB * KIB, "event-too-large"),
                             (KIB * KIB + 1, "line-too-long")):
            _, counts = self.ingest(self.file("size.ndjson", b"{" + b" " * (size - 2) + b"}\n"),
                                    reasons=[reason], mapping=mapping)
            self.assertEqual(counts["rejected"], 1)
            letter = self.letters()[-1]
            self.assertEqual((letter["raw_bytes"], len(letter["raw"])), (str(size), 64 * KIB))

    def test_a_batch_has_1000_events(self):
        def batch(count):
            return [wager(f"batch-{i}", next(self.tx_ids), 1000) for i in range(count)]
        self.assertEqual(self.statuses(batch(1000)), [("accepted", "")] * 1000)
        events = batch(1001)
        reply = self.client.post_events(events)
        self.assertEqual(reply.status, 413)
        self.assertIn("1000", reply.json()["detail"])
        # Nothing of it was applied.
        self.assertEqual(self.statuses(events[:1000]), [("accepted", "")] * 1000)

    def test_a_batch_of_the_largest_events_is_taken(self):
        """So that no two limits exclude each other."""
        self.assertEqual(self.statuses([self.padded(64 * KIB) for _ in range(1000)]),
                         [("accepted", "")] * 1000)

    def test_a_body_that_is_larger_is_refused_before_it_is_sent(self):
        self.client.connection.putrequest("POST", "/v1/events")
        self.client.connection.putheader("Content-Type", BATCH)
        self.client.connection.putheader("Content-Length", str(10**12))
        self.client.connection.endheaders()
        reply = self.client.connection.getresponse()
        self.assertEqual(reply.status, 413)
        self.assertIn("bytes", json.loads(reply.read())["detail"])
        self.client.close()


if __name__ == "__main__":
    unittest.main()
