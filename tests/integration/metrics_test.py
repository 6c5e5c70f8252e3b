"""/metrics: the text format of Prometheus, every family that the node declares, true figures."""

import json
import math
import re
import time
import unittest
from collections import defaultdict

from harness import ONE, REPOSITORY, SCALE, NodeTest, eventually, wager

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"^({NAME})(?:\{{({LABEL}(?:,{LABEL})*)?\}})? (\S+)$")
TYPES = {"counter", "gauge", "histogram"}


def parse(text):
    """{family: (type, {(sample name, labels): value})}; raises on whatever the format forbids.

    https://prometheus.io/docs/instrumenting/exposition_formats/
    """
    if not text.endswith("\n"):
        raise AssertionError("the last line has no end")
    families, helped, current = {}, set(), None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name, _, help_text = line[7:].partition(" ")
            if name in helped or not help_text:
                raise AssertionError(line)
            helped.add(name)
            continue
        if line.startswith("# TYPE "):
            current, kind = line[7:].split(" ")
            if current in families or kind not in TYPES or not re.fullmatch(NAME, current):
                raise AssertionError(line)
            families[current] = (kind, {})
            continue
        match = SAMPLE.match(line)
        if not match or current is None:
            raise AssertionError(line)
        name, labels, value = match.groups()
        kind, samples = families[current]
        suffixes = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        if name not in {current + suffix for suffix in suffixes}:
            raise AssertionError(f"{line}: of no family, or not with it")
        labels = tuple(sorted(re.findall(LABEL, labels or "")))
        if (name, labels) in samples:
            raise AssertionError(f"twice: {line}")
        samples[name, labels] = float(value)
    if helped != set(families):
        raise AssertionError("a family lacks its help or its type")
    return families


class Metrics(NodeTest):
    def scrape(self):
        reply = self.client.get("/metrics")
        self.assertEqual(reply.status, 200)
        self.assertTrue(reply.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        return parse(reply.body.decode())

    def setUp(self):
        self.client = self.node.client()
        self.addCleanup(self.client.close)

    def test_every_declared_family_is_there(self):
        source = (REPOSITORY / "node" / "src" / "node_metrics.cc").read_text()
        declared = set(re.findall(r'"(laurel_[a-z_]+)"', source))
        self.assertGreater(len(declared), 10)
        # Those of the other engine are looked at beside a broker.
        declared -= {name for name in declared if name.startswith(("laurel_kafka_", "laurel_input_"))}
        def missing():  # the first second nobody knows the time
            return declared ^ set(self.scrape())
        self.assertEqual(eventually(missing, set()), set())

    def test_event_time_goes_by_the_clock_when_nothing_waits(self):
        def behind_s():
            samples = self.scrape().get("laurel_event_time_seconds", (None, {}))[1]
            return next((time.time() - value for value in samples.values()), math.inf)
        self.assertTrue(eventually(lambda: behind_s() < 30, True))
        self.assertGreater(behind_s(), 0)

    def test_counters_end_in_total_and_never_fall(self):
        before = self.scrape()
        self.client.post("/v1/events", json.dumps(wager("p1", "never-falls", 1)), ONE)
        after = self.scrape()
        for name, (kind, samples) in before.items():
            self.assertEqual(kind == "counter", name.endswith("_total"), name)
            if kind == "gauge":
                continue
            for key, value in samples.items():
                self.assertGreaterEqual(after[name][1][key], value, key)

    def test_histograms_add_up(self):
        self.client.post("/v1/events", json.dumps(wager("p1", "adds-up", 1)), ONE)
        histograms = 0
        for name, (kind, samples) in self.scrape().items():
            if kind != "histogram":
                continue
            histograms += 1
            buckets = defaultdict(dict)
            for (sample, labels), value in samples.items():
                if sample.endswith("_bucket"):
                    bound, = [each[4:-1] for each in labels if each.startswith("le=")]
                    rest = tuple(each for each in labels if not each.startswith("le="))
                    buckets[rest][float(bound)] = value
            self.assertTrue(buckets, name)
            for labels, counts in buckets.items():
                ordered = [counts[bound] for bound in sorted(counts)]
                self.assertEqual(ordered, sorted(ordered))
                self.assertEqual(counts[math.inf], samples[f"{name}_count", labels])
                self.assertGreaterEqual(samples[f"{name}_sum", labels], 0)
        self.assertGreater(histograms, 0)

    def test_events_are_counted_by_what_became_of_them(self):
        def counts():
            samples = self.scrape()["laurel_events_total"][1]
            return {labels[0]: int(value) for (_, labels), value in samples.items()}
        time.sleep(0.2 * SCALE)  # what the tests before this one sent is counted by then
        before = counts()
        good = wager("p1", "counted", 1)
        self.client.post_events([good, good, good | {"time": "2026-02-16T18:00:09Z"}, {}])
        wanted = {name: count + 1 for name, count in before.items()}
        self.assertEqual(len(wanted), 4)
        self.assertEqual(eventually(counts, wanted), wanted)


if __name__ == "__main__":
    unittest.main()
