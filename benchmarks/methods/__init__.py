"""Whether our own methods hold: the tests, the benchmark, the fit of confidences."""
