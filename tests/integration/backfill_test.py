"""Past events in any order of files and rows: staged, then applied in order of event time."""

import csv
import io
import json
import random
import subprocess
import time
import unittest
from collections import Counter, defaultdict

import harness
from harness import CSV_HEADER, LAUREL, MAPPING, ONE, WAGERS, NodeTest, csv_row, points, wager
from points import open_text, points_per_player, rows_of

KILLS = 6 if harness.SCALE == 1 else 3


def lines_of_wagers():
    with open_text(WAGERS) as file:
        return file.read().splitlines()


class BackfillTest(NodeTest):
    def counts(self, **expected):
        return {name: str(expected.get(name, 0))
                for name in ("accepted", "duplicate", "conflict", "rejected")}

    def backfills(self, node=None):
        done = self.assertCode((node or self.node).verb("backfill", "list", "--json"), 0)
        return {each["id"]: each for each in done.json_lines()}

    def write(self, name, rows):
        return self.file(name, "\n".join([CSV_HEADER, *rows]) + "\n")

    def ledgers(self, node):
        """{player: [(time, cause, units)]}, by time, then cause: rows of one time have no order."""
        out = defaultdict(list)
        client = node.client()
        self.addCleanup(client.close)
        for record in client.topic("ledger"):
            data = record["data"]
            out[record["subject"]].append((record["time"], data))
        for entries in out.values():
            times = [each[0] for each in entries]
            self.assertEqual(times, sorted(times), "applied in order of event time")
        keep = ("delta", "cause_event", "reason")
        return {player: sorted((when, json.dumps({name: data.get(name) for name in keep}))
                               for when, data in entries)
                for player, entries in out.items()}


