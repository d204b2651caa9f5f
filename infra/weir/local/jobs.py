"""Pipelines as Flink jobs: started from their newest state, upgraded when they changed, stopped with a savepoint."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from weir.catalog.engine_names import consumer_group
from weir.catalog.flink import JDK17_FLAGS, PYTHON_DRIVER, JobFiles, flink_configuration, job_arguments
from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.clients.flink_rest import FlinkRest
from weir.clients.kafka import TopicReader
from weir.config.errors import WeirError
from weir.local import flink, jvm
from weir.local.service import Context
from weir.toolchain import locks
from weir.toolchain.job_package import build_job_package

CLI_MAIN = "org.apache.flink.client.cli.CliFrontend"
SUBMIT_TIMEOUT_SECONDS = 300
RUNNING_TIMEOUT_SECONDS = 120
STOP_TIMEOUT_SECONDS = 120
SUBMIT_ATTEMPTS = 20
SUBMIT_PAUSE_SECONDS = 5
CLIENT_HEAP_MIB = 512
METADATA_FILE = "_metadata"


def submit(ctx: Context, pipeline: Pipeline, *, from_empty: bool = False) -> str:
    """Runs the job of `pipeline`; returns its id once all of its tasks run.

    A job of this pipeline that runs already is left alone when nothing about it changed, else it is stopped with a
    savepoint and started anew from it. Otherwise the job starts from its newest savepoint or retained checkpoint; with
    `from_empty`, without any state, from the oldest event.

    Raises:
        WeirError: the state of an earlier run is gone or does not fit, the job fails, or Flink does not answer.
    """
    # The supervisor submits again after a restart, perhaps while somebody types `weir up`: two jobs would run.
    with locks.held(ctx.paths.data("jobs") / f".{pipeline.name}.lock"):
        return _submit(ctx, pipeline, from_empty=from_empty)


def _submit(ctx: Context, pipeline: Pipeline, *, from_empty: bool) -> str:
    rest = FlinkRest.of(ctx.endpoints)
    package = build_job_package(ctx.repository, ctx.paths.config("jobs") / "dedup_join.zip")
    fingerprint = _fingerprint(ctx, pipeline, package)
    running = rest.running(pipeline.name)
    if running is not None:
        record = _record(ctx, pipeline)
        if (record.get("job"), record.get("fingerprint")) == (running.id, fingerprint) and not from_empty:
            return running.id
        _stop(ctx, rest, {running.id: running.name}, STOP_TIMEOUT_SECONDS)
    start = None if from_empty else newest_state(ctx, pipeline)
    if start is None and not from_empty and _record(ctx, pipeline):
        _refuse_lost_state(ctx, pipeline)
    job_id = _run(ctx, pipeline, package, start)
    try:
        rest.wait_until_running(job_id, RUNNING_TIMEOUT_SECONDS)
    except WeirError as error:
        origin = f" from {start}" if start else ""
        raise WeirError(f"pipeline {pipeline.name} could not be started{origin}: {error}") from None
    record = {"job": job_id, "fingerprint": fingerprint, "folder": str(pipeline.folder.absolute())}
    _record_file(ctx, pipeline).write_text(json.dumps(record), encoding="utf-8")
    _forget_older_state(ctx, pipeline, start, job_id)
    return job_id


def submit_again(ctx: Context) -> None:
    """Resubmits the last jobs to a job manager that restarted, until they are accepted: nobody has to do it by hand.

    Raises:
        WeirError: a pipeline was not taken in the end.
    """
    for record in sorted(ctx.paths.data("jobs").glob("*.json")):
        submitted = json.loads(record.read_text(encoding="utf-8"))
        folder = Path(submitted.get("folder", ctx.repository / "pipelines" / record.stem))
        for attempt in range(SUBMIT_ATTEMPTS if folder.exists() else 0):
            try:
                submit(ctx, load_pipeline(folder))
            except WeirError:
                if attempt + 1 == SUBMIT_ATTEMPTS:
                    raise
                # What it needs may be on its way back, too.
                time.sleep(SUBMIT_PAUSE_SECONDS)
            else:
                break


def stop_all(ctx: Context, timeout_seconds: float) -> dict[str, str | None]:
    """Stops every job; the location of its savepoint by job name, None where only its checkpoints remain."""
    rest = FlinkRest.of(ctx.endpoints)
    return _stop(ctx, rest, {job.id: job.name for job in rest.jobs() if job.active}, timeout_seconds)


def command(
    ctx: Context, pipeline: Pipeline, package: Path, start: Path | None, extra: tuple[str, ...] = ()
) -> list[str]:
    """The `flink run` that submits the job, detached; `extra` goes to the job itself (see `dedup_join.main`)."""
    return [*_java(ctx), CLI_MAIN, *_run_arguments(ctx, pipeline, package, start), *extra]


def _run_arguments(ctx: Context, pipeline: Pipeline, package: Path, start: Path | None) -> list[str]:
    (driver,) = (ctx.toolchain.home("flink") / "opt").glob("flink-python-*.jar")
    files = JobFiles(
        python=str(ctx.toolchain.home("flink-env") / "bin" / "python"),
        package=str(package),
        pipeline_folder=str(pipeline.folder.absolute()),
    )
    settings = {
        **flink_configuration(ctx.stack.flink, pipeline),
        "parallelism.default": str(ctx.stack.flink.parallelism),
        "execution.checkpointing.dir": _checkpoints(ctx, pipeline.name).as_uri(),
    }
    return [
        *("run", "--detached"),
        *(f"-D{key}={value}" for key, value in settings.items()),
        *(("--fromSavepoint", start.as_uri()) if start else ()),
        *("--class", PYTHON_DRIVER),
        str(driver),
        *job_arguments(files, ctx.endpoints, ctx.stack.flink, pipeline),
    ]


def environment(ctx: Context) -> dict[str, str]:
    """The environment of `command`."""
    home = ctx.toolchain.home("flink")
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(ctx.paths.config("jobs")),
        "LANG": "C.UTF-8",
        "FLINK_HOME": str(home),
        "FLINK_CONF_DIR": str(flink.client_config_folder(ctx)),
        "FLINK_LIB_DIR": str(home / "lib"),
        "FLINK_OPT_DIR": str(home / "opt"),
        "FLINK_PLUGINS_DIR": str(home / "plugins"),
    }


def _run(ctx: Context, pipeline: Pipeline, package: Path, start: Path | None) -> str:
    return run_client(ctx, command(ctx, pipeline, package, start), f"submitting pipeline {pipeline.name}")


def run_client(ctx: Context, arguments: list[str], what: str) -> str:
    """Runs a `command`; the id of the job that it submitted.

    Raises:
        WeirError: it failed; the message ends with what it printed last, the whole is in the `jobs` log.
    """
    log = ctx.paths.log("jobs")
    try:
        result = subprocess.run(
            arguments,
            env=environment(ctx),
            cwd=ctx.paths.config("jobs"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=SUBMIT_TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise WeirError(f"{what} took longer than {SUBMIT_TIMEOUT_SECONDS} s; check `weir status`") from None
    with log.open("a", encoding="utf-8") as file:
        file.write(result.stdout)
    submitted = re.search(r"JobID ([0-9a-f]{32})", result.stdout)
    if result.returncode != 0 or submitted is None:
        raise WeirError(f"{what} failed: {_last_cause(result.stdout)}\nThe full output is in {log}")
    return submitted.group(1)


def _java(ctx: Context) -> list[str]:
    libraries = sorted((ctx.toolchain.home("flink") / "lib").glob("*.jar"))
    return [
        jvm.java(ctx.toolchain.java17),
        "-cp",
        os.pathsep.join(map(str, libraries)),
        *jvm.COMMON_FLAGS,
        # A process of a few seconds: the quick compiler and the small collector are the fastest.
        f"-Xmx{CLIENT_HEAP_MIB}m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        *JDK17_FLAGS,
        f"-Dlog4j.configurationFile={flink.client_config_folder(ctx) / 'log4j-cli.properties'}",
    ]


def _last_cause(output: str) -> str:
    """The innermost cause of the failure: of Java where there is one, else what Python raised."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith("Caused by: ") and "Python process exits" not in line]
    raised = [line for line in lines if re.match(r"[\w.]+(Error|Exception): ", line)]
    return (causes or raised or lines or ["it printed nothing"])[-1].removeprefix("Caused by: ")


