"""The secure broker of `./dev kafka start --secure`: TLS by a CA of its own, SASL, ACLs, one super user.

Nobody may do anything but User:admin, until `./dev kafka acls --apply` says so. What is made is in the
broker's folder, readable by its owner only: `USER.properties` with SASL/PLAIN and `USER.scram.properties` with
SCRAM-SHA-512, for the users admin and laurel (librdkafka: kafka.client_file, kcat -F); `admin.java.properties`
(Kafka's own tools); `ca.pem`. SCRAM on Kafka 4 takes librdkafka 2.6.1 or newer: Debian 12 has an older one.

The certificate is for the name localhost, not for its address: a client that checks no names would not notice.
"""

import os
import secrets
import ssl
import subprocess

HOST = "localhost"
ADMIN, USER = "admin", "laurel"
SCRAM = "SCRAM-SHA-512"
LOGIN = "org.apache.kafka.common.security"


class Unable(Exception):
    pass


def private(path, text):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(text)


def openssl(folder, *arguments):
    done = subprocess.run(["openssl", *arguments], cwd=folder, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise Unable(f"openssl {arguments[0]}: {done.stdout[-1000:]}")


def make_certificates(folder):
    """ca.pem, and broker.pem: a key and its certificate, as Kafka takes them."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(folder, "req", "-x509", *key, "-days", "3650", "-subj", "/CN=Laurel development CA",
            "-keyout", "ca.key", "-out", "ca.pem")
    openssl(folder, "req", *key, "-subj", f"/CN={HOST}", "-keyout", "broker.key", "-out", "broker.csr")
    (folder / "broker.ext").write_text(f"subjectAltName=DNS:{HOST}\n")
    openssl(folder, "x509", "-req", "-in", "broker.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", "3650", "-extfile", "broker.ext", "-out", "broker.crt")
    private(folder / "broker.pem", (folder / "broker.key").read_text() + (folder / "broker.crt").read_text())
    for name in ("broker.key", "broker.csr", "broker.crt", "broker.ext", "ca.srl"):
        (folder / name).unlink(missing_ok=True)
    os.chmod(folder / "ca.key", 0o600)


def client_properties(folder, user, password, mechanism):
    """As librdkafka takes them."""
    return f"""\
security.protocol=SASL_SSL
sasl.mechanisms={mechanism}
sasl.username={user}
sasl.password={password}
ssl.ca.location={folder / 'ca.pem'}
broker.address.family=v4
"""


def plain_login(users):
    return (f'{LOGIN}.plain.PlainLoginModule required username="{ADMIN}" password="{users[ADMIN]}"'
            + "".join(f' user_{user}="{password}"' for user, password in users.items()) + ";")


def scram_login(user, password):
    return f'{LOGIN}.scram.ScramLoginModule required username="{user}" password="{password}";'


def make(folder):
    """Certificates, passwords and the files of clients; {user: password}."""
    make_certificates(folder)
    users = {user: secrets.token_urlsafe(24) for user in (ADMIN, USER)}
    for user, password in users.items():
        private(folder / f"{user}.properties", client_properties(folder, user, password, "PLAIN"))
        private(folder / f"{user}.scram.properties", client_properties(folder, user, password, SCRAM))
    private(folder / "admin.java.properties", f"""\
security.protocol=SASL_SSL
sasl.mechanism={SCRAM}
sasl.jaas.config={scram_login(ADMIN, users[ADMIN])}
ssl.truststore.type=PEM
ssl.truststore.location={folder / 'ca.pem'}
""")
    return users


def set_up(folder, broker_folder, broker, security):
    """Makes the broker's server.properties secure, and the files of its clients. Arguments for kafka-storage
    format. `security`: `oauth` takes anybody for who they say they are, too: to test that side of clients."""
    users = make(folder)
    password = users[ADMIN]
    listener = "listener.name.sasl_ssl"
    mechanisms = f"{SCRAM},PLAIN" + (",OAUTHBEARER" if security == "oauth" else "")
    path = broker_folder / "server.properties"
    text = path.read_text() + f"""
# Of a name that is there twice the last counts.
controller.quorum.voters={broker['id']}@{HOST}:{broker['controller_port']}
listeners=SASL_SSL://127.0.0.1:{broker['port']},CONTROLLER://127.0.0.1:{broker['controller_port']}
advertised.listeners=SASL_SSL://{HOST}:{broker['port']}
listener.security.protocol.map=SASL_SSL:SASL_SSL,CONTROLLER:SASL_SSL
inter.broker.listener.name=SASL_SSL
sasl.enabled.mechanisms={mechanisms}
sasl.mechanism.inter.broker.protocol={SCRAM}
sasl.mechanism.controller.protocol=PLAIN
{listener}.scram-sha-512.sasl.jaas.config={scram_login(ADMIN, password)}
listener.name.controller.sasl.enabled.mechanisms=PLAIN
listener.name.controller.plain.sasl.jaas.config={plain_login({ADMIN: password})}
{listener}.plain.sasl.jaas.config={plain_login(users)}
ssl.keystore.type=PEM
ssl.keystore.location={folder / 'broker.pem'}
ssl.truststore.type=PEM
ssl.truststore.location={folder / 'ca.pem'}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:{ADMIN}
allow.everyone.if.no.acl.found=false
"""
    if security == "oauth":
        text += (f"{listener}.oauthbearer.sasl.jaas.config={LOGIN}.oauthbearer.OAuthBearerLoginModule "
                 f'required unsecuredLoginStringClaim_sub="{ADMIN}";\n')
    path.unlink()
    private(path, text)
    scram = []
    for user, of_user in users.items():
        scram += ["--add-scram", f"{SCRAM}=[name={user},password={of_user}]"]
    return scram


def wrap(folder, connection):
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    return context.wrap_socket(connection, server_hostname=HOST)
