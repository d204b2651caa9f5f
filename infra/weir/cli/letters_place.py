"""Where `weir letters` works: on the platform of this machine, or on any Kafka and registry that it is given."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from weir.catalog.pipeline import Pipeline
    from weir.clients.letters.work import Desk
    from weir.config.endpoints import Login

KafkaOption = Annotated[str | None, typer.Option("--kafka", help="host:port of another Kafka than this machine's.")]
RegistryOption = Annotated[
    str | None,
    typer.Option("--registry", help="Confluent-compatible base URL of the registry beside --kafka; Avro needs it."),
]
LoginOption = Annotated[
    Path | None,
    typer.Option(
        "--login",
        help="Folder with the files of the Kafka user's Secret: `password`, or `user.crt` and `user.key`; and `ca.crt` "
        "where Kafka has its own authority.",
    ),
]
UserOption = Annotated[
    str | None,
    typer.Option("--user", help="The Kafka user. Default: that of the pipeline's only client with `role: letters`."),
]


def desk_of(name: str, kafka: str | None, registry: str | None, login: Path | None, user: str | None) -> Desk:
    """The desk for the letters of pipeline `name`.

    Raises:
        WeirError: options are missing or contradict each other, or nothing runs on this machine.
    """
    from weir.catalog.pipeline import load_pipelines  # noqa: PLC0415
    from weir.catalog.spec_source import SourceFormat  # noqa: PLC0415
    from weir.clients.letters.work import Desk  # noqa: PLC0415
    from weir.config.endpoints import Endpoints  # noqa: PLC0415
    from weir.config.errors import WeirError  # noqa: PLC0415
    from weir.config.repository import REPOSITORY  # noqa: PLC0415
    from weir.local import context  # noqa: PLC0415

    if kafka is None:
        if registry or login or user:
            raise WeirError("--registry, --login and --user: only with --kafka; add it, or remove them")
        ctx = context.running_context(context.paths_from(os.environ))
        return Desk(ctx.endpoints, context.pipeline_of(ctx, name))
    (pipeline,) = load_pipelines(REPOSITORY / "pipelines", [name])
    if registry is None and pipeline.spec.source.format is SourceFormat.AVRO:
        raise WeirError(f"--kafka: {name} reads Avro, and needs its schemas; add --registry")
    endpoints = Endpoints.of_pod(registry=(registry or "").rstrip("/"), kafka=kafka)
    if login is None:
        return Desk(endpoints, pipeline)
    return Desk(endpoints.model_copy(update={"kafka_login": login_of(login, pipeline, user)}), pipeline)


def login_of(folder: Path, pipeline: Pipeline, user: str | None) -> Login:
    """The login whose files are in `folder`, under the names that they have in the user's Secret.

    Raises:
        WeirError: the files are missing, or no user is named and not exactly one client has the role.
    """
    from pydantic import SecretStr  # noqa: PLC0415

    from weir.config.endpoints import Login  # noqa: PLC0415
    from weir.config.errors import WeirError  # noqa: PLC0415

    password, certificate, key, authority = (folder / name for name in ("password", "user.crt", "user.key", "ca.crt"))
    ca_file = authority if authority.is_file() else None
    if certificate.is_file() and key.is_file():
        return Login(ca_file=ca_file, certificate_file=certificate, key_file=key)
    if not password.is_file():
        raise WeirError(f"--login {folder}: neither `password` nor `user.crt` and `user.key` are there; copy them")
    text = password.read_text(encoding="utf-8").strip()
    return Login(ca_file=ca_file, username=user or only_user(pipeline), password=SecretStr(text))


def only_user(pipeline: Pipeline) -> str:
    """The Kafka user of the pipeline's only client with `role: letters`.

    Raises:
        WeirError: it has none, or several.
    """
    from weir.catalog.own_names import client_user  # noqa: PLC0415
    from weir.catalog.spec_clients import ClientRole  # noqa: PLC0415
    from weir.config.errors import WeirError  # noqa: PLC0415

    names = [name for name, client in pipeline.spec.clients.items() if client.role is ClientRole.LETTERS]
    if len(names) != 1:
        raise WeirError(f"{pipeline.name}: {len(names)} clients have `role: letters`; name the Kafka user with --user")
    return client_user(pipeline.name, names[0])
