import io
import json
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from inspect import signature
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from edge_cifar import Classifier, ModelError, PhotoError, Prediction, Ranked
from edge_cifar.edge.cli.predict import predict
from edge_cifar.edge.cli.watch import watch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.data.synthetic_shapes import render
from edge_cifar.edge.model.card import ModelCard
from edge_cifar.edge.model.shipped_models import SHIPPED_DEFAULT
from edge_cifar.edge.photos.contract import Photo, read_photo
from PIL import Image

from ..conftest import WriteSealed, flat

AS_STORED: dict[int, Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.uint8]]] = {  # by EXIF orientation
    1: lambda seen: seen,
    2: lambda seen: seen[:, ::-1],
    3: lambda seen: seen[::-1, ::-1],
    4: lambda seen: seen[::-1],
    5: lambda seen: seen.transpose(1, 0, 2),
    6: lambda seen: seen.transpose(1, 0, 2)[::-1],
    7: lambda seen: seen.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda seen: seen.transpose(1, 0, 2)[:, ::-1],
}


def test_a_known_photo_has_known_probabilities(cat_or_dog: Classifier) -> None:
    dog = float(1 / (1 + np.exp(-3)))  # logits 0 and 3
    assert cat_or_dog.predict(flat(101)) == Prediction(
        label="dog",
        confidence=pytest.approx(dog),
        top=(Ranked("dog", pytest.approx(dog)), Ranked("cat", pytest.approx(1 - dog))),
        guess="dog",
    )


def test_equal_logits_go_in_the_order_of_the_labels(cat_or_dog: Classifier) -> None:
    assert [ranked.label for ranked in cat_or_dog.predict(flat(100)).top] == ["cat", "dog"]


@pytest.mark.parametrize(("top", "count"), [(1, 1), (3, 3), (100, 10)])
def test_top_is_the_number_of_labels_best_first(tiny_int8_model: Path, photo: Path, top: int, count: int) -> None:
    prediction = Classifier(tiny_int8_model).predict(photo, top=top)
    probabilities = [ranked.probability for ranked in prediction.top]
    assert len(probabilities) == count
    assert probabilities == sorted(probabilities, reverse=True)
    assert (prediction.label, prediction.confidence) == (prediction.top[0].label, prediction.top[0].probability)


def test_probabilities_of_all_labels_sum_to_1(tiny_fp32_model: Path, photo: Path) -> None:
    prediction = Classifier(tiny_fp32_model).predict(photo, top=10)
    assert sum(ranked.probability for ranked in prediction.top) == pytest.approx(1)


def test_a_photo_that_cannot_be_read_raises(cat_or_dog: Classifier, tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match=r"missing\.jpg: No such file"):
        cat_or_dog.predict(tmp_path / "missing.jpg")


def test_threads_may_share_a_classifier(tiny_int8_model: Path, synthetic: LabelledImages) -> None:
    classifier = Classifier(tiny_int8_model)
    photos: list[Photo] = [image[..., :3].copy() for image in synthetic.images[:40]]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(classifier.predict, photos)) == classifier.predict_batch(photos)


@pytest.mark.parametrize(("threshold", "label"), [(0.0, "dog"), (0.95, "dog"), (0.96, "unknown"), (1.0, "unknown")])
def test_below_the_threshold_the_label_is_unknown_and_the_guess_stays(
    small_model: Path, threshold: float, label: str
) -> None:
    prediction = Classifier(small_model, threshold=threshold).predict(flat(101))  # dog, 0.9526
    assert (prediction.label, prediction.guess, prediction.top[0].label) == (label, "dog", "dog")
    assert prediction.confidence == prediction.top[0].probability == pytest.approx(0.9526, abs=1e-4)


