import csv
import io
import re
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from edge_cifar import Classifier
from edge_cifar.edge.data.synthetic_shapes import LABELS, render
from edge_cifar.edge.photos.contract import read_photo
from edge_cifar.edge.photos.preprocessing import Preprocessing
from pictures import encode
from PIL import Image
from serving import Serving

GIVE = """async ([bytes, name, kind]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name, {type: "image/png"}));
  const event = kind === "paste" ? new ClipboardEvent(kind, {clipboardData: data, bubbles: true})
                                 : new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true});
  document.body.dispatchEvent(event);
}"""

PIXELS = """async ([text, size, rule]) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const [{decode}, {photoPixels}, {parseRule}] =
    await Promise.all(["decode", "photo_pixels", "preprocessing"].map((name) => import(`/${name}.js`)));
  const wanted = parseRule(size, rule);
  const {images, orientation} = await decode(new Blob([bytes]), [wanted]);
  return btoa(Array.from(photoPixels(images[0], wanted, orientation), (byte) => String.fromCharCode(byte)).join(""));
}"""


@pytest.fixture(scope="module")
def photo() -> bytes:
    """A PNG, which all decoders read alike."""
    return encode(render(LABELS[0], 90, 90, np.random.RandomState(0)).crop((0, 0, 90, 70)), "PNG")


def upload(page: Any, photo: bytes, name: str = "photo.png") -> None:
    page.set_input_files("#choose", {"name": name, "mimeType": "image/png", "buffer": photo})
    page.wait_for_selector(f"#rows td:text-is('{name}')")


def pixels_of(page: Any, photo: bytes, wanted: Preprocessing) -> npt.NDArray[np.uint8]:
    """Return what the browser makes of a photo, uint8 (size, size, 4)."""
    samples = b64decode(page.evaluate(PIXELS, [b64encode(photo).decode(), wanted.size, wanted.rule]))
    return np.frombuffer(samples, np.uint8).reshape(wanted.size, wanted.size, 4)


def answers(page: Any) -> list[str]:
    """Return the labels of all bars, model by model."""
    labels: list[str] = page.locator("#answers .bars li > span:first-child").all_inner_texts()
    return labels


def test_a_photo_is_answered_as_predict_does_here_and_on_the_server(page: Any, server: Serving, photo: bytes) -> None:
    upload(page, photo)
    expected = Classifier("nano").predict(photo, top=5)
    assert answers(page) == [ranked.label for ranked in expected.top]
    assert page.locator("#answers .verdict strong").inner_text() == expected.label
    assert "in the net" in page.locator("#answers").inner_text()
    assert not [record for record in server.log if record["path"] == "/predict"]
    page.check("[value=server]", force=True)
    page.wait_for_selector("#answers:has-text('in the queue on the server')")
    assert answers(page) == [ranked.label for ranked in expected.top]
    assert [record["status"] for record in server.log if record["path"] == "/predict"] == [200]
    assert [row.inner_text().split("\t")[-1] for row in page.locator("#rows tr").all()] == ["server", "here"]


@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_photos_may_be_pasted_and_dropped(page: Any, photo: bytes, kind: str) -> None:
    page.evaluate(GIVE, [list(photo), "given.png", kind])
    page.wait_for_selector("#rows td:text-is('given.png')")
    assert answers(page) == [ranked.label for ranked in Classifier("nano").predict(photo, top=5).top]


def test_models_answer_side_by_side(page: Any, photo: bytes) -> None:
    upload(page, photo)
    page.get_by_role("checkbox", name="small").check()
    page.wait_for_selector("#answers article >> nth=1")
    assert page.locator("#answers h3").all_inner_texts() == ["nano", "small"]
    expected = [ranked.label for name in ("nano", "small") for ranked in Classifier(name).predict(photo, top=5).top]
    assert answers(page) == expected


def test_the_golden_images_are_right_here(page: Any) -> None:
    page.get_by_role("button", name="Verify nano").click()
    page.wait_for_selector("text=right: 16 of 16 golden images give the same logits to the bit")


