"""From a file of wagers to every player's points: the path of a wager through the real program."""

import gzip
import json
import re
import socket
import subprocess
import threading
import unittest
from collections import defaultdict

import harness
from harness import BATCH, MAPPING, ONE, WAGERS, NodeTest, eventually, points, verb, wager
from points import points_per_player, rows_of

# Members that hold an amount or a 64-bit number: texts in JSON, so that no reader rounds them.
LONG_NUMBERS = {"units", "sequence", "ledger_sequence", "rule_version", "catalog_version", "wagers",
                "ledger_entries", "epoch", "last_commit", "queued_events", "activations",
                "activation_bytes", "board_bytes", "accepted", "duplicates", "conflicts", "rejected",
                "commits", "turns", "uptime_ms", "duplicate", "conflict", "entries", "raw_bytes"}
LISTS = {"entries"}  # also the name of a list


class PathTest(NodeTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not harness.HAS_REAL_WAGERS:
            print(harness.NO_REAL_WAGERS)
        cls.rows = list(rows_of(WAGERS))
        cls.expected = points_per_player(cls.rows)
        cls.first = cls.node.ingest(WAGERS)

    def counts(self, **expected):
        return {name: str(expected.get(name, 0))
                for name in ("accepted", "duplicate", "conflict", "rejected")}

    def assertLikeTheOracle(self):
        self.assertEqual(points(self.node.balances()), self.expected)

    def ledger_ends(self):
        client = self.node.client()
        self.addCleanup(client.close)
        return [client.get_json(f"/v1/topics/ledger?partition={partition}&limit=1")["end"]
                for partition in range(16)]


class Wagers(PathTest):
    def test_all_of_the_file_is_accepted(self):
        self.assertCode(self.first, 0)
        self.assertEqual(self.first.json(), self.counts(accepted=len(self.rows)))

    def test_every_player_has_what_the_oracle_says(self):
        self.assertLikeTheOracle()

    @unittest.skipUnless(harness.HAS_REAL_WAGERS, harness.NO_REAL_WAGERS)
    def test_the_sums_are_those_of_the_real_wagers(self):
        balances = points(self.node.balances())
        self.assertEqual(len(balances), 4147)
        self.assertEqual(sum(balances.values()), 14_663_020)
        self.assertEqual(sum(1 for value in balances.values() if value == 0), 401)

    def test_the_same_file_again_changes_nothing(self):
        before = (self.node.balances(), self.ledger_ends())
        again = self.assertCode(self.node.ingest(WAGERS), 0)
        self.assertEqual(again.json(), self.counts(duplicate=len(self.rows)))
        self.assertEqual((self.node.balances(), self.ledger_ends()), before)

    def test_a_restart_changes_nothing(self):
        before = (self.node.balances(), self.ledger_ends())
        self.assertEqual(self.node.stop(), 0)
        stopped = self.assertCode(verb("verify", "--json", "--data", self.node.data), 0)
        self.assertEqual(stopped.json()["violations"], [])
        self.assertEqual(stopped.json()["players"], len(self.expected))
        exported = verb("export", "balances", "--json", "--data", self.node.data).json_lines()
        self.assertEqual({line["player"]: line["balances"] for line in exported}, before[0])
        records = verb("topic", "read", "ledger", "--data", self.node.data).out.count("\n")
        self.assertEqual(records, sum(map(int, before[1])))
        self.node.start()
        self.assertEqual((self.node.balances(), self.ledger_ends()), before)
        again = self.assertCode(self.node.ingest(WAGERS), 0)
        self.assertEqual(again.json(), self.counts(duplicate=len(self.rows)))
        self.assertEqual((self.node.balances(), self.ledger_ends()), before)
        self.assertLikeTheOracle()

    def test_verify_finds_nothing_on_the_running_node(self):
        done = self.assertCode(self.node.verb("verify", "--json"), 0).json()
        earning = sum(1 for row in points_per_row(self.rows) if row > 0)
        boards = done.pop("boards")
        self.assertEqual(done, {"players": len(self.expected), "entries": str(earning),
                                "violations": []})
        self.assertEqual(set(boards.values()), {"0"})  # no tournaments here
        self.assertIn("every balance is the sum", self.node.verb("verify").out)


def points_per_row(rows):
    return [sum(points_per_player([row]).values()) for row in rows]


class Topics(PathTest):
    def read(self, name):
        return self.assertCode(self.node.verb("topic", "read", name, "--json"), 0).json_lines()

    def test_the_ledger_topic_adds_up_to_the_balances(self):
        sums, sequences, posting_ids = defaultdict(int), defaultdict(int), set()
        for record in self.read("ledger"):
            posting = record["data"]
            player = posting["player"]
            self.assertEqual(record["type"], "laurel.points.posted.v1")
            self.assertEqual(record["subject"], player)
            sequences[player] += 1
            self.assertEqual(posting["sequence"], str(sequences[player]), player)
            self.assertNotIn(posting["posting_id"], posting_ids)
            posting_ids.add(posting["posting_id"])
            sums[player] += int(posting["delta"]["units"])
            self.assertEqual(posting["balance_after"]["units"], str(sums[player]))
        self.assertEqual(sums, {player: value for player, value in self.expected.items() if value})

    def test_the_last_record_of_each_balance_is_the_balance(self):
        last = {}
        for record in self.read("balances"):
            self.assertEqual(record["type"], "laurel.balance.changed.v1")
            data = record["data"]
            self.assertEqual(record["subject"], f"{data['player']}/{data['balance']['asset']}")
            before = last.get(data["player"])
            if before is not None:
                self.assertGreater(int(data["ledger_sequence"]), int(before["ledger_sequence"]))
            last[data["player"]] = data
        self.assertEqual({player: int(data["balance"]["units"]) for player, data in last.items()},
                         {player: value for player, value in self.expected.items() if value})

    def test_records_are_cloud_events_in_the_order_of_their_offsets(self):
        offsets = defaultdict(int)
        for record in self.read("ledger"):
            self.assertEqual(record["specversion"], "1.0")
            self.assertRegex(record["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
            self.assertEqual(record["datacontenttype"], "application/json")
            topic, partition, offset = record["id"].split("/")
            self.assertEqual((topic, int(offset)), ("ledger", offsets[partition]))
            offsets[partition] += 1

    def test_follow_shows_what_comes(self):
        reader = subprocess.Popen(
            [harness.LAUREL, "topic", "read", "dead-letters", "--follow", "--server",
             self.node.url], stdout=subprocess.PIPE, text=True)
        self.addCleanup(reader.stdout.close)
        self.addCleanup(reader.wait)
        self.addCleanup(reader.kill)
        deadline = threading.Timer(20 * harness.SCALE, reader.kill)  # ends a readline that waits
        deadline.start()
        self.addCleanup(deadline.cancel)
        client = self.node.client()
        self.addCleanup(client.close)
        for tx_id in (1, 2):
            client.post("/v1/events", json.dumps(wager("not a player", tx_id, 5)), ONE)
            record = json.loads(reader.stdout.readline())
            self.assertEqual(record["data"]["reason"], "bad-player-id")
            self.assertIn(f"e-{tx_id}", record["data"]["raw"])
        self.assertIsNone(reader.poll())


class Reads(PathTest):
    """What the verbs print, for people and for programs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.player = max(cls.expected, key=cls.expected.get)

    def check_numbers(self, value, path="$"):
        """64- and 128-bit numbers are texts; every amount has its scale."""
        if isinstance(value, dict):
            if "units" in value:
                self.assertEqual(set(value), {"units", "asset", "scale"}, path)
                self.assertIsInstance(value["scale"], int, path)
            for name, member in value.items():
                if name in LONG_NUMBERS and not (name in LISTS and isinstance(member, list)):
                    self.assertIsInstance(member, str, f"{path}.{name}")
                    self.assertRegex(member, r"^-?\d+$", f"{path}.{name}")
                self.check_numbers(member, f"{path}.{name}")
        elif isinstance(value, list):
            for index, member in enumerate(value):
                self.check_numbers(member, f"{path}[{index}]")
        elif isinstance(value, int):
            self.assertLess(abs(value), 2**31, path)

    def check_json(self, *arguments):
        done = self.assertCode(self.node.verb(*arguments, "--json"), 0)
        lines = done.json_lines()
        for line in lines:
            self.check_numbers(line)
        return lines

    def test_status(self):
        all_of_them = str(len(self.rows))
        eventually(lambda: self.node.verb("status", "--json").json()["accepted"], all_of_them)
        status, = self.check_json("status")
        self.assertEqual(status["state"], "running")
        self.assertEqual(status["failure"], "")
        self.assertEqual(status["accepted"], all_of_them)
        self.assertEqual([each["partition"] for each in status["partitions"]], list(range(16)))
        self.assertTrue(all(each["state"] == "running" for each in status["partitions"]))
        self.assertIn("running", self.assertCode(self.node.verb("status"), 0).out)

    def test_player_show(self):
        shown, = self.check_json("player", "show", self.player)
        self.assertEqual(shown["player"], self.player)
        self.assertEqual(shown["balances"], [{"asset": "PTS", "scale": 0,
                                              "units": str(self.expected[self.player])}])
        bets = sum(1 for row in self.rows if row["Username"] == self.player)
        self.assertEqual(shown["state"]["wagers"], str(bets))
        text = self.assertCode(self.node.verb("player", "show", self.player), 0).out
        self.assertIn(f"{self.expected[self.player]} PTS", text)

    def test_player_ledger(self):
        entries = self.check_json("player", "ledger", self.player)
        bets = {row["Id"]: row for row in self.rows if row["Username"] == self.player}
        total = 0
        for sequence, entry in enumerate(entries, 1):
            self.assertEqual(entry["sequence"], str(sequence))
            self.assertEqual(entry["reason"], "wager-settled")
            self.assertEqual(entry["cause_type"], "laurel.wager.settled.v1")
            delta = sum(points_per_player([bets[entry["cause_event"]]]).values())
            self.assertEqual(entry["delta"]["units"], str(delta))
            self.assertEqual(entry["balance_before"]["units"], str(total))
            total += delta
            self.assertEqual(entry["balance_after"]["units"], str(total))
        self.assertEqual(total, self.expected[self.player])
        text = self.assertCode(self.node.verb("player", "ledger", self.player), 0).out
        self.assertEqual(len(text.splitlines()), len(entries) + 1)

    def test_actor_show(self):
        shown, = self.check_json("actor", "show", f"player/{self.player}")
        self.assertEqual((shown["type"], shown["key"]), ("player", self.player))
        self.assertEqual(shown["state"]["balances"][0]["units"], str(self.expected[self.player]))

    def test_export_balances(self):
        for line in self.check_json("export", "balances"):
            self.assertEqual(set(line), {"player", "balances"})
        text = self.assertCode(self.node.verb("export", "balances"), 0).out
        self.assertEqual(len(text.splitlines()), len(self.expected))

    def test_topics_and_verify_and_dead_letters(self):
        client = self.node.client()
        self.addCleanup(client.close)
        client.post("/v1/events", "{", ONE)
        for name in harness.TOPICS:
            self.assertTrue(self.check_json("topic", "read", name))
        self.check_json("verify")
        letter, = self.check_json("dead-letters", "list")
        self.assertEqual(letter["data"]["reason"], "malformed-json")
        self.assertEqual((letter["data"]["place"], letter["data"]["raw"]), ("http", "{"))
        self.assertIn("malformed-json", self.node.verb("dead-letters", "list").out)


class Events(NodeTest):
    def test_events_are_answered_each(self):
        client = self.node.client()
        self.addCleanup(client.close)
        reply = client.post("/v1/events", json.dumps(wager("single", 1, 123_999)), ONE)
        self.assertEqual(reply.status, 202)
        answer = reply.json()
        self.assertTrue(answer.pop("position"))
        self.assertEqual(answer, {
            "accepted": 1, "duplicate": 0, "conflict": 0, "rejected": 0,
            "results": [{"index": 0, "id": "e-1", "status": "accepted"}]})
        # As of the answer it is there: 1239.99 bits are 123 points.
        self.assertEqual(client.get_json("/v1/players/single")["balances"][0]["units"], "123")
        batch = [wager("single", 1, 123_999), wager("single", 1, 5), wager("single", 2, 999),
                 wager("single", 3, -1), wager("single", 2, 999)]
        reply = client.post_events(batch)
        self.assertEqual(reply.status, 202)
        results = reply.json()["results"]
        self.assertEqual([(each["index"], each["id"], each["status"]) for each in results],
                         [(0, "e-1", "duplicate"), (1, "e-1", "conflict"), (2, "e-2", "accepted"),
                          (3, "e-3", "rejected"), (4, "e-2", "duplicate")])
        self.assertEqual(results[3]["reason"], "negative-amount")
        self.assertEqual(client.post("/v1/events", "[]", BATCH).json()["results"], [])
        self.assertEqual(client.get_json("/v1/players/single")["state"]["wagers"], "2")


class ExitCodes(NodeTest):
    def test_0_and_1(self):
        self.assertCode(self.node.verb("status"), 0)
        self.assertCode(verb("--version"), 0)
        self.assertCode(verb("--help"), 0)
        self.assertIn("nothing is known", self.assertCode(
            self.node.verb("player", "show", "nobody"), 1).err)
        self.assertIn("there is no topic", self.assertCode(
            self.node.verb("topic", "read", "nothing"), 1).err)

    def test_2_is_wrong_usage(self):
        for arguments in (["no-such-verb"], ["status", "--no-such-option"], ["player"],
                          ["player", "show"], ["actor", "show", "no-slash"],
                          ["ingest", "x.csv"], ["ingest", "x.txt", "--map", MAPPING],
                          ["ingest", "x.csv", "--map", MAPPING, "--format", "xml"],
                          ["run", "--port", "70000"], ["run", "--no-such-option"],
                          ["status", "--server", self.node.url, "--data", "x"]):
            with self.subTest(arguments):
                self.assertNotEqual(self.assertCode(self.node.verb(*arguments), 2).err, "")

    def test_3_is_no_node(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            nobody = f"http://127.0.0.1:{silent.getsockname()[1]}"
            csv = self.file("one.csv", f"{harness.CSV_HEADER}\n{harness.csv_row(1, 'p1')}\n")
            for arguments in (["status"], ["verify"], ["export", "balances"],
                              ["player", "show", "p1"], ["topic", "read", "ledger"],
                              ["ingest", csv, "--map", MAPPING, "--retry", "0"]):
                with self.subTest(arguments):
                    done = self.assertCode(verb(*arguments, server=nobody), 3)
                    self.assertIn("no node answers at", done.err)
            # What is given counts more than the environment.
            done = self.assertCode(self.node.verb("status", "--server", nobody), 3)
            self.assertIn(nobody, done.err)

    def test_4_is_some_rejected(self):
        csv = self.file("some.csv", "\n".join([
            harness.CSV_HEADER, harness.csv_row(1, "p1"), harness.csv_row(2, "bad player"),
            harness.csv_row(1, "p1", bet="20"), ""]))
        done = self.assertCode(self.node.ingest(csv), 4)
        self.assertEqual(done.json(), {"accepted": "1", "duplicate": "0", "conflict": "1",
                                       "rejected": "1"})
        self.assertRegex(done.err, r"line 3: bad-player-id: .*\n.*line 4: conflict: ")
        text = self.node.verb("ingest", csv, "--map", MAPPING).out
        self.assertEqual(text, "accepted 0, duplicate 1, conflict 1, rejected 1\n")

    def test_the_environment_names_the_server_and_a_directory_needs_none(self):
        self.assertCode(self.node.verb("status", "--data", self.folder), 1)  # not exit 2


class Forms(PathTest):
    """The same bets, however they are written."""

    def check(self, name, *arguments, stdin=None, **options):
        node = self.new_node(name)
        node.start()
        done = self.assertCode(node.ingest(*arguments, stdin=stdin, **options), 0)
        self.assertEqual(done.json()["accepted"], str(len(self.rows)))
        self.assertEqual(node.balances(), self.node.balances())
        self.assertEqual(node.stop(), 0)

    def text(self):
        opener = gzip.open if WAGERS.suffix == ".gz" else open
        with opener(WAGERS, "rb") as file:
            return file.read()

    def test_plain_gzip_and_standard_input(self):
        self.check("plain", self.file("plain.csv", self.text()))
        self.check("zipped", self.file("zipped.csv.gz", gzip.compress(self.text(), 1)))
        self.check("stdin", "-", "--format", "csv", stdin=self.text())
        self.check("stdin-zipped", "-", "--format", "csv", stdin=gzip.compress(self.text(), 1))

    def test_ndjson(self):
        """Numbers as texts and as numbers, NA as such and as null or left out."""
        lines = []
        for index, row in enumerate(self.rows):
            members = [f'"{name}": "{value}"' for name, value in row.items()]
            if index % 2:
                members = [f'"{name}": {value}' if name in ("Bet", "Profit", "Id") and value != "NA"
                           else f'"{name}": null' if value == "NA"
                           else f'"{name}": "{value}"' for name, value in row.items()
                           if value != "NA" or index % 4 == 1]
            lines.append("{" + ", ".join(members) + "}\n")
        text = "".join(lines).encode()
        # In the export numbers may look like 5.00E+03, which is JSON too.
        self.assertTrue(all(re.match(r'^[{]"', line) for line in lines))
        self.check("ndjson", self.file("wagers.ndjson", text))


if __name__ == "__main__":
    unittest.main()
