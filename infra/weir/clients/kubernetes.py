"""The API of a Kubernetes cluster, read as whoever the kubeconfig names: by certificate, token or a cloud's command."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import kubernetes.client
import kubernetes.config
import urllib3.exceptions

from weir.config.errors import WeirError

TIMEOUT_SECONDS = 30
OK, NOT_FOUND = 200, 404


class KubernetesRefusedError(WeirError):
    """The API server answered, and does not give what was asked for."""


class KubernetesClient:
    """Documents by their paths, as `kubectl get --raw` gives them."""

    def __init__(self, client: kubernetes.client.ApiClient) -> None:
        self._client = client

    @classmethod
    def connect(cls, kubeconfig: Path | None = None, context: str | None = None) -> KubernetesClient:
        """The cluster of `context`, by default the current one of `kubeconfig`, by default `$KUBECONFIG`.

        Raises:
            WeirError: there is no such file or context.
        """
        # The package looks at the variable once, when it is imported.
        file = str(kubeconfig) if kubeconfig else os.environ.get("KUBECONFIG")
        try:
            client = kubernetes.config.new_client_from_config(file, context)
        except kubernetes.config.ConfigException as error:
            raise WeirError(
                f"no cluster: {error}; point KUBECONFIG at a kubeconfig, or see `kubectl config get-contexts`"
            ) from None
        return cls(client)

    @property
    def server(self) -> str:
        """Its address."""
        return str(self._client.configuration.host)

    def get(self, path: str) -> dict[str, Any] | None:
        """The document at `path`; None where there is none.

        Raises:
            KubernetesRefusedError: it may not be read.
            WeirError: the server does not answer.
        """
        request = self._client.param_serialize(
            "GET", path, header_params={"Accept": "application/json"}, auth_settings=["BearerToken"]
        )
        try:
            answer = self._client.call_api(*request, _request_timeout=TIMEOUT_SECONDS)
            content = answer.read()
        except urllib3.exceptions.HTTPError as error:
            raise WeirError(f"{self.server} does not answer: {error}") from None
        if answer.status == NOT_FOUND:
            return None
        if answer.status != OK:
            raise KubernetesRefusedError(f"{answer.status} {answer.reason}")
        return json.loads(content)
