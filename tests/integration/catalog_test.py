"""The catalog of a running node: versions, publishing during ingest, restarts, refusals."""

import datetime
import json
import shutil
import threading
import time
import unittest

from harness import CRASH_GAME, SCALE, Node, NodeTest, wager

JSON = "application/json"


def program(rate):
    """`rate` points per minor unit staked."""
    return (f'points_asset = "PTS"\n\n[[earn]]\nname = "stake"\nasset = "BIT"\n'
            f'per_stake = "{100 * rate}"\n')


def rfc3339(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%S.%fZ")


class CatalogTest(NodeTest):
    """Each test has a node of its own, with a lead of 200 ms."""

    def setUp(self):
        site = self.folder / self.id().rsplit(".", 1)[1]
        site.mkdir()
        self.site = site
        self.catalog = site / "catalog"
        shutil.copytree(CRASH_GAME / "catalog", self.catalog)
        (site / "node.toml").write_text('[catalog]\ndir = "catalog"\nlead_ms = 200\n')
        self.write(1)
        self.one = Node(site, config=site / "node.toml")
        self.addCleanup(lambda: self.one.running() and self.one.kill())
        self.one.start()
        self.connect()

    def connect(self):
        self.client = self.one.client()
        self.addCleanup(self.client.close)

    def write(self, rate):
        (self.catalog / "program.toml").write_text(program(rate))

    def files(self):
        return {path.name: path.read_text() for path in self.catalog.glob("*.toml")}

    def publish(self, **more):
        return self.client.post("/v1/catalog", json.dumps({"files": self.files()} | more), JSON)

    def published(self, **more):
        reply = self.publish(**more)
        self.assertEqual(reply.status, 201, reply.body)
        return reply.json()

    def restart(self):
        self.one.stop()
        self.one.start()
        self.connect()

    def ledger(self, player):
        return list(self.client.pages(f"/v1/players/{player}/ledger", "entries"))

    def send(self, tx, units=100, player="p1", when=None):
        event = wager(player, tx, units)
        if when is not None:
            event["time"] = rfc3339(when)
        reply = self.client.post_events([event])
        self.assertEqual(reply.status, 202, reply.body)
        self.assertEqual(reply.json()["accepted"], 1, reply.body)

    def test_first_start_stores_the_folder_as_version_one(self):
        listed = self.client.get_json("/v1/catalog")
        self.assertEqual((listed["newest"], listed["current"]), ("1", "1"))
        self.assertIsNone(listed["versions"][0]["effective_from"])
        self.assertEqual(sorted(listed["versions"][0]["documents"]), ["assets", "program"])
        shown = self.client.get_json("/v1/catalog/current")
        self.assertEqual({each["name"]: each["toml"] for each in shown["documents"]}["program"],
                         program(1))

    def test_a_changed_folder_changes_nothing_until_it_is_published(self):
        self.write(5)
        self.restart()
        self.assertIn("catalog.folder-differs", self.one.log())
        self.assertIn("laurel catalog publish", self.one.log())
        self.assertEqual(self.client.get_json("/v1/catalog")["newest"], "1")
        self.send("a")
        self.assertEqual(self.ledger("p1")[0]["delta"]["units"], "100")
        self.published()
        self.assertEqual(self.client.get_json("/v1/status")["catalog_version"], "2")
        before = self.one.log().count("catalog.folder-differs")
        self.restart()
        self.assertEqual(self.one.log().count("catalog.folder-differs"), before)

    def test_the_same_content_is_no_new_version(self):
        reply = self.publish()
        self.assertEqual(reply.status, 200)
        self.assertEqual((reply.json()["version"], reply.json()["created"]), ("1", False))

    def test_a_bad_version_is_refused_with_file_line_and_key_and_the_node_goes_on(self):
        good = self.files()
        (self.catalog / "program.toml").write_text(program(1).replace("per_stake", "per_stak"))
        (self.catalog / "bonus.toml").write_text("")
        reply = self.publish()
        self.assertEqual(reply.status, 400)
        problem = reply.json()
        self.assertEqual(problem["code"], "invalid-input")
        self.assertIn("bonus.toml: nothing declares this document; allowed: ", problem["detail"])
        self.assertIn("program.toml:6:1: earn[0].per_stak: there is no such key (did you mean per_stake?); ",
                      problem["detail"])
        places = {(each["file"], each["line"], each["key"]) for each in problem["errors"]}
        self.assertIn(("program.toml", 6, "earn[0].per_stak"), places)
        self.assertIn(("bonus.toml", 0, ""), places)
        self.assertEqual(self.client.get_json("/v1/catalog")["newest"], "1")
        self.send("a")
        too_early = self.client.post(
            "/v1/catalog", json.dumps({"files": good | {"program.toml": program(2)},
                                       "effective_from": "2020-01-01T00:00:00Z"}), JSON)
        self.assertEqual(too_early.status, 400)
        self.assertIn("is too early; allowed: from ", too_early.json()["detail"])

    def test_validate_only_publishes_nothing(self):
        self.write(2)
        reply = self.client.post("/v1/catalog?validate_only=true",
                                 json.dumps({"files": self.files()}), JSON)
        self.assertEqual((reply.status, reply.json()["version"]), (200, "2"))
        self.assertEqual(self.client.get_json("/v1/catalog")["newest"], "1")

    def test_every_entry_names_the_version_of_its_event_time_while_versions_are_published(self):
        versions = [(None, 1)]  # (effective from, rate) of version 1, 2, ...
        stop = threading.Event()
        failures = []
        sent = [0]

        def feed():
            client = self.one.client()
            try:
                while not stop.is_set():
                    # Around now, late ones and early ones: within what the lead allows.
                    base, events = time.time(), []
                    for i in range(50):
                        event = wager(f"p{i % 5}", f"t{sent[0] + i}", 1)
                        event["time"] = rfc3339(base - 1.5 + i * 0.03)
                        events.append(event)
                    reply = client.post_events(events)
                    if reply.status != 202 or reply.json()["accepted"] != 50:
                        failures.append(reply.body)
                        return
                    sent[0] += 50
            finally:
                client.close()

        feeder = threading.Thread(target=feed)
        feeder.start()
        try:
            for rate in range(2, 7):
                time.sleep(0.4)
                self.write(rate)
                done = self.published(note=f"rate {rate}")
                versions.append((done["effective_from"], rate))
            time.sleep(0.8)
        finally:
            stop.set()
            feeder.join()
        self.assertEqual(failures, [])
        self.check_entries(versions, sent[0])
        self.restart()
        self.check_entries(versions, sent[0])
        self.assertEqual(self.client.get_json("/v1/catalog")["newest"], "6")
        self.assertEqual([each["note"] for each in self.client.get_json("/v1/catalog")["versions"]],
                         ["first start"] + [f"rate {rate}" for rate in range(2, 7)])

    def check_entries(self, versions, count):
        entries = [entry for i in range(5) for entry in self.ledger(f"p{i}")]
        self.assertEqual(len(entries), count)
        seen = set()
        for entry in entries:
            # Times are of one format: their texts are in their order.
            number = max(i + 1 for i, (begins, _) in enumerate(versions)
                         if begins is None or begins <= entry["time"])
            self.assertEqual(entry["catalog_version"], str(number), entry)
            self.assertEqual(entry["delta"]["units"], str(versions[number - 1][1]), entry)
            seen.add(number)
        self.assertEqual(seen, set(range(1, len(versions) + 1)))

    def test_with_history_live_events_of_the_past_keep_their_version(self):
        self.write(7)
        done = self.published(history=True)
        self.assertIsNone(done["effective_from"])
        self.send("past", when=time.time() - 3600)
        self.send("later", when=time.time() + 60)
        entries = self.ledger("p1")
        self.assertEqual([entry["catalog_version"] for entry in entries], ["1", "2"])
        self.assertEqual([entry["delta"]["units"] for entry in entries], ["100", "700"])

    def test_a_publication_that_was_written_when_the_node_died_is_there_afterwards(self):
        self.one.stop()
        self.one.start({"LAUREL_FAILPOINT": "embedded.append_catalog.after_write:1"})
        self.connect()
        self.write(3)
        with self.assertRaises(Exception):
            self.publish()
        self.one.process.wait(10 * SCALE)
        self.one.start()
        self.connect()
        self.assertEqual(self.client.get_json("/v1/catalog")["newest"], "2")
        # Whoever got no answer asks again, and learns that it is published.
        again = self.publish()
        self.assertEqual((again.status, again.json()["version"]), (200, "2"))

    def test_schema_names_what_a_document_may_hold(self):
        schema = self.client.get_json("/v1/catalog/schema/program")
        self.assertEqual(schema["title"], "program.toml")
        self.assertIn("points_asset", schema["required"])
        missing = self.client.get("/v1/catalog/schema/bonus")
        self.assertEqual(missing.status, 404)
        self.assertIn("there are assets, ", missing.json()["detail"])

    def test_a_new_asset_is_known_to_decoders_once_it_is_published(self):
        bad = wager("p9", "x", 1)
        bad["data"]["stake_total"] = {"units": "1", "asset": "GEM", "scale": 3}
        assets = self.catalog / "assets.toml"
        assets.write_text(assets.read_text().replace("]", '  { id = "GEM", scale = 0 },\n]'))
        self.published()
        self.client.post_events([bad])
        letters = [each["data"] for each in self.client.topic("dead-letters")]
        self.assertIn("GEM", letters[-1]["detail"])


if __name__ == "__main__":
    unittest.main()
