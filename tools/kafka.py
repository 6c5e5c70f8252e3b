#!/usr/bin/env python3
"""Runs Apache Kafka for development and tests: KRaft, one or three brokers, nothing but loopback.

usage: ./dev kafka start [--brokers N] [--dir DIR]     starts what is in DIR, or makes it anew
                         [--secure]                    one broker with TLS, SASL and ACLs
       ./dev kafka stop [--dir DIR] [--remove]         ends it (and removes its folder)
       ... start|stop --broker N                       only that one of what is in DIR
       ... start --proxied HOST:PORT[,...]             makes it anew with a second listener for each broker,
                                                       told to clients as that: for a proxy in between
       ./dev kafka status [--dir DIR] [--json]         where it listens, what lives
       ./dev kafka topics [--dir DIR] [...]            kafka-topics.sh; without arguments: --list
       ./dev kafka consume TOPIC [--dir DIR] [...]     kafka-console-consumer.sh
       ./dev kafka groups [--dir DIR] [...]            kafka-consumer-groups.sh
       ./dev kafka delete-records [--dir DIR] [...]    kafka-delete-records.sh
       ./dev kafka acls [--dir DIR] [...]              what a node has to be allowed: tools/kafka/acls.py

The verbs speak to a secure broker as its admin; its folder has the properties of clients (tools/kafka/secure.py).

The broker comes as its Maven artifacts (tools/kafka/pom.xml: the version), once, into build/kafka/. DIR is
build/kafka/default. Ports are free ones, kept for as long as DIR lives: kafka.json there says which.

Exit codes: 0 ok, 1 failed, 2 usage, 3 nothing runs in DIR, 77 the artifacts or Java are not to be had.
"""

import argparse
import base64
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "tools" / "kafka"))
import acls  # noqa: E402
import secure  # noqa: E402

HOME = REPOSITORY / "build" / "kafka"
POM = REPOSITORY / "tools" / "kafka" / "pom.xml"
LOGGER = Path("/usr/share/java/slf4j-simple.jar")
STARTS_WITHIN_S = 90
ENDS_WITHIN_S = 30
NOT_TO_BE_HAD = 77
# Small and quick to start: a broker of a test, not of a bench. That one's collector is the one that stops it for the
# shortest time on two cores that others use, too: all that is on its way waits for it. gc.log has the pauses.
JAVA_TEST = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xms256m", "-Xmx512m"]
JAVA_BENCH = ["-XX:+UseParallelGC", "-Xms1g", "-Xmx1g"]
TOOLS = {
    "topics": "org.apache.kafka.tools.TopicCommand",
    "consume": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "acls": "org.apache.kafka.tools.AclCommand",
    "delete-records": "org.apache.kafka.tools.DeleteRecordsCommand",
}


class Failure(Exception):
    def __init__(self, text, code=1):
        super().__init__(text)
        self.code = code


def version():
    return re.search(r"<kafka.version>([^<]+)<", POM.read_text()).group(1)


