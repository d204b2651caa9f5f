"""Imports the repository's dashboards into Superset, with a job that runs whenever one of them changes."""

from __future__ import annotations

import json

import pulumi
import pulumi_kubernetes as k8s

from weir.catalog.dashboard import import_files
from weir.components.base import Component, Resources, Site
from weir.components.job import JobArgs, RunToCompletion
from weir.components.superset import settings as shared
from weir.components.superset.settings import SupersetArgs, SupersetSecrets
from weir.sizing.helper_pods import DASHBOARDS_JOB

NAME = "superset-setup"
FOLDER = "/etc/weir/setup"
READERS = "readers.json"
ACCESS = "access.json"
SLASH = "__"
"""Replaces the slash of a path in a ConfigMap's keys; `weir.superset.setup` reverses it."""


class Dashboards(Component):
    """The job. With `migrate` it also creates Superset's tables, which otherwise an operator does."""

    def __init__(
        self,
        site: Site,
        args: SupersetArgs,
        *,
        migrate: bool,
        secrets: SupersetSecrets,
        after: Resources = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("superset:Dashboards", NAME, site, opts)
        password = f"{shared.SECRETS_FOLDER}/{shared.ADMIN_PASSWORD}"
        command = ["python", "-m", "weir.superset.setup", "--password-file", password, "--assets", FOLDER]
        config = k8s.core.v1.EnvVarArgs(name="SUPERSET_CONFIG_PATH", value=f"{FOLDER}/{shared.CONFIG_FILE}")
        self.job = RunToCompletion(
            NAME,
            site,
            JobArgs(
                component=shared.COMPONENT,
                image=args.image,
                command=[*command, *(["--migrate"] if migrate else [])],
                files=setup_files(args),
                folder=FOLDER,
                size=DASHBOARDS_JOB,
                environment=[config, *shared.environment(args, connections=True)],
                volumes=shared.volumes(args),
                mounts=shared.mounts(args),
                user_id=shared.USER_ID,
                secrets=secrets.secrets,
                after=[*secrets.ready, *after],
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def setup_files(args: SupersetArgs) -> dict[str, pulumi.Input[str]]:
    """The configuration, all assets of all dashboards, who reads which, and what of it; shared assets occur once."""
    readers = {dashboard.folder.name: dashboard.dataset_uuids for dashboard in args.dashboards}
    files: dict[str, pulumi.Input[str]] = {shared.CONFIG_FILE: shared.CONFIG, READERS: json.dumps(readers)}
    if args.limits:
        files[ACCESS] = json.dumps(args.limits, sort_keys=True)
    for dashboard in args.dashboards:
        for path, content in import_files(dashboard, args.trino_url).items():
            files[path.replace("/", SLASH)] = content
    return files
