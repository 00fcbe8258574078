"""The export's page, of made-up evidence: what it advises and that it shows all of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.stats.label_errors import HELD_OUT, Doubt
from edge_cifar.edge.stats.paired_timing import Latency, Ratio
from edge_cifar.edge.stats.significance import PairedTest
from edge_cifar.export.evidence.html_report import Exported, export_page, verdict
from edge_cifar.export.evidence.int8_speedup import Worth
from edge_cifar.export.evidence.measured_accuracy import Evidence, References, SplitLogits, measure
from edge_cifar.export.evidence.photo_time import PhotoTime
from edge_cifar.export.quantization.accuracy_ladder import Budget, Rung
from edge_cifar.train.nets.catalogue import NETS
from edge_cifar.train.nets.torch_modules import build_net
from edge_cifar.train.recipe.recipe import Recipe
from edge_cifar.train.runs.run_folder import Run
from elements import Elements

RUNG = Rung("minmax", 0.1, 0.99, 0.01, 250.0, 1000, "same bits on every CPU", interval=(-0.2, 0.4))


def worth(ratio: float) -> Worth:
    return Worth(Latency(1, 1, 1), Latency(ratio, ratio, ratio), Ratio(ratio, 0.95 * ratio, 1.05 * ratio))


@pytest.fixture(scope="module")
def files(tiny_fp32_model: Path, tiny_int8_model: Path, synthetic: LabelledImages) -> list[Evidence]:
    logits = torch.randn(2, len(synthetic), 10, generator=torch.Generator().manual_seed(0)).numpy()
    fp32, int8 = (SplitLogits(each, each) for each in logits)
    references = References(fp32.val, fp32)
    models = ((tiny_fp32_model, fp32), (tiny_int8_model, int8))
    return [measure(path, own, synthetic, synthetic, references) for path, own in models]


@pytest.fixture
def exported(files: list[Evidence], synthetic: LabelledImages, tmp_path: Path) -> Exported:
    run = Run(tmp_path / "run<1>", Recipe(net="single"), {"name": "synthetic", "labels": synthetic.labels}, {})
    run.create()
    run.save_weights(build_net(NETS["single"]), epoch=1, val_accuracy=0.1)
    for epoch in (1, 2):
        run.log({"epoch": epoch, "train_loss": 1, "train_accuracy": 0.5, "val_loss": 1, "val_accuracy": 0.6})
    return Exported(
        title=run.folder.name,
        history=run.history(),
        test=synthetic,
        files=files,
        budget=Budget(),
        rungs=[RUNG],
        chosen=RUNG,
        worth=worth(0.4),
        logits=torch.randn(len(synthetic), 10, generator=torch.Generator().manual_seed(0)).numpy(),
        photo_of=lambda _, name: synthetic.images[synthetic.ids.index(name)],
    )


def test_the_page_says_that_few_images_decided_by_their_logits(exported: Exported) -> None:
    assert "200 images tell little of 0.5 points: of the calibration methods within" in export_page(exported)
    assert "tell little" not in export_page(replace(exported, budget=Budget(max_drop=2.5)))


def test_where_the_best_will_do_the_page_says_so(exported: Exported) -> None:
    page = export_page(replace(exported, budget=Budget(best_effort=True)))
    assert "until one lost no more than 0.5 points of validation accuracy against fp32, or else, the one" in page


def test_the_page_shows_files_ladder_classes_flips_and_training(exported: Exported) -> None:
    page = export_page(exported)
    elements = Elements(page)
    for words in (
        "edge-cifar export run<1>",
        "Ways to quantize",
        "minmax",
        "int8 is worth it here",
        "same bits on every CPU",
        "-0.20 to 0.40",
        "drops are of 200 validation images, one of them 0.5 points",
        "unknown of the test images",
        "confidence: temperature",
        "model.int8 recall",
        "mean of the classes",
        "What is confused",
        ", taken for ",
        "Images that model.int8 answers otherwise",
        "How it was trained",
    ):
        assert words in elements.text
    assert len(elements.sources) == 24 + 24  # flipped and confused images, no more of them
    assert "<1>" not in page
    assert "until one lost no more than 0.5 points" in page
    assert "All were tried" in export_page(replace(exported, budget=Budget(every_rung=True)))


def test_the_page_says_how_long_a_photo_takes_and_which_labels_may_be_wrong(exported: Exported) -> None:
    page = export_page(exported)
    assert "How long a photo takes here" not in page
    assert "Labels that may be wrong" not in page
    found = PhotoTime(12, 12.2, Latency(30, 31, 32), (Latency(10, 11, 12), Latency(2.5, 3, 4)))
    doubt = Doubt("test", exported.test.ids[0], "photos/<a>.jpg", "<arrow>", "heart", 0.004, 0.99, HELD_OUT)
    elements = Elements(export_page(replace(exported, photo_time=found, doubts=[doubt])))
    for words in ("12 photos of 12 megapixels", "40.00", "32.50", "1 photo contradicts its folder", "photos/<a>.jpg"):
        assert words in elements.text


def test_the_page_stays_small_whatever_the_photos_are(exported: Exported) -> None:
    noise = (
        np.random.RandomState(0).randint(0, 256, (144, 192, 3)).astype(np.uint8)
    )  # as large as shown: nothing is larger as a JPEG
    doubts = [Doubt("test", "x" * 200, "y" * 200, "arrow", "heart", 0.004, 0.99, HELD_OUT)] * 1000
    files = [*exported.files, *(replace(exported.files[1], file=f"{name}.onnx") for name in ("a", "b", "c"))]
    page = export_page(replace(exported, files=files, photo_of=lambda *_: noise, doubts=doubts))
    assert len(page) < 2_000_000


def test_the_way_that_was_kept_is_marked(exported: Exported) -> None:
    tried = [replace(RUNG, method=method, drop=drop) for method, drop in (("a", 0.9), ("b", 0.3), ("c", 0.3))]
    page = export_page(replace(exported, rungs=tried, chosen=tried[1]))
    assert "b, kept" in page
    assert page.count(", kept") == 1
    assert ", kept" not in export_page(replace(exported, rungs=tried, files=exported.files[:1], worth=None))


def test_the_verdict_ships_int8_where_it_pays(exported: Exported) -> None:
    int8 = replace(exported.files[1], test=replace(exported.files[1].test, paired=PairedTest(2, 1, 0.6)))
    told = verdict(replace(exported, files=[exported.files[0], int8]))
    assert told.startswith("Ship model.int8: 2.5 times as fast as model.fp32 on this machine")
    assert "can't be told apart" in told
    assert verdict(replace(exported, worth=worth(1.2))).startswith("Ship model.fp32: model.int8 is ")


def test_the_verdict_says_when_nothing_was_within_the_budget_or_int8_was_not_asked_for(exported: Exported) -> None:
    alone = replace(exported, files=exported.files[:1], worth=None)
    assert "no int8 file loses 0.5 points or less, the best 0.10." in verdict(alone)
    assert verdict(replace(alone, rungs=[])).startswith("model.fp32 is right on ")
    assert "Ways to quantize" not in export_page(replace(alone, rungs=[]))
