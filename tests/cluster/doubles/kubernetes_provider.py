"""A test double of Pulumi's Kubernetes provider (`pulumi-resource-kubernetes`), which no package registry serves.

It makes every kind of object by server-side apply, previews by a dry run, waits as the real one does for the kinds in
`readiness.py`, finds drift, and reports the API server's refusals with their fields. It has no Helm, no YAML and no
functions. What it shows of weir is that programs and manifests work on a real cluster; it shows nothing of the real
provider's own logic.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import grpc
from google.protobuf import any_pb2, empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2
from tests.cluster.api import NOT_FOUND, Api, RefusedError, UnknownKindError, describe
from tests.cluster.doubles import readiness
from tests.cluster.doubles.changes import as_found, changed_paths, replacing
from tests.cluster.doubles.plugin import serve
from tests.cluster.doubles.values import has_unknown, python, struct

PROPAGATION = "pulumi.com/deletionPropagationPolicy"
TIMEOUT_SECONDS = 900
APPEARS_SECONDS = 30
LOOKS_SECONDS = 1.0
"""Dozens of resources are awaited at once: three times as often, the API server took half of the processors."""
"""How long after its definition, or its namespace, an object may be refused for lack of them."""
NOT_IN_KUBERNETES = "kubernetes:helm.sh"

Context = grpc.ServicerContext
Answer = TypeVar("Answer")


class NotReadyError(Exception):
    """The object was made, and is not ready: it belongs into the state all the same."""

    def __init__(self, inputs: dict[str, Any], live: dict[str, Any], reason: str) -> None:
        self.inputs, self.live = inputs, live
        super().__init__(f"{describe(live)} is not ready: {reason}")


class KubernetesProvider(provider_pb2_grpc.ResourceProviderServicer):
    """Connects to the cluster with the first request that needs one: a preview of new resources needs none."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._kubeconfig = os.environ.get("KUBECONFIG")
        self._api: Api | None = None

    @property
    def api(self) -> Api:
        if self._api is None:
            path = Path(self._kubeconfig or Path.home() / ".kube" / "config")
            self._api = Api.from_kubeconfig(path.read_text(encoding="utf-8"))
        return self._api

    def GetPluginInfo(self, request: Any, context: Context) -> plugin_pb2.PluginInfo:  # noqa: N802
        return plugin_pb2.PluginInfo(version=self._version)

    def GetSchema(self, request: Any, context: Context) -> provider_pb2.GetSchemaResponse:  # noqa: N802
        schema = {"name": "kubernetes", "version": self._version}
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    def CheckConfig(self, request: Any, context: Context) -> provider_pb2.CheckResponse:  # noqa: N802
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Context) -> provider_pb2.DiffResponse:  # noqa: N802
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Context) -> provider_pb2.ConfigureResponse:  # noqa: N802
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Cancel(self, request: Any, context: Context) -> empty_pb2.Empty:  # noqa: N802
        return empty_pb2.Empty()

    def Check(self, request: Any, context: Context) -> provider_pb2.CheckResponse:  # noqa: N802
        """Names are weir's to give: an object without one is refused."""
        inputs = python(request.news)
        failures = []
        if not request.type.startswith(NOT_IN_KUBERNETES) and not (inputs.get("metadata") or {}).get("name"):
            failures.append(provider_pb2.CheckFailure(property="metadata.name", reason="the object has no name"))
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def Diff(self, request: Any, context: Context) -> provider_pb2.DiffResponse:  # noqa: N802
        old, new = python(request.old_inputs), python(request.news)
        paths = list(changed_paths(old, new))
        if not paths:
            return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
        replaces = replacing(new, paths)
        kinds = provider_pb2.PropertyDiff
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME,
            diffs=sorted({path.split(".")[0].split("[")[0] for path in paths}),
            replaces=replaces,
            # Names are pinned: the old object must go before the new one can come.
            deleteBeforeReplace=bool(replaces),
            hasDetailedDiff=True,
            detailedDiff={
                path: kinds(kind=kinds.UPDATE_REPLACE if path in replaces else kinds.UPDATE, inputDiff=True)
                for path in paths
            },
        )

    def Create(self, request: Any, context: Context) -> provider_pb2.CreateResponse:  # noqa: N802
        inputs = python(request.properties)
        if request.preview:
            properties = _answered(context, lambda: self._previewed(request.type, inputs))
            return provider_pb2.CreateResponse(properties=struct(properties))
        live = _answered(context, lambda: self._apply(inputs, request.timeout))
        return provider_pb2.CreateResponse(id=_identity(inputs), properties=struct(live))

    def Update(self, request: Any, context: Context) -> provider_pb2.UpdateResponse:  # noqa: N802
        inputs = python(request.news)
        if request.preview:
            properties = _answered(context, lambda: self._previewed(request.type, inputs))
            return provider_pb2.UpdateResponse(properties=struct(properties))
        live = _answered(context, lambda: self._apply(inputs, request.timeout))
        return provider_pb2.UpdateResponse(properties=struct(live))

    def Read(self, request: Any, context: Context) -> provider_pb2.ReadResponse:  # noqa: N802
        before, inputs = python(request.properties), python(request.inputs)
        live = _answered(context, lambda: self.api.read(before))
        if live is None:
            return provider_pb2.ReadResponse(id="")
        live = _tidy(live)
        found = as_found(inputs, before, live)
        return provider_pb2.ReadResponse(id=request.id, properties=struct(live), inputs=struct(found))

    def Delete(self, request: Any, context: Context) -> empty_pb2.Empty:  # noqa: N802
        timeout = request.timeout or TIMEOUT_SECONDS
        live = python(request.properties)
        named = (live["metadata"].get("annotations") or {}).get(PROPAGATION, "foreground")
        delete = self.api.delete
        _answered(context, lambda: delete(live, timeout_seconds=timeout, propagation=named.capitalize()))
        return empty_pb2.Empty()

    def _previewed(self, kind: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """What the API server would make of it, where there is one and all is known; else the inputs.

        What it will be put into may come in the same run: its absence is no error of a preview.
        """
        if self._kubeconfig and not kind.startswith(NOT_IN_KUBERNETES) and not has_unknown(inputs):
            try:
                self.api.apply(inputs, dry_run=True)
            except UnknownKindError:
                pass
            except RefusedError as refused:
                if refused.code != NOT_FOUND:
                    raise
        return inputs

    def _apply(self, inputs: dict[str, Any], timeout_seconds: float) -> dict[str, Any]:
        """Applies, then waits until it is ready.

        Raises:
            RefusedError: the API server refuses it.
            NotReadyError: it is there, and does not become ready.
        """
        deadline = time.monotonic() + (timeout_seconds or TIMEOUT_SECONDS)
        live = self._applied(inputs)
        while True:
            try:
                lacking = readiness.missing(self.api, live)
            except readiness.HopelessError as hopeless:
                raise NotReadyError(inputs, _tidy(live), str(hopeless)) from None
            if lacking is None:
                return _tidy(live)
            if time.monotonic() > deadline:
                raise NotReadyError(inputs, _tidy(live), lacking)
            time.sleep(LOOKS_SECONDS)
            live = self.api.read(inputs) or live

    def _applied(self, inputs: dict[str, Any]) -> dict[str, Any]:
        deadline = time.monotonic() + APPEARS_SECONDS
        while True:
            try:
                return self.api.apply(inputs).live
            except (RefusedError, UnknownKindError) as error:
                missing = isinstance(error, UnknownKindError) or error.code == NOT_FOUND
                if not missing or time.monotonic() > deadline:
                    raise
            time.sleep(0.5)


def _answered(context: Context, work: Callable[[], Answer]) -> Answer:
    """What `work` returns; its failure as the engine understands it."""
    try:
        return work()
    except NotReadyError as error:
        context.set_trailing_metadata((("grpc-status-details-bin", _partial(error)),))
        context.abort(grpc.StatusCode.UNKNOWN, str(error))
    except Exception as error:
        context.abort(grpc.StatusCode.UNKNOWN, str(error))
    raise AssertionError("abort raises")


def _partial(error: NotReadyError) -> bytes:
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=_identity(error.live),
            properties=struct(error.live),
            reasons=[str(error)],
            inputs=struct(error.inputs),
        )
    )
    return status_pb2.Status(code=2, message=str(error), details=[detail]).SerializeToString()


def _identity(manifest: Mapping[str, Any]) -> str:
    metadata = manifest["metadata"]
    return "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))


def _tidy(live: dict[str, Any]) -> dict[str, Any]:
    """Without the bookkeeping of who owns which field, which changes with every apply."""
    metadata = {key: value for key, value in live["metadata"].items() if key != "managedFields"}
    return {**live, "metadata": metadata}


def main() -> None:
    """Serves the double, at the version of the SDK in use."""
    from importlib.metadata import version  # noqa: PLC0415

    provider = KubernetesProvider(version("pulumi-kubernetes"))
    serve(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server))


if __name__ == "__main__":
    main()
