"""The parts of `python -m pipelines.doctor`: what is read, what is shown, what is written."""
