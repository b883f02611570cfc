"""How the tests talk to the service: in this process."""

import httpx2

from acme_ml.service.app import create_app
from acme_ml.service.settings import ServiceSettings


def connect(settings: ServiceSettings) -> httpx2.Client:
    """Return a client of a service with these settings."""
    return httpx2.Client(transport=httpx2.WSGITransport(create_app(settings)), base_url="http://testserver")
