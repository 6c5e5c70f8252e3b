"""What tests of inputs on a real broker share: a node and its topics."""

import re
import shutil
import tempfile
import unittest
from pathlib import Path

import harness
import kafka

EVENTS = '[[input]]\ntopic = "TOPIC"\n'
MAPPED = f'[[input]]\ntopic = "TOPIC"\nformat = "json"\nmapping = "{harness.MAPPING}"\n'


class KafkaCase(unittest.TestCase):
    def setUp(self):
        kafka.bootstrap()  # skips where there is no broker
        self.folder = Path(tempfile.mkdtemp(prefix="laurel-itest-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def node(self, cluster, inputs, **how):
        node = kafka.Site(self.folder / cluster, cluster, inputs, **how).node()
        self.addCleanup(harness.finish, node)
        return node

    def handled(self, node, count, within_s=60):
        """Waits until so many events were taken or refused in this life of the node."""
        def now():
            client = node.client()
            try:
                status = client.get_json("/v1/status")
            finally:
                client.close()
            return sum(int(status[each])
                       for each in ("accepted", "duplicates", "conflicts", "rejected")) >= count
        self.assertTrue(harness.eventually(now, True, within_s), node.log()[-3000:])

    def gauge(self, node, name, topic):
        client = node.client()
        metrics = client.get("/metrics").body.decode()
        client.close()
        found = re.search(rf'^{name}{{topic="{topic}",partition="0"}} (\S+)$', metrics, re.M)
        return found and float(found.group(1))