@pytest.mark.parametrize("where", ["here", "server"])
def test_the_heat_map_lies_over_the_photo_and_goes_away(page: Any, photo: bytes, where: str) -> None:
    page.wait_for_selector("#where:enabled")  # the page has started
    page.check(f"[value={where}]", force=True)
    upload(page, photo)
    page.get_by_role("button", name="Where does it look?").click()
    page.wait_for_selector("#heat:visible")
    assert page.locator("#heat").bounding_box() == pytest.approx(page.locator("#shown").bounding_box(), abs=1)
    page.get_by_role("button", name="Where does it look?").click()
    page.wait_for_selector("#heat", state="hidden")


def test_what_is_no_photo_is_said(page: Any) -> None:
    upload(page, b"no photo", "notes.png")
    assert "damaged, or of a kind that this browser doesn't read" in page.locator("#answers").inner_text()


def test_the_visit_is_a_file(page: Any, photo: bytes) -> None:
    upload(page, photo, "=1+1.png")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download as CSV").click()
    [row] = csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text()))
    expected = Classifier("nano").predict(photo)
    assert (row["photo"], row["model"], row["label"]) == ("'=1+1.png", "nano", expected.label)
    assert float(row["confidence"]) == pytest.approx(expected.confidence, rel=1e-12)


def test_the_camera_is_answered_frame_by_frame(page: Any) -> None:
    page.get_by_role("button", name="Live camera").click()
    page.wait_for_selector("#answers:has-text('frames/s')")
    page.get_by_role("button", name="Keep this frame").click()
    page.wait_for_selector("#rows td:text-is('camera.png')")
    assert page.locator("#video").is_hidden()
    page.get_by_role("button", name="Live camera").wait_for()


def test_a_decoded_image_gives_the_photo_paths_pixels_to_the_bit(page: Any) -> None:
    random = np.random.default_rng(0)
    for i, (height, width) in enumerate([(300, 200), (31, 77), (224, 224), (340, 500)]):
        wanted = Preprocessing((32, 224)[i % 2], "crop" if i > 1 else "squash")
        png = encode(Image.fromarray(random.integers(0, 256, (height, width, 3), np.uint8)), "PNG")
        assert np.array_equal(pixels_of(page, png, wanted), read_photo(png, wanted))


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_jpeg_gives_the_photo_paths_pixels_to_the_bit(page: Any, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    noise = np.random.default_rng(0).integers(0, 256, (60, 45, 3), np.uint8)
    image = Image.fromarray(noise).resize((451, 603))
    for options in ({"quality": 90}, {"progressive": True}):
        jpeg = encode(image, "JPEG", exif=exif, **options)
        for wanted in (Preprocessing(32), Preprocessing(96, "crop"), Preprocessing(224)):
            assert np.array_equal(pixels_of(page, jpeg, wanted), read_photo(jpeg, wanted)), (options, wanted)


def test_a_jpeg_that_the_browser_decodes_is_said_to_be_one(page: Any) -> None:
    upload(page, encode(Image.new("CMYK", (80, 60), (200, 30, 0, 10)), "JPEG"), "print.jpg")
    assert "This is a JPEG in CMYK, which the browser decoded" in page.locator("#answers").inner_text()


def test_a_truncated_jpeg_is_refused_as_the_photo_path_does(page: Any) -> None:
    jpeg = encode(Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 45, 3), np.uint8)), "JPEG")
    upload(page, jpeg[: len(jpeg) // 2], "half.jpg")
    assert "damaged (image file is truncated)" in page.locator("#answers").inner_text()


def test_the_page_fits_a_phone_and_the_dark(browser: Any, server: Serving, photo: bytes) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, color_scheme="dark", has_touch=True)
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.port}/")
    upload(page, photo, "a name that is far longer than a phone is wide, as cameras give them.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(map(int, re.findall(r"\d+", ground))) < 64
    context.close()
