"""Stands in for virt-api's webhook on evictions: a launcher is not evicted, the answer is 429.

Source: `pkg/virt-api/webhooks/validating-webhook/admitters/pod-eviction-admitter.go` of v1.6.
Upstream then marks the machine, and virt-controller migrates it to a node of kube-scheduler's
choice; here nothing follows, since no scenario evicts a launcher: who tries is noted. It listens on
localhost, so the API server must run on the same machine.
"""

import base64
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import trustme

from e2e.client import Client, Json

NAME: Final = "e2e-virt-api"


class VirtApi:
    """The webhook, in force for one namespace until it is closed.

    Attributes
    ----------
    attempts
        Who tried to evict which launcher.
    """

    def __init__(self, client: Client, workdir: Path, namespace: str) -> None:
        self.attempts: list[str] = []
        self._client, self._namespace = client, namespace
        authority, issued = trustme.CA(), workdir / "virt-api.pem"
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(issued)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(issued)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        client.create(self._configuration(authority.cert_pem.bytes()))

    def close(self) -> None:
        """Take the webhook away."""
        self._client.delete("ValidatingWebhookConfiguration", NAME)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def answer(self, request: Json) -> Json:
        """Return the verdict on one eviction."""
        allowed = {"uid": request["uid"], "allowed": True}
        pod = self._client.get("Pod", request["name"], request["namespace"])
        if pod["metadata"].get("labels", {}).get("kubevirt.io") != "virt-launcher":
            return allowed
        owner = pod["metadata"]["ownerReferences"][0]["name"]
        self.attempts.append(f"{request['userInfo']['username']}: {pod['metadata']['name']}")
        message = f'Eviction triggered evacuation of VMI "{request["namespace"]}/{owner}"'
        return {
            "uid": request["uid"],
            "allowed": False,
            "status": {"code": 429, "reason": "TooManyRequests", "message": message},
        }

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                review = json.loads(body)
                answer = review | {"response": api.answer(review["request"])}
                text = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler

    def _configuration(self, authority: bytes) -> Json:
        bundle = base64.b64encode(authority).decode()
        port = self._server.server_address[1]
        return {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": NAME},
            "webhooks": [
                {
                    "name": "eviction.virt-api.e2e.restow.dev",
                    "clientConfig": {
                        "url": f"https://127.0.0.1:{port}/launcher-eviction-validate",
                        "caBundle": bundle,
                    },
                    "rules": [
                        {
                            "apiGroups": [""],
                            "apiVersions": ["v1"],
                            "operations": ["CREATE"],
                            "resources": ["pods/eviction"],
                        }
                    ],
                    "namespaceSelector": {
                        "matchLabels": {"kubernetes.io/metadata.name": self._namespace}
                    },
                    "failurePolicy": "Fail",
                    "sideEffects": "NoneOnDryRun",
                    "admissionReviewVersions": ["v1"],
                    "timeoutSeconds": 10,
                }
            ],
        }
