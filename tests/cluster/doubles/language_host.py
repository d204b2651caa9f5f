"""A test double of Pulumi's language host for Python (`pulumi-language-python`), which no package registry serves.

It runs the program in the project's environment, through the executor script of Pulumi's own SDK, and hands what the
program prints to the engine. It neither installs dependencies nor names plugins to be downloaded.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, language_pb2, language_pb2_grpc, plugin_pb2
from tests.cluster.doubles.plugin import serve

EXECUTOR_VARIABLE = "WEIR_PULUMI_EXECUTOR"
SHOWN_ALREADY = 32
"""The exit code of a program whose error the engine has shown."""

Context = grpc.ServicerContext


class PythonHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Runs programs for the engine at `engine`."""

    def __init__(self, engine: str, executor: Path) -> None:
        self._engine = engine
        self._executor = executor

    def Handshake(self, request: Any, context: Context) -> language_pb2.LanguageHandshakeResponse:  # noqa: N802
        self._engine = request.engine_address or self._engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Context) -> plugin_pb2.PluginInfo:  # noqa: N802
        return plugin_pb2.PluginInfo(version=version("pulumi"))

    def GetRequiredPackages(  # noqa: N802
        self, request: Any, context: Context
    ) -> language_pb2.GetRequiredPackagesResponse:
        return language_pb2.GetRequiredPackagesResponse()

    def GetRequiredPlugins(  # noqa: N802
        self, request: Any, context: Context
    ) -> language_pb2.GetRequiredPluginsResponse:
        return language_pb2.GetRequiredPluginsResponse()

    def About(self, request: Any, context: Context) -> language_pb2.AboutResponse:  # noqa: N802
        return language_pb2.AboutResponse(executable=sys.executable, version=sys.version.split()[0])

    def GetProgramDependencies(  # noqa: N802
        self, request: Any, context: Context
    ) -> language_pb2.GetProgramDependenciesResponse:
        return language_pb2.GetProgramDependenciesResponse()

    def InstallDependencies(  # noqa: N802
        self, request: Any, context: Context
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        yield language_pb2.InstallDependenciesResponse(stdout=b"dependencies come from the lock file: make python\n")

    def Run(self, request: Any, context: Context) -> language_pb2.RunResponse:  # noqa: N802
        """Runs the program to its end."""
        settings = {
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        with grpc.insecure_channel(self._engine) as channel:
            engine = engine_pb2_grpc.EngineStub(channel)
            process = subprocess.Popen(
                command(request, self._engine, self._executor),
                cwd=request.info.program_directory,
                env={**os.environ, **settings},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            context.add_callback(process.kill)
            streams = (process.stdout, process.stderr)
            readers = [threading.Thread(target=_hand_on, args=(engine, stream)) for stream in streams]
            for reader in readers:
                reader.start()
            for reader in readers:
                reader.join()
            return response(process.wait())


def command(request: Any, engine: str, executor: Path) -> list[str]:
    """The command line of the program: the executor's options, then the program's folder and arguments."""
    info = request.info
    environment = dict(info.options).get("virtualenv")
    python = f"{info.root_directory}/{environment}/bin/python" if environment else sys.executable
    options = {
        "monitor": request.monitor_address,
        "engine": engine,
        "project": request.project,
        "stack": request.stack,
        "organization": request.organization,
        "root_directory": info.root_directory,
        "pwd": info.program_directory,
        "dry_run": str(request.dryRun).lower(),
        "parallel": str(request.parallel),
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    program = str(Path(info.program_directory) / info.entry_point)
    return [python, "-u", str(executor), *flags, program, *request.args]


def response(exit_code: int) -> language_pb2.RunResponse:
    """What the engine makes of the program's end."""
    if exit_code == SHOWN_ALREADY:
        return language_pb2.RunResponse(bail=True)
    if exit_code != 0:
        return language_pb2.RunResponse(error=f"the program ended with exit code {exit_code}")
    return language_pb2.RunResponse()


def _hand_on(engine: Any, stream: IO[str]) -> None:
    """Lines of a program's error output are no errors: warnings of libraries are among them."""
    for line in stream:
        engine.Log(engine_pb2.LogRequest(severity=engine_pb2.LogSeverity.INFO, message=line))


def main() -> None:
    """Serves the double; the engine's address is the last argument."""
    addresses = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    host = PythonHost(addresses[-1] if addresses else "", Path(os.environ[EXECUTOR_VARIABLE]))
    serve(lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server))


if __name__ == "__main__":
    main()
