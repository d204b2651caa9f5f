"""Runs a Pulumi program in this process, without engine, provider or cluster, and records all that it registers.

Pulumi's own mocks hand on a resource's inputs and drop its options. The requests that the SDK sends to the engine carry
both, so the monitor here keeps the requests: inputs, parent, dependencies, protection, what is secret.
"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pulumi
from google.protobuf import struct_pb2
from pulumi.runtime import mocks, rpc, set_all_config
from pulumi.runtime import resource as registration
from pulumi.runtime.proto import resource_pb2, source_pb2
from pulumi.runtime.settings import SETTINGS
from pulumi.runtime.stack import run_pulumi_func, wait_for_rpcs
from pulumi.runtime.sync_await import _sync_await  # pyright: ignore[reportPrivateUsage]

PROJECT = "weir"
STACK_TYPE = "pulumi:pulumi:Stack"
SECRET = "(secret)"  # noqa: S105 - what stands in the place of a secret
UNKNOWN = "(known after apply)"
# How the SDK marks special values inside a Struct (sdk/python/lib/pulumi/runtime/rpc.py).
SIGNATURE = rpc._special_sig_key  # pyright: ignore[reportPrivateUsage]
SECRET_SIGNATURE = rpc._special_secret_sig  # pyright: ignore[reportPrivateUsage]


@dataclass(frozen=True)
class Recorded:
    """A resource as the engine would have got it. Secrets stand as `SECRET`; whole numbers are ints."""

    urn: str
    type: str
    name: str
    inputs: dict[str, Any]
    secret_paths: frozenset[str]
    """Where the secrets were: `stringData.password`, `spec.users[0]`."""
    parent: str
    """The parent's URN; empty for the stack itself."""
    dependencies: tuple[str, ...]
    """URNs that must exist before it, and go after it."""
    custom: bool
    """False for a component, which is nothing but its children."""
    protect: bool
    retain_on_delete: bool
    ignore_changes: tuple[str, ...]
    aliases: tuple[str, ...] = field(default=())


def _aiven_kafka(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Where the service answers: its host follows from its names, its ports are Aiven's to choose."""
    host = f"{inputs['serviceName']}-{inputs['project']}.aivencloud.com"
    parts = ({"component": name, "host": host, "port": 0} for name in ("kafka", "schema_registry"))
    return {"components": [{**part, "kafkaAuthenticationMethod": "sasl"} for part in parts]}


COMPUTED: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "aiven:index/kafka:Kafka": _aiven_kafka,
    "aiven:index/kafkaUser:KafkaUser": lambda _: {"password": SECRET},
}
"""What a provider would add to the inputs of a type; port 0 and `SECRET` stand for what only it knows."""


class RecordingMonitor(mocks.MockMonitor):
    """A monitor that answers every registration with the resource's own inputs, and keeps the request."""

    def __init__(self) -> None:
        super().__init__(_NoMocks())
        self.recorded: list[Recorded] = []

    def RegisterResource(  # noqa: N802 - named by the protocol
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        """Keeps `request`; a custom resource gets an id made of its name."""
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type != STACK_TYPE:
            self.recorded.append(_recorded(urn, request))
        identifier = f"{request.name}-id" if request.custom else ""
        outputs = request.object
        if request.type in COMPUTED:
            outputs.update(COMPUTED[request.type](plain(outputs)))
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identifier, object=outputs)


class _NoMocks(mocks.Mocks):
    """Weir's programs read nothing from a provider: they would not render without one."""

    def call(self, args: mocks.MockCallArgs) -> tuple[dict, list[tuple[str, str]] | None]:  # type: ignore[type-arg]
        raise NotImplementedError(
            f"the program calls {args.token}, which is not possible when rendering offline; remove the call"
        )

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict]:  # type: ignore[type-arg]
        raise NotImplementedError(
            f"the program reads an existing {args.typ}, which is not possible when rendering offline; remove the read"
        )


def record(program: Callable[[], object], stack: str, config: Mapping[str, str] | None = None) -> list[Recorded]:
    """Runs `program` as Pulumi would for `stack`; what it registered, each after all that it depends on.

    `config` is the stack's as Pulumi hands it to a program: full keys, and JSON text for what is not a string.
    Whatever the program raises is raised here.
    """
    # A separate thread has its own event loop: the caller may already be inside another one.
    with ThreadPoolExecutor(max_workers=1, initializer=_own_loop) as thread:
        return thread.submit(contextvars.copy_context().run, _record, program, stack, dict(config or {})).result()


def _own_loop() -> None:
    asyncio.set_event_loop(asyncio.new_event_loop())


