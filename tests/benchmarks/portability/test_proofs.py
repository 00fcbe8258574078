import numpy as np
from edge_cifar.benchmarks.portability.proofs import proof_of
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.train.nets.catalogue import NETS


def test_a_residual_net_with_a_mean_is_proven(synthetic: LabelledImages) -> None:
    assert proof_of(NETS["resnet8"], synthetic.take(np.arange(8))) == ("same bits on every CPU", "")


def test_a_net_that_is_not_proven_says_why(synthetic: LabelledImages) -> None:
    promise, reasons = proof_of(NETS["batchnorm-elu"], synthetic.take(np.arange(8)))
    assert promise == "within rounding (float layers)"
    assert "Elu is computed in float (6)" in reasons
