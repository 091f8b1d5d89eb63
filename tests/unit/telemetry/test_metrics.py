import socket
import urllib.request

from restow.telemetry import metrics


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_metrics_are_served_over_http_until_stopped() -> None:
    port = a_free_port()
    before = metrics.REGISTRY.get_sample_value("restow_pods_placed_total") or 0.0
    metrics.PODS_PLACED.inc(3)
    stop = metrics.serve(port, "127.0.0.1")
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    finally:
        stop()
    assert f"restow_pods_placed_total {before + 3}" in text
    assert "process_resident_memory_bytes" in text


def test_every_metric_of_ours_bears_our_name_and_no_label_grows_with_the_cluster() -> None:
    foreign = ("process_", "python_")
    for family in metrics.REGISTRY.collect():
        assert family.name.startswith(("restow_", *foreign))
        for sample in family.samples:
            assert not {"pod", "node", "plan"} & set(sample.labels)
