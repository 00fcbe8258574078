import measured
from edge_cifar.benchmarks.report import demo_story as story


def test_each_step_is_told_in_a_line_with_its_figures() -> None:
    trained = story.trained([{"seconds": 44.4, "test_images": 1500, "test_accuracy": 0.987}])
    assert trained == "learned in 44 s; on 1,500 images that it never saw 98.7% of its answers are right"
    files = [{"bytes": 1_240_000, "test": {"top1": 0.99}}, {"bytes": 330_000, "test": {"top1": 0.985}}]
    assert story.exported([{"files": files}]) == "int8 loses 0.50 points of accuracy, in 0.33 MB instead of 1.24"
    verified = story.verified([{"portability": "same bits on every CPU", "identical": 15, "n": 16}])
    assert verified == "promised: same bits on every CPU; here 15 of 16 golden logits are equal to the bit"
    evaluated = story.evaluated([{"accuracy": 0.97, "n": 500, "threshold": 0.5, "unknown": 7}])
    assert evaluated == "97.0% of 500 test images are right in int8, 7 `unknown`"


def test_how_fast_int8_is_is_told_with_what_speaks_against_believing_it() -> None:
    report = measured.report()
    quiet = {**report, "validity": {"valid": True, "reasons": []}}
    busy = {**report, "validity": {"valid": False, "reasons": ["load"]}}
    told = story.benchmarked([quiet])
    assert f"{report['models'][1]['net_ms']['p50']:.2f} ms an image" in told
    assert story.benchmarked([busy]) == f"{told} (but the machine was busy: see the report)"


def test_photos_are_right_when_they_are_called_by_their_file_names() -> None:
    rows = [
        {"path": "photos/star-0.jpg", "label": "star", "abstained": False},
        {"path": "photos/starfish-0.jpg", "label": "star", "abstained": False},
        {"path": "photos/moon-0.jpg", "label": "unknown", "abstained": True},
    ]
    assert story.named(rows[:2]) == "1 of 2 new photos are called what they are"
    assert story.named(rows) == (
        "1 of 3 new photos are called what they are; `unknown`: 1, whose best guess is too unsure to be the answer"
    )
    assert "`unknown`: 1" in story.shown_strange_things(rows)
