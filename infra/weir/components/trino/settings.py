"""Trino's configuration files as text; secrets are references to environment variables and files."""

from __future__ import annotations

from dataclasses import dataclass

from weir.components.certificates import KEYSTORE_PASSWORD
from weir.components.trino import people as rules_of
from weir.components.trino.people import People
from weir.config.properties_text import properties
from weir.sizing.plan import PodSize, TrinoPlan

HTTP_PORT = 8080
HTTPS_PORT = 8443
CONFIG_FOLDER = "/etc/trino"
DATA_FOLDER = "/data/trino"
TLS_FOLDER = "/etc/weir/trino-tls"
CLIENTS_FOLDER = "/etc/weir/trino-clients"
CASSANDRA_CA_FOLDER = "/etc/weir/cassandra-ca"
PEOPLE_FOLDER = "/etc/weir/trino-people"
PASSWORDS_FILE = "password.db"
QUERY_LOG_PORT = 8099
SHARED_SECRET_VARIABLE = "INTERNAL_SHARED_SECRET"  # noqa: S105 - its name
PASSWORD_VARIABLE = "CASSANDRA_PASSWORD"  # noqa: S105 - its name
# A quarter of the heap is left for memory that Trino does not track.
HEADROOM_SHARE = 0.25
CATALOG_FILE = "cassandra.properties"
ACCESS_FILE, RULES_FILE = "access-control.properties", "access-control-of-people.properties"


@dataclass(frozen=True)
class TrinoTopology:
    """The coordinator's address, and whether connections are encrypted."""

    service: str
    environment: str
    tls: bool

    @property
    def discovery_uri(self) -> str:
        """The coordinator's URL, for workers."""
        return f"https://{self.service}:{HTTPS_PORT}" if self.tls else f"http://{self.service}:{HTTP_PORT}"

    @property
    def port(self) -> int:
        """The only open port."""
        return HTTPS_PORT if self.tls else HTTP_PORT

    @property
    def scheme(self) -> str:
        """The scheme of that port."""
        return "https" if self.tls else "http"


def server_properties(
    topology: TrinoTopology, plan: TrinoPlan, people: People | None = None, *, coordinator: bool
) -> dict[str, str]:
    """config.properties of the coordinator or of a worker; `people` are those who log in by password."""
    size = plan.coordinator if coordinator or not plan.workers else plan.worker
    settings = {
        "coordinator": _flag(coordinator),
        "discovery.uri": topology.discovery_uri,
        "query.max-memory": f"{plan.query_max_memory_mib}MB",
        "memory.heap-headroom-per-node": f"{round((size.heap_mib or 0) * HEADROOM_SHARE)}MB",
        # Dashboards query continuously; finished queries must not fill the heap.
        "query.min-expire-age": "30s",
    }
    if coordinator:
        settings |= {
            "node-scheduler.include-coordinator": _flag(plan.workers == 0),
            "access-control.config-files": ",".join(
                f"{CONFIG_FOLDER}/{name}" for name in (ACCESS_FILE, *([RULES_FILE] if people else []))
            ),
        }
    if coordinator and people:
        settings["query.max-execution-time"] = f"{people.limits.query_max_seconds}s"
    if not topology.tls:
        return settings | {"http-server.http.port": str(HTTP_PORT)}
    settings |= {
        "http-server.http.enabled": "false",
        "http-server.https.enabled": "true",
        "http-server.https.port": str(HTTPS_PORT),
        "http-server.https.keystore.path": f"{TLS_FOLDER}/keystore.p12",
        "http-server.https.keystore.key": KEYSTORE_PASSWORD,
        "internal-communication.https.required": "true",
        # The nodes derive certificates for each other from the secret. These contain addresses, because a pod cannot
        # resolve another pod's name.
        "internal-communication.shared-secret": f"${{ENV:{SHARED_SECRET_VARIABLE}}}",
    }
    if coordinator:
        # Superset authenticates with a certificate of the clients' authority, whose common name is the user; people
        # with a password.
        settings |= {
            "http-server.authentication.type": "CERTIFICATE,PASSWORD" if people else "CERTIFICATE",
            "http-server.https.truststore.path": f"{CLIENTS_FOLDER}/truststore.p12",
            "http-server.https.truststore.key": KEYSTORE_PASSWORD,
            "http-server.authentication.certificate.user-mapping.pattern": "CN=([^,]+).*",
        }
    return settings


