"""Bad files: what is good in them is applied, what is not is a dead letter or a clear error."""

import gzip
import json
import random
import unittest

import harness
from books import JSON_MAPPING, BooksTest
from harness import CSV_HEADER, MAPPING, csv_row


class BadFiles(BooksTest):
    def csv(self, *rows, end="\n"):
        """Rows are texts or bytes; a good one before and after each, so that none harms another."""
        lines = [CSV_HEADER.encode()]
        for row in rows:
            lines += [self.good().encode(), row if isinstance(row, bytes) else row.encode()]
        lines.append(self.good().encode())
        return end.encode().join(lines) + end.encode()

    def good(self):
        return csv_row(next(self.tx_ids), "good", bet="10")

    def row(self, player="p1", **changes):
        return csv_row(next(self.tx_ids), player, **changes)

    def refuse(self, reason, *rows, name="bad.csv"):
        """Each row is refused for `reason`, all others are accepted."""
        _, counts = self.ingest(self.file(name, self.csv(*rows)), reasons=[reason] * len(rows))
        self.assertEqual((counts["accepted"], counts["rejected"]), (len(rows) + 1, len(rows)))

    def test_bad_rows(self):
        self.refuse("wrong-columns", "1,2,3", self.row() + ",more", "x")
        self.refuse("bad-player-id", self.row("a b"), self.row("x" * 65), self.row("é"))
        self.refuse("missing-field", self.row(""))
        self.refuse("bad-amount", *(self.row(bet=bet) for bet in (
            "ten", "1.005", "1e-3", "0x10", "1_0", "١", "--1", "1;5")))
        self.refuse("missing-field", self.row(bet=""))
        self.refuse("negative-amount", self.row(bet="-10"), self.row(bet="10", profit="-11"))
        self.refuse("amount-out-of-range", self.row(bet="1e40"), self.row(bet="9" * 60),
                    self.row(bet="1e999999999"), self.row(bet=str(2**127)))
        self.refuse("bad-time", self.row(date="yesterday"), self.row(date="2021-11-01"))
        self.refuse("far-future", self.row(date="2099-01-01T00:00:00Z"))
        self.refuse("missing-field", self.row(date=""))
        self.refuse("invalid-utf8", self.row().encode() + b"\xff", b"\xc3\x28" * 10)
        self.refuse("nul-byte", self.row().replace("NA", "\0", 1), "\0" * 100)
        self.refuse("bad-natural-key", self.row().replace(",", "1" * 300 + ",", 1))

    def test_a_stray_quote_costs_its_row_only(self):
        self.refuse("malformed-csv", self.row().replace("p1", '"p1'), self.row().replace("p1", 'p"1'),
                    self.row() + '"', self.row().replace("p1", '"p"1"'))
        # ... in a file of many rows too, and wherever the next quote stands.
        rows = [CSV_HEADER, self.row('"good')] + [self.good() for _ in range(20_000)]
        rows[10_000] = rows[10_000].replace("good", '"good')
        _, counts = self.ingest(self.file("quotes.csv", "\n".join(rows)),
                                reasons=["malformed-csv"] * 2)
        self.assertEqual(counts["accepted"], 19_999)

    def test_quotes_spaces_and_line_ends_that_are_fine(self):
        rows = [self.row('"p1"'), self.row(" p1 "), self.row().replace(",NA", ',"a ""b"", c"', 1),
                "", "   ", "\t"]
        _, counts = self.ingest(self.file("fine.csv", self.csv(*rows, end="\r\n")))
        self.assertEqual(counts["accepted"], 3 + len(rows) + 1)
        text = b"\xef\xbb\xbf" + self.csv(self.row())[:-1]  # byte order mark, no last line end
        _, counts = self.ingest(self.file("mark.csv", text))
        self.assertEqual(counts["accepted"], 3)

    def test_lines_of_10_mb(self):
        self.refuse("line-too-long", b"x" * 10_000_000, b'"' * 10_000_000, b"\0" * 10_000_000,
                    b"," * 10_000_000)
        letter = self.letters()[-1]
        self.assertEqual(len(letter.get("raw", "")), 65_536)
        self.assertEqual(letter["raw_bytes"], "10000000")
        # A file without a line end is one such line.
        _, counts = self.ingest(self.file("one.ndjson", b"{" * 20_000_000), mapping=self.json_map(),
                                reasons=["line-too-long"])
        self.assertEqual(counts["accepted"], 0)

    def json_map(self):
        return self.file("json-mapping.toml", JSON_MAPPING)

    def test_bad_ndjson(self):
        def line(**changes):
            return json.dumps({"id": str(next(self.tx_ids)), "player": "p1",
                               "at": "2026-02-16T18:00:00Z", "bet": {"amount": "10.00"}} | changes)
        bad = {
            "malformed-json": ["nonsense", "[]", line()[:-1], line() + line(), line() + "x"],
            "wrong-type": [line(player=["x"]), line(player={})],
            "bad-time": [line(at=True), line(at=5)],
            "missing-field": [line(player=None), line(bet={}), "{}", line(bet=5)],
            "bad-player-id": [line(player="a b")],
            "bad-amount": [line(bet={"amount": "ten"}), line(bet={"amount": 1.005})],
            "too-deep": [line(other=None).replace("null", "[" * 5000 + "]" * 5000),
                         line(bet=None).replace("null", '{"a":' * 5000 + "1" + "}" * 5000)],
            "nul-byte": [line(player="a\0"), line(other="a\0")],
            "negative-amount": [line(bet={"amount": -1})],
        }
        for reason, lines in bad.items():
            for text in lines:
                with self.subTest(reason, text=text[:100]):
                    both = "\n".join([line(), text, line(other=[1, {"a": None}])])
                    _, counts = self.ingest(self.file("bad.ndjson", both), reasons=[reason],
                                            mapping=self.json_map())
                    self.assertEqual(counts["accepted"], 2)

    def test_the_place_of_a_dead_letter_is_file_and_line(self):
        file = self.file("place.csv", self.csv("1,2,3"))
        done, _ = self.ingest(file, reasons=["wrong-columns"])
        letter = self.letters()[-1]
        self.assertEqual((letter["place"], letter["raw"]), (f"{file}:3", "1,2,3"))
        self.assertIn("line 3: wrong-columns: has 3 cells", done.err)

    def test_truncated_gzip(self):
        """What was whole is applied; the same file, whole, brings the rest and nothing twice."""
        rows = [CSV_HEADER] + [self.row("cut", bet=str(random.Random(i).randrange(1000)))
                               for i in range(5000)]
        whole = gzip.compress("\n".join(rows).encode(), 1)
        applied = 0
        for size in (1, 2, 10, 17, len(whole) // 2, len(whole) - 9, len(whole) - 1):
            with self.subTest(size):
                done, counts = self.ingest(self.file("cut.csv.gz", whole[:size]), code=1)
                self.assertRegex(done.err, "is cut off|there is no column")
                applied += counts["accepted"]
        _, counts = self.ingest(self.file("cut.csv.gz", whole))
        self.assertEqual(counts["accepted"] + applied, 5000)

    def test_damaged_gzip(self):
        rows = [CSV_HEADER] + [self.row("hurt", bet=str(random.Random(i).randrange(1000)))
                               for i in range(5000)]
        whole = gzip.compress("\n".join(rows).encode(), 6)
        for at in (12, len(whole) // 3, len(whole) // 2, len(whole) - 6):
            with self.subTest(at):
                damaged = bytearray(whole)
                damaged[at:at + 4] = bytes(byte ^ 0xff for byte in damaged[at:at + 4])
                # What was read before the damage is noticed may be wrong: all of it has an end.
                done, _ = self.ingest(self.file("hurt.csv.gz", bytes(damaged)), reasons=None,
                                      code=1)
                self.assertRegex(done.err, "is damaged|header")
        _, counts = self.ingest(self.file("hurt.csv.gz", whole), reasons=None)
        self.assertEqual(counts.total(), 5000)

    def test_files_that_are_not_there_or_none(self):
        good = self.file("good.csv", self.csv())
        for arguments, code, message in (
                (["no-such.csv"], 1, "cannot read no-such.csv: No such file"),
                ([self.folder, "--format", "csv"], 1, "is not a file"),
                ([self.file("empty.csv", "")], 1, "is empty: a CSV file starts with its header"),
                ([self.file("header.csv", "a,b,c\n1,2,3\n")], 1, 'there is no column "Id"; allowed: a'),
                ([self.file("twice.csv", CSV_HEADER + ",Id\n")], 1, 'column "Id" is there twice'),
                ([self.file("binary.csv", random.Random(1).randbytes(100_000))], 1, "header"),
                ([self.file("what.txt", "")], 2, "does not tell its format")):
            with self.subTest(arguments):
                done = self.node.ingest(*arguments)
                self.assertCode(done, code)
                self.assertIn(message, done.err)
        for name, mapping, message in (
                ("missing", "no-such.toml", "cannot read the mapping no-such.toml"),
                ("no-toml", self.file("no.toml", "type = \n"), "mapping:1:8"),
                ("unknown-key", self.file("key.toml", MAPPING.read_text().replace("time", "tim")),
                 "there is no such key"),
                ("unknown-field", self.file(
                    "field.toml", MAPPING.read_text().replace("tx_id", "txid")),
                 "data.txid: there is no such field"),
                ("unknown-type", self.file(
                    "type.toml", MAPPING.read_text().replace("settled.v1", "settled.v9")),
                 "laurel.wager.settled.v9"),
                ("scale", self.file("scale.toml",
                                    MAPPING.read_text().replace("scale = 2", "scale = 3")),
                 "BIT has scale 2 in the catalog, not 3"),
                ("mistyped", self.file("mistyped.toml",
                                       MAPPING.read_text().replace("scale = 2", 'scale = "2"')),
                 "a whole number")):
            with self.subTest(name):
                done = self.assertCode(self.node.ingest(good, mapping=mapping), 1)
                self.assertIn(message, done.err)


if __name__ == "__main__":
    unittest.main()
