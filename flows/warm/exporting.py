"""A worker's own figures for Prometheus: its GPUs, as NVIDIA's library tells them, and its runs."""

import contextlib
import logging
from collections.abc import Callable, Iterator

import pynvml
from prometheus_client import CollectorRegistry, Metric, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from typing_extensions import override

logger = logging.getLogger("prefect.worker.figures")

_GPU_LABELS = ("gpu", "name")


class GpuCollector(Collector):
    """Asks NVML at each scrape; a machine without NVIDIA's driver has no GPU to tell of."""

    @override
    def collect(self) -> Iterator[Metric]:
        used = GaugeMetricFamily(
            "scorewire_gpu_memory_used_bytes", "Memory in use, by anyone.", labels=_GPU_LABELS
        )
        total = GaugeMetricFamily(
            "scorewire_gpu_memory_total_bytes", "Memory that the GPU has.", labels=_GPU_LABELS
        )
        busy = GaugeMetricFamily(
            "scorewire_gpu_utilization_ratio",
            "Share of the last moments in which the GPU worked.",
            labels=_GPU_LABELS,
        )
        # What a GPU does not tell (in a partition, say) is left out.
        with contextlib.suppress(pynvml.NVMLError):
            pynvml.nvmlInit()
            try:
                for index in range(pynvml.nvmlDeviceGetCount()):
                    gpu = pynvml.nvmlDeviceGetHandleByIndex(index)
                    labels = (str(index), pynvml.nvmlDeviceGetName(gpu))
                    with contextlib.suppress(pynvml.NVMLError):
                        memory = pynvml.nvmlDeviceGetMemoryInfo(gpu)
                        used.add_metric(labels, memory.used)
                        total.add_metric(labels, memory.total)
                    with contextlib.suppress(pynvml.NVMLError):
                        percent = pynvml.nvmlDeviceGetUtilizationRates(gpu).gpu
                        busy.add_metric(labels, percent / 100)
            finally:
                pynvml.nvmlShutdown()
        yield from (used, total, busy)


class RunCollector(Collector):
    """Says how many runs are at work.

    Args:
        running: counts them.
    """

    def __init__(self, running: Callable[[], int]) -> None:
        self._running = running

    @override
    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("scorewire_worker_runs", "Runs at work.", value=self._running())


@contextlib.contextmanager
def exporting(host: str, port: int, running: Callable[[], int]) -> Iterator[None]:
    """Answer Prometheus within the block, in a thread of the worker's own process.

    The fork server is a process apart, so its forks lose no thread of this one.

    Args:
        host: the address to listen on.
        port: the port; 0 is not to listen at all.
        running: counts the runs at work.
    """
    if not port:
        yield
        return
    registry = CollectorRegistry()
    registry.register(GpuCollector())
    registry.register(RunCollector(running))
    ProcessCollector(registry=registry)
    try:
        server, thread = start_http_server(port, host, registry=registry)
    except OSError:
        # A worker that works unseen is worth more than none.
        logger.exception("Port %d is taken; this worker tells no figures", port)
        yield
        return
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
