"""Replay into a platform in a cluster, and its verification, run on the node, where services answer by their names.

`python -m tests.cluster.proving references|replay|verify <stack file> <folder> [<replay settings as JSON>]`: the folder
keeps what was sent. Replay logs in to Kafka as the producer, whose rules are thereby proved; verification as a
node.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from tests.cluster.api import Api

from weir.catalog.dataset import load_dataset
from weir.catalog.environment import load_environment
from weir.catalog.pipeline import Pipeline
from weir.components.kafka_plain import CLIENT_PORT, INTERNAL_PORT
from weir.config.endpoints import Endpoints, Login
from weir.config.stack import StackConfig, load_stack
from weir.programs.load import REPOSITORY
from weir.proof.cassandra import load_references
from weir.proof.replay import replay
from weir.proof.report import as_json
from weir.proof.verify import verify

NODE_CERTIFICATE = "kafka-node"
CASSANDRA_CERTIFICATE = "cassandra-tls"
ADMINISTRATOR = "cassandra-administrator"


class Platform:
    """The platform of a stack, as a client within the cluster sees it."""

    def __init__(self, api: Api, stack: StackConfig, folder: Path) -> None:
        self._api = api
        self._stack = stack
        self._folder = folder
        self._namespace = stack.kubernetes.name_prefix
        self.pipeline: Pipeline = load_environment(REPOSITORY / "pipelines", stack)[0]

    def as_producer(self) -> Endpoints:
        """For who may only publish the pipeline's events."""
        name = f"weir-{self.pipeline.name}-producer"
        login = Login(
            ca_file=self._file(NODE_CERTIFICATE, "ca.crt"),
            username=name,
            password=SecretStr(self._secret(name)["password"]),
        )
        return self._endpoints(CLIENT_PORT, login)

    def as_node(self) -> Endpoints:
        """For who may read everything."""
        ca, certificate, key = (self._file(NODE_CERTIFICATE, name) for name in ("ca.crt", "tls.crt", "tls.key"))
        return self._endpoints(INTERNAL_PORT, Login(ca_file=ca, certificate_file=certificate, key_file=key))

    def _endpoints(self, kafka_port: int, kafka_login: Login) -> Endpoints:
        administrator = self._secret(ADMINISTRATOR)
        return Endpoints(
            kafka_bootstrap_servers=f"{self._host('kafka-brokers')}:{kafka_port}",
            registry_url=f"http://{self._host('registry')}:8080/apis/ccompat/v7",
            cassandra_contact_points=(f"{self._host('cassandra')}:9042",),
            cassandra_datacenter=self._stack.cassandra.datacenter,
            flink_url=f"http://{self._host(f'{self.pipeline.name}-rest')}:8081",
            trino_url=f"https://{self._host('trino')}:8443",
            superset_url=f"http://{self._host('superset')}:8088",
            kafka_login=kafka_login,
            cassandra_login=Login(
                ca_file=self._file(CASSANDRA_CERTIFICATE, "ca.crt"),
                username=administrator["username"],
                password=SecretStr(administrator["password"]),
            ),
        )

    def _host(self, service: str) -> str:
        return f"{service}.{self._namespace}.svc"

    def _secret(self, name: str) -> dict[str, str]:
        data = self._api.get(f"/api/v1/namespaces/{self._namespace}/secrets/{name}")["data"]
        return {key: base64.b64decode(value).decode("latin-1") for key, value in data.items()}

    def _file(self, secret: str, key: str) -> Path:
        """A file with what a Secret holds, which only this user reads."""
        path = self._folder / f"{secret}-{key}"
        path.touch(mode=0o600)
        path.write_text(self._secret(secret)[key], encoding="latin-1")
        return path


def main(arguments: list[str]) -> int:
    action, stack_file, folder, *settings = arguments
    stack = load_stack(Path(stack_file))
    changes: dict[str, Any] = json.loads(settings[0]) if settings else {}
    api = Api.from_kubeconfig(Path(os.environ["KUBECONFIG"]).read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as secrets:
        platform = Platform(api, stack, Path(secrets))
        dataset = load_dataset(platform.pipeline.folder)
        if action == "references":
            load_references(platform.as_node(), platform.pipeline, dataset)
            return 0
        if action == "replay":
            limits = {name: changes.pop(name) for name in ("skip", "limit") if name in changes}
            config = stack.embedded.replay.model_copy(update=changes)
            replay(platform.as_producer(), platform.pipeline, dataset, config, Path(folder), **limits)
            return 0
        result = verify(platform.as_node(), platform.pipeline, dataset, Path(folder), stall_timeout_seconds=300)
    sys.stdout.write(as_json(result))
    return 0 if result.correct else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
