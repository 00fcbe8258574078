import io

import numpy as np
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.train.report.image_grid import image_grid, most_confident_mistakes
from PIL import Image


def test_the_surest_mistakes_come_first_and_right_answers_never() -> None:
    targets = np.array([0, 0, 1, 1, 1])
    probabilities = np.array([[0.2, 0.8], [0.9, 0.1], [0.99, 0.01], [0.4, 0.6], [0.7, 0.3]])
    assert most_confident_mistakes(targets, probabilities, 9).tolist() == [2, 0, 4]
    assert most_confident_mistakes(targets, probabilities, 1).tolist() == [2]


def test_a_grid_shows_the_pixels_of_its_images_and_marks_wrong_answers(synthetic: LabelledImages) -> None:
    chosen = np.array([0, 1, 2])
    right = np.eye(10)[synthetic.targets]
    grid = image_grid(synthetic, chosen, right, "title")
    colours = {colour for _, colour in Image.open(io.BytesIO(grid)).convert("RGB").getcolors(1 << 24) or []}
    pixel = tuple(int(value) for value in synthetic.images[2, 5, 5, :3])
    assert pixel in colours
    assert image_grid(synthetic, chosen, right, "title") == grid
    assert image_grid(synthetic, chosen, np.roll(right, 1, axis=1), "title") != grid
