"""What Prometheus asks for: requests, photos, batches and seconds, counted since the server started."""

from collections.abc import Sequence
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily

from .batching import Answer, Workers

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
METHODS = {"GET", "HEAD", "OPTIONS", "POST"}


class Metrics:
    """The counters of one server; none of the process's own registry, which belongs to whoever runs it."""

    def __init__(self, workers: Workers):
        registry = self._registry = CollectorRegistry()
        requests = Counter("edge_cifar_requests", "Requests answered.", ["method", "path", "status"], registry=registry)
        seconds = Histogram(
            "edge_cifar_request_seconds", "Until a request was answered.", ["path"], registry=registry, buckets=SECONDS
        )
        photos = Counter("edge_cifar_photos", "Photos answered.", ["model", "outcome"], registry=registry)
        # Their own search takes as long as all else of a count.
        self._requests, self._seconds, self._photos = (
            cache(requests.labels),
            cache(seconds.labels),
            cache(photos.labels),
        )
        waiting = Gauge("edge_cifar_photos_waiting", "Photos that no worker has taken yet.", registry=registry)
        waiting.set_function(lambda: workers.waiting)
        self._workers = workers
        registry.register(self)
        ProcessCollector(registry=registry)

    def collect(self) -> list[CounterMetricFamily]:
        """Return what is counted elsewhere, as the registry asks for it."""
        return [
            CounterMetricFamily(
                "edge_cifar_batches", "Photos decoded and put through a net together.", self._workers.batches
            )
        ]

    def request(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count a request; `path` is that of its route, so that nobody makes up new series."""
        self._requests(method if method in METHODS else "other", path, status).inc()
        self._seconds(path).observe(seconds)

    def photos(self, model: str, answers: Sequence[Answer]) -> None:
        """Count photos."""
        for answer in answers:
            outcome = "error" if isinstance(answer, Exception) else "unknown" if answer.abstained else "label"
            self._photos(model, outcome).inc()

    def text(self) -> bytes:
        """Return all in Prometheus' text format."""
        return generate_latest(self._registry)