def test_the_threshold_is_by_default_that_of_the_card(
    small_graph: onnx.ModelProto, small_card: ModelCard, write_sealed: WriteSealed
) -> None:
    path = write_sealed(small_graph, replace(small_card, abstain_threshold=0.96))
    assert Classifier(path).predict(flat(101)).label == "unknown"
    assert Classifier(path, threshold=0.5).predict(flat(101)).label == "dog"


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_a_threshold_that_is_no_probability_is_refused(small_model: Path, threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold: expected a probability, 0 to 1"):
        Classifier(small_model, threshold=threshold)


def test_a_photo_in_eight_orientations_gives_the_same_label_and_logits() -> None:
    classifier = Classifier(SHIPPED_DEFAULT)
    upright = np.asarray(render("star", 300, 200, np.random.RandomState(0)))
    logits, labels = [], set()
    for orientation, store in AS_STORED.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        photo = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(store(upright))).save(photo, "PNG", exif=exif)
        labels.add(classifier.predict(photo.getvalue()).guess)
        logits.append(classifier.model.logits(read_photo(photo.getvalue(), 32)[None])[0])
    assert len(labels) == 1
    assert np.ptp(logits, axis=0).max() < 0.1


def test_a_photo_as_path_bytes_file_image_and_array_gives_the_same_logits(photo: Path) -> None:
    model = Classifier(SHIPPED_DEFAULT).model
    with Image.open(photo) as image, photo.open("rb") as file:
        kinds: list[Photo] = [photo, str(photo), photo.read_bytes(), file, image, np.asarray(image)]
        logits = model.logits(np.stack([read_photo(kind, model.card.size) for kind in kinds]))
    assert np.all(logits == logits[0])


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"missing\.onnx: no such model file"):
        Classifier(tmp_path / "missing.onnx")


@pytest.fixture
def warm(small_graph: onnx.ModelProto, small_card: ModelCard, write_sealed: WriteSealed) -> Path:
    """`small_model` with a temperature of 2 and a threshold of 0.9 on its card."""
    return write_sealed(small_graph, replace(small_card, temperature=2.0, abstain_threshold=0.9))


def test_probabilities_are_those_of_the_temperature_on_the_card(warm: Path) -> None:
    dog = float(1 / (1 + np.exp(-3 / 2)))  # 0.8176, where a temperature of 1 gives 0.9526
    prediction = Classifier(warm).predict(flat(101))
    assert prediction.confidence == pytest.approx(dog)
    assert [ranked.probability for ranked in prediction.top] == pytest.approx([dog, 1 - dog])
    assert (prediction.label, prediction.guess, prediction.abstained) == ("unknown", "dog", True)
    [result] = Classifier(warm).predict_many([flat(101)])
    assert result.prediction == prediction


def test_a_class_called_unknown_is_not_taken_for_an_abstention(
    small_graph: onnx.ModelProto, small_card: ModelCard, write_sealed: WriteSealed
) -> None:
    path = write_sealed(small_graph, replace(small_card, labels=("cat", "unknown"), abstain_threshold=0.9))
    sure, unsure = (Classifier(path).predict(flat(value)) for value in (101, 100))
    assert (sure.label, sure.abstained) == ("unknown", False)
    assert (unsure.label, unsure.guess, unsure.abstained) == ("unknown", "cat", True)


def test_without_a_name_the_model_is_the_shipped_one_whatever_the_working_folder_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_model: Path
) -> None:
    (tmp_path / "runs" / "new").mkdir(parents=True)
    (tmp_path / "runs" / "new" / "model.onnx").write_bytes(small_model.read_bytes())
    (tmp_path / "runs" / "new" / "export.json").write_text(json.dumps({"default": "model.onnx"}))
    monkeypatch.chdir(tmp_path)
    assert Classifier().model.path == SHIPPED_DEFAULT


@pytest.mark.parametrize("top", [0, -1])
def test_no_labels_can_not_be_asked_for(cat_or_dog: Classifier, top: int) -> None:
    with pytest.raises(ValueError, match="top: expected a whole number, 1 or more"):
        cat_or_dog.predict(flat(0), top=top)
    with pytest.raises(ValueError, match="top: "):  # at once, not with the first result
        cat_or_dog.predict_many([flat(0)], top=top)
    with pytest.raises(ValueError, match="top: "):
        cat_or_dog.predict_batch([], top=top)


