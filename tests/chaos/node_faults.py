"""Faults of a node and of its brokers: pauses, deaths, lost snapshots, a second node, a full disk."""

import os
import re
import shutil
import signal
import subprocess
import time

import harness

PATIENCE_S = 90
SHORT_PAUSE_S = (1, 5)
LONG_PAUSE_S = (12, 30)  # a transaction of the node may take 10
LONG_PAUSES = 0.25  # of those of the node
DISK_BYTES = 400 << 20  # of the file system with the snapshots
NO_ROOM = re.compile(r"No space left|no space")


class NodeFaults:
    KINDS = ("node-pause", "lost-snapshots", "broker-pause", "broker-restart", "broker-kill", "hijack")
    DISK_KINDS = ("disk-full",)  # where a file system can be mounted

    def pause(self, pid, seconds):
        os.kill(pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(pid, signal.SIGCONT)

    def node_pause(self, step):
        # One of four longer than a transaction may take: its broker has given it up by then.
        long = self.rng.random() < LONG_PAUSES
        self.pause(self.node.process.pid, self.rng.uniform(*(LONG_PAUSE_S if long else SHORT_PAUSE_S)))
        self.goes_on(step)

    def lost_snapshots(self, _step):
        self.node.kill()
        shutil.rmtree(self.node.data)

    def broker_pause(self, step):
        self.pause(self.some_broker()["pid"], self.rng.uniform(*SHORT_PAUSE_S))
        self.goes_on(step)

    def broker_restart(self, step):
        broker = self.some_broker()
        self.tool("stop", "--broker", str(broker["id"]))
        self.tool("start", "--broker", str(broker["id"]))
        self.goes_on(step)

    def broker_kill(self, step):
        broker = self.some_broker()
        os.kill(broker["pid"], signal.SIGKILL)
        time.sleep(0.2)
        self.tool("start", "--broker", str(broker["id"]))
        self.goes_on(step)

    def hijack(self, step):
        """The other one takes everything over; the first has to notice, and to commit nothing more."""
        said = len(self.node.log())
        self.other.start()
        self.feed(step)
        deadline = time.monotonic() + PATIENCE_S * harness.SCALE
        while "another owner has taken" not in self.node.log()[said:]:
            if time.monotonic() > deadline:
                self.violations.append("a node that was taken over has not noticed it")
                break
            self.feed(max(1, step // 10))
            time.sleep(0.1)
        self.node.kill()
        self.node, self.other = self.other, self.node

    # ---- A full disk ----------------------------------------------------------------------------
    def mount(self, node):
        """A file system of its own for a node's snapshots. False where that cannot be. One that cannot
        set room aside: a log that has some would not notice for long that the rest is full."""
        disk, image = node.folder / "disk", node.folder / "disk.image"
        disk.mkdir()
        with open(image, "wb") as file:
            file.truncate(DISK_BYTES)
        for command in (["mkfs.ext2", "-q", "-m", "0", image], ["mount", "-o", "loop", image, disk]):
            if os.geteuid() != 0 or shutil.which(command[0]) is None or subprocess.run(
                    command, capture_output=True, check=False).returncode != 0:
                return False
        self.mounted.append(disk)
        node.data = disk / "data"
        return True

    def keep_and_unmount(self):
        """What a run that failed leaves stays in its folder."""
        for disk in self.mounted:
            if self.violations and disk.exists():
                shutil.copytree(disk, disk.with_name("disk-kept"), dirs_exist_ok=True)
            subprocess.run(["umount", "-l", str(disk)], check=False)

    @staticmethod
    def fill(filler):
        """Until not a byte is free, however quickly others give some back."""
        block = bytes(1 << 20)
        with open(filler, "ab", buffering=0) as file:
            try:
                while file.write(block):
                    pass
            except OSError:
                pass  # not a byte more

    def disk_full(self, step):
        """Its partitions stop, one after the other; it says so, and neither crashes nor lies. Maybe it is
        started again while the disk is full. When there is room it goes on."""
        filler = self.node.data.parent / "filler"
        said = len(self.node.log())
        try:
            deadline = time.monotonic() + PATIENCE_S * harness.SCALE
            while self.node.running() and not NO_ROOM.search(self.node.log()[said:]):
                if time.monotonic() > deadline:
                    raise self.Invalid("the disk was not full for the node")
                self.fill(filler)
                self.feed(max(1, step // 10))
                time.sleep(0.1)
            self.trickle(self.rng.uniform(0, 2))
            self.ended_well()
            if self.rng.random() < 0.5:
                self.node.kill()
                self.node.launch()
                try:
                    self.node.wait_healthy(within_s=5)
                except AssertionError:
                    pass  # it waits, or is at work
                self.ended_well()
        finally:
            filler.unlink(missing_ok=True)
        if self.node.running() and self.rng.random() < 0.5:
            self.node.stop()
        elif self.node.running():
            self.node.kill()
        self.node.start()
        self.goes_on(step)

    def ended_well(self):
        """Running, or ended by itself with an error code."""
        if not self.node.running() and self.node.process.returncode != 1:
            self.violations.append(f"on a full disk the node ended with {self.node.process.returncode}: "
                                   f"{self.node.log()[-1500:]}")