def _fingerprint(ctx: Context, pipeline: Pipeline, package: Path) -> str:
    """Changes with everything that the running job is made of: its files, its settings, the Flink it runs on."""
    digest = hashlib.sha256("\n".join(_run_arguments(ctx, pipeline, package, None)).encode())
    for file in [package, *sorted(path for path in pipeline.folder.rglob("*") if path.is_file())]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def newest_state(ctx: Context, pipeline: Pipeline) -> Path | None:
    """The newest complete savepoint or checkpoint: the one whose `_metadata`, which is written last, is the newest."""
    roots = [_savepoints(ctx, pipeline.name), _checkpoints(ctx, pipeline.name)]
    complete = [path for root in roots for path in root.rglob(METADATA_FILE)]
    return max(complete, key=lambda path: path.stat().st_mtime_ns).parent if complete else None


def _refuse_lost_state(ctx: Context, pipeline: Pipeline) -> None:
    """A job commits its offsets with its checkpoints: offsets without a checkpoint mean that state was lost."""
    group = consumer_group(pipeline)
    with TopicReader(ctx.endpoints, pipeline.source_topic.name, group=group) as reader:
        begun = any(offset > 0 for offset in reader.committed().values())
    if begun:
        raise WeirError(
            f"pipeline {pipeline.name} has read its topic before (group {group}), but there is no savepoint or "
            f"checkpoint in {_savepoints(ctx, pipeline.name)} or {_checkpoints(ctx, pipeline.name)}. Restore one of "
            "these folders, or start it without state from the oldest event: rows and totals come out the same as "
            "long as the topic still has all events, but dead letters are written again"
        )


