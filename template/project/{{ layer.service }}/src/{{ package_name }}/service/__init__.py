"""The HTTP service; it stands on a saved model alone.

- `app`: the web framework's part: routes, middleware, limits
- `api`: what is answered, whichever framework carries it
- `payload`: what a client may send
- `problems`: what is told of a request that is not answered
- `settings`: what is read from the environment
- `openapi`: the description of all this
- `telemetry`: the log, and counts for Prometheus
- `server`: the processes that carry the app
"""
