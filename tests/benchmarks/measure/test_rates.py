from pathlib import Path

import numpy as np
import pytest
from edge_cifar.benchmarks.measure import rates
from edge_cifar.benchmarks.measure.rates import measure_rates, net_task
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.machine.cores import usable_cores
from edge_cifar.edge.model.contract import Model


def test_every_batch_size_is_run_on_one_thread_and_on_all_cores(
    monkeypatch: pytest.MonkeyPatch, tiny_fp32_model: Path, tiny_int8_model: Path, synthetic: LabelledImages
) -> None:
    for name, value in (("ROUNDS", 1), ("BATCHES", (1, 4)), ("IMAGES", 4)):
        monkeypatch.setattr(rates, name, value)
    ended: list[None] = []
    models = [tiny_fp32_model, tiny_int8_model]
    results = measure_rates(models, [synthetic.images[:4]] * 2, lambda: ended.append(None))
    threads = sorted({1, usable_cores()})
    for result in results:
        assert [(rate.threads, rate.batch) for rate in result] == [(n, batch) for n in threads for batch in (1, 4)]
        assert all(rate.images_per_second > 0 for rate in result)
    assert len(ended) == 2 * len(threads)


def test_a_task_goes_through_the_images_in_batches(tiny_int8_model: Path, synthetic: LabelledImages) -> None:
    model = Model(tiny_int8_model, threads=1)
    task = net_task(model, synthetic.images[:6], batch=2)
    expected = model.logits(synthetic.images[:6])
    for call, first in ((0, 0), (2, 4), (3, 0)):
        np.testing.assert_array_equal(task(call), expected[first : first + 2])
