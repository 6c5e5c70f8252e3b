"""Faults of a cluster of three brokers: a coordinator of transactions that moves, a broker that is lost."""

import json
import os
import shutil
import signal
import subprocess
import time

import harness
import kafka

COORDINATORS = "__transaction_state"
COORDINATOR_PARTITIONS = 8  # tools/kafka.py


def java_hash(text):
    value = 0
    for character in text.encode():
        value = (31 * value + character) & 0xffffffff
    return value & 0x7fffffff


class ClusterFaults:
    KINDS = ("coordinator-moved", "broker-lost")

    @staticmethod
    def partitions_of(topic):
        done = subprocess.run(["kcat", "-L", "-J", "-b", kafka.bootstrap(), "-t", topic],
                              capture_output=True, text=True, check=True)
        return {each["partition"]: each for each in json.loads(done.stdout)["topics"][0]["partitions"]}

    def coordinator_of(self, transactional_id):
        return self.partitions_of(COORDINATORS)[
            java_hash(transactional_id) % COORDINATOR_PARTITIONS]["leader"]

    def coordinator_moved(self, step):
        mine = f"{self.CLUSTER}.{self.rng.randrange(self.NODE_PARTITIONS)}"
        broker = next(each for each in self.living_brokers()
                      if each["id"] == self.coordinator_of(mine))
        if self.rng.random() < 0.5:
            os.kill(broker["pid"], signal.SIGKILL)
        else:
            self.tool("stop", "--broker", str(broker["id"]))
        # Two of three elect another; where one is lost nobody can write until this one is back.
        moved = True
        if self.lost:
            time.sleep(self.rng.uniform(0, 3))
        else:
            moved = harness.eventually(
                lambda: self.coordinator_of(mine) not in (broker["id"], -1), True, 20)
            self.trickle(self.rng.uniform(0, 3))
        self.tool("start", "--broker", str(broker["id"]))
        if not moved:
            raise self.Invalid("the coordinator did not move")
        self.goes_on(step)

    def broker_lost(self, step):
        """For good: its folder too. Until it is, all copies are whole."""
        self.whole()
        broker = self.some_broker()
        os.kill(broker["pid"], signal.SIGKILL)
        shutil.rmtree(self.broker / f"broker-{broker['id']}")
        self.lost.add(broker["id"])
        self.goes_on(step)

    def whole(self):
        if not harness.eventually(
                lambda: kafka.topics("--describe", "--under-replicated-partitions").strip(), "", 60) == "":
            raise self.Invalid("the copies do not become whole")
