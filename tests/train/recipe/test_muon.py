import torch
from edge_cifar.train.recipe.muon import CONVOLUTION_SHARE, Muon, orthogonal


def test_an_orthogonal_matrix_keeps_the_singular_vectors_and_makes_the_values_nearly_one() -> None:
    torch.manual_seed(0)
    for shape in ((16, 40), (40, 16)):
        matrix = torch.randn(shape)
        left, _, right = torch.linalg.svd(matrix, full_matrices=False)
        values = left.T @ orthogonal(matrix) @ right.T
        assert torch.allclose(values, values.diagonal().diag(), atol=1e-5)
        assert ((values.diagonal() > 0.5) & (values.diagonal() < 1.3)).all()


def test_a_step_turns_a_convolution_by_its_share_of_the_rate_and_keeps_its_length() -> None:
    torch.manual_seed(0)
    weight = torch.nn.Parameter(torch.randn(8, 4, 3, 3).to(memory_format=torch.channels_last))
    before = weight.detach().clone()
    weight.grad = torch.randn(8, 4, 3, 3) * 1e-6  # its length means nothing
    Muon([weight], lr=0.1, momentum=0.9, nesterov=True).step()
    moved = (weight.detach() - before).norm() / before.norm()
    assert torch.allclose(weight.norm(), before.norm())
    assert 0.5 * CONVOLUTION_SHARE * 0.1 < moved < 1.2 * CONVOLUTION_SHARE * 0.1


def test_a_convolution_of_zeros_stays_one() -> None:
    weight = torch.nn.Parameter(torch.zeros(8, 4, 3, 3))
    weight.grad = torch.ones(8, 4, 3, 3)
    Muon([weight], lr=0.1, momentum=0.9, nesterov=True).step()
    assert torch.equal(weight.detach(), torch.zeros(8, 4, 3, 3))


def test_what_is_no_convolution_is_moved_by_sgd() -> None:
    torch.manual_seed(0)
    start, gradient = torch.randn(5, 3), torch.randn(5, 3)
    moved = []
    for kind in (Muon, torch.optim.SGD):
        weight = torch.nn.Parameter(start.clone())
        optimizer = kind([weight], lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01)
        for _ in range(3):
            weight.grad = gradient.clone()
            optimizer.step()
        moved.append(weight.detach())
    assert torch.equal(*moved)
