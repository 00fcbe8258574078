import pytest
from edge_cifar.train.recipe.recipe import Recipe, make_recipe
from edge_cifar.train.transfer.plan import OPEN, Cost, open_options, plan, words

FAST = Cost(0.01, lambda share: 0.04 - 0.03 * share)  # seconds a photo
SLOW = Cost(1.0, lambda share: 4.0 - 3.0 * share)


def _planned(cost: Cost, device: str = "cpu", photos: int = 1000, **given: object) -> Recipe:
    options = {"init": "shipped", **given}
    recipe = make_recipe("finetune", options)
    return plan(recipe, open_options("finetune", options), photos, 100, device, cost)


def _stages(recipe: Recipe) -> tuple[int, int, float]:
    """Return the epochs of the head, those behind them, and the share that stays frozen in these."""
    return recipe.head_epochs, recipe.epochs - recipe.head_epochs, recipe.freeze


def test_on_a_gpu_all_of_the_net_learns() -> None:
    assert _stages(_planned(SLOW, "cuda")) == (4, 8, 0.0)


def test_on_a_cpu_as_much_learns_as_takes_minutes() -> None:
    assert _stages(_planned(FAST)) == (4, 8, 0.0)
    assert _stages(_planned(Cost(0.03, lambda share: 0.12 - 0.09 * share))) == (4, 8, 0.7)
    assert _stages(_planned(SLOW)) == (4, 0, 1.0)


def test_few_photos_are_looked_at_in_more_views_and_many_in_fewer_epochs() -> None:
    shapes = [_stages(_planned(FAST, "cuda", photos))[:2] for photos in (100, 1000, 10_000, 100_000)]
    assert shapes == [(8, 10), (4, 8), (2, 5), (1, 3)]


@pytest.mark.parametrize(
    ("given", "stages"),
    [
        ({"freeze": 1.0}, (4, 0, 1.0)),
        ({"freeze": 0.2}, (4, 8, 0.2)),  # however long it takes
        ({"unfreeze_after": 0}, (0, 8, 0.7)),  # no stage of the head is asked for
        ({"unfreeze_after": 2}, (2, 0, 1.0)),
        ({"epochs": 3}, (1, 2, 0.7)),
        ({"epochs": 12}, (4, 8, 0.7)),
        ({"freeze": 1.0, "unfreeze_after": 0}, (4, 0, 1.0)),
    ],
)
def test_what_is_given_wins(given: dict[str, object], stages: tuple[int, int, float]) -> None:
    assert _stages(_planned(SLOW, **given)) == stages


def test_nothing_is_left_open_of_other_recipes_nor_of_a_whole_one() -> None:
    assert open_options("standard", {"init": "shipped"}) == ()
    assert open_options("finetune", {"epochs": 3}, {"freeze": 0.5}) == ("unfreeze_after",)
    recipe = make_recipe("finetune", {"init": "shipped", "unfreeze_after": 2})
    assert plan(recipe, (), 10, 2, "cpu", SLOW) == recipe
    assert open_options("finetune", {}) == OPEN


def test_the_plan_says_what_and_how_long() -> None:
    assert words(_planned(FAST, freeze=0.7), 1453, 100, FAST) == (
        "stage 1: the head, on features of 1,453 photos in 4 views, about 59 s; "
        "stage 2: the last 30% of the net, 8 epochs, about 4 min; --freeze 1 leaves it out"
    )
    assert words(_planned(SLOW), 60, 10, SLOW) == (
        "stage 1: the head, on features of 60 photos in 4 views, about 4 min; "
        "no stage 2 (--freeze 0.7 trains more of the net, about 2 min an epoch)"
    )
