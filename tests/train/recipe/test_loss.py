import torch
import torch.nn.functional as F  # noqa: N812
from edge_cifar.train.recipe.loss import Loss, RememberingTeacher, looking_twice
from edge_cifar.train.recipe.recipe import Recipe

PLAIN = Recipe(label_smoothing=0.0)
LOGITS = torch.tensor([[2.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
TARGETS = torch.tensor([0, 2])
PIXELS = torch.zeros((2, 8, 8, 3), dtype=torch.uint8)


def test_it_is_cross_entropy_summed() -> None:
    expected = F.cross_entropy(LOGITS, TARGETS, reduction="sum")
    assert torch.allclose(Loss(PLAIN)(LOGITS, [(TARGETS, 1.0)], PIXELS), expected)


def test_shares_of_targets_add_up() -> None:
    loss = Loss(PLAIN)
    other = TARGETS.flip(0)
    mixed = loss(LOGITS, [(TARGETS, 0.7), (other, 0.3)], PIXELS)
    expected = 0.7 * loss(LOGITS, [(TARGETS, 1.0)], PIXELS) + 0.3 * loss(LOGITS, [(other, 1.0)], PIXELS)
    assert torch.allclose(mixed, expected)


def test_class_weights_count_errors_of_rare_classes_more() -> None:
    weights = torch.tensor([0.5, 1.0, 1.5])
    each = F.cross_entropy(LOGITS, TARGETS, reduction="none")
    assert torch.allclose(Loss(PLAIN, weights)(LOGITS, [(TARGETS, 1.0)], PIXELS), 0.5 * each[0] + 1.5 * each[1])


def test_a_teacher_that_answers_the_same_leaves_only_its_share_of_the_labels() -> None:
    recipe = Recipe(label_smoothing=0.0, distill=0.75)
    agreeing = Loss(recipe, teacher=lambda _: LOGITS)(LOGITS, [(TARGETS, 1.0)], PIXELS)
    assert torch.allclose(agreeing, 0.25 * Loss(PLAIN)(LOGITS, [(TARGETS, 1.0)], PIXELS), atol=1e-6)


def test_answers_are_drawn_to_the_teachers() -> None:
    recipe = Recipe(distill=1.0, distill_temperature=2.0)
    wanted = torch.tensor([[0.0, 3.0, 0.0], [1.0, 0.0, 2.0]])
    logits = LOGITS.clone().requires_grad_()
    optimizer = torch.optim.SGD([logits], lr=0.3)
    for _ in range(300):
        optimizer.zero_grad()
        Loss(recipe, teacher=lambda _: wanted)(logits, [(TARGETS, 1.0)], PIXELS).backward()
        optimizer.step()
    assert torch.allclose(logits.softmax(1), wanted.softmax(1), atol=1e-3)


def test_a_remembering_teacher_is_asked_once_about_the_same_pixels() -> None:
    asked: list[torch.Tensor] = []

    def answer(pixels: torch.Tensor) -> torch.Tensor:
        asked.append(pixels)
        return LOGITS + len(asked)

    teacher = RememberingTeacher(answer)
    first, other, again = teacher(PIXELS), teacher(PIXELS + 1), teacher(PIXELS.clone())
    assert len(asked) == 2
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_teacher_that_looks_twice_answers_an_image_and_its_mirror_image_alike() -> None:
    def teacher(pixels: torch.Tensor) -> torch.Tensor:
        return pixels[:, 0, :2, 0].float()

    pixels = torch.arange(2 * 4 * 4 * 3, dtype=torch.uint8).reshape(2, 4, 4, 3)
    answers = looking_twice(teacher)(pixels)
    assert torch.equal(answers, looking_twice(teacher)(pixels.flip(2)))
    assert torch.equal(answers, (teacher(pixels) + teacher(pixels.flip(2))) / 2)
