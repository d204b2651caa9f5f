"""StatefulSets keep their volumes, Services find their pods, Jobs run once: what is made around a pod."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.components.server import CLAIM, LABELS, REFERENCE, SERVER, container, made, pod
from tests.components.serving import DEV, PROD, made_by, one

from weir.components.base import PLAIN_HTTP, Site
from weir.components.images import Image
from weir.components.job import JobArgs, RunToCompletion
from weir.components.pods import mounts, read_only_mounts, scratch_volume, secret_volume
from weir.components.workload import (
    Claim,
    deployment,
    service,
    stateful_set,
)
from weir.programs.recording import Recorded
from weir.sizing.plan import PodSize

pytestmark = pytest.mark.unit


def kept(site: Site = PROD, claim: Claim = CLAIM) -> tuple[Recorded, dict[str, Any]]:
    found = made(
        lambda parent: stateful_set(
            parent, SERVER, claim, service="nodes", replicas=3, management="Parallel", resource="server-nodes"
        ),
        site,
    )
    entry = found["StatefulSet/server-nodes"]
    return entry, entry.inputs["spec"]


def test_a_stateful_set_keeps_its_volumes() -> None:
    entry, found = kept()
    assert entry.inputs["metadata"]["name"] == "server"
    assert (found["serviceName"], found["replicas"], found["podManagementPolicy"]) == ("nodes", 3, "Parallel")
    assert found["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert found["volumeClaimTemplates"] == [
        {
            "metadata": {"name": "data"},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": "fast",
                "resources": {"requests": {"storage": "7Gi"}},
            },
        }
    ]
    assert found["selector"] == {"matchLabels": LABELS}


def test_a_claim_has_labels_and_a_storage_class_where_they_are_given() -> None:
    _, found = kept(claim=Claim("data", 7, None, {"some": "label"}))
    (claim,) = found["volumeClaimTemplates"]
    assert claim["metadata"] == {"name": "data", "labels": {"some": "label"}}
    assert "storageClassName" not in claim["spec"]


def test_a_stateful_set_is_protected_where_data_is_kept() -> None:
    assert [kept(site)[0].protect for site in (PROD, DEV)] == [True, False]
    assert [kept(site)[0].retain_on_delete for site in (PROD, DEV)] == [True, False]
    assert not made(lambda parent: deployment(parent, SERVER))["Deployment/server"].protect


def served(**options: Any) -> dict[str, Any]:
    return one(made(lambda parent: service(parent, "front", "thing", {"http": 80}, **options)), "Service/front")


def test_a_service_leads_to_the_ports_of_the_same_names() -> None:
    assert served()["spec"] == {
        "selector": {"app.kubernetes.io/name": "front"},
        "ports": [{"name": "http", "port": 80, "targetPort": "http"}],
    }
    assert "annotations" not in served()["metadata"]


def test_a_headless_service_names_other_pods_before_they_are_ready() -> None:
    assert served(pods_of="server", headless=True, before_ready=True, by_name=False)["spec"] == {
        "clusterIP": "None",
        "publishNotReadyAddresses": True,
        "selector": LABELS,
        "ports": [{"name": "http", "port": 80}],
    }


def test_a_service_says_why_it_is_not_encrypted() -> None:
    assert served(why_plain_http="no data")["metadata"]["annotations"] == {PLAIN_HTTP: "no data"}


def test_a_secret_is_read_by_its_owner_and_group_alone() -> None:
    volumes = [secret_volume("some", "secret"), secret_volume("part", "secret", ["ca.crt"]), scratch_volume("work")]
    mounted = [*read_only_mounts({"some": "/some", "part": "/part"}), *mounts({"work": "/work"})]
    asked = replace(SERVER, volumes=volumes, mounts=mounted)
    assert pod(asked)["volumes"] == [
        {"name": "some", "secret": {"secretName": "secret", "defaultMode": 0o440}},
        {
            "name": "part",
            "secret": {"secretName": "secret", "defaultMode": 0o440, "items": [{"key": "ca.crt", "path": "ca.crt"}]},
        },
        {"name": "work", "emptyDir": {"sizeLimit": "2Gi"}},
    ]
    assert container(asked)["volumeMounts"] == [
        {"name": "some", "mountPath": "/some", "readOnly": True},
        {"name": "part", "mountPath": "/part", "readOnly": True},
        {"name": "work", "mountPath": "/work"},
    ]


def run(image: str = REFERENCE, content: str = "text") -> dict[str, Any]:
    args = JobArgs("thing", Image(image), ["do", "it"], {"file": content}, "/etc/files", PodSize(0.1, 256))
    return one(made_by(lambda: RunToCompletion("once", PROD, args)), "Job/once")


def test_a_job_is_a_restricted_pod_that_does_not_start_again() -> None:
    found = run()
    spec = found["spec"]["template"]["spec"]
    assert (found["spec"]["backoffLimit"], found["spec"]["activeDeadlineSeconds"]) == (6, 900)
    assert (spec["restartPolicy"], spec["automountServiceAccountToken"]) == ("Never", False)
    assert spec["securityContext"]["runAsUser"] == 10001
    assert spec["containers"][0]["securityContext"] == container()["securityContext"]
    assert spec["volumes"][0]["configMap"] == {"name": found["metadata"]["name"], "defaultMode": 0o555}
    assert "topologySpreadConstraints" not in spec


def test_a_job_runs_anew_for_another_image_and_for_other_files() -> None:
    names = {made["metadata"]["name"] for made in (run(), run(image="some:2"), run(content="other"))}
    assert len(names) == 3
    assert run()["metadata"]["name"] == run()["metadata"]["name"]