def libraries():
    """The folder with the broker's jars; fetched when it is not there."""
    folder = HOME / f"libs-{version()}"
    if folder.exists():
        return folder
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            raise Failure(f"{program} is missing: apt-get install openjdk-17-jre-headless maven",
                          NOT_TO_BE_HAD)
    HOME.mkdir(parents=True, exist_ok=True)
    fetching = HOME / f"fetching-{os.getpid()}"
    print(f"kafka: fetching Apache Kafka {version()}", file=sys.stderr, flush=True)
    done = subprocess.run(
        ["mvn", "-q", "-B", "-f", str(POM), "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies",
         f"-DoutputDirectory={fetching}", "-DincludeScope=runtime"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(fetching, ignore_errors=True)
        raise Failure(f"the artifacts of Kafka cannot be fetched:\n{done.stdout[-2000:]}",
                      NOT_TO_BE_HAD)
    try:
        fetching.rename(folder)
    except OSError:  # another one was quicker
        shutil.rmtree(fetching, ignore_errors=True)
    return folder


def java(flags, main, arguments):
    # Without a logger (Debian's, which comes with maven) nothing would say why a broker ends.
    path = f"{libraries()}/*" + (f":{LOGGER}" if LOGGER.exists() else "")
    return ["java", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS", *flags, "-cp", path, main,
            *arguments]


def free_ports(count):
    """Outside of the range that outgoing connections take theirs from: a client that tries the port of a
    broker that is away again and again could otherwise connect to itself, and keep the broker out."""
    ports = []
    for port in random.SystemRandom().sample(range(10_000, 30_000), 20_000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        ports.append(port)
        if len(ports) == count:
            return ports
    raise Failure("no free ports")


def cluster_id():
    """One with a dash in front would be taken for an option."""
    while (name := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return name


class Cluster:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.file = self.folder / "kafka.json"
        self.state = json.loads(self.file.read_text()) if self.file.exists() else None
        self.security = ""  # of one that is made: none, `scram`, `oauth`

    # ---- What is written down ---------------------------------------------------------------
    def save(self):
        passing = self.file.with_suffix(".new")
        passing.write_text(json.dumps(self.state, indent=1) + "\n")
        passing.rename(self.file)

    def secure(self):
        return self.state.get("secure", False)

    def make(self, brokers, proxied):
        if proxied and len(proxied) != brokers:
            raise Failure(f"--proxied names {len(proxied)} addresses for {brokers} brokers", 2)
        self.folder.mkdir(parents=True, exist_ok=True)
        ports = free_ports(3 * brokers)
        self.state = {
            "version": version(),
            "cluster_id": cluster_id(),
            "bootstrap": ",".join(f"127.0.0.1:{port}" for port in ports[:brokers]),
            "brokers": [{"id": at + 1, "port": ports[at], "controller_port": ports[brokers + at],
                         "pid": 0, "started": 0} for at in range(brokers)],
        }
        if self.security:
            if brokers != 1:
                raise Failure("a secure cluster has one broker", 2)
            self.state |= {"secure": True, "bootstrap": f"{secure.HOST}:{ports[0]}"}
        for at, address in enumerate(proxied):
            self.state["brokers"][at] |= {"proxied": address, "behind_proxy": ports[2 * brokers + at]}
        made = []
        try:
            for broker in self.state["brokers"]:
                folder = self.broker_folder(broker)
                if folder.exists():
                    raise Failure(f"{folder} is left of a start that was broken off; remove {self.folder}")
                made.append(folder)
                self.configure(broker)
        except BaseException:  # so that the next start does not meet it
            for folder in made:
                shutil.rmtree(folder, ignore_errors=True)
            raise
        self.save()

    def broker_folder(self, broker):
        return self.folder / f"broker-{broker['id']}"

    def configure(self, broker):
        folder = self.broker_folder(broker)
        folder.mkdir()
        brokers = self.state["brokers"]
        copies = min(3, len(brokers))
        voters = ",".join(f"{each['id']}@127.0.0.1:{each['controller_port']}" for each in brokers)
        listeners = advertised = f"PLAINTEXT://127.0.0.1:{broker['port']}"
        if "proxied" in broker:
            listeners += f",PROXIED://127.0.0.1:{broker['behind_proxy']}"
            advertised += f",PROXIED://{broker['proxied']}"
        (folder / "server.properties").write_text(f"""\
process.roles=broker,controller
node.id={broker['id']}
controller.quorum.voters={voters}
listeners={listeners},CONTROLLER://127.0.0.1:{broker['controller_port']}
advertised.listeners={advertised}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder / 'data'}
auto.create.topics.enable=false
offsets.topic.num.partitions=8
offsets.topic.replication.factor={copies}
transaction.state.log.num.partitions=8
transaction.state.log.replication.factor={copies}
transaction.state.log.min.isr={max(1, copies - 1)}
share.coordinator.state.topic.replication.factor={copies}
share.coordinator.state.topic.min.isr={max(1, copies - 1)}
broker.session.timeout.ms=9000
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
num.network.threads=2
num.io.threads=4
controlled.shutdown.enable=true
""")
        scram = secure.set_up(self.folder, folder, broker, self.security) if self.secure() else []
        command = java(JAVA_TEST, "kafka.tools.StorageTool",
                          ["format", "--config", str(folder / "server.properties"),
                           # with "=": one id in 64 begins with a dash
                           f"--cluster-id={self.state['cluster_id']}", *scram])
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        if done.returncode != 0:
            raise Failure(f"the storage of broker {broker['id']} cannot be made:\n{done.stdout[-2000:]}")

    # ---- Processes --------------------------------------------------------------------------
    @staticmethod
    def started(pid):
        """When the process began, in ticks; None when there is none. Numbers of processes come back."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            return None
        return None if stat[0] in "ZX" else int(stat[19])

    def lives(self, broker):
        return broker["pid"] != 0 and self.started(broker["pid"]) == broker["started"]

    def launch(self, broker, flags):
        folder = self.broker_folder(broker)
        command = java([*flags, "-Dorg.slf4j.simpleLogger.log.kafka.server=info"], "kafka.Kafka",
                       [str(folder / "server.properties")])
        with open(folder / "broker.log", "ab") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=subprocess.STDOUT, start_new_session=True)
        broker["pid"], broker["started"] = process.pid, self.started(process.pid)
        self.save()
        return process

    def ready(self, broker):
        command = b"\x00\x00\x00\x0d\x00\x12\x00\x00\x00\x00\x00\x01\x00\x03dev"  # ApiVersions 0
        try:
            with socket.create_connection(("127.0.0.1", broker["port"]), 1) as connection:
                connection.settimeout(2)
                if self.secure():
                    connection = secure.wrap(self.folder, connection)
                connection.sendall(command)
                return len(connection.recv(4)) == 4
        except OSError:
            return False

    def chosen(self, number):
        out = [each for each in self.state["brokers"] if number in (None, each["id"])]
        if not out:
            raise Failure(f"there is no broker {number} in {self.folder}", 2)
        return out

    def start(self, brokers, bench, proxied=(), number=None):
        if self.state is None:
            self.make(brokers or 1, proxied)
        elif self.security and not self.secure():
            raise Failure(f"the broker in {self.folder} is not secure; a secure one needs another folder", 2)
        elif brokers and brokers != len(self.state["brokers"]):
            raise Failure(f"{self.folder} has {len(self.state['brokers'])} brokers; "
                          "another number needs another folder", 2)
        began = time.monotonic()
        for broker in self.chosen(number):
            if not self.lives(broker):
                pauses = f"-Xlog:gc:file={self.broker_folder(broker) / 'gc.log'}"
                self.launch(broker, [*JAVA_BENCH, pauses] if bench else JAVA_TEST)
        for broker in self.chosen(number):
            while not self.ready(broker):
                log = self.broker_folder(broker) / "broker.log"
                if not self.lives(broker):
                    raise Failure(f"broker {broker['id']} has ended: see {log}")
                if time.monotonic() - began > STARTS_WITHIN_S:
                    raise Failure(f"broker {broker['id']} does not answer: see {log}")
                time.sleep(0.05)

    def stop(self, remove, number=None):
        living = [each for each in self.chosen(number) if self.lives(each)]
        for broker in living:  # what is removed has nothing to write first
            os.kill(broker["pid"], signal.SIGKILL if remove else signal.SIGTERM)
        began = time.monotonic()
        while any(self.lives(each) for each in living):
            if time.monotonic() - began > ENDS_WITHIN_S:
                for broker in living:
                    if self.lives(broker):
                        os.kill(broker["pid"], signal.SIGKILL)
            time.sleep(0.05)
        for broker in self.chosen(number):
            broker["pid"] = broker["started"] = 0
        if remove:
            shutil.rmtree(self.folder)
        else:
            self.save()


def status(cluster, as_json):
    told = {"bootstrap": cluster.state["bootstrap"], "version": cluster.state["version"],
            "secure": cluster.secure(),
            "brokers": [{"id": each["id"], "pid": each["pid"], "lives": cluster.lives(each)}
                        for each in cluster.state["brokers"]]}
    if as_json:
        print(json.dumps(told))
    else:
        print(f"Apache Kafka {told['version']} at {told['bootstrap']}")
        if told["secure"]:
            print(f"  TLS, SCRAM, ACLs; for kafka.client_file: {cluster.folder / 'laurel.properties'}")
        for each in told["brokers"]:
            print(f"  broker {each['id']}: " + (f"process {each['pid']}" if each["lives"] else "not running"))
    return 0 if all(each["lives"] for each in told["brokers"]) else 3


def tool(cluster, verb, rest):
    if verb in ("topics", "groups", "acls") and not rest:
        rest = ["--list"]
    if verb == "consume":
        if not rest or rest[0].startswith("-"):
            raise Failure("consume needs the name of a topic", 2)
        rest = ["--topic", *rest]
    command = java(["-Xmx256m", "-XX:TieredStopAtLevel=1"], TOOLS[verb],
                   ["--bootstrap-server", cluster.state["bootstrap"], *rest])
    if cluster.secure():
        command += ["--consumer.config" if verb == "consume" else "--command-config",
                    str(cluster.folder / "admin.java.properties")]
    return subprocess.run(command, check=False).returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     usage=argparse.SUPPRESS)
    parser.add_argument("verb", choices=["start", "stop", "status", *TOOLS])
    parser.add_argument("--dir", default=str(HOME / "default"))
    parser.add_argument("--brokers", type=int, choices=(1, 3))
    parser.add_argument("--broker", type=int, metavar="N")
    parser.add_argument("--proxied", default="")
    parser.add_argument("--bench", action="store_true", help="start: heap and compiler of a bench")
    parser.add_argument("--secure", action="store_true")
    parser.add_argument("--oauth", action="store_true",
                        help="start --secure: OAUTHBEARER with unsigned tokens, too: anybody is who they say")
    parser.add_argument("--remove", action="store_true")
    parser.add_argument("--json", action="store_true")
    options, rest = parser.parse_known_args()
    if options.verb == "acls" and options.remove:
        rest.append("--remove")
    if rest and options.verb not in TOOLS:
        parser.error(f"unknown: {' '.join(rest)}")
    try:
        cluster = Cluster(options.dir)
        cluster.security = ("oauth" if options.oauth else "scram") if options.secure else ""
        if options.verb == "start":
            proxied = options.proxied.split(",") if options.proxied else []
            cluster.start(options.brokers, options.bench, proxied, options.broker)
            return 0 if options.broker else status(cluster, options.json)
        if cluster.state is None:
            raise Failure(f"no broker was started in {options.dir}: ./dev kafka start", 3)
        if options.verb == "stop":
            cluster.stop(options.remove, options.broker)
            return 0
        if options.verb == "status":
            return status(cluster, options.json)
        if options.verb == "acls" and rest and rest[0] != "--list":
            return acls.main(rest, lambda arguments: tool(cluster, "acls", arguments))
        return tool(cluster, options.verb, rest)
    except secure.Unable as unable:
        print(f"kafka: {unable}", file=sys.stderr)
        return 1
    except Failure as failure:
        print(f"kafka: {failure}", file=sys.stderr)
        return failure.code
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
