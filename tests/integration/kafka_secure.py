"""What the tests of secure links share: a broker with TLS, SASL and ACLs, and nodes that speak to it."""

import contextlib
import importlib.util
import io
import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import harness
import kafka
from kafka_case import MAPPED
from kafka_check import check_soon
from points import points_of, points_per_player, rows_of

specification = importlib.util.spec_from_file_location("kafka_tool", kafka.TOOL)
tool = importlib.util.module_from_spec(specification)
specification.loader.exec_module(tool)
acls = tool.acls

USER = "User:laurel"
PARTITIONS = 4
WAGERS = 3000


class SecureCase(unittest.TestCase):
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
        alike = {}  # a run of kafka-acls.sh takes seconds: one for all operations on the same thing
        for acl in which:
            alike.setdefault((acl.resource, acl.name, acl.pattern), []).append(acl)
        for same in alike.values():
            command = acls.arguments(same[0], USER, remove)
            for acl in same[1:]:
                command += ["--operation", acl.operation]
            with contextlib.redirect_stdout(io.StringIO()):
                self.assertEqual(tool.tool(self.cluster, "acls", command), 0)

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
        self.assertEqual(check_soon(cluster, causes, node), [])
        self.assertEqual(node.verb("verify").code, 0)
