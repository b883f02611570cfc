"""The processes that carry the service, by uvicorn. As a script it listens where HOST and PORT say."""

import logging
import logging.config
import os
import sys
from tempfile import TemporaryDirectory

import uvicorn

from .settings import ServiceSettings, SettingsError, is_local, read_settings

logger = logging.getLogger(__name__)


def run(host: str, port: int) -> None:
    """Serve until a signal says stop. Raises SettingsError when a setting is wrong."""
    settings = read_settings(ServiceSettings)
    if settings.api_key is None and not settings.open:
        decide_openness(host)
    with TemporaryDirectory() as shared:
        if settings.workers > 1:
            # Where the processes add up what they count.
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = shared
        # Imported where they are used: what counts must know by then whether there are other processes.
        from .connections import LimitedProtocol
        from .telemetry import LOGGING

        logging.config.dictConfig(LOGGING)
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}{settings.root_path}"
        logger.info(f"serving at {address}, described at {address}/docs")
        uvicorn.run(
            f"{__package__}.app:create_asgi_app",
            factory=True,
            host=host,
            port=port,
            workers=settings.workers,
            http=LimitedProtocol,
            ws="none",
            log_config=LOGGING,
            access_log=False,
            server_header=False,
            timeout_keep_alive=settings.keep_alive,
            timeout_graceful_shutdown=10,
        )


def decide_openness(host: str) -> None:
    """Let everybody ask where only this machine can. Raises SettingsError elsewhere."""
    if not is_local(host):
        raise SettingsError(
            f"there is no key, and everybody who reaches {host} could ask. Set SERVICE_API_KEY to what clients must "
            "send, 16 characters or more; or SERVICE_OPEN=true, where something else decides who may ask"
        )
    os.environ["SERVICE_OPEN"] = "true"


def main() -> None:
    """Serve where HOST and PORT say; a wrong setting is told without a traceback."""
    try:
        port = os.environ.get("PORT", "8000")
        if not port.isdecimal():
            raise SettingsError(f"PORT is {port!r}, and must be a number")
        run(os.environ.get("HOST", "127.0.0.1"), int(port))
    except SettingsError as error:
        print(f"Error: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
