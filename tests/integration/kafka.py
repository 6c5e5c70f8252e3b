"""A real broker for the tests: LAUREL_KAFKA_FILE says where it is (tools/kafka.py keeps that file).

Records are written and read with kcat; what Laurel wrote is taken apart here, with no code of Laurel's.
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest
import uuid
from pathlib import Path
from typing import NamedTuple

import harness

TOOL = harness.REPOSITORY / "tools" / "kafka.py"
FILE = os.environ.get("LAUREL_KAFKA_FILE", "")


class Record(NamedTuple):
    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: dict


def bootstrap():
    if not FILE or not Path(FILE).exists():
        raise unittest.SkipTest("no broker: LAUREL_KAFKA_FILE names no file of tools/kafka.py")
    return json.loads(Path(FILE).read_text())["bootstrap"]


def kcat(mode, topic):
    """The beginning of a command; on a secure broker as its admin."""
    secure = json.loads(Path(FILE).read_text()).get("secure", False)
    properties = ["-F", str(Path(FILE).parent / "admin.properties")] if secure else []
    return ["kcat", *properties, mode, "-b", bootstrap(), "-t", topic]


def fresh_name(what):
    return f"{what}-{uuid.uuid4().hex[:8]}"


def tool(verb, *arguments):
    """As ./dev kafka VERB on the broker."""
    done = subprocess.run([sys.executable, "-B", str(TOOL), verb, "--dir", str(Path(FILE).parent),
                           *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{verb} {arguments}: {done.stdout} {done.stderr}")
    return done.stdout


def topics(*arguments):
    """As kafka-topics.sh."""
    return tool("topics", *arguments)


def groups(*arguments):
    """As kafka-consumer-groups.sh."""
    return tool("groups", *arguments)


def make_topic(name, partitions, *more):
    topics("--create", "--topic", name, "--partitions", str(partitions), *more)


def remake_topic(name, partitions, *more):
    """Another topic of the same name."""
    topics("--delete", "--topic", name)
    if not harness.eventually(lambda: name not in topics("--list").split(), True, 30):
        raise AssertionError(f"{name} is not deleted")
    make_topic(name, partitions, *more)


def delete_records(topic, partition, before):
    """Those in front of an offset: as when they had expired."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"version": 1, "partitions": [
            {"topic": topic, "partition": partition, "offset": before}]}, file)
        file.flush()
        tool("delete-records", "--offset-json-file", file.name)


def first_offset(topic, partition):
    """Of what was not deleted."""
    done = subprocess.run(kcat("-Q", f"{topic}:{partition}:-2"), capture_output=True, text=True, check=True)
    return int(done.stdout.rsplit("offset", 1)[1])


def produce(topic, records, partition=None, headers=None):
    """Pairs of key and value, texts without tabs and line ends, in their order."""
    lines = "".join(f"{key}\t{value}\n" for key, value in records)
    command = [*kcat("-P", topic), "-K", "\t", "-X", "acks=all", "-X", "message.timeout.ms=60000"]
    if partition is not None:
        command += ["-p", str(partition)]
    for name, value in (headers or {}).items():
        command += ["-H", f"{name}={value}"]
    done = subprocess.run(command, input=lines.encode(), capture_output=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"kcat: {done.stderr.decode()}")


def produce_bytes(topic, value, headers, partition=0):
    """One record of any bytes."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(value)
        file.flush()
        command = ["kcat", "-P", "-b", bootstrap(), "-t", topic, "-p", str(partition), "-X", "acks=all"]
        for name, text in headers.items():
            command += ["-H", f"{name}={text}"]
        subprocess.run([*command, file.name], check=True, capture_output=True)


def consume(topic):
    """All committed records, by partition and offset."""
    done = subprocess.run(
        [*kcat("-C", topic), "-e", "-q", "-X",
         "isolation.level=read_committed", "-f", "%p %o %K %S\\n%k%h\\n%s"],
        capture_output=True, check=True)
    out, data, at = [], done.stdout, 0
    while at < len(data):
        end = data.index(b"\n", at)
        partition, offset, key_size, size = map(int, data[at:end].split())
        key = data[end + 1:end + 1 + max(key_size, 0)]
        at = end + 1 + len(key)
        end = data.index(b"\n", at)
        headers = dict(each.split("=", 1) for each in data[at:end].decode().split(",") if each)
        value = data[end + 1:end + 1 + max(size, 0)]
        at = end + 1 + len(value)
        out.append(Record(partition, offset, key, value, headers))
    return sorted(out, key=lambda record: (record.partition, record.offset))


def fields(message):
    """A protobuf message as {number: [values]}: integers as they travel, all else as bytes."""
    out, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        tag = varint()
        kind = tag & 7
        if kind == 0:
            value = varint()
        elif kind == 1:
            value, at = int.from_bytes(message[at:at + 8], "little"), at + 8
        elif kind == 5:
            value, at = int.from_bytes(message[at:at + 4], "little"), at + 4
        elif kind == 2:
            size = varint()
            value, at = message[at:at + size], at + size
        else:
            raise ValueError(f"wire type {kind}")
        out.setdefault(tag >> 3, []).append(value)
    return out


class Site:
    """A node's folder with a node.toml for the broker, or for another `address` of it."""

    def __init__(self, folder, cluster, inputs="", catalog=harness.CRASH_GAME / "catalog",
                 partitions=16, more="", address=None, kafka="", client_file=""):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config = self.folder / "node.toml"
        self.config.write_text(f"""\
partitions = {partitions}
[node]
id = "{cluster}"
[catalog]
dir = "{catalog}"
[engine]
kind = "kafka"
[kafka]
bootstrap = "{address or bootstrap()}"
cluster = "{cluster}"
client_file = "{client_file}"
{kafka}
{inputs}
{more}
""")

    def node(self, **how):
        return harness.Node(self.folder, config=self.config, **how)