class RealWagers(BackfillTest):
    """The real wagers are shuffled as they are."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lines = lines_of_wagers()[1:]
        cls.expected = points_per_player(list(rows_of(WAGERS)))

    def test_files_in_any_order_give_what_one_sorted_file_gives(self):
        ordered = sorted(self.lines, key=lambda line: next(csv.reader(io.StringIO(line)))[8])
        done = self.assertCode(self.node.ingest(self.write("sorted.csv", ordered), "--sorted"), 0)
        self.assertEqual(done.json(), self.counts(accepted=len(ordered)))
        self.assertEqual(points(self.node.balances()), self.expected)
        ledgers = self.ledgers(self.node)

        other = self.new_node("cut")
        other.start()
        lines = self.lines[:]
        random.Random(5).shuffle(lines)
        third = len(lines) // 3
        parts = [lines[:third], lines[third:2 * third], lines[2 * third:]]
        for index, part in ((2, parts[2]), (0, parts[0])):
            done = other.ingest(self.write(f"part{index}.csv", part), "--backfill", "all",
                                "--leave-open")
            self.assertEqual(self.assertCode(done, 0).json()["staged"], str(len(part)))
        self.assertEqual(other.balances(), {})
        done = other.ingest(self.write("part1.csv", parts[1]), "--backfill", "all")
        self.assertEqual(self.assertCode(done, 0).json(), self.counts(accepted=len(lines)))
        self.assertEqual(other.balances(), self.node.balances())
        self.assertEqual(self.ledgers(other), ledgers)
        again = self.assertCode(other.ingest(WAGERS), 0)
        self.assertEqual(again.json(), self.counts(duplicate=len(lines)))
        self.assertEqual(self.assertCode(other.verb("verify", "--json"), 0).json()["violations"], [])

    def kill_while_applied(self, node, rng, seen):
        client = node.client()
        client.post("/v1/backfills/1:close", "", "application/json")
        for _ in range(KILLS):
            while (now := client.get_json("/v1/backfills/1"))["state"] == "applying":
                if int(now["applied"]) > len(self.lines) * seen["applying"] / KILLS:
                    break
            time.sleep(rng.uniform(0.0, 0.02))
            seen["applying"] += now["state"] == "applying"
            node.kill()
            client.close()
            node.start()
            after = client.get_json("/v1/backfills/1")
            self.assertGreaterEqual(int(after["applied"]), int(now["applied"]), "shown was durable")
        client.close()

    def test_a_node_that_is_killed_all_the_time_ends_with_the_same(self):
        node = self.new_node("killed")
        node.start()
        rng = random.Random(7)
        feed = subprocess.Popen(
            [LAUREL, "ingest", str(WAGERS), "--map", str(MAPPING), "--json", "--retry", "60",
             "--leave-open", "--backfill", "all", "--server", node.url],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        seen = Counter()
        for _ in range(KILLS):  # while it is staged
            time.sleep(rng.uniform(0.02, 0.3))
            seen["staging"] += feed.poll() is None
            node.kill()
            node.start()
        out, err = feed.communicate(timeout=100 * harness.SCALE)
        self.assertEqual(feed.returncode, 0, err)
        staged = self.backfills(node)["1"]
        self.assertEqual(int(staged["staged"]), len(self.lines))
        self.kill_while_applied(node, rng, seen)
        done = self.assertCode(node.verb("backfill", "close", "all", "--wait", "--json"), 0).json()
        print("kills that met something:", dict(seen))
        self.assertTrue(seen["staging"] and (seen["applying"] or not harness.HAS_REAL_WAGERS), seen)
        self.assertEqual((done["state"], done["accepted"]), ("finished", str(len(self.lines))), done)
        self.assertEqual(points(node.balances()), self.expected)
        self.ledgers(node)
        self.assertEqual(self.assertCode(node.verb("verify", "--json"), 0).json()["violations"], [])
        again = self.assertCode(node.ingest(WAGERS), 0)
        self.assertEqual(again.json(), self.counts(duplicate=len(self.lines)))


class Verbs(BackfillTest):
    def rows(self, first, count, **more):
        return [csv_row(first + i, f"p{i % 3}", date=f"2021-11-01T00:{59 - i % 60:02}:00Z", **more)
                for i in range(count)]

    def test_an_open_one_waits_for_more_and_is_closed_by_its_name(self):
        file = self.write("some.csv", self.rows(1000, 30))
        text = self.node.verb("ingest", file, "--map", MAPPING, "--leave-open")
        self.assertEqual(text.out, "staged 30, duplicate 0, conflict 0, rejected 0\n")
        again = self.assertCode(self.node.ingest(file, "--leave-open"), 0).json()
        self.assertEqual((again["staged"], again["duplicate"]), ("0", "30"))
        mine = [each for each in self.backfills().values() if each["source"] == str(file)]
        self.assertEqual([each["state"] for each in mine], ["open"])
        self.assertEqual(mine[0]["first"], "2021-11-01T00:30:00.000000Z")
        self.assertIn(str(file), self.node.verb("backfill", "list").out)
        closed = self.assertCode(self.node.verb("backfill", "close", str(file), "--wait", "--by", "kim",
                                                "--reason", "all are in"), 0)
        self.assertIn("finished, 30 of 30 applied", closed.out)
        self.assertEqual(self.backfills()[mine[0]["id"]]["accepted"], "30")
        late = self.node.verb("backfill", "drop", mine[0]["id"])
        self.assertIn("cannot be dropped", self.assertCode(late, 1).err)
        self.assertEqual(harness.audit_of(self.node, f"backfill/{mine[0]['id']}"),
                         [("backfill.close", "kim", "all are in")])

    def test_a_dropped_one_leaves_nothing(self):
        file = self.write("dropped.csv", self.rows(2000, 30))
        self.assertCode(self.node.ingest(file, "--leave-open", "--backfill", "mistake"), 0)
        dropped = self.assertCode(self.node.verb("backfill", "drop", "mistake", "--wait", "--json"), 0)
        self.assertEqual(dropped.json()["state"], "dropped")
        actions = harness.audit_of(self.node, f"backfill/{dropped.json()['id']}")
        self.assertEqual([action for action, _, _ in actions], ["backfill.drop"])
        done = self.assertCode(self.node.ingest(file, "--live"), 0)
        self.assertEqual(done.json(), self.counts(accepted=30))

    def test_several_files_and_no_wait(self):
        files = [self.write(f"f{i}.csv", self.rows(3000 + 100 * i, 20)) for i in range(3)]
        done = self.node.verb("ingest", *files, "--map", MAPPING, "--json", "--no-wait")
        self.assertEqual(self.assertCode(done, 0).json()["staged"], "60")
        done = self.assertCode(self.node.verb("ingest", *files, "--map", MAPPING, "--json"), 0)
        self.assertEqual(done.json(), self.counts(duplicate=60))
        missing = self.node.ingest(files[0], "nowhere.csv", "--backfill", "never")
        self.assertCode(missing, 1)
        self.assertNotIn("never", [each["source"] for each in self.backfills().values()])

    def test_a_sorted_one_refuses_what_is_out_of_order(self):
        rows = [csv_row(4000, "p0", date="2021-11-01T00:00:10Z"),
                csv_row(4001, "p0", date="2021-11-01T00:00:09Z"),
                csv_row(4002, "p0", date="2021-11-01T00:00:10Z")]
        done = self.assertCode(self.node.ingest(self.write("order.csv", rows), "--sorted"), 4)
        self.assertEqual(done.json(), self.counts(accepted=2, rejected=1))
        self.assertIn("line 3: out-of-order: ", done.err)

    def test_what_is_refused_when_it_is_applied_is_told(self):
        file = self.write("conflict.csv", self.rows(5000, 2))
        self.assertCode(self.node.ingest(file), 0)
        other = self.write("conflict2.csv", [csv_row(5000, "p0", bet="77",
                                                     date="2021-11-01T00:59:00Z")])
        done = self.assertCode(self.node.ingest(other), 4)
        self.assertEqual(done.json(), self.counts(conflict=1))
        self.assertRegex(done.err, r"conflict2\.csv:2: conflict: ")

    def test_one_that_somebody_else_closes_meanwhile(self):
        """The rest goes into the next one, and nothing is lost."""
        lines = self.rows(10_000, 30_000)
        feed = subprocess.Popen(
            [LAUREL, "ingest", str(self.write("long.csv", lines)), "--map", str(MAPPING), "--json",
             "--backfill", "shared", "--server", self.node.url],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        closed = 0
        while feed.poll() is None and closed < 3:
            closed += self.node.verb("backfill", "close", "shared").code == 0
            time.sleep(0.05)
        out, err = feed.communicate(timeout=60 * harness.SCALE)
        self.assertEqual(feed.returncode, 0, err)
        got = json.loads(out)
        self.assertEqual(int(got["accepted"]), len(lines))
        self.assertGreater(closed, 0)

    def test_over_http(self):
        client = self.node.client()
        self.addCleanup(client.close)
        opened = client.post("/v1/backfills", '{"source": "http"}', "application/json").json()
        where = "/v1/events?backfill=" + opened["id"]
        event = json.dumps(wager("late", "h1", 5000))
        reply = client.post(where, event, ONE)
        self.assertEqual((reply.status, reply.json()["results"][0]["status"]), (202, "staged"))
        client.post(f"/v1/backfills/{opened['id']}:close", "", "application/json")
        refused = client.post(where, event, ONE)
        self.assertEqual((refused.status, refused.json()["code"]), (409, "backfill-closed"))
        state = harness.eventually(
            lambda: client.get_json(f"/v1/backfills/{opened['id']}")["state"], "finished")
        self.assertEqual(state, "finished")
        self.assertEqual(client.post("/v1/events", event, ONE).json()["duplicate"], 1)

    def test_there_are_at_most_eight(self):
        node = self.new_node("eight")
        node.start()
        file = self.write("one.csv", self.rows(6000, 1))
        for i in range(8):
            self.assertCode(node.ingest(file, "--leave-open", "--backfill", f"b{i}"), 0)
        refused = self.assertCode(node.ingest(file, "--backfill", "more", "--retry", "0"), 3)
        self.assertIn("8 backfills are open", refused.err)
        node.kill()
        node.start()
        self.assertEqual(len(self.backfills(node)), 8)
        self.assertCode(node.verb("backfill", "close", "b0", "--wait"), 0)
        self.assertCode(node.ingest(file, "--backfill", "more"), 0)

    def test_words_that_do_not_go_together(self):
        for words in (["--live", "--sorted"], ["--live", "--leave-open"],
                      ["--live", "--backfill", "x"]):
            self.assertCode(self.node.ingest("x.csv", *words), 2)
        self.assertIn("there is no backfill",
                      self.assertCode(self.node.verb("backfill", "close", "nobody"), 1).err)


if __name__ == "__main__":
    unittest.main()