def _record(program: Callable[[], object], stack: str, config: dict[str, str]) -> list[Recorded]:
    monitor = RecordingMonitor()
    pulumi.runtime.settings.ROOT.set(None)
    set_all_config(config, [])
    quiet = logging.getLogger("weir.programs.recording")
    mocks.set_mocks(_NoMocks(), project=PROJECT, stack=stack, preview=False, monitor=monitor, logger=quiet)
    settings = cast("Any", SETTINGS)
    settings.rpc_manager.clear()
    settings.outputs.clear()
    loop = asyncio.get_event_loop()
    try:
        with _unwatched():
            _sync_await(run_pulumi_func(lambda: _run(program)))
    finally:
        loop.close()
    return in_dependency_order(monitor.recorded)


@contextmanager
def _unwatched() -> Iterator[None]:
    """Turns off two things that take a third of a run and do not affect the recording.

    The collector finds no garbage, for all that is registered lives until the end; and the SDK describes the whole call
    stack of each resource for the engine's messages.
    """
    sdk = cast("Any", registration)
    collecting, stack_trace = gc.isenabled(), sdk._get_stack_trace
    gc.disable()
    sdk._get_stack_trace = source_pb2.StackTrace
    try:
        yield
    finally:
        sdk._get_stack_trace = stack_trace
        if collecting:
            gc.enable()


async def _run(program: Callable[[], object]) -> None:
    program()
    await wait_for_rpcs()


def in_dependency_order(resources: list[Recorded]) -> list[Recorded]:
    """Dependencies and parents first; otherwise by URN, so that the order says nothing of how threads ran."""
    by_urn = {resource.urn: resource for resource in sorted(resources, key=lambda resource: resource.urn)}
    ordered: dict[str, Recorded] = {}

    def place(urn: str) -> None:
        resource = by_urn.get(urn)
        if resource is None or urn in ordered:
            return
        for before in sorted((resource.parent, *resource.dependencies)):
            place(before)
        ordered[urn] = resource

    for urn in by_urn:
        place(urn)
    return list(ordered.values())


def _recorded(urn: str, request: resource_pb2.RegisterResourceRequest) -> Recorded:
    inputs = cast("dict[str, Any]", plain(request.object))
    return Recorded(
        urn=urn,
        type=request.type,
        name=request.name,
        inputs=inputs,
        secret_paths=frozenset(secret_paths(request.object)),
        parent=request.parent,
        dependencies=tuple(sorted(set(request.dependencies))),
        custom=request.custom,
        protect=bool(request.protect),
        retain_on_delete=bool(request.retainOnDelete),
        ignore_changes=tuple(request.ignoreChanges),
        aliases=tuple(alias.urn or alias.spec.name for alias in request.aliases if alias.urn or alias.spec.name),
    )


def plain(value: struct_pb2.Struct | struct_pb2.Value) -> Any:
    """A protobuf value as Python's: secrets and unknowns by their placeholders, 3.0 as 3."""
    if isinstance(value, struct_pb2.Struct):
        if _is_secret(value):
            return masked(plain(value.fields["value"]))
        return {key: plain(item) for key, item in value.fields.items()}
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return plain(value.struct_value)
    if kind == "list_value":
        return [plain(item) for item in value.list_value.values]
    return _scalar(None if kind is None else getattr(value, kind))


def _scalar(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if value == rpc.UNKNOWN:
        return UNKNOWN
    return value if isinstance(value, bool | str) else None


def masked(value: Any) -> Any:
    """`value` with a placeholder for every leaf: the keys of a Secret are none, and whoever reads it needs them."""
    if isinstance(value, dict):
        return {key: masked(item) for key, item in value.items()}
    return [masked(item) for item in value] if isinstance(value, list) else SECRET


def secret_paths(struct: struct_pb2.Struct, prefix: str = "") -> Iterator[str]:
    """The paths in `struct` that hold a secret."""
    for key, value in struct.fields.items():
        yield from _secrets_in(value, f"{prefix}.{key}" if prefix else key)


def _secrets_in(value: struct_pb2.Value, path: str) -> Iterator[str]:
    kind = value.WhichOneof("kind")
    if kind == "struct_value" and _is_secret(value.struct_value):
        yield path
    elif kind == "struct_value":
        yield from secret_paths(value.struct_value, path)
    elif kind == "list_value":
        for index, item in enumerate(value.list_value.values):
            yield from _secrets_in(item, f"{path}[{index}]")


def _is_secret(struct: struct_pb2.Struct) -> bool:
    return SIGNATURE in struct.fields and struct.fields[SIGNATURE].string_value == SECRET_SIGNATURE