def _forget_older_state(ctx: Context, pipeline: Pipeline, start: Path | None, job_id: str) -> None:
    """Deletes state that the running job can never be started from again: all but `start` and the job's own."""
    for root in (_savepoints(ctx, pipeline.name), _checkpoints(ctx, pipeline.name)):
        for folder in root.iterdir():
            if folder.name != job_id and (start is None or folder not in (start, start.parent)):
                shutil.rmtree(folder)


def _stop(ctx: Context, rest: FlinkRest, jobs: dict[str, str], timeout_seconds: float) -> dict[str, str | None]:
    """Stops `jobs` (id: name) side by side; those that cannot make a savepoint are cancelled."""
    deadline = time.monotonic() + timeout_seconds
    requests: dict[str, str | None] = {}
    for job_id, name in jobs.items():
        try:
            requests[job_id] = rest.request_stop(job_id, _savepoints(ctx, name).as_uri())
        except WeirError:
            requests[job_id] = None
    stopped: dict[str, str | None] = {}
    for job_id, request in requests.items():
        stopped[jobs[job_id]] = _await_stop(rest, job_id, request, deadline)
    return stopped


def _await_stop(rest: FlinkRest, job_id: str, request: str | None, deadline: float) -> str | None:
    def left() -> float:
        return max(1.0, deadline - time.monotonic())

    if request is not None:
        try:
            location = rest.await_savepoint(job_id, request, left())
            rest.await_end(job_id, left())
        except WeirError:
            pass
        else:
            return location
    # It fails and restarts, or its savepoint takes too long; its checkpoints outlive it.
    rest.cancel(job_id, left())
    return None


def _record(ctx: Context, pipeline: Pipeline) -> dict[str, str]:
    """Id (`job`), `fingerprint` and pipeline `folder` of the job that was submitted last; empty before the first."""
    path = _record_file(ctx, pipeline)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _record_file(ctx: Context, pipeline: Pipeline) -> Path:
    return ctx.paths.data("jobs") / f"{pipeline.name}.json"


def _checkpoints(ctx: Context, name: str) -> Path:
    return _made(flink.checkpoint_folder(ctx) / name)


def _savepoints(ctx: Context, name: str) -> Path:
    return _made(flink.savepoint_folder(ctx) / name)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