@pytest.mark.parametrize("top", ["2", 2.0, True, None])
def test_labels_are_asked_for_by_a_whole_number(cat_or_dog: Classifier, top: int) -> None:
    with pytest.raises(TypeError, match="top: expected a whole number, 1 or more"):
        cat_or_dog.predict(flat(0), top=top)


def test_a_pickled_classifier_keeps_its_options(warm: Path) -> None:
    options = {"threads": 2, "threshold": 0.6, "tta": True, "channels": "bgr"}
    again = pickle.loads(pickle.dumps(Classifier(warm, **options)))  # type: ignore[arg-type]
    assert again.predict(flat(101)) == Classifier(warm, **options).predict(flat(101))  # type: ignore[arg-type]
    assert (again.threshold, again.model._threads) == (0.6, 2)
    assert again.__reduce__()[0].keywords == options  # type: ignore[attr-defined]
    assert pickle.loads(pickle.dumps(Classifier(warm))).threshold == 0.9


def test_a_closed_classifier_says_so(small_model: Path) -> None:
    with Classifier(small_model) as classifier:
        classifier.predict(flat(0))
    with pytest.raises(ValueError, match=r"model\.onnx: the model is closed"):
        classifier.predict(flat(0))


@pytest.fixture
def even(small_card: ModelCard, small_graph: onnx.ModelProto, write_sealed: WriteSealed) -> Path:
    """A model of 100 classes whose logits are 0 and 1 in turn, whatever the photo."""
    weights, bias = np.zeros((16, 100), np.float32), np.arange(100, dtype=np.float32) % 2
    del small_graph.graph.initializer[:]
    small_graph.graph.initializer.extend(
        [onnx.numpy_helper.from_array(weights, "weights"), onnx.numpy_helper.from_array(bias, "bias")]
    )
    small_graph.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 100
    return write_sealed(small_graph, replace(small_card, labels=tuple(f"{i:02d}" for i in range(100))))


def test_of_many_equal_labels_the_first_come_first(even: Path) -> None:
    top = Classifier(even).predict(flat(0), top=100).top
    assert [ranked.label for ranked in top] == [f"{i:02d}" for i in (*range(1, 100, 2), *range(0, 100, 2))]


def test_as_many_labels_are_told_as_by_the_command_line(even: Path) -> None:
    classifier = Classifier(even)
    for command in (predict, watch):
        assert len(classifier.predict(flat(0)).top) == signature(command).parameters["top"].default
    [result] = classifier.predict_many([flat(0)])
    assert result.prediction == classifier.predict(flat(0)) == classifier.predict_batch([flat(0)])[0]


@pytest.mark.parametrize("option", ["threads", "threshold", "tta"])
def test_options_have_the_defaults_of_the_command_line(option: str) -> None:
    assert signature(Classifier).parameters[option].default == signature(predict).parameters[option].default


def test_the_threshold_itself_is_sure_enough(small_model: Path) -> None:
    assert not Classifier(small_model, threshold=0.5).predict(flat(100)).abstained


def test_a_classifier_uses_one_core_and_looks_once_unless_asked(small_model: Path) -> None:
    classifier = Classifier(small_model)
    assert classifier.model._threads == 1
    assert classifier._logits == classifier.model.logits
    assert classifier.__reduce__()[0].keywords == {"threads": 1, "threshold": None, "tta": False, "channels": "rgb"}  # type: ignore[attr-defined]


def test_a_classifier_is_pickled_by_its_absolute_path(small_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(small_model.parent)
    classifier = Classifier(small_model.name)
    data = pickle.dumps(classifier)
    monkeypatch.chdir("/")
    for pickled in (data, pickle.dumps(classifier)):
        assert pickle.loads(pickled).predict(flat(255)).label == "dog"
