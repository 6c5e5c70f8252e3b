"""A broker with TLS, SASL and the rights of tools/kafka/acls.py and no more: what a node can do there, that it
needs each of them, and that it says what is wrong when it is not taken in."""

import base64
import contextlib
import importlib.util
import io
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

import harness
import kafka
from kafka_check import check
from points import points_of, points_per_player, rows_of

specification = importlib.util.spec_from_file_location("kafka_tool", kafka.TOOL)
tool = importlib.util.module_from_spec(specification)
specification.loader.exec_module(tool)
acls = tool.acls

USER = "User:laurel"
PARTITIONS = 4
WAGERS = 3000
MAPPED = f'[[input]]\ntopic = "TOPIC"\nformat = "json"\nmapping = "{harness.MAPPING}"\n'
# Each wager is a message from its player's partition to this one's.
BOARD = '[[tournament]]\nid = "all"\noperator = "count"\nstart = "{:%Y-%m-%d}T00:00"\nend = "{:%Y-%m-%d}T00:00"\n'


class KafkaLink(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="laurel-itest-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.broker = cls.folder / "kafka"
        started = cls.tool("start", "--secure", "--oauth")
        if started.returncode == tool.NOT_TO_BE_HAD:
            raise unittest.SkipTest(started.stderr)
        if started.returncode != 0:
            raise AssertionError(started.stderr)
        cls.addClassCleanup(cls.tool, "stop")
        kafka.FILE = str(cls.broker / "kafka.json")
        cls.cluster = tool.Cluster(cls.broker)
        cls.rows = sorted(rows_of(harness.WAGERS), key=lambda row: int(row["Id"]))[:WAGERS]
        cls.step = len(cls.rows) // 8

    @classmethod
    def tool(cls, verb, *arguments):
        return subprocess.run([sys.executable, "-B", str(kafka.TOOL), verb, "--dir", str(cls.broker), *arguments],
                              capture_output=True, text=True, check=False)

    # ---- Helpers --------------------------------------------------------------------------------
    def allow(self, which, remove=False):
        for acl in which:
            with contextlib.redirect_stdout(io.StringIO()):
                self.assertEqual(tool.tool(self.cluster, "acls", acls.arguments(acl, USER, remove)), 0)

    def properties(self, name="laurel.properties", **changes):
        """A file for kafka.client_file: that of the broker's folder, with changes; None takes out."""
        lines = dict(line.split("=", 1) for line in (self.broker / name).read_text().splitlines())
        lines |= {key.replace("_", "."): value for key, value in changes.items()}
        path = self.folder / f"{kafka.fresh_name('client')}.properties"
        path.write_text("".join(f"{key}={value}\n" for key, value in lines.items() if value is not None))
        return path

    def site(self, cluster, topic, client_file=None, bootstrap=None, quick=False, **how):
        client_file = client_file or self.broker / "laurel.properties"
        inputs = ("transaction_timeout_ms = 10000\n" if quick else "") + MAPPED.replace("TOPIC", topic)
        site = kafka.Site(self.folder / kafka.fresh_name(cluster), cluster, inputs, partitions=PARTITIONS,
                          client_file=client_file, **how)
        if bootstrap:
            site.config.write_text(site.config.read_text().replace(kafka.bootstrap(), bootstrap))
        node = site.node()
        self.addCleanup(self.finish, node)
        return node

    def finish(self, node):
        harness.finish(node)
        self.tells_no_secret(node.log())

    def tells_no_secret(self, text):
        for line in (self.broker / "laurel.properties").read_text().splitlines():
            if line.startswith("sasl.password="):
                self.assertNotIn(line.split("=", 1)[1], text)

    def refused(self, node, *texts, within_s=30):
        """The node ends by itself, and says that."""
        node.launch()
        self.assertEqual(node.process.wait(within_s * harness.SCALE), 1, node.log())
        for text in texts:
            self.assertIn(text, node.log())

    def made(self, partitions=3):
        topic, cluster = kafka.fresh_name("wagers"), kafka.fresh_name("c")
        kafka.make_topic(topic, partitions)
        return topic, cluster

    def produce(self, topic, rows):
        kafka.produce(topic, [(row["Username"], json.dumps(row)) for row in rows])

    def counted(self, node, cluster, rows):
        """All is as the oracle says, in topics and by the API."""
        want = points_per_player(rows)
        self.assertEqual(harness.eventually(lambda: harness.points(node.balances()) == want, True, 60), True,
                         node.log()[-3000:])
        causes = {(row["Username"], row["Id"]): points_of(row) for row in rows if points_of(row)}
        self.assertEqual(check(cluster, causes, harness.points(node.balances())), [])
        self.assertEqual(node.verb("verify").code, 0)

    # ---- Rights ---------------------------------------------------------------------------------
    def test_a_node_with_these_rights_works_and_each_of_them_is_needed(self):
        topic, cluster = self.made()
        needed = acls.needed(cluster, [topic])
        create = next(acl for acl in needed if acl.operation == "Create")
        self.allow([acl for acl in needed if acl != create])
        self.refused(self.site(cluster, topic), f"needs Create on topic {cluster}.control")
        self.allow([create])
        self.produce(topic, self.rows[:self.step])
        node = self.site(cluster, topic)
        node.start()
        self.counted(node, cluster, self.rows[:self.step])
        node.kill()
        self.allow([create], remove=True)  # its topics are there
        node.start()
        self.produce(topic, self.rows[self.step:])
        self.counted(node, cluster, self.rows)
        self.tells_no_secret(node.verb("status", "--json").out)
        client = node.client()
        self.tells_no_secret(client.get("/metrics").body.decode() + json.dumps(client.get_json("/v1/status")))
        client.close()
        self.assertEqual(node.stop(), 0, node.log())
        self.assertNotIn("authorization failed", node.log())
        says = {("--topic", f"{cluster}.", "Read"): f"needs Read on topic {cluster}.control",
                ("--topic", f"{cluster}.", "Write"): f"needs Write on topic {cluster}. (prefixed)",
                ("--transactional-id", f"{cluster}.", "Write"): f"needs Write on transactional id {cluster}.",
                ("--topic", f"{cluster}.", "DescribeConfigs"): f"needs DescribeConfigs on topic {cluster}.",
                ("--topic", topic, "Read"): f"needs Read on topic {topic}"}
        for acl in acls.needed(cluster, [topic], topics_exist=True):
            if acl.operation == "Delete":  # a start needs it not: test_what_may_not_be_deleted_...
                continue
            with self.subTest(acl=acl):
                self.allow([acl], remove=True)
                node = self.site(cluster, topic)
                if acl.resource == "--group":  # for tools that show the lag: the node goes on, and says it
                    node.start()
                    wanted = f"needs Read on group {cluster}"
                    self.assertTrue(harness.eventually(lambda: wanted in node.log(), True, 20), node.log())
                    self.assertEqual(node.stop(), 0, node.log())
                else:
                    self.refused(node, says[acl.resource, acl.name, acl.operation])
                self.allow([acl])
        node = self.site(cluster, topic)
        node.start()
        self.counted(node, cluster, self.rows)

    def test_what_may_not_be_deleted_stays_and_the_node_says_so_until_it_may(self):
        topic, cluster = self.made()
        needed = acls.needed(cluster, [topic])
        delete = next(acl for acl in needed if acl.operation == "Delete")
        self.allow([acl for acl in needed if acl != delete])
        catalog = self.folder / "catalog"
        shutil.copytree(harness.CRASH_GAME / "catalog", catalog)
        today = datetime.now(timezone.utc)
        (catalog / "tournaments.toml").write_text(BOARD.format(today - timedelta(days=100), today + timedelta(days=100)))
        node = self.site(cluster, topic, catalog=catalog)
        node.start()
        inbox = f"{cluster}.inbox"

        def firsts():
            """The first offset of each inbox."""
            return [kafka.first_offset(inbox, partition) for partition in range(PARTITIONS)]
        rows = (row | {"Id": str(at), "PlayDate": f"{today:%Y-%m-%dT%H:%M:%SZ}"}
                for at, row in enumerate(itertools.cycle(self.rows)))

        def step(holds):
            """More messages, until that holds: a node asks once a minute."""
            self.produce(topic, [row for _, row in zip(range(10), rows)])
            time.sleep(1)
            return holds()
        wanted = f"needs Delete on topic {inbox}"
        self.assertTrue(harness.eventually(lambda: step(lambda: wanted in node.log()), True, 90), node.log())
        self.assertEqual(firsts(), [0] * PARTITIONS)
        client = node.client()
        self.addCleanup(client.close)
        self.assertIn(wanted, " ".join(client.get_json("/v1/status")["troubles"]))
        self.assertIn("laurel_kafka_troubles 1", client.get("/metrics").body.decode())
        self.assertEqual(client.get("/v1/healthz").status, 200)
        self.assertIn(wanted, node.verb("status").out)
        self.allow([delete])
        def mended():
            return client.get_json("/v1/status")["troubles"] == []
        self.assertTrue(harness.eventually(lambda: step(mended), True, 90), node.log())
        self.assertGreater(sum(firsts()), 0)

    def test_the_trouble_of_an_input_stays_until_it_is_read_again(self):
        """One that is idle, whose metadata may still be seen."""
        topic, cluster = self.made(1)
        needed = acls.needed(cluster, [topic])
        read = next(acl for acl in needed if acl.name == topic)
        self.allow([*needed, read._replace(operation="Describe")])
        node = self.site(cluster, topic)
        node.start()
        self.produce(topic, self.rows[:self.step])
        self.counted(node, cluster, self.rows[:self.step])
        client = node.client()
        self.addCleanup(client.close)
        def troubles():
            return client.get_json("/v1/status")["troubles"]
        def in_trouble():
            return f"needs Read on topic {topic}" in " ".join(troubles())
        time.sleep(12)  # what was read is proved: nobody but the consumer asks for the topic's records
        self.allow([read], remove=True)
        self.assertTrue(harness.eventually(in_trouble, True, 20), node.log())
        time.sleep(15)  # longer than between two looks for new partitions
        self.assertTrue(in_trouble(), node.log())
        self.assertIn(f"laurel_kafka_troubles {len(troubles())}\n", client.get("/metrics").body.decode())
        self.allow([read])
        self.assertEqual(harness.eventually(troubles, [], 30), [], node.log())

    def test_rights_that_are_taken_away_are_waited_for(self):
        topic, cluster = self.made()
        needed = acls.needed(cluster, [topic])
        self.allow(needed)
        node = self.site(cluster, topic)
        node.start()
        done = 0
        for acl in needed:
            if acl.operation in ("Create", "DescribeConfigs", "Delete") or acl.resource == "--group" or acl == needed[0]:
                continue
            with self.subTest(acl=acl):
                self.produce(topic, self.rows[done:done + self.step])
                self.counted(node, cluster, self.rows[:done + self.step])
                before = len(node.log())
                self.allow([acl], remove=True)
                self.produce(topic, self.rows[done + self.step:done + 2 * self.step])
                done += 2 * self.step
                wanted = f"needs {acl.operation} on "
                self.assertTrue(harness.eventually(lambda: wanted in node.log()[before:], True, 20), node.log())
                self.allow([acl])
                self.counted(node, cluster, self.rows[:done])
        self.assertEqual(node.stop(), 0, node.log())

    # ---- Links that do not come to be -----------------------------------------------------------
    def test_a_node_that_is_not_taken_in_says_why(self):
        topic, cluster = self.made()
        other = self.folder / "other"
        other.mkdir()
        tool.secure.make_certificates(other)
        port = kafka.bootstrap().rsplit(":", 1)[1]
        tls = ("do not take this node in", "certificate verify failed", "check security.protocol, ssl.ca.location")
        cases = {
            "a wrong password": ({"sasl_password": "Geheim123"}, None,
                                 ("do not take this node in", "Invalid username or password",
                                  "check sasl.mechanisms, sasl.username and sasl.password")),
            "an unknown mechanism": ({"sasl_mechanisms": "SCRAM-SHA-256"}, None,
                                     ("do not take this node in", "supported mechanisms: SCRAM-SHA-512")),
            "an untrusted certificate": ({"ssl_ca_location": other / "ca.pem"}, None, tls),
            "another name": ({}, f"127.0.0.1:{port}", tls),
            "no TLS": ({"security_protocol": "SASL_PLAINTEXT"}, None,
                       ("no Kafka broker at", "check its port and security.protocol, now SASL_PLAINTEXT")),
            "a property that is none": ({"sasl_pasword": "Geheim123"}, None,
                                        ("property sasl.pasword", "kafka.client_file")),
        }
        for what, (changes, bootstrap, texts) in cases.items():
            with self.subTest(what):
                node = self.site(cluster, topic, self.properties(**changes), bootstrap, quick=True)
                self.refused(node, *texts)
                self.assertNotIn("Geheim123", node.log())
                self.assertLess(len(node.log().splitlines()), 15, node.log())

    # ---- Other ways to say who one is -----------------------------------------------------------
    def test_scram(self):
        topic, cluster = self.made()
        self.allow(acls.needed(cluster, [topic]))
        node = self.site(cluster, topic, self.broker / "laurel.scram.properties")
        version = subprocess.run(["kcat", "-V"], capture_output=True, text=True, check=True).stdout
        found = tuple(map(int, re.search(r"librdkafka (\d+)\.(\d+)\.(\d+)", version).groups()))
        newer = os.environ.get("LAUREL_LIBRDKAFKA", "")
        if newer:
            node.start({"LD_LIBRARY_PATH": newer})
        elif found >= (2, 6, 1):
            node.start()
        else:
            self.refused(node, "cannot do SCRAM with Kafka 4: take 2.6.1 or newer")
            self.skipTest("SCRAM with Kafka 4 takes librdkafka 2.6.1: LAUREL_LIBRDKAFKA names a folder with it")
        self.produce(topic, self.rows)
        self.counted(node, cluster, self.rows)

    @staticmethod
    def put_token(path, life_s):
        """An unsigned one, as this broker takes it."""
        def part(claims):
            return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        now = int(time.time())
        passing = path.with_suffix(".new")
        passing.write_text(f'{part({"alg": "none"})}.{part({"sub": "laurel", "iat": now, "exp": now + life_s})}.\n')
        passing.rename(path)

    def test_oauthbearer_with_tokens_from_a_file(self):
        topic, cluster = self.made()
        self.allow(acls.needed(cluster, [topic]))
        token = self.folder / "token"
        client_file = self.properties(sasl_mechanisms="OAUTHBEARER", sasl_username=None, sasl_password=None,
                                      sasl_oauthbearer_config=f"token_file={token}")
        node = self.site(cluster, topic, client_file)
        self.refused(node, "Failed to acquire SASL OAUTHBEARER token", f"cannot read {token}")
        life_s = 8
        self.put_token(token, life_s)
        node.start()
        self.produce(topic, self.rows[:self.step])
        self.counted(node, cluster, self.rows[:self.step])
        until = time.monotonic() + 2.5 * life_s  # past the end of the first token, and of the second
        while time.monotonic() < until:
            self.put_token(token, life_s)
            time.sleep(1)
        self.produce(topic, self.rows[self.step:])
        self.put_token(token, 600)
        self.counted(node, cluster, self.rows)
        token.write_text("Geheim123")  # for whoever connects from now on
        node.kill()
        self.refused(node, "the OAUTHBEARER token is none")
        self.assertNotIn("Geheim123", node.log())


if __name__ == "__main__":
    unittest.main()