def catalog_properties(contact_point: str, datacenter: str, role: str, *, tls: bool) -> dict[str, str]:
    """The catalog `cassandra`; its role can only read."""
    host, port = contact_point.rsplit(":", 1)
    settings = {
        "connector.name": "cassandra",
        "cassandra.contact-points": host,
        "cassandra.native-protocol-port": port,
        "cassandra.load-policy.use-dc-aware": "true",
        "cassandra.load-policy.dc-aware.local-dc": datacenter,
        "cassandra.consistency-level": "LOCAL_QUORUM",
        "cassandra.security": "PASSWORD",
        "cassandra.username": role,
        "cassandra.password": f"${{ENV:{PASSWORD_VARIABLE}}}",
    }
    if tls:
        settings |= {
            "cassandra.tls.enabled": "true",
            "cassandra.tls.truststore-path": f"{CASSANDRA_CA_FOLDER}/ca.crt",
        }
    return settings


def jvm_options(size: PodSize) -> list[str]:
    """jvm.config, following Trino's recommendations."""
    return [
        "-server",
        f"-Xmx{size.heap_mib}M",
        "-XX:+UseG1GC",
        "-XX:G1HeapRegionSize=32M",
        "-XX:+ExplicitGCInvokesConcurrent",
        "-XX:+ExitOnOutOfMemoryError",
        "-XX:ReservedCodeCacheSize=256M",
        "-Djdk.attach.allowAttachSelf=true",
        "-XX:+EnableDynamicAgentLoading",
        # CURRENT_DATE must be the day that the monitor writes, which is in UTC.
        "-Duser.timezone=UTC",
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
    ]


def files(
    topology: TrinoTopology, plan: TrinoPlan, people: People | None = None, *, coordinator: bool
) -> dict[str, str]:
    """All files of /etc/trino except the catalog."""
    size = plan.coordinator if coordinator else plan.worker
    return {
        "config.properties": properties(server_properties(topology, plan, people, coordinator=coordinator)),
        "node.properties": properties({"node.environment": topology.environment, "node.data-dir": DATA_FOLDER}),
        "jvm.config": "".join(f"{line}\n" for line in jvm_options(size)),
        ACCESS_FILE: properties({"access-control.name": "read-only"}),
        # Its lines name neither the user nor the query; who asked what is in the query log.
        "log.properties": properties({"io.trino.event.QueryMonitor": "WARN"}),
        **(files_of_people(people) if coordinator and people else {}),
    }


def files_of_people(people: People) -> dict[str, str]:
    """The coordinator's files for people: how they log in, what they may do, how much, and the log of their queries."""
    return {
        "password-authenticator.properties": properties(
            {
                "password-authenticator.name": "file",
                "file.password-file": f"{PEOPLE_FOLDER}/{PASSWORDS_FILE}",
            }
        ),
        "group-provider.properties": properties(
            {"group-provider.name": "file", "file.group-file": f"{CONFIG_FOLDER}/groups.txt"}
        ),
        "groups.txt": rules_of.group_file(people.groups),
        # Beside `read-only`: both must agree, so a mistake in the rules lets nobody write.
        RULES_FILE: properties({"access-control.name": "file", "security.config-file": f"{CONFIG_FOLDER}/rules.json"}),
        "rules.json": rules_of.rules(people),
        "resource-groups.properties": properties(
            {
                "resource-groups.configuration-manager": "file",
                "resource-groups.config-file": f"{CONFIG_FOLDER}/resource-groups.json",
            }
        ),
        "resource-groups.json": rules_of.resource_groups(people.limits),
        "event-listener.properties": properties(
            {
                "event-listener.name": "http",
                # A container of the same pod: no query leaves it in clear.
                "http-event-listener.connect-ingest-uri": f"http://127.0.0.1:{QUERY_LOG_PORT}/",
                "http-event-listener.log-completed": "true",
                "http-event-listener.connect-retry-count": "3",
            }
        ),
    }


def _flag(value: bool) -> str:
    return "true" if value else "false"
