"""What others do to Laurel's topics: open transactions, a stolen transactional id, lost inputs."""

import json
import re
import subprocess
import time
from pathlib import Path

import harness
import kafka

FOREIGN = Path(__file__).with_name("foreign.py")
DEBIAN_PYTHON = "/usr/bin/python3"  # the one that has Debian's packages
STOPPED_S = 2
HELD_MAX_S = 5


class Foreign:
    """foreign.py with its transaction open."""

    def __init__(self, transactional_id, timeout_ms, topic, partitions, rows):
        self.process = subprocess.Popen(
            [DEBIAN_PYTHON, "-B", str(FOREIGN), kafka.bootstrap(), transactional_id, str(timeout_ms),
             topic, str(partitions)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        lines = [f"{row['Username']}\t{json.dumps(row)}" for row in rows]
        self.process.stdin.write("\n".join([str(len(lines)), *lines]) + "\n")
        self.process.stdin.flush()
        said = self.process.stdout.readline().strip()
        self.open, self.begun = said == "open", said in ("open", "refused")

    def end(self, how):
        """True when it did."""
        try:
            self.process.stdin.write(how + "\n")
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # it was refused, and has ended
        said = self.process.stdout.read()
        self.why = self.process.stderr.read()
        return self.process.wait() == 0 and said == "ended\n"

    def kill(self):
        self.process.kill()
        self.process.wait()


def available():
    return subprocess.run([DEBIAN_PYTHON, "-c", "import confluent_kafka"], capture_output=True,
                          check=False).returncode == 0


class ForeignFaults:
    KINDS = ("hanging-transaction", "hijack-id")  # where foreign.py runs
    INPUT_KINDS = ("input-lost",)

    def strangers(self, count, player):
        """Wagers of nobody else, that may count or not."""
        out = []
        for _ in range(count):
            self.invented += 1
            out.append(self.rows[0] | {"Id": str(10**9 + self.invented), "Username": player,
                                       "Bet": "50"})
        return out

    def metric(self, name):
        """Summed over its labels."""
        client = self.node.client()
        try:
            text = client.get("/metrics").body.decode()
        finally:
            client.close()
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.M))

    def hanging_transaction(self, step):
        """Readers of committed records stand still in front of it, the lag shows it. Then it ends in one
        of three ways, and they go on."""
        ending = self.rng.choice(["commit", "abort", "timeout"])
        rows = self.strangers(self.PARTITIONS * 2, "ghost" if ending != "commit" else "stranger")
        foreign = Foreign(f"stranger-{self.invented}", 6000 if ending == "timeout" else 60000,
                          self.TOPIC, self.PARTITIONS, rows)
        if not foreign.open:
            raise self.Invalid(f"no foreign transaction: {foreign.process.stderr.read()[-500:]}")
        self.feed(step)
        time.sleep(STOPPED_S)
        lag = self.metric("laurel_input_lag_records")
        if lag < step:
            foreign.kill()
            raise self.Invalid(f"nothing stood still: the lag is {lag} after {step} records")
        if ending == "timeout":
            foreign.kill()
        else:
            time.sleep(self.rng.uniform(0, HELD_MAX_S))
            if not foreign.end(ending):
                raise self.Invalid(f"the foreign transaction: {foreign.why[-500:]}")
        if ending == "commit":
            self.counted += rows
        self.ways[f"hanging-transaction-{ending}"] += 1
        self.goes_on(step)

    def hijack_id(self, step):
        """A producer with the id of one partition: it has written no commit record, so the partition is
        taken back, and what it has open is ended."""
        partition = self.rng.randrange(self.NODE_PARTITIONS)
        foreign = Foreign(f"{self.CLUSTER}.{partition}", 60000, self.STRANGE, 1,
                          self.strangers(3, "ghost"))
        if not foreign.begun:
            raise self.Invalid(f"no foreign transaction: {foreign.process.stderr.read()[-500:]}")
        # The epoch of that partition: others may be fenced by what is left of the faults before.
        before = self.epoch(partition)
        deadline = time.monotonic() + 30 * harness.SCALE
        while (taken_back := self.epoch(partition) > before) is False and time.monotonic() < deadline:
            self.feed(max(1, step // 10))
            time.sleep(0.1)
        self.goes_on(step)
        if foreign.end("commit"):
            if not taken_back:
                raise self.Invalid("the node has not met the other one")
            self.violations.append("a producer that was fenced has committed")

    def epoch(self, partition):
        client = self.node.client()
        try:
            return int(client.get_json("/v1/status")["partitions"][partition]["epoch"])
        finally:
            client.close()

    # ---- Inputs ---------------------------------------------------------------------------------
    def side(self, number):
        return f"side-{number}"

    def input_lost(self, step):
        """An input of its own is made anew or loses records that were not read yet: it is halted with an
        alarm, nothing of it is jumped over, and the others go on."""
        topic = self.side(self.happened["input-lost"])
        known = self.strangers(3, topic)
        kafka.produce(topic, [(row["Username"], json.dumps(row)) for row in known])
        self.counted += known
        if not harness.eventually(lambda: self.knows(topic), True, 30):
            self.violations.append(f"the wagers of {topic} have no effect")
        time.sleep(3)  # positions of partitions without events are durable after a while
        ghosts = [(row["Username"], json.dumps(row)) for row in self.strangers(5, "ghost")]
        how = self.rng.choice(["anew", "anew-running", "expired"])
        if how != "anew-running":
            self.node.stop()
        if how != "expired":
            kafka.remake_topic(topic, 1, *self.copies)
            kafka.produce(topic, ghosts)
        else:
            kafka.produce(topic, ghosts)
            kafka.delete_records(topic, 0, len(known) + 3)
        if how != "anew-running":
            self.node.start()
        self.ways[f"input-lost-{how}"] += 1
        if not self.halted(topic):
            self.violations.append(f"{topic} ({how}) is not halted: {self.node.log()[-1500:]}")
        self.goes_on(step)

    def knows(self, player):
        client = self.node.client()
        try:
            return client.get(f"/v1/players/{player}").status == 200
        finally:
            client.close()

    def halted(self, topic):
        name = rf'laurel_input_halted\{{topic="{topic}",partition="0"\}}'

        def now():
            client = self.node.client()
            try:
                return re.search(rf"^{name} 1$", client.get("/metrics").body.decode(), re.M) is not None
            finally:
                client.close()
        return harness.eventually(now, True, 30)
