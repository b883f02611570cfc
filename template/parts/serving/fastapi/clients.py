"""How the tests talk to the service: in this process."""

import httpx2
from fastapi.testclient import TestClient

from acme_ml.service.app import Service, create_app
from acme_ml.service.settings import ServiceSettings


def connect(settings: ServiceSettings) -> httpx2.Client:
    """Return a client of a service with these settings."""
    return reach(create_app(settings))


def reach(app: Service) -> httpx2.Client:
    """Return a client of an app."""
    return TestClient(app)
